import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stickmouse.session import make_session

from mousegpt.core.facts import STATES, UNKNOWN, state_column
from mousegpt.core.skeleton import KEYPOINTS, mirror_keypoint
from mousegpt.kinematics.facts import compute_facts
from mousegpt.kinematics.posture import compute_posture
from mousegpt.kinematics.states import classify_states, cut_values, probability_below
from mousegpt.kinematics.thresholds import BANDS

from .conftest import make_poses, move, stand

COLUMNS = [state_column(state.name) for state in STATES]
LEGAL = {state.name: (*state.values, UNKNOWN) for state in STATES}


def test_every_band_belongs_to_a_state_and_names_its_values():
    states = {state.name: state for state in STATES}
    for name, bands in BANDS.items():
        assert set(bands.values) == set(states[name].values)
        assert len(bands.values) == len(bands.edges) + 1
        assert list(bands.edges) == sorted(bands.edges)
        assert bands.reason


def test_certainty_decides_at_a_border():
    value = np.array([0.0, 0.5, 0.5])
    sd = np.array([0.1, 0.1, 0.45])
    named = cut_values(value, sd, (0.0, 1.0), ("a", "b", "c"), 0.9)
    assert named.tolist() == [UNKNOWN, "b", UNKNOWN]


def test_probabilities_are_normal():
    assert probability_below(np.array([0.0]), np.array([1.0]), 1.0) == pytest.approx(0.8413, 1e-3)
    assert probability_below(np.array([0.0]), np.array([0.0]), 1.0) == 1


@pytest.mark.parametrize(("speed", "pace", "direction"), [
    (0.0, "still", "none"), (4.0, "slow", "forward"), (-4.0, "slow", "backward"),
    (11.0, "moderate", "forward"), (30.0, "rapid", "forward"),
])  # fmt: skip
def test_pace_and_direction(walk, as_poses, speed, pace, direction):
    table = compute_posture(as_poses(walk(speed=speed)))
    assert table["state_pace"].unique().tolist() == [pace]
    assert table["state_direction"].unique().tolist() == [direction]


@pytest.mark.parametrize(("rate", "expected"), [
    (0, "none"), (70, "left"), (-70, "right"), (200, "sharp left"), (-200, "sharp right"),
])  # fmt: skip
def test_turning(walk, as_poses, rate, expected):
    table = compute_posture(as_poses(walk(turn_deg_per_s=rate)))
    assert table["state_turning"].unique().tolist() == [expected]


def test_speeding_up_and_slowing_down(as_poses):
    time = np.arange(200) / 50
    for acceleration, expected in ((25.0, "speeding up"), (-25.0, "slowing down")):
        x = acceleration * time**2 / 2 + (0 if acceleration > 0 else 100) * time
        table = compute_posture(as_poses(move(stand(), x, 0 * x, 0 * x)))
        assert set(table["state_pace_trend"].iloc[1:-1]) == {expected}
        assert table["state_pace_trend"].iloc[0] == UNKNOWN


def test_paws_on_the_ground_in_the_air_and_at_the_face(walk, as_poses):
    points = walk(150)
    left, right = KEYPOINTS.index("ForepawL"), KEYPOINTS.index("ForepawR")
    points[50:, left] += [0, 0, 3]
    points[100:, right] = points[100:, KEYPOINTS.index("Snout")] + [-0.5, -0.3, 0.6]
    table = compute_posture(as_poses(points))
    assert table["state_forepaw_left"].iloc[[2, 7, 12]].tolist() == ["ground", "air", "air"]
    assert table["state_forepaw_right"].iloc[[2, 7, 12]].tolist() == ["ground", "ground", "face"]


@pytest.mark.parametrize(("height", "speed", "expected"), [
    (0.1, 0.0, "ground"), (0.1, 30.0, UNKNOWN), (0.5, 30.0, "air"),
    (0.5, 0.0, UNKNOWN), (1.2, 0.0, "air"),
])  # fmt: skip
def test_a_paw_that_goes_over_the_ground_does_not_stand(walk, as_poses, height, speed, expected):
    points = walk()
    paw = KEYPOINTS.index("HindpawL")
    points[:, paw, 0] += speed * np.arange(len(points)) / 50
    points[:, paw, 2] = height
    table = compute_posture(as_poses(points))
    assert set(table["state_hindpaw_left"].iloc[1:-1]) == {expected}


