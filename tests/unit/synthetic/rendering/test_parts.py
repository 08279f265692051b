import sys

import numpy as np
import pytest
from furry_egg import build_egg

from mousegpt.core.errors import BackendError
from mousegpt.synthetic.palette import COATS
from mousegpt.synthetic.rendering import open_context
from mousegpt.synthetic.rendering.coloring import paint_skin
from mousegpt.synthetic.rendering.context import read_shader
from mousegpt.synthetic.rendering.shadows import cast_on_floor, darken_floor, view_from_light
from mousegpt.synthetic.rendering.strands import CELLS, build_strands


def test_without_moderngl_one_sentence_tells_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "moderngl", None)
    with pytest.raises(BackendError, match=r"pip install 'mousegpt\[synth\]'"):
        open_context()


def test_without_egl_one_sentence_names_the_packages(monkeypatch):
    moderngl = pytest.importorskip("moderngl", reason="moderngl is not installed")

    def fail(**_):
        raise Exception("(detect) libEGL.so not loaded")

    monkeypatch.setattr(moderngl, "create_context", fail)
    with pytest.raises(BackendError, match=r"not loaded.*libegl1 libgl1-mesa-dri"):
        open_context()


def test_shaders_come_with_what_they_include():
    text = read_shader("backdrop.frag.glsl")
    assert text.startswith("#version 330")
    assert "float fbm(" in text and "#include" not in text


def test_a_bald_skin_has_the_colours_of_its_parts_and_a_furry_one_of_the_coat():
    black = COATS["black"]
    root, tip = paint_skin(build_egg(fur=0.0), black)
    np.testing.assert_allclose(root, np.broadcast_to(black.skin, root.shape))
    np.testing.assert_allclose(root, tip)
    egg = build_egg(fur=1.0)
    root, tip = paint_skin(egg, black)
    back, belly = egg.normals[:, 2].argmax(), egg.normals[:, 2].argmin()
    np.testing.assert_allclose(tip[back], black.tip)
    np.testing.assert_allclose(tip[belly], black.belly)


def test_every_cell_holds_one_strand_and_the_tile_repeats():
    distance = build_strands()[..., 0].astype(float) / 255
    assert distance.shape == (6 * CELLS,) * 3
    step = np.abs(distance - np.roll(distance, 1, axis=0)).max(axis=(1, 2))
    assert step[0] <= 1 / 6 + 0.01  # nowhere steeper than one texel, not at the seam either
    assert (distance < 0.3).mean() == pytest.approx(4 / 3 * np.pi * 0.3**3, rel=0.1)


def test_a_shadow_falls_away_from_the_light():
    direction = np.array([0.6, 0.0, 0.8])
    cast = cast_on_floor(np.array([[1.0, 2.0, 4.0]]), direction)
    np.testing.assert_allclose(cast, [[-2.0, 2.0, 0.0]])
    view = view_from_light(np.array([[0.0, 0, 1], [1, 1, 2]]), direction)
    along = view.matrix @ np.array([*(3 * direction), 0.0])
    np.testing.assert_allclose(along[:2], 0, atol=1e-12)
    assert along[2] < 0  # nearer to the light


def test_the_floor_is_darkest_under_what_touches_it():
    points = np.array([[0.0, 0.0, 0.0], [6.0, 0.0, 0.0], [12.0, 0.0, 9.0]])
    contact = darken_floor(points, np.array([0.5, 0.05, 0.5]))

    def look_up(x):
        column, row = ((np.array([x, 0.0]) - contact.corner) / contact.extent * 64).astype(int)
        return contact.share[row, column]

    assert 0.2 < look_up(0.0) < 1
    assert look_up(0.0) > 3 * look_up(6.0) > 3 * look_up(3.0)
    assert look_up(12.0) < 0.01
