"""Facts, states and activity of real mice, against what the eye sees in stick figures."""

import json

import numpy as np
import pytest

from mousegpt.core.facts import STATES, UNKNOWN, state_column
from mousegpt.core.poses import build_poses
from mousegpt.core.skeleton_map import apply_skeleton_map, guess_skeleton_map
from mousegpt.io.poses import load_poses
from mousegpt.kinematics.cleaning import clean_poses, estimate_noise
from mousegpt.kinematics.facts import compute_facts
from mousegpt.kinematics.floor import align_to_floor, estimate_floor
from mousegpt.kinematics.posture import compute_posture
from mousegpt.kinematics.scale import estimate_body_length, scale_poses
from mousegpt.kinematics.states import classify_states
from mousegpt.kinematics.velocity import compute_speeds

pytestmark = pytest.mark.real
NEEDS_3D = [state_column(state.name) for state in STATES if state.needs_3d]


@pytest.fixture(scope="module")
def dannce(shared_data):
    """Folder and keypoint names of a mouse with a 3-D track and hand labels."""
    folder = shared_data / "dannce_markerless_6cam"
    names = json.loads((folder / "mouse1_calibration.json").read_text())["keypoints"]
    return folder, names


def to_poses(xyz_mm, names, frames=None):
    raw = build_poses(
        xyz_mm.transpose(0, 2, 1)[..., None].astype(float),
        keypoints=names,
        fps=100,
        unit="mm",
        frames=frames,
    )
    return scale_poses(apply_skeleton_map(raw, guess_skeleton_map(names)))


@pytest.fixture(scope="module")
def track(dannce):
    folder, names = dannce
    with np.load(folder / "mouse1_dannce_pred_first1000frames.npz") as stored:
        return to_poses(stored["xyz_mm"], names)


@pytest.fixture(scope="module")
def posture(track):
    cleaned = clean_poses(track)
    return compute_posture(align_to_floor(cleaned, estimate_floor(cleaned))).set_index("frame")


def activity(posture, first, last):
    return posture.loc[first:last, "state_activity"]


def test_the_floor_of_the_rig_is_found_without_being_told(track):
    floor = estimate_floor(track)
    assert np.degrees(np.arccos(floor.normal[2])) < 3  # the rig was calibrated with z up
    assert abs(floor.origin[2]) < 0.4
    assert floor.residual < 0.2


def test_a_turned_world_gives_the_same_states(track, posture):
    turn = np.array([[0, 0, 1.0], [1, 0, 0], [0, 1, 0]])
    turned = track.copy(deep=True)
    turned["position"].data = np.einsum("ij,tjka->tika",
                                        turn, track["position"].to_numpy()) + 40.0  # fmt: skip
    cleaned = clean_poses(turned)
    again = compute_posture(align_to_floor(cleaned, estimate_floor(cleaned))).set_index("frame")
    states = [state_column(state.name) for state in STATES]
    same = (again[states] == posture[states]).mean(axis=None)
    assert same > 0.97


def test_the_noise_is_half_a_millimetre(track):
    noise = estimate_noise(track).dropna("keypoint", how="all")
    assert float(noise.min()) > 0.03
    assert float(noise.max()) < 0.07
    assert 7 < estimate_body_length(track).item() < 9


def test_rearing_frames_are_rearing(posture):
    assert (activity(posture, 0, 180) == "rearing").mean() >= 0.9
    assert (activity(posture, 840, 999) == "rearing").mean() >= 0.9
    high = posture.loc[20:160]
    assert set(high["state_head_height"]) == {"high"}
    assert set(high["state_trunk_pitch"]) == {"upright"}


def test_a_nearly_still_mouse_with_its_snout_at_the_floor(posture):
    calm = activity(posture, 225, 425)
    assert set(calm) <= {"still", "sniffing", "backing", UNKNOWN}
    assert calm.isin(["still", "sniffing"]).mean() >= 0.7
    assert set(posture.loc[225:425, "state_head_height"]) == {"low"}
    assert (posture.loc[225:425, "state_pace"] == "still").mean() >= 0.7


def test_jitter_does_not_read_as_speed(track, posture):
    raw = compute_speeds(track).set_index("frame")
    still = posture.loc[240:280]
    assert raw.loc[240:280, "speed_head"].abs().mean() > 2.0
    assert (still["progression"].abs() < 0.5).all()
    assert set(still["state_hindpaw_movement"]) == {"still"}


def test_walking_frames_are_walking(posture):
    found = activity(posture, 550, 720)
    assert set(found) <= {"walking", "turning", "sniffing"}
    assert (found == "walking").mean() >= 0.7
    assert (posture.loc[640:700, "state_direction"] == "forward").all()
    assert (posture.loc[640:700, "state_hindpaw_movement"] == "stepping").all()


def test_no_grooming_is_claimed_where_none_is_seen(posture):
    """Looked for in stick figures of the whole track: there is none."""
    assert "grooming" not in set(posture["state_activity"])


def test_hand_labels_of_single_frames_have_posture_without_motion(dannce):
    folder, names = dannce
    with np.load(folder / "mouse1_labels3d_and_com.npz") as stored:
        order = np.argsort(stored["frame"])
        poses = to_poses(stored["xyz_mm"][order], names, stored["frame"][order].astype(int))
    poses = align_to_floor(poses, estimate_floor(poses))
    facts = compute_facts(poses)
    states = classify_states(facts)
    assert facts["progression"].isna().all()
    assert set(states["state_pace"]) == {UNKNOWN}
    rearing = states["state_activity"] == "rearing"
    assert 29 <= rearing.sum() <= 32  # by eye 29 of 81 stand up and 3 more are half-way
    assert (facts.loc[rearing, "snout_height"] > 4).all()
    assert set(states["state_activity"]) == {"rearing", UNKNOWN}


@pytest.mark.parametrize("name", [
    "single_topview__test2DLC_csv_table", "multi_topview__test2DLC_csv_table_multi",
])  # fmt: skip
def test_top_views_tell_locomotion_and_no_heights(shared_data, name):
    raw = load_poses(shared_data / "deepof_tables" / f"test_{name}.csv", fps=25)
    names = [str(keypoint) for keypoint in raw["keypoint"].to_numpy()]
    poses = scale_poses(apply_skeleton_map(raw, guess_skeleton_map(names)))
    table = compute_posture(clean_poses(poses))
    assert set(table["length_unit"]) == {"body length"}
    assert (table[NEEDS_3D] == UNKNOWN).all(axis=None)
    assert (table["state_activity"] == "walking").mean() > 0.5
    assert (table["state_direction"] == "forward").mean() > 0.6
    assert (table["state_pace"] != UNKNOWN).mean() > 0.8
