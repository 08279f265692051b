import numpy as np
import pandas as pd
import pytest

from mousegpt.core.facts import FACTS
from mousegpt.core.recording import Arena
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.kinematics.facts import compute_facts

NAMES = [fact.name for fact in FACTS]


def middle(table: pd.DataFrame) -> pd.Series:
    return table.iloc[len(table) // 2]


@pytest.mark.parametrize(("speed", "heading"), [(8.0, 0.0), (-3.0, 120.0), (0.0, -60.0)])
def test_uniform_motion_has_exactly_its_speed(walk, as_poses, speed, heading):
    facts = middle(compute_facts(as_poses(walk(speed=speed, heading_deg=heading))))
    assert facts["progression"] == pytest.approx(speed, abs=1e-6)
    assert facts["hind_progression"] == pytest.approx(speed, abs=1e-6)
    assert facts["sideways"] == pytest.approx(0, abs=1e-6)
    assert facts["heading"] == pytest.approx(heading)
    assert facts["head_speed_relative"] == pytest.approx(0, abs=1e-6)
    assert facts["hindpaw_left_speed"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("rate", [-200.0, -40.0, 10.0, 90.0])
def test_a_turning_body_has_its_turning_rate(walk, as_poses, rate):
    fps = 100.0
    facts = middle(compute_facts(as_poses(walk(fps=fps, turn_deg_per_s=rate), fps=fps)))

    def shrink(n):  # a line fitted to n points of a circle, against the tangent
        k = np.arange(-(n // 2), n // 2 + 1) / fps
        angle = np.radians(rate)
        return (k @ np.sin(angle * k)) / (k @ k) / angle, np.cos(angle * k).mean()

    expected = rate * shrink(25)[0] / shrink(11)[1]
    assert facts["turning_rate"] == pytest.approx(expected, rel=1e-4)
    assert facts["turning_rate"] == pytest.approx(rate, rel=0.03)


def test_a_rising_fore_body_has_its_vertical_speed(walk, as_poses):
    points = walk()
    points[:, KEYPOINTS.index("SpineF"), 2] += 4.0 * np.arange(100) / 50
    assert middle(compute_facts(as_poses(points)))["vertical_speed"] == pytest.approx(4.0)


def test_single_frames_have_posture_but_no_motion(walk, as_poses):
    facts = compute_facts(as_poses(walk(3), frames=np.array([10, 500, 900])))
    assert facts["trunk_pitch"].notna().all()
    assert facts["trunk_pitch_sd"].min() > 1
    assert facts[["progression", "turning_rate", "head_speed_relative"]].isna().all(axis=None)


def test_the_sd_of_every_fact_is_its_scatter(walk, as_poses):
    """Many noisy copies of one posture: value minus truth over sd has a spread of one."""
    rng = np.random.default_rng(5)
    points = walk(3000, speed=0.5, heading_deg=20)
    noisy = as_poses(points + rng.normal(0, 0.06, points.shape))
    frames = np.arange(50, 2950, 30)
    arena = Arena(shape="circle", width_cm=200)
    kwargs = {"arena": arena, "systematic_error": 0}
    facts = compute_facts(noisy, frames, **kwargs)
    silent = as_poses(points).assign(noise=(("keypoint", "individual"), np.zeros((24, 1))))
    truth = compute_facts(silent, frames, **kwargs)
    for name in NAMES:
        score = (facts[name] - truth[name]) / facts[f"{name}_sd"]
        if name.endswith("_speed") or name == "head_speed_relative":
            assert (score.abs() < 2).mean() > 0.9, name  # one-sided, meant to be cautious
        else:
            assert 0.75 < score.std() < 1.35, name
            assert abs(score.mean()) < 0.5, name
