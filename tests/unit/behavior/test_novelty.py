import numpy as np
import pandas as pd
import pytest

from mousegpt.behavior.embedding import embed_descriptions
from mousegpt.behavior.keywords import extract_keywords
from mousegpt.behavior.novelty import find_novel_frames, write_novelty_report

ODD = 40


@pytest.fixture
def descriptions(study):
    table = study[0].copy()
    table.loc[ODD, "overall"] = "Suddenly a leap carries everything high overhead."
    table.loc[ODD, "head"] = "Whiskers blur."
    table.loc[ODD, "limb"] = "Nothing touches anything."
    table.loc[ODD, "keywords"] = "leaping, head low"
    return table


@pytest.mark.parametrize("method", ["isolation_forest", "neighbors"])
def test_the_planted_frame_is_the_only_one_flagged(descriptions, embedder, method):
    novelty = find_novel_frames(embed_descriptions(descriptions, embedder), method=method)
    assert novelty.index[novelty["novel"]].tolist() == [ODD]
    assert novelty["score"].idxmax() == ODD


def test_neighbor_distance_is_the_mean_to_the_nearest_other_frames(descriptions, embedder):
    embeddings = embed_descriptions(descriptions, embedder)
    novelty = find_novel_frames(embeddings, n_neighbors=7)
    vectors = np.stack(embeddings["embedding"]).astype(float)
    distances = 1 - vectors @ vectors.T
    np.fill_diagonal(distances, np.inf)
    nearest = np.sort(distances, axis=1)[:, :7].mean(axis=1)
    np.testing.assert_allclose(novelty["neighbor_distance"], nearest, atol=1e-6)


def test_contamination_is_the_share_flagged(embedder, study):
    rows = study[0].assign(head=[f"The head has pose number{row}." for row in range(110)])
    novelty = find_novel_frames(embed_descriptions(rows, embedder), contamination=0.1)
    assert novelty["novel"].sum() == 11


def test_frames_without_vector_are_not_flagged(descriptions, embedder):
    table = descriptions.assign(status=["failed"] * 3 + ["ok"] * 107)
    novelty = find_novel_frames(embed_descriptions(table, embedder))
    assert novelty["score"].isna().tolist() == [True] * 3 + [False] * 107
    assert not novelty["novel"][:3].any()


def test_no_described_frame_gives_no_score(descriptions, embedder):
    embeddings = embed_descriptions(descriptions.assign(status="failed"), embedder)
    novelty = find_novel_frames(embeddings)
    assert novelty["score"].isna().all()
    assert not novelty["novel"].any()


def test_a_single_frame_is_legal(descriptions, embedder):
    novelty = find_novel_frames(embed_descriptions(descriptions.head(1), embedder))
    assert novelty["novel"].tolist() == [True]
    assert novelty["neighbor_distance"].tolist() == [0.0]


def test_the_seed_alone_decides(descriptions, embedder):
    embeddings = embed_descriptions(descriptions, embedder)
    first, again = (find_novel_frames(embeddings, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert not first["score"].equals(find_novel_frames(embeddings, seed=4)["score"])


def test_report_names_the_frame_its_words_and_their_counts(descriptions, embedder):
    novelty = find_novel_frames(embed_descriptions(descriptions, embedder))
    cards = extract_keywords(descriptions)
    behaviors = novelty[["recording", "individual", "frame"]].assign(behavior=None)
    behaviors.loc[ODD, "behavior"] = "jumping"
    report = write_novelty_report(novelty, descriptions, cards, behaviors, n_frames=2)
    assert "1 of 110 frames are flagged; the 2 rarest are listed" in report
    assert report.index(f"frame {ODD * 12}") < report.index("Behaviour: unassigned.")
    assert "leaping (1), head low (" in report
    assert "Behaviour: jumping." in report
    assert "- overall: Suddenly a leap carries everything high overhead." in report
    assert report.count("## ") == 2


def test_report_lists_all_that_are_flagged(descriptions, embedder):
    novelty = find_novel_frames(embed_descriptions(descriptions, embedder)).assign(novel=True)
    report = write_novelty_report(novelty, descriptions, extract_keywords(descriptions), n_frames=2)
    assert report.count("## ") == 110


def test_neighbors_may_be_sought_among_fewer_texts(descriptions, embedder):
    embeddings = embed_descriptions(descriptions, embedder)
    novelty = find_novel_frames(embeddings, method="neighbors", max_rows=5)
    assert novelty.index[novelty["novel"]].tolist() == [ODD]
    often = embeddings.groupby("text_sha256")["frame"].transform("size") > 5
    np.testing.assert_allclose(novelty["neighbor_distance"][often], 0, atol=1e-6)
