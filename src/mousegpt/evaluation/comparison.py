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
from mousegpt.core.attributes import ATTRIBUTES, PARTS
from mousegpt.core.description import ELEMENTS
from mousegpt.core.errors import DataError
from mousegpt.core.tables import KEY
from mousegpt.evaluation.attributes import MEAN, average_attributes, judge_attributes

#: What is measured of each attribute, and of all: the share of what is known that is told rightly.
ACCURACIES: Final = {name: f"right {name}" for name in (*ATTRIBUTES, MEAN)}
#: What is measured, and what it is a share of.
METRICS: Final[Mapping[str, str]] = {
    **{name: "what is known of it: told, and rightly" for name in ACCURACIES.values()},
    "hallucination": "checkable claims that are contradicted",
    "usable": "frames with a description that could be read",
    "correct": "frames with a description in which nothing is contradicted",
    **{f"correct {name}": f"the same of the element {name}" for name in ELEMENTS},
    "words": "words of a description that could be read",
}


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
    told: Mapping[str, pd.DataFrame],
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
    told
        Name -> the states that its descriptions tell.
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
        When the tables share no frame, or a describer has no claims or states.

    Notes
    -----
    Source: Methods 4.7 (correctness: no factual error, right format; side-by-side choice), there
    by fifteen experts. Departs from the paper: the fact checker judges, so that only what a pose
    can show counts; of two descriptions that is better which could be read, has fewer
    contradictions, then more that is right.
    """
    for given in (claims, told):
        if set(descriptions) != set(given):
            raise DataError(
                f"Expected claims and states of {', '.join(descriptions)}, "
                f"found those of {', '.join(given)}."
            )
    frames = share_frames(descriptions, posture)
    counts = {
        name: _count_frames(frames, table, claims[name], told[name])
        for name, table in descriptions.items()
    }
    number = frames.groupby([frames[name] for name in animal]).ngroup().to_numpy(np.int64)
    draws = _Draws(number, n_resamples, confidence, seed)
    measured = {name: _measure(table, draws) for name, table in counts.items()}
    scores = [
        {"model": name, "metric": metric, "n_animals": draws.n_animals, "n": n}
        | draws.summarize(samples)
        for name, metrics in measured.items()
        for metric, (n, samples) in metrics.items()
    ]
    pairs = list(combinations(counts, 2))
    differences = [
        {"model": one, "other": other, "metric": metric}
        | draws.summarize(measured[other][metric][1] - measured[one][metric][1], "difference")
        for one, other in pairs
        for metric in METRICS
    ]
    preferences = [
        {"model": one, "other": other} | _prefer(counts[one], counts[other], draws)
        for one, other in pairs
    ]
    return Comparison(pd.DataFrame(scores), pd.DataFrame(differences), pd.DataFrame(preferences))


def tabulate_attributes(scores: pd.DataFrame) -> pd.DataFrame:
    """Return a row a describer: the accuracy of each attribute, their mean, its hallucinations."""
    names = {metric: name for name, metric in ACCURACIES.items()}
    names["hallucination"] = "hallucination"
    wide = scores.pivot(index="model", columns="metric", values="value")
    chosen = wide.loc[[*dict.fromkeys(scores["model"])], [*names]]
    return chosen.rename(columns=names).reset_index().rename_axis(columns=None)


def share_frames(descriptions: Mapping[str, pd.DataFrame], posture: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the truth that every describer was asked about.

    Raises
    ------
    DataError
        When there are none, or the truth repeats a frame.
    """
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


