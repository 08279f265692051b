import numpy as np
import pytest

from mousegpt.core.poses import build_poses
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.kinematics.cleaning import clean_poses, estimate_noise, fill_gaps, smooth_stretches

RNG = np.random.default_rng(0)


def keypoint(poses, name="Snout"):
    return poses["position"].sel(keypoint=name).isel(individual=0).to_numpy()


def test_clean_uniform_motion_stays_as_it_is(walk, as_poses):
    points = walk(speed=9.0)
    cleaned = clean_poses(as_poses(points))
    np.testing.assert_allclose(keypoint(cleaned), points[:, KEYPOINTS.index("Snout")], atol=1e-9)


def test_the_given_poses_are_not_changed(walk, as_poses):
    poses = as_poses(walk() + RNG.normal(0, 0.1, (100, 24, 3)))
    before = poses.copy(deep=True)
    clean_poses(poses)
    assert poses.identical(before)


def test_doubtful_points_go_and_points_without_confidence_stay(walk, as_poses):
    points = walk(30)
    confidence = np.full((30, 24, 1), np.nan)
    confidence[10:20, 0] = 0.1
    confidence[20, 0] = 0.9
    cleaned = clean_poses(as_poses(points, confidence=confidence))
    assert np.flatnonzero(np.isnan(keypoint(cleaned, "EarL")[:, 0])).tolist() == list(range(10, 20))
    assert np.isfinite(keypoint(cleaned, "EarR")).all()


def test_a_jump_of_one_frame_is_dropped_and_filled(walk, as_poses):
    points = walk(30, speed=5.0)
    truth = points[:, 2].copy()
    points[12, 2] += 20
    np.testing.assert_allclose(keypoint(clean_poses(as_poses(points))), truth, atol=1e-9)
    kept = clean_poses(as_poses(points), max_speed_body_lengths=None, smoothing="none")
    assert keypoint(kept)[12, 0] == pytest.approx(truth[12, 0] + 20)


def test_long_gaps_stay_unknown_and_nothing_bleeds_over_them(as_poses, walk):
    points = walk(60)
    points[30:, 2, 0] += 4  # behind the gap the snout is elsewhere
    points[20:40, 2] = np.nan
    snout = keypoint(clean_poses(as_poses(points)))
    assert np.isnan(snout[20:40]).all()
    assert snout[:20, 0] == pytest.approx(7.9)
    assert snout[40:, 0] == pytest.approx(11.9)


def test_gaps_are_measured_in_frames_of_the_video():
    values = np.array([0.0, np.nan, 10.0])
    assert np.isnan(fill_gaps(values, np.array([0, 5, 10]), 3)[1])
    assert fill_gaps(values, np.array([0, 5, 10]), 9)[1] == pytest.approx(5)


def test_gaps_at_the_ends_are_never_filled():
    values = np.array([np.nan, 1.0, 2.0, np.nan])
    np.testing.assert_array_equal(fill_gaps(values, np.arange(4), 10), values)


@pytest.mark.parametrize("smoothing", ["savgol", "median"])
def test_smoothing_breaks_at_missing_frames(smoothing):
    frames = np.concatenate([np.arange(20), np.arange(120, 140)])
    values = np.where(frames < 100, 0.0, 7.0)
    np.testing.assert_allclose(smooth_stretches(values, frames, 9, smoothing), values, atol=1e-9)


def test_savgol_keeps_parabolas_and_lessens_noise():
    time = np.linspace(-1, 1, 101)
    frames = np.arange(101)
    np.testing.assert_allclose(smooth_stretches(time**2, frames, 11, "savgol"), time**2, atol=1e-9)
    noise = np.random.default_rng(1).normal(0, 1, 101)
    assert smooth_stretches(noise, frames, 11, "savgol").std() < 0.6


@pytest.mark.parametrize("sd", [0.02, 0.1])
@pytest.mark.parametrize("speed", [0.0, 30.0])
def test_noise_is_found_whatever_the_motion(walk, as_poses, sd, speed):
    points = walk(1000, speed=speed, turn_deg_per_s=60)
    noisy = as_poses(points + np.random.default_rng(2).normal(0, sd, points.shape))
    np.testing.assert_allclose(estimate_noise(noisy), sd, rtol=0.2)


def test_cleaned_poses_remember_their_noise(walk, as_poses):
    points = walk(500)
    noisy = as_poses(points + np.random.default_rng(3).normal(0, 0.05, points.shape))
    once = clean_poses(noisy, smoothing_window_s=0.2)
    np.testing.assert_allclose(estimate_noise(once), estimate_noise(noisy))
    np.testing.assert_allclose(estimate_noise(clean_poses(once)), estimate_noise(noisy))


def test_noise_of_a_few_frames_is_unknown(walk, as_poses):
    assert estimate_noise(as_poses(walk(3))).isnull().all()
    assert estimate_noise(as_poses(walk(40), frames=np.arange(40) * 10)).isnull().all()


def test_views_are_cleaned_each_by_itself(walk):
    points = walk(30)[..., :2].transpose(0, 2, 1)[None, ..., None]
    both = np.concatenate([points, 3 * points])
    both[1, 12, :, 2] += 60
    poses = build_poses(both, keypoints=KEYPOINTS, fps=50, unit="px", views=["top", "left"])
    cleaned = clean_poses(poses)
    assert cleaned["position"].dims == poses["position"].dims
    np.testing.assert_allclose(
        cleaned["position"][1, 12, :, 2], 3 * cleaned["position"][0, 12, :, 2]
    )
