"""Stick figures with the mouse's own lengths."""

import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.core.poses import build_poses
from mousegpt.core.skeleton import BONES, KEYPOINTS
from mousegpt.plots.skeletons import plot_skeletons


def make_poses(points, **options):
    """Build poses from points of shape (time, keypoint, space)."""
    stage = np.asarray(points).transpose(0, 2, 1)[..., None]
    return build_poses(stage, keypoints=KEYPOINTS, fps=30, unit="cm", **options)


def stand(seed=0):
    points = np.random.default_rng(seed).normal(size=(len(KEYPOINTS), 3))
    points[:, 2] -= points[:, 2].min()
    return points


def read_sticks(ax):
    return np.array([line.get_xydata() for line in ax.lines if len(line.get_xydata()) == 2])


def test_the_figure_does_not_depend_on_where_the_mouse_heads():
    angle = 2.0
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    straight = read_sticks(plot_skeletons(make_poses([stand()]), [0]))
    turned = read_sticks(plot_skeletons(make_poses([stand() @ turn.T + [5, -7, 0]]), [0]))
    assert turned == pytest.approx(straight)


def test_heights_are_above_the_drawn_floor():
    points = stand()
    ax = plot_skeletons(make_poses([points]), [0])
    sticks = read_sticks(ax)
    side, floor = sticks[len(BONES) : 2 * len(BONES)], sticks[2 * len(BONES)]
    assert floor[0, 1] == floor[1, 1]
    heights = side[:, 0, 1] - floor[0, 1]
    assert heights == pytest.approx([points[KEYPOINTS.index(a), 2] for a, _ in BONES])


def test_flat_poses_are_drawn_as_they_are():
    points = stand()[:, :2]
    sticks = read_sticks(plot_skeletons(make_poses([points]), [0]))
    lengths = np.linalg.norm(sticks[: len(BONES), 1] - sticks[: len(BONES), 0], axis=1)
    expected = [
        np.linalg.norm(points[KEYPOINTS.index(a)] - points[KEYPOINTS.index(b)]) for a, b in BONES
    ]
    assert lengths == pytest.approx(expected)


def test_frames_are_named_and_may_be_captioned():
    poses = make_poses([stand(0), stand(1)], frames=np.array([12, 24]))
    assert "frame 24" in [t.get_text() for t in plot_skeletons(poses, [24]).texts]
    ax = plot_skeletons(poses, [24, 12], captions=["walks", "rears"])
    assert [t.get_text() for t in ax.texts][2:4] == ["walks", "rears"]


def test_a_frame_without_keypoints_is_empty_not_an_error():
    unknown = np.full((len(KEYPOINTS), 3), np.nan)
    ax = plot_skeletons(make_poses([unknown, stand()]), [0, 1])
    sticks = read_sticks(ax)[: len(BONES)]
    assert np.isnan(sticks).all()
    plot_skeletons(make_poses([unknown]), [0]).figure.draw_without_rendering()


def test_frames_must_be_there():
    with pytest.raises(DataError, match="found \\[7\\]"):
        plot_skeletons(make_poses([stand()]), [7])
    with pytest.raises(DataError, match="found none"):
        plot_skeletons(make_poses([stand()]), [])


def test_one_individual_at_a_time():
    stage = np.zeros((1, 3, len(KEYPOINTS), 2))
    poses = build_poses(stage, keypoints=KEYPOINTS, fps=30, unit="cm", individuals=["a", "b"])
    with pytest.raises(DataError, match="found 2"):
        plot_skeletons(poses, [0])
