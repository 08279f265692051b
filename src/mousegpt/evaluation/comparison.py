"""Describers side by side on the same frames: before and after fine-tuning, or any others.

The animal is the unit: intervals come from drawing animals anew, the same ones for every describer,
so that differences are paired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Final

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.description import ELEMENTS
from mousegpt.core.errors import DataError
from mousegpt.core.facts import STATES, UNKNOWN, state_column
from mousegpt.core.tables import KEY
from mousegpt.evaluation.descriptions import ATTRIBUTES

#: What is measured, and what it is a share of.
METRICS: Final[Mapping[str, str]] = {
    "usable": "frames with a description that could be read",
    "correct": "frames with a description in which nothing is contradicted",
    **{f"correct {name}": f"the same of the element {name}" for name in ELEMENTS},
    "complete": "known attributes that are said, and rightly",
    "hallucination": "checkable claims that are contradicted",
    "words": "words of a description that could be read",
}
#: Where less is better; of "words" neither is.
LESS_IS_BETTER: Final = ("hallucination",)
_BOTH_PAWS: Final = {"allpaws": ("fore paws", "hind paws")}


@dataclass(frozen=True, eq=False)
class Comparison:
    """Scores of each describer, differences of each pair, and which of a pair was better.

    ``scores``: ``model metric n_animals n value low high``, ``n`` being what the value is a share
    of. ``differences``: ``model other metric difference low high``, of the other minus the model.
    ``preferences``: ``model other n_frames better worse equal preferred low high``; ``preferred``
    is the share of frames in which the other is better, ties counted half.
    """

    scores: pd.DataFrame
    differences: pd.DataFrame
    preferences: pd.DataFrame


def compare_describers(
    descriptions: Mapping[str, pd.DataFrame],
    claims: Mapping[str, pd.DataFrame],
    posture: pd.DataFrame,
    *,
    animal: Sequence[str] = ("recording", "individual"),
    n_resamples: Annotated[int, Field(gt=0)] = 2000,
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare describers on the frames that all were asked about and the truth knows.

    Parameters
    ----------
    descriptions
        Name -> DESCRIPTION_TABLE. A frame without a usable description counts as not correct.
    claims
        Name -> its claims, judged against ``posture``.
    posture
        POSTURE_TABLE with the true (or measured) states.
    animal
        Columns of ``posture`` that name the animal.

    Returns
    -------
    Comparison
        Intervals are NaN with fewer than two animals.

    Raises
    ------
    DataError
        When the tables share no frame, or claims of a describer are missing.

    Notes
    -----
    Source: Methods 4.7 (correctness: no factual error, right format; side-by-side choice), there
    by fifteen experts. Departs from the paper: the fact checker judges, so that only what a pose
    can show counts; of two descriptions that is better which could be read, has fewer
    contradictions, then more that is right.
    """
    if set(descriptions) != set(claims):
        raise DataError(
            f"Expected claims of {', '.join(descriptions)}, found those of {', '.join(claims)}."
        )
    frames = _share_frames(descriptions, posture)
    counts = {
        name: _count_frames(frames, table, claims[name]) for name, table in descriptions.items()
    }
    number = frames.groupby([frames[name] for name in animal]).ngroup().to_numpy(np.int64)
    draws = _Draws(number, n_resamples, confidence, seed)
    scores = [
        {"model": name, "metric": metric, "n_animals": draws.n_animals}
        | draws.measure(*_select(table, metric))
        for name, table in counts.items()
        for metric in METRICS
    ]
    pairs = list(combinations(counts, 2))
    differences = [
        {"model": one, "other": other, "metric": metric}
        | draws.measure_difference(_select(counts[one], metric), _select(counts[other], metric))
        for one, other in pairs
        for metric in METRICS
    ]
    preferences = [
        {"model": one, "other": other} | _prefer(counts[one], counts[other], draws)
        for one, other in pairs
    ]
    return Comparison(pd.DataFrame(scores), pd.DataFrame(differences), pd.DataFrame(preferences))


class _Draws:
    """Animals drawn anew, many times; the same for all that is measured."""

    def __init__(self, animal: IntArray, n_resamples: int, confidence: float, seed: int) -> None:
        self._animal = animal
        self.n_animals = int(animal.max()) + 1
        rng = np.random.default_rng(seed)
        self._drawn = rng.integers(self.n_animals, size=(n_resamples, self.n_animals))
        self._tail = (1 - confidence) / 2

    def measure(self, part: FloatArray, whole: FloatArray) -> dict[str, float]:
        """Return the share of a whole, both counted frame by frame."""
        total = float(whole.sum())
        value = float(part.sum()) / total if total else np.nan
        low, high = self._find_interval(self._resample(part, whole))
        return {"n": total, "value": value, "low": low, "high": high}

    def measure_difference(
        self, one: tuple[FloatArray, FloatArray], other: tuple[FloatArray, FloatArray]
    ) -> dict[str, float]:
        """Return the second share minus the first, of the same animals."""
        low, high = self._find_interval(self._resample(*other) - self._resample(*one))
        value = self.measure(*other)["value"] - self.measure(*one)["value"]
        return {"difference": value, "low": low, "high": high}

    def _resample(self, part: FloatArray, whole: FloatArray) -> FloatArray:
        sums = [
            np.bincount(self._animal, weights=counted, minlength=self.n_animals)
            for counted in (part, whole)
        ]
        numerator, denominator = (counted[self._drawn].sum(axis=1) for counted in sums)
        safe = np.where(denominator > 0, denominator, np.nan)
        return np.asarray(numerator / safe)

    def _find_interval(self, values: FloatArray) -> tuple[float, float]:
        known = values[~np.isnan(values)]
        if self.n_animals < 2 or not known.size:
            return np.nan, np.nan
        low, high = np.quantile(known, [self._tail, 1 - self._tail])
        return float(low), float(high)


