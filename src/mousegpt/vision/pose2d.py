"""Keypoints of a mouse in its box: cut it out, read the heat-maps, map back to the picture.

The centre of the first pixel is (0, 0). One cell of a heat-map covers several pixels of the crop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import cv2
import numpy as np
from pydantic import Field
from scipy.ndimage import gaussian_filter

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.errors import DataError
from mousegpt.core.skeleton import KEYPOINTS, mirror_keypoint
from mousegpt.ports import PoseEstimator

#: place of each keypoint's counterpart on the other side of the body
MIRROR = tuple(KEYPOINTS.index(mirror_keypoint(name)) for name in KEYPOINTS)

_FLOOR = 1e-10  # under which the logarithm of a heat-map says nothing


def estimate_poses(
    images: Sequence[ImageArray],
    boxes: FloatArray,
    estimator: PoseEstimator,
    *,
    margin: Annotated[float, Field(ge=1)] = 1.25,
    flip_test: bool = False,
) -> FloatArray:
    """Find the 24 keypoints of one mouse in each picture.

    Parameters
    ----------
    images
        RGB; one for each box, the same picture several times when it shows several mice.
    boxes
        Shape (n, 4); NaN where there is no mouse.
    margin
        Edge of the square that is cut out, times the longer edge of the box.
    flip_test
        Also look at the mirror image, and average: a little more exact, half as fast.

    Returns
    -------
    FloatArray
        Shape (n, 24, 3): x, y in pixels of the picture, and confidence (height of the peak, 0 to
        1). NaN and 0 where there is no box.
    """
    if len(images) != len(boxes):
        raise DataError(f"Expected a box a picture, found {len(boxes)} for {len(images)}.")
    found = np.full((len(boxes), len(KEYPOINTS), 3), np.nan)
    found[..., 2] = 0
    known = np.flatnonzero(np.isfinite(boxes).all(axis=1)).tolist()
    if not known:
        return found
    maps = [frame_crop(boxes[i], estimator.size_px, margin=margin) for i in known]
    crops = [
        cut_crop(images[i], to_crop, estimator.size_px)
        for i, to_crop in zip(known, maps, strict=True)
    ]
    batch = np.stack(crops)
    heatmaps = estimator.predict_heatmaps(batch)
    if flip_test:
        mirrored = estimator.predict_heatmaps(np.ascontiguousarray(batch[:, :, ::-1]))
        heatmaps = merge_mirrored(heatmaps, mirrored)
    points, peaks = decode_heatmaps(heatmaps)
    points = map_to_crop(points, estimator.size_px / heatmaps.shape[-1])
    for i, at, to_crop in zip(known, points, maps, strict=True):
        found[i, :, :2] = (at - to_crop[:, 2]) / to_crop[0, 0]
    found[known, :, 2] = peaks
    return found


def frame_crop(
    box: FloatArray, size_px: int, *, margin: Annotated[float, Field(ge=1)] = 1.25
) -> FloatArray:
    """Return the map from the picture to a square around a box, shape (2, 3).

    Examples
    --------
    >>> frame_crop(np.array([10.0, 20.0, 30.0, 30.0]), 50, margin=1.25)
    array([[  2. ,   0. , -15.5],
           [  0. ,   2. , -25.5]])
    """
    width, height = box[2] - box[0], box[3] - box[1]
    scale = size_px / (margin * max(width, height, 1.0))
    center = (box[:2] + box[2:4]) / 2
    shift = (size_px - 1) / 2 - scale * center
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])


def cut_crop(image: ImageArray, picture_to_crop: FloatArray, size_px: int) -> ImageArray:
    """Cut a square out of a picture; black beyond its edge."""
    scale = float(np.sqrt(abs(np.linalg.det(picture_to_crop[:, :2]))))
    if scale < 0.6:  # else fine patterns alias
        inverse = cv2.invertAffineTransform(picture_to_crop)
        corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) * (size_px - 1)
        reach = corners @ inverse[:, :2].T + inverse[:, 2]
        low = np.clip(np.floor(reach.min(axis=0)).astype(int) - 8, 0, None)
        high = np.ceil(reach.max(axis=0)).astype(int) + 9
        image = np.ascontiguousarray(image[low[1] : max(high[1], 0), low[0] : max(high[0], 0)])
        if not image.size:
            return np.zeros((size_px, size_px, 3), dtype=np.uint8)
        picture_to_crop = picture_to_crop.copy()
        picture_to_crop[:, 2] += picture_to_crop[:, :2] @ low
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.35 / scale), dtype=np.uint8)
    crop = cv2.warpAffine(image, picture_to_crop, (size_px, size_px), flags=cv2.INTER_LINEAR)
    return np.asarray(crop, dtype=np.uint8)


def decode_heatmaps(
    heatmaps: FloatArray, *, blur: Annotated[float, Field(ge=0)] = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Read the place and the height of each heat-map's peak, finer than its cells.

    The maps are taken for Gaussians: the logarithm around the highest cell is a parabola, whose
    top lies where its first derivative, divided by its second, says.

    Parameters
    ----------
    heatmaps
        Shape (n, keypoint, rows, columns).
    blur
        Standard deviation, in cells, of a blur that tames noisy maps before they are read.

    Returns
    -------
    points
        x, y in cells, shape (n, keypoint, 2).
    peaks
        0 to 1, shape (n, keypoint).

    Notes
    -----
    After Zhang et al. 2020, Distribution-aware coordinate representation (DARK).
    """
    n, k, rows, columns = heatmaps.shape
    flat = heatmaps.reshape(n, k, -1)
    row, column = np.unravel_index(flat.argmax(axis=-1), (rows, columns))
    peaks = np.clip(flat.max(axis=-1), 0, 1)
    smooth = gaussian_filter(heatmaps, (0, 0, blur, blur)) if blur else heatmaps
    log = np.pad(np.log(np.maximum(smooth, _FLOOR)), ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    lead, follow = np.arange(n)[:, None], np.arange(k)[None]

    def look(down: int, right: int) -> FloatArray:
        return np.asarray(log[lead, follow, row + 1 + down, column + 1 + right], dtype=np.float64)

    dx, dy = (look(0, 1) - look(0, -1)) / 2, (look(1, 0) - look(-1, 0)) / 2
    dxx = look(0, 1) + look(0, -1) - 2 * look(0, 0)
    dyy = look(1, 0) + look(-1, 0) - 2 * look(0, 0)
    dxy = (look(1, 1) - look(1, -1) - look(-1, 1) + look(-1, -1)) / 4
    curvature = dxx * dyy - dxy**2
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.stack([dxy * dy - dyy * dx, dxy * dx - dxx * dy], axis=-1) / curvature[..., None]
    inside = (row > 0) & (row < rows - 1) & (column > 0) & (column < columns - 1)
    peaked = inside & (curvature > 0) & (dxx < 0) & (np.abs(step) <= 1).all(axis=-1)
    return np.stack([column, row], axis=-1) + np.where(peaked[..., None], step, 0.0), peaks


def encode_heatmaps(
    points: FloatArray, n_cells: int, *, sigma: Annotated[float, Field(gt=0)] = 2.0
) -> FloatArray:
    """Draw a Gaussian of height 1 around each point, shape (..., n_cells, n_cells), float32.

    ``points`` in cells, shape (..., 2). The map of a point that is NaN or outside is zero.
    """
    cells = np.arange(n_cells)
    with np.errstate(invalid="ignore"):
        inside = np.asarray(((points >= -0.5) & (points <= n_cells - 0.5)).all(axis=-1))
    x, y = np.moveaxis(np.where(inside[..., None], points, 0.0), -1, 0)
    columns, rows = (np.exp(-((cells - at[..., None]) ** 2) / (2 * sigma**2)) for at in (x, y))
    maps = rows[..., :, None] * columns[..., None, :] * inside[..., None, None]
    return np.asarray(maps, dtype=np.float32)


def map_to_crop(points: FloatArray, stride: float) -> FloatArray:
    """Turn cells of a heat-map into pixels of the crop; ``stride`` pixels are one cell."""
    return (points + 0.5) * stride - 0.5


def map_to_cells(points: FloatArray, stride: float) -> FloatArray:
    """Turn pixels of the crop into cells of a heat-map."""
    return (points + 0.5) / stride - 0.5


def merge_mirrored(heatmaps: FloatArray, mirrored: FloatArray) -> FloatArray:
    """Average the heat-maps of crops with those of their mirror images, turned back."""
    return (heatmaps + mirrored[:, MIRROR, :, ::-1]) / 2


def mirror_points(points: FloatArray, width_px: int) -> FloatArray:
    """Mirror keypoints, shape (..., 24, 2 or more): left becomes right, names too."""
    mirrored = points[..., list(MIRROR), :].copy()
    mirrored[..., 0] = width_px - 1 - mirrored[..., 0]
    return mirrored
