import numpy as np
import pytest

from mousegpt.synthetic.looks import Sensor
from mousegpt.synthetic.rendering.lens import Window
from mousegpt.synthetic.rendering.sensor import Film

GREY = np.full((96, 128, 3), 0.35, np.float32)
QUIET = {"noise": 0.0, "flicker": 0.0, "vignetting": 0.0, "blur_px": 0.0}
PLAIN = {**QUIET, "white_balance": (1.0, 1.0, 1.0)}


def develop(sensor, light=GREY, seed=(1,)):
    return Film(sensor, light, (0,)).develop(None, None, seed)


def test_light_becomes_grey_levels_by_the_tone_curve():
    exposed = 0.6 * 0.35
    level = 255 * (exposed / (1 + 0.18 * exposed)) ** (1 / 2.2)
    image = develop(Sensor(exposure=0.6, **PLAIN))
    assert image.dtype == np.uint8
    assert np.abs(image - level).max() <= 0.5


def test_noise_has_the_wanted_size_and_repeats_with_its_seed():
    noisy = Sensor(exposure=0.6, **{**PLAIN, "noise": 0.02})
    image = develop(noisy)
    assert image.std() == pytest.approx(0.02 * 255, rel=0.35)
    assert np.array_equal(image, develop(noisy))
    assert not np.array_equal(image, develop(noisy, seed=(2,)))


def test_flicker_changes_the_whole_frame():
    flickering = Sensor(**{**PLAIN, "flicker": 0.1})
    means = [develop(flickering, seed=(k,)).mean() for k in range(8)]
    assert np.std(means) > 1
    assert develop(flickering).std() == 0


def test_corners_are_darker_and_monochrome_pictures_are_grey():
    image = develop(Sensor(monochrome=True, **{**QUIET, "vignetting": 0.5}))
    assert image[0, 0, 0] < 0.8 * image[48, 64, 0]
    assert np.ptp(image, axis=2).max() == 0


def test_only_the_window_changes():
    film = Film(Sensor(**PLAIN), GREY, (0,))
    window = Window(left=10, top=20, width=30, height=40)
    dark = film.develop(np.zeros((40, 30, 3), np.float32), window, (1,))
    before = film.develop(None, None, (1,))
    assert (dark[window.slices] == 0).all()
    rest = np.ones((96, 128), bool)
    rest[window.slices] = False
    assert np.array_equal(dark[rest], before[rest])


def test_compression_leaves_its_traces():
    light = np.random.default_rng(0).random((96, 128, 3)).astype(np.float32)
    sharp, packed = (develop(Sensor(jpeg_quality=q, **PLAIN), light) for q in (None, 40))
    assert sharp.shape == packed.shape
    assert 2 < np.abs(sharp.astype(int) - packed).mean() < 60
