from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist

from mousegpt.core.errors import DataError
from mousegpt.core.mesh import RawMesh
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.io.rodent import load_rodent
from mousegpt.synthetic.anatomy import BONES, EAR, Body
from mousegpt.synthetic.arena import find_arena
from mousegpt.synthetic.body import Carriage, Paws, Stance, make_axes, pose_bind, pose_figure
from mousegpt.synthetic.meshwork import measure_volume
from mousegpt.synthetic.skin import fit_skin, pose_skin, press_flesh, straighten_bind

INSIDE = [k for k in KEYPOINTS if k not in ("EarL", "EarR", "Snout", "TailEnd")]


@pytest.fixture(scope="module")
def skin():
    return fit_skin(load_rodent(), Body())


def stand(arch=0.0, bend=0.0, hip_height=2.6, body=None):
    """Stand with a back arched or bent by the same angle at every joint."""
    zero = np.zeros(1)
    carriage = Carriage(
        x=zero, y=zero, yaw=zero, lift=zero, hip_height=zero + hip_height, trunk_pitch=zero,
        arch=zero + arch, bend=zero + bend, roll=zero, neck_pitch=zero - arch, head_pitch=zero,
        head_yaw=zero, head_roll=zero, tail_headings=np.full((1, 8), np.pi), tail_lift=zero,
        breath=zero + 1,
    )  # fmt: skip
    places = np.array([[[4.6, 0.8, 0.12], [4.6, -0.8, 0.12], [0.8, 0.9, 0.12], [0.8, -0.9, 0.12]]])
    return pose_figure(
        Stance(carriage, Paws(places, np.full((1, 4), -0.3), np.zeros((1, 4)))), body or Body()
    )


def wind(points, vertices, faces):
    """Return how often the mesh winds around points: 1 inside, 0 outside."""
    a, b, c = (vertices[faces[:, k]] - points[:, None] for k in range(3))
    la, lb, lc = (np.linalg.norm(x, axis=-1) for x in (a, b, c))
    triple = np.sum(a * np.cross(b, c), axis=-1)
    below = la * lb * lc + np.sum(a * b, -1) * lc + np.sum(b * c, -1) * la + np.sum(c * a, -1) * lb
    return np.arctan2(triple, below).sum(axis=1) / (2 * np.pi)


def test_is_a_closed_mesh_of_unit_normals(skin):
    n = len(skin.vertices)
    assert skin.faces.dtype == np.int32 and skin.faces.min() == 0 and skin.faces.max() == n - 1
    forth = skin.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64) @ [n, 1]
    back = skin.faces[:, [1, 0, 2, 1, 0, 2]].reshape(-1, 2).astype(np.int64) @ [n, 1]
    np.testing.assert_array_equal(np.sort(forth), np.sort(back))  # edges are walked both ways
    assert len(np.unique(skin.faces)) == n
    for part in (skin.vertices, skin.normals, skin.groom, skin.swell):
        assert part.shape == (n, 3) and np.isfinite(part).all()
    np.testing.assert_allclose(np.linalg.norm(skin.normals, axis=1), 1)
    np.testing.assert_allclose(np.linalg.norm(skin.groom, axis=1), 1)
    np.testing.assert_allclose(np.sum(skin.groom * skin.normals, axis=1), 0, atol=1e-9)
    assert measure_volume(skin.vertices, skin.faces) == pytest.approx(
        34, abs=5
    )  # cm³: a heavy adult


def test_weights_and_regions_are_shares(skin):
    assert skin.weights.shape == (len(skin.vertices), len(BONES))
    np.testing.assert_allclose(skin.weights.sum(axis=1), 1)
    assert skin.weights.min() >= 0
    regions = np.stack([skin.ear, skin.tail, skin.paw, skin.nose, skin.eye])
    assert regions.min() >= 0 and regions.max() <= 1 and (regions.max(axis=1) == 1).all()
    assert regions.sum(axis=0).max() <= 1 + 1e-9  # nothing is two things at once
    naked = (skin.tail == 1) | (skin.paw == 1) | (skin.nose == 1) | (skin.eye == 1)
    assert (skin.fur[naked] == 0).all() and skin.fur.max() == 1
    every_bone = np.asarray(skin.weights.sum(axis=0)).ravel()
    assert (every_bone > 1).all()


