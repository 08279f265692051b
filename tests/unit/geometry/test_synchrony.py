"""What is read around sampled frames, and what it tells about lags."""

import numpy as np
import pytest

from mousegpt.core.poses import Poses, build_poses
from mousegpt.geometry.neighbors import Neighbors, gather_neighbors, measure_motion
from mousegpt.geometry.sightlines import Sight
from mousegpt.geometry.synchrony import Lag, find_lag, undo_lag

from .planted import RIG, VIEWS, change_pixels, delay, see


def count(n_frames: int = 40, *, frames: np.ndarray | None = None) -> Poses:
    """Two views of two points whose x is the number of the frame."""
    frames = np.arange(n_frames) if frames is None else frames
    position = np.zeros((2, len(frames), 2, 2, 1))
    position[:, :, 0] = frames[None, :, None, None]
    return build_poses(
        position, keypoints=["a", "b"], views=["top", "side"], fps=30, unit="px", frames=frames
    )


def find(poses: Poses) -> Lag | None:
    neighbors = gather_neighbors(poses)
    sights = [Sight(*pair) for pair in zip(RIG.cameras.values(), neighbors.now, strict=True)]
    return find_lag(sights, neighbors, tolerance_px=3.2)


def test_neighbours_are_what_was_shown_some_frames_later() -> None:
    found = gather_neighbors(count(), max_frames=10)
    assert found.lags == tuple(range(-6, 7))
    assert found.pixels.shape == (2, 13, 10, 2, 2)
    for place, lag in enumerate(found.lags):
        wanted = found.frames + lag
        expected = np.where((wanted >= 0) & (wanted < 40), wanted, np.nan)
        np.testing.assert_array_equal(found.pixels[0, place, :, 0, 0], expected)
    assert found.now.shape == (2, 20, 2)


def test_frames_that_are_not_there_are_unknown() -> None:
    frames = np.array([0, 1, 2, 3, 7, 8, 9, 10])
    found = gather_neighbors(count(frames=frames))
    place = found.frames.tolist().index(3)
    shown = found.pixels[0, :, place, 0, 0]
    np.testing.assert_array_equal(shown[6:], [3, np.nan, np.nan, np.nan, 7, 8, 9])
    assert gather_neighbors(count(frames=5 * frames)).lags == (0,)


def test_doubtful_points_are_not_read() -> None:
    poses = count()
    confidence = np.where(poses["keypoint"] == "a", 0.1, 1.0) * np.ones((2, 40, 1, 2))
    doubtful = poses.assign(confidence=(("view", "time", "individual", "keypoint"), confidence))
    found = gather_neighbors(doubtful)
    assert np.isfinite(found.now).all(axis=-1).mean() == 0.5


def test_frames_with_motion_are_preferred() -> None:
    poses = count(80)
    still = np.where(poses["frame"] % 8 == 3, poses["frame"], 0)
    position = poses["position"].values.copy()
    position[:, :, 0] = still[None, :, None, None]
    found = gather_neighbors(
        poses.assign(position=(poses["position"].dims, position)), max_frames=10
    )
    assert set(found.frames % 8) <= {1, 5}  # two frames from the jump: there and back


def test_motion_is_the_median_step_whoever_is_missing() -> None:
    shown = np.zeros((5, 3, 4, 2))
    shown[..., 0] = 2.0 * np.arange(5)[:, None, None]  # 2 px a frame
    shown[0, 1, 0] = np.nan
    shown[4, 1, 1] = 1e3
    shown[:, 2] = np.nan
    np.testing.assert_allclose(measure_motion(shown, (-2, -1, 0, 1, 2)), [2.0, 2.0, 0.0])
    assert measure_motion(shown[2:3], (0,)).tolist() == [0.0] * 3


def test_a_lag_is_undone() -> None:
    frames = np.arange(20, 30)
    late = 100.0 + frames[None, :] + np.arange(-3, 4)[:, None]
    pixels = np.repeat(late[None, ..., None, None], 2, axis=-1)
    found = undo_lag(Neighbors(pixels, tuple(range(-3, 4)), frames), Lag(0, 0, 2, start=4))
    np.testing.assert_array_equal(found.now[0, :, 0], 100 + frames + 2 * (np.arange(10) >= 4))
    assert np.isnan(found.pixels[0, -2:, 4:]).all()


@pytest.mark.parametrize("n_frames", [-5, -2, 1, 3])
def test_a_lag_is_measured(n_frames: int) -> None:
    poses = change_pixels(see(), "side3", lambda pixels: delay(pixels, n_frames))
    assert find(poses) == Lag(VIEWS.index("side3"), n_frames, n_frames, 0)


def test_views_in_time_have_no_lag() -> None:
    assert find(see()) is None


def test_a_lag_can_end() -> None:
    def catch_up(pixels: np.ndarray) -> np.ndarray:
        return np.concatenate([delay(pixels, 2)[:120], pixels[120:]])

    lag = find(change_pixels(see(), "top", catch_up))
    assert lag is not None
    assert (lag.view, lag.before, lag.after) == (VIEWS.index("top"), 2, 0)
    assert abs(lag.start - 120) < 20


def test_a_mouse_that_sits_still_tells_nothing() -> None:
    rng = np.random.default_rng(0)
    still = np.tile(rng.uniform(-3, 3, (1, 8, 3)) + [0, 0, 3], (240, 1, 1))
    poses = change_pixels(see(points=still), "top", lambda pixels: delay(pixels, 3))
    assert find(poses) is None
