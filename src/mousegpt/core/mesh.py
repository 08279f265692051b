"""A triangle mesh bound to bones, as it comes from a file."""

from __future__ import annotations

from dataclasses import dataclass

from mousegpt.core.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class RawMesh:
    """An animal of V vertices, F faces and B bones in its bind pose; lengths in cm.

    Attributes
    ----------
    vertices
        Shape (V, 3); x forward, y left, z up.
    faces
        Vertex indices, shape (F, 3), int32.
    bones
        Names of the bones.
    joints
        Where every bone begins, shape (B, 3).
    parents
        Index of every bone's parent, shape (B,); -1 for the root.
    weights
        How much a vertex follows a bone, shape (V, B); every row sums to 1.
    """

    vertices: FloatArray
    faces: IntArray
    bones: tuple[str, ...]
    joints: FloatArray
    parents: IntArray
    weights: FloatArray
