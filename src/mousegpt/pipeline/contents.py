"""What the files of a recording hold, read one by one: a bad file never hides another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from mousegpt.core.calibration import Calibration
from mousegpt.core.errors import DataError, MouseGPTError
from mousegpt.core.poses import Poses
from mousegpt.core.recording import Recording
from mousegpt.core.skeleton_map import SkeletonMap, guess_skeleton_map
from mousegpt.io.calibration import load_calibration
from mousegpt.io.poses import load_poses
from mousegpt.io.problems import Problem, Severity, raise_errors
from mousegpt.io.tables import load_skeleton_map
from mousegpt.io.video import VideoInfo, probe_video

T = TypeVar("T")


@dataclass(frozen=True)
class Contents:
    """What the files of a recording hold, as far as they can be read."""

    recording: Recording
    videos: Mapping[str, VideoInfo] = field(default_factory=dict)
    poses: Mapping[str, Poses] = field(default_factory=dict)
    calibration: Calibration | None = None
    skeleton: SkeletonMap = field(default_factory=lambda: SkeletonMap({}))

    @property
    def views(self) -> dict[str, Poses]:
        """Two-dimensional poses by view, taken out of a file that holds several."""
        split: dict[str, Poses] = {}
        for name, poses in self.poses.items():
            if "view" in poses.dims:
                split |= {str(view): poses.sel(view=view) for view in poses["view"].values}
            elif poses.sizes["space"] == 2:
                split[name] = poses
        return split

    @property
    def individuals(self) -> tuple[str, ...]:
        """Names of the tracked individuals, in the order of the files."""
        names = (str(name) for poses in self.poses.values() for name in poses["individual"].values)
        return tuple(dict.fromkeys(names))

    def problem(
        self, column: str, message: str, remedy: str, severity: Severity = "error"
    ) -> Problem:
        """Return a problem of this recording."""
        return Problem(self.recording.id, column, severity, message, remedy)


def read_contents(
    recording: Recording, skeleton: SkeletonMap | None
) -> tuple[Contents, list[Problem]]:
    """Read all files of a recording that are there; each one that cannot be read is a problem.

    Parameters
    ----------
    skeleton
        The project's ``skeleton.csv``; guessed from the names of the keypoints when None.
    """
    problems: list[Problem] = []

    def read(column: str, path: Path, load: Callable[[Path], T]) -> T | None:
        if not path.exists():  # told by the manifest's own check
            return None
        try:
            return load(path)
        except MouseGPTError as error:
            problems.append(Problem(recording.id, column, "error", str(error)))
        except Exception as error:  # the readers of others may raise anything; the check goes on
            message = f"{path} cannot be read ({type(error).__name__}: {error})."
            remedy = "Check that it is complete and of a known format."
            problems.append(Problem(recording.id, column, "error", message, remedy))
        return None

    opened = {
        view: read(name_video_column(recording, view), path, probe_video)
        for view, path in recording.videos.items()
    }
    videos = {view: video for view, video in opened.items() if video is not None}
    fps = recording.fps or next((video.fps for video in videos.values()), None)
    tracked = {
        view: read(name_column(view), path, partial(_load_poses, recording, fps))
        for view, path in recording.poses.items()
    }
    poses = {view: found for view, found in tracked.items() if found is not None}
    if any(np.isnan(found.attrs["fps"]) for found in poses.values()):
        message = "The frame rate is unknown: there is no video and the pose file does not say."
        problems.append(Problem(recording.id, "fps", "error", message, "Write it into 'fps'."))
    calibration = None
    if recording.calibration is not None:
        calibration = read("calibration", recording.calibration, load_calibration)
    if skeleton is None and poses:
        names = dict.fromkeys(str(key) for p in poses.values() for key in p["keypoint"].values)
        skeleton = guess_skeleton_map(list(names))
    return Contents(recording, videos, poses, calibration, skeleton or SkeletonMap({})), problems


def _load_poses(recording: Recording, fps: float | None, path: Path) -> Poses:
    """Load poses; without any frame rate they are still read, with fps = NaN."""
    try:
        return load_poses(path, fps=fps, unit=recording.pose_unit)
    except DataError:
        if fps is not None:
            raise
    poses = load_poses(path, fps=1.0, unit=recording.pose_unit)  # raises what else is wrong
    return poses.assign_attrs(fps=np.nan)


def load_contents(recording: Recording, skeleton: Path) -> Contents:
    """Read all files of a recording that is to be worked on.

    Parameters
    ----------
    skeleton
        Path of the project's ``skeleton.csv``, which may be missing.

    Raises
    ------
    DataError
        When a file cannot be read.
    """
    foreign = skeleton.exists() and not recording.estimated  # else the keypoints are ours
    given = load_skeleton_map(skeleton) if foreign else None
    contents, problems = read_contents(recording, given)
    raise_errors(problems, recording.id)
    return contents


def name_column(view: str) -> str:
    """Return the manifest's column of a view's poses."""
    return f"poses:{view}" if view else "poses"


def name_video_column(recording: Recording, view: str) -> str:
    """Return the manifest's column of a view's video; a single one is just the video."""
    return f"video:{view}" if len(recording.videos) > 1 else "video"
