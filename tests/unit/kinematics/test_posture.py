import numpy as np
import pandas as pd
import pytest
import xarray as xr

from mousegpt.core.facts import FACTS, STATES, UNKNOWN, state_column
from mousegpt.core.recording import Arena
from mousegpt.core.sampling import sample_frames
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.core.tables import POSTURE_TABLE
from mousegpt.kinematics.cleaning import clean_poses
from mousegpt.kinematics.posture import compute_posture
from mousegpt.kinematics.scale import scale_poses

NAMES = [fact.name for fact in FACTS]


def middle(table: pd.DataFrame) -> pd.Series:
    return table.iloc[len(table) // 2]


def test_facts_are_free_of_the_unit(walk, as_poses):
    points = walk(speed=8, turn_deg_per_s=40)
    points += np.random.default_rng(0).normal(0, 0.03, points.shape)
    in_cm = compute_posture(as_poses(points))
    in_mm = compute_posture(scale_poses(as_poses(points * 10, unit="mm")))
    pd.testing.assert_frame_equal(in_cm, in_mm, rtol=1e-6)
    scaled = scale_poses(as_poses(points[..., :2] * 7, unit="px"), view_angle="bottom")
    plain = compute_posture(as_poses(points[..., :2]))
    in_bl = compute_posture(scaled)
    states = [state_column(state.name) for state in STATES]
    pd.testing.assert_frame_equal(plain[states], in_bl[states])
    np.testing.assert_allclose(in_bl["progression"] * plain["body_length"], plain["progression"])


def test_the_table_has_the_columns_of_the_schema(walk, as_poses):
    table = compute_posture(as_poses(walk()))
    assert [c for c in POSTURE_TABLE.columns if c != "recording"] == list(table.columns[:-1])
    assert table["frame"].tolist() == list(range(0, 100, 10))
    assert table["length_unit"].unique().tolist() == ["cm"]


@pytest.mark.parametrize(
    ("fps", "expected"), [(60, [0, 12, 24]), (24, [0, 5, 10, 14]), (4, [0, 1, 2, 3])]
)
def test_frames_are_sampled_as_evenly_as_the_rate_allows(fps, expected):
    found = sample_frames(np.arange(200), fps, 5)
    assert found[: len(expected)].tolist() == expected


def test_sampling_counts_from_the_start_of_the_video():
    assert sample_frames(np.arange(7, 40), 60, 5).tolist() == [12, 24, 36]
    assert sample_frames(np.array([], int), 60, 5).tolist() == []


def test_missing_keypoints_give_unknown_states(walk, as_poses):
    points = walk()
    points[:, [KEYPOINTS.index("Snout"), KEYPOINTS.index("ForepawL")]] = np.nan
    table = compute_posture(as_poses(points))
    for name in ("head_pitch", "head_yaw", "head_height", "head_movement", "forepaw_left"):
        assert (table[state_column(name)] == UNKNOWN).all(), name
    assert (table[state_column("forepaw_right")] == "ground").all()
    assert (table[state_column("pace")] == "still").all()


def test_nothing_known_nothing_claimed(as_poses):
    table = compute_posture(as_poses(np.full((50, 24, 3), np.nan)))
    assert table[NAMES].isna().all(axis=None)
    assert (table[[state_column(s.name) for s in STATES]] == UNKNOWN).all(axis=None)


def test_two_dimensions_know_no_heights(walk, as_poses):
    points = walk(speed=10)
    points[:, [n for n, name in enumerate(KEYPOINTS) if "paw" in name]] = np.nan
    table = compute_posture(as_poses(points[..., :2]))
    hidden = [fact.name for fact in FACTS if fact.needs_3d]
    assert table[hidden].isna().all(axis=None)
    for state in STATES:
        if state.needs_3d:
            assert (table[state_column(state.name)] == UNKNOWN).all(), state.name
    assert set(table[state_column("activity")]) == {"walking"}


def test_a_side_view_knows_neither_left_nor_heading(walk, as_poses):
    side = as_poses(walk(speed=10)[..., [0, 2]] * 20, unit="px")
    table = compute_posture(scale_poses(side, px_per_cm=20, view_angle="side"))
    for name in ("pace", "direction", "turning", "head_yaw", "tail_shape", "activity", "place"):
        assert (table[state_column(name)] == UNKNOWN).all(), name


def test_walls_need_an_arena_and_centimetres(walk, as_poses):
    arena = Arena(shape="circle", width_cm=30, center=(0.0, 0.0))
    points = walk() + [5.5, 0, 0]
    table = compute_posture(as_poses(points), arena=arena)
    assert middle(table)["snout_wall_distance"] == pytest.approx(15 - 13.4)
    assert (table[state_column("place")] == "at the wall").all()
    assert compute_posture(as_poses(points))["wall_distance"].isna().all()
    unscaled = scale_poses(as_poses(points[..., :2], unit="px"))
    assert compute_posture(unscaled, arena=arena)["wall_distance"].isna().all()


def test_individuals_are_measured_apart(walk, as_poses):
    two = xr.concat(
        [as_poses(walk(speed=s), individuals=[name]) for s, name in ((8.0, "a"), (0.0, "b"))],
        "individual",
        join="exact",
    )
    table = compute_posture(two)
    pace = table.groupby("individual")[state_column("pace")].unique()
    assert pace["a"].tolist() == ["moderate"]
    assert pace["b"].tolist() == ["still"]


def test_more_noise_gives_larger_sds_and_fewer_claims(walk, as_poses):
    rng = np.random.default_rng(6)
    points = walk(600, speed=3.0)
    noise = rng.normal(0, 1, points.shape)
    quiet, loud = (compute_posture(as_poses(points + sd * noise)) for sd in (0.02, 0.4))
    for name in NAMES:
        if name not in ("wall_distance", "snout_wall_distance"):
            assert loud[f"{name}_sd"].mean() > quiet[f"{name}_sd"].mean(), name
    states = [state_column(state.name) for state in STATES]
    assert (loud[states] == UNKNOWN).mean(axis=None) > (quiet[states] == UNKNOWN).mean(axis=None)


def test_a_jittering_still_mouse_reads_as_still(walk, as_poses):
    """At 100 Hz half a millimetre of jitter is a raw speed of several cm/s."""
    rng = np.random.default_rng(7)
    points = walk(1000, fps=100.0)
    poses = as_poses(points + rng.normal(0, 0.06, points.shape), fps=100.0)
    table = compute_posture(clean_poses(poses))
    assert (table[state_column("pace")] == "still").all()
    activity = table[state_column("activity")]
    assert set(activity) <= {"still", UNKNOWN}
    assert (activity == "still").mean() > 0.8


def test_the_same_poses_give_the_same_table(walk, as_poses):
    poses = as_poses(walk(speed=3.0))
    pd.testing.assert_frame_equal(compute_posture(poses), compute_posture(poses), check_exact=True)
