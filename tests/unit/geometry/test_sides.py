"""Sides that views have exchanged are given back; what is right stays as it is."""

import numpy as np
import pytest
import xarray as xr

from mousegpt.core.calibration import Calibration
from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.skeleton import KEYPOINTS, mirror_keypoint
from mousegpt.geometry.sides import resolve_sides
from mousegpt.geometry.triangulation import triangulate_poses
from mousegpt.synthetic.rig import arrange_views, build_rig

RIG = build_rig(layout=arrange_views(6), image_size=(640, 512), seed=3)
MIRROR = [KEYPOINTS.index(mirror_keypoint(name)) for name in KEYPOINTS]
N = 40
N_VIEWS = len(RIG.views)
EARS: tuple[str, ...] = ("EarL",)
FORE = ("ForepawL", "WristL", "ElbowL", "ShoulderL")
HIND = ("HindpawL", "AnkleL", "KneeL")
ALL = (EARS, FORE, HIND)

#: a mouse that looks along +x, cm: snout, back and tail in the middle, left at +y
BODY = {
    "Snout": (4.0, 0, 1.5), "SpineF": (2, 0, 2.2), "SpineG": (1, 0, 2.4), "SpineH": (0, 0, 2.5),
    "Hip": (-1, 0, 2.4), "TailBase": (-3, 0, 1.5), "TailMid": (-6, 0, 0.8), "TailEnd": (-9, 0, 0.3),
    "Ear": (2.8, 0.9, 3.0), "Forepaw": (2.5, 0.8, 0.1), "Wrist": (2.3, 0.8, 0.4),
    "Elbow": (1.7, 0.9, 0.9), "Shoulder": (1.9, 0.7, 1.5), "Hindpaw": (-0.6, 1.4, 0.1),
    "Ankle": (-1.4, 1.3, 0.5), "Knee": (-0.5, 1.5, 1.2),
}  # fmt: skip


def place_mouse() -> np.ndarray:
    """A stiff mouse that walks in a circle, cm, shape (time, 24, 3)."""
    body = np.array([find_place(name) for name in KEYPOINTS])
    angle = np.linspace(0, 2, N)
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y = body[:, 0] * cosine - body[:, 1] * sine, body[:, 0] * sine + body[:, 1] * cosine
    at = np.stack([x, y, np.broadcast_to(body[:, 2], x.shape)], axis=-1)
    return at + np.stack([4 * sine[:, 0], -4 * cosine[:, 0], 0 * angle], axis=-1)[:, None]


def find_place(name: str) -> tuple[float, float, float]:
    if name in BODY:
        return BODY[name]
    x, y, z = BODY[name[:-1]]
    return x, y if name.endswith("L") else -y, z


def see(rig: Calibration = RIG, noise_px: float = 0.5, seed: int = 0) -> Poses:
    pixels = np.stack([camera.project(place_mouse()) for camera in rig.cameras.values()])
    pixels += np.random.default_rng(seed).normal(0, noise_px, pixels.shape)
    return build_poses(
        np.moveaxis(pixels, -1, 2)[..., None], np.full((*pixels.shape[:-1], 1), 0.9),
        keypoints=KEYPOINTS, fps=60.0, unit="px", views=rig.views,
    )  # fmt: skip


def exchange(poses: Poses, groups: tuple[tuple[str, ...], ...], where: np.ndarray) -> Poses:
    """Exchange left and right of some groups; ``where`` has the shape (view, time)."""
    names = [name for group in groups for name in group]
    names += [mirror_keypoint(name) for name in names]
    touched = where[..., None, None] & np.isin(KEYPOINTS, names)[:, None]
    mask = xr.DataArray(touched, dims=poses["confidence"].dims)
    mirrored = poses.isel(keypoint=MIRROR).assign_coords(keypoint=poses["keypoint"])
    return mirrored.where(mask, poses)


