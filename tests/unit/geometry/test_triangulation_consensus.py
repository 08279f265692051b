"""Who is right when views disagree, how sure a point is, and when none is given."""

import numpy as np
import pytest
import xarray as xr

from mousegpt.core.calibration import Calibration
from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses
from mousegpt.core.skeleton import BONES, KEYPOINTS
from mousegpt.geometry.triangulation import triangulate_poses

from .test_triangulation import build_ring, positions, project


@pytest.fixture
def points() -> np.ndarray:
    return np.random.default_rng(0).uniform(-10, 10, (60, 6, 1, 3))


def disturb(poses: Poses, views: list[int], shift: tuple[float, float]) -> Poses:
    """Move the pixels of the first frame in some views."""
    position = poses["position"].copy()
    position[dict(view=views, time=0)] += np.array(shift)[:, None, None]
    return poses.assign(position=position)


def add_noise(poses: Poses, noise_px: float, seed: int = 1) -> Poses:
    noise = np.random.default_rng(seed).normal(0, noise_px, poses["position"].shape)
    return poses.assign(position=poses["position"] + noise)


def see_elsewhere(points: np.ndarray, rig: Calibration, views: list[int], shift_cm: float) -> Poses:
    """Poses in which some views agree on the points of another place in the first frame."""
    here, moved = project(points, rig), points.copy()
    moved[0] += shift_cm
    there = project(moved, rig)["position"]
    chosen = xr.DataArray(np.isin(np.arange(len(rig.views)), views), dims="view")
    return here.assign(position=xr.where(chosen, there, here["position"], keep_attrs=False))


@pytest.mark.parametrize("lost", [[0], [2, 5], [0, 3, 6]])
def test_outlying_views_are_left_out_whichever_they_are(lost: list[int]) -> None:
    points = np.random.default_rng(0).uniform(-10, 10, (60, 6, 1, 3))
    rig = build_ring(8)
    poses = project(points, rig)
    rng = np.random.default_rng(2)
    for view in lost:
        poses = disturb(poses, [view], tuple(rng.uniform(30, 300, 2)))
    found = triangulate_poses(add_noise(poses, 0.5), rig)
    assert (found["n_views"][0] == 8 - len(lost)).all()
    assert (found["n_views"][1:] == 8).all()
    np.testing.assert_allclose(positions(found), points, atol=0.15)


@pytest.mark.parametrize(
    ("n_views", "elsewhere", "who"),
    [
        (8, [0, 1, 2], "here"),
        (8, [0, 1, 2, 4, 6], "there"),
        (8, [0, 1, 2, 3], None),
        (7, [0, 1, 2], None),
        (6, [0, 1, 2], None),
        (4, [0, 1], None),
    ],
)
def test_a_point_on_which_two_camps_disagree_stays_unknown(
    n_views: int, elsewhere: list[int], who: str | None, points: np.ndarray
) -> None:
    rig = build_ring(n_views)
    found = triangulate_poses(see_elsewhere(points, rig, elsewhere, 3.0), rig)
    if who is None:
        assert np.isnan(positions(found)[0]).all()
        assert np.isnan(found["position_sd"][0]).all()
        assert (found["reprojection_error"][0] > 10).all()  # says why
        assert (found["n_views"][0] == n_views).all()
    else:
        expected = points[0] + (3.0 if who == "there" else 0.0)
        np.testing.assert_allclose(positions(found)[0], expected, atol=1e-6)
    np.testing.assert_allclose(positions(found)[1:], points[1:], atol=1e-6)


def test_two_of_four_views_are_not_believed(points: np.ndarray) -> None:
    rig = build_ring(4)
    poses = disturb(disturb(project(points, rig), [0], (170, 90)), [1], (-60, 210))
    assert np.isnan(positions(triangulate_poses(poses, rig))[0]).all()


def test_no_view_is_left_out_without_a_limit(points: np.ndarray) -> None:
    rig = build_ring(8)
    found = triangulate_poses(
        disturb(project(points, rig), [3], (200, 0)), rig, max_error_px=np.inf
    )
    assert (found["n_views"] == 8).all()
    assert (found["reprojection_error"][0] > 20).all()


def test_more_views_can_be_asked_for(points: np.ndarray) -> None:
    rig = build_ring(5)
    poses = disturb(disturb(project(points, rig), [0], (170, 90)), [3], (-60, 210))
    assert np.isfinite(positions(triangulate_poses(poses, rig, min_views=3))[0]).all()
    assert np.isnan(positions(triangulate_poses(poses, rig, min_views=4))[0]).all()


