"""Distances between predicted and true keypoints, and what is read off them."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError

#: Ends of the body; the first pair of which both are known is its length.
BODY_ENDS: Final = (("Snout", "TailBase"), ("Snout", "Hip"), ("SpineF", "TailBase"))

_FORESHORTENED: Final = (
    0.9  # quantile of the lengths in a picture, which only ever shortens a mouse
)


def measure_distances(predicted: FloatArray, truth: FloatArray) -> FloatArray:
    """Measure how far predictions lie from the truth.

    Parameters
    ----------
    predicted, truth
        Shape (..., keypoint, space).

    Returns
    -------
    FloatArray
        Shape (..., keypoint); NaN where the truth is unknown, infinite where only the prediction
        is: a keypoint that was not found is never near.
    """
    distance = np.linalg.norm(predicted - truth, axis=-1)
    return np.where(np.isfinite(truth).all(axis=-1) & np.isnan(distance), np.inf, distance)


def measure_body_length(truth: FloatArray, keypoints: tuple[str, ...]) -> float:
    """Measure the mouse from snout to tail base.

    Parameters
    ----------
    truth
        Shape (time, keypoint, space). In space the median over time is taken, in a picture the
        90 % quantile, because most poses look shorter than the mouse is.

    Raises
    ------
    DataError
        When no pair of `BODY_ENDS` is ever known.
    """
    for ends in BODY_ENDS:
        if set(ends) <= set(keypoints):
            front, back = (truth[:, keypoints.index(end)] for end in ends)
            length = np.linalg.norm(front - back, axis=-1)
            length = length[np.isfinite(length)]
            if length.size:
                return float(np.quantile(length, 0.5 if truth.shape[-1] == 3 else _FORESHORTENED))
    raise DataError(
        "The true poses have no pair of keypoints along the body in any frame, expected Snout and "
        f"TailBase, found {', '.join(keypoints)}; map them in a skeleton.csv, or give the length."
    )


def compute_pck(
    distances: FloatArray, body_length: float, fraction: Annotated[float, Field(gt=0)]
) -> FloatArray:
    """Compute the percentage of correct keypoints: nearer than a fraction of the body length.

    Parameters
    ----------
    distances
        As of `measure_distances`; the first dimension is averaged over.

    Returns
    -------
    FloatArray
        From 0 to 1; keypoints that were not found are wrong. NaN where there is no truth.

    Notes
    -----
    Source: Methods 4.2 (PCK, whose threshold is not given).

    Examples
    --------
    >>> compute_pck(np.array([0.1, 0.3, np.inf, np.nan]), 8.0, 0.025).round(3)
    np.float64(0.333)
    """
    known = ~np.isnan(distances)
    near = (distances <= fraction * body_length).sum(axis=0)
    count = known.sum(axis=0)
    return np.where(count > 0, near / np.maximum(count, 1), np.nan)


def compute_mpjpe(distances: FloatArray) -> float:
    """Compute the mean per-joint position error: the mean distance of the keypoints found.

    In the unit of the distances; NaN when there is none. What was not found does not count here:
    read it together with the share of keypoints found.
    """
    found = distances[np.isfinite(distances)]
    return float(found.mean()) if found.size else float("nan")


def align_procrustes(predicted: FloatArray, truth: FloatArray) -> FloatArray:
    """Move, turn and scale each predicted pose onto the true one, without mirroring it.

    What is left over is the error of the posture, without that of place, direction and size.

    Parameters
    ----------
    predicted, truth
        Shape (time, keypoint, space); keypoints known in both decide.

    Returns
    -------
    FloatArray
        The predicted poses aligned; NaN where fewer than three keypoints decide.
    """
    known = np.asarray(np.isfinite(predicted + truth).all(axis=-1))
    weights = known[..., None].astype(np.float64)
    count = np.maximum(weights.sum(axis=-2, keepdims=True), 1)
    source, target = np.where(weights > 0, predicted, 0.0), np.where(weights > 0, truth, 0.0)
    middle = source.sum(axis=-2, keepdims=True) / count
    goal = target.sum(axis=-2, keepdims=True) / count
    source, target = weights * (source - middle), weights * (target - goal)
    left, strength, right = np.linalg.svd(np.swapaxes(source, -1, -2) @ target)
    sign = np.sign(np.linalg.det(left @ right))
    flip = np.ones_like(strength)
    flip[..., -1] = np.where(sign < 0, -1.0, 1.0)
    rotation = (left * flip[..., None, :]) @ right
    spread = (source**2).sum(axis=(-1, -2))
    scale = (strength * flip).sum(axis=-1) / np.where(spread > 0, spread, np.nan)
    aligned = scale[..., None, None] * ((predicted - middle) @ rotation) + goal
    return np.where((known.sum(axis=-1) < 3)[..., None, None], np.nan, aligned)
