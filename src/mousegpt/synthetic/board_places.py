"""Where calibration boards are held, so that OpenCV finds them and cameras get tied together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import cv2
import numpy as np
from pydantic import Field

from mousegpt.core.arrays import BoolArray, FloatArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.errors import DataError
from mousegpt.synthetic.boards import Board, measure_incidence

Place = tuple[FloatArray, FloatArray]  # R and t of a board

_CANDIDATES: Final = 80  # places tried for every one that is taken
_CELLS: Final = 8  # per side of the image, to be covered by boards
_SEEN_COSINE: Final = 0.5  # a board turned away by more than 60 degrees is not detected


def present_boards(
    board: Board,
    camera: Camera,
    *,
    n: Annotated[int, Field(ge=1)] = 20,
    tilt_deg: tuple[float, float] = (5.0, 50.0),
    seed: int = 0,
) -> Place:
    """Hold a board before a camera so that its lens can be calibrated: near and far, tilted.

    Parameters
    ----------
    tilt_deg
        The board is turned from facing the camera by angles spread evenly over this range.

    Returns
    -------
    R, t
        Board to world, shapes (n, 3, 3) and (n, 3). The whole board is in every image; together
        the boards cover as much of the image as they can.

    Raises
    ------
    DataError
        When no place is found where the whole board is in the image.
    """
    rng = np.random.default_rng(seed)
    covered = np.zeros(_CELLS**2, dtype=bool)

    def rate(R: FloatArray, t: FloatArray) -> float:
        if not _fits(board, R, t, camera):
            return 0.0
        cells = _find_cells(board, R, t, camera)
        return float((cells & ~covered).sum() + 0.01 * cells.sum())

    places: list[Place] = []
    for tilt in np.deg2rad(rng.permutation(np.linspace(*tilt_deg, n))):
        tried = [_hold_before(board, camera, tilt, rng) for _ in range(_CANDIDATES)]
        places.append(_pick(board, tried, rate))
        covered |= _find_cells(board, *places[-1], camera)
        covered &= covered.mean() < 0.9  # start again
    return _stack(places)


def place_boards(
    board: Board,
    calibration: Calibration,
    *,
    n: Annotated[int, Field(ge=1)] = 30,
    reach_cm: Annotated[float, Field(ge=0)] = 5.0,
    elevation_deg: tuple[float, float] = (0.0, 60.0),
    seed: int = 0,
) -> Place:
    """Hold a board in the middle of a rig, so that cameras which share it can be tied together.

    Parameters
    ----------
    reach_cm
        Greatest distance of the board's middle from the axis of the arena.
    elevation_deg
        Range of the angle between the horizon and the way the board faces; a board that faces
        half upwards ties the camera above to those around.

    Returns
    -------
    R, t
        Board to world, shapes (n, 3, 3) and (n, 3). No board dips under the floor; each is chosen
        for the pairs of cameras that see the whole of it and have had few in common before.

    Raises
    ------
    DataError
        When no place is found where a camera sees the whole board.
    """
    rng = np.random.default_rng(seed)
    cameras = list(calibration.cameras.values())
    shared = np.zeros((len(cameras), len(cameras)))

    def pair(R: FloatArray, t: FloatArray) -> FloatArray:
        seen = np.array([float(_fits(board, R, t, camera)) for camera in cameras])
        return np.outer(seen, seen)

    def rate(R: FloatArray, t: FloatArray) -> float:
        return float((pair(R, t) / (1 + shared)).sum())

    places: list[Place] = []
    for _ in range(n):
        tried = [_hold_inside(board, reach_cm, elevation_deg, rng) for _ in range(_CANDIDATES)]
        places.append(_pick(board, tried, rate))
        shared += pair(*places[-1])
    return _stack(places)


def _pick(
    board: Board, places: list[Place], rate: Callable[[FloatArray, FloatArray], float]
) -> Place:
    """Return the place with the highest rate; a rate of 0 is none."""
    rates = [rate(*place) for place in places]
    if max(rates) <= 0:
        raise DataError(
            f"Found no place where the whole {board.name} is in the image of a camera; draw it "
            "with smaller squares."
        )
    return places[int(np.argmax(rates))]


def _stack(places: list[Place]) -> Place:
    return np.stack([R for R, _ in places]), np.stack([t for _, t in places])


def _hold_before(board: Board, camera: Camera, tilt: float, rng: np.random.Generator) -> Place:
    """Return any place in front of a camera, tilted about any axis."""
    extent = np.ptp(board.outline[:, :2], axis=0)
    nearest = (camera.K[[0, 1], [0, 1]] * extent / camera.size).max()  # where it fills the image
    ray = np.linalg.solve(camera.K, np.append(rng.uniform(0, camera.size), 1))
    middle = nearest * rng.uniform(1.0, 1.7) * ray
    axis, roll = rng.uniform(0, 2 * np.pi), np.deg2rad(rng.uniform(-20, 20))
    tilted = _turn(tilt * np.cos(axis), tilt * np.sin(axis), 0)
    facing = tilted @ _turn(0, 0, roll) @ np.diag([1.0, -1.0, -1.0])
    return camera.R.T @ facing, camera.R.T @ (middle - camera.t)


def _hold_inside(
    board: Board, reach_cm: float, elevation_deg: tuple[float, float], rng: np.random.Generator
) -> Place:
    """Return any place above the floor, facing outwards and upwards."""
    azimuth, elevation = rng.uniform(0, 2 * np.pi), np.deg2rad(rng.uniform(*elevation_deg))
    flat = np.array([np.cos(azimuth), np.sin(azimuth)])
    normal = np.append(np.cos(elevation) * flat, np.sin(elevation))
    right = np.array([-flat[1], flat[0], 0])
    upright = np.stack([right, np.cross(normal, right), normal], axis=1)
    R = upright @ _turn(0, 0, np.deg2rad(rng.uniform(-15, 15)))
    height = rng.uniform(0.3, 4.0) - (board.outline @ R.T)[:, 2].min()
    direction, distance = rng.uniform(0, 2 * np.pi), reach_cm * np.sqrt(rng.uniform())
    place = distance * np.array([np.cos(direction), np.sin(direction)])
    return R, np.append(place, height)


def _turn(*vector: float) -> FloatArray:
    """Return the rotation by a rotation vector."""
    return np.asarray(cv2.Rodrigues(np.array(vector, dtype=np.float64))[0], dtype=np.float64)


def _fits(board: Board, R: FloatArray, t: FloatArray, camera: Camera) -> bool:
    """Tell whether a camera sees the whole board well."""
    if measure_incidence(R, t, camera) < _SEEN_COSINE:
        return False
    pixels, size = camera.project(board.outline @ R.T + t), np.array(camera.size)
    return bool(((pixels > 0.01 * size) & (pixels < 0.99 * size)).all())


def _find_cells(board: Board, R: FloatArray, t: FloatArray, camera: Camera) -> BoolArray:
    """Tell which cells of the image hold points of a board, shape (cells,)."""
    pixels = camera.project(board.points @ R.T + t)
    column, row = (pixels / camera.size * _CELLS).astype(int).clip(0, _CELLS - 1).T
    return np.asarray(np.bincount(row * _CELLS + column, minlength=_CELLS**2) > 0)
