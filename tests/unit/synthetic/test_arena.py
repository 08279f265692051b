import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.synthetic.arena import (
    ARENAS,
    SyntheticArena,
    find_arena,
    find_wall_normal,
    measure_ray_to_wall,
    measure_wall_distance,
    push_inside,
    trace_wall,
)

BOX = SyntheticArena("box", "rectangle", 20.0, 40.0, 10.0, "opaque")
DISC = SyntheticArena("disc", "circle", 20.0, 20.0, 10.0, "glass")


@pytest.fixture
def places():
    return np.random.default_rng(0).uniform(-25, 25, (500, 2))


@pytest.mark.parametrize(
    ("arena", "xy", "distance"),
    [
        (BOX, (0, 0), 10),
        (BOX, (0, 17), 3),
        (BOX, (-9, 0), 1),
        (BOX, (13, 24), -5),  # 3 and 4 beyond a corner
        (BOX, (13, 0), -3),
        (DISC, (3, 4), 5),
        (DISC, (-12, 0), -2),
    ],
)
def test_wall_distance(arena, xy, distance):
    assert measure_wall_distance(arena, np.array(xy, dtype=float)) == pytest.approx(distance)


@pytest.mark.parametrize(
    ("arena", "xy", "yaw_deg", "distance"),
    [
        (BOX, (0, 0), 0, 10),
        (BOX, (0, 0), 90, 20),
        (BOX, (2, 5), 180, 12),
        (BOX, (5, 0), 45, 5 * np.sqrt(2)),
        (DISC, (6, 0), 90, 8),
        (DISC, (6, 0), 180, 16),
        (DISC, (11, 0), 180, 0),
    ],
)
def test_ray_to_wall(arena, xy, yaw_deg, distance):
    found = measure_ray_to_wall(arena, np.array(xy, dtype=float), np.deg2rad(yaw_deg))
    assert found == pytest.approx(distance)


@pytest.mark.parametrize("arena", [*ARENAS.values(), BOX], ids=lambda arena: arena.name)
def test_rays_end_on_the_wall(arena, places):
    inside = places[measure_wall_distance(arena, places) > 0]
    yaw = np.linspace(-np.pi, np.pi, len(inside))
    ahead = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    ends = inside + measure_ray_to_wall(arena, inside, yaw)[:, None] * ahead
    assert np.abs(measure_wall_distance(arena, ends)).max() < 1e-9


@pytest.mark.parametrize("arena", [*ARENAS.values(), BOX], ids=lambda arena: arena.name)
def test_the_normal_is_the_way_in_which_the_wall_comes_nearer(arena, places):
    step = 1e-6 * find_wall_normal(arena, places)
    nearer = measure_wall_distance(arena, places) - measure_wall_distance(arena, places + step)
    assert np.allclose(nearer, 1e-6, rtol=1e-3)
    assert find_wall_normal(arena, np.zeros(2)).tolist() == [1, 0]


@pytest.mark.parametrize("arena", [*ARENAS.values(), BOX], ids=lambda arena: arena.name)
def test_pushed_positions_keep_the_margin_and_move_no_more_than_needed(arena, places):
    moved = push_inside(arena, places, 2.0)
    before, after = (measure_wall_distance(arena, xy) for xy in (places, moved))
    assert after.min() > 2 - 1e-9
    assert np.array_equal(moved[before >= 2], places[before >= 2])
    assert np.allclose(push_inside(arena, places, np.full(len(places), 2.0)), moved)
    outside = before < 0
    shift = np.linalg.norm(push_inside(arena, places) - places, axis=1)
    assert np.allclose(shift[outside], -before[outside])
    assert np.array_equal(push_inside(arena, places, 99.0), np.zeros_like(places))


def test_the_wall_is_traced_counter_clockwise():
    wall = trace_wall(BOX, n_points=8)
    assert np.abs(measure_wall_distance(BOX, wall)).max() < 1e-9
    assert wall[0] == pytest.approx([10, 0]) and wall[2] == pytest.approx([0, 20])


def test_the_manifest_gets_the_same_floor():
    assert find_arena("paper").outline.model_dump() == {
        "shape": "circle", "width_cm": 25.0, "length_cm": None, "center": (0.0, 0.0),
    }  # fmt: skip
    assert find_arena("home_cage").outline.length_cm == 35.0


def test_wrong_arenas_are_refused():
    with pytest.raises(DataError, match="choose one of paper"):
        find_arena("moon")
    with pytest.raises(DataError, match="as long as wide"):
        SyntheticArena("egg", "circle", 20.0, 30.0, 10.0, "glass")
    with pytest.raises(DataError, match="positive lengths"):
        SyntheticArena("flat", "rectangle", 20.0, 0.0, 10.0, "glass")
