"""The command that labels frames in the browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mousegpt.cli.console import print_json, print_line, print_table
from mousegpt.cli.options import JsonOption, ProjectOption
from mousegpt.core.errors import UsageError

if TYPE_CHECKING:
    from mousegpt.pipeline.labelling.material import Material
    from mousegpt.pipeline.labelling.session import LabelSession


def label_frames(
    recording: Annotated[str, typer.Argument(help="Of the project; with --video just a name.")],
    project: ProjectOption = Path(),
    video: Annotated[
        list[str] | None,
        typer.Option(metavar="[VIEW=]PATH", help="No project: a video or a folder of pictures."),
    ] = None,
    poses: Annotated[
        list[str] | None,
        typer.Option(metavar="[VIEW=]FILE", help="With --video: predictions, of any format."),
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option(help="With --video: the cameras, of any format.")
    ] = None,
    skeleton: Annotated[
        Path | None, typer.Option(help="With --video: a skeleton.csv; else guessed.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the labels.", show_default="labels/RECORDING")
    ] = None,
    take: Annotated[
        list[str] | None,
        typer.Option("--import", metavar="[VIEW=]FILE", help="Labels to take over first."),
    ] = None,
    export: Annotated[
        str | None, typer.Option(help="coco, deeplabcut, sleap or label3d; then no page opens.")
    ] = None,
    to: Annotated[Path, typer.Option(help="Folder of what is exported.")] = Path("exports"),
    suggest: Annotated[
        int, typer.Option(min=0, help="List so many frames to label next; then no page opens.")
    ] = 0,
    flag_px: Annotated[
        float | None, typer.Option(help="Reprojection error from which a point is flagged.")
    ] = None,
    own_names: Annotated[
        bool, typer.Option("--own-names", help="Keep the predictions' names of keypoints.")
    ] = False,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes any free one.")] = 7861,
    browser: Annotated[bool, typer.Option(help="Open the page.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Correct the poses of frames on a page in the browser, in all views at once.

    Labels are saved while you work, a small file a frame in labels/RECORDING. Only this machine
    can open the page unless --host says otherwise; whoever can open it can change the labels.
    """
    from mousegpt.pipeline.labelling.exchange import export_labels

    if not video and (poses or calibration or skeleton):
        raise UsageError("Expected --video with --poses, --calibration or --skeleton.")
    if flag_px is not None and not flag_px > 0:
        raise UsageError(f"--flag-px: expected a number above 0, found {flag_px}.")
    if video:
        material = _open_files(recording, video, poses, calibration, skeleton, own_names)
        folder = out or Path("labels") / recording
    else:
        from mousegpt.pipeline.labelling.material import open_recording
        from mousegpt.pipeline.project import open_project

        opened = open_project(project)
        material = open_recording(opened, recording, own_names=own_names)
        folder = out or opened.folder / "labels" / recording
    with _open_session(material, folder, flag_px) as session:
        for given in take or ():
            _import(session, given, own_names)
        if export:
            for path in export_labels(session, export, to):
                print_line(str(path))
        elif suggest:
            rows = session.suggest(suggest)
            print_json(rows) if as_json else print_table(rows, ["frame", "score", "reason"])
        else:
            _serve(session, host, port, browser)


def _open_files(
    name: str,
    video: list[str],
    poses: list[str] | None,
    calibration: Path | None,
    skeleton: Path | None,
    own_names: bool,
) -> Material:
    from mousegpt.pipeline.labelling.material import open_files

    pictures: dict[str, Path] = {}
    for given in video:
        view, path = _split_view(given)
        view = view or path.stem
        if view in pictures:
            raise UsageError(f"--video: expected a name for each view, found {view} twice.")
        pictures[view] = path
    files = [_split_view(given) for given in poses or ()]
    return open_files(name, pictures, files, calibration, skeleton, own_names=own_names)


@contextmanager
def _open_session(material: Material, folder: Path, flag_px: float | None
                  ) -> Iterator[LabelSession]:  # fmt: skip
    from mousegpt.io.labels import LabelHeader, open_labels
    from mousegpt.pipeline.labelling.session import LabelSession

    header = LabelHeader(
        recording=material.name,
        views=material.views,
        individuals=material.individuals,
        keypoints=material.keypoints,
    )
    with open_labels(folder, header) as labels:
        yield LabelSession(material, labels, flag_px)


def _import(session: LabelSession, given: str, own_names: bool) -> None:
    from mousegpt.pipeline.labelling.exchange import import_labels

    view, path = _split_view(given)
    done = import_labels(session.material, session.labels, path, view=view, ours=not own_names)
    print_line(
        f"{path.name}: {done.n_taken} labels taken, {done.n_kept} left as they were; frames that "
        f"are not in this recording: {done.n_outside}."
    )


def _serve(session: LabelSession, host: str, port: int, browser: bool) -> None:
    from mousegpt.ui.label.app import build_app
    from mousegpt.ui.serving import serve_app

    def tell(url: str) -> None:
        if session.obstacle:
            print_line(session.obstacle)
        print_line(f"Labels: {session.labels.folder}")
        print_line(f"Page: {url} (Ctrl-C ends; every change is saved already)")

    serve_app(build_app(session, hosts=[host]), host=host, port=port, browser=browser, tell=tell)


def _split_view(given: str) -> tuple[str, Path]:
    """Split ``VIEW=PATH``; a path alone has no view.

    >>> _split_view("top=a.mp4")[0], _split_view("a.mp4")[0]
    ('top', '')
    """
    view, equals, path = given.partition("=")
    return (view, Path(path)) if equals else ("", Path(given))
