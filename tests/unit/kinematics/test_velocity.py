import numpy as np
import pytest
import xarray as xr

from mousegpt.core.facts import SPEEDS
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.kinematics.velocity import (
    compute_heading,
    compute_speeds,
    compute_velocity,
    sign_speed,
)


def test_uniform_motion_has_exactly_its_velocity(walk, as_poses):
    velocity = compute_velocity(as_poses(walk(speed=7.0)))
    expected = np.array([7.0, 0, 0])[:, None, None]
    np.testing.assert_allclose(velocity, np.broadcast_to(expected, velocity.shape), atol=1e-9)


def test_velocity_of_a_parabola_is_exact_inside(as_poses):
    time = np.arange(20) / 50
    points = np.zeros((20, 24, 3))
    points[..., 0] = (3 * time**2)[:, None]
    velocity = compute_velocity(as_poses(points)).sel(space="x", keypoint="Snout").squeeze()
    np.testing.assert_allclose(velocity[1:-1], 6 * time[1:-1], atol=1e-9)


def test_velocity_is_unknown_at_and_beside_a_missing_point(walk, as_poses):
    points = walk(speed=7.0)
    points[10, 0] = np.nan
    velocity = compute_velocity(as_poses(points)).isel(keypoint=0, space=0, individual=0)
    assert np.flatnonzero(np.isnan(velocity)).tolist() == [9, 10, 11]


def test_distant_frames_have_no_velocity(walk, as_poses):
    poses = as_poses(walk(5, speed=7.0), frames=np.array([0, 100, 101, 102, 300]))
    known = compute_velocity(poses).notnull().all(["space", "keypoint", "individual"])
    assert known.to_numpy().tolist() == [False, False, True, False, False]


def test_a_single_frame_has_no_velocity(walk, as_poses):
    assert compute_velocity(as_poses(walk(1))).isnull().all()


def test_heading_points_to_the_head(walk, as_poses):
    heading = compute_heading(as_poses(walk(3, heading_deg=90)))
    np.testing.assert_allclose(heading.isel(individual=0), [[0, 1, 0]] * 3, atol=1e-9)


@pytest.mark.parametrize(
    "kept", [("SpineF", "Hip"), ("SpineF", "TailBase"), ("EarL", "EarR", "TailBase")]
)
def test_heading_falls_back_on_coarser_skeletons(walk, as_poses, kept):
    points = walk(3)
    points[:, [n for n, name in enumerate(KEYPOINTS) if name not in kept]] = np.nan
    assert (compute_heading(as_poses(points)).sel(space="x") > 0.9).all()


def test_one_frame_without_a_point_does_not_change_the_pair(walk, as_poses):
    points = walk(30)
    points[4, KEYPOINTS.index("SpineG")] = np.nan
    heading = compute_heading(as_poses(points)).isel(individual=0, space=0)
    assert np.flatnonzero(np.isnan(heading)).tolist() == [4]


@pytest.mark.parametrize(("speed", "sign", "expected"), [
    (2.0, "forward", 2.0), (-2.0, "forward", -2.0), (2.0, "paper", -2.0), (-2.0, "paper", 2.0),
])  # fmt: skip
def test_speeds_are_signed(walk, as_poses, speed, sign, expected):
    table = compute_speeds(as_poses(walk(speed=speed)), sign=sign)
    np.testing.assert_allclose(table[list(SPEEDS)], expected, atol=1e-9)


def test_speed_across_the_body_counts_except_in_the_paper():
    left = xr.DataArray([0.0, 3.0, 0.0], dims="space")
    ahead = xr.DataArray([1.0, 0.0, 0.0], dims="space")
    assert sign_speed(left, ahead).item() == 3.0
    assert sign_speed(left, ahead, sign="paper").item() == 0.0


def test_speed_table_has_a_row_per_individual_and_frame(walk, as_poses):
    two = xr.concat(
        [as_poses(walk(4, speed=s), individuals=[name]) for s, name in ((1.0, "a"), (2.0, "b"))],
        "individual",
        join="exact",
    )
    table = compute_speeds(two)
    assert list(table.columns) == ["individual", "frame", "time_s", *SPEEDS]
    assert table.groupby("individual")["speed_head"].mean().to_dict() == pytest.approx(
        {"a": 1.0, "b": 2.0}
    )


def test_parts_without_keypoints_have_no_speed(walk, as_poses):
    points = walk(5, speed=1.0)
    points[:, [n for n, name in enumerate(KEYPOINTS) if name.endswith("L")]] = np.nan
    table = compute_speeds(as_poses(points))
    assert table["speed_forelimb_left"].isna().all()
    assert table["speed_forelimb_right"].to_numpy() == pytest.approx(1.0)
