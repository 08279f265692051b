"""Finding calibration targets in grey pictures, to some hundredths of a pixel."""

from __future__ import annotations

from typing import Annotated, Final

import cv2
import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.geometry.targets import Charuco, Checkerboard, MarkerSheet, Marks, Target

_LEAST_CORNERS: Final = 12  # of a ChArUco board that is partly hidden
_LEAST_TAGS: Final = 4
_REACH: Final = 0.4  # of a square: how far around a corner its edges are looked at
_WIDEST: Final = 15  # px, the same
_CRITERIA: Final = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 40, 1e-4)


def find_target(
    image: ImageArray,
    target: Target,
    *,
    search_px: Annotated[int, Field(ge=200)] = 640,
) -> Marks | None:
    """Find a target in a grey picture, shape (height, width); None when it is not there.

    Parameters
    ----------
    search_px
        Checkerboards are looked for in a picture that is at most this wide and high, then in one
        of twice the size; the corners are measured in the picture itself.
    """
    if isinstance(target, Checkerboard):
        return _find_checkerboard(image, target, search_px)
    if isinstance(target, Charuco):
        return _find_charuco(image, target)
    return _find_sheet(image, target)


def _find_checkerboard(image: ImageArray, board: Checkerboard, search_px: int) -> Marks | None:
    shape = (board.squares[0] - 1, board.squares[1] - 1)
    for size in (search_px, 2 * search_px):
        scale = min(1.0, size / max(image.shape))
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        cv2.setRNGSeed(0)  # of this thread: it tries squares at random
        found, rough = cv2.findChessboardCornersSB(small, shape)
        if found:
            grid = (rough.reshape(shape[1], shape[0], 2) + 0.5) / scale - 0.5
            return _order_grid(image, _refine_grid(image, grid), board)
        if scale == 1.0:
            break
    return None


def _refine_grid(image: ImageArray, grid: FloatArray) -> FloatArray:
    """Move corners, shape (rows, columns, 2), to where the edges around them cross."""
    steps = [np.linalg.norm(np.diff(grid, axis=axis), axis=-1).min() for axis in (0, 1)]
    reach = int(np.clip(_REACH * min(steps), 2, _WIDEST))
    corners = np.ascontiguousarray(grid.reshape(-1, 1, 2), dtype=np.float32)
    refined = cv2.cornerSubPix(image, corners, (reach, reach), (-1, -1), _CRITERIA)
    return np.asarray(refined, dtype=np.float64).reshape(grid.shape)


def _order_grid(image: ImageArray, grid: FloatArray, board: Checkerboard) -> Marks:
    """Order corners as those of the board from the front, black at the top left where it can be."""
    across, down = grid[0, -1] - grid[0, 0], grid[-1, 0] - grid[0, 0]
    if across[0] * down[1] - across[1] * down[0] < 0:
        grid = grid[:, ::-1]
    inverted = _is_inverted(image, grid)
    if inverted and not board.is_ambiguous:
        grid, inverted = grid[::-1, ::-1], False
    return Marks(np.arange(grid.size // 2), grid.reshape(-1, 2), inverted)


def _is_inverted(image: ImageArray, grid: FloatArray) -> bool:
    """Tell whether the squares that should be black are brighter than the others."""
    middles = (grid[:-1, :-1] + grid[1:, :-1] + grid[:-1, 1:] + grid[1:, 1:]) / 4
    column, row = np.rint(middles).astype(int).reshape(-1, 2).T
    values = image[row, column].astype(float)
    odd = np.indices(middles.shape[:2]).sum(axis=0).ravel() % 2 == 1
    return bool(np.median(values[~odd]) > np.median(values[odd]))


def _find_charuco(image: ImageArray, board: Charuco) -> Marks | None:
    tags = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, board.dictionary))
    layout = cv2.aruco.CharucoBoard(board.squares, board.square_cm, board.marker_cm, tags)
    corners, ids, _, _ = cv2.aruco.CharucoDetector(layout).detectBoard(image)
    if ids is None or len(ids) < min(_LEAST_CORNERS, len(board.points)):
        return None
    return Marks(np.ravel(ids), np.asarray(corners, dtype=np.float64).reshape(-1, 2))


def _find_sheet(image: ImageArray, sheet: MarkerSheet) -> Marks | None:
    """Find the middles of tags: their corners are pulled inwards by 0.3 px, the middles are not."""
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    tags = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, sheet.dictionary))
    corners, ids, _ = cv2.aruco.ArucoDetector(tags, parameters).detectMarkers(image)
    numbers = np.ravel(ids if ids is not None else []).astype(int)
    ours = [i for i, number in enumerate(numbers) if number < len(sheet.points)]
    if len(set(numbers[ours])) < _LEAST_TAGS:
        return None
    middles = np.stack([corners[i].reshape(4, 2).mean(axis=0) for i in ours])
    return Marks(numbers[ours], middles.astype(np.float64))
