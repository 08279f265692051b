"""Are the poses of a recording plausible? One question a function, each yields problems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from mousegpt.core.arrays import FloatArray
from mousegpt.core.poses import Poses
from mousegpt.core.skeleton_map import SkeletonMap, apply_skeleton_map
from mousegpt.geometry.checks import check_cameras, check_geometry
from mousegpt.geometry.triangulation import triangulate_poses
from mousegpt.io.problems import Problem, Severity
from mousegpt.pipeline.contents import Contents, name_column

#: Keypoints along the body; two of them are needed to tell where a mouse points.
BODY_AXIS: Final = ("Snout", "SpineF", "SpineG", "SpineH", "Hip", "TailBase")

_MISSING_SHARE: Final = 0.5
_BODY_LENGTH_CM: Final = (1.5, 20.0)  # any two axis points of any mouse; a slip of 10 falls outside
_USUAL_LENGTH_CM: Final = (2.5, 13.0)  # what a wrong unit must turn into
_UNIT_SLIPS: Final = {
    10.0: "mm, read as cm",
    0.1: "cm, read as mm",
    100.0: "cm, read as m",
    0.01: "m, read as cm",
    1000.0: "mm, read as m",
    0.001: "m, read as mm",
}
_N_STRETCHES, _STRETCH = 500, 21  # frames, so that the views' moments can be compared
_N_SAMPLED: Final = 50
_CM_PER_UNIT: Final = {"mm": 0.1, "cm": 1.0, "m": 100.0}


def check_keypoints(contents: Contents) -> Iterator[Problem]:
    """Ask whether there are points enough of each keypoint."""
    for view, poses in contents.poses.items():
        column = name_column(view)
        known = poses["position"].notnull().all("space")
        seen = known.any([dim for dim in known.dims if dim != "keypoint"]).values
        if not seen.any():
            message = "The poses have no point in any frame."
            yield contents.problem(column, message, "Track the recording again, or take it out.")
            continue
        if not seen.all():
            unseen = ", ".join(map(str, poses["keypoint"].values[~seen]))
            yield contents.problem(
                column,
                f"The keypoint(s) {unseen} have no point in any frame.",
                "Leave them out of the file, if they were never tracked.",
                "warning",
            )
        missing = 1 - float(known.mean())
        if missing > _MISSING_SHARE:
            yield contents.problem(
                column,
                f"{missing:.0%} of the points are missing.",
                "Track the recording again, or expect many frames without a description.",
                "warning",
            )


def check_skeleton(contents: Contents) -> Iterator[Problem]:
    """Ask whether the map of keypoints fits the files and tells where the mouse points."""
    if not contents.poses:
        return
    named = {view: [str(key) for key in p["keypoint"].values] for view, p in contents.poses.items()}
    known = {name for names in named.values() for name in names}
    absent = [name for name, of in contents.skeleton.targets.items() if of and name not in known]
    if absent:
        yield contents.problem(
            name_column(next(iter(named))),
            f"Expected the keypoint(s) {', '.join(absent)}, found {', '.join(sorted(known))}.",
            "Correct skeleton.csv, which names them.",
        )
    for view, names in named.items():
        axis = _list_axis(names, contents.skeleton)
        if len(axis) < 2:
            yield contents.problem(
                name_column(view),
                f"Expected two keypoints along the body ({', '.join(BODY_AXIS)}), found "
                f"{', '.join(axis) or 'none'} among {', '.join(names)}.",
                "Say in skeleton.csv (columns source,keypoint) which keypoint is which.",
            )


def check_units(contents: Contents) -> Iterator[Problem]:
    """Ask whether unit and dimensions agree, and whether a mouse comes out in mouse size."""
    for poses in contents.poses.values():
        unit, n_space = poses.attrs["unit"], poses.sizes["space"]
        if n_space == 3 and unit == "px":
            yield contents.problem(
                "pose_unit",
                "The poses have three coordinates, which cannot be px.",
                "Set pose_unit to mm, cm or m.",
            )
        elif n_space == 2 and unit != "px" and len(contents.views) > 1:
            yield contents.problem(
                "pose_unit",
                f"2-D poses of several views are expected in px, found {unit}.",
                "Set pose_unit to px, or give the 3-D poses.",
            )
        scale = contents.recording.px_per_cm
        cm_per_unit = _CM_PER_UNIT | ({"px": 1 / scale} if scale else {})
        if unit in cm_per_unit:
            length_cm = _measure_body(poses, contents.skeleton) * cm_per_unit[unit]
            column = "px_per_cm" if unit == "px" else "pose_unit"
            yield from _judge_length(contents, length_cm, column, f"Taken in {unit}")


def check_projection(contents: Contents) -> Iterator[Problem]:
    """Ask whether cameras and views belong together, and whether a mouse comes out in mouse size.

    What is wrong is named with its likely cause, see `mousegpt.geometry.checks.check_geometry`.
    """
    views, calibration = contents.views, contents.calibration
    if calibration is None:
        return
    faults = check_cameras(calibration)
    for fault in faults:
        yield contents.problem("calibration", fault.message, fault.remedy)
    if faults or len(views) < 2 or not set(views) <= set(calibration.views):
        return
    poses = _join_views(views)
    if not poses.sizes["time"] or not poses.sizes["keypoint"]:
        return
    check = check_geometry(poses, calibration)
    alone = poses.sizes["individual"] == 1  # the names of several may differ from view to view
    for fault in check.faults:
        severity: Severity = "error" if fault.grave and alone else "warning"
        yield contents.problem("calibration", fault.message, fault.remedy, severity)
    if not any(fault.grave for fault in check.faults):
        solid = triangulate_poses(_sample_frames(poses), calibration)
        yield from _judge_scale(contents, _measure_body(solid, contents.skeleton))


def _judge_scale(contents: Contents, length_cm: float) -> Iterator[Problem]:
    """Refuse a world in which the mouse is wrong by the factor of a mistaken unit."""
    low, high = _BODY_LENGTH_CM
    wrong = length_cm < low or length_cm > high
    least, most = _USUAL_LENGTH_CM
    fitting = [factor for factor in _UNIT_SLIPS if least <= length_cm / factor <= most]
    if wrong and fitting:
        yield contents.problem(
            "calibration",
            f"By the calibration, the mouse is {length_cm:.3g} cm long (expected {low:g} to "
            f"{high:g}): its world is about {fitting[0]:g} times too large.",
            f"Its numbers are likely {_UNIT_SLIPS[fitting[0]]}; correct its unit.",
        )
    else:
        yield from _judge_length(contents, length_cm, "calibration", "By the calibration")


def _judge_length(
    contents: Contents, length_cm: float, column: str, basis: str
) -> Iterator[Problem]:
    low, high = _BODY_LENGTH_CM
    if length_cm < low or length_cm > high:
        yield contents.problem(
            column,
            f"{basis}, the mouse is {length_cm:.3g} cm long (expected {low:g} to {high:g}).",
            f"Correct {column}" + ("." if column == "px_per_cm" else "; mm and cm mixed up?"),
            "warning",
        )


def _list_axis(names: Iterable[str], skeleton: SkeletonMap) -> list[str]:
    """Return our keypoints along the body that the source's names stand for, snout first."""
    targets = {skeleton.targets.get(name) for name in names}
    return [name for name in BODY_AXIS if name in targets]


