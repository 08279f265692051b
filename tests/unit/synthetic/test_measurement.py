import numpy as np
import pytest

from mousegpt.synthetic.measurement import build_exact_poses, measure_poses


@pytest.fixture(scope="module")
def exact():
    keypoints = np.random.default_rng(0).uniform(0, 8, (500, 24, 3))
    return build_exact_poses(keypoints, fps=60), keypoints


def test_exact_poses_hold_the_keypoints(exact):
    poses, keypoints = exact
    kept = poses["position"].sel(individual="mouse").transpose("time", "keypoint", "space")
    assert np.array_equal(kept.to_numpy(), keypoints)
    assert poses.attrs["unit"] == "cm"


def test_noise_has_the_size_asked_for_and_gaps_their_share(exact):
    poses, _ = exact
    measured = measure_poses(poses, noise_cm=0.1, missing=0.2, seed=1)
    error = (measured["position"] - poses["position"]).to_numpy()
    assert np.nanstd(error) == pytest.approx(0.1, rel=0.02)
    assert np.isnan(error).mean() == pytest.approx(0.2, abs=0.01)
    lost = np.isnan(measured["position"]).any("space")
    assert float(measured["confidence"].where(lost).max()) < 0.3
    assert float(measured["confidence"].where(~lost).min()) > 0.8


def test_the_same_seed_measures_the_same(exact):
    poses, _ = exact
    assert measure_poses(poses, seed=3).identical(measure_poses(poses, seed=3))
    assert not measure_poses(poses, seed=3).identical(measure_poses(poses, seed=4))
    clean = measure_poses(poses, noise_cm=0, missing=0)
    assert np.array_equal(clean["position"], poses["position"])
