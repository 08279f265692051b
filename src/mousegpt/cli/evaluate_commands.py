"""Commands that compare results with the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mousegpt.cli.console import print_json, print_line, print_table
from mousegpt.cli.options import JsonOption, ProjectOption
from mousegpt.core.errors import UsageError

app = typer.Typer(help="Compare results with the truth.", no_args_is_help=True)

_SHOWN = ("view", "unit", "n_frames", "found", "oks", "ap", "ap_0.5", "mpjpe", "mpjpe_aligned")


@app.command("pose")
def evaluate_pose(
    predicted: Annotated[Path, typer.Argument(help="Predicted poses, of any format.")],
    truth: Annotated[Path, typer.Argument(help="True poses, of any format.")],
    calibration: Annotated[
        Path | None, typer.Option(help="The cameras: to compare pictures with space.")
    ] = None,
    skeleton: Annotated[
        Path | None, typer.Option(help="A skeleton.csv; guessed from the names when left out.")
    ] = None,
    video: Annotated[
        list[str] | None, typer.Option(metavar="[VIEW=]FILE", help="To draw the worst frames.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for tables, figures and the worst frames.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score predicted poses: OKS, AP, PCK and errors per view and keypoint."""
    from mousegpt.pipeline.evaluating import evaluate_pose_files, write_evaluation

    videos = dict(_parse_video(given) for given in video or ())
    if videos and out is None:
        raise UsageError("Expected --out with --video: the folder for the worst frames.")
    evaluation = evaluate_pose_files(predicted, truth, calibration=calibration, skeleton=skeleton)
    scores = evaluation.scores
    written = write_evaluation(evaluation, out, videos=videos) if out else []
    if as_json:
        tables = {"summary": scores.summary, "keypoints": scores.keypoints}
        print_json({name: table.to_dict("records") for name, table in tables.items()})
        return
    pck = [str(name) for name in scores.summary if str(name).startswith("pck_")]
    print_table(scores.summary.round(3).to_dict("records"), [*_SHOWN, *pck])
    if written:
        print_line(f"Wrote {len(written)} files to {out}.")


@app.command("descriptions")
def check_described(
    descriptions: Annotated[
        Path | None, typer.Argument(help="A table of descriptions; those of the project if none.")
    ] = None,
    posture: Annotated[
        Path | None, typer.Argument(help="Postures of the same frames, measured or true.")
    ] = None,
    project: ProjectOption = Path(),
    truth: Annotated[
        bool, typer.Option("--truth", help="The postures are the truth of synthetic mice.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for tables and figures.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Check descriptions against the pose: share of false claims, by kind of clause."""
    from mousegpt.pipeline import describing_checks as checks
    from mousegpt.pipeline.curating import count_reasons, tell_agreement
    from mousegpt.pipeline.project import Project

    if (descriptions is None) != (posture is None):
        raise UsageError("Expected both tables, descriptions and postures, or neither.")
    if descriptions is not None and posture is not None:
        check = checks.evaluate_description_files(descriptions, posture, is_truth=truth)
    else:
        check = checks.evaluate_project_descriptions(Project(project))
    written = checks.write_description_check(check, out) if out else []
    tables = {"hallucination": check.rates}
    if check.attributes is not None:
        tables["attributes"] = check.attributes
    reasons = count_reasons(check.curation)
    if as_json:
        agreement = vars(check.agreement) if check.agreement else None
        told = {name: table.to_dict("records") for name, table in tables.items()}
        print_json({**told, "curation": reasons, "agreement": agreement})
        return
    for table in tables.values():
        print_table(table.round(3).to_dict("records"), [str(name) for name in table])
    print_table(reasons, ["verdict", "descriptions", "share"])
    for sentence in tell_agreement(check.agreement) if check.agreement else ():
        print_line(sentence)
    if written:
        print_line(f"Wrote {len(written)} files to {out}.")


def _parse_video(given: str) -> tuple[str, Path]:
    """Split ``VIEW=FILE``; a file alone is of the only view.

    >>> _parse_video("top=a.mp4")[0], _parse_video("a.mp4")[0]
    ('top', '')
    """
    view, equals, path = given.rpartition("=")
    return (view, Path(path)) if equals else ("", Path(given))
