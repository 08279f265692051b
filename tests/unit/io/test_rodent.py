"""Skins are written here byte by byte, to damage them in every way."""

import struct

import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.io.rodent import RODENT, SKIN_FILE, TREE_FILE, load_rodent

VERTICES = np.array([[0, 0, 0], [0.01, 0, 0], [0, 0.01, 0], [0, 0, 0.01]], dtype="<f4")
FACES = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], dtype="<i4")
BONES = {
    "torso": ((0.0, 0.0, 0.01), [0, 1, 2, 3], [1.0, 1.0, 0.5, 2.0]),
    "skull": ((0.02, 0.0, 0.0), [2], [1.5]),
}
TREE = (
    "<mujoco><worldbody><body name='torso'><body name='neck'><body name='skull'/></body></body>"
    "</worldbody></mujoco>"
)


def write_skin(vertices=VERTICES, faces=FACES, bones=BONES):
    texture = np.zeros((2, 2), dtype="<f4")
    content = struct.pack("<4i", len(vertices), len(texture), len(faces), len(bones))
    content += vertices.tobytes() + texture.tobytes() + faces.tobytes()
    for name, (joint, ids, weights) in bones.items():
        content += struct.pack("<40s7fi", name.encode(), *joint, 1, 0, 0, 0, len(ids))
        content += struct.pack(f"<{len(ids)}i", *ids) + struct.pack(f"<{len(ids)}f", *weights)
    return content


@pytest.fixture
def folder(tmp_path):
    (tmp_path / SKIN_FILE).write_bytes(write_skin())
    (tmp_path / TREE_FILE).write_text(TREE, "utf-8")
    return tmp_path


def test_reads_what_was_written(folder):
    mesh = load_rodent(folder)
    np.testing.assert_allclose(mesh.vertices, 100 * VERTICES, rtol=1e-6)
    np.testing.assert_array_equal(mesh.faces, FACES)
    assert mesh.bones == ("torso", "skull")
    np.testing.assert_allclose(mesh.joints, [[0, 0, 1], [2, 0, 0]], atol=1e-6)
    np.testing.assert_array_equal(mesh.parents, [-1, 0])  # over the neck, which is no bone
    np.testing.assert_allclose(mesh.weights, [[1, 0], [1, 0], [0.25, 0.75], [1, 0]])


def test_a_file_cut_anywhere_is_an_error_and_no_crash(folder):
    whole = write_skin()
    for length in range(0, len(whole), 7):
        (folder / SKIN_FILE).write_bytes(whole[:length])
        with pytest.raises(DataError, match="cut short"):
            load_rodent(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (write_skin() + b"\0\0\0\0", "4 bytes too many"),
        (struct.pack("<4i", -1, 0, 1, 1), "not positive"),
        (b"\x89PNG\r\n\x1a\n" * 8, "not a MuJoCo skin"),
        (write_skin(faces=FACES + 1), "a vertex that is not there"),
        (write_skin(vertices=VERTICES * np.float32(np.nan)), "not finite"),
        (write_skin(bones={"torso": ((0, 0, 0), [0, 1, 2, 9], [1] * 4)}), "does not have"),
        (write_skin(bones={"torso": ((0, 0, 0), [0, 1, 2], [1] * 3)}), "bound to no bone"),
        (write_skin(bones={"tusk": ((0, 0, 0), [0, 1, 2, 3], [1] * 4)}), "'tusk'"),
    ],
)
def test_foreign_content_is_named(folder, content, message):
    (folder / SKIN_FILE).write_bytes(content)
    with pytest.raises(DataError, match=message):
        load_rodent(folder)


@pytest.mark.parametrize("tree", ["<mujoco>", "<svg/>", ""])
def test_a_foreign_tree_is_named(folder, tree):
    (folder / TREE_FILE).write_text(tree, "utf-8")
    with pytest.raises(DataError, match=TREE_FILE):
        load_rodent(folder)


def test_a_missing_file_is_named(folder):
    (folder / SKIN_FILE).unlink()
    with pytest.raises(DataError, match=SKIN_FILE):
        load_rodent(folder)


def test_the_real_one_is_there_with_its_licence():
    mesh = load_rodent()
    assert len(mesh.bones) == 65
    assert mesh.vertices.shape == (6880, 3)
    assert "Apache License" in (RODENT / "LICENSE").read_text()
