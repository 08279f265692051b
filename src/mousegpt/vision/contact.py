"""Contact sheets: crops side by side, with true and predicted keypoints drawn over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import cv2
import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.errors import DataError

#: RGB; apart also for the colour-blind, and each with its own shape.
TRUE_COLOR: Final = (86, 180, 233)
PREDICTED_COLOR: Final = (230, 159, 0)

_LINK_COLOR: Final = (255, 255, 255)
_PAPER: Final = 255
_CAPTION_ROWS: Final = 18
_GAP: Final = 6
_MARGIN: Final = 0.25  # around the points, as a share of their extent
_SUBPIXELS: Final = 4  # bits


def draw_pose_pair(
    image: ImageArray,
    truth: FloatArray,
    predicted: FloatArray,
    *,
    size_px: Annotated[int, Field(gt=16)] = 320,
    least_px: Annotated[float, Field(gt=0)] = 40.0,
) -> ImageArray:
    """Cut out a mouse and draw its keypoints: truth as blue rings, prediction as orange crosses.

    Parameters
    ----------
    image
        RGB, shape (rows, columns, 3).
    truth, predicted
        Pixels, shape (keypoint, 2); NaN where unknown. A line joins the two of a keypoint.
    size_px
        Edge of the square that is returned.
    least_px
        Least edge of what is cut out, in pixels of the picture.

    Returns
    -------
    ImageArray
        RGB, shape (size_px, size_px, 3); black beyond the edge of the picture.

    Raises
    ------
    DataError
        When there is no point at all.
    """
    points = np.concatenate([truth, predicted])
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        raise DataError("Expected a keypoint to draw, found none; choose another frame.")
    low, high = points.min(axis=0), points.max(axis=0)
    edge = max(float((high - low).max()) * (1 + 2 * _MARGIN), least_px)
    corner = (low + high - edge) / 2
    scale = size_px / edge
    warp = np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]])
    tile = np.asarray(cv2.warpAffine(image, warp, (size_px, size_px)), dtype=np.uint8)
    true, guessed = (scale * (given - corner) for given in (truth, predicted))
    for a, b in zip(true, guessed, strict=True):
        if np.isfinite(a).all() and np.isfinite(b).all():
            cv2.line(tile, _fix(a), _fix(b), _LINK_COLOR, 1, cv2.LINE_AA, _SUBPIXELS)
    for x, y in true[np.isfinite(true).all(axis=1)]:
        radius = 4 << _SUBPIXELS
        cv2.circle(tile, _fix((x, y)), radius, TRUE_COLOR, 1, cv2.LINE_AA, _SUBPIXELS)
    for x, y in guessed[np.isfinite(guessed).all(axis=1)]:
        for side in (-3, 3):
            ends = _fix((x - 3, y - side)), _fix((x + 3, y + side))
            cv2.line(tile, *ends, PREDICTED_COLOR, 1, cv2.LINE_AA, _SUBPIXELS)
    return tile


def make_contact_sheet(
    tiles: Sequence[ImageArray],
    captions: Sequence[str],
    *,
    heading: str = "",
    n_columns: Annotated[int, Field(gt=0)] = 4,
) -> ImageArray:
    """Lay out tiles of one size row by row, each with a line below.

    Parameters
    ----------
    tiles
        RGB, all of one shape.
    captions, heading
        ASCII; the heading stands above all tiles.

    Raises
    ------
    DataError
        When there is no tile, or a caption is missing.
    """
    if not tiles or len(tiles) != len(captions):
        raise DataError(f"Expected a caption a tile, found {len(captions)} for {len(tiles)}.")
    rows, columns = tiles[0].shape[:2]
    n_columns = min(n_columns, len(tiles))
    n_rows = -(-len(tiles) // n_columns)
    step = np.array([rows + _CAPTION_ROWS + _GAP, columns + _GAP])
    head = _CAPTION_ROWS if heading else 0
    height, width = (int(k) for k in step * [n_rows, n_columns] - _GAP)
    sheet = np.full((head + height, width, 3), _PAPER, dtype=np.uint8)
    _write(sheet, heading, 2, head)
    for place, (tile, caption) in enumerate(zip(tiles, captions, strict=True)):
        top, left = (int(k) for k in step * [place // n_columns, place % n_columns])
        sheet[head + top : head + top + rows, left : left + columns] = tile
        _write(sheet, caption, left + 2, head + top + rows + _CAPTION_ROWS)
    return sheet


def _write(sheet: ImageArray, text: str, left: int, bottom: int) -> None:
    """Write into a sheet of our own, in dark grey."""
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(sheet, text, (left, bottom - 5), font, 0.4, (51, 51, 51), 1, cv2.LINE_AA)


def _fix(point: FloatArray | tuple[float, float]) -> tuple[int, int]:
    """Return a place in the fixed-point numbers that OpenCV draws at."""
    x, y = (round(float(value) * (1 << _SUBPIXELS)) for value in point)
    return x, y
