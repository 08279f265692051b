"""Distances between predicted and true keypoints, and what is read off them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray

#: Pairs along the body and their part of its length (medians of a mouse with 81 labelled poses);
#: the first pair of which both are ever known together tells the length.
BODY_ENDS: Final[Mapping[tuple[str, str], float]] = MappingProxyType(
    {
        ("Snout", "TailBase"): 1.0,
        ("EarL", "TailBase"): 0.87,
        ("EarR", "TailBase"): 0.87,
        ("SpineF", "TailBase"): 0.71,
        ("Snout", "Hip"): 0.68,
        ("EarL", "Hip"): 0.6,
        ("EarR", "Hip"): 0.6,
        ("SpineF", "Hip"): 0.42,
    }
)

_MIDDLE, _LONG = 0.5, 0.9  # quantiles; a picture only ever shortens a mouse


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


def measure_body_length(truth: FloatArray, keypoints: Sequence[str]) -> float:
    """Measure the mouse from snout to tail base; NaN when no pair of `BODY_ENDS` is known.

    Parameters
    ----------
    truth
        Shape (time, keypoint, space). In space the median over time is taken, in a picture the
        90 % quantile, because most poses look shorter than the mouse is.
    """
    places = {name: place for place, name in enumerate(keypoints)}
    for (front, back), part in BODY_ENDS.items():
        if front not in places or back not in places:
            continue
        length = np.linalg.norm(truth[:, places[front]] - truth[:, places[back]], axis=-1)
        known = np.asarray(length[np.isfinite(length)])
        if known.size:
            return float(np.quantile(known, _MIDDLE if truth.shape[-1] == 3 else _LONG)) / part
    return float("nan")


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
