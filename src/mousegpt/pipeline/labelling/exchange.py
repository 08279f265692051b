"""Labels in and out: other programs' files, and what `mousegpt train pack` reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mousegpt.core.errors import DataError, UsageError
from mousegpt.core.labels import FrameLabels, Label, Points, State
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.core.skeleton_map import apply_skeleton_map, guess_skeleton_map
from mousegpt.geometry.reprojection import reconcile_views
from mousegpt.io.labels import LabelFolder
from mousegpt.io.poses import load_poses
from mousegpt.io.poses.exporting import save_coco, save_deeplabcut, save_label3d, save_sleap
from mousegpt.io.poses.label3d import holds_label3d, load_label3d
from mousegpt.pipeline.labelling.material import Material, align_poses
from mousegpt.pipeline.labelling.session import LabelSession

FORMATS: Final = ("coco", "deeplabcut", "sleap", "label3d")

_CONFIDENCE: Final[dict[State, float]] = {"visible": 1.0, "hidden": 0.5, "absent": 0.0}
_SURE: Final = 0.75
_MOST_FRAMES: Final = 5000  # nobody labelled more by hand


@dataclass(frozen=True)
class Import:
    """What became of a file: labels taken, labels left since there was one, frames not here."""

    n_taken: int
    n_kept: int
    n_outside: int


def collect_poses(material: Material, frames: Sequence[FrameLabels]) -> Poses:
    """Return labels as 2-D poses of all views; a confidence of 0.5 means hidden."""
    names = (material.views, material.individuals, material.keypoints)
    position = np.full((len(frames), *map(len, names), 2), np.nan)
    confidence = np.full(position.shape[:-1], np.nan)
    for row, labels in enumerate(frames):
        for *where, label in labels.list_labels():
            place = (row, *(some.index(name) for some, name in zip(names, where, strict=True)))
            confidence[place] = _CONFIDENCE[label.state]
            if label.x is not None and label.y is not None:
                position[place] = label.x, label.y
    return build_poses(
        position.transpose(1, 0, 4, 3, 2), confidence.transpose(1, 0, 3, 2),
        keypoints=names[2], individuals=names[1], views=names[0],
        frames=np.array([labels.frame for labels in frames], dtype=np.int64),
        fps=1.0, unit="px", source_software="mousegpt label",
    )  # fmt: skip


def export_labels(session: LabelSession, form: str, folder: Path) -> list[Path]:
    """Write all labels in the format of another program.

    Parameters
    ----------
    form
        One of `FORMATS`. A file a view, but for Label3D, which has one with all of them.

    Returns
    -------
    list of Path
        What was written: for each view only its frames that have a label.

    Raises
    ------
    UsageError
        When the format is unknown.
    DataError
        When there are no labels, or Label3D is asked for without calibrated cameras.
    """
    if form not in FORMATS:
        raise UsageError(f"Expected one of {', '.join(FORMATS)} to export, found {form}.")
    material = session.material
    frames = session.labels.load_all()
    if not any(labels.n_labels for labels in frames):
        raise DataError("Expected labels to export, found none; label a frame first.")
    poses = collect_poses(material, frames)
    if form == "label3d":
        return [_export_label3d(material, poses, folder, session.flag_px)]
    written = []
    for view in material.views:
        one = poses.sel(view=view, drop=True)
        known = one["position"].notnull().all("space").any(("keypoint", "individual"))
        one = one.isel(time=np.flatnonzero(known.to_numpy()))
        if one.sizes["time"]:
            written.append(_export_view(material, view, one, form, folder))
    return written


def _export_view(material: Material, view: str, poses: Poses, form: str, folder: Path) -> Path:
    footage = material.footage[view]
    name = _make_safe(f"{material.name}-{view}")
    pictures = [footage.name_picture(int(frame)) for frame in poses["frame"].to_numpy()]
    if form == "coco":
        path = folder / f"{name}.json"
        save_coco(poses, path, pictures=pictures, size=footage.size, bones=material.bones)
    elif form == "sleap":
        path = folder / f"{name}.slp"
        save_sleap(poses, path, video=footage.path, bones=material.bones)
    else:
        path = folder / "labeled-data" / name / "CollectedData_mousegpt.csv"
        save_deeplabcut(poses, path, pictures=pictures, folder=name)
    return path


def _export_label3d(material: Material, poses: Poses, folder: Path, max_error_px: float) -> Path:
    rig = material.calibration
    if rig is None:
        raise DataError(
            "Expected two calibrated views for Label3D, whose labels are 3-D; export coco, "
            "deeplabcut or sleap."
        )
    known = poses.sel(view=list(rig.views))
    path = folder / f"{_make_safe(material.name)}-Label3D_dannce.mat"
    solid = reconcile_views(known, rig, max_error_px=max_error_px)
    save_label3d(known, solid, rig, path)
    return path


def _make_safe(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name)


def import_labels(
    material: Material, labels: LabelFolder, path: Path, *, view: str = "", ours: bool = True
) -> Import:
    """Take over the labels of another program; those that are there already stay.

    Parameters
    ----------
    path
        Of any format of `load_poses`, or of Label3D. 3-D labels are projected into the views.
    view
        To which the file belongs; not needed where it names its views, or there is only one.
    ours
        Translate the names of keypoints to ours.

    Raises
    ------
    DataError
        When nothing fits this recording, or the file holds predictions of a whole video.
    """
    poses = load_label3d(path) if holds_label3d(path) else load_poses(path, fps=1.0)
    poses = poses.isel(time=np.flatnonzero(_find_known(poses)))
    if poses.sizes["time"] > _MOST_FRAMES:
        raise DataError(
            f"Expected frames labelled by hand in {path}, found {poses.sizes['time']}; predictions "
            "are given with --poses."
        )
    if ours and material.keypoints == KEYPOINTS:
        names = [str(name) for name in poses["keypoint"].to_numpy()]
        poses = apply_skeleton_map(poses, guess_skeleton_map(names))
    inside = np.isin(poses["frame"].to_numpy(), material.frames)
    n_outside = int((~inside).sum())
    frames = poses["frame"].to_numpy()[inside]
    rig = material.calibration
    given = [(view, poses.isel(time=np.flatnonzero(inside)))]
    aligned = align_poses(list(material.views), frames, given, rig, list(material.keypoints))
    if aligned.sizes["individual"] != len(material.individuals):
        raise DataError(
            f"Expected labels of {len(material.individuals)} animals in {path}, found "
            f"{aligned.sizes['individual']}."
        )
    n_taken = n_kept = 0
    for row, frame in enumerate(frames):
        taken, kept = _take(material, labels, aligned, row, int(frame))
        n_taken, n_kept = n_taken + taken, n_kept + kept
    if not n_taken + n_kept:
        raise DataError(f"Expected labels of frames of {material.name} in {path}, found none.")
    return Import(n_taken, n_kept, n_outside)


def _find_known(poses: Poses) -> np.ndarray:
    known = poses["position"].notnull().all("space")
    return known.any([dim for dim in known.dims if dim != "time"]).to_numpy()


def _take(
    material: Material, labels: LabelFolder, poses: Poses, row: int, frame: int
) -> tuple[int, int]:
    """Add the labels of one frame; return how many were taken and how many there already."""
    stored = labels.load(frame)
    points: Points = {
        view: {who: dict(some) for who, some in individuals.items()}
        for view, individuals in stored.points.items()
    }
    one = poses.isel(time=row).transpose("view", "individual", "keypoint", "space")
    position, confidence = one["position"].to_numpy(), one["confidence"].to_numpy()
    counts = [0, 0]
    for v, i, k in np.argwhere(np.isfinite(position).all(axis=-1)):
        where = points.setdefault(material.views[v], {}).setdefault(material.individuals[i], {})
        there = material.keypoints[k] in where
        counts[there] += 1
        if not there:
            x, y = (float(value) for value in position[v, i, k])
            state: State = "hidden" if confidence[v, i, k] < _SURE else "visible"
            where[material.keypoints[k]] = Label(x=x, y=y, state=state, origin="imported")
    labels.save(stored.model_copy(update={"points": points}))
    return counts[0], counts[1]
