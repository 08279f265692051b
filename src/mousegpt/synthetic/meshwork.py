"""Triangle meshes: seams, edges, neighbours, normals, membranes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import coo_matrix, csc_matrix, csr_matrix, diags
from scipy.sparse.linalg import spsolve

from mousegpt.core.arrays import BoolArray, FloatArray, IntArray
from mousegpt.core.mesh import RawMesh


def unit(vectors: FloatArray) -> FloatArray:
    """Scale vectors to length one; a zero vector stays zero.

    Examples
    --------
    >>> unit(np.array([[0.0, 3.0, 4.0], [0.0, 0.0, 0.0]])).tolist()
    [[0.0, 0.6, 0.8], [0.0, 0.0, 0.0]]
    """
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12))


def weld_seams(mesh: RawMesh) -> RawMesh:
    """Make one vertex of those in the same place; faces that close upon each other go."""
    _, first, index = np.unique(
        mesh.vertices.round(4), axis=0, return_index=True, return_inverse=True
    )
    faces = index.reshape(-1)[mesh.faces].astype(np.int32)
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (c != a)]
    _, which, count = np.unique(
        np.sort(faces, axis=1), axis=0, return_inverse=True, return_counts=True
    )
    used, kept = np.unique(faces[count[which.reshape(-1)] == 1], return_inverse=True)
    return replace(
        mesh,
        vertices=mesh.vertices[first[used]],
        faces=kept.reshape(-1, 3).astype(np.int32),
        weights=mesh.weights[first[used]],
    )


def split_edges(mesh: RawMesh, longest: float) -> RawMesh:
    """Halve every edge longer than that, so that large faces become two, three or four."""
    corners = np.stack([mesh.faces, np.roll(mesh.faces, -1, axis=1)], axis=-1)  # (F, edge, end)
    edges, of_face = np.unique(
        np.sort(corners, axis=-1).reshape(-1, 2), axis=0, return_inverse=True
    )
    a, b = edges.T
    is_long = np.linalg.norm(mesh.vertices[a] - mesh.vertices[b], axis=1) > longest
    middle = np.full(len(edges), -1)
    middle[is_long] = len(mesh.vertices) + np.arange(is_long.sum())
    a, b = a[is_long], b[is_long]
    faces = _split_faces(mesh.faces, middle[of_face.reshape(-1, 3)])
    return replace(
        mesh,
        vertices=np.vstack([mesh.vertices, (mesh.vertices[a] + mesh.vertices[b]) / 2]),
        faces=faces.astype(np.int32),
        weights=np.vstack([mesh.weights, (mesh.weights[a] + mesh.weights[b]) / 2]),
    )


def _split_faces(faces: IntArray, middle: IntArray) -> IntArray:
    """Cut faces at the middles of their edges (ab, bc, ca); -1 where an edge stays whole."""
    n_cut = (middle >= 0).sum(axis=1)
    # Turn every face until one cut edge is ab, and of two cut edges the other is bc.
    odd_edge = np.where(n_cut == 1, np.argmax(middle >= 0, axis=1), 0)
    odd_edge = np.where(n_cut == 2, (np.argmin(middle, axis=1) + 1) % 3, odd_edge)
    order = (odd_edge[:, None] + np.arange(3)) % 3
    a, b, c = np.take_along_axis(faces, order, axis=1).T
    ab, bc, ca = np.take_along_axis(middle, order, axis=1).T
    one, two, three = n_cut == 1, n_cut == 2, n_cut == 3
    pieces = [
        (n_cut == 0, (a, b, c)),
        *((one, piece) for piece in ((a, ab, c), (ab, b, c))),
        *((two, piece) for piece in ((ab, b, bc), (a, ab, bc), (a, bc, c))),
        *((three, piece) for piece in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))),
    ]
    return np.concatenate([np.stack(piece, axis=1)[chosen] for chosen, piece in pieces])


def average_neighbours(faces: IntArray, n_vertices: int) -> csr_matrix:
    """Return the matrix that replaces every vertex by the mean of its neighbours, (V, V)."""
    a, b = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).T
    rows, columns = np.concatenate([a, b]), np.concatenate([b, a])
    links = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(n_vertices,) * 2).tocsr()
    links.data[:] = 1.0
    return csr_matrix(diags(1 / np.maximum(links.getnnz(axis=1), 1)) @ links)


def span_membrane(mesh: RawMesh, chosen: BoolArray) -> RawMesh:
    """Put the chosen vertices on the membrane that their surroundings span."""
    n = len(mesh.vertices)
    tension = csr_matrix(diags(np.ones(n)) - average_neighbours(mesh.faces, n))[chosen]
    vertices = mesh.vertices.copy()
    pull = -(tension[:, ~chosen] @ vertices[~chosen])
    vertices[chosen] = spsolve(tension[:, chosen].tocsc(), pull)
    return replace(mesh, vertices=vertices)


def smooth_shape(vertices: FloatArray, faces: IntArray, spread: FloatArray) -> FloatArray:
    """Let bumps diffuse over ``spread`` cm, shape (V,); where it is 0 everything stays.

    Notes
    -----
    One implicit step of mean curvature flow (Desbrun et al. 1999), the mesh's density aside; a
    ball of radius r shrinks by about (spread / r)^2.
    """
    stiffness, area = _measure_curvature(vertices, faces)
    flow = diags(area) + diags(spread**2) @ stiffness
    return np.asarray(spsolve(csc_matrix(flow), area[:, None] * vertices))


def _measure_curvature(vertices: FloatArray, faces: IntArray) -> tuple[csr_matrix, FloatArray]:
    """Return the cotangent Laplacian, (V, V), and every vertex's share of the area, (V,)."""
    n = len(vertices)
    pull, area = coo_matrix((n, n)).tocsr(), np.zeros(n)
    for corner, start, end in (np.roll(faces, k, axis=1).T for k in range(3)):
        one, two = vertices[start] - vertices[corner], vertices[end] - vertices[corner]
        doubled = np.maximum(np.linalg.norm(np.cross(one, two), axis=1), 1e-9)
        cotangent = np.maximum(np.sum(one * two, axis=1) / doubled, 0)
        pull = pull + coo_matrix((cotangent / 2, (start, end)), shape=(n, n)).tocsr()
        area += np.bincount(corner, doubled / 6, minlength=n)
    pull = pull + pull.T
    return csr_matrix(diags(np.asarray(pull.sum(axis=1)).ravel()) - pull), area


def compute_normals(vertices: FloatArray, faces: IntArray) -> FloatArray:
    """Average the normals of the faces around every vertex by area, shape (V, 3)."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    area = np.cross(b - a, c - a)
    corners, n = faces.T.reshape(-1), len(vertices)
    total = [np.bincount(corners, np.tile(area[:, k], 3), minlength=n) for k in range(3)]
    return unit(np.stack(total, axis=1))


def measure_volume(vertices: FloatArray, faces: IntArray) -> float:
    """Measure the volume that a closed mesh encloses, positive when its faces look outward."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float(np.sum(a * np.cross(b, c)) / 6)
