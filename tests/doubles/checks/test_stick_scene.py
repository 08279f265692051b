import numpy as np
import pytest
from stickmouse.drawing import render_view
from stickmouse.scene import SIDE_VIEWS, build_rig, project_poses
from stickmouse.session import make_session

from mousegpt.core.skeleton import KEYPOINTS


@pytest.fixture(scope="module")
def session():
    return make_session([("rearing", 2.0)], noise_cm=0, seed=1)


def test_the_side_views_are_perpendicular():
    cameras = [build_rig().cameras[view] for view in SIDE_VIEWS]
    across = [camera.direction[:2] / np.linalg.norm(camera.direction[:2]) for camera in cameras]
    assert abs(across[0] @ across[1]) < 1e-9
    for camera in cameras:
        assert np.hypot(*camera.center[:2]) == pytest.approx(75)


def test_cameras_see_the_center_of_the_arena_upright():
    for camera in build_rig().cameras.values():
        assert np.allclose(camera.project(np.array([0, 0, 2.5])), [160, 160])
    side = build_rig().cameras["side"]
    low, high = side.project(np.array([[0, 0, 0], [0, 0, 5.0]]))
    assert high[1] < low[1]


def test_projected_poses_are_the_camera_s(session):
    rig = session.calibration
    seen = project_poses(session.poses, rig)
    assert seen["position"].dims == ("view", "time", "space", "keypoint", "individual")
    snout = seen["position"].sel(view="side", keypoint="Snout", individual="mouse").to_numpy()
    expected = rig.cameras["side"].project(session.skeleton[:, KEYPOINTS.index("Snout")])
    assert np.allclose(snout, expected)


@pytest.mark.parametrize("view", ["front", "side", "top"])
def test_the_drawing_is_in_register_with_the_poses(session, view):
    camera = session.calibration.cameras[view]
    image = next(render_view(session.skeleton, camera, [30]))
    assert image.shape == (320, 320, 3) and image.dtype == np.uint8
    dark = image.max(axis=2) < 100
    points = camera.project(session.skeleton[30])
    for name in ("Hip", "SpineG", "SpineH"):
        x, y = points[KEYPOINTS.index(name)].round().astype(int)
        assert dark[y - 5 : y + 6, x - 5 : x + 6].any()
    rows, columns = np.nonzero(dark)
    assert rows.min() > points[:, 1].min() - 12 and rows.max() < points[:, 1].max() + 12
    assert columns.min() > points[:, 0].min() - 12 and columns.max() < points[:, 0].max() + 12


def test_frames_are_drawn_in_the_order_asked(session):
    camera = session.calibration.cameras["side"]
    some = list(render_view(session.skeleton, camera, [40, 3]))
    assert np.array_equal(some[0], next(render_view(session.skeleton, camera, [40])))
    assert not np.array_equal(some[0], some[1])
