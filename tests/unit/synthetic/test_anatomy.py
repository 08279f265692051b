from dataclasses import astuple

import numpy as np

from mousegpt.synthetic.anatomy import BONES, N_TAIL, SIDES, Body, draw_body


def test_every_bone_has_a_name_of_its_own():
    assert len(set(BONES)) == len(BONES) == 6 + N_TAIL + 7 * len(SIDES)


def test_mice_differ_within_bounds_and_the_average_is_average():
    bodies = np.array([astuple(draw_body(seed=seed)) for seed in range(200)])
    assert (bodies > 0.85).all() and (bodies < 1.15).all()
    np.testing.assert_allclose(bodies.mean(axis=0), 1, atol=0.02)
    assert (bodies.std(axis=0) > 0.01).all()
    assert draw_body(variety=0, seed=5) == Body()


def test_the_seed_decides():
    assert draw_body(seed=(1, 2)) == draw_body(seed=(1, 2)) != draw_body(seed=(1, 3))
