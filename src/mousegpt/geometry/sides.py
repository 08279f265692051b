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
from mousegpt.core.skeleton import KEYPOINTS, mirror_keypoint
from mousegpt.geometry.triangulation import triangulate_poses

if TYPE_CHECKING:
    from mousegpt.geometry.pairing import Pairing, Pairs

#: Left keypoints whose counterparts are on the right.
PAIRED: Final = tuple(name for name in KEYPOINTS if mirror_keypoint(name) == f"{name[:-1]}R")

#: Points that have no side, the foremost first: what ears and limbs are left or right of.
_HEAD: Final = ("Snout", "SpineF")
_TRUNK: Final = ("SpineF", "SpineG", "SpineH", "Hip")
_N_SAMPLED: Final = 300  # frames from which the noise is estimated
_LEAST_PX: Final = 0.5  # noise that is assumed where there is less
_FIRMEST: Final = 8.0  # what continuity may say at most, as a difference of log-likelihoods, twice


def resolve_sides(
    poses: Poses,
    calibration: Calibration,
    *,
    reluctance: Annotated[float, Field(ge=0)] = 4.0,
    anatomy: Annotated[float, Field(ge=0)] = 24.0,
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.3,
) -> Poses:
    """Give left and right keypoints back their names where views have exchanged them.

    For each pair and frame the views are divided so that their lines of sight meet best. Which of
    the two points is left is said by most views, by head or trunk (left is to the left of them,
    where their points tell front and top) and by the frames before and after.

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
        Less confident detections have no say; they change places with their counterpart.

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
    left = [name for name in PAIRED if name in names and mirror_keypoint(name) in names]
    if not left or not poses.sizes["time"]:
        none = np.zeros(poses["confidence"].shape, dtype=bool)
        return poses.assign(exchanged=(poses["confidence"].dims, none))
    part = _sample(poses)  # to learn how exact detections are
    for known in (part, poses):
        pairs = _list_pairs(left, names, _measure_noise(part, calibration, min_confidence))
        found = _pair(known, calibration, pairs, min_confidence, reluctance)
        axis = midline.sel(time=known["time"])
        part = _exchange(known, found, pairs, _choose(found, left, axis, anatomy))
    return part


def can_resolve(n_views: int, *, resolve_sides: bool | None = None) -> bool:
    """Say whether sides are to be resolved; if it is not said, from four views on.

    Two views do not tell which of them is wrong; of three, an outlier can look like an exchange.
    """
    return n_views > 3 if resolve_sides is None else resolve_sides


def _sample(poses: Poses) -> Poses:
    n = poses.sizes["time"]
    return poses.isel(time=np.unique(np.linspace(0, n - 1, min(n, _N_SAMPLED)).astype(int)))


def _triangulate_midline(poses: Poses, calibration: Calibration, min_confidence: float) -> Poses:
    midline = poses.isel(keypoint=np.isin(poses["keypoint"], _HEAD + _TRUNK))
    return triangulate_poses(midline, calibration, min_confidence=min_confidence)


def _measure_noise(poses: Poses, calibration: Calibration, min_confidence: float) -> FloatArray:
    """Return the standard deviation of detections, px, shape (keypoint,)."""
    solid = triangulate_poses(_sample(poses), calibration, min_confidence=min_confidence)
    return np.asarray(np.fmax(solid["noise_px"].values, _LEAST_PX))


def _list_pairs(left: list[str], names: list[str], noise: FloatArray) -> Pairs:
    from mousegpt.geometry.pairing import Pairs

    keypoint = np.array([[names.index(n), names.index(mirror_keypoint(n))] for n in left])
    return Pairs(keypoint, noise[keypoint].min(axis=1))


def _pair(
    poses: Poses, calibration: Calibration, pairs: Pairs, min_confidence: float, penalty: float
) -> Pairing:
    from mousegpt.geometry.compilation import run_parallel
    from mousegpt.geometry.lenses import stack_cameras
    from mousegpt.geometry.pairing import Pairing, pair_frames

    rig = stack_cameras(calibration.select(tuple(poses["view"].values)))
    pixels = np.ascontiguousarray(poses["position"].values, dtype=float)
    confidence = np.ascontiguousarray(poses["confidence"].values, dtype=float)
    n_views, n, n_individuals = pixels.shape[0], pixels.shape[1], pixels.shape[-1]
    n_pairs = len(pairs.keypoint)
    found = Pairing(
        np.empty((n, n_individuals, n_pairs, 2)),
        np.empty((n, n_individuals, n_pairs, n_views, 2), dtype=bool),
        np.empty((n, n_individuals, n_pairs, 2, 3)),
    )

    def work(part: slice) -> None:
        rows = Pairing._make(array[part] for array in found)
        seen = np.ascontiguousarray(pixels[:, part]), np.ascontiguousarray(confidence[:, part])
        pair_frames(*seen, rig, pairs, min_confidence, penalty, rows)

    run_parallel(work, [slice(start, start + 500) for start in range(0, n, 500)])
    return found


def _choose(found: Pairing, left: list[str], midline: Poses, anatomy: float) -> IntArray:
    """Return which of the two readings holds, shape (time, individual, pair)."""
    from mousegpt.geometry.pairing import follow

    chosen = np.zeros(found.energy.shape[:-1], dtype=np.int64)
    ears = np.array([name == "EarL" for name in left])
    for i in range(midline.sizes["individual"]):
        axis = midline.isel(individual=i)
        middles = found.point[:, i].mean(axis=2)
        of_head = _find_left(axis, _HEAD, middles[:, ears], above=True)
        of_trunk = _find_left(axis, _TRUNK, middles[:, ~ears], above=False)
        for pair in range(len(left)):
            point = found.point[:, i, pair]
            turned = _compare(point, of_head if ears[pair] else of_trunk)
            say = anatomy * np.nan_to_num(turned)
            energy = found.energy[:, i, pair] + np.stack([-say, say], axis=-1) / 2
            bond = _measure_bond(point, midline["frame"].values)
            chosen[:, i, pair] = follow(np.ascontiguousarray(energy), bond)
    return chosen


def _find_left(
    midline: Poses, names: tuple[str, ...], middles: FloatArray, *, above: bool
) -> FloatArray:
    """Return the unit vector to the left, shape (time, 3); NaN where it is unknown.

    Forward is along the midline, the last of the named points behind; up is from the middles of
    pairs to it, or from it to those ``above``. None of this changes with left and right.
    """
    known = [name for name in names if name in midline["keypoint"]]
    if len(known) < 2 or not middles.shape[1]:
        return np.full((midline.sizes["time"], 3), np.nan)
    axis = midline["position"].sel(keypoint=known).transpose("time", "keypoint", "space").values
    up = _average(axis) - _average(middles)
    left = np.cross(-up if above else up, axis[:, 0] - axis[:, -1])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(left / np.linalg.norm(left, axis=-1, keepdims=True))


def _average(points: FloatArray) -> FloatArray:
    """Return the mean of the known points, shape (time, 3); NaN if there is none."""
    known = np.isfinite(points).all(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, points, 0).sum(axis=1) / known.sum(axis=1))


def _compare(point: FloatArray, left: FloatArray) -> FloatArray:
    """Return from -1 to 1 whether the first of two points is left of the other, shape (time,)."""
    apart = point[:, 0] - point[:, 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((apart * left).sum(axis=-1) / np.linalg.norm(apart, axis=-1))


def _measure_bond(point: FloatArray, frames: IntArray) -> FloatArray:
    """Return how much better it is to keep a reading from frame to frame, shape (time - 1,).

    In squares of the usual way of a point between frames; points of a mouse do not jump.
    """
    kept = ((point[1:] - point[:-1]) ** 2).sum(axis=(1, 2))
    crossed = ((point[1:] - point[:-1, ::-1]) ** 2).sum(axis=(1, 2))
    known = np.isfinite(kept + crossed)
    gaps = np.diff(frames).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        usual = np.minimum(kept, crossed) / (2 * gaps**2)
        square = np.median(usual[known]) if known.any() else np.inf
        bond = (crossed - kept) / (np.fmax(square, 1e-6) * gaps**2)
    return np.asarray(np.clip(np.nan_to_num(bond), -_FIRMEST, _FIRMEST))


def _exchange(poses: Poses, found: Pairing, pairs: Pairs, chosen: IntArray) -> Poses:
    """Exchange names as the chosen readings say."""
    exchanged = np.take_along_axis(found.exchanged, chosen[..., None, None], axis=-1)[..., 0]
    mask: BoolArray = np.zeros(poses["confidence"].shape, dtype=bool)
    for side in range(2):
        mask[:, :, pairs.keypoint[:, side]] = exchanged.transpose(3, 0, 2, 1)
    order = np.arange(poses.sizes["keypoint"])
    order[pairs.keypoint] = pairs.keypoint[:, ::-1]
    position, confidence = poses["position"].values, poses["confidence"].values
    position = np.where(mask[:, :, None], position[:, :, :, order], position)
    confidence = np.where(mask, confidence[:, :, order], confidence)
    return poses.assign(
        position=(poses["position"].dims, position),
        confidence=(poses["confidence"].dims, confidence),
        exchanged=(poses["confidence"].dims, mask),
    )
