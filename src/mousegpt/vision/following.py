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
from mousegpt.vision.detection import detect_mice, measure_overlaps
from mousegpt.vision.pose2d import estimate_poses

#: Numbers of a found mouse: left, top, right, bottom, score; then x, y, confidence of 24 keypoints.
N_BOX: Final = 5
N_NUMBERS: Final = N_BOX + 3 * len(KEYPOINTS)

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
    counts = [len(some) for some in boxes]
    shown = [image for image, n in zip(images, counts, strict=True) for _ in range(n)]
    every = np.concatenate([*boxes, np.zeros((0, N_BOX))])
    points = estimate_poses(shown, every[:, :4], estimator, flip_test=flip_test)
    found = np.full((len(images), n_mice, N_NUMBERS), np.nan)
    places = [(image, mouse) for image, n in enumerate(counts) for mouse in range(n)]
    for place, box, at in zip(places, every, points, strict=True):
        found[place] = np.concatenate([box, at.ravel()])
    return found


def _find_boxes(
    images: Sequence[ImageArray], detector: Detector, n_mice: int, step: int, min_score: float
) -> list[FloatArray]:
    """Return the boxes of every picture, shape (n_found, 5)."""
    found: dict[int, FloatArray] = {}

    def search(places: list[int]) -> None:
        chosen = [images[place] for place in places]
        boxes = detect_mice(chosen, detector, min_score=min_score, max_mice=n_mice)
        found.update(zip(places, boxes, strict=True))

    searched = sorted({*range(0, len(images), step), *range(max(len(images) - 1, 0), len(images))})
    search(searched)
    missing: list[int] = []
    for before, after in pairwise(searched):
        a, b = found[before], found[after]
        even = len(a) > 0 < len(b) and measure_overlaps(a[:, :4], b[:, :4])[0, 0] >= _LEAST_OVERLAP
        for place in range(before + 1, after):
            if even:
                share = (place - before) / (after - before)
                found[place] = (1 - share) * a[:1] + share * b[:1]
            else:
                missing.append(place)
    search(missing)
    return [found[place] for place in range(len(images))]
