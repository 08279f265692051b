"""The map of descriptions: which points, in which colours, with which pictures."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.offsetbox import AnnotationBbox

from mousegpt.core.errors import DataError
from mousegpt.plots.embedding import plot_layout, plot_novelty
from mousegpt.plots.style import choose_looks

KEY = ["recording", "individual", "frame"]


def count_points(ax):
    """Points per colour."""
    counts = {}
    for points in ax.collections:
        for color in points.get_facecolors():
            name = to_hex(color).upper()
            counts[name] = counts.get(name, 0) + len(points.get_offsets())
    return counts


def test_every_description_is_drawn_in_the_colour_of_its_behaviour(study):
    ax = plot_layout(study.layout)
    counts = count_points(ax)
    names = study.layout["behavior"].fillna("unassigned").value_counts()
    looks = choose_looks(study.layout["behavior"])
    assert counts == {looks[name].color.upper(): count for name, count in names.items()}


def test_the_legend_names_what_is_drawn_and_nothing_else(study):
    walking = study.layout[study.layout["behavior"] == "walking"]
    ax = plot_layout(walking, looks=choose_looks(study.layout["behavior"]))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["walking"]


def test_points_become_pixels_in_a_vector_file(study):
    assert all(points.get_rasterized() for points in plot_layout(study.layout).collections)


def test_each_picture_points_at_its_frame_and_wears_its_colour(study):
    rows = study.layout.dropna(subset=["behavior"]).iloc[[0, 500, 1500]]
    picture = np.full((20, 30, 3), 128, np.uint8)
    pictures = {tuple(key): picture for key in rows[KEY].itertuples(index=False)}
    ax = plot_layout(study.layout, thumbnails=pictures)
    boxes = [artist for artist in ax.artists if isinstance(artist, AnnotationBbox)]
    looks = choose_looks(study.layout["behavior"])
    assert {tuple(box.xy) for box in boxes} == set(rows[["x", "y"]].itertuples(index=False))
    for box, name in zip(boxes, rows["behavior"], strict=True):
        assert to_hex(box.patch.get_edgecolor()).upper() == looks[name].color
        assert not np.allclose(box.xyann, box.xy)


def test_a_layout_without_places_is_refused(study):
    with pytest.raises(DataError, match="empty"):
        plot_layout(study.layout.assign(x=np.nan))


def test_novel_frames_are_numbered_from_the_highest_score(study):
    ax = plot_novelty(study.layout, study.novelty)
    joined = study.layout.merge(study.novelty[[*KEY, "score", "novel"]], on=KEY)
    ranked = joined[joined["novel"]].sort_values("score", ascending=False)
    assert [text.get_text() for text in ax.texts] == [str(1 + i) for i in range(len(ranked))]
    assert [text.xy[0] for text in ax.texts] == pytest.approx(ranked["x"].tolist())
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend[0] == f"novel ({len(ranked)})"


def test_a_study_without_novel_frames_is_drawn(study):
    ax = plot_novelty(study.layout, study.novelty.assign(novel=False))
    assert not ax.texts
