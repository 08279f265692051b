import numpy as np
import pytest
import xarray as xr

from mousegpt.core.errors import DataError
from mousegpt.core.recording import Arena
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.kinematics.scale import estimate_body_length, scale_arena, scale_poses


def test_body_length_is_snout_to_tail_base(walk, as_poses):
    expected = np.hypot(7.9, 1.26)
    assert estimate_body_length(as_poses(walk())).item() == pytest.approx(expected)


def test_body_length_of_a_coarse_skeleton_is_near(walk, as_poses):
    full = estimate_body_length(as_poses(walk())).item()
    for kept in (("EarL", "EarR", "TailBase"), ("SpineF", "TailBase"), ("Snout", "EarL", "EarR")):
        points = walk()
        points[:, [n for n, name in enumerate(KEYPOINTS) if name not in kept]] = np.nan
        assert estimate_body_length(as_poses(points)).item() == pytest.approx(full, rel=0.35)


def test_a_hunched_mouse_is_as_long_as_its_spine_says(walk, as_poses):
    points = walk()
    points[:, KEYPOINTS.index("Snout")] = [3.0, 0, 1.0]  # bent down to the belly
    spine = [points[0, KEYPOINTS.index(name)] for name in ("Snout", "SpineF", "SpineG", "TailBase")]
    expected = 0.83 * np.linalg.norm(np.diff(spine, axis=0), axis=1).sum()
    assert expected > np.linalg.norm(spine[0] - spine[-1])
    assert estimate_body_length(as_poses(points)).item() == pytest.approx(expected)


def test_no_points_no_length(as_poses):
    assert np.isnan(estimate_body_length(as_poses(np.full((5, 24, 3), np.nan))).item())


@pytest.mark.parametrize(("unit", "cm"), [("mm", 0.1), ("cm", 1.0), ("m", 100.0)])
def test_lengths_become_cm(walk, as_poses, unit, cm):
    scaled = scale_poses(as_poses(walk() / cm, unit=unit))
    np.testing.assert_allclose(scaled["position"], as_poses(walk())["position"])
    assert scaled.attrs["unit"] == "cm"


def test_a_wrong_unit_is_named(walk, as_poses):
    with pytest.raises(DataError, match="looks like mm given as cm"):
        scale_poses(as_poses(walk() * 10, unit="cm"))
    with pytest.raises(DataError, match="px_per_cm"):
        scale_poses(as_poses(walk()[..., :2] * 50, unit="px"), px_per_cm=5)
    with pytest.raises(DataError, match="not 'inch'"):
        scale_poses(as_poses(walk(), unit="inch"))


@pytest.mark.parametrize(("view_angle", "sign"), [("top", -1), ("side", -1), ("bottom", 1)])
def test_images_are_turned_over_unless_seen_from_below(walk, as_poses, view_angle, sign):
    pixels = walk(speed=3.0, heading_deg=30)[..., :2] * 20
    scaled = scale_poses(as_poses(pixels, unit="px"), px_per_cm=20, view_angle=view_angle)
    np.testing.assert_allclose(
        scaled["position"].sel(space="y"), sign * as_poses(pixels)["position"].sel(space="y") / 20
    )
    assert scaled.attrs["view_angle"] == view_angle


def test_pixels_without_a_scale_become_body_lengths(walk, as_poses):
    scaled = scale_poses(as_poses(walk()[..., :2] * 37, unit="px"))
    assert scaled.attrs["unit"] == "body length"
    assert estimate_body_length(scaled).item() == pytest.approx(1)


def test_noise_is_scaled_too(walk, as_poses):
    poses = as_poses(walk() * 10, unit="mm")
    poses = poses.assign(noise=(("keypoint", "individual"), np.full((24, 1), 0.5)))
    np.testing.assert_allclose(scale_poses(poses)["noise"], 0.05)


def test_the_arena_moves_with_the_poses():
    arena = Arena(shape="circle", width_cm=40, center=(300, 200))
    assert scale_arena(arena, unit="px", px_per_cm=10).center == pytest.approx((30, -20))
    assert scale_arena(arena, unit="mm").center == pytest.approx((30, 20))
    assert scale_arena(arena, unit="px") is None
    assert scale_arena(Arena(shape="circle", width_cm=40), unit="cm").center is None


def test_individuals_share_one_frame_of_reference(walk, as_poses):
    pixels = walk()[..., :2] * 37
    two = xr.concat(
        [as_poses(p, unit="px", individuals=[n]) for p, n in ((pixels, "a"), (1.5 * pixels, "b"))],
        "individual",
        join="exact",
    )
    lengths = estimate_body_length(scale_poses(two)).to_numpy()
    assert lengths == pytest.approx([0.8, 1.2])


def test_pixels_that_nothing_scales_are_refused(walk, as_poses):
    points = walk()[..., :2] * 37
    points[:, [n for n, name in enumerate(KEYPOINTS) if name not in ("Hip", "SpineG")]] = np.nan
    with pytest.raises(DataError, match="give px_per_cm"):
        scale_poses(as_poses(points, unit="px"))
    assert scale_poses(as_poses(points, unit="px"), px_per_cm=37).attrs["unit"] == "cm"
