"""Cameras of nano's scenes see the mouse, also in arenas whose walls do not let them."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'mousegpt[train]'")

from mousegpt.synthetic.arena import ARENAS
from mousegpt.training.nano.moments import _place_cameras


@pytest.mark.parametrize("name", [n for n, arena in ARENAS.items() if arena.wall == "opaque"])
def test_cameras_look_over_walls_that_hide_the_mouse(name):
    arena = ARENAS[name]
    for seed in range(20):
        rig = _place_cameras(np.random.default_rng(seed), arena, 256)
        for camera in rig.cameras.values():
            aside = np.linalg.norm(camera.center[:2])
            at_wall = (
                camera.center[2] * np.max(arena.half) / max(aside, 1e-6)
            )  # seen from the middle
            assert aside < min(arena.half) or at_wall > arena.wall_height_cm
