"""Where the mouse is in the picture, from its keypoints or, without poses, from its motion.

A box is ``(left, top, right, bottom)`` in pixels, NaN when there is nothing to enclose; it may
reach over the edge of the picture.
"""

from __future__ import annotations

from typing import Annotated, Final

import cv2
import numpy as np
import xarray as xr
from pydantic import Field

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses

EDGES: Final = ("left", "top", "right", "bottom")


def compute_boxes(
    poses: Poses,
    *,
    padding_px: Annotated[float, Field(ge=0)] = 35.0,
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.3,
) -> xr.DataArray:
    """Enclose the visible keypoints of each frame.

    Parameters
    ----------
    poses
        2-D, in pixels, with or without the dimension ``view``.
    padding_px
        Added on every side; the paper's value is for a picture 3840 px wide.
    min_confidence
        Less confident keypoints are not visible; those without a confidence are.

    Returns
    -------
    xarray.DataArray
        Dimensions of the poses without keypoint and space, and ``edge`` at the end: left, top,
        right, bottom. NaN where no keypoint is visible.

    Raises
    ------
    DataError
        When the poses are not in pixels.

    Notes
    -----
    Source: Methods 4.2 (smallest box around the visible keypoints, 35 px more on every side).
    """
    if poses.sizes["space"] != 2 or poses.attrs["unit"] != "px":
        raise DataError(
            f"Boxes need 2-D poses in px, found {poses.sizes['space']}-D in "
            f"{poses.attrs['unit']}; give the poses as they were tracked."
        )
    visible = ~(poses["confidence"] < min_confidence)
    position = poses["position"].where(visible & poses["position"].notnull().all("space"))
    low, high = position.min("keypoint") - padding_px, position.max("keypoint") + padding_px
    corners = [low.sel(space="x"), low.sel(space="y"), high.sel(space="x"), high.sel(space="y")]
    edges = xr.concat([c.drop_vars("space") for c in corners], dim="edge")
    return edges.assign_coords(edge=list(EDGES)).transpose(..., "edge").rename("box")


def compute_background(images: ImageArray) -> ImageArray:
    """Return the median of sampled images, shape (n, height, width, 3): the arena without mouse.

    Works when the mouse rests nowhere for more than half of the samples.
    """
    return np.asarray(np.median(images, axis=0), dtype=np.uint8)


def find_moving_box(
    image: ImageArray,
    background: ImageArray,
    *,
    min_contrast: Annotated[int, Field(gt=0, lt=256)] = 20,
    min_area_px: Annotated[int, Field(gt=0)] = 200,
    size_px: Annotated[float, Field(gt=0)] | None = None,
    padding_px: Annotated[float, Field(ge=0)] = 35.0,
) -> FloatArray:
    """Find the largest thing that is not in the background, but for what is too large for a mouse.

    Parameters
    ----------
    image, background
        RGB, shape (height, width, 3).
    min_contrast
        Smallest difference, of 255 grey levels, between mouse and background; raised to Otsu's
        threshold where the picture itself shows a clearer cut.
    min_area_px
        Smaller things are noise.
    size_px
        Usual size of the mouse (root of its box's area, without padding). What is more than twice
        as large, such as a person behind the arena, is passed over; None passes over nothing.

    Returns
    -------
    FloatArray
        Box, shape (4,); NaN when nothing is found.
    """
    difference = cv2.GaussianBlur(cv2.absdiff(image, background).max(axis=-1), (0, 0), 2)
    otsu, _ = cv2.threshold(difference, 0, 255, cv2.THRESH_OTSU)
    mask = (difference > max(otsu, min_contrast)).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    _, _, found, _ = cv2.connectedComponentsWithStats(mask)
    left, top, width, height, area = found[1:].T if len(found) > 1 else np.zeros((5, 1))
    fitting = area >= min_area_px
    if size_px is not None:
        fitting &= np.sqrt(width * height) <= 2 * size_px
    if not fitting.any():
        return np.full(4, np.nan)
    height_px, width_px = difference.shape
    inside = (left > 0) & (top > 0) & (left + width < width_px) & (top + height < height_px)
    if (fitting & inside).any():  # people come in over the edge, mice seldom do
        fitting &= inside
    best = int(np.argmax(np.where(fitting, area, 0)))
    box = np.array([left, top, left + width, top + height], dtype=np.float64)[:, best]
    return box + padding_px * np.array([-1.0, -1.0, 1.0, 1.0])