def test_where_a_step_is_too_short_to_time_the_height_decides(walk, as_poses):
    points = walk(fps=20.0)
    paw = KEYPOINTS.index("ForepawR")
    points[:, paw, 0] += 30 * np.arange(len(points)) / 20
    points[50:, paw, 2] = 0.5
    table = compute_posture(as_poses(points, fps=20.0))
    assert set(table["state_forepaw_right"].iloc[:10]) == {"ground"}
    assert set(table["state_forepaw_right"].iloc[-10:]) == {"air"}


def test_a_planted_paw_under_a_swaying_body_stays_still(as_poses):
    time = np.arange(300) / 50
    sway = 1.0 * np.sin(2 * np.pi * 1.0 * time)  # up to 6 cm/s
    points = move(stand(), sway, 0 * time, 0 * time)
    paws = [KEYPOINTS.index(name) for name in ("ForepawL", "ForepawR", "HindpawL", "HindpawR")]
    points[:, paws] = stand()[paws]
    table = compute_posture(as_poses(points))
    assert set(table["state_hindpaw_movement"]) == {"still"}
    assert "stepping" not in set(table["state_forepaw_movement"])


def test_seen_from_above_no_mouse_is_compact(walk, as_poses):
    points = walk(300)
    points[200:] = points[200:] * [0.6, 1, 1]
    assert "compact" in set(compute_posture(as_poses(points))["state_stretch"])
    assert "compact" not in set(compute_posture(as_poses(points[..., :2]))["state_stretch"])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(-20, 20), st.floats(-150, 150))
def test_mirrored_mice_swap_left_and_right(seed, speed, turning):
    rng = np.random.default_rng(seed)
    body = stand() + rng.normal(0, 0.4, (24, 3))
    time = np.arange(40) / 50
    points = move(body, speed * time, 0 * time, np.radians(turning) * time)
    swap = [KEYPOINTS.index(mirror_keypoint(name)) for name in KEYPOINTS]
    noise = (("keypoint", "individual"), np.full((24, 1), 0.03))
    table, mirrored = (
        compute_posture(make_poses(p).assign(noise=noise))
        for p in (points, (points * [1, -1, 1])[:, swap])
    )
    flip = {"left": "right", "right": "left"}
    for state in STATES:
        other = " ".join(state.name.split("_"))
        other = "_".join(flip.get(word, word) for word in other.split())
        expected = [
            " ".join(flip.get(word, word) for word in value.split())
            for value in table[state_column(state.name)]
        ]
        assert mirrored[state_column(other)].tolist() == expected


def test_states_depend_on_facts_alone(walk, as_poses):
    facts = compute_facts(as_poses(walk(speed=9)), np.arange(0, 100, 10))
    states = classify_states(facts)
    assert list(states.columns) == COLUMNS
    assert states.index.equals(facts.index)


@pytest.fixture(scope="module")
def session():
    behaviors = ("still", "walking", "sniffing", "rearing", "grooming", "turning", "running",
                 "supported rearing", "head scanning")  # fmt: skip
    return make_session([(name, 2.0) for name in behaviors * 2], fps=40, noise_cm=0.0, seed=1)


def describe(session, noise_cm, seed=0):
    position = session.poses["position"]
    noise = np.random.default_rng(seed).normal(0, 1, position.shape)
    poses = session.poses.assign(
        position=position + noise_cm * noise,
        noise=(("keypoint", "individual"), np.full((24, 1), noise_cm)),
    )
    return compute_posture(poses, arena=session.arena, systematic_error=0, min_bout_s=0)


@pytest.mark.parametrize("noise_cm", [0.03, 0.08, 0.15])
def test_claims_are_true_under_noise(session, noise_cm):
    """Against the states of the same mouse without noise."""
    truth, noisy = describe(session, 0.0), describe(session, noise_cm)
    for column in COLUMNS:
        claimed = (noisy[column] != UNKNOWN) & (truth[column] != UNKNOWN)
        agree = (noisy[column] == truth[column])[claimed].mean()
        assert agree >= (0.95 if noise_cm < 0.1 else 0.9), (column, agree)
    same = (noisy[COLUMNS] == truth[COLUMNS])[(noisy[COLUMNS] != UNKNOWN)]
    assert np.nanmean(same.to_numpy(dtype=float)) >= 0.985


def test_all_values_are_legal(session):
    table = describe(session, 0.05)
    for name, values in LEGAL.items():
        assert set(table[state_column(name)]) <= set(values), name
