"""Object keypoint similarity (OKS) and average precision, as COCO defines them.

``OKS = mean over the true keypoints of exp(-d^2 / (2 s^2 k^2))`` with ``k = 2 sigma``: 1 when every
keypoint is met, 0.6 when each is one ``s k`` away. COCO takes for ``s`` the root of the area of the
object. A mouse covers about a quarter of the square of its body length, so ``s`` is half of that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray

#: How far annotators differ, in ``s``: of each joint the value that COCO measured for people's
#: (ear, nose, shoulder, elbow, wrist, hip, knee, ankle). What has no like there: paws as wrists and
#: ankles; the back, which no landmark marks, as hips; the middle of the tail as knees.
SIGMAS: Final[Mapping[str, float]] = MappingProxyType(
    {"EarL": 0.035, "EarR": 0.035, "Snout": 0.026}
    | dict.fromkeys(("SpineF", "ShoulderL", "ShoulderR"), 0.079)
    | dict.fromkeys(("SpineG", "SpineH", "Hip"), 0.107)
    | {"TailBase": 0.062, "TailMid": 0.087, "TailEnd": 0.062}
    | dict.fromkeys(("ElbowL", "ElbowR"), 0.072)
    | dict.fromkeys(("ForepawL", "ForepawR", "WristL", "WristR"), 0.062)
    | dict.fromkeys(("KneeL", "KneeR"), 0.087)
    | dict.fromkeys(("AnkleL", "AnkleR", "HindpawL", "HindpawR"), 0.089)
)

#: Area of a mouse: ``(AREA_LENGTHS x body length)^2``.
AREA_LENGTHS: Final = 0.5

#: COCO's ten: 0.50, 0.55, …, 0.95.
THRESHOLDS: Final[tuple[float, ...]] = tuple(round(0.5 + 0.05 * k, 2) for k in range(10))

_RECALLS: Final = np.linspace(0, 1, 101)


def compute_oks(
    distances: FloatArray, body_length: FloatArray | float, keypoints: Sequence[str]
) -> FloatArray:
    """Compute the object keypoint similarity.

    Parameters
    ----------
    distances
        Between prediction and truth, shape (..., keypoint), in the unit of ``body_length``. NaN
        where there is no truth, infinite where the truth was not found.
    body_length
        Snout to tail base, broadcast against the leading dimensions.
    keypoints
        Names in `SIGMAS`.

    Returns
    -------
    FloatArray
        From 0 to 1, shape (...); NaN where no keypoint is known.

    Notes
    -----
    Source: Methods 4.2 (AP and mAP by keypoint similarity, whose constants are not given).

    Examples
    --------
    A snout that is missed by ``s k = 0.5 x 2 x 0.026`` body lengths:

    >>> compute_oks(np.array([0.026 * 8.0]), 8.0, ["Snout"]).round(4)
    np.float64(0.6065)
    """
    sigmas = np.array([SIGMAS[name] for name in keypoints])
    reach = AREA_LENGTHS * np.asarray(body_length)[..., None] * 2 * sigmas
    known = ~np.isnan(distances)
    alike = np.where(known, np.exp(-(distances**2) / (2 * reach**2)), 0.0)
    count = known.sum(axis=-1)
    return np.where(count > 0, alike.sum(axis=-1) / np.maximum(count, 1), np.nan)


def compute_average_precision(
    similarity: FloatArray,
    scores: FloatArray,
    n_true: int,
    *,
    thresholds: Annotated[Sequence[float], Field(min_length=1)] = THRESHOLDS,
) -> FloatArray:
    """Compute COCO's average precision at each threshold of similarity; their mean is the mAP.

    In each picture the predictions, the surest first, take the most similar truth that is free.
    Precision is interpolated (the best at this recall or more) and averaged over 101 recalls.

    Parameters
    ----------
    similarity
        OKS of every prediction with every true animal, shape (picture, predicted, true); a
        prediction or a true animal that is not in a picture has a row or column of NaN.
    scores
        Confidence of each prediction, shape (picture, predicted); NaN counts as 1.
    n_true
        Number of true animals in all pictures, also of those without any prediction.

    Returns
    -------
    FloatArray
        Shape (threshold,), from 0 to 1; NaN when there is no true animal.

    Notes
    -----
    Source: Methods 4.2 (AP and mAP).
    """
    present = ~np.isnan(similarity)
    if n_true == 0:
        return np.full(len(thresholds), np.nan)
    sureness = np.where(np.isnan(scores), 1.0, scores)
    pictures, rows = np.nonzero(present.any(axis=2))
    surest = np.argsort(-sureness[pictures, rows], kind="stable")
    order = list(zip(pictures[surest].tolist(), rows[surest].tolist(), strict=True))
    filled = np.where(present, similarity, -1.0)
    return np.array([_average_recalls(_match(filled, order, t), n_true) for t in thresholds])


def _match(
    similarity: FloatArray, order: Sequence[tuple[int, int]], threshold: float
) -> FloatArray:
    """Return 1 for each prediction, in order, that takes a true animal, 0 for a false one."""
    free = np.ones((similarity.shape[0], similarity.shape[2]), dtype=bool)
    hits = np.zeros(len(order))
    for place, (picture, row) in enumerate(order):
        alike = np.where(free[picture], similarity[picture, row], -1.0)
        best = int(np.argmax(alike))
        if alike[best] >= threshold:
            hits[place] = 1.0
            free[picture, best] = False
    return hits


def _average_recalls(hits: FloatArray, n_true: int) -> float:
    found = np.cumsum(hits)
    precision = found / np.arange(1, len(hits) + 1)
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    place = np.searchsorted(found / n_true, _RECALLS - 1e-9, side="left")
    return float(np.append(best_from_here, 0.0)[np.minimum(place, len(hits))].mean())
