"""The figures of a calibration show every camera, and every point."""

import numpy as np
import pandas as pd
import pytest

from mousegpt.core.errors import DataError
from mousegpt.plots.calibration import plot_coverage, plot_rig
from mousegpt.synthetic.rig import build_rig

RIG = build_rig(image_size=(640, 512))
SIZES = {view: camera.size for view, camera in RIG.cameras.items()}


def make_points(views=RIG.views, n=20):
    rng = np.random.default_rng(0)
    u, v = rng.uniform(0, [640, 512], (n * len(views), 2)).T
    du, dv = rng.normal(0, 0.1, (2, n * len(views)))
    return pd.DataFrame({"view": np.repeat(views, n), "u": u, "v": v, "du": du, "dv": dv})


def test_every_point_is_drawn_in_the_panel_of_its_camera():
    ax = plot_coverage(make_points(), SIZES)
    assert [len(dots.get_offsets()) for dots in ax.collections] == [20] * len(SIZES)
    for patch, dots in zip(ax.patches, ax.collections, strict=True):
        (left, top), (width, height) = patch.get_xy(), (patch.get_width(), patch.get_height())
        x, y = dots.get_offsets().T
        assert ((left <= x) & (x <= left + width)).all()
        assert ((top <= y) & (y <= top + height)).all()


def test_a_camera_that_saw_nothing_says_so():
    ax = plot_coverage(make_points(RIG.views[1:]), SIZES)
    assert f"{RIG.views[0]}: nothing seen" in [text.get_text() for text in ax.texts]


def test_the_rig_shows_cameras_with_their_heights():
    ax = plot_rig(RIG, pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 2.0]}))
    texts = [text.get_text() for text in ax.texts]
    for view, camera in RIG.cameras.items():
        assert f"{view} ({camera.center[2]:.0f} cm)" in texts


def test_missing_columns_are_named():
    with pytest.raises(DataError, match="du"):
        plot_coverage(make_points().drop(columns="du"), SIZES)
