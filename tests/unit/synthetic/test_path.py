import numpy as np
import pytest

from mousegpt.synthetic.anatomy import Body
from mousegpt.synthetic.arena import ARENAS, measure_wall_distance
from mousegpt.synthetic.behaviors import BEHAVIORS, Bout
from mousegpt.synthetic.path import FLANK_GAP, plan_path


def mix(n, seed=0):
    rng = np.random.default_rng(seed)
    return [
        Bout(str(name), float(rng.uniform(0.3, 2)), side=int(rng.choice([-1, 1])))
        for name in rng.choice(BEHAVIORS, n)
    ]


@pytest.mark.parametrize("arena", ARENAS.values(), ids=list(ARENAS))
def test_it_stays_inside(arena):
    path = plan_path(mix(60), Body(), arena, duration_s=60, seed=1)
    assert measure_wall_distance(arena, path.places[:, :2]).min() > 0.8 * FLANK_GAP


def test_bouts_follow_each_other_without_gap():
    path = plan_path(mix(40), Body(), ARENAS["paper"], duration_s=40, seed=2)
    lengths = np.array([bout.duration_s for bout in path.bouts])
    assert path.starts[0] == 0
    np.testing.assert_allclose(np.cumsum(lengths)[:-1], path.starts[1:], atol=1e-9)
    assert path.starts[-1] < 40 <= path.starts[-1] + lengths[-1]


def test_what_is_put_between_is_named():
    script = [Bout("still", 0.5), Bout("supported rearing", 1.5), Bout("still", 9)]
    path = plan_path(script, Body(), ARENAS["open_field"], duration_s=9, seed=0)
    names = [bout.behavior for bout in path.bouts]
    before = names[1 : names.index("supported rearing")]
    assert before and set(before) <= {"turning", "walking"}
    rearing = path.bouts[names.index("supported rearing")]
    assert rearing.duration_s == pytest.approx(1.5)


def test_rest_stays_put():
    path = plan_path([Bout("lying", 5.0)], Body(), ARENAS["paper"], duration_s=5, seed=0)
    assert np.ptp(path.places, axis=0).max() < 1e-6


def test_it_is_smooth():
    path = plan_path(mix(60), Body(), ARENAS["cylinder"], duration_s=60, seed=3)
    times = np.arange(60 * 120) / 120
    velocity = np.gradient(path.sample(times), times, axis=0)
    acceleration = np.gradient(velocity, times, axis=0)
    assert np.hypot(*velocity[:, :2].T).max() < 60
    assert np.abs(velocity[:, 2]).max() < 9
    assert np.hypot(*acceleration[:, :2].T).max() < 900


def test_walking_covers_ground():
    path = plan_path([Bout("walking", 20.0)], Body(), ARENAS["open_field"], duration_s=20, seed=0)
    travelled = np.linalg.norm(np.diff(path.places[:, :2], axis=0), axis=1).sum()
    assert 5 * 20 * 0.6 < travelled < 15 * 20


def test_the_seed_decides():
    first, again, other = (
        plan_path(mix(10), Body(), ARENAS["paper"], duration_s=10, seed=seed).places
        for seed in (1, 1, 2)
    )
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_turns_put_between_are_left_out_later():
    script = 40 * [Bout("walking", 1.0), Bout("turning", 0.7), Bout("supported rearing", 1.0)]
    path = plan_path(script, Body(), ARENAS["paper"], duration_s=60, seed=0)
    leaned = [bout for bout in path.bouts if bout.behavior == "supported rearing"]
    assert len(leaned) > 0.75 * 60 / 2.7
