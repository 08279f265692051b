from dataclasses import replace

import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.synthetic.looks import draw_look
from mousegpt.synthetic.palette import COATS


def test_without_variety_all_seeds_look_the_same_but_for_what_lies_around():
    calm = draw_look(1, variety=0)
    assert replace(calm, seed=0) == replace(draw_look((2, 3), variety=0), seed=0)
    assert calm.coat == COATS["black"]
    assert not calm.sensor.monochrome
    assert calm.seed != draw_look((2, 3), variety=0).seed


def test_the_same_seed_draws_the_same_look():
    assert draw_look(7) == draw_look(7)
    assert draw_look(7) != draw_look(8)


def test_looks_vary_in_all_that_they_hold():
    looks = [draw_look(seed) for seed in range(40)]
    assert {look.coat.name for look in looks} == set(COATS)
    assert len({look.lights.key for look in looks}) == 40
    assert 0 < sum(look.sensor.monochrome for look in looks) < 40
    floors = np.array([look.ground.color for look in looks]).mean(axis=1)
    assert floors.min() < 0.1 < 0.5 < floors.max()
    qualities = [look.sensor.jpeg_quality for look in looks]
    assert None in qualities and any(quality is not None for quality in qualities)


@pytest.mark.parametrize("seed", range(5))
def test_lights_come_from_above_along_unit_vectors(seed):
    lights = draw_look(seed).lights
    for direction in (lights.key, lights.fill):
        assert np.linalg.norm(direction) == pytest.approx(1)
        assert direction[2] > 0.3


def test_infrared_light_sees_grey_and_a_less_dark_black_coat():
    look = draw_look(3, coat="black", infrared=True, variety=0)
    assert look.sensor.monochrome
    assert len(set(look.coat.tip)) == 1
    assert look.coat.tip[0] > 2 * COATS["black"].tip[0]
    assert not draw_look(3, infrared=False, variety=0).sensor.monochrome


def test_a_coat_can_be_chosen_and_an_unknown_one_names_those_there_are():
    assert draw_look(0, coat="white").coat.name == "white"
    with pytest.raises(DataError, match="black, agouti, white"):
        draw_look(0, coat="pink")
