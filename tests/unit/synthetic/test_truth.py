"""The truth of exact poses, against closed forms, and against the kinematics it judges."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mousegpt.core.errors import DataError
from mousegpt.core.facts import FACTS, SPEEDS, STATES, UNKNOWN, state_column
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.description.kinematic import describe_posture, describe_states
from mousegpt.description.reading import read_states
from mousegpt.kinematics.facts import compute_facts
from mousegpt.kinematics.posture import compute_posture
from mousegpt.kinematics.velocity import compute_speeds
from mousegpt.synthetic.anatomy import N_TAIL, PAWS, Body
from mousegpt.synthetic.arena import find_arena
from mousegpt.synthetic.behaviors import BEHAVIORS, Bout
from mousegpt.synthetic.body import Carriage, Stance, pose_skeleton
from mousegpt.synthetic.body import Paws as PawTargets
from mousegpt.synthetic.measurement import build_exact_poses
from mousegpt.synthetic.motion import act
from mousegpt.synthetic.truth import build_truth, list_event_frames, settle_states
from mousegpt.synthetic.truth.activities import ACTIVITIES, EVIDENCE

FPS = 100
ARENA = find_arena("paper")


def pose(seconds=2.0, **channels):
    """Pose a mouse; what is not given stays as in a relaxed stance. Paws hang below the body."""
    t = np.arange(round(seconds * FPS)) / FPS
    rest = {
        "x": 0, "y": 0, "yaw": 0, "lift": 0, "hip_height": 2.4, "trunk_pitch": 0.1, "arch": 0.2,
        "bend": 0, "roll": 0, "neck_pitch": 0.2, "head_pitch": -0.3, "head_yaw": 0, "head_roll": 0,
        "tail_lift": 0.2, "breath": 1,
    }  # fmt: skip
    held = {
        name: np.broadcast_to(np.asarray(channels.get(name, value), float), t.shape).copy()
        for name, value in rest.items()
    }
    c = Carriage(**held, tail_headings=np.pi + np.repeat(held["yaw"][:, None], N_TAIL, axis=1))
    forward = np.stack([np.cos(c.yaw), np.sin(c.yaw)], axis=-1)
    left = np.stack([-forward[:, 1], forward[:, 0]], axis=-1)
    places = np.empty((len(t), 4, 3))
    for i, (ahead, aside) in enumerate([(4.5, 0.8), (4.5, -0.8), (0.5, 0.9), (0.5, -0.9)]):
        base = np.stack([c.x, c.y], axis=-1)
        places[:, i, :2] = base + ahead * np.cos(c.trunk_pitch)[:, None] * forward + aside * left
        places[:, i, 2] = 0.1 + (3.5 * np.sin(np.maximum(c.trunk_pitch - 0.3, 0)) if i < 2 else 0)
    for paw, place in channels.get("paws", {}).items():
        places[:, PAWS.index(paw)] = place
    targets = PawTargets(places, np.full((len(t), 4), -0.3), np.repeat(c.yaw[:, None], 4, axis=1))
    return pose_skeleton(Stance(c, targets), Body())


def perform(labels, contacts=None):
    planted = np.ones((len(labels), 4), bool) if contacts is None else contacts
    return SimpleNamespace(labels=list(labels), contacts=planted)


def tabulate(keypoints, labels=None, contacts=None, arena=ARENA):
    labels = ["still"] * len(keypoints) if labels is None else labels
    return build_truth(perform(labels, contacts), keypoints, arena, fps=FPS)


@pytest.fixture(scope="module")
def dance():
    """Everything moves, slowly enough for the windows of the kinematics; it rears meanwhile."""
    t = np.arange(400) / FPS
    return pose(
        4.0,
        x=4 * np.cos(0.8 * t), y=4 * np.sin(0.8 * t), yaw=0.8 * t + 2.0,
        hip_height=2.4 + 0.4 * np.sin(t), trunk_pitch=0.6 + 0.7 * np.sin(1.1 * t),
        arch=0.2 + 0.2 * np.sin(0.7 * t), bend=0.4 * np.sin(1.3 * t), roll=0.1 * np.sin(t),
        head_pitch=0.3 * np.sin(1.5 * t), head_yaw=0.6 * np.cos(t), tail_lift=0.3 + 0.2 * np.sin(t),
    )  # fmt: skip


def test_facts_are_those_of_the_kinematics_on_exact_poses(dance):
    truth = tabulate(dance, contacts=np.zeros((len(dance), 4), bool))
    poses = build_exact_poses(dance, fps=FPS)
    measured = compute_facts(
        poses, arena=ARENA.outline, window_s=0.02, motion_window_s=0.02, systematic_error=0
    )
    inner = slice(10, -10)
    for fact in FACTS:
        relative = fact.name.endswith("_speed") or fact.name == "head_speed_relative"
        off = truth[fact.name][inner] - measured[fact.name][inner]
        if fact.name == "heading":
            off = (off + 180) % 360 - 180
        tolerance = {"angle": 0.05, "angular speed": 0.3}.get(fact.dimension, 0.02)
        assert off.abs().max() < (0.05 if relative else tolerance), fact.name
        assert truth[fact.name].std() > 0 or fact.name.endswith("height"), fact.name
    assert truth["body_length"][0] == pytest.approx(measured["body_length"][0], rel=1e-6)


def test_signed_speeds_are_those_of_the_kinematics(dance):
    truth, measured = tabulate(dance), compute_speeds(build_exact_poses(dance, fps=FPS))
    np.testing.assert_allclose(truth[[*SPEEDS]], measured[[*SPEEDS]], atol=1e-9)


def test_a_straight_walk_has_the_speed_it_was_given():
    t = np.arange(200) / FPS
    forward, backward = (tabulate(pose(2.0, x=speed * t)) for speed in (7.0, -3.0))
    for name in ("progression", "hind_progression", "speed_body", "speed_head"):
        np.testing.assert_allclose(forward[name], 7.0)
        np.testing.assert_allclose(backward[name], -3.0)
    assert forward["sideways"].abs().max() < 1e-9
    assert forward["head_speed_relative"].max() < 1e-9


def test_a_turn_to_the_left_is_positive_and_constant_across_the_seam():
    t = np.arange(400) / FPS
    truth = tabulate(pose(4.0, yaw=2.0 * t))
    np.testing.assert_allclose(truth["turning_rate"], np.degrees(2.0), rtol=1e-3)
    assert truth["heading"].between(-180, 180).all()
    assert truth["head_speed_relative"][1:-1].max() < 0.01


def test_planted_paws_have_no_speed():
    t = np.arange(100) / FPS
    contacts = np.zeros((100, 4), bool)
    contacts[:50, 0] = True
    truth = tabulate(pose(1.0, head_yaw=np.sin(9 * t)), contacts=contacts)
    assert (truth["forepaw_left_speed"][:50] == 0).all()
    assert truth["forepaw_left_contact"].tolist() == contacts[:, 0].tolist()


def test_bouts_are_numbered_and_timed():
    labels = ["still"] * 30 + ["jumping"] * 20 + ["still"] * 50
    truth = tabulate(pose(1.0), labels)
    assert truth["behavior"].tolist() == labels
    assert truth["bout"].tolist() == [0] * 30 + [1] * 20 + [2] * 50
    assert truth["bout_elapsed_s"][[30, 49]].tolist() == [0.0, 0.19]
    assert truth["bout_remaining_s"][[30, 49]].tolist() == [0.19, 0.0]


def test_events_have_their_frames_and_their_peak():
    t = np.arange(100) / FPS
    leap = 3 * np.exp(-(((t - 0.42) / 0.05) ** 2))
    labels = ["still"] * 30 + ["jumping"] * 20 + ["still"] * 10 + ["digging"] * 11 + ["still"] * 29
    truth = tabulate(pose(1.0, lift=leap), labels)
    jump = list_event_frames(truth, "jumping").iloc[0]
    assert jump[["first_frame", "last_frame", "peak_frame"]].tolist() == [30, 49, 42]
    dig = list_event_frames(truth, "digging").iloc[0]
    assert dig[["bout", "first_frame", "last_frame", "peak_frame"]].tolist() == [3, 60, 70, 65]
    assert list_event_frames(truth, "running").empty
    with pytest.raises(DataError, match="found 'flying'"):
        list_event_frames(truth, "flying")


def test_free_paws_are_found_at_face_wall_and_neck():
    still = pose(0.1)[0]
    point = dict(zip(KEYPOINTS, still, strict=True))
    beside = point["EarR"] + [0, -0.5, -0.3]
    wall = (12.4, 0, 3.0)
    keypoints = np.repeat(still[None], 4, axis=0)
    keypoints[1, KEYPOINTS.index("ForepawL")] = point["Snout"] + [0, 0.4, -0.3]
    keypoints[2, KEYPOINTS.index("HindpawR")] = beside
    keypoints[3, KEYPOINTS.index("ForepawR")] = wall
    columns = ["forepaw_left_at_face", "hindpaw_right_at_neck", "forepaw_right_at_wall"]
    free = tabulate(keypoints, contacts=np.zeros((4, 4), bool))
    assert free[columns].to_numpy().tolist() == np.eye(4, 3, -1, dtype=bool).tolist()
    assert not tabulate(keypoints)[columns].any(axis=None)
    touches = [name for name in free if "_at_" in name]
    assert free[touches].to_numpy().sum() == 3


def test_lengths_must_agree():
    with pytest.raises(DataError, match="found 3, 3 and 10 frames"):
        build_truth(perform(["still"] * 3), pose(0.1), ARENA, fps=FPS)


# --- states -----------------------------------------------------------------------------------


def settle(keypoints, labels, contacts=None):
    truth = tabulate(keypoints, labels, contacts)
    poses = build_exact_poses(keypoints, fps=FPS)
    posture = compute_posture(
        poses, arena=ARENA.outline, rate_hz=10, systematic_error=0, certainty=0.51
    )
    return settle_states(posture, truth)


def test_a_rear_begins_when_the_trunk_rises():
    t = np.arange(200) / FPS
    pitch = 0.1 + 1.1 / (1 + np.exp(-(t - 0.9) * 12))
    contacts = np.ones((200, 4), bool)
    contacts[70:, :2] = False
    head = {"head_pitch": 0.3 * (pitch - 0.1), "neck_pitch": 0.2 + 0.5 * (pitch - 0.1)}
    table = settle(pose(2.0, trunk_pitch=pitch, **head), ["rearing"] * 200, contacts)
    activity = table["state_activity"]
    assert set(activity[table["time_s"] < 0.7]) <= {"shifting posture", UNKNOWN}
    assert set(activity[table["time_s"] > 1.1]) == {"rearing"}
    assert set(table["state_forepaw_left"][table["time_s"] >= 0.8]) == {"air"}


def test_a_bout_before_lends_its_name_while_its_evidence_lasts():
    t = np.arange(200) / FPS
    labels = ["walking"] * 100 + ["still"] * 100
    x = 8 * np.minimum(t, 1.15)
    table = settle(pose(2.0, x=x), labels)
    activity = table.set_index("time_s")["state_activity"]
    assert activity[0.9] == activity[1.0] == "walking"
    assert set(activity[1.5:]) == {"still"}


def test_paws_follow_contacts_not_heights():
    contacts = np.ones((100, 4), bool)
    contacts[:, 3] = False
    paws = {"HindpawR": (0.5, -0.9, 0.4), "HindpawL": (0.5, 0.9, 0.4)}
    table = settle(pose(1.0, paws=paws), ["still"] * 100, contacts)
    assert set(table["state_hindpaw_right"]) == {"air"}
    assert set(table["state_hindpaw_left"]) == {"ground"}


def test_a_free_paw_that_brushes_the_floor_is_on_it():
    contacts = np.zeros((100, 4), bool)
    table = settle(pose(1.0), ["digging"] * 100, contacts)
    assert set(table["state_forepaw_left"]) == {"ground"}
    assert set(table["state_forepaw_movement"]) == {"scraping"}


def test_circles_turn_to_one_side_however_the_trunk_sways():
    t = np.arange(300) / FPS
    yaw = 1.5 * t + 0.25 * np.sin(9 * t)
    path = np.cumsum(np.exp(1.5j * t) * 8 / FPS)
    table = settle(pose(3.0, x=path.real, y=path.imag, yaw=yaw), ["circling"] * 300)
    inner = table[table["time_s"].between(0.3, 2.7)]
    assert set(inner["state_activity"]) == {"circling"}
    assert set(inner["state_turning"]) == {"left"}


def test_missing_frames_are_refused():
    posture = pd.DataFrame({"frame": [0, 99999]})
    with pytest.raises(DataError, match="truth of frame 99999"):
        settle_states(posture, tabulate(pose(0.1)))


def test_inputs_are_left_alone_and_facts_stay():
    keypoints = pose(1.0)
    truth = tabulate(keypoints)
    posture = compute_posture(build_exact_poses(keypoints, fps=FPS), arena=ARENA.outline)
    before, facts = posture.copy(), truth.copy()
    settled = settle_states(posture, truth)
    pd.testing.assert_frame_equal(posture, before)
    pd.testing.assert_frame_equal(truth, facts)
    states = [state_column(state.name) for state in STATES]
    pd.testing.assert_frame_equal(settled.drop(columns=states), posture.drop(columns=states))


@pytest.fixture(scope="module")
def chaos():
    """Settle frames in which any states meet any behaviour and any contacts."""
    rng, n = np.random.default_rng(0), 60_000
    posture = pd.DataFrame({"frame": np.arange(n)})
    for state in STATES:
        values = [*state.values, UNKNOWN]
        odds = np.r_[np.ones(len(values) - 1), 0.2]
        drawn = rng.choice(values, n, p=odds / odds.sum())
        posture[state_column(state.name)] = pd.array(drawn, dtype="str")
    still = posture["state_pace"] == "still"
    moved = posture["state_direction"].where(posture["state_direction"] != "none", "forward")
    posture["state_direction"] = moved.where(~still, "none")
    bout = np.arange(n) // 5
    truth = pd.DataFrame(
        {
            "frame": np.arange(n), "time_s": np.arange(n) / FPS, "bout": bout,
            "behavior": rng.choice(BEHAVIORS, bout[-1] + 1)[bout],
            "bout_elapsed_s": rng.uniform(0, 1, n), "bout_remaining_s": rng.uniform(0, 1, n),
            "turning_rate": rng.normal(0, 200, n),
        }
    )  # fmt: skip
    contacts = rng.random((n, 4)) < rng.random((n, 1))
    for i, paw in enumerate(("forepaw_left", "forepaw_right", "hindpaw_left", "hindpaw_right")):
        truth[f"{paw}_contact"], truth[f"{paw}_height"] = contacts[:, i], 1.0
        truth["body_length"], truth["hip_height"] = 8.0, rng.uniform(1, 3, n)
        for touch in ("face", "wall") if i < 2 else ("neck",):
            truth[f"{paw}_at_{touch}"] = ~contacts[:, i] & (rng.random(n) < 0.5)
    return settle_states(posture, truth), truth


def test_every_activity_has_evidence_and_occurs(chaos):
    named = dict.fromkeys(BEHAVIORS)
    assert ACTIVITIES.keys() == named.keys()
    assert {*ACTIVITIES.values()} == EVIDENCE.keys()
    assert {*chaos[0]["state_activity"]} == {*ACTIVITIES.values(), "shifting posture", UNKNOWN}


def list_contradictions(table):
    s = pd.DataFrame({state.name: table[state_column(state.name)] for state in STATES})
    paws = s[["forepaw_left", "forepaw_right", "hindpaw_left", "hindpaw_right"]]
    fore, hind = paws.iloc[:, :2], paws.iloc[:, 2:]
    doing = {name: (s["activity"] == name).to_numpy() for name in (*EVIDENCE, "shifting posture")}
    resting = doing["still"] | doing["crouching"] | doing["lying"]
    on_hind_legs = doing["rearing"] | doing["supported rearing"]
    spot = np.logical_or.reduce(
        [doing[n] for n in ("grooming", "body grooming", "scratching", "shaking", "digging",
                            "sniffing", "head scanning", "shifting posture")]
    )  # fmt: skip
    level = np.logical_or.reduce([doing[n] for n in ("walking", "running", "still", "lying")])
    contradictions = {
        "rest that moves": resting & (s["pace"] != "still"),
        "rest that sets off": resting & s["pace_trend"].isin(["speeding up", "slowing down"]),
        "rest that rises": resting & (s["vertical_motion"] != "none"),
        "a still mouse that turns": doing["still"] & (s["turning"] != "none"),
        "a rear with a level trunk": on_hind_legs & ~s["trunk_pitch"].isin(["inclined", "upright"]),
        "a rear on forepaws": on_hind_legs & (fore == "ground").any(axis=1),
        "a rear on no paw": on_hind_legs & ~(hind == "ground").any(axis=1),
        "support without the wall": doing["supported rearing"] & ~(fore == "wall").any(axis=1),
        "a free rear at the wall": doing["rearing"] & (fore == "wall").any(axis=1),
        "a jump from the ground": doing["jumping"] & (paws == "ground").any(axis=1),
        "grooming without a paw": doing["grooming"] & ~(fore == "face").any(axis=1),
        "scratching without a paw": doing["scratching"] & ~(hind == "neck").any(axis=1),
        "scratching paws elsewhere": (s["hindpaw_movement"] == "scratching") & ~doing["scratching"],
        "haste on the spot": spot & s["pace"].isin(["moderate", "rapid"]),
        "a gait upright": level & s["trunk_pitch"].isin(["inclined", "upright"]),
        "a walk in place": doing["walking"] & (s["pace"] == "still"),
        "a walk elsewhere": doing["walking"] & (s["direction"] != "forward"),
        "backing forward": doing["backing"] & (s["direction"] != "backward"),
        "turning nowhere": doing["turning"] & (s["turning"] == "none"),
        "circling nowhere": doing["circling"] & s["turning"].isin(["none", UNKNOWN]),
        "the wall in the open": doing["exploring the wall"] & (s["place"] == "in the open"),
        "a twitch at rest": doing["head twitching"] & (s["head_movement"] != "moving"),
        "a short stretch": doing["stretch-attending"] & (s["stretch"] != "elongated"),
        "strokes far from the face": (s["forepaw_movement"] == "stroking")
        & ~(fore == "face").all(axis=1),
        "steps in the air": (s["hindpaw_movement"] == "stepping") & ~(hind == "ground").any(axis=1),
        "lying high": doing["lying"] & (s["hip_height"] != "low"),
        "planted paws that move": (paws == "ground").all(axis=1)
        & s["hindpaw_movement"].isin(["scratching"]),
    }
    return {name: int(found.sum()) for name, found in contradictions.items() if found.any()}


def test_no_frame_contradicts_itself(chaos):
    assert list_contradictions(chaos[0]) == {}


def test_contradictions_would_be_found(chaos):
    denied = chaos[0].assign(state_activity="still", state_pace="rapid")
    assert list_contradictions(denied)["rest that moves"] == len(denied)


@pytest.fixture(scope="module")
def play():
    """Settle a performance of everything that a mouse does."""
    script = [
        Bout(name, 4.0 if name == "lying" else 1.2, side=(-1) ** i)
        for i, name in enumerate(BEHAVIORS)
    ]
    acted = act(script, Body(), ARENA, duration_s=45.0, fps=60, seed=3)
    keypoints = pose_skeleton(acted.stance, Body())
    truth = build_truth(acted, keypoints, ARENA, fps=60)
    poses = build_exact_poses(keypoints, fps=60)
    posture = compute_posture(
        poses, arena=ARENA.outline, rate_hz=20, systematic_error=0, certainty=0.51
    )
    return settle_states(posture, truth), truth


@pytest.mark.parametrize("behavior", [b for b in BEHAVIORS if b != "jumping"])
def test_the_middle_of_every_bout_is_called_what_it_is(play, behavior):
    table, truth = play
    rows = truth.iloc[table["frame"]].reset_index(drop=True)
    border_s = 1.4 if behavior == "lying" else 0.35  # it takes its time to lie down
    middle = (rows[["bout_elapsed_s", "bout_remaining_s"]].min(axis=1) > border_s).to_numpy()
    called = table["state_activity"][middle & (rows["behavior"] == behavior).to_numpy()]
    assert len(called) > 3
    assert (called == ACTIVITIES[behavior]).mean() >= 0.8, called.value_counts()


def test_a_performance_contradicts_itself_nowhere(play):
    table, truth = play
    assert list_contradictions(table) == {}
    aloft = table[table["state_activity"] == "jumping"]
    assert len(aloft) >= 2
    assert (truth["hip_height"].iloc[aloft["frame"]] > 2).all()


def test_settled_frames_can_be_told_and_read_back(chaos):
    table = chaos[0].head(300).assign(recording="r", individual="mouse", time_s=0.0)
    texts = describe_posture(table)
    for row in range(0, 300, 10):
        states = {state.name: table[state_column(state.name)][row] for state in STATES}
        assert describe_states(states).overall == texts["overall"][row]
        assert read_states(describe_states(states)) == states
