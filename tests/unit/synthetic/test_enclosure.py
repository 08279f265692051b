import numpy as np
import pytest

from mousegpt.synthetic.arena import (
    ARENAS,
    find_wall_normal,
    measure_ray_to_wall,
    measure_wall_distance,
    push_inside,
)
from mousegpt.synthetic.enclosure import Enclosure


@pytest.mark.parametrize("arena", ARENAS.values(), ids=list(ARENAS))
def test_it_agrees_with_the_arena(arena):
    walls, rng = Enclosure(arena), np.random.default_rng(0)
    for x, y in push_inside(arena, rng.uniform(-20, 20, (50, 2)), 0.1).tolist():
        place, heading = np.array([x, y]), float(rng.uniform(-np.pi, np.pi))
        assert walls.measure_distance(x, y) == pytest.approx(measure_wall_distance(arena, place))
        ray = measure_ray_to_wall(arena, place, np.array(heading))
        assert walls.measure_ray(x, y, heading) == pytest.approx(ray)
        normal = find_wall_normal(arena, place)
        angle = walls.find_normal(x, y)
        np.testing.assert_allclose([np.cos(angle), np.sin(angle)], normal, atol=1e-12)
        np.testing.assert_allclose(walls.push_inside(x, y, 2.0), push_inside(arena, place, 2.0))
