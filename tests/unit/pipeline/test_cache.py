"""Texts are embedded once, whoever asks and however often."""

from collections.abc import Sequence

import numpy as np
import pytest

from mousegpt.core.arrays import FloatArray
from mousegpt.pipeline.cache import CachedEmbedder


class CountingEmbedder:
    """Embeds a text as its length; remembers what it was asked."""

    name = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> FloatArray:
        self.asked += texts
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)


def test_known_texts_are_not_embedded_again(tmp_path):
    model = CountingEmbedder()
    first = CachedEmbedder(model, tmp_path / "c" / "e.sqlite").embed(["a", "bb", "a"])
    again = CachedEmbedder(model, tmp_path / "c" / "e.sqlite").embed(["bb", "ccc"])
    assert model.asked == ["a", "bb", "ccc"]
    np.testing.assert_array_equal(first, [[1, 1], [2, 1], [1, 1]])
    np.testing.assert_array_equal(again, [[2, 1], [3, 1]])


def test_models_do_not_share_vectors(tmp_path):
    one, other = CountingEmbedder(), CountingEmbedder()
    other.name = "other"
    for model in (one, other):
        CachedEmbedder(model, tmp_path / "e.sqlite").embed(["a"])
    assert other.asked == ["a"]


def test_interruption_keeps_what_was_embedded(tmp_path):
    class Stopping(CountingEmbedder):
        def embed(self, texts: Sequence[str]) -> FloatArray:
            if self.asked:
                raise KeyboardInterrupt
            return super().embed(texts)

    texts = [f"text {i}" for i in range(300)]
    stopping = Stopping()
    with pytest.raises(KeyboardInterrupt):
        CachedEmbedder(stopping, tmp_path / "e.sqlite").embed(texts)
    resumed = CountingEmbedder()
    assert len(CachedEmbedder(resumed, tmp_path / "e.sqlite").embed(texts)) == 300
    assert len(resumed.asked) + len(stopping.asked) == 300
    assert stopping.asked


def test_damaged_store_is_made_anew(tmp_path):
    path = tmp_path / "e.sqlite"
    path.write_bytes(b"not a database, but long enough to look like a file of one" * 40)
    assert CachedEmbedder(CountingEmbedder(), path).embed(["a"]).shape == (1, 2)
