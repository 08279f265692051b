import numpy as np
import pandas as pd
import pytest
from stickmouse.motion import POSTURES
from stickmouse.session import BOUT_S, GROUPS, make_session, make_study, write_script

from mousegpt.core.errors import DataError
from mousegpt.core.skeleton import KEYPOINTS


def height(session, name):
    return session.skeleton[:, KEYPOINTS.index(name), 2]


def middle(session, behavior, *, margin=12):
    """Frames well inside the bouts of a behaviour."""
    same = (session.truth["behavior"] == behavior).to_numpy()
    inside = pd.Series(same).rolling(2 * margin + 1, center=True).min().fillna(0) > 0
    assert inside.any(), behavior
    return inside.to_numpy()


@pytest.fixture(scope="module")
def tour():
    """Every behaviour, long enough to settle."""
    return make_session([(name, 3.0) for name in POSTURES] + [("still", 2.0)], seed=5)


def test_the_same_seed_makes_the_same_session():
    first, again, other = (make_session([("walking", 3.0)], seed=s) for s in (1, 1, 2))
    assert np.array_equal(first.poses["position"], again.poses["position"])
    assert not np.array_equal(first.skeleton[:10], other.skeleton[:10])


def test_every_frame_has_a_behavior(tour):
    assert tour.truth["frame"].tolist() == list(range(tour.poses.sizes["time"]))
    assert set(tour.truth["behavior"]) == set(POSTURES)


def test_noise_is_what_was_asked_for():
    session = make_session([("still", 20.0)], noise_cm=0.05, seed=2)
    measured = (
        session.poses["position"].squeeze("individual").transpose("time", "keypoint", "space")
    )
    assert np.std(measured.to_numpy() - session.skeleton) == pytest.approx(0.05, rel=0.03)


def test_walking_is_as_fast_as_its_pace():
    session = make_session([("walking", 2.0)], pace=1.2, noise_cm=0, seed=4)
    walking = middle(session, "walking")
    hip = session.skeleton[:, KEYPOINTS.index("Hip"), :2]
    speed = np.linalg.norm(np.gradient(hip, axis=0), axis=1) * session.fps
    assert np.median(speed[walking]) == pytest.approx(9.0 * 1.2, rel=0.25)


def test_standing_paws_do_not_slide():
    session = make_session([("walking", 2.0), ("running", 1.0)], fps=60, noise_cm=0, seed=4)
    for paw in ("ForepawL", "ForepawR", "HindpawL", "HindpawR"):
        place = session.skeleton[:, KEYPOINTS.index(paw)]
        low = (place[:, 2] < 0.13) & (np.roll(place[:, 2], 1) < 0.13)
        moved = np.linalg.norm(np.diff(place[:, :2], axis=0), axis=1)[low[1:]] * session.fps
        assert np.median(moved) < 0.5  # cm/s, while the body passes at 9 and more


def test_rearing_raises_the_fore_body_and_not_the_hind_paws(tour):
    for behavior in ("rearing", "supported rearing"):
        frames = middle(tour, behavior)
        assert height(tour, "SpineF")[frames].min() > 5
        assert height(tour, "ForepawL")[frames].min() > 3
        assert height(tour, "HindpawL")[frames].max() < 1


def test_supported_rearing_is_at_the_wall(tour):
    frames = middle(tour, "supported rearing", margin=25)
    paw = tour.skeleton[frames][:, KEYPOINTS.index("ForepawL")]
    assert np.hypot(paw[:, 0], paw[:, 1]).min() > 11.0


def test_grooming_brings_both_paws_to_the_face(tour):
    frames = middle(tour, "grooming")
    snout = tour.skeleton[frames][:, KEYPOINTS.index("Snout")]
    for paw in ("ForepawL", "ForepawR"):
        distance = np.linalg.norm(tour.skeleton[frames][:, KEYPOINTS.index(paw)] - snout, axis=1)
        assert distance.max() < 2.0
        assert np.ptp(distance) > 0.3  # they stroke


def test_sniffing_keeps_the_snout_at_the_floor(tour):
    assert height(tour, "Snout")[middle(tour, "sniffing")].max() < 1.2


def test_only_a_jump_leaves_the_floor(tour):
    lowest = np.minimum(height(tour, "HindpawL"), height(tour, "HindpawR"))
    jumping = (tour.truth["behavior"] == "jumping").to_numpy()
    assert lowest[jumping].max() > 5
    assert lowest[~jumping].max() < 1


def test_the_study_has_one_jump_and_two_groups():
    study = make_study(n_mice=4, duration_s=30)
    jumps = [(s.truth["behavior"] == "jumping").any() for s in study]
    assert jumps == [False, False, False, True]
    assert [s.group for s in study] == ["group A", "group B", "group A", "group B"]
    assert all(s.poses.sizes["time"] == 30 * 30 for s in study)


def test_the_groups_spend_their_time_differently():
    study = make_study(n_mice=6, duration_s=120, seed=1)
    rest = [s.truth["behavior"].isin(["still", "grooming"]).mean() for s in study]
    assert max(rest[0::2]) < min(rest[1::2])


def test_a_script_keeps_to_the_shares():
    script = pd.DataFrame(write_script(GROUPS["A"], duration_s=4000), columns=["behavior", "s"])
    shares = script.groupby("behavior")["s"].sum() / script["s"].sum()
    assert set(shares.index) == set(BOUT_S)
    assert np.allclose(shares, pd.Series(GROUPS["A"])[shares.index], atol=0.08)


def test_an_unknown_behavior_is_named():
    with pytest.raises(DataError, match="flying"):
        make_session([("flying", 1.0)])
