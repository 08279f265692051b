"""What holds for every figure: it draws where it is told, and touches nothing else."""

import io
import sys
from dataclasses import replace

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.figure import Figure

from mousegpt.description.factcheck import measure_hallucination
from mousegpt.plots.claims import plot_hallucination
from mousegpt.plots.embedding import plot_layout, plot_novelty
from mousegpt.plots.groups import plot_postures, plot_proportions
from mousegpt.plots.ratings import plot_ratings
from mousegpt.plots.skeletons import plot_skeletons
from mousegpt.plots.space import plot_positions
from mousegpt.plots.speeds import plot_speeds
from mousegpt.plots.time import plot_ethogram, plot_fine_postures, plot_occurrence


def _first(table):
    return table[table["recording"] == table["recording"].iloc[0]]


PLOTS = {
    "ethogram": lambda s, **k: plot_ethogram(s.behaviors, **k),
    "fine_postures": lambda s, **k: plot_fine_postures(_first(s.fine_postures), **k),
    "occurrence": lambda s, **k: plot_occurrence(s.occurrence, **k),
    "proportions": lambda s, **k: plot_proportions(s.proportions, s.summary, **k),
    "postures": lambda s, **k: plot_postures(s.subtypes, **k),
    "positions": lambda s, **k: plot_positions(s.posture, **k),
    "skeletons": lambda s, **k: plot_skeletons(s.poses, [0, 50, 250], **k),
    "layout": lambda s, **k: plot_layout(s.layout, **k),
    "novelty": lambda s, **k: plot_novelty(s.layout, s.novelty, **k),
    "speeds": lambda s, **k: plot_speeds(s.speeds, **k),
    "hallucination": lambda s, **k: plot_hallucination(measure_hallucination(s.claims), **k),
    "ratings": lambda s, **k: plot_ratings(s.curated, **k),
}


def save(ax):
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "test", "svg.fonttype": "none"}):
        ax.figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


@pytest.fixture(params=PLOTS)
def plot(request):
    return PLOTS[request.param]


def test_same_tables_same_bytes(plot, study):
    assert save(plot(study)) == save(plot(study))


def test_the_figure_is_drawn_into_the_given_axes(plot, study):
    ax = Figure().add_subplot()
    assert plot(study, ax=ax) is ax
    assert ax.has_data()


def test_tables_and_settings_stay_as_they_were(plot, study):
    tables = {name: t for name, t in vars(study).items() if isinstance(t, pd.DataFrame)}
    before = {name: table.copy() for name, table in tables.items()}
    settings = mpl.rcParams.copy()
    plot(study)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(table, before[name])
    assert mpl.rcParams == settings


def test_no_figure_is_left_in_the_global_state(plot, study):
    plot(study)
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


def rename(study, name):
    """Return the study with a group, a behaviour and a posture of that name."""
    old = {"group": "saline", "behavior": "walking", "posture": "raised", "recording": "lsd_1"}
    tables = {n: t for n, t in vars(study).items() if isinstance(t, pd.DataFrame)}
    return replace(
        study,
        **{
            n: t.assign(**{c: t[c].replace(old[c], name) for c in old.keys() & set(t.columns)})
            for n, t in tables.items()
        },
    )


@pytest.mark.parametrize("name", ["a $x^{2 mouse", "<b>&amp;</b>", "№1 größer", "x" * 200])
def test_names_are_taken_at_their_word(plot, study, name):
    drawn = save(plot(rename(study, name))).decode()
    assert "<b>" not in drawn
