"""Positions on one scale, in the right colours, inside the right outline."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Circle

from mousegpt.core.errors import DataError
from mousegpt.core.recording import Arena
from mousegpt.plots.space import plot_positions
from mousegpt.plots.style import choose_looks


def test_one_disc_per_group_with_its_name(study):
    ax = plot_positions(study.posture)
    groups = list(dict.fromkeys(study.posture["group"]))
    texts = [text.get_text() for text in ax.texts]
    assert texts[: len(groups)] == groups
    assert len(ax.collections) == len(groups)


def test_colours_are_those_of_the_behaviours(study):
    ax = plot_positions(study.posture, n_points=10**9)
    drawn = [to_hex(c).upper() for points in ax.collections for c in points.get_facecolors()]
    looks = choose_looks(study.posture["behavior"])
    names = study.posture["behavior"].fillna("unassigned").value_counts()
    counts = pd.Series(drawn).value_counts().to_dict()
    assert counts == {looks[name].color.upper(): count for name, count in names.items()}


def test_points_are_thinned_to_the_number_asked_for(study):
    ax = plot_positions(study.posture, n_points=50)
    assert {len(points.get_offsets()) for points in ax.collections} == {50}


def test_all_axes_have_one_scale_and_points_become_pixels(study):
    ax = plot_positions(study.posture)
    assert ax.get_aspect() == 1
    assert all(points.get_rasterized() for points in ax.collections)


def test_the_arena_is_drawn_in_cm_and_points_stand_around_its_centre():
    corners = np.array([[5.0, 5.0], [7.0, 5.0], [5.0, 7.0]])
    posture = pd.DataFrame(corners, columns=["x", "y"]).assign(
        recording="m", length_unit="cm", behavior="walking", group="g"
    )
    arena = Arena(shape="circle", width_cm=8, center=(5, 5))
    ax = plot_positions(posture, arenas={"m": arena})
    (circle,) = [patch for patch in ax.patches if isinstance(patch, Circle)]
    assert circle.radius == 4
    offsets = np.asarray(ax.collections[0].get_offsets()) - circle.center
    assert sorted(map(tuple, offsets.tolist())) == [(0, 0), (0, 2), (2, 0)]


def test_units_may_not_be_mixed(study):
    mixed = study.posture.copy()
    mixed.loc[mixed.index[0], "length_unit"] = "body length"
    with pytest.raises(DataError, match="cm"):
        plot_positions(mixed)


def test_unknown_positions_are_left_out(study):
    table = study.posture.copy()
    table.loc[table.index[:7], "x"] = np.nan
    ax = plot_positions(table, n_points=10**9)
    assert sum(len(points.get_offsets()) for points in ax.collections) == len(table) - 7
