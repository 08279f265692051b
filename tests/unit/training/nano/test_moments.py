"""Rendered moments: what is shown, and what is said to be true of it."""

import numpy as np
import pytest

from mousegpt.core.facts import STATES, UNKNOWN, state_column
from mousegpt.core.moment import Moment
from mousegpt.training.nano.moments import draw_scene, render_moments, settle_scene


@pytest.fixture(scope="module")
def moments(egl):
    return list(render_moments(3, n_moments=2, size_px=128, tile_px=48, seed=5))


def test_moments_show_two_views_at_three_times(moments):
    for moment in moments:
        assert moment.tiles.shape == (2, 3, 48, 48, 3)
        assert moment.points.shape == (2, 24, 2)
        assert moment.speeds.shape == (6,)
        assert np.isfinite(moment.speeds).all()
        assert (moment.tiles.std(axis=(2, 3, 4)) > 1).all()


def test_keypoints_lie_within_the_tiles(moments):
    for moment in moments:
        inside = (moment.points >= 0) & (moment.points < 48)
        assert inside.all(axis=-1)[moment.visible].all()


def test_a_scene_repeats_itself(moments):
    again = list(render_moments(3, n_moments=2, size_px=128, tile_px=48, seed=5))
    for one, other in zip(moments, again, strict=True):
        assert isinstance(one, Moment)
        assert one.states == other.states
        assert one.frame == other.frame
        np.testing.assert_array_equal(one.tiles, other.tiles)


def test_states_are_the_truth_of_the_scene(moments):
    posture = settle_scene(draw_scene(3, size_px=128, seed=5)).set_index("frame")
    for moment in moments:
        for state in STATES:
            assert moment.states[state.name] in (*state.values, UNKNOWN)
            assert moment.states[state.name] == posture.loc[moment.frame, state_column(state.name)]


def test_another_seed_draws_another_scene():
    one, other = (draw_scene(0, seed=seed) for seed in (0, 1))
    assert not np.array_equal(one.keypoints, other.keypoints)