def test_has_the_measures_of_a_mouse(skin):
    x, y, _ = skin.vertices.T
    own = (skin.ear == 0) & (skin.eye == 0)
    middle = own & (np.abs(x - 2.4) < 0.5)
    assert 2.6 <= np.ptp(y[middle]) <= 3.2
    assert 2.3 <= np.ptp(skin.vertices[middle & (np.abs(y) < 0.4), 2]) <= 3.0
    left_ear = skin.vertices[(skin.ear > 0.5) & (y > 0)]
    assert 1.2 <= pdist(left_ear).max() <= 1.3
    skull = skin.origins[BONES.index("skull")]
    np.testing.assert_allclose(left_ear.mean(axis=0) - skull, EAR, atol=0.01)
    hind_foot = skin.vertices[(skin.paw > 0.5) & (x < 2.5) & (y > 0)]
    assert 1.6 <= np.ptp(hind_foot[:, 0]) <= 2.0
    tail = skin.tail > 0.5
    assert 0.3 <= np.ptp(y[tail]) <= 0.4
    assert np.ptp(y[tail & (x < x.min() + 0.3)]) <= 0.15


def test_left_mirrors_right(skin):
    away, _ = cKDTree(skin.vertices).query(skin.vertices * [1, -1, 1])
    assert away.max() < 0.05


@pytest.mark.parametrize("figure", [pose_bind(Body()), stand(), stand(arch=0.5)])
def test_joints_are_inside_and_landmarks_on_the_surface(skin, figure):
    surface = pose_skin(skin, figure)
    places, points = surface.positions.astype(float), figure.keypoints[0]
    depth = cKDTree(places).query(points)[0]
    inside = wind(points, places, skin.faces) > 0.5
    deep_or_near = inside | (depth < 0.06)  # a paw's keypoint may lie between the toes
    assert [
        k for k, ok in zip(KEYPOINTS, deep_or_near, strict=True) if k in INSIDE and not ok
    ] == []
    spine = [KEYPOINTS.index(k) for k in ("SpineF", "SpineG", "SpineH", "Hip")]
    assert inside[spine].all() and (depth[spine] < 0.45).all()
    tips = [KEYPOINTS.index(k) for k in ("Snout", "TailEnd")]
    assert (depth[tips] < 0.06).all()


def test_follows_a_rigid_motion(skin):
    figure = stand(arch=0.3)
    figure = replace(figure, origins=figure.origins + (0, 0, 9))
    turn, shift = (
        make_axes(np.array([0.7]), np.array([0.4]), np.array([-0.2]))[0],
        (3.0, -2.0, 20.0),
    )
    moved = replace(figure, origins=figure.origins @ turn.T + shift, frames=turn @ figure.frames)
    before, after = pose_skin(skin, figure), pose_skin(skin, moved)
    np.testing.assert_allclose(after.positions, before.positions @ turn.T + shift, atol=1e-4)
    np.testing.assert_allclose(after.normals, before.normals @ turn.T, atol=1e-3)
    assert after.positions.dtype == np.float32


def test_at_bind_it_is_itself(skin):
    bind = straighten_bind(Body())
    bind = replace(bind, girth=np.ones(1), origins=bind.origins)
    above = skin.vertices[:, 2] > 0.3
    posed = pose_skin(skin, bind).positions
    np.testing.assert_allclose(posed[above], skin.vertices[above], atol=1e-5)


