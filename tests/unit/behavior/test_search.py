import pandas as pd
import pytest

from mousegpt.behavior.embedding import embed_descriptions
from mousegpt.behavior.search import search_frames


def test_hits_say_what_was_asked(study, embedder):
    embeddings = embed_descriptions(study[0], embedder)
    hits = search_frames("It strokes its own face", embeddings, embedder)
    assert len(hits) == 5
    assert (study[1][(hits["frame"] // 12).tolist()] == "grooming").all()
    assert hits["similarity"].is_monotonic_decreasing


def test_ties_come_in_the_order_of_the_key(study, embedder):
    table = study[0].head(4).assign(overall="Same.", head="Same.", limb="Same.")
    embeddings = embed_descriptions(table.iloc[::-1], embedder)
    assert search_frames("same", embeddings, embedder)["frame"].tolist() == [0, 12, 24, 36]


def test_hits_of_one_individual_can_be_kept_apart(study, embedder):
    table = study[0].assign(overall="Same.", head="Same.", limb="Same.")
    both = pd.concat([table, table.assign(individual="other")], ignore_index=True)
    embeddings = embed_descriptions(both, embedder)
    hits = search_frames("same", embeddings, embedder, n_frames=4, min_separation_s=10)
    assert hits[["individual", "time_s"]].to_numpy().tolist() == [
        ["mouse", 0.0],
        ["mouse", 10.0],
        ["mouse", 20.0],
        ["other", 0.0],
    ]


@pytest.mark.parametrize("status", ["ok", "failed"])
def test_there_may_be_fewer_hits_than_wanted(study, embedder, status):
    embeddings = embed_descriptions(study[0].head(3).assign(status=status), embedder)
    hits = search_frames("walks", embeddings, embedder)
    assert len(hits) == (3 if status == "ok" else 0)
    assert hits.columns.tolist() == ["recording", "individual", "frame", "time_s", "similarity"]
