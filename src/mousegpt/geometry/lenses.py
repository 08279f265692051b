"""Cameras as compiled functions of one point; they agree with `mousegpt.core.calibration.Camera`.

This module imports numba, which is slow: import it where it is used, not at the top.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Calibration
from mousegpt.geometry.compilation import compile_part
from mousegpt.geometry.linear import Point


class Rig(NamedTuple):
    """Cameras as arrays, the view in front; ``inverse`` is that of ``K``."""

    K: FloatArray
    inverse: FloatArray
    lens: FloatArray
    R: FloatArray
    t: FloatArray


def stack_cameras(calibration: Calibration) -> Rig:
    """Return the cameras of a calibration, in its order."""
    cameras = calibration.cameras.values()
    K = np.stack([camera.K for camera in cameras])
    lens = np.stack([camera.distortion for camera in cameras])
    R, t = np.stack([camera.R for camera in cameras]), np.stack([camera.t for camera in cameras])
    return Rig(K, np.linalg.inv(K), lens, R, t)


@compile_part
def project(rig: Rig, view: int, point: Point) -> tuple[float, float]:
    """Return the pixel of a point; NaN at or behind the camera plane."""
    x, y, z = _enter(rig.R[view], rig.t[view], point)
    if not z > 0:
        return np.nan, np.nan
    a, b = _bend(rig.lens[view], x / z, y / z)
    K = rig.K[view]
    return K[0, 0] * a + K[0, 1] * b + K[0, 2], K[1, 0] * a + K[1, 1] * b + K[1, 2]


@compile_part
def differentiate(rig: Rig, view: int, point: Point) -> tuple[float, float, Point, Point]:
    """Return the pixel (u, v) of a point and the derivatives of u and of v in px per cm."""
    K, R = rig.K[view], rig.R[view]
    x, y, z = _enter(R, rig.t[view], point)
    nearness = 1 / z
    a, b = x * nearness, y * nearness
    bent_a, bent_b = _bend(rig.lens[view], a, b)
    aa, ab, bb = _differentiate_bend(rig.lens[view], a, b)
    u = K[0, 0] * bent_a + K[0, 1] * bent_b + K[0, 2]
    v = K[1, 0] * bent_a + K[1, 1] * bent_b + K[1, 2]
    by_a, by_b = K[0, 0] * aa + K[0, 1] * ab, K[0, 0] * ab + K[0, 1] * bb
    slope_u = _carry_back(R, a, b, by_a * nearness, by_b * nearness)
    by_a, by_b = K[1, 0] * aa + K[1, 1] * ab, K[1, 0] * ab + K[1, 1] * bb
    slope_v = _carry_back(R, a, b, by_a * nearness, by_b * nearness)
    return u, v, slope_u, slope_v


@compile_part
def straighten(rig: Rig, view: int, u: float, v: float) -> tuple[float, float]:
    """Return the ideal coordinates of a pixel by Newton's method; NaN where the lens has none."""
    inverse, lens = rig.inverse[view], rig.lens[view]
    x = inverse[0, 0] * u + inverse[0, 1] * v + inverse[0, 2]
    y = inverse[1, 0] * u + inverse[1, 1] * v + inverse[1, 2]
    a, b = x, y
    for _ in range(20):
        bent_a, bent_b = _bend(lens, a, b)
        miss_a, miss_b = bent_a - x, bent_b - y
        if abs(miss_a) + abs(miss_b) < 1e-9:
            return a, b
        aa, ab, bb = _differentiate_bend(lens, a, b)
        determinant = aa * bb - ab * ab
        a -= (bb * miss_a - ab * miss_b) / determinant
        b -= (aa * miss_b - ab * miss_a) / determinant
    return np.nan, np.nan


@compile_part
def _enter(R: FloatArray, t: FloatArray, point: Point) -> Point:
    """Return the coordinates of a point in a camera."""
    x, y, z = point
    return (
        R[0, 0] * x + R[0, 1] * y + R[0, 2] * z + t[0],
        R[1, 0] * x + R[1, 1] * y + R[1, 2] * z + t[1],
        R[2, 0] * x + R[2, 1] * y + R[2, 2] * z + t[2],
    )


@compile_part
def _carry_back(R: FloatArray, a: float, b: float, by_a: float, by_b: float) -> Point:
    """Return the slope along the world's axes from those along x and y of the camera."""
    by_z = by_a * a + by_b * b
    return (
        by_a * R[0, 0] + by_b * R[1, 0] - by_z * R[2, 0],
        by_a * R[0, 1] + by_b * R[1, 1] - by_z * R[2, 1],
        by_a * R[0, 2] + by_b * R[1, 2] - by_z * R[2, 2],
    )


@compile_part
def _bend(lens: FloatArray, x: float, y: float) -> tuple[float, float]:
    """Bend ideal coordinates as the lens does."""
    k1, k2, p1, p2, k3 = lens[0], lens[1], lens[2], lens[3], lens[4]
    rr = x * x + y * y
    radial = 1 + rr * (k1 + rr * (k2 + rr * k3))
    return (
        x * radial + 2 * p1 * x * y + p2 * (rr + 2 * x * x),
        y * radial + p1 * (rr + 2 * y * y) + 2 * p2 * x * y,
    )


@compile_part
def _differentiate_bend(lens: FloatArray, x: float, y: float) -> Point:
    """Return the derivatives dx/dx, dx/dy = dy/dx and dy/dy of the bent coordinates."""
    k1, k2, p1, p2, k3 = lens[0], lens[1], lens[2], lens[3], lens[4]
    rr = x * x + y * y
    radial = 1 + rr * (k1 + rr * (k2 + rr * k3))
    slope = k1 + rr * (2 * k2 + 3 * k3 * rr)
    return (
        radial + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x,
        2 * x * y * slope + 2 * p1 * x + 2 * p2 * y,
        radial + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x,
    )
