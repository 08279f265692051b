"""Tags of the sheet by their looks: exact where they can be read, good where they are too flat."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Final

import cv2
import numpy as np
from pydantic import Field
from scipy.ndimage import map_coordinates, spline_filter

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.calibration import Camera
from mousegpt.geometry.targets import MarkerSheet, Marks

_QUIET: Final = 0.15  # white around a tag that is looked at as well, of its side
_MODULE_PX: Final = 16  # of a drawn tag
_RAYS: Final = 4  # per pixel and axis, fewer of large tags
_BLUR_PX: Final = 0.6
_LARGEST: Final = 800  # px; a tag that covers more is not expected
_WHITE: Final = 255.0
_ITERATIONS: Final = 12
_MARGIN: Final = 12  # px around what is looked at, for the spline
_COARSE: Final = 0.25  # less of the least correlation will do before the drawing fits exactly

Window = tuple[slice, slice]  # rows and columns


def align_tags(
    image: ImageArray,
    camera: Camera,
    sheet: MarkerSheet,
    *,
    reach_px: Annotated[int, Field(ge=1)] = 8,
    least_px: Annotated[float, Field(gt=0)] = 4.0,
    least_correlation: Annotated[float, Field(gt=0, lt=1)] = 0.9,
) -> Marks | None:
    """Find the middles of the tags of a sheet that lies at the world's origin, or None.

    Each tag is drawn as the camera should see it, then moved until it fits the picture.

    Parameters
    ----------
    image
        Grey, shape (height, width).
    camera
        Its world is the sheet's frame.
    reach_px
        How far off the camera may be.
    least_px
        Tags that are less wide or high are not looked for.
    least_correlation
        Between picture and drawing; tags that fit less are left out.
    """
    found = {}
    for number, middle in enumerate(sheet.points):
        window = _find_window(camera, sheet, middle, least_px)
        if window is None:
            continue
        drawn = _draw_tag(camera, sheet, number, window)
        shift = _find_shift(image, drawn, window, reach_px, (1 - _COARSE) * least_correlation)
        if shift is None:
            continue
        correlation, shift = _refine_shift(image, drawn, window, shift)
        if correlation >= least_correlation:
            found[number] = camera.project(middle) + shift
    if not found:
        return None
    return Marks(np.array(list(found)), np.stack(list(found.values())))


def _find_window(
    camera: Camera, sheet: MarkerSheet, middle: FloatArray, least_px: float
) -> Window | None:
    """Return rows and columns around a tag; None when it is not wholly in the picture, or small."""
    square = np.array([[-1, 1, 0], [1, 1, 0], [1, -1, 0], [-1, -1, 0]]) * sheet.tag_cm / 2
    tag = camera.project(middle + square)
    around = camera.project(middle + square * (1 + 2 * _QUIET))
    if not np.isfinite(around).all() or np.ptp(tag, axis=0).min() < least_px:
        return None
    first, last = around.min(axis=0), around.max(axis=0)
    outside = (first < 1).any() or (last > np.array(camera.size) - 2).any()
    if outside or (last - first).max() > _LARGEST:
        return None
    (left, top), (right, bottom) = np.floor(first).astype(int), np.ceil(last).astype(int)
    return slice(int(top), int(bottom) + 1), slice(int(left), int(right) + 1)


def _draw_tag(camera: Camera, sheet: MarkerSheet, number: int, window: Window) -> FloatArray:
    """Draw a tag as the camera sees it, NaN where the picture shows something else."""
    n_rays = int(np.clip(_LARGEST // (window[1].stop - window[1].start), 1, _RAYS))
    fine = (np.arange(n_rays) + 0.5) / n_rays - 0.5
    v, u = (np.arange(part.start, part.stop) for part in window)
    middle = camera.undistort(np.stack(np.meshgrid(u, v), axis=-1))
    # a lens bends little within a pixel
    down, right = (np.asarray(np.gradient(middle, axis=axis)) for axis in (0, 1))
    ideal = (
        middle[:, None, :, None]
        + fine[:, None, None, None] * down[:, None, :, None]
        + fine[:, None] * right[:, None, :, None]
    ).reshape(len(v) * n_rays, len(u) * n_rays, 2)
    rays = np.concatenate([ideal, np.ones_like(ideal[..., :1])], axis=-1)
    on_floor = rays @ np.linalg.inv(np.column_stack([camera.R[:, :2], camera.t])).T
    place = (on_floor[..., :2] / on_floor[..., 2:] - sheet.points[number, :2]) / sheet.tag_cm
    printed = _print_tag(sheet.dictionary, number)
    column, row = place[..., 0] + 0.5, 0.5 - place[..., 1]
    inside = (column >= 0) & (column < 1) & (row >= 0) & (row < 1)
    index = [np.where(inside, x * len(printed), 0).astype(int) for x in (row, column)]
    value = np.where(inside, printed[index[0], index[1]], _WHITE)
    value[~(np.abs(place) <= 0.5 + _QUIET).all(axis=-1)] = np.nan
    shape = (len(v), n_rays, len(u), n_rays)
    return np.asarray(value.reshape(shape).mean(axis=(1, 3)))


@lru_cache(maxsize=32)
def _print_tag(dictionary: str, number: int) -> ImageArray:
    tags = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, dictionary))
    side = _MODULE_PX * (tags.markerSize + 2)  # with its black border
    return np.asarray(cv2.aruco.generateImageMarker(tags, number, side), dtype=np.uint8)


def _smooth(drawn: FloatArray) -> FloatArray:
    """Blur a drawing as a lens does; paper is white around it."""
    return np.asarray(cv2.GaussianBlur(np.nan_to_num(drawn, nan=_WHITE), (0, 0), _BLUR_PX), float)


def _find_shift(
    image: ImageArray, drawn: FloatArray, window: Window, reach: int, least: float
) -> FloatArray | None:
    """Return the whole pixels from where a tag was drawn to where it fits best, or None."""
    top, left = (max(part.start - reach, 0) for part in window)
    bottom, right = (part.stop + reach for part in window)
    around = image[top:bottom, left:right].astype(np.float32)
    mask = np.isfinite(drawn).astype(np.float32)
    with np.errstate(all="ignore"):
        fit = cv2.matchTemplate(
            around, _smooth(drawn).astype(np.float32), cv2.TM_CCOEFF_NORMED, mask=mask
        )
    fit = np.where(np.abs(fit) <= 1.001, fit, -1)  # evenly grey places divide by nothing
    row, column = np.unravel_index(np.argmax(fit), fit.shape)
    if fit[row, column] < least:
        return None
    return np.array([left + column - window[1].start, top + row - window[0].start], dtype=float)


def _refine_shift(
    image: ImageArray, drawn: FloatArray, window: Window, shift: FloatArray
) -> tuple[float, FloatArray]:
    """Return the correlation of a drawn tag where it fits best, and the exact way there, px.

    The picture is the drawing times a contrast, plus a brightness, moved; what is left over tells
    by its likeness to the slopes of the drawing how far it is still off.
    """
    mask, smooth = np.isfinite(drawn), _smooth(drawn)
    down, right = np.gradient(smooth)
    model = np.stack([smooth, np.ones_like(smooth), right, down], axis=-1)[mask]
    v, u = np.nonzero(mask)
    start = np.rint(shift).astype(int) + [window[1].start, window[0].start]
    left, top = np.maximum(start - _MARGIN, 0)
    right, bottom = start + drawn.shape[::-1] + _MARGIN
    spline = spline_filter(image[top:bottom, left:right].astype(np.float64), order=3)
    v, u = v + start[1] - top, u + start[0] - left
    slip, values = np.zeros(2), np.zeros(len(u))
    for _ in range(_ITERATIONS):
        places = [v + slip[1], u + slip[0]]
        values = map_coordinates(spline, places, order=3, mode="nearest", prefilter=False)
        contrast, _, *off = np.linalg.lstsq(model, values, rcond=None)[0]
        if contrast <= 0 or np.abs(slip).max() > _MARGIN / 2:
            return 0.0, shift
        slip = slip - np.array(off) / contrast
    return float(np.corrcoef(model[:, 0], values)[0, 1]), np.rint(shift) + slip
