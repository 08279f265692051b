"""Pictures tied to their points, and rare frames numbered from the rarest."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.offsetbox import AnnotationBbox

from mousegpt.core.errors import DataError
from mousegpt.plots.embedding import plot_layout, plot_novelty

PICTURE = np.full((20, 40, 3), 128, np.uint8)


def make_layout(n=30, seed=0):
    points = np.random.default_rng(seed).normal(size=(n, 2))
    return pd.DataFrame(
        {
            "recording": "r",
            "individual": "mouse",
            "frame": np.arange(n),
            "x": points[:, 0],
            "y": points[:, 1],
            "behavior": pd.array(["walking", "rearing", None] * (n // 3), dtype="str"),
        }
    )


def read_lines(ax):
    return [line.get_xydata() for line in ax.lines if len(line.get_xydata()) == 2]


def cross(first, second):
    """Return whether two segments cross."""

    def side(a, b, c):
        return np.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))

    (a, b), (c, d) = first, second
    return side(a, b, c) != side(a, b, d) and side(c, d, a) != side(c, d, b)


def test_every_frame_that_is_laid_out_is_a_point():
    layout = make_layout()
    layout.loc[[0, 4], ["x", "y"]] = np.nan
    ax = plot_layout(layout)
    drawn = np.concatenate([np.asarray(c.get_offsets()) for c in ax.collections])
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, layout[["x", "y"]].dropna().to_numpy()))


@pytest.mark.parametrize("seed", range(8))
def test_leader_lines_end_at_their_points_and_do_not_cross(seed):
    layout = make_layout(seed=seed)
    frames = list(range(0, 30, 3))
    ax = plot_layout(layout, thumbnails={("r", "mouse", frame): PICTURE for frame in frames})
    lines = read_lines(ax)
    assert np.array([line[1] for line in lines]) == pytest.approx(
        layout.loc[frames, ["x", "y"]].to_numpy()
    )
    assert not any(cross(*pair) for pair in itertools.combinations(lines, 2))


def test_pictures_stand_outside_the_map():
    layout = make_layout()
    ax = plot_layout(layout, thumbnails={("r", "mouse", 3): PICTURE, ("r", "mouse", 8): PICTURE})
    boxes = [artist for artist in ax.artists if isinstance(artist, AnnotationBbox)]
    points = layout[["x", "y"]].to_numpy()
    for box in boxes:
        inside = (np.array(box.xy) > points.min(axis=0)) & (np.array(box.xy) < points.max(axis=0))
        assert not inside.all()
    assert len(boxes) == 2


def test_a_picture_of_a_frame_that_is_not_laid_out_is_left_out():
    ax = plot_layout(make_layout(), thumbnails={("elsewhere", "mouse", 3): PICTURE})
    assert not ax.artists


def test_novel_frames_are_numbered_from_the_rarest():
    layout = make_layout()
    novelty = layout[["recording", "individual", "frame"]].assign(score=0.1, novel=False)
    for frame, score in [(5, 0.7), (9, 0.9), (2, 0.8)]:
        novelty.loc[frame, ["score", "novel"]] = score, True
    ax = plot_novelty(layout, novelty)
    named = {text.get_text(): text.xy for text in ax.texts}
    for rank, frame in [("1", 9), ("2", 2), ("3", 5)]:
        assert named[rank] == pytest.approx(tuple(layout.loc[frame, ["x", "y"]]))


def test_nothing_laid_out_is_refused():
    layout = make_layout().assign(x=np.nan, y=np.nan)
    with pytest.raises(DataError, match="at least one row"):
        plot_layout(layout)
