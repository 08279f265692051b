import numpy as np
import pytest

from mousegpt.kinematics.windows import fit_lines, follow_trunk, gather_windows, measure_speed

NOISE = np.array([0.5])


def line(n=41, slope=3.0, fps=20.0):
    points = np.zeros((n, 1, 3))
    points[:, 0, 0] = 2 + slope * np.arange(n) / fps
    return points


def test_windows_hold_the_frames_around():
    points = line()
    windows = gather_windows(points, np.arange(41), np.array([0, 10]), 2)
    np.testing.assert_array_equal(windows[1], points[8:13])
    assert np.isnan(windows[0, :2]).all()


def test_missing_frames_are_not_taken_for_their_neighbours():
    windows = gather_windows(line(3), np.array([0, 5, 6]), np.array([5]), 1)
    assert np.isnan(windows[0, 0]).all()
    assert np.isfinite(windows[0, 1:]).all()


@pytest.mark.parametrize("sampled", [0, 20, 40])
def test_lines_are_fitted_exactly_also_at_the_ends(sampled):
    points = line()
    fit = fit_lines(gather_windows(points, np.arange(41), np.array([sampled]), 4), 20.0, NOISE)
    np.testing.assert_allclose(fit.position, points[[sampled]], atol=1e-9)
    np.testing.assert_allclose(fit.velocity[0, 0], [3, 0, 0], atol=1e-9)


def test_standard_deviations_are_those_of_least_squares():
    n, fps = 9, 20.0
    fit = fit_lines(gather_windows(line(), np.arange(41), np.array([20]), 4), fps, NOISE)
    assert fit.position_sd.item() == pytest.approx(0.5 / np.sqrt(n))
    assert fit.velocity_sd.item() == pytest.approx(0.5 * fps * np.sqrt(12 / (n * (n**2 - 1))))


def test_a_missing_middle_is_unknown_and_few_neighbours_give_no_velocity():
    points = line()
    points[20] = np.nan
    points[[9, 11]] = np.nan
    fit = fit_lines(gather_windows(points, np.arange(41), np.array([20, 10]), 1), 20.0, NOISE)
    assert np.isnan(fit.position[0]).all()
    np.testing.assert_array_equal(fit.position[1], points[10])
    assert np.isnan(fit.velocity).all()


def test_speed_of_a_stroke_is_its_root_mean_square():
    fps, hz, amplitude = 200.0, 2.0, 1.5
    time = np.arange(400) / fps
    points = np.zeros((400, 1, 3))
    points[:, 0, 1] = amplitude * np.sin(2 * np.pi * hz * time)
    windows = gather_windows(points, np.arange(400), np.array([200]), 50)  # half a second
    speed, _ = measure_speed(windows, fps, np.zeros(1), 3, lag_s=0.005)
    assert speed.item() == pytest.approx(2 * np.pi * hz * amplitude / np.sqrt(2), rel=0.02)


def test_noise_does_not_read_as_speed():
    noise = np.random.default_rng(0).normal(0, 0.5, (3000, 1, 3))
    windows = gather_windows(noise, np.arange(3000), np.arange(50, 2950, 10), 12)
    speed, sd = measure_speed(windows, 100.0, NOISE, 3)
    raw = np.sqrt(3) * 0.5 * 100 / 4 / np.sqrt(2)
    assert np.mean(speed**2) < 0.3 * raw**2
    assert (speed < 2 * sd).mean() > 0.9


def test_following_the_trunk_removes_its_shift_and_turn(walk):
    points = walk(21, fps=50.0, speed=10.0, turn_deg_per_s=20.0)
    windows = gather_windows(points, np.arange(21), np.array([10]), 5)
    followed = follow_trunk(windows, [3, 4, 7], np.radians([20.0]), 50.0)
    speed, _ = measure_speed(followed, 50.0, np.zeros(24), 3)
    assert np.all(speed < 0.1)
    ground, _ = measure_speed(windows, 50.0, np.zeros(24), 3)
    assert np.all(ground > 7)
