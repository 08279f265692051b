"""Films of a stick mouse by three calibrated cameras, with its poses: a recording, no project."""

from __future__ import annotations

from pathlib import Path

from mousegpt.core.recording import Recording
from mousegpt.io.calibration import save_calibration
from mousegpt.io.poses import save_poses
from mousegpt.io.video import write_video
from mousegpt.pipeline.contents import Contents, load_contents
from stickmouse.drawing import render_view
from stickmouse.session import SyntheticSession

VIEWS = ("front", "side", "top")


def write_films(session: SyntheticSession, folder: Path) -> None:
    """Write videos, poses and calibration."""
    for view in VIEWS:
        camera = session.calibration.cameras[view]
        write_video(folder / f"{view}.mp4", render_view(session.skeleton, camera), session.fps)
    save_poses(session.poses, folder / "poses.nc")
    save_calibration(session.calibration, folder / "rig.json")


def load_films(folder: Path, **changes: object) -> Contents:
    """Load the recording of these files, but for what is changed."""
    facts: dict[str, object] = {
        "id": "m",
        "subject": "m",
        "videos": {view: folder / f"{view}.mp4" for view in VIEWS},
        "poses": {"": folder / "poses.nc"},
        "calibration": folder / "rig.json",
    }
    return load_contents(Recording(**(facts | changes)), folder / "skeleton.csv")
