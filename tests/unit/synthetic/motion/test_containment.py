from types import SimpleNamespace

import numpy as np
import pytest

from mousegpt.synthetic.arena import ARENAS, measure_wall_distance
from mousegpt.synthetic.motion.containment import GAPS, keep_inside


@pytest.mark.parametrize("name", list(ARENAS))
def test_every_point_is_brought_inside_smoothly(name):
    arena, times = ARENAS[name], np.arange(600) / 60
    reach = arena.half + 1.5  # beyond the wall now and then
    places = reach * np.stack([np.sin(times), np.cos(0.7 * times)], axis=1)
    points = {point: np.c_[places, 0 * times] for point in GAPS}
    shift = keep_inside(SimpleNamespace(points=points), arena, fps=60, size=1.0)
    assert measure_wall_distance(arena, places + shift).min() > max(GAPS.values()) - 0.2
    assert np.abs(np.diff(shift, axis=0)).max() * 60 < 40


def test_in_the_middle_nothing_is_moved():
    points = {point: np.zeros((50, 3)) for point in GAPS}
    shift = keep_inside(SimpleNamespace(points=points), ARENAS["paper"], fps=60, size=1.0)
    assert (shift == 0).all()
