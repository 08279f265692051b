"""Which is left: sides that were exchanged in some views, found from what all views say.

In one view alone an exchanged left and right look as good as any. Several calibrated views
contradict each other: lines of sight to a left and to a right ear do not meet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import BoolArray, FloatArray, IntArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.poses import Poses
from mousegpt.core.skeleton import mirror_keypoint
from mousegpt.geometry.triangulation import triangulate_poses

if TYPE_CHECKING:
    from mousegpt.geometry.pairing import Pairing, Pairs

#: Pairs that are exchanged together: a network that takes a limb for the other one takes all of it.
GROUPS: Final[tuple[tuple[str, ...], ...]] = (
    ("EarL",),
    ("ForepawL", "WristL", "ElbowL", "ShoulderL"),
    ("HindpawL", "AnkleL", "KneeL"),
)

#: Points that have no side, head first; neighbours on the list tell where the mouse points.
_MIDLINE: Final = ("Snout", "SpineF", "SpineG", "SpineH", "Hip", "TailBase")
_N_HEAD: Final = 2  # of them belong to the ears
_N_SAMPLED: Final = 300  # frames from which the noise is estimated
_LEAST_PX: Final = 0.5  # noise that is assumed where there is less
_FIRMEST: Final = 8.0  # what continuity may say at most, as a difference of log-likelihoods, twice


def resolve_sides(
    poses: Poses,
    calibration: Calibration,
    *,
    reluctance: Annotated[float, Field(ge=0)] = 4.0,
    anatomy: Annotated[float, Field(ge=0)] = 8.0,
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.3,
) -> Poses:
    """Give left and right keypoints back their names where views have exchanged them.

    For ears, fore limbs and hind limbs, in each frame, the views are divided so that their lines
    of sight meet best. Which of the two points is left is said by most views, by the trunk (left
    is to the left of it, where its points tell front and top) and by the frames before and after.

    Parameters
    ----------
    poses
        Pixels with the dimension ``view``; individuals are the same animal in every view.
    calibration
        A camera for each view.
    reluctance
        What an exchange costs, in squared standard deviations of a detection: 4 says that one in
        eight is exchanged, infinity that none is.
    anatomy
        What it costs at most if left is to the right of the trunk, in the same unit.
    min_confidence
        Less confident detections have no say; they are exchanged with the rest of their group.

    Returns
    -------
    Poses
        The same numbers under the right names, and ``exchanged`` (view, time, keypoint,
        individual): where a name was changed. Nothing is invented: NaN stays NaN, and a detection
        whose counterpart is NaN changes places with it.

    Raises
    ------
    DataError
        When the poses are not 2-D, or of one view only.
    CalibrationError
        When a view has no camera.

    Notes
    -----
    Two views tell whether one of them is exchanged, but not which, nor whether both are: that is
    left to the trunk and to continuity. With more views what most of them say can be wrong too.
    Points of both sides that a network puts in the same place cannot be told apart.
    """
    poses = poses.transpose("view", "time", "space", "keypoint", "individual")
    midline = _triangulate_midline(poses, calibration, min_confidence)
    names = [str(name) for name in poses["keypoint"].values]
    groups = [[name for name in group if _has_both(name, names)] for group in GROUPS]
    groups = [group for group in groups if group]
    if not groups or not poses.sizes["time"]:
        none = np.zeros(poses["confidence"].shape, dtype=bool)
        return poses.assign(exchanged=(poses["confidence"].dims, none))
    for sampled in (True, False):  # first to learn how exact detections are
        part = _sample(poses) if sampled else poses
        noise = _measure_noise(part if sampled else learnt, calibration, min_confidence)
        pairs = _list_pairs(groups, names, noise)
        found = _pair(part, calibration, pairs, min_confidence, reluctance)
        chosen = _choose(found, pairs, groups, _sample(midline) if sampled else midline, anatomy)
        learnt = _exchange(part, found, pairs, chosen)
    return learnt


def _has_both(name: str, names: list[str]) -> bool:
    return name in names and mirror_keypoint(name) in names


def _sample(poses: Poses) -> Poses:
    n = poses.sizes["time"]
    return poses.isel(time=np.unique(np.linspace(0, n - 1, min(n, _N_SAMPLED)).astype(int)))


def _triangulate_midline(poses: Poses, calibration: Calibration, min_confidence: float) -> Poses:
    known = [name for name in _MIDLINE if name in poses["keypoint"]]
    return triangulate_poses(poses.sel(keypoint=known), calibration, min_confidence=min_confidence)


def _measure_noise(poses: Poses, calibration: Calibration, min_confidence: float) -> FloatArray:
    """Return the standard deviation of detections, px, shape (keypoint,)."""
    solid = triangulate_poses(_sample(poses), calibration, min_confidence=min_confidence)
    noise = np.asarray(solid["noise_px"].values)
    return np.fmax(noise, _LEAST_PX)


def _list_pairs(groups: list[list[str]], names: list[str], noise: FloatArray) -> Pairs:
    from mousegpt.geometry.pairing import Pairs

    left = [name for group in groups for name in group]
    keypoint = np.array([[names.index(n), names.index(mirror_keypoint(n))] for n in left])
    start = np.cumsum([0, *(len(group) for group in groups)])
    return Pairs(keypoint, start, noise[keypoint].min(axis=1))


def _pair(
    poses: Poses, calibration: Calibration, pairs: Pairs, min_confidence: float, penalty: float
) -> Pairing:
    from mousegpt.geometry.compilation import run_parallel
    from mousegpt.geometry.lenses import stack_cameras
    from mousegpt.geometry.pairing import Pairing, pair_frames

    rig = stack_cameras(calibration.select(tuple(poses["view"].values)))
    pixels = np.ascontiguousarray(poses["position"].values, dtype=float)
    confidence = np.ascontiguousarray(poses["confidence"].values, dtype=float)
    n_views, n, *_, n_individuals = pixels.shape
    n_groups, n_pairs = len(pairs.start) - 1, len(pairs.keypoint)
    found = Pairing(
        np.empty((n, n_individuals, n_groups, 2)),
        np.empty((n, n_individuals, n_groups, n_views, 2), dtype=bool),
        np.empty((n, n_individuals, n_pairs, 2, 3)),
    )

    def work(part: slice) -> None:
        rows = Pairing._make(array[part] for array in found)
        seen = np.ascontiguousarray(pixels[:, part]), np.ascontiguousarray(confidence[:, part])
        pair_frames(*seen, rig, pairs, min_confidence, penalty, rows)

    run_parallel(work, [slice(start, start + 500) for start in range(0, n, 500)])
    return found


def _choose(
    found: Pairing, pairs: Pairs, groups: list[list[str]], midline: Poses, anatomy: float
) -> IntArray:
    """Return which of the two readings holds, shape (time, individual, group)."""
    from mousegpt.geometry.pairing import follow

    chosen = np.zeros(found.energy.shape[:-1], dtype=np.int64)
    for i in range(chosen.shape[1]):
        axis = midline["position"].isel(individual=i).transpose("time", "keypoint", "space")
        middles = found.point[:, i].mean(axis=2)
        for g, group in enumerate(groups):
            part = slice(pairs.start[g], pairs.start[g + 1])
            left = _find_left(axis.values, _list_midline(midline), middles, pairs, group)
            apart = np.diff(found.point[:, i, part], axis=2)[:, :, 0]
            say = anatomy * np.nan_to_num(_compare(-apart, left))
            energy = found.energy[:, i, g] + np.stack([-say, say], axis=-1) / 2
            bond = _measure_bond(found.point[:, i, part], midline["frame"].values)
            chosen[:, i, g] = follow(np.ascontiguousarray(energy), bond)
    return chosen


def _list_midline(midline: Poses) -> list[str]:
    return [str(name) for name in midline["keypoint"].values]


def _find_left(
    axis: FloatArray, names: list[str], middles: FloatArray, pairs: Pairs, group: list[str]
) -> FloatArray:
    """Return the unit vector to the left of the head or the trunk, shape (time, 3); NaN unknown.

    Forward is along the midline; up is from the limbs to it, or from it to the ears. None of this
    changes if left and right are exchanged.
    """
    of_head = group[0] == "EarL"
    wanted = _MIDLINE[:_N_HEAD] if of_head else _MIDLINE[1:]
    places = [names.index(name) for name in wanted if name in names]
    if len(places) < 2:
        return np.full((len(axis), 3), np.nan)
    forward = axis[:, places[0]] - axis[:, places[-1] if of_head else places[-2]]
    limbs = slice(0, 1) if of_head else slice(pairs.start[-3] if len(pairs.start) > 3 else 0, None)
    away = _average(axis[:, places]) - _average(middles[:, limbs])
    left = np.cross(-away if of_head else away, forward)
    length = np.linalg.norm(left, axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(left / length)


def _average(points: FloatArray) -> FloatArray:
    """Return the mean of the known points, shape (time, 3); NaN if there is none."""
    known = np.isfinite(points).all(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, points, 0).sum(axis=1) / known.sum(axis=1))


def _compare(apart: FloatArray, left: FloatArray) -> FloatArray:
    """Return from -1 to 1 whether the points of one side are left of the others, shape (time,)."""
    along = np.nansum(apart * left[:, None], axis=(1, 2))
    length = np.nansum(np.linalg.norm(apart, axis=-1), axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(along / length)


def _measure_bond(point: FloatArray, frames: IntArray) -> FloatArray:
    """Return how much better it is to keep a reading from frame to frame, shape (time - 1,).

    In squares of the usual way of a point between frames; points of a mouse do not jump.
    """
    kept = np.nansum((point[1:] - point[:-1]) ** 2, axis=(1, 2, 3))
    crossed = np.nansum((point[1:] - point[:-1, :, ::-1]) ** 2, axis=(1, 2, 3))
    known = np.isfinite(point[1:] + point[:-1]).all(axis=(2, 3)).sum(axis=1)
    gaps = np.diff(frames).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        usual = np.minimum(kept, crossed) / (2 * known * gaps**2)
        square = np.nanmedian(usual[known > 0]) if (known > 0).any() else np.inf
        bond = (crossed - kept) / (np.fmax(square, 1e-6) * gaps**2)
    return np.clip(np.nan_to_num(bond), -_FIRMEST, _FIRMEST)


def _exchange(poses: Poses, found: Pairing, pairs: Pairs, chosen: IntArray) -> Poses:
    """Exchange names; what is unseen on both sides is not counted."""
    exchanged = np.take_along_axis(found.exchanged, chosen[..., None, None], axis=-1)[..., 0]
    by_pair = np.repeat(exchanged, np.diff(pairs.start), axis=2)  # time, individual, pair, view
    mask: BoolArray = np.zeros(poses["confidence"].shape, dtype=bool)
    for side in range(2):
        mask[:, :, pairs.keypoint[:, side]] = by_pair.transpose(3, 0, 2, 1)
    order = np.arange(poses.sizes["keypoint"])
    order[pairs.keypoint] = pairs.keypoint[:, ::-1]
    position, confidence = poses["position"].values, poses["confidence"].values
    mirrored = poses["confidence"].dims
    return poses.assign(
        position=(
            poses["position"].dims,
            np.where(mask[:, :, None], position[:, :, :, order], position),
        ),
        confidence=(mirrored, np.where(mask, confidence[:, :, order], confidence)),
        exchanged=(mirrored, mask),
    )
