"""Suggested frames are those that were planted to be useful."""

import numpy as np
import pytest
import xarray as xr

from mousegpt.core.poses import build_poses
from mousegpt.vision.suggestions import suggest_frames

N, K = 200, 5


def walk(*, views=2, confidence=0.9):
    """A rigid body that does not turn and moves evenly: no frame is better than another."""
    body = np.random.default_rng(1).uniform(-30, 30, (2, K))
    path = np.stack([np.arange(N) * 0.5, np.zeros(N)], axis=1)
    points = np.broadcast_to((body + path[..., None])[None, ..., None], (views, N, 2, K, 1)).copy()
    names = [f"k{i}" for i in range(K)]
    return build_poses(
        points, np.full((views, N, K, 1), confidence), keypoints=names, fps=10.0, unit="px",
        views=[f"v{i}" for i in range(views)],
    )  # fmt: skip


def no_errors(poses):
    shape = tuple(poses.sizes[d] for d in ("view", "time", "keypoint", "individual"))
    coords = {"view": poses["view"], "keypoint": poses["keypoint"]}
    return xr.DataArray(np.zeros(shape), dims=("view", "time", "keypoint", "individual"),
                        coords=coords)  # fmt: skip


def test_views_that_disagree_come_first_and_are_named():
    poses = walk()
    errors = no_errors(poses)
    errors[1, 140, 2:4, 0] = [31.0, 12.0]
    table = suggest_frames(poses, errors, [], n=3, max_error_px=5)
    assert table["frame"][0] == 140
    assert "2 of 10 points, most on k2 in v1 (31 px)" in table["reason"][0]


def test_unsure_frames_come_first():
    poses = walk()
    poses["confidence"][:, 60] = 0.2
    table = suggest_frames(poses, None, [])
    assert table["frame"][0] == 60
    assert "mean confidence 0.20" in table["reason"][0]


def test_a_jump_is_seen_in_a_single_view():
    poses = walk(views=1)
    poses["position"][0, 90, 0, 1] += 60.0
    table = suggest_frames(poses, None, [])
    assert table["frame"][0] == 90
    assert "20% of the points jump" in table["reason"][0]


def test_frames_far_apart_in_time_are_no_jumps():
    poses = walk(views=1).isel(time=slice(None, None, 20))
    poses["position"][0, 4, 0, 1] += 60.0
    assert not suggest_frames(poses, None, []).to_string().count("jump")


def test_an_unusual_posture_is_preferred_once():
    poses = walk()
    poses["position"][:, 100:110, 1] *= -1.0
    first, second = suggest_frames(poses, None, [0, 199], n=2).itertuples()
    assert 100 <= first.frame < 110
    assert "posture unlike" in first.reason
    assert not 95 <= second.frame < 115


def test_without_predictions_frames_spread_over_time():
    poses = walk()
    poses["position"][:] = np.nan
    table = suggest_frames(poses, None, [], n=8)
    assert table["reason"][0] == "A frame to begin with."
    assert np.diff(np.sort(table["frame"])).min() >= N / 16


def test_labelled_frames_are_not_suggested_and_frames_run_out():
    poses = walk().isel(time=slice(0, 6))
    table = suggest_frames(poses, None, [0, 1, 2, 3], n=12)
    assert sorted(table["frame"]) == [4, 5]
    assert suggest_frames(poses, None, range(6)).empty


def test_frames_without_a_mouse_are_left_out():
    poses = walk()
    poses["position"][:, :150] = np.nan
    assert suggest_frames(poses, None, [], n=20)["frame"].min() >= 150


@pytest.mark.parametrize("labelled", [[], [10, 80]])
def test_the_same_twice(labelled):
    poses = walk()
    first, second = (suggest_frames(poses, no_errors(poses), labelled) for _ in range(2))
    assert first.equals(second)
