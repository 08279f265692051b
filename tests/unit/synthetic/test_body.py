from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mousegpt.core.skeleton import KEYPOINTS, mirror_keypoint
from mousegpt.synthetic import anatomy
from mousegpt.synthetic.anatomy import BONES, N_TAIL, Body
from mousegpt.synthetic.bending import bend_limb, make_axes
from mousegpt.synthetic.body import Carriage, Paws, Stance, pose_bind, pose_figure, pose_skeleton

angles = st.floats(-1.5, 1.5)


def stand(**channels):
    """A stance of one frame."""
    held = dict.fromkeys(
        ("x", "y", "yaw", "lift", "bend", "roll", "head_yaw", "head_roll", "tail_lift"), 0.0
    )
    held |= {"hip_height": 2.2, "trunk_pitch": 0.2, "arch": 0.4, "neck_pitch": 0.4}
    held |= {"head_pitch": -0.5, "breath": 1.0} | channels
    arrays = {name: np.array([value]) for name, value in held.items()}
    carriage = Carriage(**arrays, tail_headings=np.full((1, N_TAIL), np.pi))
    places = np.array([[4.0, 0.75, 0.12], [4.0, -0.75, 0.12], [0.9, 1.2, 0.12], [0.9, -1.2, 0.12]])
    pitch, yaw = np.array([[-0.5, -0.5, -0.1, -0.1]]), np.array([[0.1, -0.1, 0.2, -0.2]])
    return Stance(carriage, Paws(places[None], pitch, yaw))


def gap(figure, first, second):
    ends = [figure.keypoints[0, KEYPOINTS.index(name)] for name in (first, second)]
    return np.linalg.norm(ends[0] - ends[1])


@given(bend=angles, pitch=angles, arch=st.floats(0, 0.7), roll=angles, head=angles)
def test_bones_keep_their_length(bend, pitch, arch, roll, head):
    figure = pose_figure(
        stand(bend=bend, trunk_pitch=pitch, arch=arch, roll=roll, head_yaw=head), Body()
    )
    assert gap(figure, "SpineF", "SpineG") == pytest.approx(anatomy.SPINE)
    assert gap(figure, "Hip", "TailBase") == pytest.approx(anatomy.RUMP)
    assert gap(figure, "ShoulderL", "ElbowL") == pytest.approx(anatomy.UPPER_ARM)
    assert gap(figure, "ElbowR", "WristR") == pytest.approx(anatomy.FOREARM)
    assert gap(figure, "KneeL", "AnkleL") == pytest.approx(anatomy.SHANK)
    assert gap(figure, "AnkleR", "HindpawR") == pytest.approx(anatomy.FOOT)
    assert gap(figure, "Snout", "EarL") == pytest.approx(gap(figure, "Snout", "EarR"))


def test_frames_are_rotations_along_their_bones():
    figure = pose_figure(stand(bend=0.4, roll=0.2, head_yaw=0.3, head_roll=-0.2), Body())
    frames = figure.frames[0]
    np.testing.assert_allclose(frames.swapaxes(1, 2) @ frames, np.tile(np.eye(3), (28, 1, 1)),
                               atol=1e-12)  # fmt: skip
    assert (np.linalg.det(frames) > 0.99).all()
    knee = figure.keypoints[0, KEYPOINTS.index("KneeL")]
    thigh = BONES.index("thigh_L")
    np.testing.assert_allclose(
        figure.origins[0, thigh] + anatomy.THIGH * frames[thigh, :, 0], knee, atol=1e-9
    )


def test_a_straight_mouse_is_its_own_mirror_image():
    keypoints = pose_figure(stand(), Body()).keypoints[0]
    mirrored = keypoints[[KEYPOINTS.index(mirror_keypoint(name)) for name in KEYPOINTS]]
    np.testing.assert_allclose(mirrored * (1, -1, 1), keypoints, atol=1e-9)


def test_paws_stand_where_they_are_put():
    stance = stand()
    keypoints = pose_figure(stance, Body()).keypoints[0]
    paws = keypoints[[KEYPOINTS.index(name) for name in anatomy.PAWS]]
    np.testing.assert_allclose(paws, stance.paws.places[0], atol=1e-9)


def test_arching_shortens_and_thickens():
    flat, round_ = (pose_figure(stand(arch=arch), Body()) for arch in (0.1, 0.7))
    assert gap(round_, "SpineF", "TailBase") < 0.85 * gap(flat, "SpineF", "TailBase")
    assert round_.girth[0] > 1 > flat.girth[0] * 0.99


def test_a_raised_left_side_is_higher():
    keypoints = pose_figure(stand(roll=0.3), Body()).keypoints[0]
    left, right = (keypoints[KEYPOINTS.index(f"Shoulder{side}"), 2] for side in "LR")
    assert left > right


def test_size_scales_everything():
    small, large = (pose_bind(Body(size=size)).keypoints for size in (1.0, 1.2))
    assert np.ptp(large[0, :, 0]) == pytest.approx(1.2 * np.ptp(small[0, :, 0]), rel=0.02)


def test_moving_and_turning_the_mouse_moves_and_turns_its_points():
    stance = stand(bend=0.3)
    turned = replace(
        stance,
        carriage=replace(
            stance.carriage,
            x=np.array([3.0]), yaw=np.array([np.pi / 2]),
            tail_headings=stance.carriage.tail_headings + np.pi / 2,
        ),
        paws=replace(
            stance.paws,
            places=stance.paws.places[..., [1, 0, 2]] * (-1, 1, 1) + (3, 0, 0),
            yaw=stance.paws.yaw + np.pi / 2,
        ),
    )  # fmt: skip
    before, after = (pose_skeleton(s, Body())[0] for s in (stance, turned))
    np.testing.assert_allclose(after, before[:, [1, 0, 2]] * (-1, 1, 1) + (3, 0, 0), atol=1e-9)


@given(x=st.floats(-2, 2), y=st.floats(-1, 1), root=st.floats(0.3, 2.5))
def test_joints_stay_above_the_floor(x, y, root):
    goal, start = np.array([[x, y, 0.3]]), np.array([[0.0, 0.0, root]])
    for pole in ([[-1.0, 0.4, -0.1]], [[0.2, 0.1, -1.0]]):
        joint, end, axes = bend_limb(start, goal, 1.2, 1.45, np.array(pole), floor=0.15)
        distance = np.linalg.norm(goal - start)
        if 0.45 < distance < 2.6:
            np.testing.assert_allclose(end, goal, atol=1e-9)
            assert np.linalg.norm(joint - start) == pytest.approx(1.2)
            assert np.linalg.norm(end - joint) == pytest.approx(1.45)
            reachable = joint[0, 2] >= 0.15 - 1e-9
            upright = np.hypot(x, y) < 0.5  # nothing to turn about: it can only be folded
            assert reachable or upright
            assert np.abs(np.linalg.det(axes[0]) - 1).max() < 1e-9


def test_a_long_session_is_posed_in_parts():
    stance = stand().select(np.zeros(50, dtype=int))
    np.testing.assert_array_equal(
        pose_skeleton(stance, Body(), n_at_once=7), pose_skeleton(stance, Body())
    )


def test_axes_point_where_they_say():
    axes = make_axes(np.array([np.pi / 2]), np.array([0.0]), np.array([0.1]))
    np.testing.assert_allclose(axes[0, :, 0], [0, 1, 0], atol=1e-12)
    assert axes[0, 2, 1] > 0
