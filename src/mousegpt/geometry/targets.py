"""What is filmed for a calibration: checkerboards, ChArUco boards, and the sheet of markers.

A target's frame has its origin in the middle, x to the right, y up and z towards who looks at it;
lengths are in cm.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Annotated, Final

import cv2
import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.errors import DataError

_LEAST_JUDGED: Final = 8  # marks; fewer do not tell which of them is wrong
_EXAMPLES: Final = "checkerboard:22x14:0.8 or charuco:11x7:1.6:1.2:DICT_4X4_50"


@dataclass(frozen=True)
class Checkerboard:
    """A checkerboard of so many squares, columns by rows.

    Notes
    -----
    Source: Methods 4.1 (22 x 14 squares; the size of a square is not given).
    """

    squares: tuple[int, int] = (22, 14)
    square_cm: float = 0.8

    @property
    def points(self) -> FloatArray:
        """The inner corners, row by row from the top left, shape (n, 3)."""
        return _place_corners(self.squares, self.square_cm)

    @property
    def title(self) -> str:
        """What to call it."""
        return f"a checkerboard of {self.squares[0]} x {self.squares[1]} squares"

    @property
    def is_ambiguous(self) -> bool:
        """Whether the board looks the same when it is turned by 180 degrees."""
        return sum(self.squares) % 2 == 0


@dataclass(frozen=True)
class Charuco:
    """A checkerboard with a marker in each white square, in the layout of OpenCV."""

    squares: tuple[int, int] = (11, 7)
    square_cm: float = 1.6
    marker_cm: float = 1.2
    dictionary: str = "DICT_4X4_50"

    is_ambiguous = False

    @property
    def title(self) -> str:
        """What to call it."""
        columns, rows = self.squares
        return f"a ChArUco board of {columns} x {rows} squares with markers of {self.dictionary}"

    @property
    def points(self) -> FloatArray:
        """The inner corners, row by row from the top left, shape (n, 3)."""
        return _place_corners(self.squares, self.square_cm)


@dataclass(frozen=True)
class MarkerSheet:
    """The sheet that fixes the world: two tags, one above the other, at each of four corners.

    Tags 0 and 1 are at the top left, the upper one first, then clockwise.

    Parameters
    ----------
    span_cm
        From the centre of a pair of tags to that of the next, along x and along y.
    gap_cm
        Between the two tags of a pair.

    Notes
    -----
    Source: Methods 4.1 (pairs 26.0 and 24.0 cm apart; the kind and the size of the tags are not
    given).
    """

    span_cm: tuple[float, float] = (26.0, 24.0)
    tag_cm: float = 2.0
    gap_cm: float = 0.4
    dictionary: str = "DICT_APRILTAG_36h11"

    is_ambiguous = False

    @property
    def points(self) -> FloatArray:
        """The middles of the tags by their number, shape (8, 3)."""
        corners = np.array([[-1, 1], [1, 1], [1, -1], [-1, -1]]) * np.array(self.span_cm) / 2
        pitch = self.tag_cm + self.gap_cm
        middles = corners[:, None] + np.array([[0, pitch / 2], [0, -pitch / 2]])
        return np.pad(middles.reshape(-1, 2), ((0, 0), (0, 1)))


Target = Checkerboard | Charuco | MarkerSheet


@dataclass(frozen=True, eq=False)
class Marks:
    """What was found of a target in a picture.

    Parameters
    ----------
    ids
        Rows of the target's ``points``, shape (n,).
    pixels
        Shape (n, 2).
    inverted
        Whether black and white squares are exchanged, as in a mirrored picture of an ambiguous
        board.
    """

    ids: IntArray
    pixels: FloatArray
    inverted: bool = False


@dataclass(frozen=True, eq=False)
class Sighting:
    """A target in a picture.

    Parameters
    ----------
    view
        Who sees it.
    shot
        Pictures of the same shot show the target at the same place.
    """

    view: str
    shot: str
    target: Target
    marks: Marks

    @property
    def points(self) -> FloatArray:
        """The points seen, in the target's frame, shape (n, 3)."""
        return self.target.points[self.marks.ids]


