"""Project known points and find them again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.errors import CalibrationError, DataError
from mousegpt.core.poses import Poses, build_poses
from mousegpt.geometry.triangulation import triangulate_poses
from mousegpt.io.calibration import load_calibration

LENS = np.array([-0.2, 0.05, 1e-3, -2e-3, 0.0])


def build_ring(n_views: int = 5, slope: float = 0.3, distance_cm: float = 75.0) -> Calibration:
    """Cameras on a ring around the origin, looking down by a slope, with curved lenses."""
    cameras = {}
    for i in range(n_views):
        angle = 2 * np.pi * i / n_views + 0.3
        center = distance_cm * np.array([np.cos(angle), np.sin(angle), slope])
        forward = -center / np.linalg.norm(center)
        right = np.cross(forward, [0, 0, 1])
        right /= np.linalg.norm(right)
        R = np.stack([right, np.cross(forward, right), forward])
        K = np.array([[1500.0, 0, 640], [0, 1500.0, 512], [0, 0, 1]])
        cameras[f"view{i}"] = Camera(f"view{i}", K, LENS, R, -R @ center, (1280, 1024))
    return Calibration(cameras)


def project(points: np.ndarray, rig: Calibration, confidence: np.ndarray | None = None) -> Poses:
    """Return 2-D poses of points, shape (time, keypoint, individual, 3)."""
    seen = np.stack([camera.project(points) for camera in rig.cameras.values()])
    return build_poses(
        np.moveaxis(seen, -1, 2), confidence, fps=60.0, unit="px", views=rig.views,
        keypoints=[f"k{i}" for i in range(points.shape[1])],
        individuals=[f"m{i}" for i in range(points.shape[2])],
        frames=7 * np.arange(len(points)),
    )  # fmt: skip


def positions(poses: Poses) -> np.ndarray:
    return poses["position"].transpose("time", "keypoint", "individual", "space").values


@pytest.fixture
def points() -> np.ndarray:
    return np.random.default_rng(0).uniform(-10, 10, (20, 6, 2, 3))


@pytest.mark.parametrize("n_views", [2, 3, 5, 8])
def test_exact_pixels_give_the_exact_points(n_views: int, points: np.ndarray) -> None:
    rig = build_ring(n_views)
    found = triangulate_poses(project(points, rig), rig)
    np.testing.assert_allclose(positions(found), points, atol=1e-7)
    assert found["reprojection_error"].max() < 1e-6
    assert (found["n_views"] == n_views).all()
    assert (found.attrs["unit"], found.attrs["fps"]) == ("cm", 60.0)
    np.testing.assert_array_equal(found["frame"], 7 * np.arange(20))
    assert found["position"].dims == ("time", "space", "keypoint", "individual")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(*[st.floats(-12, 12)] * 3), min_size=1, max_size=4))
def test_any_point_in_the_arena_is_found(world: list[tuple[float, float, float]]) -> None:
    points, rig = np.array(world)[:, None, None], build_ring(4)
    found = triangulate_poses(project(points, rig), rig)
    np.testing.assert_allclose(positions(found), points, atol=1e-6)


def test_noise_is_averaged_over_views(points: np.ndarray) -> None:
    rig = build_ring(8)
    poses = project(points, rig)
    noise = np.random.default_rng(1).normal(0, 1, poses["position"].shape)
    found = triangulate_poses(poses.assign(position=poses["position"] + noise), rig)
    error_cm = np.linalg.norm(positions(found) - points, axis=-1)
    # 1 px is 78 cm / 1500 = 0.052 cm; each of 8 views tells two of three coordinates
    expected_cm = 78 / 1500 / np.sqrt(8 * 2 / 3)
    assert np.sqrt((error_cm**2).mean() / 3) == pytest.approx(expected_cm, rel=0.1)
    assert float(found["reprojection_error"].mean()) == pytest.approx(1.1, abs=0.2)


def test_refinement_is_the_minimum_of_the_pixel_error(points: np.ndarray) -> None:
    rig = build_ring(3)
    poses = project(points, rig)
    noise = np.random.default_rng(1).normal(0, 3, poses["position"].shape)
    poses = poses.assign(position=poses["position"] + noise)
    seen = np.moveaxis(poses["position"].values, 2, -1)

    def squares(world: np.ndarray) -> np.ndarray:
        projected = np.stack([camera.project(world) for camera in rig.cameras.values()])
        return ((projected - seen) ** 2).sum(axis=(0, -1))

    best = positions(triangulate_poses(poses, rig, n_refinements=4, max_error_px=1e3))
    for axis in np.eye(3):
        assert (squares(best) <= squares(best + 0.01 * axis)).all()
        assert (squares(best) <= squares(best - 0.01 * axis)).all()


def test_an_outlying_view_is_left_out(points: np.ndarray) -> None:
    rig = build_ring(5)
    poses = project(points, rig)
    position = poses["position"].values.copy()
    position[3, 4, :, 2, 0] += 300
    position[[0, 2], 9, :, 1, 1] += [[200], [-150]]
    found = triangulate_poses(poses.assign(position=(poses["position"].dims, position)), rig)
    np.testing.assert_allclose(positions(found), points, atol=1e-6)
    assert int(found["n_views"][4, 2, 0]) == 4
    assert int(found["n_views"][9, 1, 1]) == 3
    assert int((found["n_views"] == 5).sum()) == points[..., 0].size - 2


def test_two_views_that_disagree_give_no_point(points: np.ndarray) -> None:
    rig = build_ring(5).select(("view0", "view1"))
    poses = project(points, rig)
    position = poses["position"].values.copy()
    position[0, 3, 1, 0, 0] += 200
    found = triangulate_poses(poses.assign(position=(poses["position"].dims, position)), rig)
    assert np.isnan(positions(found)[3, 0, 0]).all()
    assert float(found["reprojection_error"][3, 0, 0]) > 20  # says why
    assert np.isnan(found["confidence"][3, 0, 0])
    assert np.isfinite(positions(found)).all(axis=-1).sum() == points[..., 0].size - 1


@pytest.mark.parametrize(("shift", "n_views"), [((25, 0), None), ((0, 400), 2)])
def test_of_three_views_one_is_rejected_only_if_it_is_clear_which(
    shift: tuple[int, int], n_views: int | None
) -> None:
    rig = build_ring(3, slope=0)
    points = np.zeros((1, 1, 1, 3))
    poses = project(points, rig)
    position = poses["position"].values.copy()
    # sideways, a pixel still meets the lines of sight of both other cameras; upwards, of none
    position[0, 0, :, 0, 0] += shift
    moved = poses.assign(position=(poses["position"].dims, position))
    found = triangulate_poses(moved, rig, max_error_px=5)
    if n_views is None:
        assert np.isnan(positions(found)).all()
    else:
        assert int(found["n_views"][0, 0, 0]) == n_views
        np.testing.assert_allclose(positions(found), points, atol=1e-6)


def test_points_seen_too_rarely_stay_unknown(points: np.ndarray) -> None:
    rig = build_ring(4)
    poses = project(points, rig)
    position = poses["position"].values.copy()
    position[1:, 0, :, 0] = np.nan
    position[2:, 1, :, 0] = np.nan
    poses = poses.assign(position=(poses["position"].dims, position))
    found = triangulate_poses(poses, rig)
    assert np.isnan(positions(found)[0, 0]).all()
    assert np.isnan(found["reprojection_error"][0, 0]).all()
    np.testing.assert_allclose(positions(found)[1:], points[1:], atol=1e-6)
    stricter = triangulate_poses(poses, rig, min_views=3)
    assert np.isnan(positions(stricter)[1, 0]).all()


def test_doubtful_detections_do_not_count(points: np.ndarray) -> None:
    rig = build_ring(4)
    confidence = np.full((4, *points.shape[:-1]), 0.8)
    confidence[0] = 0.1
    poses = project(points, rig, confidence)
    position = poses["position"].values.copy()
    position[0] += 15
    found = triangulate_poses(poses.assign(position=(poses["position"].dims, position)), rig)
    np.testing.assert_allclose(positions(found), points, atol=1e-6)
    np.testing.assert_allclose(found["confidence"], 0.8)


def test_confident_views_pull_harder(points: np.ndarray) -> None:
    rig = build_ring(4)
    confidence = np.full((4, *points.shape[:-1]), 1.0)
    errors = []
    for doubt in (1.0, 0.5, 0.3):
        confidence[0] = doubt
        poses = project(points, rig, confidence)
        position = poses["position"].values.copy()
        position[0] += 10
        found = triangulate_poses(poses.assign(position=(poses["position"].dims, position)), rig)
        errors.append(np.linalg.norm(positions(found) - points, axis=-1).mean())
    assert errors[0] > errors[1] > errors[2] > 0


def test_many_points_are_solved_in_parts_with_the_same_result() -> None:
    points = np.random.default_rng(0).uniform(-10, 10, (4200, 5, 1, 3))
    rig = build_ring(2)
    found = triangulate_poses(project(points, rig), rig)
    np.testing.assert_allclose(positions(found), points, atol=1e-6)


def test_input_is_not_changed(points: np.ndarray) -> None:
    rig = build_ring(3)
    poses = project(points, rig)
    before = poses.copy(deep=True)
    triangulate_poses(poses, rig)
    assert poses.identical(before)


def test_wrong_input_is_refused(points: np.ndarray) -> None:
    rig = build_ring(3)
    poses = project(points, rig)
    with pytest.raises(DataError, match="dimension view"):
        triangulate_poses(poses.isel(view=0, drop=True), rig)
    with pytest.raises(CalibrationError, match="no camera"):
        triangulate_poses(poses, rig.select(("view0", "view1")))


@pytest.mark.real
def test_real_detections_of_two_mice_agree_within_a_few_pixels(shared_data: Path) -> None:
    rig = load_calibration(shared_data / "sleap_8cam" / "calibration.toml")
    table = pd.read_csv(shared_data / "sleap_8cam" / "keypoints_2d.csv")
    keypoints = sorted(table["keypoint"].unique())
    position = np.full((8, 3, 2, len(keypoints), 2), np.nan)
    confidence = np.full((8, 3, len(keypoints), 2), np.nan)
    for row in table.itertuples():
        view, keypoint = rig.views.index(row.camera), keypoints.index(row.keypoint)
        position[view, row.frame, :, keypoint, row.track] = row.x, row.y
        confidence[view, row.frame, keypoint, row.track] = row.score
    poses = build_poses(
        position, confidence, keypoints=keypoints, individuals=("a", "b"), views=rig.views,
        fps=30, unit="px",
    )  # fmt: skip
    found = triangulate_poses(poses, rig)
    assert float(found["reprojection_error"].median()) < 4
    assert float(np.isfinite(found["position"].isel(space=0)).mean()) > 0.85


@pytest.mark.real
def test_real_labels_return_to_their_points(shared_data: Path) -> None:
    folder = shared_data / "dannce_markerless_6cam"
    rig = load_calibration(folder / "mouse1_calibration.json")
    labels = np.load(folder / "mouse1_labels3d_and_com.npz")
    seen = np.stack([labels[f"uv_{view}"] for view in rig.views])
    poses = build_poses(
        seen.transpose(0, 1, 3, 2)[..., None], keypoints=[f"k{i}" for i in range(22)],
        views=rig.views, fps=100, unit="px",
    )  # fmt: skip
    found = positions(triangulate_poses(poses, rig))[:, :, 0]
    np.testing.assert_allclose(found, labels["xyz_mm"] / 10, atol=1e-6)


def test_no_frames_are_no_points(points: np.ndarray) -> None:
    rig = build_ring(3)
    found = triangulate_poses(project(points, rig).isel(time=slice(0, 0)), rig)
    assert dict(found.sizes) == {"time": 0, "space": 3, "keypoint": 6, "individual": 2}
