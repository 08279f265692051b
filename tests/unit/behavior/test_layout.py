import numpy as np
import pandas as pd
import pytest

from mousegpt.behavior.embedding import embed_descriptions
from mousegpt.behavior.layout import compute_layout


@pytest.fixture
def embeddings(study, embedder):
    return embed_descriptions(study[0], embedder)


def test_same_text_same_point_and_behaviors_lie_apart(embeddings, study):
    layout = compute_layout(embeddings)
    points = layout[["x", "y"]]
    assert np.isfinite(points).all(axis=None)
    assert (points.groupby(embeddings["text_sha256"]).nunique() == 1).all(axis=None)
    centers = points.groupby(study[1]).transform("mean")
    spread = np.linalg.norm(points - centers, axis=1).mean()
    assert spread < 0.5 * np.linalg.norm(points - points.mean(), axis=1).mean()


def test_same_seed_same_bytes(embeddings):
    first, again = (compute_layout(embeddings, seed=1) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)


@pytest.mark.parametrize("n_rows", [1, 2, 3, 5])
def test_few_frames_are_laid_out_without_umap(embeddings, n_rows):
    layout = compute_layout(embeddings.head(n_rows))
    assert np.isfinite(layout[["x", "y"]]).all(axis=None)


def test_two_frames_keep_their_distance(embeddings):
    pair = embeddings.drop_duplicates("text_sha256").head(2)
    x, y = compute_layout(pair)[["x", "y"]].to_numpy()
    distance = np.linalg.norm(pair["embedding"].iloc[0] - pair["embedding"].iloc[1])
    assert np.linalg.norm(x - y) == pytest.approx(distance, abs=1e-6)


def test_frames_without_vector_have_no_place(study, embedder):
    table = study[0].assign(status=["failed"] * 3 + ["ok"] * 107)
    layout = compute_layout(embed_descriptions(table, embedder))
    assert layout["x"].isna().tolist() == [True] * 3 + [False] * 107


def test_texts_beyond_the_limit_share_the_nearest_point(embeddings):
    layout = compute_layout(embeddings, max_rows=10)
    assert len(layout[["x", "y"]].drop_duplicates()) == 10
    assert np.isfinite(layout[["x", "y"]]).all(axis=None)
