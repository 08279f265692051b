import numpy as np
import pytest

from mousegpt.synthetic.motion.gait import take_steps

FPS = 200
OFFSETS = np.array([[4.0, 0.7], [4.0, -0.7], [0.5, 1.1], [0.5, -1.1]])


def walk(speed, seconds=6.0, raised=None, start=0.0):
    """Steps of a body that goes straight along x at a speed (cm/s), after a start (s)."""
    times = np.arange(round(seconds * FPS)) / FPS
    x = speed * np.maximum(times - start, 0)
    neutral = np.zeros((len(times), 4, 3))
    neutral[..., :2] = OFFSETS
    neutral[..., 0] += x[:, None]
    lifted = np.zeros((len(times), 4)) if raised is None else raised
    steps = take_steps(neutral, lifted, np.gradient(x) * FPS, times, fps=FPS, scale=1.0)
    return steps, neutral


def test_without_motion_nobody_steps():
    steps, neutral = walk(0.0)
    assert (steps.swing == 1).all()
    np.testing.assert_allclose(steps.places[..., :2], neutral[..., :2])


@pytest.mark.parametrize("speed", [3.0, 8.0, 20.0, 32.0, -4.0])
def test_standing_paws_stay_and_paws_follow_the_body(speed):
    steps, neutral = walk(speed)
    for paw in range(4):
        stands = (steps.swing[1:, paw] == 1) & (steps.swing[:-1, paw] == 1)
        moved = np.abs(np.diff(steps.places[:, paw, 0]))[stands]
        assert moved.max() < 1e-9
    inner = slice(FPS, -FPS)
    assert np.abs(steps.places[inner, :, 0] - neutral[inner, :, 0]).max() < 1.8


@pytest.mark.parametrize(("speed", "low", "high"), [(6, 2.0, 3.2), (15, 4, 6), (30, 6, 8)])
def test_stride_frequency_grows_with_speed(speed, low, high):
    steps, _ = walk(float(speed))
    assert low < np.median(np.diff(steps.cycle)) * FPS < high


def test_slow_paws_follow_the_lateral_sequence():
    steps, _ = walk(6.0)
    lifts = [np.flatnonzero(np.diff(steps.swing[:, paw]) < -0.5) for paw in range(4)]
    first = lifts[2][3]
    order = sorted(range(4), key=lambda paw: lifts[paw][lifts[paw] >= first][0])
    assert order == [2, 0, 3, 1]  # left hind, left fore, right hind, right fore


def test_diagonal_paws_trot_together():
    steps, _ = walk(26.0)
    swings = steps.swing[FPS:-FPS] < 1
    assert (swings[:, 0] == swings[:, 3]).mean() > 0.95
    assert (swings[:, 0] == swings[:, 2]).mean() < 0.4


def test_duty_falls_with_speed_to_a_flight_phase():
    shares = []
    for speed in (5.0, 20.0, 38.0):
        stands = walk(speed)[0].swing[FPS:-FPS] == 1
        shares.append(stands.mean())
    assert 0.65 < shares[0] < 0.85
    assert shares[0] > shares[1] > shares[2]
    assert (~stands.any(axis=1)).mean() > 0.02


def test_a_step_begun_is_ended_though_the_body_stops():
    times = np.arange(600) / FPS
    x = np.minimum(8 * times, 8.0)
    neutral = np.zeros((600, 4, 3))
    neutral[..., :2] = OFFSETS
    neutral[..., 0] += x[:, None]
    steps = take_steps(neutral, np.zeros((600, 4)), np.gradient(x) * FPS, times, fps=FPS, scale=1.0)
    assert (steps.swing[300:] == 1).all()


def test_a_raised_paw_lands_where_it_is_neutral():
    raised = np.zeros((round(6 * FPS), 4))
    raised[FPS : 3 * FPS, 0] = 1
    steps, neutral = walk(2.0, raised=raised)
    land = 3 * FPS
    assert abs(steps.places[land, 0, 0] - neutral[land, 0, 0]) < 0.1
