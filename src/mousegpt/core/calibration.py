"""Pinhole cameras with lens distortion; the world is in centimetres.

Convention (OpenCV): a world point X is seen at ``x_cam = R @ X + t`` with z forward; distortion is
``(k1, k2, p1, p2, k3)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import CalibrationError


@dataclass(frozen=True, eq=False)
class Camera:
    """One calibrated view.

    Parameters
    ----------
    name
        The view's name, the same as in the manifest.
    K
        Intrinsic matrix, pixels, shape (3, 3).
    distortion
        ``k1 k2 p1 p2 k3``, shape (5,).
    R, t
        World to camera: rotation, shape (3, 3), and translation in cm, shape (3,).
    size
        Width and height in pixels.
    """

    name: str
    K: FloatArray
    distortion: FloatArray
    R: FloatArray
    t: FloatArray
    size: tuple[int, int]

    def __post_init__(self) -> None:
        shapes = {"K": (3, 3), "distortion": (5,), "R": (3, 3), "t": (3,)}
        for name, shape in shapes.items():
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.shape != shape or not np.isfinite(array).all():
                raise CalibrationError(
                    f"Camera '{self.name}': expected finite numbers of shape {shape} for {name}, "
                    f"found shape {array.shape}; check the calibration file."
                )
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        drift = float(np.abs(self.R @ self.R.T - np.eye(3)).max())
        if drift > 1e-3 or np.linalg.det(self.R) < 0:
            raise CalibrationError(
                f"Camera '{self.name}': R is not a rotation (orthogonality error {drift:.3g}, "
                f"determinant {np.linalg.det(self.R):.3g}); is it transposed with a scale, or "
                "mirrored?"
            )

    @property
    def center(self) -> FloatArray:
        """Camera centre in the world, cm, shape (3,)."""
        return -self.R.T @ self.t

    @property
    def direction(self) -> FloatArray:
        """Viewing direction in the world, unit vector, shape (3,)."""
        return np.asarray(self.R[2])

    def project(self, points: FloatArray) -> FloatArray:
        """Project world points, shape (..., 3) in cm, to distorted pixels, shape (..., 2).

        Points at or behind the camera plane and NaN points become NaN.
        """
        in_camera = np.asarray(points, dtype=np.float64) @ self.R.T + self.t
        depth = np.where(in_camera[..., 2] > 0, in_camera[..., 2], np.nan)
        distorted = _distort(in_camera[..., :2] / depth[..., None], self.distortion)
        homogeneous = np.concatenate([distorted, np.ones_like(distorted[..., :1])], axis=-1)
        return np.asarray((homogeneous @ self.K.T)[..., :2])

    def differentiate_projection(self, points: FloatArray) -> FloatArray:
        """Return the derivative of `project`, px per cm, shape (..., 2, 3)."""
        in_camera = np.asarray(points, dtype=np.float64) @ self.R.T + self.t
        depth = np.where(in_camera[..., 2] > 0, in_camera[..., 2], np.nan)
        ideal = in_camera[..., :2] / depth[..., None]
        a, b, d = _differentiate_distortion(ideal, self.distortion)
        lens = np.stack([np.stack([a, b], axis=-1), np.stack([b, d], axis=-1)], axis=-2)
        perspective = (self.R[:2] - ideal[..., :, None] * self.R[2]) / depth[..., None, None]
        return np.asarray(self.K[:2, :2] @ lens @ perspective)

    def undistort(self, pixels: FloatArray) -> FloatArray:
        """Map distorted pixels, shape (..., 2), to ideal normalised coordinates (z = 1).

        Inverts the distortion by Newton iterations; where they do not converge (outside the range
        in which the lens model is one-to-one) the result is NaN.
        """
        inverse = np.linalg.inv(self.K)
        pixels = np.asarray(pixels, dtype=np.float64)
        homogeneous = np.concatenate([pixels, np.ones_like(pixels[..., :1])], axis=-1)
        target = (homogeneous @ inverse.T)[..., :2]
        return _undistort(target, self.distortion)


def _distort(ideal: FloatArray, distortion: FloatArray) -> FloatArray:
    k1, k2, p1, p2, k3 = distortion
    x, y = ideal[..., 0], ideal[..., 1]
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return np.stack(
        [
            x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
            y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
        ],
        axis=-1,
    )


def _differentiate_distortion(
    ideal: FloatArray, distortion: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a, b, d of the symmetric derivative [[a, b], [b, d]] of `_distort`."""
    k1, k2, p1, p2, k3 = distortion
    x, y = ideal[..., 0], ideal[..., 1]
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    slope = k1 + r2 * (2 * k2 + 3 * k3 * r2)
    a = radial + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x
    b = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y
    d = radial + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x
    return a, b, d


def _undistort(target: FloatArray, distortion: FloatArray, n_iterations: int = 20) -> FloatArray:
    if not np.any(distortion):
        return target
    ideal = target.copy()
    for _ in range(n_iterations):
        residual = _distort(ideal, distortion) - target
        a, b, d = _differentiate_distortion(ideal, distortion)
        with np.errstate(divide="ignore", invalid="ignore"):
            determinant = a * d - b * b
            step_x = (d * residual[..., 0] - b * residual[..., 1]) / determinant
            step_y = (a * residual[..., 1] - b * residual[..., 0]) / determinant
        ideal = ideal - np.stack([step_x, step_y], axis=-1)
    with np.errstate(invalid="ignore", over="ignore"):
        missed = np.abs(_distort(ideal, distortion) - target).max(axis=-1) > 1e-8
    return np.where(missed[..., None], np.nan, ideal)


@dataclass(frozen=True, eq=False)
class Calibration:
    """The cameras of a rig by view name."""

    cameras: Mapping[str, Camera]
    source: str = field(default="")

    def __post_init__(self) -> None:
        if not self.cameras:
            raise CalibrationError("A calibration needs at least one camera, but found none.")

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the views, in the order of the file."""
        return tuple(self.cameras)

    def select(self, views: tuple[str, ...]) -> Calibration:
        """Return the calibration of some views, in that order.

        Raises
        ------
        CalibrationError
            When a view has no camera.
        """
        missing = [view for view in views if view not in self.cameras]
        if missing:
            raise CalibrationError(
                f"The calibration has no camera for the view(s) {', '.join(missing)}; it has "
                f"{', '.join(self.views)}. Use the same names in recordings.csv."
            )
        return Calibration({view: self.cameras[view] for view in views}, self.source)
