"""The picture a vision-language model sees: the mouse from two perpendicular sides, joined."""

from __future__ import annotations

from itertools import combinations
from typing import Annotated

import cv2
import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.errors import CalibrationError, DataError


def select_orthogonal_views(
    calibration: Calibration,
    *,
    up: FloatArray | None = None,
    max_elevation_deg: Annotated[float, Field(gt=0, le=90)] = 40.0,
) -> tuple[str, str]:
    """Choose the two views whose directions are closest to perpendicular, from the side.

    Parameters
    ----------
    up
        Direction away from the floor in the world, shape (3,). When None, the direction that is up
        in the pictures of most cameras.
    max_elevation_deg
        A side view looks up or down by no more than this. Other views are used only when fewer
        than two look from the side.

    Returns
    -------
    tuple of str
        In the order of the calibration.

    Raises
    ------
    CalibrationError
        When there are fewer than two cameras.

    Notes
    -----
    Source: Methods 4.2 (two mutually perpendicular side views).
    """
    if len(calibration.views) < 2:
        raise CalibrationError(
            f"Two views are needed, but the calibration has only {calibration.views[0]}; use the "
            "mosaic of one view."
        )
    up = estimate_up(calibration) if up is None else up / np.linalg.norm(up)
    directions = {view: camera.direction for view, camera in calibration.cameras.items()}
    steepness = {view: abs(float(d @ up)) for view, d in directions.items()}
    limit = np.sin(np.deg2rad(max_elevation_deg))
    side = [view for view in calibration.views if steepness[view] <= limit]
    candidates = side if len(side) >= 2 else sorted(calibration.views, key=steepness.__getitem__)
    pairs = list(combinations([v for v in calibration.views if v in candidates], 2))
    # rounded, so that in symmetric rigs the order of the views decides and not the last bit
    return min(
        pairs, key=lambda pair: round(abs(float(directions[pair[0]] @ directions[pair[1]])), 6)
    )


def estimate_up(calibration: Calibration) -> FloatArray:
    """Return the direction that is up in most pictures, shape (3,), by the agreement of cameras."""
    ups = np.stack([-camera.R[1] for camera in calibration.cameras.values()])
    agreement = ups @ ups.T
    closest = ups[np.argmax(np.sum(agreement, axis=1))]
    mean = ups[ups @ closest > np.cos(np.deg2rad(45))].mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def make_mosaic(
    image_a: ImageArray,
    box_a: FloatArray,
    image_b: ImageArray | None = None,
    box_b: FloatArray | None = None,
    *,
    width: Annotated[int, Field(gt=0)] = 896,
    height: Annotated[int, Field(gt=0)] = 448,
) -> ImageArray:
    """Crop the mouse from one or two views and join the crops side by side.

    Parameters
    ----------
    image_a, image_b
        RGB, shape (rows, columns, 3).
    box_a, box_b
        Box of the mouse; a square around it is cut out, black beyond the edge of the picture.
        Where it is NaN, the whole picture is shown.

    Returns
    -------
    ImageArray
        RGB, shape (height, width, 3). Of one view a single tile, shape (height, width / 2, 3):
        what the model sees of a view is the same whether or not there is another.

    Raises
    ------
    DataError
        When the width is odd, or a second picture comes without a box.

    Notes
    -----
    Source: Methods 4.2 (896 x 448).
    """
    if width % 2 or (image_b is None) != (box_b is None):
        raise DataError(
            f"A mosaic needs an even width (found {width}) and a box for each picture; give both "
            "or neither of image_b and box_b."
        )
    tiles = [_cut_tile(image_a, box_a, width // 2, height)]
    if image_b is not None and box_b is not None:
        tiles.append(_cut_tile(image_b, box_b, width // 2, height))
    return np.concatenate(tiles, axis=1)


def square_box(box: FloatArray, *, margin: Annotated[float, Field(ge=1)] = 1.0) -> FloatArray:
    """Return the square of whole pixels around a box, so many times as large.

    Its edge is 8 px at least, so that it can be cut out and resized.

    Examples
    --------
    >>> square_box(np.array([10.0, 20, 30, 25]), margin=1.5)
    array([ 5.,  8., 35., 38.])
    """
    edge = max(np.ceil(float(np.max(box[2:] - box[:2])) * margin), 8)
    corner = np.round((box[:2] + box[2:] - edge) / 2)
    return np.concatenate([corner, corner + edge])


def _cut_tile(image: ImageArray, box: FloatArray, width: int, height: int) -> ImageArray:
    """Cut the smallest region of the tile's shape around a box, and resize it."""
    if np.isnan(box).any():
        box = np.array([0, 0, image.shape[1], image.shape[0]], dtype=np.float64)
    left, top, right, bottom = box
    scale = max((right - left) / width, (bottom - top) / height, 1 / width, 1 / height)
    columns, rows = max(1, round(scale * width)), max(1, round(scale * height))
    x, y = round((left + right - columns) / 2), round((top + bottom - rows) / 2)
    crop = np.zeros((rows, columns, 3), dtype=np.uint8)
    inside = image[max(y, 0) : max(y + rows, 0), max(x, 0) : max(x + columns, 0)]
    crop[max(-y, 0) : max(-y, 0) + len(inside), max(-x, 0) : max(-x, 0) + inside.shape[1]] = inside
    method = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop, (width, height), interpolation=method), dtype=np.uint8)
