"""Several moments in one picture, so that a model can see what moves."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Annotated

import cv2
import numpy as np
from pydantic import Field

from mousegpt.core.arrays import ImageArray
from mousegpt.core.errors import DataError


def find_moments(
    frame: int,
    n_frames: int,
    fps: float,
    *,
    moments_s: Annotated[
        tuple[Annotated[float, Field(ge=-2, le=2)], ...], Field(max_length=9)
    ] = (),
) -> tuple[int, ...]:
    """Return the frames that are shown together with a frame, itself among them.

    Parameters
    ----------
    n_frames, fps
        Of the recording.
    moments_s
        When the others were taken, relative to the frame; none show the frame alone. Each is the
        nearest frame there is, so at the ends of a recording there are fewer of them, or nearer
        ones: their true times follow from their numbers.

    Returns
    -------
    tuple of int
        Increasing, each frame once.

    Examples
    --------
    >>> find_moments(30, 100, 60.0, moments_s=(-0.1, 0, 0.1))
    (24, 30, 36)
    >>> find_moments(2, 100, 60.0, moments_s=(-0.1, 0, 0.1)), find_moments(30, 100, 60.0)
    ((0, 2, 8), (30,))
    """
    shown = {min(max(frame + round(time * fps), 0), n_frames - 1) for time in moments_s}
    return tuple(sorted(shown | {frame}))


def make_grid(
    pictures: Sequence[ImageArray], *, width: Annotated[int, Field(gt=0)] = 1344
) -> ImageArray:
    """Lay pictures out in a grid, row by row, as square as it can be.

    Parameters
    ----------
    pictures
        RGB, of one shape, in the order of time.
    width
        Of the whole grid. Pictures are never made larger; the grid is narrower then.

    Returns
    -------
    ImageArray
        RGB; places left over are black.

    Raises
    ------
    DataError
        When there is no picture, or they differ in shape.

    Notes
    -----
    Not in the paper, which shows one moment and so cannot see short movements.

    Examples
    --------
    >>> make_grid([np.zeros((4, 8, 3), np.uint8)] * 3).shape
    (12, 8, 3)
    >>> make_grid([np.zeros((448, 896, 3), np.uint8)] * 4).shape
    (1792, 896, 3)
    """
    shapes = {picture.shape for picture in pictures}
    if len(shapes) != 1:
        raise DataError(f"A grid needs pictures of one shape, but found {sorted(shapes)}.")
    rows, columns = choose_layout(len(pictures), *pictures[0].shape[:2])
    height_px, width_px = pictures[0].shape[:2]
    scale = min(1.0, width / (columns * width_px))
    size = (max(1, round(scale * width_px)), max(1, round(scale * height_px)))
    grid = np.zeros((rows * size[1], columns * size[0], 3), dtype=np.uint8)
    for place, picture in enumerate(pictures):
        top, left = place // columns * size[1], place % columns * size[0]
        tile = picture if scale == 1 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        grid[top : top + size[1], left : left + size[0]] = tile
    return grid


def choose_layout(n: int, height: int, width: int) -> tuple[int, int]:
    """Return the rows and columns of the grid that is closest to a square.

    Of equally good ones that with fewer columns.

    >>> choose_layout(4, 448, 896), choose_layout(4, 448, 448)
    ((4, 1), (2, 2))
    """
    layouts = [(ceil(n / columns), columns) for columns in range(1, n + 1)]
    return min(layouts, key=lambda layout: abs(np.log((layout[0] * height) / (layout[1] * width))))
