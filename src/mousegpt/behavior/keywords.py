"""Info-cards: the bag of key terms of every frame."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.behavior.embedding import OK
from mousegpt.behavior.postures import PostureDictionary
from mousegpt.core.arrays import IntArray
from mousegpt.core.tables import DESCRIPTION_TABLE, KEY, KEYWORD_TABLE, validate_table

_SEPARATORS = re.compile(r"[,;\n|]+")
_EDGES = " .:!?-_*\"'()[]"


def extract_keywords(
    descriptions: pd.DataFrame, dictionary: PostureDictionary | None = None
) -> pd.DataFrame:
    """Draw an info-card from every description.

    Parameters
    ----------
    descriptions
        DESCRIPTION_TABLE.
    dictionary
        Where a description has sentences but no keywords, the keys that match its sentences
        stand in for them; without a dictionary the card stays empty.

    Returns
    -------
    pandas.DataFrame
        KEYWORD_TABLE, rows as in ``descriptions``: lower case, each term once, in the order
        written; empty lists where the status is not "ok".

    Notes
    -----
    Source: Methods 4.4, keyword info-cards. Departs from the paper: the describer already writes
    keywords, so that no second language model reads the text.
    """
    table = validate_table(descriptions, DESCRIPTION_TABLE)
    ok = table["status"] == OK
    written = table["keywords"].fillna("").where(ok, "")
    cards = {line: split_keywords(line) for line in pd.unique(written)}
    terms = [cards[line] for line in written]
    if dictionary is not None:
        for row in np.flatnonzero(ok.to_numpy() & np.array([not card for card in terms])):
            terms[row] = _match_parts(table.iloc[row], dictionary)
    drawn = table[[*KEY, "time_s"]].copy()
    drawn["keywords"] = pd.Series(terms, table.index, dtype=object)
    return validate_table(drawn, KEYWORD_TABLE)


def split_keywords(line: str) -> list[str]:
    """Split a line of keywords into clean terms, each once.

    >>> split_keywords("Walking, slow pace,  walking; Head  down.")
    ['walking', 'slow pace', 'head down']
    """
    terms = (" ".join(term.lower().split()).strip(_EDGES) for term in _SEPARATORS.split(line))
    return [term for term in dict.fromkeys(terms) if term]


def _match_parts(description: pd.Series[str], dictionary: PostureDictionary) -> list[str]:
    found = (
        key
        for part in dictionary.parts
        for key in dictionary.match(part, str(description.get(part, "")))
    )
    return list(dict.fromkeys(found))


def count_keywords(cards: pd.DataFrame) -> pd.DataFrame:
    """Count the frames of every keyword.

    Returns
    -------
    pandas.DataFrame
        Columns ``keyword``, ``n_frames``, ``share`` (of all frames), most frequent first, equal
        counts in alphabetical order.

    Examples
    --------
    >>> cards = pd.DataFrame({"keywords": [["walking"], ["walking", "head up"]]})
    >>> count_keywords(cards)
       keyword  n_frames  share
    0  walking         2    1.0
    1  head up         1    0.5
    """
    keywords = cards["keywords"].explode().dropna().astype("str")
    counts = keywords.value_counts().rename_axis("keyword").reset_index(name="n_frames")
    counts["share"] = counts["n_frames"] / max(len(cards), 1)
    return counts.sort_values(["n_frames", "keyword"], ascending=[False, True], ignore_index=True)


def select_top_keywords(
    cards: pd.DataFrame,
    labels: IntArray | Sequence[int],
    *,
    n_keywords: Annotated[int, Field(ge=1)] = 5,
) -> dict[int, list[str]]:
    """Pick the keywords that set every cluster apart.

    Parameters
    ----------
    cards
        KEYWORD_TABLE.
    labels
        Cluster of each row, shape (n,); negative = unassigned, which counts as background only.
    n_keywords
        Keywords per cluster.

    Returns
    -------
    dict
        Cluster to keywords, the most telling first, equal scores in alphabetical order.

    Notes
    -----
    Source: Methods 4.4, Algorithm 1, line 19. The score of a keyword is its share p of the
    cluster's frames times (1 + ln(p / q)), where q is its share of all frames: frequent here,
    and more frequent here than elsewhere.

    Examples
    --------
    >>> words = [["still", "tail up"], ["still"], ["rearing", "tail up"]]
    >>> cards = pd.DataFrame({"keywords": words})
    >>> select_top_keywords(cards, [0, 0, 1], n_keywords=1)
    {0: ['still'], 1: ['rearing']}
    """
    cluster = np.asarray(labels)
    terms = pd.DataFrame({"keyword": cards["keywords"].to_numpy(), "cluster": cluster})
    pairs = terms.explode("keyword").dropna().astype({"keyword": "str"})
    overall = pairs["keyword"].value_counts() / max(len(cards), 1)
    counts = pairs[pairs["cluster"] >= 0].value_counts(["cluster", "keyword"]).reset_index()
    sizes = pd.Series(cluster).value_counts()
    share = counts["count"] / counts["cluster"].map(sizes)
    background = counts["keyword"].map(overall).astype("float64")
    # Rounded, so that the last bit of a logarithm never decides the order.
    counts["score"] = (share * (1 + np.log(share / background))).round(9)
    ordered = counts.sort_values(["cluster", "score", "keyword"], ascending=[True, False, True])
    top = ordered.groupby("cluster")["keyword"].agg(lambda words: words.head(n_keywords).tolist())
    return {int(name): top.get(name, []) for name in sorted(sizes.index[sizes.index >= 0])}
