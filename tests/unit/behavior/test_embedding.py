import numpy as np
import pandas as pd
import pytest

from mousegpt.behavior.embedding import embed_descriptions, join_text, unique_vectors
from mousegpt.core.errors import DataError


def test_every_distinct_sentence_is_embedded_once(study, embedder):
    embed_descriptions(study[0], embedder)
    assert sorted(embedder.asked) == sorted(set(embedder.asked))
    assert len(embedder.asked) == 3 + 4 + 3 + 1  # overall, head, limb, torso


def test_every_distinct_text_is_embedded_once(study, embedder):
    embed_descriptions(study[0], embedder, unit="text")
    assert sorted(embedder.asked) == sorted(set(join_text(study[0])))


def test_place_in_the_arena_is_left_out(study, embedder):
    embed_descriptions(study[0], embedder)
    assert "The wall is near." not in embedder.asked


def test_vectors_are_the_weighted_mean_of_the_fields(study, embedder):
    frame = study[0].iloc[[0]]
    table = embed_descriptions(frame, embedder, overall_weight=2.0)
    parts = embedder.embed(frame[["overall", "head", "limb", "torso"]].iloc[0].tolist())
    mean = 2 * parts[0] + parts[1] + parts[2] + parts[3]
    np.testing.assert_allclose(
        table["embedding"][0], mean / np.linalg.norm(mean), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("unit", ["field", "text"])
def test_vectors_have_length_one_and_equal_texts_share_them(study, embedder, unit):
    table = embed_descriptions(study[0], embedder, unit=unit)
    lengths = [np.linalg.norm(vector) for vector in table["embedding"]]
    np.testing.assert_allclose(lengths, 1, atol=1e-6)
    for _, same in table.groupby("text_sha256")["embedding"]:
        assert len({vector.tobytes() for vector in same}) == 1


def test_frames_without_description_have_no_vector(study, embedder):
    table = study[0].astype({"overall": object})
    table.loc[3, "status"] = "the reply could not be read"
    table.loc[5, ["overall", "head", "limb", "torso"]] = None
    found = embed_descriptions(table, embedder)
    assert found.index[found["embedding"].isna()].tolist() == [3, 5]
    assert found.index[found["text_sha256"].isna()].tolist() == [3, 5]
    assert found["frame"].tolist() == table["frame"].tolist()


def test_a_table_without_any_description_is_legal(study, embedder):
    table = study[0].assign(status="no poses")
    found = embed_descriptions(table, embedder)
    assert found["embedding"].isna().all()
    vectors, inverse = unique_vectors(found)
    assert vectors.shape[0] == inverse.size == 0


def test_unique_vectors_lead_back_to_every_row(study, embedder):
    table = embed_descriptions(study[0], embedder)
    vectors, inverse = unique_vectors(table)
    assert len(vectors) == table["text_sha256"].nunique()
    np.testing.assert_array_equal(vectors[inverse], np.stack(table["embedding"]))


def test_vectors_of_two_models_are_refused(study, embedder):
    table = embed_descriptions(study[0], embedder)
    other = table.assign(embedding=pd.Series([np.ones(3, np.float32)] * len(table)))
    both = pd.concat([table.head(2), other.tail(60).assign(text_sha256="other")])
    with pytest.raises(DataError, match="one model, but have 3 and 64 numbers"):
        unique_vectors(both)
