import numpy as np

from mousegpt.behavior import neighbors
from mousegpt.behavior.neighbors import find_neighbors


def test_neighbors_equal_a_full_sort(monkeypatch):
    monkeypatch.setattr(neighbors, "_BLOCK_ENTRIES", 500)  # several blocks
    vectors = np.random.default_rng(0).normal(size=(97, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found, distances = find_neighbors(vectors, vectors, 6)
    full = 1 - vectors.astype(float) @ vectors.T.astype(float)
    np.testing.assert_array_equal(found, np.argsort(full, axis=1)[:, :6])
    np.testing.assert_allclose(distances, np.sort(full, axis=1)[:, :6], atol=1e-6)
    np.testing.assert_array_equal(found[:, 0], np.arange(97))


def test_no_more_neighbors_than_points():
    found, _ = find_neighbors(np.eye(2), np.eye(2), 10)
    assert found.shape == (2, 2)
