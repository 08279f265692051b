"""Pictures of calibration boards by the cameras of a study, and where their corners are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pandas as pd

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.calibration import Camera
from mousegpt.io.atomic import write_atomically
from mousegpt.io.tables import save_table
from mousegpt.pipeline.synthesis.filming import arrange_cameras
from mousegpt.pipeline.synthesis.settings import SynthesisFolder, SynthesisSettings
from mousegpt.synthetic.board_pictures import render_boards
from mousegpt.synthetic.board_places import Place, place_boards, present_boards
from mousegpt.synthetic.boards import Board, draw_checkerboard, draw_marker_sheet, see_board

N_OWN, N_SHARED = 20, 30  # pictures for the lens of each camera, and for the places of all
_FLOOR: Final = (np.eye(3)[None], np.zeros((1, 3)))  # where the sheet lies


def is_boarded(view: str, folder: Path) -> bool:
    """Say whether all pictures of boards by a camera are there."""
    return SynthesisFolder(folder).corners(view).exists()


def record_boards(settings: SynthesisSettings, view: str, folder: Path) -> None:
    """Take the pictures of one camera: the board before it, the board among all, the sheet."""
    cameras, place = arrange_cameras(settings), SynthesisFolder(folder)
    camera = cameras.cameras[view]
    board, sheet = draw_checkerboard(), draw_marker_sheet()
    number, seed = cameras.views.index(view), settings.seed
    sets: dict[str, tuple[Board, Place]] = {
        "own": (board, present_boards(board, camera, n=N_OWN, seed=seed)),
        "shared": (board, place_boards(board, cameras, n=N_SHARED, seed=seed)),
        "sheet": (sheet, _FLOOR),
    }
    notes = []
    for name, (shown, (R, t)) in sets.items():
        pictures = render_boards(shown, R, t, camera, seed=seed + number)
        _save_pictures(pictures, place.boards / name / view)
        notes += [_note_corners(shown, R[i], t[i], camera, name, i) for i in range(len(t))]
    save_table(pd.concat(notes, ignore_index=True), place.corners(view))


def _save_pictures(pictures: Iterable[ImageArray], folder: Path) -> None:
    for i, picture in enumerate(pictures):
        write_atomically(folder / f"{i:02d}.png", cv2.imencode(".png", picture)[1].tobytes())


def _note_corners(
    board: Board, R: FloatArray, t: FloatArray, camera: Camera, name: str, picture: int
) -> pd.DataFrame:
    """Note where a board's points are in the world, cm, and in the picture, px (NaN unseen)."""
    world, pixels = board.points @ R.T + t, see_board(board, R, t, camera)
    return pd.DataFrame(
        {
            "set": name,
            "view": camera.name,
            "picture": picture,
            "point": board.ids,
            **dict(zip("xyz", world.T, strict=True)),
            **dict(zip("uv", pixels.T, strict=True)),
        }
    )
