"""Normal equations in three unknowns, as compiled functions.

This module imports numba, which is slow: import it where it is used, not at the top.
"""

from __future__ import annotations

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.geometry.compilation import compile_part

Point = tuple[float, float, float]

#: xx, xy, xz, yy, yz, zz of a symmetric matrix, and a right-hand side
Normal = tuple[float, float, float, float, float, float, float, float, float]
Symmetric = tuple[float, float, float, float, float, float]

EMPTY: Normal = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@compile_part
def add_equation(normal: Normal, row: Point, side: float, weight: float) -> Normal:
    """Add the equation row · x = side."""
    x, y, z = row
    wx, wy, wz = weight * x, weight * y, weight * z
    xx, xy, xz, yy, yz, zz, sx, sy, sz = normal
    return (
        xx + wx * x, xy + wx * y, xz + wx * z, yy + wy * y, yz + wy * z, zz + wz * z,
        sx + wx * side, sy + wy * side, sz + wz * side,
    )  # fmt: skip


@compile_part
def load(matrix: FloatArray) -> Symmetric:
    """Take a matrix, shape (6,), out of an array."""
    return matrix[0], matrix[1], matrix[2], matrix[3], matrix[4], matrix[5]


@compile_part
def invert(matrix: Symmetric) -> Symmetric:
    """Return the inverse of a matrix; NaN where a direction is undetermined."""
    a, b, c, d, e, f = matrix
    xx, xy, xz = d * f - e * e, c * e - b * f, b * e - c * d
    determinant = a * xx + b * xy + c * xz
    if not determinant > 1e-15 * (a + d + f) ** 3:
        return np.nan, np.nan, np.nan, np.nan, np.nan, np.nan
    s = 1 / determinant
    return s * xx, s * xy, s * xz, s * (a * f - c * c), s * (b * c - a * e), s * (a * d - b * b)


@compile_part
def solve(normal: Normal) -> Point:
    """Return the solution; NaN where a direction is undetermined."""
    a, b, c, d, e, f, x, y, z = normal
    return multiply(invert((a, b, c, d, e, f)), (x, y, z))


@compile_part
def multiply(matrix: Symmetric, vector: Point) -> Point:
    """Return matrix · vector."""
    xx, xy, xz, yy, yz, zz = matrix
    x, y, z = vector
    return xx * x + xy * y + xz * z, xy * x + yy * y + yz * z, xz * x + yz * y + zz * z
