"""What is labelled: synchronised pictures, predicted poses, cameras, names of keypoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mousegpt.core.arrays import IntArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.errors import CalibrationError, DataError, UsageError
from mousegpt.core.poses import CM_PER_UNIT, Poses, build_poses
from mousegpt.core.skeleton import BONES, KEYPOINTS
from mousegpt.core.skeleton_map import SkeletonMap, apply_skeleton_map, guess_skeleton_map
from mousegpt.geometry.reprojection import project_poses
from mousegpt.io.calibration import load_calibration
from mousegpt.io.poses import load_poses
from mousegpt.io.tables import load_skeleton_map
from mousegpt.pipeline.labelling.footage import Footage, find_common_frames, open_footage
from mousegpt.pipeline.project import Project


@dataclass(frozen=True, eq=False)
class Material:
    """All that a person needs to see.

    Parameters
    ----------
    frames
        Those that all views have.
    predicted
        px, dimensions ``(view, time, space, keypoint, individual)``, a row for each of ``frames``;
        NaN where nothing is predicted.
    calibration
        Of two or more of the views; None where points cannot be triangulated.
    skeleton
        Which of our keypoints each keypoint is.
    """

    name: str
    footage: Mapping[str, Footage]
    frames: IntArray
    predicted: Poses
    calibration: Calibration | None
    skeleton: SkeletonMap

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the views."""
        return tuple(self.footage)

    @property
    def keypoints(self) -> tuple[str, ...]:
        """Names of the keypoints."""
        return tuple(str(name) for name in self.predicted["keypoint"].to_numpy())

    @property
    def individuals(self) -> tuple[str, ...]:
        """Names of the animals."""
        return tuple(str(name) for name in self.predicted["individual"].to_numpy())

    @property
    def bones(self) -> list[tuple[str, str]]:
        """Pairs of keypoints that a line joins."""
        sources = {target: source for source, target in self.skeleton.targets.items() if target}
        return [(sources[a], sources[b]) for a, b in BONES if a in sources and b in sources]

    @property
    def largest_px(self) -> int:
        """The longest edge of all pictures."""
        return max(max(view.size) for view in self.footage.values())


def open_recording(project: Project, recording: str, *, own_names: bool = False) -> Material:
    """Open a recording of a project.

    Raises
    ------
    UsageError
        When there is no such recording, or it has no videos.
    """
    rows = {row.id: row for row in project.load_recordings()}
    if recording not in rows:
        raise UsageError(
            f"Expected a recording of {project.folder}, found {recording}; it has "
            f"{', '.join(rows)}."
        )
    row = rows[recording]
    skeleton = load_skeleton_map(project.skeleton) if project.skeleton.exists() else None
    poses = [
        (view, load_poses(path, fps=row.fps or 1.0, unit=row.pose_unit))
        for view, path in row.poses.items()
    ]
    if not row.videos:
        raise UsageError(f"The recording {recording} has no videos; add them to recordings.csv.")
    return _assemble(recording, row.videos, poses, row.calibration, skeleton, own_names)


def open_files(
    name: str,
    pictures: Mapping[str, Path],
    poses: Sequence[tuple[str, Path]] = (),
    calibration: Path | None = None,
    skeleton: Path | None = None,
    *,
    own_names: bool = False,
) -> Material:
    """Open videos or folders of pictures without a project.

    Parameters
    ----------
    pictures
        By view.
    poses
        View and file; the view "" stands for all of them, or for the only one.
    """
    loaded = [(view, load_poses(path, fps=1.0)) for view, path in poses]
    given = load_skeleton_map(skeleton) if skeleton else None
    return _assemble(name, pictures, loaded, calibration, given, own_names)


def _assemble(
    name: str,
    pictures: Mapping[str, Path],
    poses: Sequence[tuple[str, Poses]],
    calibration: Path | None,
    skeleton: SkeletonMap | None,
    own_names: bool,
) -> Material:
    footage = {view: open_footage(path) for view, path in pictures.items()}
    frames = find_common_frames(footage)
    cameras = load_calibration(calibration) if calibration else None
    if cameras is not None:
        shared = tuple(view for view in footage if view in cameras.views)
        _check_sizes(footage, cameras, shared)
        cameras = cameras.select(shared) if shared else None
    if skeleton is None:
        names = dict.fromkeys(str(key) for _, p in poses for key in p["keypoint"].to_numpy())
        skeleton = guess_skeleton_map(list(names))
    ours = not own_names and (not poses or any(skeleton.targets.values()))
    if ours:
        poses = [(view, apply_skeleton_map(p, _restrict(skeleton, p))) for view, p in poses]
        skeleton = SkeletonMap({name: name for name in KEYPOINTS})
    predicted = align_poses(list(footage), frames, poses, cameras, list(skeleton.targets))
    rig = cameras if cameras is not None and len(cameras.views) > 1 else None
    return Material(name, footage, frames, predicted, rig, skeleton)