def _share_frames(descriptions: Mapping[str, pd.DataFrame], posture: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the truth that every describer was asked about."""
    repeated = int(posture.duplicated([*KEY]).sum())
    if repeated:
        raise DataError(f"The truth has {repeated} repeated frame(s); name each table once.")
    frames = posture.sort_values([*KEY])
    for name, table in descriptions.items():
        frames = frames.merge(table[[*KEY]], on=list(KEY), validate="one_to_one")
        if frames.empty:
            raise DataError(
                f"Expected descriptions of the same frames of the truth, found none when '{name}' "
                "is among them; check the recordings and individuals of the tables."
            )
    return frames.reset_index(drop=True)


def _count_frames(
    frames: pd.DataFrame, descriptions: pd.DataFrame, claims: pd.DataFrame
) -> pd.DataFrame:
    """Count, frame by frame, what the metrics are made of."""
    keys = list(KEY)
    described = frames[keys].merge(descriptions, on=keys, how="left")
    usable = described["status"].eq("ok").to_numpy()
    counted = pd.DataFrame({"frames": 1.0, "usable": usable.astype(float)}, index=frames.index)
    texts = described[list(ELEMENTS)].fillna("").agg(" ".join, axis=1)
    counted["words"] = [len(text.split()) for text in texts]
    counted["words"] *= counted["usable"]
    judged = claims.merge(frames[keys].reset_index(names="place"), on=keys)
    wrong = judged[judged["verdict"] == "contradicted"]
    right = judged[judged["verdict"] == "supported"]
    counted["n_wrong"], counted["n_right"] = _tally(wrong, counted), _tally(right, counted)
    counted["correct"] = counted["usable"] * (counted["n_wrong"] == 0)
    for element in ELEMENTS:
        faults = _tally(wrong[wrong["element"] == element], counted)
        counted[f"correct {element}"] = counted["usable"] * (faults == 0)
    known, said = _count_attributes(frames, right, wrong)
    return counted.assign(known=known, said=said)


def _tally(claims: pd.DataFrame, counted: pd.DataFrame) -> pd.Series[float]:
    return claims.groupby("place").size().reindex(counted.index, fill_value=0).astype(float)


def _count_attributes(
    frames: pd.DataFrame, right: pd.DataFrame, wrong: pd.DataFrame
) -> tuple[FloatArray, FloatArray]:
    """Count the attributes that the truth knows, and those of them that are said rightly."""
    known, said = np.zeros(len(frames)), np.zeros(len(frames))
    for name, kinds in ATTRIBUTES.items():
        states = [state_column(s.name) for s in STATES if s.name.startswith(tuple(kinds))]
        there = [state for state in states if state in frames]
        is_known = (frames[there].fillna(UNKNOWN) != UNKNOWN).any(axis=1).to_numpy()
        named = {*kinds, *(kind for kind, names in _BOTH_PAWS.items() if name in names)}
        good, bad = (
            frames.index.isin(claims.loc[claims["kind"].isin(named), "place"])
            for claims in (right, wrong)
        )
        known += is_known
        said += is_known & good & ~bad
    return known, said


def _select(counted: pd.DataFrame, metric: str) -> tuple[FloatArray, FloatArray]:
    """Return what a metric counts and what it is a share of."""
    if metric == "complete":
        return counted["said"].to_numpy(), counted["known"].to_numpy()
    if metric == "hallucination":
        wrong = counted["n_wrong"].to_numpy()
        return wrong, wrong + counted["n_right"].to_numpy()
    whole = counted["usable" if metric == "words" else "frames"]
    return counted[metric].to_numpy(), whole.to_numpy()


def _prefer(one: pd.DataFrame, other: pd.DataFrame, draws: _Draws) -> dict[str, float]:
    """Choose the better description of each frame."""
    choice = np.zeros(len(one))
    for column, sign in (("usable", 1), ("n_wrong", -1), ("n_right", 1)):
        difference = sign * np.sign(other[column].to_numpy() - one[column].to_numpy())
        choice = np.where(choice == 0, difference, choice)
    share = draws.measure((choice + 1) / 2, np.ones(len(choice)))
    return {
        "n_frames": len(choice),
        "better": float((choice > 0).mean()),
        "worse": float((choice < 0).mean()),
        "equal": float((choice == 0).mean()),
        "preferred": share["value"],
        "low": share["low"],
        "high": share["high"],
    }
