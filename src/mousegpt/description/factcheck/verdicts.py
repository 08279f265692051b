"""The verdict on a claim, with its reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from mousegpt.core.facts import UNKNOWN, state_column
from mousegpt.description.factcheck.borders import (
    SCALES,
    compute_probability,
    list_ranges,
    measure_fact,
    measure_margin,
)
from mousegpt.description.factcheck.claims import Check, Claim

Word = Literal["supported", "contradicted", "not checkable"]

#: Probabilities of the fair range from which a word is supported, and to which it is contradicted.
_SUPPORTED_FROM: Final = 0.9
_CONTRADICTED_TO: Final = 0.02
#: Within this probability of the fair range a measured state does not yet contradict.
_BORDERLINE: Final = 0.1


@dataclass(frozen=True)
class Verdict:
    """A verdict and what it rests on; numbers are NaN where none was needed.

    ``threshold`` is the nearest border of the fair range, ``margin`` how far inside (positive) or
    outside of it the measured value lies, both in ``unit``.
    """

    word: Word
    reason: str
    measured: float = math.nan
    sd: float = math.nan
    unit: str = ""
    threshold: float = math.nan
    margin: float = math.nan


_SIGN: Final[dict[Word, int]] = {"contradicted": -1, "not checkable": 0, "supported": 1}
_NEGATED: Final[dict[Word, Word]] = {
    "contradicted": "supported", "supported": "contradicted", "not checkable": "not checkable",
}  # fmt: skip


def judge_claim(claim: Claim, frame: Mapping[str, Any]) -> Verdict:
    """Judge one claim about one frame.

    Parameters
    ----------
    frame
        A row of the posture table with ``body_length``: facts, their sd, and states.

    Examples
    --------
    >>> from mousegpt.description.factcheck.claims import read_element
    >>> claim = read_element("head", "The head is pointing up.")[0]
    >>> verdict = judge_claim(claim, {"head_pitch": -60.0, "head_pitch_sd": 3.0})
    >>> verdict.word, verdict.reason
    ('contradicted', 'head_pitch is -60 ± 3 deg; up needs 0 or more')
    """
    if not claim.any_of:
        return Verdict("not checkable", "no word that a pose can test")
    verdict = _choose([_judge(check, frame) for check in claim.any_of], best=True)
    if verdict.word != "supported" and claim.needs:
        needed = [_judge(check, frame) for check in claim.needs]
        broken = [need for need in needed if need.word == "contradicted"]
        verdict = broken[0] if broken and verdict.word == "not checkable" else verdict
    if claim.is_negated:
        verdict = replace(verdict, word=_NEGATED[verdict.word])
    if claim.is_doubted and verdict.word == "contradicted":
        verdict = replace(verdict, word="not checkable", reason=f"doubted; {verdict.reason}")
    return verdict


def _choose(verdicts: list[Verdict], *, best: bool) -> Verdict:
    """Return the verdict that decides among alternatives (best) or conditions (worst)."""
    choose = max if best else min
    return choose(verdicts, key=lambda verdict: _SIGN[verdict.word])


def _judge(check: Check, frame: Mapping[str, Any]) -> Verdict:
    return _choose([_judge_state(s, check, frame) for s in check.states], best=check.sides == "any")


def _judge_state(state: str, check: Check, frame: Mapping[str, Any]) -> Verdict:
    values = check.values
    shown = str(frame.get(state_column(state), UNKNOWN))
    numbers = _measure(state, values, frame)
    if shown in values:
        return _word("supported", f"{_name(state)} is '{shown}'", numbers)
    if shown in check.bears:
        return _word("not checkable", f"{_name(state)} is '{shown}', near enough", numbers)
    fair = _probability(state, (*values, *check.bears), frame)
    if shown != UNKNOWN:
        if fair is not None and fair > _BORDERLINE and not _is_inside(state, check, frame):
            return _word("not checkable", f"{_name(state)} is '{shown}', at its border", numbers)
        text = f"{_name(state)} is '{shown}', not {' or '.join(values)}"
        return _word("contradicted", text, numbers)
    if fair is None:
        return _word("not checkable", f"{_name(state)} is unknown", numbers)
    if fair <= _CONTRADICTED_TO:
        return _word("contradicted", _tell(state, (*values, *check.bears), frame), numbers)
    likely = _probability(state, values, frame)
    if likely is not None and likely >= _SUPPORTED_FROM and not _needs_touch(values):
        return _word("supported", _tell(state, values, frame), numbers)
    return _word("not checkable", f"{_name(state)} is too uncertain", numbers)


def _is_inside(state: str, check: Check, frame: Mapping[str, Any]) -> bool:
    """Return whether the fact lies well inside the claimed range, though the state says otherwise.

    Then the state comes from better knowledge than the fact, such as a touch, and decides.
    """
    measured = measure_fact(SCALES[state], frame)
    ranges = list_ranges(SCALES[state], (*check.values, *check.bears), is_narrow=True)
    return measured is not None and compute_probability(measured, ranges) > _SUPPORTED_FROM


def _needs_touch(values: tuple[str, ...]) -> bool:
    """Return whether only a touch would do, which a height cannot show."""
    return not {"ground", "air"} & set(values) and bool({"face", "wall", "neck"} & set(values))


def _name(state: str) -> str:
    return state.replace("_", " ")


def _probability(state: str, values: tuple[str, ...], frame: Mapping[str, Any]) -> float | None:
    """Return the probability of the fair range of some values; None when nothing is measured."""
    if state not in SCALES or (measured := measure_fact(SCALES[state], frame)) is None:
        return None
    return compute_probability(measured, list_ranges(SCALES[state], values))


def _measure(state: str, values: tuple[str, ...], frame: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers of a verdict."""
    if state not in SCALES or (found := measure_fact(SCALES[state], frame)) is None:
        return {}
    threshold, margin = measure_margin(found, list_ranges(SCALES[state], values))
    numbers = {"measured": found.value, "sd": found.sd, "unit": found.unit}
    return numbers | {"threshold": threshold, "margin": margin}


def _tell(state: str, values: tuple[str, ...], frame: Mapping[str, Any]) -> str:
    """Tell the measured value and the range that the words need."""
    measured = measure_fact(SCALES[state], frame)
    if measured is None:
        return ""
    ranges = list_ranges(SCALES[state], values)
    needs = " or ".join(_tell_range(low, high) for low, high in ranges)
    value = f"{measured.value:.3g} ± {measured.sd:.2g} {measured.unit}".strip()
    return f"{measured.fact} is {value}; {' or '.join(values)} needs {needs}"


def _tell_range(low: float, high: float) -> str:
    if math.isinf(low):
        return f"{high:g} or less"
    return f"{low:g} or more" if math.isinf(high) else f"{low:g} to {high:g}"


def _word(word: Word, reason: str, numbers: Mapping[str, Any]) -> Verdict:
    return Verdict(word, reason, **numbers)
