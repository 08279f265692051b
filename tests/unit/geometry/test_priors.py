"""Bones and smooth tracks, against solutions in closed form and by dense algebra."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from mousegpt.core.skeleton import BONES, KEYPOINTS
from mousegpt.geometry.bones import hold_lengths, measure_bones, plan_bones
from mousegpt.geometry.priors import move_to_bones, smooth_tracks
from mousegpt.geometry.smoothing import smooth_track

PAIRS = np.array([[0, 1, 2], [1, 3, 4], [2, 4, 5]])  # place of each element among xx, xy, …


def make_covariance(n: int, seed: int = 0, size_cm: float = 0.1) -> np.ndarray:
    """Covariances that differ in all directions, shape (n, 6)."""
    factors = size_cm * np.random.default_rng(seed).normal(size=(n, 3, 4))
    full = factors @ np.swapaxes(factors, 1, 2)
    return full[:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]]


def make_round(n: int, *shape: int, variance: float = 0.01) -> np.ndarray:
    """The same variance in all directions, shape (n, 6, …)."""
    covariance = np.zeros((n, 6, *shape))
    covariance[:, [0, 3, 5]] = variance
    return covariance


def test_smoothing_once_is_the_solution_of_the_normal_equations() -> None:
    n = 40
    covariance = make_covariance(n)
    position = np.random.default_rng(1).normal(size=(n, 3))
    known = np.ones(n, bool)
    known[[7, 8, 21]] = False
    smooth, variance = smooth_track(
        np.where(known[:, None], position, np.nan), covariance, np.arange(n), 1
    )
    precision = np.zeros((3 * n, 3 * n))
    for t in np.flatnonzero(known):
        part = slice(3 * t, 3 * t + 3)
        precision[part, part] = np.linalg.inv(covariance[t, PAIRS])
    lively = covariance[known][:, [0, 3, 5]].mean()  # the first guess is the noise
    second = np.kron(np.diff(np.eye(n), 2, axis=0), np.eye(3))
    inverse = np.linalg.inv(precision + second.T @ second / lively)
    expected = (inverse @ precision @ position.ravel()).reshape(n, 3)
    np.testing.assert_allclose(smooth[known], expected[known], rtol=1e-8)
    np.testing.assert_allclose(variance[known], np.diag(inverse).reshape(n, 3)[known], rtol=1e-8)
    assert np.isnan(smooth[~known]).all()


def test_straight_motion_stays_and_noise_on_it_goes() -> None:
    time = np.arange(600.0)
    line = np.stack([0.1 * time, -0.05 * time, 3 + 0 * time], axis=-1)[:, :, None, None]
    covariance = make_round(600, 1, 1)
    smooth, _ = smooth_tracks(line, covariance, np.arange(600))
    np.testing.assert_allclose(smooth, line, atol=1e-9)
    noisy = line + np.random.default_rng(0).normal(0, 0.1, line.shape)
    smooth, sd = smooth_tracks(noisy, covariance, np.arange(600))
    error = np.sqrt(((smooth - line) ** 2).mean())
    assert error < 0.1 / 3  # a straight line through ten frames or more
    assert 0.5 * error < sd.mean() < 1.5 * error


def test_a_sudden_start_is_kept() -> None:
    time = np.arange(400.0)
    track = np.where(time[:, None] < 200, 0.0, 0.8 * (time[:, None] - 200)) * np.ones(3)
    noisy = track + np.random.default_rng(0).normal(0, 0.1, track.shape)
    smooth, _ = smooth_tracks(noisy[..., None, None], make_round(400, 1, 1), np.arange(400))
    error = np.linalg.norm(smooth[..., 0, 0] - track, axis=1)
    assert error[190:210].max() < 0.35  # 0.8 cm a frame would be 4 cm in five frames
    assert np.median(error[:180]) < 0.06  # and rest is still rest: 0.154 before


def test_tracks_break_at_long_gaps_and_missing_frames() -> None:
    position = np.random.default_rng(0).normal(size=(60, 3))
    covariance = make_covariance(60)
    frames = np.where(np.arange(60) < 25, np.arange(60), np.arange(60) + 100)
    position[40:55] = np.nan
    smooth, _ = smooth_track(position, covariance, frames, 3)
    for part in (slice(0, 25), slice(25, 40), slice(55, 60)):
        alone, _ = smooth_track(position[part], covariance[part], frames[part], 3)
        np.testing.assert_array_equal(smooth[part], alone)
    assert np.isnan(smooth[40:55]).all()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_short_tracks_stay_as_they_are(n: int) -> None:
    position = np.random.default_rng(0).normal(size=(n, 3))
    smooth, variance = smooth_track(position, make_covariance(n), np.arange(n), 3)
    np.testing.assert_allclose(smooth, position, rtol=1e-9)
    np.testing.assert_allclose(variance, make_covariance(n)[:, [0, 3, 5]], rtol=1e-9)


def test_every_keypoint_but_one_has_a_bone_towards_the_root() -> None:
    plan = plan_bones(KEYPOINTS, BONES)
    assert len(plan) == len(KEYPOINTS) - 1  # the ring of ears, snout and neck is opened
    assert len(set(plan[:, 0])) == len(plan)
    place = {child: i for i, (child, _) in enumerate(plan)}
    assert all(i < place.get(parent, len(plan)) for i, (_, parent) in enumerate(plan))


def test_both_ends_give_way_by_their_share() -> None:
    position = np.array([[[0.0, 2.6], [0, 0], [0, 0]]])  # (time, 3, keypoint)
    covariance = np.concatenate(
        [make_round(1, 1, variance=0.04), make_round(1, 1, variance=0.01)], axis=2
    )
    plan = np.array([[1, 0]])
    moved = hold_lengths(position, covariance, plan, np.array([2.0]), np.array([0.01]))
    # 0.6 cm too long; variances 0.04, 0.01 and 0.01 take 4/6, 1/6 and 1/6 of it
    np.testing.assert_allclose(moved[0, 0], [0.4, 2.5], atol=1e-12)
    np.testing.assert_allclose(moved[0, 1:], 0, atol=1e-12)


def test_a_tree_of_bones_is_solved_exactly() -> None:
    rng = np.random.default_rng(0)
    plan = np.array([[3, 1], [4, 1], [1, 0], [2, 0]])
    position = rng.normal(0, 2, (1, 3, 5))
    covariance = np.moveaxis(make_covariance(5, size_cm=0.2), 0, 1)[None]
    difference = position[0][:, plan[:, 0]] - position[0][:, plan[:, 1]]
    length = np.linalg.norm(difference, axis=0) * rng.uniform(0.95, 1.05, 4)
    variance = rng.uniform(0.001, 0.01, 4)
    whiten = [np.linalg.cholesky(np.linalg.inv(c[PAIRS])).T for c in covariance[0].T]

    def misfit(flat: np.ndarray) -> np.ndarray:
        moved = flat.reshape(3, 5)
        lengths = np.linalg.norm(moved[:, plan[:, 0]] - moved[:, plan[:, 1]], axis=0)
        off = [w @ (moved[:, k] - position[0, :, k]) for k, w in enumerate(whiten)]
        return np.concatenate([*off, (lengths - length) / np.sqrt(variance)])

    expected = least_squares(misfit, position.ravel(), xtol=1e-14, ftol=1e-14).x.reshape(3, 5)
    moved = hold_lengths(position, covariance, plan, length, variance)
    np.testing.assert_allclose(moved[0], expected, atol=1e-4)


def test_lengths_are_measured_without_the_noise() -> None:
    rng = np.random.default_rng(0)
    n, length, spread, noise = 20_000, 3.0, 0.3, 0.1
    along = rng.normal(size=(n, 3))
    along *= (length + spread * rng.normal(size=(n, 1))) / np.linalg.norm(along, axis=1)[:, None]
    position = np.stack([np.zeros((n, 3)), along], axis=-1) + rng.normal(0, noise, (n, 3, 2))
    position[::7, :, 1] = np.nan
    covariance = make_round(n, 2, variance=noise**2)
    found, variance = measure_bones(position, covariance, np.array([[1, 0]]))
    assert found[0] == pytest.approx(length, rel=0.01)
    assert np.sqrt(variance[0]) == pytest.approx(spread, rel=0.05)
    assert np.isnan(measure_bones(position[:20], covariance[:20], np.array([[1, 0]]))[0]).all()


def test_unknown_points_stay_unknown_and_hold_nothing() -> None:
    position = np.random.default_rng(0).normal(size=(50, 3, 3, 1))
    position[:, :, 2] = np.nan
    names, bones = ["a", "b", "c"], [("a", "c"), ("c", "b"), ("b", "other")]
    moved = move_to_bones(position, make_round(50, 3, 1), names, bones)
    np.testing.assert_allclose(moved, position)