def draw_exchanges(share: float, n_views: int = N_VIEWS, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random((n_views, N)) < share


def list_touched(groups: tuple[tuple[str, ...], ...]) -> np.ndarray:
    names = [name for group in groups for name in group]
    return np.isin(KEYPOINTS, names + [mirror_keypoint(name) for name in names])


def test_what_is_right_stays():
    poses = see()
    resolved = resolve_sides(poses, RIG)
    assert not resolved["exchanged"].any()
    xr.testing.assert_identical(resolved.drop_vars("exchanged"), poses)


@pytest.mark.parametrize("groups", [(EARS,), (FORE, HIND), (("WristL",), ("KneeL",)), ALL])
def test_exchanged_sides_are_given_back(groups):
    poses, where = see(), draw_exchanges(0.3)
    spoilt = exchange(poses, groups, where)
    resolved = resolve_sides(spoilt, RIG)
    np.testing.assert_allclose(resolved["position"], poses["position"], atol=6.0)
    planted = where[..., None] & list_touched(groups)
    wrong = resolved["exchanged"].to_numpy()[..., 0] != planted
    assert wrong.mean() < 0.01  # ears one behind the other look the same either way


def test_the_points_in_space_are_those_of_clean_pictures():
    clean = triangulate_poses(see(), RIG)["position"]
    spoilt = exchange(see(), ALL, draw_exchanges(0.3))
    solid = triangulate_poses(resolve_sides(spoilt, RIG).drop_vars("exchanged"), RIG)["position"]
    assert float(np.abs(solid - clean).max()) < 0.1
    plain = triangulate_poses(spoilt, RIG)["position"]
    assert not float(np.abs(plain - clean).max()) < 0.1


def test_the_trunk_outvotes_most_views():
    where = np.zeros((N_VIEWS, N), dtype=bool)
    where[:4] = True  # all along: continuity does not help
    resolved = resolve_sides(exchange(see(), (HIND,), where), RIG)
    np.testing.assert_allclose(resolved["position"], see()["position"], atol=6.0)


def test_without_a_trunk_most_views_win():
    where = np.zeros((N_VIEWS, N), dtype=bool)
    where[:2] = True
    ears = ["EarL", "EarR"]
    spoilt = exchange(see(), (EARS,), where).sel(keypoint=["Snout", *ears])
    resolved = resolve_sides(spoilt, RIG)
    assert (resolved["exchanged"].sel(keypoint=ears).to_numpy()[..., 0] == where[..., None]).all()


def test_frames_before_and_after_outvote_a_moment():
    where = np.zeros((N_VIEWS, N), dtype=bool)
    where[:4, 20] = True  # most views, in one frame
    known = ["Snout", "EarL", "EarR"]
    spoilt = exchange(see(), (EARS,), where).sel(keypoint=known)
    resolved = resolve_sides(spoilt, RIG)
    np.testing.assert_allclose(
        resolved["position"], see()["position"].sel(keypoint=known), atol=6.0
    )


def test_two_views_tell_one_exchange():
    rig = RIG.select((RIG.views[0], RIG.views[2]))
    where = draw_exchanges(0.3, n_views=2) & np.array([[True], [False]])
    resolved = resolve_sides(exchange(see(rig), (HIND,), where), rig)
    wrong = np.abs(resolved["position"] - see(rig)["position"]).max("space") > 6
    assert float(wrong.mean()) < 0.01


def test_nothing_is_invented():
    poses = exchange(see(), (EARS,), draw_exchanges(0.3))
    kept = np.random.default_rng(2).random(poses["confidence"].shape) > 0.2
    lost = poses["position"].where(xr.DataArray(kept, dims=poses["confidence"].dims))
    resolved = resolve_sides(poses.assign(position=lost), RIG)
    known = lost.notnull().all("space").to_numpy()
    np.testing.assert_array_equal(
        np.sort(resolved["position"].fillna(-1).sel(keypoint=["EarL", "EarR"]), axis=3),
        np.sort(lost.fillna(-1).sel(keypoint=["EarL", "EarR"]), axis=3),
    )
    midline = np.array([name == mirror_keypoint(name) for name in KEYPOINTS])
    assert not resolved["exchanged"].to_numpy()[:, :, midline].any()
    unseen = ~known & ~known[:, :, MIRROR]
    assert unseen.any() and not resolved["exchanged"].to_numpy()[unseen].any()


def test_poses_without_pairs_stay():
    poses = see().sel(keypoint=["Snout", "SpineF", "EarL"])
    resolved = resolve_sides(poses, RIG)
    xr.testing.assert_identical(resolved.drop_vars("exchanged"), poses)
    assert not resolved["exchanged"].any()


def test_one_view_is_refused():
    with pytest.raises(DataError, match="at least two views"):
        resolve_sides(see().isel(view=[0]), RIG)
