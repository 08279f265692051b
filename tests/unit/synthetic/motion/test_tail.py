import numpy as np
import pytest

from mousegpt.synthetic.anatomy import N_TAIL, TAIL, Body
from mousegpt.synthetic.arena import ARENAS, measure_wall_distance
from mousegpt.synthetic.motion.tail import drag_tail

FPS = 60


def lay(base, headings):
    bones = TAIL * np.stack([np.cos(headings), np.sin(headings)], axis=-1)
    return base[:, None] + np.cumsum(bones, axis=1)


def test_it_trails_straight_behind_a_straight_walk():
    times = np.arange(120) / FPS
    base = np.stack([5 * times, 0 * times], axis=1)
    headings = drag_tail(base, np.zeros(120), ARENAS["open_field"], Body(), fps=FPS)
    assert headings.shape == (120, N_TAIL)
    np.testing.assert_allclose(np.cos(headings), -1, atol=1e-9)


def test_it_follows_its_base_round_a_bend():
    angle = np.linspace(0, 2 * np.pi, 400)
    base = 8 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    headings = drag_tail(base, angle + np.pi / 2, ARENAS["open_field"], Body(), fps=FPS)
    joints = lay(base, headings)[200:]
    assert np.abs(np.linalg.norm(joints, axis=-1) - 8).max() < 1.5


@pytest.mark.parametrize("name", list(ARENAS))
def test_it_stays_inside_and_moves_without_jumps(name):
    arena, times = ARENAS[name], np.arange(20 * FPS) / FPS
    room = 0.6 * arena.half
    base = room * np.stack([np.sin(0.5 * times), np.cos(0.31 * times)], axis=1)
    heading = 1.3 * times
    headings = drag_tail(base, heading, arena, Body(), fps=FPS)
    joints = lay(base, headings)
    assert measure_wall_distance(arena, joints).min() > 0.2
    assert np.isfinite(headings).all()
    assert np.percentile(np.abs(np.diff(headings, axis=0)), 99.9) < 0.5
