"""The command that calibrates cameras."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mousegpt.cli.console import print_json, print_line, print_table, show_progress
from mousegpt.cli.options import JsonOption
from mousegpt.core.errors import UsageError

_SHOWN = ("view", "boards", "shared", "error_median_px", "error_95_px", "covered", "center_sd_mm",
          "angle_sd_deg", "found")  # fmt: skip


def calibrate_cameras(
    out: Annotated[Path, typer.Argument(help="The calibration to write, a json.")],
    boards: Annotated[
        Path, typer.Option(help="Folder: own/VIEW, shared/VIEW, sheet/VIEW, or VIEW alone.")
    ],
    board: Annotated[
        str, typer.Option(metavar="KIND:COLUMNSxROWS:CM", help="Squares, and the side of one.")
    ] = "checkerboard:22x14:0.8",
    shared_board: Annotated[
        str | None, typer.Option(metavar="BOARD", help="That of shared/, when it is another one.")
    ] = None,
    sheet: Annotated[
        str, typer.Option(metavar="CMxCM", help="Between pairs of tags of the sheet.")
    ] = "26.0x24.0",
    tag: Annotated[
        str,
        typer.Option(metavar="CM:CM[:DICT]", help="Side of a tag, gap between two, dictionary."),
    ] = "2.0:0.4",
    lens: Annotated[
        str, typer.Option(help="Distortion: none, k1, 'k1 k2', 'k1 k2 p1 p2' or all.")
    ] = "k1 k2 p1 p2 k3",
    scale: Annotated[
        str, typer.Option(help="Whose size is right when they differ: boards or sheet.")
    ] = "boards",
    max_frames: Annotated[int, typer.Option(min=1, help="Looked at of each video.")] = 150,
    max_boards: Annotated[int, typer.Option(min=4, help="Used of each view and set.")] = 40,
    form: Annotated[
        list[str] | None,
        typer.Option("--format", help="anipose, opencv, easymocap, label3d, metashape or all."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Calibrate cameras from pictures or videos of boards: lenses, places, world and scale.

    Of own/ every view needs some 20 pictures of the board near and far, tilted, also in the
    corners. In shared/ the board is held among all cameras; pictures with the same number are of
    the same moment. sheet/ shows the sheet of markers on the floor and may be left out.
    """
    from mousegpt.geometry.targets import parse_board, parse_sheet
    from mousegpt.pipeline.calibration.calibrating import calibrate_folder
    from mousegpt.pipeline.calibration.plan import BoardPlan
    from mousegpt.pipeline.calibration.reporting import (
        check_formats,
        report_calibration,
        write_calibration,
    )

    if out.suffix.lower() != ".json":
        raise UsageError(f"Expected a name that ends in .json, found {out}; see --format.")
    if scale not in ("boards", "sheet"):
        raise UsageError(f"--scale: expected boards or sheet, found {scale}.")
    check_formats(form or ())
    plan = BoardPlan(
        own=parse_board(board), shared=parse_board(shared_board or board),
        sheet=parse_sheet(f"{sheet}:{tag}"), lens="k1 k2 p1 p2 k3" if lens == "all" else lens,
        scale_by="sheet" if scale == "sheet" else "boards",
        max_frames=max_frames, max_boards=max_boards,
    )  # fmt: skip
    with show_progress() as listener:
        result = calibrate_folder(boards, plan, out.with_name(f"{out.stem}_found.sqlite"), listener)
    report = report_calibration(result)
    written = write_calibration(result, report, out, formats=form or ())
    if as_json:
        tables = {"cameras": report.cameras, "sheet": report.sheet}
        rows = {name: table.to_dict("records") for name, table in tables.items()}
        print_json({"verdict": report.verdict.sentence, "level": report.verdict.level, **rows})
        return
    print_table(report.cameras.round(3).to_dict("records"), _SHOWN)
    print_line(report.world)
    print_line(report.verdict.sentence)
    print_line(f"Wrote {', '.join(path.name for path in written)} to {out.parent.resolve()}.")