@pytest.mark.parametrize("figure", [stand(arch=np.pi / 6), stand(bend=np.pi / 3)])
def test_a_curved_back_has_no_crease(skin, figure):
    """Along the midline of the back the surface turns by little from vertex to vertex."""
    surface = pose_skin(skin, figure)
    x, y, _ = skin.vertices.T
    back = np.flatnonzero((np.abs(y) < 0.02) & (skin.normals[:, 2] > 0.8) & (x > -0.8) & (x < 4.6))
    back = back[np.argsort(x[back])]
    cosines = np.sum(surface.normals[back[1:]] * surface.normals[back[:-1]], axis=1)
    assert len(back) > 10
    assert np.degrees(np.arccos(np.clip(cosines, -1, 1))).max() < 25


def test_grows_with_girth_and_keeps_its_head(skin):
    figure = stand()
    thin, fat = (
        pose_skin(skin, replace(figure, girth=np.array([g]))).positions for g in (1.0, 1.2)
    )
    flank = (np.abs(skin.vertices[:, 0] - 2.4) < 0.4) & (np.abs(skin.vertices[:, 1]) > 1)
    wider = np.abs(fat[flank, 1]) / np.abs(thin[flank, 1])
    assert np.median(wider) == pytest.approx(1.2, abs=0.02)
    head = skin.vertices[:, 0] > skin.origins[BONES.index("skull"), 0] + 0.3
    np.testing.assert_array_equal(fat[head], thin[head])


def test_follows_the_build():
    rodent = load_rodent()
    plain, large = fit_skin(rodent, Body()), fit_skin(rodent, Body(size=1.1))
    fat = fit_skin(rodent, Body(girth=1.15))
    np.testing.assert_allclose(
        np.ptp(large.vertices[:, 1]), 1.1 * np.ptp(plain.vertices[:, 1]), rtol=0.02
    )
    assert measure_volume(fat.vertices, fat.faces) > 1.1 * measure_volume(
        plain.vertices, plain.faces
    )
    long = fit_skin(rodent, Body(tail=1.2))
    assert np.ptp(long.vertices[long.tail == 1, 0]) > 1.15 * np.ptp(
        plain.vertices[plain.tail == 1, 0]
    )


def test_same_input_same_bytes():
    one, two = (fit_skin(load_rodent(), Body()) for _ in range(2))
    assert one.vertices.tobytes() == two.vertices.tobytes()
    assert one.weights.data.tobytes() == two.weights.data.tobytes()
    assert pose_skin(one, stand()).groom.tobytes() == pose_skin(two, stand()).groom.tobytes()


def test_stays_above_the_floor_and_inside_the_walls(skin):
    arena = find_arena("cylinder")
    low = stand(hip_height=1.0)
    low = replace(low, origins=low.origins + (3.2, 0, 0))
    assert pose_skin(skin, low).positions[:, 2].min() > 0
    free, held = pose_skin(skin, low), pose_skin(skin, low, arena=arena)
    radius = np.linalg.norm(held.positions[:, :2], axis=1)
    assert np.linalg.norm(free.positions[:, :2], axis=1).max() > arena.width_cm / 2
    assert radius.max() <= arena.width_cm / 2


def test_flesh_yields_only_where_it_touches():
    places = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 0.1], [0.0, 0.0, -1.0]])
    pressed = press_flesh(places, np.full(3, 0.3))
    np.testing.assert_array_equal(pressed[0], places[0])
    assert 0.1 < pressed[1, 2] < 0.3 and 0 < pressed[2, 2] < pressed[1, 2]


def test_a_foreign_mesh_is_named():
    mesh = RawMesh(
        np.eye(3),
        np.array([[0, 1, 2]]),
        ("hoof",),
        np.zeros((1, 3)),
        np.array([-1]),
        np.ones((3, 1)),
    )
    with pytest.raises(DataError, match="rodent of dm_control"):
        fit_skin(mesh, Body())
