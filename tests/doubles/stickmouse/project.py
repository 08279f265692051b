"""A project of stick mice with videos, of any length, for tests of the pipeline."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from mousegpt.io.atomic import write_atomically
from mousegpt.io.calibration import save_calibration
from mousegpt.io.poses import save_poses
from mousegpt.io.video import write_video
from mousegpt.pipeline.project import Project
from stickmouse.drawing import render_view
from stickmouse.scene import SIDE_VIEWS
from stickmouse.session import SyntheticSession, make_study

_MARK = "meta:made_up"  # a column that says where the data come from, and that this is a demo

_SETTINGS = """\
# The sessions of the demo last 25 s; the default window of 20 s is made for 20 minutes.
[proportions]
window_s = 5.0
"""


def build_project(
    folder: Path, *, n_mice: int = 6, duration_s: float = 25.0, fps: float = 20.0, seed: int = 0
) -> Project:
    """Write videos, poses, calibration and manifest."""
    project = Project(folder.resolve())
    sessions = make_study(n_mice=n_mice, duration_s=duration_s, fps=fps, seed=seed)
    with ProcessPoolExecutor() as pool:
        rows = list(pool.map(_write_session, sessions, [project.folder] * len(sessions)))
    views = ",".join(f"video:{view}" for view in SIDE_VIEWS)
    header = f"recording,subject,group,{views},poses,calibration,"
    header += f"arena_shape,arena_width_cm,{_MARK}"
    write_atomically(project.settings, _SETTINGS.encode())
    write_atomically(project.manifest, "\n".join([header, *rows, ""]).encode())
    return project


def _write_session(session: SyntheticSession, folder: Path) -> str:
    """Write the files of a session and return its row of the manifest."""
    name = session.subject.replace(" ", "_")
    paths = {view: f"raw/{name}_{view}.mp4" for view in SIDE_VIEWS}
    for view, path in paths.items():
        if not (folder / path).exists():  # writers are atomic: a file that is there is whole
            pictures = render_view(session.skeleton, session.calibration.cameras[view])
            write_video(folder / path, pictures, session.fps)
    poses, calibration = f"raw/{name}.parquet", f"raw/{name}_calibration.json"
    save_poses(session.poses, folder / poses)
    save_calibration(session.calibration, folder / calibration)
    write_atomically(folder / f"raw/{name}_truth.csv", session.truth.to_csv(index=False).encode())
    cells = [name, session.subject, session.group, *paths.values(), poses, calibration]
    return ",".join([*cells, session.arena.shape, f"{session.arena.width_cm:g}", "yes"])