def drop_strays(
    sighting: Sighting, *, reach: Annotated[float, Field(gt=0, lt=1)] = 0.03
) -> Sighting:
    """Leave out marks that lie far from where a flat board would have them, whatever the lens.

    Parameters
    ----------
    reach
        What is far, in extents of the board in the picture; lenses bend it by less.
    """
    marks = sighting.marks
    if len(marks.ids) < _LEAST_JUDGED:
        return sighting
    far = reach * float(np.ptp(marks.pixels, axis=0).max())
    _, kept = cv2.findHomography(sighting.points[:, :2], marks.pixels, cv2.RANSAC, far)
    fine = np.ravel(kept).astype(bool) if kept is not None else np.zeros(len(marks.ids), bool)
    if fine.sum() < max(_LEAST_JUDGED, len(fine) / 2):
        return sighting
    return replace(sighting, marks=Marks(marks.ids[fine], marks.pixels[fine], marks.inverted))


def parse_board(text: str) -> Checkerboard | Charuco:
    """Read a board from a word: kind, squares, size of a square, and what a ChArUco board needs.

    Raises
    ------
    DataError
        When the word does not describe a board.

    Examples
    --------
    >>> parse_board("checkerboard:22x14:0.8")
    Checkerboard(squares=(22, 14), square_cm=0.8)
    >>> parse_board("charuco:11x7:1.6:1.2:DICT_4X4_50").marker_cm
    1.2
    """
    number = r"(\d+(?:\.\d+)?)"
    match = re.fullmatch(
        rf"(?:checkerboard|charuco):(\d+)x(\d+):{number}(?::{number}:(DICT_\w+))?", text
    )
    is_charuco = text.startswith("charuco")
    if match is None or is_charuco != (match[4] is not None):
        raise DataError(f"Expected a board such as {_EXAMPLES} (cm), found '{text}'.")
    squares, square_cm = (int(match[1]), int(match[2])), float(match[3])
    if min(squares) < 3 or squares[0] == squares[1] or not square_cm > 0:
        raise DataError(
            f"Expected 3 squares or more along each side, not as many along both, and squares "
            f"larger than 0, found '{text}'; use a board such as {_EXAMPLES}."
        )
    if not is_charuco:
        return Checkerboard(squares, square_cm)
    marker_cm, dictionary = float(match[4]), str(match[5])
    if not hasattr(cv2.aruco, dictionary) or not 0 < marker_cm < square_cm:
        raise DataError(
            f"Expected a dictionary of OpenCV and markers smaller than the squares, found '{text}'."
        )
    return Charuco(squares, square_cm, marker_cm, dictionary)


def parse_sheet(text: str) -> MarkerSheet:
    """Read the sheet from a word: between pairs of tags, side of a tag, gap, dictionary; cm.

    Raises
    ------
    DataError
        When the word does not describe a sheet.

    Examples
    --------
    >>> parse_sheet("26.0x24.0:2.0:0.4").tag_cm
    2.0
    """
    number = r"(\d+(?:\.\d+)?)"
    match = re.fullmatch(rf"{number}x{number}:{number}:{number}(?::(DICT_\w+))?", text)
    if match is None:
        raise DataError(
            f"Expected a sheet such as 26.0x24.0 with tags 2.0:0.4 or 2.0:0.4:DICT_4X4_50 (cm), "
            f"found '{text}'."
        )
    width, height, side, gap = (float(part) for part in match.groups()[:4])
    dictionary = match[5] or MarkerSheet.dictionary
    if not hasattr(cv2.aruco, dictionary) or not 0 < side < min(width, height) - side - gap:
        raise DataError(
            f"Expected a dictionary of OpenCV and tags that fit on the sheet, found '{text}'."
        )
    return MarkerSheet((width, height), side, gap, dictionary)


def turn_marks(marks: Marks, target: Target) -> Marks:
    """Return the marks as those of the board turned by 180 degrees."""
    return Marks(len(target.points) - 1 - marks.ids, marks.pixels, marks.inverted)


def _place_corners(
    squares: tuple[int, int], square_cm: Annotated[float, Field(gt=0)]
) -> FloatArray:
    """Return the inner corners of a checkerboard, row by row from the top left."""
    columns, rows = squares
    row, column = np.indices((rows - 1, columns - 1)) + 1
    x, y = (column - columns / 2) * square_cm, (rows / 2 - row) * square_cm
    return np.stack([x, y, np.zeros_like(x)], axis=-1).reshape(-1, 3)
