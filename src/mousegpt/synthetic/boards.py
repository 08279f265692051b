"""Flat targets for calibration, and where a camera sees their points.

A board's frame has its origin in the middle, x to the right, y up and z towards who looks at it;
``R`` and ``t`` take it to the world: ``x_world = R @ x_board + t``, in cm.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Annotated

import cv2
import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, ImageArray, IntArray
from mousegpt.core.calibration import Camera


@dataclass(frozen=True, eq=False)
class Board:
    """A printed or shown target.

    Parameters
    ----------
    name
        What it is.
    texture
        What is printed on it, shape (height, width), 0 black, 255 white, top row first.
    px_per_cm
        Pixels of the texture per cm.
    points
        What detectors find, in the board's frame, shape (n, 3), z = 0.
    ids
        Number of each point as OpenCV's detectors count, shape (n,): of a checkerboard or ChArUco
        board the corner's; of a sheet the tag's, four times, its corners clockwise from top left.
    """

    name: str
    texture: ImageArray
    px_per_cm: float
    points: FloatArray
    ids: IntArray

    @property
    def outline(self) -> FloatArray:
        """The four corners of the board itself in its frame, clockwise from top left, (4, 3)."""
        height, width = np.array(self.texture.shape) / self.px_per_cm
        signs = np.array([[-1, 1, 0], [1, 1, 0], [1, -1, 0], [-1, -1, 0]])
        return np.asarray(signs * [width / 2, height / 2, 0])


def draw_checkerboard(
    *,
    squares: tuple[int, int] = (22, 14),
    square_cm: Annotated[float, Field(gt=0)] = 0.8,
    px_per_cm: Annotated[float, Field(gt=0)] = 100.0,
) -> Board:
    """Draw a checkerboard, black at the top left, with a white border one square wide.

    Notes
    -----
    Source: Methods 4.1 (22 x 14 squares on a flat screen; the size of a square is not given).
    Turned by 180 degrees, a board with two even numbers of squares looks the same.
    """
    side = round(square_cm * px_per_cm)
    rows, columns = np.indices(squares[::-1])
    pattern = np.where((rows + columns) % 2, 255, 0).astype(np.uint8)
    texture = np.pad(np.kron(pattern, np.ones((side, side), np.uint8)), side, constant_values=255)
    points = _place_corners(squares, side / px_per_cm)
    return Board("checkerboard", texture, px_per_cm, points, np.arange(len(points)))


def draw_charuco(
    *,
    squares: tuple[int, int] = (11, 7),
    square_cm: Annotated[float, Field(gt=0)] = 1.6,
    marker_cm: Annotated[float, Field(gt=0)] = 1.2,
    dictionary: str = "DICT_4X4_50",
    px_per_cm: Annotated[float, Field(gt=0)] = 100.0,
) -> Board:
    """Draw a ChArUco board (OpenCV's layout): a checkerboard with a marker in each white square."""
    board = draw_checkerboard(squares=squares, square_cm=square_cm, px_per_cm=px_per_cm)
    texture = board.texture.copy()
    side, marker = round(square_cm * px_per_cm), round(marker_cm * px_per_cm)
    white = [(row, column) for row, column in np.ndindex(squares[::-1]) if (row + column) % 2]
    for number, (row, column) in enumerate(white):
        top, left = (np.array([row, column]) + 1) * side + (side - marker) // 2
        _print_tag(texture, dictionary, number, top, left, marker)
    return Board("charuco", texture, px_per_cm, board.points, board.ids)


def draw_marker_sheet(
    *,
    span_cm: tuple[float, float] = (26.0, 24.0),
    tag_cm: Annotated[float, Field(gt=0)] = 2.0,
    gap_cm: Annotated[float, Field(gt=0)] = 0.4,
    dot_cm: Annotated[float, Field(gt=0)] = 0.3,
    dictionary: str = "DICT_APRILTAG_36h11",
    px_per_cm: Annotated[float, Field(gt=0)] = 100.0,
) -> Board:
    """Draw the sheet that fixes the world: a dot at its origin and two tags at each corner.

    Tags 0 and 1 are at the top left, the upper one first, then clockwise.

    Parameters
    ----------
    span_cm
        From the centre of a pair of tags to that of the next, along x and along y.

    Notes
    -----
    Source: Methods 4.1 (dot of 3 mm, two tags per corner, pairs 26.0 and 24.0 cm apart; the kind
    and the size of the tags are not given).
    """
    extent = np.array([span_cm[0] + tag_cm, span_cm[1] + 2 * tag_cm + gap_cm]) + 2 * gap_cm
    width, height = np.rint(extent * px_per_cm).astype(int)
    down, right = (np.arange(length) + 0.5 - length / 2 for length in (height, width))
    radius = np.hypot(down[:, None], right[None, :])
    texture = np.where(radius < dot_cm / 2 * px_per_cm, 0, 255).astype(np.uint8)
    square = np.array([[-1, 1, 0], [1, 1, 0], [1, -1, 0], [-1, -1, 0]]) * tag_cm / 2
    points, side = [], round(tag_cm * px_per_cm)
    pairs = product(((-1, 1), (1, 1), (1, -1), (-1, -1)), (0.5, -0.5))
    for number, ((x, y), above) in enumerate(pairs):
        center = np.array([x * span_cm[0] / 2, y * span_cm[1] / 2 + above * (tag_cm + gap_cm), 0])
        points.append(center + square)
        left, top = np.rint((points[-1][0, :2] * [1, -1] + extent / 2) * px_per_cm).astype(int)
        _print_tag(texture, dictionary, number, top, left, side)
    return Board("sheet", texture, px_per_cm, np.concatenate(points), np.arange(8).repeat(4))


def see_board(board: Board, R: FloatArray, t: FloatArray, camera: Camera) -> FloatArray:
    """Return where a camera sees the points of a board, px, shape (n, 2).

    NaN for all when the camera looks at its back, and for a point outside the image.
    """
    pixels = camera.project(board.points @ R.T + t)
    inside = ((pixels > -0.5) & (pixels < np.array(camera.size) - 0.5)).all(axis=1, keepdims=True)
    return np.where(inside & (measure_incidence(R, t, camera) > 0), pixels, np.nan)


def measure_incidence(R: FloatArray, t: FloatArray, camera: Camera) -> float:
    """Return the cosine of the angle at which a camera looks at a board; negative at its back."""
    to_camera = camera.center - t
    return float(R[:, 2] @ to_camera / np.linalg.norm(to_camera))


def _place_corners(squares: tuple[int, int], square_cm: float) -> FloatArray:
    """Return the inner corners of a checkerboard, row by row from the top left."""
    columns, rows = squares
    row, column = np.indices((rows - 1, columns - 1)) + 1
    x, y = (column - columns / 2) * square_cm, (rows / 2 - row) * square_cm
    return np.stack([x, y, np.zeros_like(x)], axis=-1).reshape(-1, 3)


def _print_tag(
    texture: ImageArray, dictionary: str, number: int, top: int, left: int, side: int
) -> None:
    """Print a tag on a texture."""
    tags = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, dictionary))
    image = cv2.aruco.generateImageMarker(tags, number, side)
    texture[top : top + side, left : left + side] = image
