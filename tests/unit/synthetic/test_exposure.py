from dataclasses import fields, replace

import numpy as np
import pytest

from mousegpt.synthetic.anatomy import N_TAIL, Body
from mousegpt.synthetic.body import Carriage, Paws, Stance, pose_skeleton
from mousegpt.synthetic.exposure import blend_stance, expose_stance

FPS = 60


def make_stance(speed_cm_s, n=10):
    """Slide a stiff mouse along x."""
    x = speed_cm_s * np.arange(n) / FPS
    channels = {f.name: np.full(n, 0.2) for f in fields(Carriage)} | {
        "x": x, "hip_height": np.full(n, 2.2), "breath": np.ones(n),
        "tail_headings": np.full((n, N_TAIL), np.pi),
    }  # fmt: skip
    places = np.zeros((n, 4, 3))
    places[..., 0] = x[:, None] + np.array([4.3, 4.3, 0.9, 0.9])
    return Stance(Carriage(**channels), Paws(places, np.zeros((n, 4)), np.zeros((n, 4))))


def test_a_slow_mouse_is_sharp_and_a_fast_one_blurred():
    for speed, n_moments in ((0, 1), (5, 1), (60, 3)):
        stance = make_stance(speed)
        keypoints = pose_skeleton(stance, Body())
        seen = expose_stance(stance, keypoints, 4, fps=FPS, exposure_ms=4)
        assert len(seen) == n_moments


def test_the_exposure_is_centred_on_its_frame_and_lasts_as_long_as_told():
    stance = make_stance(60)
    seen = expose_stance(stance, pose_skeleton(stance, Body()), 4, fps=FPS, exposure_ms=6)
    assert seen.carriage.x.mean() == pytest.approx(stance.carriage.x[4])
    assert np.ptp(seen.carriage.x) == pytest.approx(60 * 0.006 * 2 / 3)  # thirds, at their middles


def test_the_first_and_last_frames_have_moments_too():
    stance = make_stance(60)
    keypoints = pose_skeleton(stance, Body())
    for frame in (0, len(stance) - 1):
        assert np.isfinite(expose_stance(stance, keypoints, frame, fps=FPS).carriage.x).all()


def test_headings_are_blended_the_short_way_round():
    stance = make_stance(0, n=2)
    turned = replace(stance.carriage, yaw=np.array([3.1, -3.1]))
    blended = blend_stance(Stance(turned, stance.paws), np.array([0.5]))
    assert abs(blended.carriage.yaw[0]) == pytest.approx(np.pi)
