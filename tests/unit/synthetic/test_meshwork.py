import numpy as np
import pytest

from mousegpt.core.mesh import RawMesh
from mousegpt.synthetic.appendages import build_ear, build_eye
from mousegpt.synthetic.meshwork import (
    compute_normals,
    measure_volume,
    smooth_shape,
    span_membrane,
    split_edges,
    weld_seams,
)


def make_mesh(vertices, faces):
    n = len(vertices)
    return RawMesh(
        np.asarray(vertices, float), np.asarray(faces, np.int32), ("bone",), np.zeros((1, 3)),
        np.array([-1], np.int32), np.ones((n, 1)),
    )  # fmt: skip


def make_ball(radius=1.0):
    vertices, faces = build_eye(np.zeros(3), side=1.0, size=1.0)
    return make_mesh(radius * vertices / np.linalg.norm(vertices, axis=1, keepdims=True), faces)


def is_closed(faces):
    forth = [edge for a, b, c in faces.tolist() for edge in ((a, b), (b, c), (c, a))]
    return len(set(forth)) == len(forth) and set(forth) == {(b, a) for a, b in forth}


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize("build", [build_ear, build_eye])
def test_appendages_are_closed_and_look_outward(build, side):
    vertices, faces = build(np.zeros(3), side=side, size=1.0)
    assert is_closed(faces) and measure_volume(vertices, faces) > 0
    mirrored, _ = build(np.zeros(3), side=-side, size=1.0)
    np.testing.assert_array_equal(mirrored, vertices * [1, -1, 1])


@pytest.mark.parametrize("longest", [0.1, 0.2, 0.35, 0.45, 9.0])
def test_splitting_changes_no_shape(longest):
    ball = make_ball()
    split = split_edges(ball, longest)
    assert is_closed(split.faces)
    assert measure_volume(split.vertices, split.faces) == pytest.approx(
        measure_volume(ball.vertices, ball.faces)
    )
    assert len(split.faces) == 2 * len(split.vertices) - 4  # Euler
    assert split.weights.shape == (len(split.vertices), 1)


def test_welding_closes_a_tetrahedron_of_loose_triangles():
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]])
    loose = make_mesh(corners[faces].reshape(-1, 3), np.arange(12).reshape(-1, 3))
    welded = weld_seams(loose)
    assert len(welded.vertices) == 4 and is_closed(welded.faces)
    assert measure_volume(welded.vertices, welded.faces) == pytest.approx(1 / 6)


def test_welding_drops_a_flap_that_closes_upon_itself():
    ball = make_ball()
    n = len(ball.vertices)
    flap = np.array([[0, 1, n], [1, 0, n]])
    mesh = make_mesh(np.vstack([ball.vertices, [[0, 0, 9]]]), np.vstack([ball.faces, flap]))
    welded = weld_seams(mesh)
    assert len(welded.vertices) == n and is_closed(welded.faces)


def test_a_ball_shrinks_as_it_should():
    ball, spread = make_ball(), 0.1
    smooth = smooth_shape(ball.vertices, ball.faces, np.full(len(ball.vertices), spread))
    radius = np.linalg.norm(smooth, axis=1)
    assert radius.mean() == pytest.approx(1 - 2 * spread**2, abs=0.01)


def test_where_nothing_may_spread_nothing_moves():
    ball = make_ball()
    spread = np.where(ball.vertices[:, 2] > 0, 0.3, 0.0)
    smooth = smooth_shape(ball.vertices, ball.faces, spread)
    np.testing.assert_allclose(smooth[spread == 0], ball.vertices[spread == 0], atol=1e-12)


def test_a_membrane_over_a_flat_hole_is_flat():
    x, y = np.meshgrid(np.arange(7.0), np.arange(7.0))
    height = np.where((np.abs(x - 3) < 2) & (np.abs(y - 3) < 2), 5.0, 0.0)
    corner = np.arange(49).reshape(7, 7)[:-1, :-1].ravel()
    faces = np.vstack(
        [
            np.stack([corner, corner + 1, corner + 7], 1),
            np.stack([corner + 1, corner + 8, corner + 7], 1),
        ]
    )
    mesh = make_mesh(np.stack([x, y, height], -1).reshape(-1, 3), faces)
    flat = span_membrane(mesh, height.ravel() > 0)
    np.testing.assert_allclose(flat.vertices[:, 2], 0, atol=1e-12)


def test_normals_of_a_ball_point_outward():
    ball = make_ball()
    normals = compute_normals(ball.vertices, ball.faces)
    assert np.sum(normals * ball.vertices, axis=1).min() > 0.98
