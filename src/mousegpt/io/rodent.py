"""The rodent of ``dm_control``: a skin and the tree of its bones.

Two of its files lie in ``assets/rodent`` (Apache-2.0): ``rodent.xml`` (MJCF: which bone hangs on
which) and ``rodent_walker_skin.skn`` (MuJoCo's skin format). The latter is little-endian: the
counts of vertices, texture coordinates, faces and bones (int32); vertices (3 float32 each),
texture coordinates (2 float32), faces (3 int32); then for every bone its name (40 bytes), place
and quaternion at bind (3 + 4 float32), its number of vertices (int32), their ids and weights.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError
from mousegpt.core.mesh import RawMesh

RODENT: Final = Path(__file__).parent / "assets" / "rodent"
SKIN_FILE: Final = "rodent_walker_skin.skn"
TREE_FILE: Final = "rodent.xml"
CM_PER_M: Final = 100.0


def load_rodent(folder: Path = RODENT) -> RawMesh:
    """Load the rodent's skin and bones.

    Parameters
    ----------
    folder
        Holds ``rodent.xml`` and ``rodent_walker_skin.skn``.

    Returns
    -------
    RawMesh
        As the files have it, in cm: vertices along texture seams are doubled.

    Raises
    ------
    DataError
        When a file is missing, cut short or of another kind.
    """
    parent_of = _read_tree(folder / TREE_FILE)
    return _read_skin(folder / SKIN_FILE, parent_of)


def _read_tree(path: Path) -> dict[str, str | None]:
    """Return the parent of every body; None for one that hangs on the world."""
    try:
        world = ET.parse(path).getroot().find("worldbody")
    except (ET.ParseError, OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not a readable MJCF file ({error}).") from error
    if world is None:
        raise DataError(f"{path} has no element 'worldbody'; it is not an MJCF model.")
    parent_of: dict[str, str | None] = {}
    waiting: list[tuple[ET.Element, str | None]] = [(world, None)]
    while waiting:
        element, parent = waiting.pop()
        for body in element.findall("body"):
            name = body.get("name", "")
            parent_of[name] = parent
            waiting.append((body, name))
    return parent_of


def _read_skin(path: Path, parent_of: dict[str, str | None]) -> RawMesh:
    content = _Content(path)
    n_vertices, n_texture, n_faces, n_bones = (int(n) for n in content.take("<i4", 4))
    if min(n_vertices, n_faces, n_bones) < 1 or n_texture < 0:
        raise DataError(f"{path} is not a MuJoCo skin: its counts are not positive.")
    vertices = content.take("<f4", 3 * n_vertices).reshape(-1, 3).astype(float)
    content.take("<f4", 2 * n_texture)
    faces = content.take("<i4", 3 * n_faces).reshape(-1, 3).astype(np.int32)
    weights = np.zeros((n_vertices, n_bones))
    names, joints = [], np.empty((n_bones, 3))
    for bone in range(n_bones):
        names.append(content.take("S40", 1)[0].decode("ascii", "replace"))
        joints[bone] = content.take("<f4", 7)[:3]  # what is left is the quaternion: identity
        (n_bound,) = content.take("<i4", 1)
        ids = content.take("<i4", int(n_bound))
        if ids.size and not 0 <= ids.min() <= ids.max() < n_vertices:
            raise DataError(f"{path} binds vertices to '{names[-1]}' that it does not have.")
        np.add.at(weights[:, bone], ids, content.take("<f4", int(n_bound)))
    content.check_end()
    parents = _index_parents(path, names, parent_of)
    _check_numbers(path, vertices, faces, joints, weights)
    share = weights / weights.sum(axis=1, keepdims=True)
    return RawMesh(vertices * CM_PER_M, faces, tuple(names), joints * CM_PER_M, parents, share)


class _Content:
    """Bytes of a file, handed out in order; a short file is an error, never a crash."""

    def __init__(self, path: Path) -> None:
        try:
            self._bytes = path.read_bytes()
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror}).") from error
        self._path, self._at = path, 0

    def take(self, kind: str, count: int) -> NDArray[Any]:
        """Return the next ``count`` numbers of a kind."""
        size = np.dtype(kind).itemsize * count
        if count < 0 or self._at + size > len(self._bytes):
            raise DataError(
                f"{self._path} is cut short or not a MuJoCo skin: {size} bytes are wanted at "
                f"{self._at}, but it has {len(self._bytes)}; install mousegpt anew."
            )
        taken = np.frombuffer(self._bytes, dtype=kind, count=count, offset=self._at)
        self._at += size
        return taken

    def check_end(self) -> None:
        """Raise where bytes are left over."""
        if self._at != len(self._bytes):
            raise DataError(
                f"{self._path} is not a MuJoCo skin: {len(self._bytes) - self._at} bytes too many."
            )


def _index_parents(
    path: Path, names: list[str], parent_of: dict[str, str | None]
) -> NDArray[np.int32]:
    """Find every bone's nearest ancestor that is a bone too."""
    strangers = [name for name in names if name not in parent_of]
    if strangers or len(set(names)) != len(names):
        raise DataError(
            f"{path} and {TREE_FILE} do not belong together: the tree lacks {strangers[:3]}, "
            "or a bone appears twice."
        )
    index = {name: i for i, name in enumerate(names)}
    parents = []
    for name in names:
        parent = parent_of[name]
        while parent is not None and parent not in index:
            parent = parent_of[parent]
        parents.append(-1 if parent is None else index[parent])
    return np.array(parents, dtype=np.int32)


def _check_numbers(
    path: Path,
    vertices: FloatArray,
    faces: NDArray[np.int32],
    joints: FloatArray,
    weights: FloatArray,
) -> None:
    faults = []
    if not (np.isfinite(vertices).all() and np.isfinite(joints).all()):
        faults.append("a place is not finite")
    if faces.min() < 0 or faces.max() >= len(vertices):
        faults.append("a face has a vertex that is not there")
    if not np.isfinite(weights).all() or (weights < 0).any() or (weights.sum(axis=1) <= 0).any():
        faults.append("a vertex is bound to no bone or by a negative weight")
    if faults:
        raise DataError(f"{path} is not a usable skin: {'; '.join(faults)}.")
