"""How far a judge that sees the picture and a checker that knows the pose say the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from mousegpt.core.arrays import BoolArray, FloatArray
from mousegpt.description.factcheck.rates import draw_interval


@dataclass(frozen=True)
class Agreement:
    """How far the judge and the fact checker agree, over descriptions that both could judge.

    Attributes
    ----------
    n
        Descriptions that are rated and have a claim that the pose can check.
    both_good, judge_objects, pose_objects, both_object
        The judge objects to ratings that are too low, the pose to what it contradicts.
    share, low, high
        Of descriptions on which they agree, and its interval over animals.
    kappa
        Cohen's: 0 is chance, 1 is always.
    ranked
        The probability that a contradicted description is rated as less accurate than one that is
        not (a tie counts half); 0.5 is chance. It does not depend on the threshold.
    """

    n: int
    both_good: int
    judge_objects: int
    pose_objects: int
    both_object: int
    share: float
    low: float
    high: float
    kappa: float
    ranked: float


def measure_agreement(curated: pd.DataFrame) -> Agreement:
    """Compare the verdicts of judge and fact checker.

    Parameters
    ----------
    curated
        CURATION_TABLE.

    Returns
    -------
    Agreement
        NaN where it is not defined: the interval of fewer than two animals, kappa where both
        always say the same word, ``ranked`` where nothing or everything is contradicted.

    Notes
    -----
    Neither is the truth. The judge sees what no pose holds, and the checker knows only the words of
    its lexicon; a low agreement says that one of them is to be looked at. The paper has no such
    comparison.
    """
    checkable = curated["n_supported"] + curated["n_contradicted"] > 0
    both = curated[curated["lowest"].notna() & checkable]
    bad = ~both["good"].to_numpy(bool)
    wrong = both["n_contradicted"].to_numpy(int) > 0
    agree = pd.DataFrame({"part": bad == wrong, "whole": 1.0})
    animals = [both["recording"].to_numpy(), both["individual"].to_numpy()]
    low, high = draw_interval(agree.groupby(animals, sort=False).sum().to_numpy(float))
    share = float(np.mean(bad == wrong)) if len(both) else np.nan
    chance = bad.mean() * wrong.mean() + (~bad).mean() * (~wrong).mean() if len(both) else 1.0
    return Agreement(
        n=len(both),
        both_good=int((~bad & ~wrong).sum()),
        judge_objects=int((bad & ~wrong).sum()),
        pose_objects=int((~bad & wrong).sum()),
        both_object=int((bad & wrong).sum()),
        share=share,
        low=low,
        high=high,
        kappa=float((share - chance) / (1 - chance)) if chance < 1 else np.nan,
        ranked=_rank(both["accuracy"].to_numpy(float), wrong),
    )


def _rank(values: FloatArray, is_low: BoolArray) -> float:
    """Return the probability that a value of those that should be low is below one of the others.

    >>> _rank(np.array([1.0, 5.0, 5.0, 9.0]), np.array([True, True, False, False]))
    0.875
    """
    n_low, n_high = int(is_low.sum()), int((~is_low).sum())
    if not n_low or not n_high:
        return np.nan
    above = rankdata(values)[~is_low].sum() - n_high * (n_high + 1) / 2
    return float(above / (n_low * n_high))
