"""Finds are kept by all that they depend on."""

import numpy as np
import pytest

from mousegpt.pipeline.chunks import KeptChunks


def test_finds_come_back_as_float32_and_for_their_own_chunk_only(tmp_path):
    path = tmp_path / "cache" / "finds.sqlite"
    found = np.random.default_rng(0).normal(size=(3, 1, 77))
    found[1] = np.nan
    with KeptChunks(path, {"top": "a", "side": "b"}) as kept:
        assert kept.get("top", [0, 1, 2]) is None
        kept.put("top", [0, 1, 2], found)
        np.testing.assert_array_equal(kept.get("top", [0, 1, 2]), found.astype(np.float32))
        assert kept.get("top", [0, 1, 3]) is None
        assert kept.get("side", [0, 1, 2]) is None
    with KeptChunks(path, {"top": "another network", "side": "a"}) as kept:
        assert kept.get("top", [0, 1, 2]) is None
        assert kept.get("side", [0, 1, 2]) is not None  # a copy of the same video


@pytest.mark.parametrize("shape", [(16, 1, 77), (16, 102), (5,)])
def test_finds_of_any_shape_come_back(shape, tmp_path):
    found = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    with KeptChunks(tmp_path / "finds.sqlite", {"top": "a"}) as kept:
        kept.put("top", range(len(found)), found.astype(float), b"question")
        again = kept.get("top", range(len(found)), b"question")
    assert again.dtype == np.float64
    np.testing.assert_array_equal(again, found)


def test_a_damaged_file_is_begun_anew(tmp_path):
    path = tmp_path / "finds.sqlite"
    path.write_bytes(b"nonsense" * 1000)
    with KeptChunks(path, {"top": "a"}) as kept:
        kept.put("top", [0], np.ones((1, 1, 77)))
        assert kept.get("top", [0]).shape == (1, 1, 77)
