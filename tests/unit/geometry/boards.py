"""Boards before a small rig, and the corners that its cameras see, without any picture."""

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.geometry.targets import Checkerboard, Marks, Sighting, turn_marks
from mousegpt.synthetic.board_places import place_boards
from mousegpt.synthetic.boards import Board, draw_checkerboard, see_board
from mousegpt.synthetic.rig import arrange_views, build_rig

RIG = build_rig(layout=arrange_views(3), image_size=(640, 512), seed=3)
SIZES = {view: camera.size for view, camera in RIG.cameras.items()}
BOARD = Checkerboard((9, 6), 1.2)  # looks different when turned
TURNABLE = Checkerboard((8, 6), 1.2)
PLACES = {}


def hold_before(drawn: Board, camera: Camera, n: int = 12) -> list[tuple[FloatArray, FloatArray]]:
    """Return R and t of boards that a camera sees whole, near and far, tilted by up to 45°."""
    rng, places = np.random.default_rng(1), []
    nearest = camera.K[0, 0] * np.ptp(drawn.outline[:, 0]) / camera.size[0]
    while len(places) < n:
        ray = np.append(camera.undistort(rng.uniform([0, 0], camera.size)), 1)
        tilt = Rotation.from_rotvec(rng.uniform(-0.8, 0.8, 3) * [1, 1, 0.4]).as_matrix()
        R = camera.R.T @ tilt @ np.diag([1.0, -1.0, -1.0])
        t = camera.R.T @ (ray * nearest * rng.uniform(1.1, 2.2) - camera.t)
        if np.isfinite(see_board(drawn, R, t, camera)).all():
            places.append((R, t))
    return places


def hold_boards(board: Checkerboard, rig: Calibration):
    """Return shot, views that may see it, R and t: boards before each camera and among all."""
    drawn = draw_checkerboard(squares=board.squares, square_cm=board.square_cm, px_per_cm=10)
    held = []
    for view, camera in rig.cameras.items():
        places = hold_before(drawn, camera)
        held += [(f"own {view} {i}", [view], R, t) for i, (R, t) in enumerate(places)]
    shared = zip(*place_boards(drawn, rig, n=16, seed=2), strict=True)
    return held + [(f"shared {i}", list(rig.views), R, t) for i, (R, t) in enumerate(shared)]


def see_boards(
    board: Checkerboard = BOARD, rig: Calibration = RIG, *, noise_px: float = 0.0, seed: int = 0
) -> list[Sighting]:
    """Return what the cameras see of boards that are wholly in the picture."""
    key = (board, tuple(camera.t.tobytes() for camera in rig.cameras.values()))
    if key not in PLACES:
        PLACES[key] = hold_boards(board, rig)
    drawn = draw_checkerboard(squares=board.squares, square_cm=board.square_cm, px_per_cm=10)
    rng, sightings = np.random.default_rng(seed), []
    for shot, views, R, t in PLACES[key]:
        for view in views:
            pixels = see_board(drawn, R, t, rig.cameras[view])
            if np.isfinite(pixels).all():
                pixels = pixels + rng.normal(0, noise_px, pixels.shape)
                marks = Marks(np.arange(len(pixels)), pixels)
                sightings.append(Sighting(view, shot, board, marks))
    return sightings


def turn_some(sightings: list[Sighting], seed: int = 0) -> list[Sighting]:
    """Return sightings of which every other, at random, is that of the turned board."""
    turned = np.random.default_rng(seed).random(len(sightings)) < 0.5
    return [
        replace(s, marks=turn_marks(s.marks, s.target)) if turn else s
        for s, turn in zip(sightings, turned, strict=True)
    ]


def measure_offsets(found: Calibration, truth: Calibration = RIG) -> tuple[float, float]:
    """Return the largest error of the distances between cameras (cm) and of relative angles (°).

    Neither depends on where the world is.
    """
    far, angles, views = [], [], truth.views
    for a in views:
        for b in views:
            one, other = (rig.cameras[a] for rig in (found, truth))
            one_b, other_b = (rig.cameras[b] for rig in (found, truth))
            far.append(
                np.linalg.norm(one.center - one_b.center)
                - np.linalg.norm(other.center - other_b.center)
            )
            relative = (one.R @ one_b.R.T) @ (other.R @ other_b.R.T).T
            angles.append(np.arccos(np.clip((np.trace(relative) - 1) / 2, -1, 1)))
    return float(np.abs(far).max()), float(np.rad2deg(max(angles)))
