"""What every embedder owes; run on each one that is registered."""

import numpy as np
import pytest

from mousegpt.backends.registry import EMBEDDERS, load_embedder

TEXTS = [
    "The mouse is walking slowly across the floor.",
    "Grooming.",
    "The forepaws are at the face, and the trunk is upright; " * 5,
    "",
    "The mouse stands on its hind legs.",
]


@pytest.fixture(params=EMBEDDERS)
def embedder(request):
    return load_embedder(request.param)


def test_rows_are_float32_of_length_one(embedder):
    vectors = embedder.embed(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape[0] == len(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_vector_depends_on_its_text_alone(embedder):
    together = embedder.embed(TEXTS)
    for row, text in enumerate(TEXTS):
        assert embedder.embed([text])[0].tobytes() == together[row].tobytes()
    assert embedder.embed(TEXTS[::-1])[::-1].tobytes() == together.tobytes()


def test_no_text_gives_no_row_of_the_same_width(embedder):
    assert embedder.embed([]).shape == (0, embedder.embed(["text"]).shape[1])


def test_a_text_of_any_length_is_embedded(embedder):
    assert np.isfinite(embedder.embed(["walking " * 5000])).all()


def test_the_name_is_stable(embedder):
    assert embedder.name
    assert embedder.name == embedder.name


def test_like_meanings_are_closer_than_unlike_ones(embedder):
    rearing, standing, grooming = embedder.embed(
        [
            "The mouse is rearing.",
            "The mouse stands upright on its hind legs.",
            "The mouse licks its fur.",
        ]
    )
    assert rearing @ standing > rearing @ grooming
