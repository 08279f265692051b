"""Cameras against OpenCV and against themselves."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.errors import CalibrationError

K = np.array([[1500.0, 3.0, 640.0], [0.0, 1490.0, 500.0], [0.0, 0.0, 1.0]])
LENS = np.array([-0.3, 0.12, 1e-3, -2e-3, 0.05])
T = np.array([1.0, -2.0, 50.0])


def aim(lens: np.ndarray = LENS, vector: tuple[float, float, float] = (0.2, -0.4, 0.1)) -> Camera:
    rotation = cv2.Rodrigues(np.array(vector))[0]
    return Camera("view", K, lens, rotation, T, (1280, 1024))


@pytest.fixture
def points() -> np.ndarray:
    return np.random.default_rng(0).uniform(-10, 10, (200, 3))


@pytest.mark.parametrize("lens", [LENS, np.zeros(5)])
def test_projection_agrees_with_opencv(lens: np.ndarray, points: np.ndarray) -> None:
    camera = aim(lens)
    no_skew = K.copy()
    no_skew[0, 1] = 0  # OpenCV ignores skew
    camera = Camera("view", no_skew, lens, camera.R, camera.t, camera.size)
    expected, _ = cv2.projectPoints(points, camera.R, camera.t, no_skew, lens)
    np.testing.assert_allclose(camera.project(points), expected[:, 0], atol=1e-9)


def test_the_derivative_of_the_projection_is_the_slope_of_the_projection(
    points: np.ndarray,
) -> None:
    camera, step = aim(), 1e-5
    slopes = [
        (camera.project(points + step * axis) - camera.project(points - step * axis)) / (2 * step)
        for axis in np.eye(3)
    ]
    np.testing.assert_allclose(
        camera.differentiate_projection(points), np.stack(slopes, axis=-1), atol=1e-5
    )


@settings(max_examples=50, deadline=None)
@given(
    st.tuples(*[st.floats(-1, 1)] * 3),
    st.lists(st.tuples(*[st.floats(-8, 8)] * 3), min_size=1, max_size=5),
)
def test_undistorted_pixels_are_the_directions_of_their_points(
    vector: tuple[float, float, float], world: list[tuple[float, float, float]]
) -> None:
    camera, points = aim(vector=vector), np.array(world)
    in_camera = points @ camera.R.T + camera.t
    expected = in_camera[:, :2] / in_camera[:, 2:]
    np.testing.assert_allclose(camera.undistort(camera.project(points)), expected, atol=1e-7)


def test_what_is_behind_the_camera_or_unknown_has_no_pixel() -> None:
    camera = aim()
    behind = camera.center - 10 * camera.direction
    seen = camera.project(np.stack([behind, np.full(3, np.nan), camera.center + camera.direction]))
    assert np.isnan(seen[:2]).all()
    np.testing.assert_allclose(seen[2], K[:2, 2])
    assert np.isnan(camera.differentiate_projection(behind)).all()


def test_pixels_that_the_lens_cannot_make_are_unknown() -> None:
    strong = aim(np.array([-0.5, 0.0, 0.0, 0.0, 0.0]))  # nothing is seen beyond r = 0.54
    assert np.isnan(strong.undistort(np.array([K[0, 2] + 1500.0, K[1, 2]]))).all()


@pytest.mark.parametrize(
    ("R", "match"),
    [(np.diag([1.0, 1.0, -1.0]), "not a rotation"), (2 * np.eye(3), "not a rotation"),
     (np.eye(2), "shape"), (np.full((3, 3), np.nan), "finite")],
)  # fmt: skip
def test_impossible_cameras_are_refused(R: np.ndarray, match: str) -> None:
    with pytest.raises(CalibrationError, match=match):
        Camera("view", K, LENS, R, T, (1280, 1024))


def test_views_are_selected_in_the_order_asked() -> None:
    calibration = Calibration({"a": aim(), "b": aim(), "c": aim()})
    assert calibration.select(("c", "a")).views == ("c", "a")
    with pytest.raises(CalibrationError, match=r"no camera for the view\(s\) d"):
        calibration.select(("a", "d"))
