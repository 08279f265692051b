"""Major behaviours: clusters of descriptions, merged by what their keywords mean."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.behavior.embedding import find_embedded, normalize_rows, unique_vectors
from mousegpt.behavior.keywords import count_keywords, select_top_keywords
from mousegpt.behavior.linkage import Method, choose_cut, compute_linkage, cut_tree
from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.errors import DataError
from mousegpt.core.tables import (
    BEHAVIOR_TABLE,
    EMBEDDING_TABLE,
    KEY,
    KEYWORD_TABLE,
    validate_table,
)
from mousegpt.ports import Labeler

_MAX_TERMS = 512  # keywords that enter the distance, the most frequent ones
_SHARED = 0.75  # of the frames of a cluster


def cluster_behaviors(
    embeddings: pd.DataFrame,
    keywords: pd.DataFrame,
    labeler: Labeler,
    *,
    n_clusters: Annotated[int, Field(ge=1)] = 40,
    min_cluster_size: Annotated[int, Field(ge=1)] | None = None,
    linkage: Method = "ward",
    small: Literal["nearest", "unassigned"] = "nearest",
    keyword_weight: Annotated[float, Field(ge=0)] = 0.3,
    reduce: Literal["none", "pca", "umap"] = "none",
    n_keywords: Annotated[int, Field(ge=1)] = 5,
    max_rows: Annotated[int, Field(ge=2)] = 6_000,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Group frames into behaviours and name them.

    Parameters
    ----------
    embeddings, keywords
        EMBEDDING_TABLE and KEYWORD_TABLE with the same rows.
    labeler
        Names clusters from their top keywords; clusters of equal name become one behaviour.
    n_clusters
        Stable clusters wanted before the merge (the paper's θc). Cutting finer than the number
        of behaviours is right: equal ones are merged by name.
    min_cluster_size
        Frames that make a cluster stable (θe). None: one in 80 frames, at least 3 and at most
        10, so that ten seconds of a mouse can be looked at, too.
    linkage
        Distance between clusters. Ward's splits the largest groups first, whatever the number of
        frames; with average linkage a few odd frames use up ``n_clusters`` in large studies, and
        single linkage chains.
    small
        What becomes of the frames of unstable clusters: they join the nearest stable cluster, or
        stay unassigned.
    keyword_weight
        Weight of the info-cards (tf-idf) against 1 for the embedding; 0 leaves them out, as the
        paper does.
    reduce
        Shorten the vectors first: to 50 principal components, or by UMAP to 10 dimensions.
    n_keywords
        Keywords per cluster that the labeler sees.
    max_rows
        Distinct frames that are clustered exactly; more are first condensed, block by block.
    seed
        For ``reduce``.

    Returns
    -------
    behaviors : pandas.DataFrame
        BEHAVIOR_TABLE, rows as in ``embeddings``. ``cluster`` numbers the stable clusters, the
        largest first; -1 and a missing ``behavior`` mean unassigned.
    summary : pandas.DataFrame
        One row per cluster: ``cluster``, ``behavior``, ``n_frames``, ``share`` of all frames,
        ``keywords``, and ``label_share``: the share of its frames with a keyword that alone
        would get the cluster's name (low = mixed cluster; NaN = no such keyword).

    Notes
    -----
    Source: Methods 4.4, Algorithm 1. Departs from the paper: the printed loop raises its own
    target and never ends; here the smallest cut with θc stable clusters is taken, or, where none
    has so many, the smallest of those with the most. Beyond ``max_rows`` distinct frames, blocks
    of neighbouring rows are clustered to a quarter of their number, and their means and sizes are
    clustered in turn; for Ward's distance, means and sizes are all that counts.
    """
    vectors = validate_table(embeddings, EMBEDDING_TABLE)
    cards = validate_table(keywords, KEYWORD_TABLE)
    if (
        not vectors[list(KEY)]
        .reset_index(drop=True)
        .equals(cards[list(KEY)].reset_index(drop=True))
    ):
        raise DataError(
            "Embeddings and keywords must have the same rows in the same order; "
            "make both from one table of descriptions."
        )
    embedded = find_embedded(vectors)
    cluster = np.full(len(vectors), -1)
    if embedded.any():
        features, inverse = _build_features(vectors, cards[embedded], keyword_weight)
        features = _reduce(features, reduce, seed)
        weights = np.bincount(inverse).astype(np.float64)
        smallest = min_cluster_size or int(np.clip(len(vectors) // 80, 3, 10))
        target = (n_clusters, smallest)
        found = _find_clusters(features, weights, target, linkage, small, max_rows)
        cluster[embedded] = found[inverse]
    names, summary = _name_clusters(cluster, cards, labeler, n_keywords)
    behaviors = vectors[[*KEY, "time_s"]].copy()
    behaviors["cluster"] = cluster
    behaviors["behavior"] = pd.Series(cluster, vectors.index).map(names).astype("str")
    return validate_table(behaviors, BEHAVIOR_TABLE), summary


def _build_features(
    embeddings: pd.DataFrame, cards: pd.DataFrame, keyword_weight: float
) -> tuple[FloatArray, IntArray]:
    """Return distinct rows of [embedding, weight · tf-idf], scaled to one, and the way back."""
    vectors, text = unique_vectors(embeddings)
    if keyword_weight == 0:
        return vectors, text
    card, distinct = pd.factorize(cards["keywords"].map("\n".join))
    _, first, inverse = np.unique(
        text * len(distinct) + card, return_index=True, return_inverse=True
    )
    terms = count_keywords(cards)["keyword"].head(_MAX_TERMS)
    place = {term: column for column, term in enumerate(terms)}
    bags = np.zeros((len(distinct), len(place)), np.float32)
    for row, card_text in enumerate(distinct):
        bags[row, [place[word] for word in card_text.split("\n") if word in place]] = 1
    frequency = bags[card].mean(axis=0) if len(place) else np.ones(0)
    bags *= (1 - np.log(np.maximum(frequency, 1 / len(cards)))).astype(np.float32)
    weighted = keyword_weight * normalize_rows(bags)
    features = normalize_rows(np.hstack([vectors[text[first]], weighted[card[first]]]))
    return features.astype(np.float32), inverse


def _reduce(features: FloatArray, method: str, seed: int) -> FloatArray:
    """Shorten the vectors; UMAP's space is Euclidean, the others keep length one."""
    if method == "pca" and min(features.shape) > 50:
        from sklearn.decomposition import TruncatedSVD

        short = TruncatedSVD(50, random_state=seed).fit_transform(features)
        return normalize_rows(short).astype(np.float32)
    if method == "umap" and len(features) > 50:
        from mousegpt.behavior.layout import fit_umap

        return fit_umap(features, n_components=10, n_neighbors=15, min_dist=0.0, seed=seed)
    return features


def _find_clusters(
    vectors: FloatArray,
    weights: FloatArray,
    target: tuple[int, int],
    linkage: Method,
    small: str,
    max_rows: int,
) -> IntArray:
    """Return the cluster of every distinct row, the largest first; -1 = unassigned."""
    n_clusters, min_size = target
    block, means, sizes = _condense(vectors, weights, linkage, max_rows)
    tree = compute_linkage(means, sizes, method=linkage)
    cut = cut_tree(tree, choose_cut(tree, sizes, n_clusters, min_size))[block]
    size = np.bincount(cut, weights)
    stable = np.flatnonzero(size >= min_size)
    order = stable[np.argsort(-size[stable], kind="stable")]
    rank = np.full(len(size), -1)
    rank[order] = np.arange(len(order))
    found: IntArray = rank[cut]
    lost = found < 0
    if small == "nearest" and lost.any() and not lost.all():
        centers = _average(vectors[~lost], weights[~lost], found[~lost])
        offset = (centers * centers).sum(axis=1) / 2
        found[lost] = (vectors[lost] @ centers.T - offset).argmax(axis=1)
    return found


def _condense(
    vectors: FloatArray, weights: FloatArray, linkage: Method, max_rows: int
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Replace rows by means of similar ones until at most ``max_rows`` are left."""
    place = np.arange(len(vectors))
    while len(vectors) > max_rows:
        label = np.empty(len(vectors), dtype=np.intp)
        n_found = 0
        for rows in np.array_split(np.arange(len(vectors)), -(-len(vectors) // max_rows)):
            tree = compute_linkage(vectors[rows], weights[rows], method=linkage)
            label[rows] = cut_tree(tree, max(len(rows) // 4, 1)) + n_found
            n_found = int(label[rows].max()) + 1
        vectors = _average(vectors, weights, label)
        weights = np.bincount(label, weights).astype(np.float64)
        place = label[place]
    return place, vectors, weights


def _average(vectors: FloatArray, weights: FloatArray, label: IntArray) -> FloatArray:
    """Return the weighted mean of the rows of every label, float32."""
    from scipy.sparse import csr_array

    shape = (int(label.max()) + 1, len(vectors))
    members = csr_array((weights, (label, np.arange(len(vectors)))), shape=shape)
    means: FloatArray = (members @ vectors) / np.bincount(label, weights)[:, None]
    return means.astype(np.float32)


def _name_clusters(
    cluster: IntArray, cards: pd.DataFrame, labeler: Labeler, n_keywords: int
) -> tuple[dict[int, str], pd.DataFrame]:
    """Let the labeler name the clusters and say how far the names can be trusted.

    Beside the keywords that set a cluster apart it sees those that most of its frames share: in a
    short recording "rearing" may be too common to set any cluster apart.
    """
    top = select_top_keywords(cards, cluster, n_keywords=n_keywords)
    said = {
        number: list(dict.fromkeys([*words, *_find_shared(cards["keywords"][cluster == number])]))
        for number, words in top.items()
    }
    names = dict(zip(top, labeler.label_clusters(list(said.values())), strict=True))
    words = sorted({word for chosen in said.values() for word in chosen})
    meaning = dict(zip(words, labeler.label_clusters([[word] for word in words]), strict=True))
    meant = [{meaning.get(word) for word in card} for card in cards["keywords"]]
    named = set(meaning.values())
    rows = []
    for number, name in names.items():
        members = np.flatnonzero(cluster == number)
        carried = float(np.mean([name in meant[row] for row in members]))
        rows.append(
            {
                "cluster": number,
                "behavior": name,
                "n_frames": len(members),
                "share": len(members) / len(cards),
                "label_share": carried if name in named else np.nan,
                "keywords": ", ".join(top[number]),
            }
        )
    columns = ["cluster", "behavior", "n_frames", "share", "label_share", "keywords"]
    return names, pd.DataFrame(rows, columns=columns)


def _find_shared(cards: pd.Series[list[str]]) -> list[str]:
    """Return the keywords of most cards, the most common first."""
    counts = cards.explode().value_counts()
    common = counts[counts >= _SHARED * len(cards)]
    return sorted(common.index, key=lambda word: (-common[word], word))
