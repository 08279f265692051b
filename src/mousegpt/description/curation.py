"""Which descriptions are good enough to teach with: ratings, the fact check, and a rule."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Annotated, Final

import pandas as pd
from pydantic import Field

from mousegpt.core.description import ELEMENTS, FrameDescription
from mousegpt.core.tables import DESCRIPTION_TABLE, KEY, TableSchema, validate_table
from mousegpt.description.factcheck.claims import Claim
from mousegpt.description.factcheck.verdicts import Verdict
from mousegpt.description.rating import CRITERIA, RATING_TABLE, Rating

#: What the curation says of every description.
CURATION_TABLE: Final = TableSchema(
    "curation",
    RATING_TABLE.columns
    | {
        "time_s": "number",
        "words_sha256": "text",  # of the words that were judged
        "lowest": "number",  # of the three ratings
        "n_supported": "integer",  # claims, by the fact check
        "n_contradicted": "integer",
        "good": "flag",  # by the ratings alone
        "kept": "flag",
        "reason": "text",  # why it is not kept
    },
)

#: Accuracy of a description of which nothing can be checked: neither good nor bad.
_UNTESTED: Final = 5.0


def rate_by_rules(description: FrameDescription, judged: Sequence[tuple[Claim, Verdict]]) -> Rating:
    """Rate a description without any model: by the fact check, by repetition, by completeness.

    Parameters
    ----------
    judged
        Every claim of the description with its verdict.

    Notes
    -----
    Accuracy is the share of supported among checkable claims, and at most 5 with one contradicted
    claim, 3 with two, 1 with more; 5 when nothing can be checked. Coherence falls with every
    sentence and keyword that is said again, relevance with every empty element and with the share
    of clauses that name nothing a pose can show.
    """
    wrong = [claim for claim, verdict in judged if verdict.word == "contradicted"]
    n_right = sum(verdict.word == "supported" for _, verdict in judged)
    checkable = len(wrong) + n_right
    share = n_right / checkable if checkable else _UNTESTED / 10
    accuracy = min(10 * share, (10.0, 5.0, 3.0, 1.0)[min(len(wrong), 3)])
    texts = description.model_dump()
    repeated = _share_repeated([texts[e] for e in ELEMENTS if e != "keywords"], r"[.!?]\s*")
    repeated = max(repeated, _share_repeated([texts["keywords"]], r",\s*"))
    filled = sum(bool(texts[element].strip()) for element in ELEMENTS) / len(ELEMENTS)
    idle = sum(not claim.kind for claim, _ in judged) / len(judged) if judged else 1.0
    reasons = [f"contradicted: {claim.clause}" for claim in wrong[:2]]
    reasons += ["says things twice"] * (repeated > 0) + ["elements are empty"] * (filled < 1)
    return Rating(
        round(accuracy, 2),
        round(10 * (1 - repeated), 2),
        round(max(10 * filled - 5 * idle, 0.0), 2),
        "; ".join(reasons),
    )


def curate_descriptions(
    descriptions: pd.DataFrame,
    ratings: pd.DataFrame,
    claims: pd.DataFrame,
    *,
    min_rating: Annotated[float, Field(ge=0, le=10)] = 6.0,
    max_contradicted: Annotated[int, Field(ge=0)] = 0,
) -> pd.DataFrame:
    """Keep the descriptions that are rated well and that the pose does not contradict.

    Parameters
    ----------
    descriptions
        DESCRIPTION_TABLE.
    ratings
        RATING_TABLE; of a frame that is not in it there is no rating.
    claims
        CLAIM_TABLE; of a frame without claims, as without a pose, the ratings alone decide.
    min_rating
        What each of the three ratings must reach.
    max_contradicted
        How many claims may be contradicted.

    Returns
    -------
    pandas.DataFrame
        CURATION_TABLE, rows as in ``descriptions``. What is not described or not rated is not
        kept. ``reason`` names all that speaks against a description; empty when it is kept.

    Notes
    -----
    Source: Methods 4.2 (ratings 0 to 10, the lowest are removed). The paper gives no threshold and
    has no fact check; ours are 6 and no contradicted claim.
    """
    words = validate_table(descriptions, DESCRIPTION_TABLE)
    table = words[[*KEY, "time_s"]].assign(words_sha256=hash_words(words))
    table = table.merge(ratings, on=list(KEY), how="left").merge(
        _count_verdicts(claims), on=list(KEY), how="left"
    )
    counts = table[["n_supported", "n_contradicted"]].fillna(0).astype("int64")
    table = table.assign(**{str(name): counts[name] for name in counts})
    table.index = words.index
    table["lowest"] = table[[*CRITERIA]].min(axis=1, skipna=False)
    table["good"] = table["lowest"] >= min_rating
    faults = {f"low {name}": table[name] < min_rating for name in CRITERIA} | {
        "contradicted by the pose": table["n_contradicted"] > max_contradicted
    }
    told = [
        " and ".join(name for name, holds in zip(faults, row, strict=True) if holds)
        for row in zip(*faults.values(), strict=True)
    ]
    reason = pd.Series(told, index=table.index, dtype="str")
    reason = reason.mask(table["lowest"].isna(), "not rated")
    table["reason"] = reason.mask(words["status"] != "ok", "not described")
    table["kept"] = table["reason"] == ""
    return validate_table(table, CURATION_TABLE)


def hash_words(descriptions: pd.DataFrame) -> pd.Series[str]:
    """Return the SHA-256 of the six elements of every description."""
    texts = descriptions[list(ELEMENTS)].fillna("").to_numpy().tolist()
    digests = [hashlib.sha256(json.dumps(text).encode()).hexdigest() for text in texts]
    return pd.Series(digests, index=descriptions.index, dtype="str")


def _count_verdicts(claims: pd.DataFrame) -> pd.DataFrame:
    keys = claims[list(KEY)].astype({"recording": "str", "individual": "str", "frame": "int64"})
    words = ("supported", "contradicted")
    verdicts = {f"n_{word}": (claims["verdict"] == word).astype("int64") for word in words}
    return keys.assign(**verdicts).groupby(list(KEY), as_index=False).sum()


def summarize_curation(curated: pd.DataFrame) -> pd.DataFrame:
    """Count the descriptions by each criterion and by their lowest rating.

    Returns
    -------
    pandas.DataFrame
        A row for each full rating from 0 to 10, and a last one for what was not rated: ``rating``
        (NA), the number of descriptions of that rating (rounded down) by criterion and by
        ``lowest``, and how many of the latter were ``kept``.
    """
    index = pd.Index([*range(11), pd.NA], name="rating", dtype="Int64")
    counts = pd.DataFrame(index=index)
    for name in (*CRITERIA, "lowest"):
        counts[name] = _count_full(curated[name], index)
    counts["kept"] = _count_full(curated.loc[curated["kept"].astype(bool), "lowest"], index)
    return counts.reset_index()


def _count_full(ratings: pd.Series[float], index: pd.Index[int]) -> list[int]:
    full = ratings // 1
    return [*(int((full == value).sum()) for value in index[:-1]), int(full.isna().sum())]


def _share_repeated(texts: Sequence[str], stop: str) -> float:
    """Return the share of the pieces that were said before."""
    pieces = [
        piece.strip().lower() for text in texts for piece in re.split(stop, text) if piece.strip()
    ]
    return 1 - len(set(pieces)) / len(pieces) if pieces else 0.0