def _measure_body(poses: Poses, skeleton: SkeletonMap) -> float:
    """Return the median distance of the outermost axis points, in the poses' unit; NaN if none."""
    names = [str(name) for name in poses["keypoint"].values]
    axis = _list_axis(names, skeleton)
    if len(axis) < 2 or not poses.sizes["time"]:
        return np.nan
    present = SkeletonMap({name: skeleton.targets.get(name) for name in names})
    sample = _sample_frames(poses)[["position"]]
    position = apply_skeleton_map(sample, present)["position"]
    difference = position.sel(keypoint=axis[0]) - position.sel(keypoint=axis[-1])
    return _find_median(np.sqrt((difference**2).sum("space", skipna=False).values))


def _join_views(views: Mapping[str, Poses]) -> Poses:
    """Join what all views have along the dimension ``view``; of long recordings some stretches."""
    frames = reduce(np.intersect1d, [poses["frame"].values for poses in views.values()])
    if len(frames) > _N_STRETCHES * _STRETCH:
        starts = np.linspace(0, len(frames) - _STRETCH, _N_STRETCHES).astype(int)
        frames = frames[np.unique(starts[:, None] + np.arange(_STRETCH))]
    joined: Poses = xr.concat(
        [
            poses.isel(time=np.isin(poses["frame"], frames))
            .swap_dims(time="frame")
            .drop_vars("time")
            for poses in views.values()
        ],
        dim=pd.Index(list(views), name="view"),
        join="inner",
        combine_attrs="override",
    )
    numbered = joined.assign_coords(time=("frame", joined["frame"].values.astype(float)))
    return numbered.swap_dims(frame="time")


def _sample_frames(poses: Poses) -> Poses:
    last = max(poses.sizes["time"] - 1, 0)
    return poses.isel(time=np.unique(np.linspace(0, last, _N_SAMPLED).astype(int))[: last + 1])


def _find_median(values: FloatArray) -> float:
    """Return the median of the finite values; NaN when there are none."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else np.nan