def _restrict(skeleton: SkeletonMap, poses: Poses) -> SkeletonMap:
    there = {str(name) for name in poses["keypoint"].to_numpy()}
    return SkeletonMap({name: t for name, t in skeleton.targets.items() if name in there})


def _check_sizes(
    footage: Mapping[str, Footage], cameras: Calibration, views: Sequence[str]
) -> None:
    for view in views:
        size, found = cameras.cameras[view].size, footage[view].size
        if min(size) > 0 and tuple(size) != tuple(found):
            raise CalibrationError(
                f"The camera '{view}' was calibrated for {size[0]}x{size[1]} px, but its pictures "
                f"have {found[0]}x{found[1]}; calibrate anew, or name the uncropped pictures."
            )


def align_poses(
    views: Sequence[str],
    frames: IntArray,
    poses: Sequence[tuple[str, Poses]],
    calibration: Calibration | None,
    keypoints: Sequence[str],
) -> Poses:
    """Bring poses of some files into one array with all views and frames.

    3-D poses are projected by the cameras.

    Parameters
    ----------
    poses
        View and poses; the view "" stands for all views, or for the only one.

    Raises
    ------
    DataError
        When a view is unknown, cameras are missing or files name different animals.
    """
    individuals = _name_individuals(poses)
    shape = (len(views), len(frames), 2, len(keypoints), len(individuals))
    position = np.full(shape, np.nan)
    confidence = np.full(shape[:2] + shape[3:], np.nan)
    for view, found in _split_views(views, poses, calibration):
        found = found.reindex(keypoint=list(keypoints))
        found = found.transpose("time", "space", "keypoint", "individual", missing_dims="ignore")
        _, here, there = np.intersect1d(frames, found["frame"].to_numpy(), return_indices=True)
        position[views.index(view), here] = found["position"].to_numpy()[there]
        confidence[views.index(view), here] = found["confidence"].to_numpy()[there]
    fps = poses[0][1].attrs["fps"] if poses else 1.0
    return build_poses(
        position, confidence, keypoints=list(keypoints), individuals=individuals, views=list(views),
        frames=frames, fps=fps, unit="px",
    )  # fmt: skip


def _name_individuals(poses: Sequence[tuple[str, Poses]]) -> list[str]:
    every = [[str(name) for name in p["individual"].to_numpy()] for _, p in poses]
    if len({len(names) for names in every}) > 1:
        raise DataError(
            "Expected the same animals in the poses of all views, found "
            f"{'; '.join(', '.join(names) for names in every)}; give them the same names."
        )
    return every[0] if every else ["mouse"]


def _split_views(
    views: Sequence[str], poses: Sequence[tuple[str, Poses]], calibration: Calibration | None
) -> list[tuple[str, Poses]]:
    """Return the 2-D poses of single views."""
    found: list[tuple[str, Poses]] = []
    for view, one in poses:
        if one.sizes["space"] == 3:
            if calibration is None:
                raise DataError("Expected 2-D poses, found 3-D ones; add the calibration.")
            scaled = one.assign(position=one["position"] * CM_PER_UNIT[one.attrs["unit"]])
            seen = project_poses(scaled, calibration).assign(confidence=one["confidence"])
            every = seen.assign(confidence=seen["confidence"].expand_dims(view=seen["view"]))
            found += [(str(name), every.sel(view=name)) for name in every["view"].to_numpy()]
        elif "view" in one.dims:
            names = [str(name) for name in one["view"].to_numpy()]
            shown = [name for name in names if name in views] or names
            found += [(name, one.sel(view=name)) for name in shown]
        else:
            found.append((view or (views[0] if len(views) == 1 else ""), one))
    unknown = [view for view, _ in found if view not in views]
    if unknown:
        raise DataError(
            f"Expected poses of the views {', '.join(views)}, found those of "
            f"'{unknown[0]}'; name the view of each file."
        )
    return found
