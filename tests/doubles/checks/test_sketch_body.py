import numpy as np
import pytest
from stickmouse.body import bend_limb
from stickmouse.session import make_session, make_study

from mousegpt.core.skeleton import KEYPOINTS

RIGID = {
    ("Snout", "EarL"): 1.0,
    ("EarL", "EarR"): 1.0,
    ("SpineF", "SpineG"): 1.2,
    ("SpineG", "SpineH"): 1.2,
    ("SpineH", "Hip"): 1.2,
    ("Hip", "TailBase"): 1.2,
    ("TailBase", "TailMid"): 3.0,
    ("TailMid", "TailEnd"): 3.0,
    ("ShoulderL", "ElbowL"): 1.16,
    ("ElbowR", "WristR"): 1.25,
    ("WristL", "ForepawL"): 0.55,
    ("KneeR", "AnkleR"): 1.7,
    ("AnkleL", "HindpawL"): 1.5,
}


def at(skeleton, name):
    return skeleton[:, KEYPOINTS.index(name)]


@pytest.fixture(scope="module")
def study():
    return make_study(n_mice=4, duration_s=60, seed=3)


@pytest.mark.parametrize("bone", RIGID)
def test_bones_keep_their_length(study, bone):
    for session in study:
        length = np.linalg.norm(
            at(session.skeleton, bone[0]) - at(session.skeleton, bone[1]), axis=1
        )
        assert np.ptp(length) < 1e-9


def test_bones_have_the_lengths_of_the_plan():
    skeleton = make_session([("walking", 2.0)]).skeleton
    for (a, b), expected in list(RIGID.items())[2:]:
        length = np.linalg.norm(at(skeleton, a) - at(skeleton, b), axis=1)
        assert np.allclose(length, expected)


def test_nose_to_tail_base_is_as_long_as_on_a_mouse():
    skeleton = make_session([("walking", 4.0)]).skeleton
    length = np.linalg.norm(at(skeleton, "Snout") - at(skeleton, "TailBase"), axis=1)
    assert 7.5 < np.median(length) < 8.5


def test_left_is_left(study):
    for session in study:
        spine = at(session.skeleton, "SpineG") - at(session.skeleton, "SpineH")
        to_left = at(session.skeleton, "ShoulderL") - at(session.skeleton, "ShoulderR")
        assert np.median(np.cross(spine, to_left)[:, 2]) > 0


def test_no_point_is_far_under_the_floor_or_through_the_wall(study):
    tail = [KEYPOINTS.index("TailMid"), KEYPOINTS.index("TailEnd")]
    for session in study:
        assert session.skeleton[..., 2].min() > -0.05
        radius = np.hypot(session.skeleton[..., 0], session.skeleton[..., 1])
        assert np.delete(radius, tail, axis=1).max() < 12.5 + 0.5
        assert np.quantile(radius, 0.995) < 12.5 + 0.2


def test_motion_is_smooth(study):
    for session in study:
        trunk = at(session.skeleton, "SpineG")
        speed = np.linalg.norm(np.diff(trunk, axis=0), axis=1) * session.fps
        assert speed.max() < 170  # a jump takes off at 118 cm/s


def test_a_limb_that_reaches_ends_at_its_goal():
    rng = np.random.default_rng(0)
    root, goal = rng.normal(size=(2, 50, 3)) * 0.4
    goal = root + (goal - root) / np.linalg.norm(goal - root, axis=1, keepdims=True)
    joint, end = bend_limb(root, goal, 1.0, 0.8, np.array([[0.3, 1.0, 0.2]]))
    assert np.allclose(end, goal)
    assert np.allclose(np.linalg.norm(joint - root, axis=1), 1.0)
    assert np.allclose(np.linalg.norm(joint - end, axis=1), 0.8)
