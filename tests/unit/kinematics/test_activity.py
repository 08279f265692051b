import numpy as np
import pandas as pd
import pytest
from stickmouse.session import make_session

from mousegpt.core.facts import STATES, UNKNOWN, state_column
from mousegpt.core.recording import Arena
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.kinematics.activity import RULES, classify_activity
from mousegpt.kinematics.cleaning import clean_poses
from mousegpt.kinematics.posture import compute_posture

BEHAVIORS = ("still", "walking", "running", "turning", "rearing", "supported rearing", "grooming",
             "sniffing", "head scanning")  # fmt: skip
CALM = {"still": {"still"}, "sniffing": {"sniffing"}, "grooming": {"grooming"},
        "rearing": {"rearing"}, "supported rearing": {"rearing", "supported rearing"},
        "walking": {"walking"}, "running": {"running", "walking"}, "turning": {"turning"},
        "head scanning": {"head scanning"}}  # fmt: skip

PAW_HEIGHTS = ("hindpaw_left_height", "hindpaw_right_height")


def activity(table):
    return table[state_column("activity")]


def test_rules_speak_of_states_that_there_are():
    values = {state.name: set(state.values) for state in STATES}
    for rule in RULES:
        assert rule.activity in values["activity"]
        for name, legal in {**rule.needs, **rule.bears}.items():
            assert set(legal) <= values[name], (rule.activity, name)


@pytest.fixture(scope="module")
def acted():
    """A synthetic session, described, with the behaviour that was acted."""
    session = make_session([(n, 2.5) for n in BEHAVIORS * 2], fps=50, noise_cm=0.03, seed=3)
    table = compute_posture(clean_poses(session.poses), arena=session.arena)
    truth = session.truth.set_index("frame")["behavior"]
    # within 0.3 s of a change the body is in between
    settled = (truth == truth.shift(15)) & (truth == truth.shift(-15))
    table = table.assign(truth=truth.loc[table["frame"]].to_numpy())
    return table[settled.loc[table["frame"]].to_numpy()]


@pytest.mark.parametrize("behavior", BEHAVIORS)
def test_acted_behaviors_are_recognised(acted, behavior):
    found = activity(acted)[acted["truth"] == behavior]
    assert len(found) >= 10
    assert found.isin(CALM[behavior]).mean() >= 0.8, found.value_counts().to_dict()


def test_most_supported_rears_are_seen_as_such(acted):
    found = activity(acted)[acted["truth"] == "supported rearing"]
    assert (found == "supported rearing").mean() > 0.7


def test_no_activity_contradicts_its_frame(acted):
    states = {state.name: acted[state_column(state.name)].to_numpy() for state in STATES}
    found = activity(acted).to_numpy()
    for name in np.unique(found[found != UNKNOWN]):
        allowed = np.any([r.allow(states) for r in RULES if r.activity == name], axis=0)
        assert allowed[found == name].all(), name


def test_support_needs_a_wall():
    session = make_session([("supported rearing", 3.0)], fps=50, noise_cm=0.02, seed=0)
    found = activity(compute_posture(session.poses))
    assert "supported rearing" not in set(found)
    assert "rearing" in set(found)


def test_a_jump_takes_all_paws_off_the_ground():
    session = make_session([("still", 1.0), ("jumping", 0.8), ("still", 1.0)], fps=50, seed=0)
    table = compute_posture(session.poses, rate_hz=25)
    aloft = table[activity(table) == "jumping"]
    assert len(aloft) >= 2
    assert (aloft[["hindpaw_left_height", "hindpaw_right_height"]] > 1).all(axis=None)


@pytest.mark.parametrize(("stretch", "named"), [(1.1, "rearing"), (0.7, UNKNOWN)])
def test_a_mouse_that_sits_upright_and_hunched_does_not_rear(stretch, named):
    upright = {"head_height": ["high"], "trunk_pitch": ["upright"], "pace": ["still"]}
    assert classify(1, stretch=stretch, **upright) == [named]


def test_only_an_arched_back_washes_with_the_head_high():
    washing = {
        "forepaw_left": ["face"], "forepaw_right": ["face"], "forepaw_movement": ["stroking"],
        "head_height": ["high"], "trunk_pitch": ["upright"], "pace": ["still"],
    }  # fmt: skip
    assert classify(1, **washing, spine_vertical=["arched"]) == ["grooming"]
    assert classify(1, **washing, spine_vertical=["flat"]) == ["rearing"]


def test_a_view_from_above_claims_nothing_about_heights():
    session = make_session([(n, 2.0) for n in BEHAVIORS], fps=50, noise_cm=0.03, seed=4)
    flat = session.poses.isel(space=[0, 1])
    table = compute_posture(flat, arena=Arena(shape="circle", width_cm=25, center=(0.0, 0.0)))
    claims = set(activity(table))
    assert not claims & {"rearing", "supported rearing", "grooming", "sniffing", "jumping"}
    assert {"still", "walking", "running", "turning", "head scanning"} <= claims


def test_leaning_is_not_walking(as_poses):
    """The trunk goes forward, tail base and paws stay."""
    from .conftest import stand

    time = np.arange(50) / 50
    points = np.repeat(stand()[None], 50, axis=0)
    front = [KEYPOINTS.index(n) for n in ("SpineF", "SpineG", "SpineH", "Snout", "EarL", "EarR")]
    points[:, front, 0] += (5.0 * time)[:, None]
    table = compute_posture(as_poses(points))
    assert (table["progression"] > 2).all()
    assert not {"walking", "running"} & set(activity(table))


def classify(n, min_bout_s=0.3, individual="mouse", stretch=np.nan, **states):
    """Classify samples of which only the given states are known; the hind body goes along."""
    facts = pd.DataFrame({"individual": individual, "time_s": 0.2 * np.arange(n), "body_length": 8})
    facts = facts.assign(progression=9.0, hind_progression=9.0, snout_wall_distance=np.nan)
    facts = facts.assign(stretch=stretch)
    facts = facts.assign(snout_wall_distance_sd=np.nan, **dict.fromkeys(PAW_HEIGHTS, np.nan))
    table = {s.name: np.full(n, UNKNOWN, object) for s in STATES}
    table |= {name: np.array(values, object) for name, values in states.items()}
    return classify_activity(facts, table, np.zeros(n, bool), min_bout_s=min_bout_s).tolist()


def test_short_breaks_close_where_the_states_allow():
    pace = ["moderate"] * 5
    unsure = ["forward", "forward", UNKNOWN, "forward", "forward"]
    assert classify(5, pace=pace, direction=unsure) == ["walking"] * 5
    apart = classify(5, pace=pace, direction=unsure, min_bout_s=0.1)
    assert apart == ["walking", "walking", UNKNOWN, "walking", "walking"]
    mice = np.array(["a", "a", "a", "b", "b"])
    assert classify(5, pace=pace, direction=unsure, individual=mice)[2] == UNKNOWN


def test_breaks_that_contradict_or_are_not_measured_stay():
    pace = ["moderate", "moderate", UNKNOWN, "moderate"]
    assert classify(4, pace=pace, direction=["forward"] * 4)[2] == UNKNOWN
    pace[2] = "still"
    assert classify(4, pace=pace, direction=["forward"] * 2 + ["none", "forward"])[2] != "walking"
    turn = ["none", "none", "sharp left", "none"]
    path = ["forward", "forward", "none", "forward"]
    assert classify(4, pace=["slow"] * 4, direction=path, turning=turn)[2] == "turning"
