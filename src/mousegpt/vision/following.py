"""Mice in successive pictures: detected now and then, their boxes carried on in between."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.ports import Detector, PoseEstimator
from mousegpt.vision.detection import detect_mice, detect_near, measure_overlaps
from mousegpt.vision.pose2d import estimate_poses

#: Numbers of a found mouse: left, top, right, bottom, score; then x, y, confidence of 24 keypoints.
N_BOX: Final = 5
N_NUMBERS: Final = N_BOX + 3 * len(KEYPOINTS)

#: Boxes that are kept of each picture where other views may tell which one is the mouse, and the
#: score that each must reach: in views in which it is hard to see, a mouse scores that little.
N_CANDIDATES: Final = 5
_DOUBTFUL: Final = 0.05

_LEAST_OVERLAP: Final = 0.5  # of the boxes between which a mouse is taken to have moved evenly


def follow_mice(
    images: Sequence[ImageArray],
    detector: Detector,
    estimator: PoseEstimator,
    *,
    n_mice: Annotated[int, Field(ge=1)] = 1,
    detect_every: Annotated[int, Field(ge=1)] = 4,
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.25,
    flip_test: bool = False,
) -> FloatArray:
    """Find the mice and their keypoints in successive pictures.

    Parameters
    ----------
    detect_every
        Every so-many-th picture is searched, and the last. In between a box moves evenly, where
        the boxes before and behind overlap by half; where they do not, those pictures are searched
        too. With several mice all are.

    Returns
    -------
    FloatArray
        Shape (image, n_mice, 77): box, its score, and x, y, confidence of each keypoint; NaN
        where no mouse was found. Best scores first: rows of two pictures need not be one mouse.
    """
    boxes = _find_boxes(images, detector, n_mice, detect_every if n_mice == 1 else 1, min_score)
    return _add_poses(images, boxes, estimator, flip_test)


def propose_mouse(
    images: Sequence[ImageArray],
    detector: Detector,
    estimator: PoseEstimator,
    *,
    detect_every: Annotated[int, Field(ge=1)] = 4,
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.25,
    flip_test: bool = False,
) -> FloatArray:
    """Find the mouse as `follow_mice` does, and all else that it may be.

    Returns
    -------
    FloatArray
        Shape (image, 77 + 25): what `follow_mice` says of one mouse; then boxes and scores of
        five candidates, best first, also those below ``min_score``.
    """
    boxes = _find_boxes(images, detector, N_CANDIDATES, detect_every, min(_DOUBTFUL, min_score))
    best = boxes[:, :1]
    best = np.where(best[..., 4:] >= min_score, best, np.nan)
    posed = _add_poses(images, best, estimator, flip_test)
    return np.concatenate([posed[:, 0], boxes.reshape(len(boxes), -1)], axis=1)


def look_again(
    images: Sequence[ImageArray],
    boxes: FloatArray,
    detector: Detector,
    estimator: PoseEstimator,
    *,
    flip_test: bool = False,
) -> FloatArray:
    """Find keypoints in given boxes, and search the mouse around those that are only expected.

    Parameters
    ----------
    boxes
        Box and score, shape (image, 5). Where the score is NaN the box is expected: it stays only
        where a closer look finds none.

    Returns
    -------
    FloatArray
        Shape (image, 77), as of `follow_mice`; the score is NaN where the box is still expected.
    """
    boxes = boxes.copy()
    expected = np.flatnonzero(np.isnan(boxes[:, 4])).tolist()
    seen = detect_near([images[i] for i in expected], boxes[expected, :4], detector)
    boxes[expected] = np.where(np.isfinite(seen), seen, boxes[expected])
    return _add_poses(images, boxes[:, None], estimator, flip_test)[:, 0]


def _add_poses(
    images: Sequence[ImageArray], boxes: FloatArray, estimator: PoseEstimator, flip_test: bool
) -> FloatArray:
    """Find the keypoints in boxes, shape (image, mouse, 5); shape (image, mouse, 77)."""
    places = np.argwhere(np.isfinite(boxes[..., :4]).all(axis=-1))
    known = tuple(places.T)
    shown = [images[image] for image, _ in places]
    points = estimate_poses(shown, boxes[known][:, :4], estimator, flip_test=flip_test)
    found = np.full((*boxes.shape[:2], N_NUMBERS), np.nan)
    found[known] = np.concatenate([boxes[known], points.reshape(-1, N_NUMBERS - N_BOX)], axis=1)
    return found


def _find_boxes(
    images: Sequence[ImageArray], detector: Detector, n_boxes: int, step: int, min_score: float
) -> FloatArray:
    """Return boxes and scores, best first, shape (image, n_boxes, 5); NaN where there are fewer."""
    found: dict[int, FloatArray] = {}

    def search(places: list[int]) -> None:
        chosen = [images[place] for place in places]
        boxes = detect_mice(chosen, detector, min_score=min_score, max_mice=n_boxes)
        found.update(zip(places, boxes, strict=True))

    searched = sorted({*range(0, len(images), step), *range(max(len(images) - 1, 0), len(images))})
    search(searched)
    missing: list[int] = []
    for before, after in pairwise(searched):
        one, other = _match_boxes(found[before], found[after])
        for place in range(before + 1, after):
            if len(one):
                share = (place - before) / (after - before)
                found[place] = (1 - share) * one + share * other
            else:
                missing.append(place)
    search(missing)
    boxes = np.full((len(images), n_boxes, N_BOX), np.nan)
    for place, some in found.items():
        boxes[place, : len(some)] = some
    return boxes


def _match_boxes(before: FloatArray, after: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the boxes that moved evenly, as they were and became; none when the best did not."""
    overlaps = measure_overlaps(before[:, :4], after[:, :4])
    if not overlaps.size or overlaps[0, 0] < _LEAST_OVERLAP:
        return before[:0], after[:0]
    even = overlaps.max(axis=1) >= _LEAST_OVERLAP
    return before[even], after[overlaps.argmax(axis=1)[even]]
