import numpy as np
import pandas as pd
import pytest

from mousegpt.behavior.clustering import cluster_behaviors
from mousegpt.behavior.embedding import embed_descriptions
from mousegpt.behavior.keywords import extract_keywords
from mousegpt.core.errors import DataError


@pytest.fixture
def tables(study, embedder):
    return embed_descriptions(study[0], embedder), extract_keywords(study[0])


@pytest.mark.parametrize("linkage", ["average", "complete", "ward"])
@pytest.mark.parametrize("keyword_weight", [0.0, 0.3])
def test_planted_behaviors_are_found_and_named(tables, labeler, study, linkage, keyword_weight):
    behaviors, summary = cluster_behaviors(
        *tables,
        labeler,
        n_clusters=3,
        min_cluster_size=10,
        linkage=linkage,
        keyword_weight=keyword_weight,
    )
    assert behaviors["behavior"].tolist() == study[1].tolist()
    assert summary["behavior"].tolist() == ["walking", "grooming", "rearing"]
    assert summary["n_frames"].tolist() == [60, 30, 20]
    assert summary["label_share"].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("reduce", ["pca", "umap"])
def test_short_vectors_find_them_too(tables, labeler, study, reduce):
    behaviors, _ = cluster_behaviors(
        *tables, labeler, n_clusters=3, min_cluster_size=10, reduce=reduce
    )
    assert behaviors["behavior"].tolist() == study[1].tolist()


def test_finer_clusters_of_one_name_are_one_behavior(tables, labeler, study):
    behaviors, summary = cluster_behaviors(*tables, labeler, n_clusters=6, min_cluster_size=5)
    assert len(summary) == 6
    assert behaviors["behavior"].tolist() == study[1].tolist()


def test_a_mixed_cluster_shows_in_its_label_share(tables, labeler):
    _, summary = cluster_behaviors(*tables, labeler, n_clusters=1)
    assert summary["behavior"].tolist() == ["walking"]
    assert summary["label_share"][0] == 60 / 110


@pytest.fixture
def outlier(study, embedder):
    """The study with two frames of their own kind among the walking ones."""
    table = study[0].copy()
    rows = study[1].index[study[1] == "walking"][:2]
    table.loc[rows, "overall"] = "The mouse walks forward and then it jumps very high."
    return rows, embed_descriptions(table, embedder), extract_keywords(table)


def test_small_clusters_join_the_nearest(outlier, labeler):
    rows, embeddings, keywords = outlier
    behaviors, _ = cluster_behaviors(
        embeddings, keywords, labeler, n_clusters=4, min_cluster_size=3, keyword_weight=0
    )
    assert (behaviors["behavior"][rows] == "walking").all()


def test_small_clusters_may_stay_unassigned(outlier, labeler):
    rows, embeddings, keywords = outlier
    behaviors, summary = cluster_behaviors(
        embeddings,
        keywords,
        labeler,
        n_clusters=4,
        min_cluster_size=10,
        keyword_weight=0,
        small="unassigned",
    )
    assert (behaviors["cluster"][rows] == -1).all()
    assert behaviors["behavior"][rows].isna().all()
    assert summary["n_frames"].sum() == (behaviors["cluster"] >= 0).sum()


def test_more_clusters_than_can_be_stable_still_end(tables, labeler):
    behaviors, summary = cluster_behaviors(*tables, labeler, n_clusters=100, min_cluster_size=10)
    assert (summary["n_frames"] >= 10).all()
    assert behaviors["behavior"].notna().all()


def test_frames_without_vector_are_unassigned(study, embedder, labeler):
    table = study[0].assign(status=["failed"] * 5 + ["ok"] * 105)
    embeddings = embed_descriptions(table, embedder)
    behaviors, summary = cluster_behaviors(
        embeddings, extract_keywords(table), labeler, n_clusters=3, min_cluster_size=5
    )
    assert behaviors["behavior"].isna().tolist() == [True] * 5 + [False] * 105
    assert summary["share"].sum() == pytest.approx(105 / 110)


def test_no_described_frame_gives_no_cluster(study, embedder, labeler):
    table = study[0].assign(status="failed")
    behaviors, summary = cluster_behaviors(
        embed_descriptions(table, embedder), extract_keywords(table), labeler
    )
    assert (behaviors["cluster"] == -1).all()
    assert behaviors["behavior"].isna().all()
    assert summary.empty


def test_condensed_blocks_find_what_the_exact_tree_finds(labeler):
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(3, 16))
    truth = rng.integers(3, size=600)
    vectors = (centers[truth] + rng.normal(scale=0.2, size=(600, 16))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    key = pd.DataFrame(
        {
            "recording": "r",
            "individual": "m",
            "frame": np.arange(600),
            "time_s": np.arange(600) / 5,
        }
    )
    embeddings = key.assign(
        text_sha256=[str(row) for row in range(600)], embedding=pd.Series(list(vectors))
    )
    cards = key.assign(keywords=pd.Series([[f"kind{kind}"] for kind in truth]))
    exact, _ = cluster_behaviors(embeddings, cards, labeler, n_clusters=3)
    condensed, _ = cluster_behaviors(embeddings, cards, labeler, n_clusters=3, max_rows=100)
    assert exact["behavior"].tolist() == [f"kind{kind}" for kind in truth]
    pd.testing.assert_frame_equal(exact, condensed)


def test_same_input_same_bytes(tables, labeler):
    first, _ = cluster_behaviors(*tables, labeler, n_clusters=5, min_cluster_size=5)
    again, _ = cluster_behaviors(*tables, labeler, n_clusters=5, min_cluster_size=5)
    pd.testing.assert_frame_equal(first, again)


def test_tables_of_different_frames_are_refused(tables, labeler):
    embeddings, keywords = tables
    with pytest.raises(DataError, match="same rows in the same order"):
        cluster_behaviors(embeddings, keywords.iloc[::-1], labeler)
