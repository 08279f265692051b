"""Stick figures: bones, sides and gaps."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from mousegpt.core.errors import DataError
from mousegpt.core.skeleton import BONES
from mousegpt.plots.skeletons import plot_skeletons

N_EXTRAS = 2  # the floor and the scale bar


def test_every_bone_is_drawn_from_above_and_from_the_side(study):
    ax = plot_skeletons(study.poses, [10, 150])
    assert len(ax.lines) == 2 * 2 * len(BONES) + N_EXTRAS


def test_left_and_right_limbs_differ_in_colour(study):
    lines = plot_skeletons(study.poses, [10]).lines[: len(BONES)]
    colors = {bone: to_hex(line.get_color()) for bone, line in zip(BONES, lines, strict=True)}
    assert colors["KneeL", "AnkleL"] == colors["ElbowL", "WristL"]
    assert colors["KneeR", "AnkleR"] == colors["ElbowR", "WristR"]
    assert colors["KneeL", "AnkleL"] != colors["KneeR", "AnkleR"] != colors["SpineF", "SpineG"]


def test_a_mouse_in_space_faces_right(study):
    lines = plot_skeletons(study.poses, [150]).lines[: len(BONES)]
    x, y = lines[BONES.index(("SpineG", "SpineH"))].get_data()
    assert x[0] > x[1]
    assert y[0] == pytest.approx(y[1])


def test_an_unknown_keypoint_leaves_out_its_bones_only(study):
    lines = plot_skeletons(study.poses, [50]).lines[: len(BONES)]
    gone = [
        bone for bone, line in zip(BONES, lines, strict=True) if np.isnan(line.get_xdata()).any()
    ]
    assert gone == [bone for bone in BONES if "EarL" in bone]


def test_captions_stand_below(study):
    ax = plot_skeletons(study.poses, [10, 20], captions=["walking", "rearing"])
    texts = [text.get_text() for text in ax.texts]
    assert {"walking", "rearing"} <= set(texts)


def test_a_frame_that_is_not_there_is_named(study):
    with pytest.raises(DataError, match="9999"):
        plot_skeletons(study.poses, [9999])
