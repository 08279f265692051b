"""Which descriptions are good enough to teach with: ratings from 0 to 10, and a rule."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import pandas as pd
from pydantic import Field

from mousegpt.core.chat import Message
from mousegpt.core.description import ELEMENTS, FrameDescription
from mousegpt.core.tables import DESCRIPTION_TABLE, KEY, validate_table
from mousegpt.description.factcheck.claims import Claim
from mousegpt.description.factcheck.verdicts import Verdict
from mousegpt.description.loose_json import find_objects
from mousegpt.prompts import load_prompt

CRITERIA: Final = ("accuracy", "coherence", "relevance")
#: Accuracy of a description of which nothing can be checked: neither good nor bad.
_UNTESTED: Final = 5.0


@dataclass(frozen=True)
class Rating:
    """Three ratings from 0 to 10, and why."""

    accuracy: float
    coherence: float
    relevance: float
    reason: str = ""

    @property
    def lowest(self) -> float:
        """The worst of the three, which decides."""
        return min(self.accuracy, self.coherence, self.relevance)


#: Rates the description in a row of DESCRIPTION_TABLE; None when it gave no usable rating.
Judge = Callable[["pd.Series[str]"], Rating | None]


def ask_rating(description: FrameDescription, pictures: Sequence[bytes] = ()) -> Message:
    """Put the question to a judge model: picture, prompt and description.

    Notes
    -----
    Source: Methods 4.2 (a faster model sees image and JSON and rates them). The prompt is ours.
    """
    text = json.dumps(description.model_dump(), indent=1, ensure_ascii=False)
    return Message(load_prompt("rate_description").fill(description=text), pictures=tuple(pictures))


def parse_rating(text: str, *, finish_reason: str | None = None) -> Rating | None:
    """Read a judge's reply; None unless it gives all three ratings from 0 to 10.

    Examples
    --------
    >>> parse_rating('Here: {"accuracy": 8, "coherence": "9/10", "relevance": 7.5}').lowest
    7.5
    >>> parse_rating('{"accuracy": 8, "coherence": 11, "relevance": 7}') is None
    True
    """
    if finish_reason in ("length", "max_tokens", "content_filter"):
        return None
    for found in find_objects(text).objects:
        named = {str(key).strip().lower(): value for key, value in found.items()}
        numbers = [_read_number(named.get(name)) for name in CRITERIA]
        known = [number for number in numbers if number is not None]
        if len(known) == len(CRITERIA):
            accuracy, coherence, relevance = known
            reason = " ".join(str(named.get("reason") or "").split())[:300]
            return Rating(accuracy, coherence, relevance, reason)
    return None


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
    judge: Judge,
    *,
    min_rating: Annotated[float, Field(ge=0, le=10)] = 6.0,
) -> pd.DataFrame:
    """Rate descriptions, and keep those whose lowest rating is good enough.

    Parameters
    ----------
    descriptions
        DESCRIPTION_TABLE.
    judge
        Asked once for every row whose status is "ok".
    min_rating
        What each of the three ratings must reach.

    Returns
    -------
    pandas.DataFrame
        The key, ``accuracy``, ``coherence``, ``relevance`` (NaN where not rated), ``lowest``,
        ``kept`` and ``reason``: of the judge, or why there is no rating. What is not rated is
        not kept.

    Notes
    -----
    Source: Methods 4.2 (ratings 0 to 10, the lowest are removed). The paper gives no threshold;
    ours is 6: with the rules as judge, one contradicted claim is enough to drop a description.
    """
    table = validate_table(descriptions, DESCRIPTION_TABLE)
    rows = []
    for _, row in table.iterrows():
        rating = judge(row) if row["status"] == "ok" else None
        failed = "the judge gave no rating" if row["status"] == "ok" else str(row["status"])
        scores = {name: getattr(rating, name, float("nan")) for name in CRITERIA}
        lowest = rating.lowest if rating else float("nan")
        reason = rating.reason if rating else failed
        rows.append({**scores, "lowest": lowest, "kept": lowest >= min_rating, "reason": reason})
    columns = [*CRITERIA, "lowest", "kept", "reason"]
    ratings = pd.DataFrame(rows, columns=columns, index=table.index)
    return pd.concat([table[list(KEY)], ratings], axis=1)


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


def _read_number(value: object) -> float | None:
    """Read ``8``, ``"8"`` or ``"8/10"``; None for anything else and outside 0 to 10."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:/\s*10)?\s*", str(value))
    number = float(found[1]) if found and not isinstance(value, bool) else None
    return number if number is not None and number <= 10 else None


def _share_repeated(texts: Sequence[str], stop: str) -> float:
    """Return the share of the pieces that were said before."""
    pieces = [
        piece.strip().lower() for text in texts for piece in re.split(stop, text) if piece.strip()
    ]
    return 1 - len(set(pieces)) / len(pieces) if pieces else 0.0
