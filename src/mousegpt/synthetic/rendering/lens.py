"""From pixels to rays and back: the lens of a camera, and ideal windows for the rasteriser.

Ideal coordinates are those of a pinhole without distortion at a distance of one: a world point
with ``(X, Y, Z) = R @ point + t`` has ``(X / Z, Y / Z)``. Pixels have their centres at whole
numbers. Row 0 of every picture and texture is the upper one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.interpolate import RectBivariateSpline
from scipy.ndimage import distance_transform_edt

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Camera

_KNOTS_PX: Final = 4.0  # between places where the distortion is inverted


@dataclass(frozen=True, eq=False)
class Frame:
    """A window of the ideal plane that is drawn on ``shape`` (width, height) texels."""

    low: FloatArray
    extent: FloatArray
    shape: tuple[int, int]

    @property
    def uniform(self) -> FloatArray:
        """First corner and size, shape (4,)."""
        return np.concatenate([self.low, self.extent])


@dataclass(frozen=True)
class Window:
    """A window of the picture, in whole pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )


def trace_lens(camera: Camera) -> FloatArray:
    """Return the ideal coordinates of every pixel, shape (height, width, 2), float32.

    The distortion is inverted on a grid and interpolated (error below 1e-4 px for usual lenses).
    Pixels that no ray reaches take the ray of the nearest pixel that has one.
    """
    width, height = camera.size
    rows, columns = _spread(height), _spread(width)
    grid = camera.undistort(np.stack(np.meshgrid(columns, rows), axis=-1))
    if not np.isfinite(grid).all():
        pixels = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
        return _fill_holes(camera.undistort(pixels.astype(np.float64))).astype(np.float32)
    axes = [
        RectBivariateSpline(rows, columns, grid[..., k])(np.arange(height), np.arange(width))
        for k in range(2)
    ]
    return np.stack(axes, axis=-1).astype(np.float32)


def project_ideal(camera: Camera, points: FloatArray) -> FloatArray:
    """Project world points, shape (N, 3), to ideal coordinates, shape (N, 2); NaN behind."""
    seen = points @ camera.R.T + camera.t
    return np.asarray(seen[:, :2] / np.where(seen[:, 2] > 0, seen[:, 2], np.nan)[:, None])


def fit_frame(
    camera: Camera,
    points: FloatArray,
    bounds: FloatArray,
    *,
    margin_cm: float,
    supersampling: float,
) -> Frame | None:
    """Return the window around world points, none when the camera does not see them.

    Parameters
    ----------
    bounds
        Least and greatest ideal coordinates in the picture, shape (2, 2); the window stays within.
    supersampling
        Texels per pixel and axis where the lens does not distort.
    """
    places = project_ideal(camera, points)
    depth = float(np.median(points @ camera.R[2] + camera.t[2]))
    if depth <= 0 or not np.isfinite(places).any():
        return None
    focal = np.array([camera.K[0, 0], camera.K[1, 1]])
    margin = margin_cm / depth + 3 / focal
    low = np.maximum(np.nanmin(places, axis=0) - margin, bounds[0] - 3 / focal)
    high = np.minimum(np.nanmax(places, axis=0) + margin, bounds[1] + 3 / focal)
    if (high <= low).any():
        return None
    texels = np.ceil((high - low) * focal * supersampling).astype(int)
    return Frame(low, texels / (focal * supersampling), (int(texels[0]), int(texels[1])))


def fit_window(camera: Camera, points: FloatArray, *, margin_px: float) -> Window | None:
    """Return the part of the picture around world points, none when it shows none of them."""
    pixels = camera.project(points)
    pixels = pixels[np.isfinite(pixels).all(axis=1)]
    if not len(pixels):
        return None
    low = np.maximum(np.floor(pixels.min(axis=0) - margin_px), 0)
    high = np.minimum(np.ceil(pixels.max(axis=0) + margin_px) + 1, camera.size)
    if (high <= low).any():
        return None
    (left, top), (width, height) = low.astype(int), (high - low).astype(int)
    return Window(int(left), int(top), int(width), int(height))


def unite_windows(windows: Sequence[Window | None]) -> Window | None:
    """Return the smallest window that holds all those that are not None."""
    known = [window for window in windows if window is not None]
    if not known:
        return None
    left, top = min(w.left for w in known), min(w.top for w in known)
    right, bottom = max(w.left + w.width for w in known), max(w.top + w.height for w in known)
    return Window(left, top, right - left, bottom - top)


def build_projection(camera: Camera, frame: Frame, points: FloatArray) -> FloatArray:
    """Return world to clip space for a frame, shape (4, 4); depths enclose the points."""
    depth = points @ camera.R[2] + camera.t[2]
    near = max(float(depth.min()) - 2, 0.5)
    far = max(float(depth.max()) + 2, near + 1)
    clip = np.zeros((4, 4))
    clip[[0, 1], [0, 1]] = 2 / frame.extent
    clip[:2, 2] = -2 * frame.low / frame.extent - 1
    clip[2, 2:] = (far + near) / (far - near), -2 * far * near / (far - near)
    clip[3, 2] = 1
    world = np.eye(4)
    world[:3, :3], world[:3, 3] = camera.R, camera.t
    return np.asarray(clip @ world)


def _spread(n_pixels: int) -> FloatArray:
    return np.linspace(0, n_pixels - 1, max(int(np.ceil(n_pixels / _KNOTS_PX)), 4))


def _fill_holes(ideal: FloatArray) -> FloatArray:
    holes = np.asarray(np.isnan(ideal).any(axis=-1))
    nearest = distance_transform_edt(holes, return_distances=False, return_indices=True)
    return np.asarray(ideal[tuple(nearest)])
