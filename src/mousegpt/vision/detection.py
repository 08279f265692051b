"""Where mice are in a picture: fit it into the network's square, keep the best boxes, map back.

Boxes are ``left, top, right, bottom``; a found one has its score (0 to 1) behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import cv2
import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, ImageArray, IntArray
from mousegpt.ports import Detector

_GREY: Final = 114  # of what the picture does not fill
_N_NEAR: Final = 5  # boxes near the expected one that are asked whether they fit


def detect_mice(
    images: Sequence[ImageArray],
    detector: Detector,
    *,
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.25,
    max_overlap: Annotated[float, Field(ge=0, le=1)] = 0.45,
    max_mice: Annotated[int, Field(ge=1)] = 1,
) -> list[FloatArray]:
    """Find the mice in each picture.

    Parameters
    ----------
    images
        RGB, each of shape (height, width, 3).
    max_overlap
        Of two boxes that overlap by more (IoU), the one with the lower score is dropped.

    Returns
    -------
    list of FloatArray
        Of each picture, shape (n_found, 5): box in pixels and score, best first; at most
        ``max_mice`` rows, none where no score reaches ``min_score``.
    """
    if not images:
        return []
    fitted = [fit_picture(image, detector.size_px) for image in images]
    raw = detector.predict_boxes(np.stack([square for square, _ in fitted]))
    found = []
    for boxes, (_, to_square), image in zip(raw, fitted, images, strict=True):
        boxes = boxes[boxes[:, 4] >= min_score].astype(np.float64)
        boxes = boxes[suppress_overlaps(boxes[:, :4], boxes[:, 4], max_overlap=max_overlap)]
        boxes = boxes[:max_mice]
        corners = (boxes[:, :4].reshape(-1, 2, 2) - to_square[:, 2]) / to_square[0, 0]
        limit = np.array(image.shape[1::-1]) - 1
        boxes[:, :4] = np.clip(corners, 0, limit).reshape(-1, 4)
        found.append(boxes)
    return found


def detect_near(
    images: Sequence[ImageArray],
    boxes: FloatArray,
    detector: Detector,
    *,
    zoom: Annotated[float, Field(ge=1)] = 6.0,
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.05,
    min_overlap: Annotated[float, Field(gt=0, le=1)] = 0.5,
) -> FloatArray:
    """Look for the mouse in a square around the box where it is expected in each picture.

    Parameters
    ----------
    boxes
        Shape (n, 4).
    zoom
        Edge of the square, times the longer edge of the box. Closer, mice are larger than those
        that networks know from whole pictures, and fewer are found.
    min_score
        Low: the place is known.
    min_overlap
        Of what is found with what is expected (IoU); what overlaps less is something else.

    Returns
    -------
    FloatArray
        The best box that overlaps enough, and its score, shape (n, 5); NaN where none does.
    """
    squares = [_cut_square(image, box, zoom) for image, box in zip(images, boxes, strict=True)]
    seen = [image for image, _ in squares]
    found = detect_mice(seen, detector, min_score=min_score, max_mice=_N_NEAR)
    best = np.full((len(boxes), 5), np.nan)
    for row, some, box, (_, corner) in zip(best, found, boxes, squares, strict=True):
        some[:, :4] += np.tile(corner, 2)
        fitting = measure_overlaps(box[None], some)[0] >= min_overlap
        row[:] = some[fitting.argmax()] if fitting.any() else np.nan
    return best


def _cut_square(image: ImageArray, box: FloatArray, zoom: float) -> tuple[ImageArray, FloatArray]:
    """Return what a picture shows of a square around a box, and the corner where that begins."""
    half = zoom * max(box[2] - box[0], box[3] - box[1]) / 2
    middle = (box[:2] + box[2:4]) / 2
    limit = np.array(image.shape[1::-1])
    low = np.clip(np.floor(middle - half), 0, limit - 1).astype(int)
    high = np.clip(np.ceil(middle + half) + 1, low + 1, limit).astype(int)
    return image[low[1] : high[1], low[0] : high[0]], low.astype(np.float64)


def fit_picture(image: ImageArray, size_px: int) -> tuple[ImageArray, FloatArray]:
    """Shrink or enlarge a picture into a square, centred, with grey beside it.

    Returns
    -------
    square
        Shape (size_px, size_px, 3).
    picture_to_square
        Affine map of pixel centres, shape (2, 3).
    """
    height, width = image.shape[:2]
    scale = size_px / max(height, width)
    inner = max(round(width * scale), 1), max(round(height * scale), 1)
    left, top = (size_px - inner[0]) // 2, (size_px - inner[1]) // 2
    square = np.full((size_px, size_px, 3), _GREY, dtype=np.uint8)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square[top : top + inner[1], left : left + inner[0]] = cv2.resize(
        image, inner, interpolation=method
    )
    shift = (scale - 1) / 2  # between the centres of the first pixels
    return square, np.array([[scale, 0, left + shift], [0, scale, top + shift]])


def suppress_overlaps(
    boxes: FloatArray, scores: FloatArray, *, max_overlap: Annotated[float, Field(ge=0, le=1)]
) -> IntArray:
    """Keep the best box of each thing (non-maximum suppression).

    Returns
    -------
    IntArray
        Indices of the boxes that are kept, best first; equal scores in the order given.

    Examples
    --------
    >>> boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10.0]])
    >>> suppress_overlaps(boxes, np.array([0.8, 0.9, 0.3]), max_overlap=0.5).tolist()
    [1, 2]
    """
    waiting = np.argsort(-scores, kind="stable")
    kept = []
    while len(waiting):
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        waiting = waiting[measure_overlaps(boxes[[best]], boxes[waiting])[0] <= max_overlap]
    return np.array(kept, dtype=np.int64)


def measure_overlaps(a: FloatArray, b: FloatArray) -> FloatArray:
    """Measure intersection over union of boxes, shape (len(a), len(b)); 0 for empty boxes.

    Examples
    --------
    >>> measure_overlaps(np.array([[0, 0, 2, 2.0]]), np.array([[1, 0, 3, 2], [5, 5, 6, 6.0]]))
    array([[0.33333333, 0.        ]])
    """
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:4], b[None, :, 2:4])
    shared = np.maximum(high - low, 0).prod(axis=-1)
    areas = [np.maximum(boxes[:, 2:4] - boxes[:, :2], 0).prod(axis=-1) for boxes in (a, b)]
    union = areas[0][:, None] + areas[1][None] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))
