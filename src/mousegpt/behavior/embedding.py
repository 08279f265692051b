"""Descriptions to unit vectors."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Final, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.arrays import BoolArray, FloatArray, IntArray
from mousegpt.core.errors import DataError
from mousegpt.core.tables import (
    DESCRIPTION_TABLE,
    EMBEDDING_TABLE,
    KEY,
    validate_table,
)
from mousegpt.ports import Embedder

#: The fields that carry behaviour; walls and fur in ``others`` would swamp it.
BEHAVIOR_FIELDS: Final = ("overall", "head", "limb", "torso")

OK: Final = "ok"


def join_text(
    descriptions: pd.DataFrame, *, fields: Sequence[str] = BEHAVIOR_FIELDS
) -> pd.Series[str]:
    """Join the fields of every description to one text; missing fields are left out.

    Examples
    --------
    >>> table = pd.DataFrame({"overall": ["It walks."], "head": [None], "limb": ["Paws step."]})
    >>> join_text(table, fields=("overall", "head", "limb")).tolist()
    ['It walks. Paws step.']
    """
    joined = descriptions[list(fields)].fillna("").agg(" ".join, axis=1).astype("str")
    return joined.str.replace(r"\s+", " ", regex=True).str.strip()


def embed_descriptions(
    descriptions: pd.DataFrame,
    embedder: Embedder,
    *,
    unit: Literal["field", "text"] = "field",
    overall_weight: Annotated[float, Field(gt=0)] = 3.0,
) -> pd.DataFrame:
    """Turn every description into one vector of length one.

    Parameters
    ----------
    descriptions
        DESCRIPTION_TABLE. Frames whose status is not "ok", or without text, get a null vector.
    embedder
        Asked once for every distinct text.
    unit
        "field" embeds each field on its own and takes the weighted mean; "text" embeds the
        joined text, as the paper does.
    overall_weight
        Weight of the field ``overall`` against 1 for ``head``, ``limb`` and ``torso``; of no
        effect when ``unit`` is "text".

    Returns
    -------
    pandas.DataFrame
        EMBEDDING_TABLE, rows as in ``descriptions``; ``text_sha256`` is of the joined text, and
        equal texts have equal vectors.

    Notes
    -----
    Source: Methods 4.4, "Transform Texts into Computable Features". Departs from the paper: the
    mean of fields separates templated behaviours better than the vector of the whole text, and
    sentences repeat where whole texts do not, so that far fewer texts are embedded.
    """
    table = validate_table(descriptions, DESCRIPTION_TABLE)
    texts = join_text(table).where(table["status"] == OK, "")
    fields = table[list(BEHAVIOR_FIELDS)].fillna("").apply(lambda column: column.str.strip())
    first = ~texts.duplicated() & (texts != "")
    if unit == "text":
        vectors = embedder.embed(texts[first].tolist())
    else:
        vectors = _embed_fields(fields[first], embedder, overall_weight)
    known = dict(zip(texts[first], vectors, strict=True))
    embedded = table[[*KEY, "time_s"]].copy()
    digests = {text: sha256(text.encode()).hexdigest() for text in known}
    embedded["text_sha256"] = texts.map(digests).astype("str")
    embedded["embedding"] = pd.Series([known.get(text) for text in texts], table.index, object)
    return validate_table(embedded, EMBEDDING_TABLE)


def _embed_fields(fields: pd.DataFrame, embedder: Embedder, overall_weight: float) -> FloatArray:
    """Return the weighted mean of the fields' vectors, scaled to length one."""
    sentences = pd.unique(fields.to_numpy(dtype=object).ravel())
    sentences = sentences[sentences != ""]
    place = {sentence: row for row, sentence in enumerate(sentences)}
    vectors = embedder.embed(sentences.tolist())
    vectors = np.vstack([vectors, np.zeros((1, vectors.shape[1]), vectors.dtype)])
    total = np.zeros((len(fields), vectors.shape[1]), np.float64)
    for field in BEHAVIOR_FIELDS:
        rows = fields[field].map(place).fillna(len(sentences)).to_numpy(dtype=np.intp)
        total += (overall_weight if field == "overall" else 1.0) * vectors[rows]
    return normalize_rows(total).astype(np.float32)


def normalize_rows(vectors: FloatArray) -> FloatArray:
    """Scale rows to length one; rows of zeros stay.

    >>> normalize_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: FloatArray = vectors / np.where(lengths > 0, lengths, 1)
    return scaled


def find_embedded(embeddings: pd.DataFrame) -> BoolArray:
    """Return which rows have a vector, shape (n,)."""
    return embeddings["embedding"].notna().to_numpy(dtype=bool)


def unique_vectors(embeddings: pd.DataFrame) -> tuple[FloatArray, IntArray]:
    """Return the distinct vectors and where each embedded row finds its own.

    Parameters
    ----------
    embeddings
        EMBEDDING_TABLE; rows without a vector are passed over.

    Returns
    -------
    vectors : float32, shape (n_unique, dimension)
        In order of first appearance.
    inverse : integer, shape (n_embedded,)
        ``vectors[inverse]`` are the vectors of the rows that have one.

    Raises
    ------
    DataError
        When vectors differ in length.
    """
    rows = embeddings[find_embedded(embeddings)]
    inverse, _ = pd.factorize(rows["text_sha256"])
    found = rows.loc[~rows["text_sha256"].duplicated(), "embedding"].tolist()
    lengths = sorted({len(vector) for vector in found})
    if len(lengths) > 1:
        raise DataError(
            f"Embeddings must come from one model, but have {lengths[0]} and {lengths[-1]} "
            "numbers; embed all recordings again with the same embedder."
        )
    vectors = np.array(found, dtype=np.float32).reshape(len(found), lengths[0] if lengths else 0)
    return vectors, inverse