class _Draws:
    """Animals drawn anew, many times; the same for all that is measured."""

    def __init__(self, animal: IntArray, n_resamples: int, confidence: float, seed: int) -> None:
        self._animal = animal
        self.n_animals = int(animal.max()) + 1
        rng = np.random.default_rng(seed)
        drawn = rng.integers(self.n_animals, size=(n_resamples, self.n_animals))
        self._drawn = np.vstack([np.arange(self.n_animals), drawn])  # first all, each once
        self._tail = (1 - confidence) / 2

    def share(self, part: FloatArray, whole: FloatArray) -> FloatArray:
        """Return the share of a whole, both counted frame by frame: of all animals, then a draw."""
        sums = [
            np.bincount(self._animal, weights=counted, minlength=self.n_animals)
            for counted in (part, whole)
        ]
        numerator, denominator = (counted[self._drawn].sum(axis=1) for counted in sums)
        return np.asarray(numerator / np.where(denominator > 0, denominator, np.nan))

    def summarize(self, samples: FloatArray, name: str = "value") -> dict[str, float]:
        """Return the value of all animals, and its interval."""
        known = samples[1:][~np.isnan(samples[1:])]
        low, high = np.nan, np.nan
        if self.n_animals > 1 and known.size:
            low, high = np.quantile(known, [self._tail, 1 - self._tail])
        return {name: float(samples[0]), "low": float(low), "high": float(high)}


def _measure(counted: pd.DataFrame, draws: _Draws) -> dict[str, tuple[float, FloatArray]]:
    """Return of each metric what it is a share of, and its value in every draw."""
    shares = {
        (attribute, state): draws.share(*_select(counted, f"right {state}", f"known {state}"))
        for attribute, state in PARTS
    }
    n = {
        name: sum(float(counted[f"known {state}"].sum()) for state in states)
        for name, states in ATTRIBUTES.items()
    }
    n[MEAN] = sum(n.values())
    measured = {
        ACCURACIES[name]: (n[name], share) for name, share in average_attributes(shares).items()
    }
    wholes = {"hallucination": "checkable", "words": "usable"}
    for metric in METRICS:
        if metric not in measured:
            part, whole = _select(counted, metric, wholes.get(metric, "frames"))
            measured[metric] = float(whole.sum()), draws.share(part, whole)
    return measured


def _select(counted: pd.DataFrame, *names: str) -> list[FloatArray]:
    return [counted[name].to_numpy(float) for name in names]


def _count_frames(
    frames: pd.DataFrame, descriptions: pd.DataFrame, claims: pd.DataFrame, told: pd.DataFrame
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
    counted["hallucination"], counted["n_right"] = _tally(wrong, counted), _tally(right, counted)
    counted["checkable"] = counted["hallucination"] + counted["n_right"]
    counted["correct"] = counted["usable"] * (counted["hallucination"] == 0)
    for element in ELEMENTS:
        faults = _tally(wrong[wrong["element"] == element], counted)
        counted[f"correct {element}"] = counted["usable"] * (faults == 0)
    answers = judge_attributes(told, frames)
    answers = answers.merge(frames[keys].reset_index(names="place"), on=keys)
    for _, state in PARTS:
        known = answers[answers["state"] == state]
        counted[f"known {state}"] = _tally(known, counted)
        counted[f"right {state}"] = _tally(known[known["is_right"]], counted)
    return counted


def _tally(claims: pd.DataFrame, counted: pd.DataFrame) -> pd.Series[float]:
    return claims.groupby("place").size().reindex(counted.index, fill_value=0).astype(float)


def _prefer(one: pd.DataFrame, other: pd.DataFrame, draws: _Draws) -> dict[str, float]:
    """Choose the better description of each frame."""
    choice = np.zeros(len(one))
    for column, sign in (("usable", 1), ("hallucination", -1), ("n_right", 1)):
        difference = sign * np.sign(other[column].to_numpy() - one[column].to_numpy())
        choice = np.where(choice == 0, difference, choice)
    share = draws.summarize(draws.share((choice + 1) / 2, np.ones(len(choice))), "preferred")
    return {
        "n_frames": len(choice),
        "better": float((choice > 0).mean()),
        "worse": float((choice < 0).mean()),
        "equal": float((choice == 0).mean()),
        **share,
    }
