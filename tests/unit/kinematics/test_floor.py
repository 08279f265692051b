import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from mousegpt.core.errors import DataError
from mousegpt.core.recording import Arena
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.kinematics.floor import align_arena, align_to_floor, estimate_floor

from .conftest import make_poses, move, stand

LIMBS = ("Forepaw", "Wrist", "Elbow", "Shoulder", "Hindpaw", "Ankle", "Knee")


def wander(n=400, seed=0, noise=0.02):
    """Walk in a circle, with paws that are lifted at times."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 5, n)
    points = move(stand(), 12 * np.cos(angle), 12 * np.sin(angle), angle + np.pi / 2)
    paws = [10, 14, 18, 21]
    points[:, paws, 2] += np.where(rng.random((n, 4)) < 0.35, rng.uniform(0.2, 0.9, (n, 4)), 0)
    return points + rng.normal(0, noise, points.shape)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.tuples(*[st.floats(-50, 50)] * 3))
def test_any_world_orientation_gives_the_same_heights(seed, shift):
    points = wander()
    turn = Rotation.random(random_state=seed).as_matrix()
    floor = estimate_floor(make_poses(points @ turn.T + shift))
    aligned = align_to_floor(make_poses(points @ turn.T + shift), floor)
    heights = aligned["position"].sel(space="z").isel(individual=0)
    np.testing.assert_allclose(heights, points[..., 2], atol=0.08)
    np.testing.assert_allclose(floor.normal, turn @ [0, 0, 1], atol=0.01)
    assert floor.basis @ floor.basis.T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(floor.basis) == pytest.approx(1)


def test_the_floor_plane_keeps_x_and_y_of_a_level_world(as_poses):
    points = wander()
    points[..., 2] += 3.0
    aligned = align_to_floor(as_poses(points), estimate_floor(as_poses(points)))
    np.testing.assert_allclose(
        aligned["position"].isel(individual=0).transpose("time", "keypoint", "space"),
        points - [0, 0, 3.0],
        atol=0.1,
    )


def test_the_same_poses_give_the_same_floor(as_poses):
    a, b = (estimate_floor(as_poses(wander())) for _ in range(2))
    assert a.basis.tobytes() == b.basis.tobytes()
    assert (a.residual, a.n_points) == (b.residual, b.n_points)


def test_a_rearing_mouse_does_not_lift_the_floor(as_poses):
    points = wander()
    points[150:, 10] += [0, 0, 6]
    points[150:, 14] += [0, 0, 6]
    floor = estimate_floor(as_poses(points))
    assert floor.normal[2] > 0.999
    assert abs(floor.origin[2]) < 0.08


def test_a_mouse_that_only_rears_stands_on_a_level_floor(as_poses):
    """Its paws lie in an upright plane just as well."""
    rng = np.random.default_rng(1)
    n = 200
    body = stand()
    upright = np.stack([-body[:, 2] + 2.5, body[:, 1], body[:, 0]], axis=-1)
    upright[[18, 21]] = body[[18, 21]]  # the hind paws stay on the floor
    turn = np.linspace(0, 0.4, n)
    points = move(upright, 0 * turn, 0 * turn, turn) + rng.normal(0, 0.03, (n, 24, 3))
    points[:, [10, 14]] += rng.normal(0, 0.3, (n, 2, 3))
    floor = estimate_floor(as_poses(points))
    assert floor.normal.tolist() == [0, 0, 1]
    assert abs(floor.origin[2]) < 0.1


def test_a_world_with_z_down_is_seen(as_poses):
    points = wander() * [1, -1, -1]
    assert estimate_floor(as_poses(points)).normal[2] < -0.99


def test_a_known_up_needs_no_motion(walk, as_poses):
    floor = estimate_floor(as_poses(walk(20) + [0, 0, 5]), up=(0, 0, 2))
    np.testing.assert_allclose(floor.origin, [0, 0, 5], atol=1e-9)


def test_without_paws_a_known_up_and_the_lowest_point_make_a_floor(walk, as_poses):
    points = walk(20) + [0, 0, 5]
    limbs = [k for k, name in enumerate(KEYPOINTS) if name[:-1] in LIMBS]
    points[:, limbs] = np.nan
    with pytest.raises(DataError, match=r"poses\.up"):
        estimate_floor(as_poses(points))
    floor = estimate_floor(as_poses(points), up=(0, 0, 1))
    np.testing.assert_allclose(floor.origin, [0, 0, 5.2], atol=1e-9)  # the tip of the tail


def test_paws_on_one_line_span_no_floor(walk, as_poses):
    points = walk(20)
    points[:, [10, 14, 18, 21]] = [1.0, 0, 0]
    with pytest.raises(DataError, match="along one line"):
        estimate_floor(as_poses(points))


def test_a_floor_needs_three_dimensions_and_paws(walk, as_poses):
    with pytest.raises(DataError, match="3-D"):
        estimate_floor(as_poses(walk()[..., :2]))
    points = walk(20)
    points[:, [10, 14, 18, 21]] = np.nan
    with pytest.raises(DataError, match="0 paw"):
        estimate_floor(as_poses(points))


def test_the_arena_moves_with_the_poses(as_poses):
    points = wander()
    floor = estimate_floor(as_poses(points))
    arena = align_arena(Arena(shape="circle", width_cm=40, center=(2.0, -1.0)), floor)
    assert arena.center == pytest.approx((2.0, -1.0), abs=0.05)
