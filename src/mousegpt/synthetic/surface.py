"""The mouse's surface: at rest, bound to its bones (``Skin``), and posed (``Surface``)."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.sparse import csr_matrix

from mousegpt.core.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Skin:
    """A closed triangle mesh, bound to the B bones of the body in the stance of ``pose_bind``.

    Attributes
    ----------
    vertices, normals, groom
        Shape (V, 3): places in cm, unit vectors outward, and unit vectors along the skin in
        which the fur lies. The eyeballs are vertices like any other.
    faces
        Vertex indices, shape (F, 3), int32; counter-clockwise seen from outside.
    weights
        Shape (V, B), csr; every row sums to 1.
    swell
        Shape (V, 3), cm: how far a vertex moves when the girth of the trunk doubles.
    origins, frames
        Where the bones begin at bind, shape (B, 3), and their axes, (B, 3, 3), as in ``Figure``.
    fur
        Shape (V,): length of the fur as a share of the longest, 0 (naked) to 1.
    ear, tail, paw, nose, eye
        Shape (V,): how much a vertex belongs to the region, 0 to 1.
    """

    vertices: FloatArray
    faces: IntArray
    normals: FloatArray
    groom: FloatArray
    weights: csr_matrix
    swell: FloatArray
    origins: FloatArray
    frames: FloatArray
    fur: FloatArray
    ear: FloatArray
    tail: FloatArray
    paw: FloatArray
    nose: FloatArray
    eye: FloatArray


@dataclass(frozen=True, eq=False)
class Surface:
    """The posed skin of one moment, each of shape (V, 3), float32.

    Attributes
    ----------
    positions
        World places in cm, in the order of ``Skin.vertices``.
    normals, groom
        Unit vectors: outward, and along the skin in which the fur lies.
    """

    positions: FloatArray
    normals: FloatArray
    groom: FloatArray