def test_noise_is_estimated_by_keypoint_in_spite_of_outliers() -> None:
    points = np.random.default_rng(0).uniform(-10, 10, (400, 3, 1, 3))
    rig = build_ring(6)
    poses = project(points, rig)
    rng = np.random.default_rng(3)
    size = np.array([0.5, 2.0, 4.0])[:, None]
    position = poses["position"] + size * rng.normal(size=poses["position"].shape)
    wrong = rng.random(poses["confidence"].shape) < 0.1
    shift = np.where(wrong[:, :, None], rng.uniform(100, 300, position.shape), 0)
    found = triangulate_poses(poses.assign(position=position + shift), rig)
    np.testing.assert_allclose(found["noise_px"], size[:, 0], rtol=0.1)


def test_points_scatter_as_much_as_they_say() -> None:
    points = np.random.default_rng(0).uniform(-10, 10, (2000, 2, 1, 3))
    rig = build_ring(5)
    poses = add_noise(project(points, rig), 1.5)
    blind = poses["position"].copy()
    blind[dict(view=[2, 3], keypoint=1)] = np.nan
    found = triangulate_poses(poses.assign(position=blind), rig)
    scatter = (positions(found) - points) / found["position_sd"].values[..., None]
    np.testing.assert_allclose(np.sqrt(np.nanmean(scatter**2, axis=(0, 2, 3))), 1, rtol=0.04)
    few, many = found["position_sd"].median("time").values[[1, 0], 0]
    assert few > 1.2 * many


def test_the_spread_of_an_ideal_ring_has_a_closed_form() -> None:
    points = np.zeros((300, 1, 1, 3))
    rig = build_ring(8, slope=0)
    found = triangulate_poses(add_noise(project(points, rig), 2.0), rig)
    px_per_cm, noise_px = 1500 / 75, float(found["noise_px"][0])
    # each of 8 views tells the height, and one of two horizontal directions
    variance = (noise_px / px_per_cm) ** 2 * (1 / 8 + 2 / 4) / 3
    np.testing.assert_allclose(found["position_sd"], np.sqrt(variance), rtol=1e-2)


def test_confidences_that_the_source_does_not_give_stay_unknown(points: np.ndarray) -> None:
    rig = build_ring(3)
    assert np.isnan(triangulate_poses(project(points, rig), rig)["confidence"]).all()


def test_the_same_poses_give_the_same_bytes(points: np.ndarray) -> None:
    rig = build_ring(6)
    poses = add_noise(disturb(project(points, rig), [1], (100, 50)), 1.0)
    one, other = (triangulate_poses(poses, rig, motion_prior=True) for _ in range(2))
    for name in one.data_vars:
        assert one[name].values.tobytes() == other[name].values.tobytes()


def test_one_view_stays_flat_and_says_so(points: np.ndarray) -> None:
    rig = build_ring(2).select(("view0",))
    with pytest.raises(DataError, match="found view0; one view stays 2-D"):
        triangulate_poses(project(points, rig), rig)


def test_priors_bring_a_moving_mouse_nearer_to_the_truth() -> None:
    rng = np.random.default_rng(0)
    body = np.array([rng.uniform(-4, 4, 3) for _ in KEYPOINTS])
    time = np.arange(240) / 60
    path = np.stack([5 * np.cos(time), 5 * np.sin(2 * time), 1 + 0 * time], axis=-1)
    points = (body + path[:, None])[:, :, None]
    rig = build_ring(4)
    poses = add_noise(project(points, rig), 2.0).assign_coords(keypoint=list(KEYPOINTS))
    errors = {}
    for name, priors in {
        "none": {}, "bones": {"bone_prior": True}, "motion": {"motion_prior": True},
        "both": {"bone_prior": True, "motion_prior": True},
    }.items():  # fmt: skip
        found = triangulate_poses(poses, rig, **priors)
        errors[name] = np.sqrt(((positions(found) - points) ** 2).mean())
        assert ("noise" in found) == ("motion_prior" in priors)
    assert len(BONES) == len(KEYPOINTS)
    assert errors["bones"] < 0.9 * errors["none"]
    assert errors["motion"] < 0.5 * errors["none"]
    assert errors["both"] < errors["motion"]
