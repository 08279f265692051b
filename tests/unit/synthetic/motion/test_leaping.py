import numpy as np
import pytest

from mousegpt.synthetic.behaviors import Bout
from mousegpt.synthetic.motion.leaping import GRAVITY, leap
from mousegpt.synthetic.motion.timeline import lay_out

FPS = 2000


def jump():
    times = np.arange(FPS) / FPS
    bouts = (Bout("still", 0.4), Bout("jumping", 0.3), Bout("still", 1.0))
    timeline = lay_out(bouts, np.array([0.0, 0.4, 0.7]), times, seed=0)
    return timeline, leap(timeline)


def test_it_falls_freely_in_flight():
    _, found = jump()
    acceleration = np.gradient(np.gradient(found.lift)) * FPS**2
    flies = (found.flown > 0.05) & (found.flown < 0.95)
    np.testing.assert_allclose(acceleration[flies], -GRAVITY, rtol=1e-6)


def test_height_and_speed_have_no_jumps():
    _, found = jump()
    speed = np.diff(found.lift) * FPS
    assert np.abs(speed).max() == pytest.approx(GRAVITY * 0.62 * 0.3 / 2, rel=0.03)
    assert np.abs(np.diff(speed)).max() * FPS < 3 * GRAVITY
    assert found.lift[0] == found.lift[-1] == 0
    assert np.abs(np.diff(found.sink)).max() < 0.05


def test_paws_are_off_the_ground_only_in_the_jump():
    timeline, found = jump()
    outside = ~timeline.shows("jumping")
    assert found.hind[outside].max() == found.fore[outside].max() == 0
    assert found.hind[(found.flown > 0) & (found.flown < 1)].min() == 1
