"""The command that makes synthetic studies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mousegpt.cli.console import print_line, show_progress
from mousegpt.core.errors import ProjectError, UsageError


def make_study(
    folder: Annotated[Path, typer.Argument(help="A new folder, or one to go on with.")],
    design: Annotated[
        str, typer.Option(help="drugs (31 mice), depression (24) or demo (6).")
    ] = "drugs",
    minutes: Annotated[float | None, typer.Option(help="Of every mouse.")] = None,
    fps: Annotated[float, typer.Option(help="Frames per second, 5 to 240.")] = 60.0,
    effect: Annotated[
        float, typer.Option(help="Size of the differences between groups; 0: none differs.")
    ] = 1.0,
    planted_jumps: Annotated[
        int, typer.Option(help="So many mice jump once, and nobody jumps else.")
    ] = 2,
    arena: Annotated[str, typer.Option(help="paper, open_field, home_cage or cylinder.")] = "paper",
    rig: Annotated[
        str,
        typer.Option(
            help="Cameras: paper (7 around, 1 above), pair (2, 1), top, or a number around."
        ),
    ] = "paper",
    size: Annotated[str, typer.Option(help="Of the pictures: WIDTHxHEIGHT.")] = "448x448",
    coat: Annotated[str, typer.Option(help="black, agouti or white.")] = "black",
    infrared: Annotated[bool, typer.Option("--infrared", help="As in the dark.")] = False,
    variety: Annotated[
        float, typer.Option(help="Of light, room, floor and camera: 0 (studio) to 1 (anything).")
    ] = 0.0,
    noise_cm: Annotated[float, typer.Option(help="Noise of the measured keypoints.")] = 0.03,
    videos: Annotated[bool, typer.Option("--videos", help="Render the videos, too.")] = False,
    boards: Annotated[bool, typer.Option("--boards", help="Record calibration boards.")] = False,
    processes: Annotated[int | None, typer.Option(help="At once; all cores when left out.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes other mice.")] = 0,
) -> None:
    """Make a study of synthetic mice whose truth is known; `mousegpt run` works on it.

    Without --videos only tables are written: poses as a laboratory measures them, and the truth.
    An interrupted study goes on when the same command is given again.
    """
    from pydantic import ValidationError

    from mousegpt.pipeline.synthesis.running import synthesize_study
    from mousegpt.pipeline.synthesis.settings import SynthesisSettings

    try:
        settings = SynthesisSettings(
            design=design, minutes=minutes, fps=fps, effect=effect, planted_jumps=planted_jumps,
            arena=arena, rig=rig, image_size=_parse_size(size), coat=coat, infrared=infrared,
            variety=variety, noise_cm=noise_cm, seed=seed,
        )  # fmt: skip
    except ValidationError as error:
        fault = error.errors()[0]
        name = "-".join(str(part) for part in fault["loc"]).replace("_", "-")
        raise UsageError(f"--{name}: {fault['msg']}, found {fault['input']}.") from error
    try:
        with show_progress() as listener:
            project = synthesize_study(
                folder, settings, listener, videos=videos, boards=boards, n_processes=processes
            )
    except KeyboardInterrupt as error:
        message = "Stopped; nothing finished is lost. Run the same command again to go on."
        raise ProjectError(message) from error
    print_line(f"Study: {project.folder}")
    print_line(f"Next: mousegpt run -C {project.folder}")


def _parse_size(size: str) -> tuple[int, int]:
    width, _, height = size.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise UsageError(f"--size: expected WIDTHxHEIGHT such as 1280x1024, found {size}.")
    return int(width), int(height)
