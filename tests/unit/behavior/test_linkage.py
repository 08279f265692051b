import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, is_valid_linkage, linkage
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import adjusted_rand_score

from mousegpt.behavior.linkage import choose_cut, compute_distances, compute_linkage, cut_tree

METHODS = ["average", "complete", "single", "ward"]


@pytest.fixture
def points():
    vectors = np.random.default_rng(0).normal(size=(80, 6)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def heights_of_scipy(vectors, method):
    """Heights in our units: half squared distances; Ward's increase of the sum of squares."""
    vectors = vectors.astype(np.float64)
    if method == "ward":
        return linkage(vectors, "ward"), linkage(vectors, "ward")[:, 2] ** 2 / 2
    tree = linkage(pdist(vectors, "cosine"), method)
    return tree, tree[:, 2]


def test_distance_of_unit_rows_is_the_cosine_distance(points):
    np.testing.assert_allclose(
        compute_distances(points), squareform(pdist(points, "cosine")), atol=1e-6
    )


@pytest.mark.parametrize("method", METHODS)
def test_tree_equals_scipys(points, method):
    tree = compute_linkage(points, method=method)
    expected, heights = heights_of_scipy(points, method)
    assert is_valid_linkage(tree)
    np.testing.assert_allclose(tree[:, 2], heights, atol=1e-6)
    for n_clusters in (2, 7, 30):
        ours, theirs = cut_tree(tree, n_clusters), fcluster(expected, n_clusters, "maxclust")
        assert adjusted_rand_score(ours, theirs) == 1


@pytest.mark.parametrize("method", METHODS)
def test_a_weight_is_so_many_frames(points, method):
    weights = np.random.default_rng(1).integers(1, 5, len(points)).astype(float)
    tree = compute_linkage(points, weights, method=method)
    _, heights = heights_of_scipy(np.repeat(points, weights.astype(int), axis=0), method)
    np.testing.assert_allclose(tree[:, 2], heights[-(len(points) - 1) :], atol=1e-6)
    assert tree[-1, 3] == weights.sum()


def test_cut_gives_exactly_so_many_clusters_when_heights_tie():
    tree = compute_linkage(np.eye(6, dtype=np.float32))
    for n_clusters in range(1, 7):
        assert len(set(cut_tree(tree, n_clusters))) == n_clusters


def test_one_point_is_one_cluster():
    tree = compute_linkage(np.ones((1, 3), np.float32))
    assert tree.shape == (0, 4)
    assert cut_tree(tree, 1).tolist() == [0]
    assert choose_cut(tree, np.ones(1), 5, 1) == 1


def test_cut_is_the_smallest_with_enough_stable_clusters(points):
    weights = np.ones(len(points))
    tree = compute_linkage(points)

    def count_stable(cut):
        return int((np.bincount(cut_tree(tree, cut)) >= 8).sum())

    cut = choose_cut(tree, weights, 3, 8)
    assert count_stable(cut) >= 3
    assert all(count_stable(smaller) < 3 for smaller in range(1, cut))


def test_an_impossible_target_gives_the_most_stable_clusters(points):
    tree = compute_linkage(points)
    counts = [
        int((np.bincount(cut_tree(tree, cut)) >= 8).sum()) for cut in range(1, len(points) + 1)
    ]
    assert choose_cut(tree, np.ones(len(points)), 50, 8) == 1 + int(np.argmax(counts))
