"""What a treatment does to the synthetic mouse.

**Everything here was put in by hand.** The numbers are a reading of qualitative statements (LSD
comes near to sedation, psilocybin makes mice a little less active, MK-801 makes them hyperactive
and unsteady, psychedelics make heads twitch, stressed mice sit hunched and rear less). A difference
between synthetic groups shows that the analysis finds what was put in; it is never evidence about
a drug, a dose or stress.

Every compound has one state of full effect. A dose goes a part of the way from the baseline to it,
on a straight line between the logarithms of the shares of time (plus half a percent, so that what
is next to nothing at the baseline does not stay so until the very end). Doses are so ordered by
construction, also where real dose-response curves turn back (head twitches do).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError
from mousegpt.synthetic.behaviors import BEHAVIORS, ETHOGRAM

#: added to shares of time before the logarithm; and the least share of time
_OFFSET: Final = 0.005
_LEAST: Final = 1e-7

_STATES: Final = ("baseline", "LSD", "psilocybin", "MK-801", "CRS")

#: shares of time at full effect, % of the time that the fast events below leave; the columns are
#: `_STATES`. The baseline rears about a third less than in the 10 min of BehaviorFlow.
_PERCENT: Final[dict[str, tuple[float, ...]]] = {
    "still": (8, 20, 15, 2, 15),
    "crouched": (4, 35, 17, 1, 24),
    "lying": (0.5, 10, 2, 0.05, 2.5),
    "sniffing": (15, 9, 16, 7, 14),
    "head scanning": (5, 4, 6, 3, 5),
    "walking": (18, 5, 11, 28, 11),
    "running": (2.5, 0.3, 0.9, 14, 1),
    "backing": (0.5, 1, 0.8, 1.5, 0.6),
    "turning": (5, 2, 3.5, 9, 3.5),
    "rearing": (6, 1.2, 2.8, 2, 2),
    "supported rearing": (11, 1.5, 5, 3, 4),
    "wall exploration": (9, 3, 6, 6, 6),
    "face grooming": (8, 3, 6, 0.8, 7),
    "body grooming": (4, 2.5, 3.5, 0.4, 3),
    "scratching": (0.8, 1, 1, 0.2, 1),
    "stretch-attending": (1.5, 1.2, 1.5, 0.2, 2.5),
    "digging": (1, 0.2, 0.4, 0.1, 0.4),
    "circling": (0, 0, 0, 22, 0),
}

#: fast events, times a minute
_PER_MIN: Final[dict[str, tuple[float, ...]]] = {
    "head twitch": (0.1, 3, 2, 0.2, 0.1),
    "wet-dog shake": (0.1, 0.5, 0.3, 0.1, 0.1),
    "jumping": (0.02, 0.005, 0.01, 0.4, 0.01),
}

_VIGOR: Final = (1.0, 0.7, 0.85, 1.3, 0.85)
_HUNCH_DEG: Final = (0.0, 8.0, 4.0, -2.0, 12.0)
_SWAY: Final = (0.0, 0.05, 0.05, 0.8, 0.0)


@dataclass(frozen=True)
class Course:
    """How an effect comes and goes after the injection.

    ``rise_min`` and ``fall_min`` are the time constants of two exponentials.
    """

    rise_min: float
    fall_min: float


@dataclass(frozen=True)
class Treatment:
    """One treatment at one dose.

    ``state`` names the full effect, ``strength`` how far from the baseline to it this dose goes at
    its peak, 0-1. Without a ``course`` the effect is there all the time.
    """

    name: str
    compound: str
    dose_mg_per_kg: float | None = None
    state: str = "baseline"
    strength: float = 0.0
    course: Course | None = None


@dataclass(frozen=True, eq=False)
class Manner:
    """How mice behave under an effect; every array has the time in front.

    ``log_shares``: logarithms of the shares of time, (time, behaviour), in the order of
    `BEHAVIORS`. ``vigor``, ``hunch_deg``, ``sway``: (time,), as in `Bout`.
    """

    log_shares: FloatArray
    vigor: FloatArray
    hunch_deg: FloatArray
    sway: FloatArray


_LSD: Final = Course(rise_min=5, fall_min=120)
_PSILOCYBIN: Final = Course(rise_min=3, fall_min=60)
_MK801: Final = Course(rise_min=4, fall_min=180)

#: all treatments by name
TREATMENTS: Final[Mapping[str, Treatment]] = MappingProxyType(
    {
        treatment.name: treatment
        for treatment in (
            Treatment("saline", "saline"),
            Treatment("LSD 0.2 mg/kg", "LSD", 0.2, "LSD", 0.45, _LSD),
            Treatment("LSD 2 mg/kg", "LSD", 2.0, "LSD", 1.0, _LSD),
            Treatment("MK-801 0.3 mg/kg", "MK-801", 0.3, "MK-801", 1.0, _MK801),
            Treatment("psilocybin 1 mg/kg", "psilocybin", 1.0, "psilocybin", 0.4, _PSILOCYBIN),
            Treatment("psilocybin 3 mg/kg", "psilocybin", 3.0, "psilocybin", 0.7, _PSILOCYBIN),
            Treatment("psilocybin 10 mg/kg", "psilocybin", 10.0, "psilocybin", 1.0, _PSILOCYBIN),
            Treatment("control", "control"),
            Treatment("CRS", "CRS", None, "CRS", 1.0),
        )
    }
)


def find_treatment(name: str) -> Treatment:
    """Find a treatment by its name.

    Raises
    ------
    DataError
        When there is none of this name.

    Examples
    --------
    >>> find_treatment("LSD 2 mg/kg").dose_mg_per_kg
    2.0
    """
    if name not in TREATMENTS:
        raise DataError(
            f"A treatment is one of {', '.join(TREATMENTS)}, but found {name!r}: pick one of them."
        )
    return TREATMENTS[name]


def compute_effect(treatment: Treatment, minutes: FloatArray) -> FloatArray:
    """Compute the effect of a treatment so many minutes after the injection: 0 none, 1 full.

    The peak is the treatment's strength. Before the injection there is no effect.

    Examples
    --------
    >>> compute_effect(TREATMENTS["CRS"], np.array([0.0, 10.0]))
    array([1., 1.])
    """
    minutes = np.asarray(minutes, dtype=float)
    if treatment.course is None:
        return np.full(minutes.shape, treatment.strength)
    rise, fall = treatment.course.rise_min, treatment.course.fall_min
    after = np.maximum(minutes, 0)
    shape = -np.expm1(-after / rise) * np.exp(-after / fall)
    peak = fall / (rise + fall) * math.exp(-rise / fall * math.log1p(fall / rise))
    return np.asarray(treatment.strength * shape / peak)


def blend_manner(
    treatment: Treatment,
    effect: Annotated[FloatArray, Field(ge=0)],
) -> Manner:
    """Blend the baseline with the full effect of a treatment.

    Shares of time and vigor go along logarithms, hunch and sway along a line. ``effect``
    (time,): 0 is the baseline, the same for all treatments; 1 the full effect.

    Examples
    --------
    >>> manner = blend_manner(TREATMENTS["CRS"], np.array([0.0, 0.5, 1.0]))
    >>> manner.hunch_deg
    array([ 0.,  6., 12.])
    """
    state = _STATES.index(treatment.state)
    start, end = np.log(_tabulate_shares()[[0, state]] + _OFFSET)
    shares = np.exp(start + effect[:, None] * (end - start)) - _OFFSET
    return Manner(
        log_shares=np.log(np.maximum(shares, _LEAST)),
        vigor=np.asarray((_VIGOR[state] / _VIGOR[0]) ** effect),
        hunch_deg=_HUNCH_DEG[0] + effect * (_HUNCH_DEG[state] - _HUNCH_DEG[0]),
        sway=np.clip(_SWAY[0] + effect * (_SWAY[state] - _SWAY[0]), 0, 1),
    )


def _tabulate_shares() -> FloatArray:
    """Tabulate the shares of time of the states, (state, behaviour); rows sum to 1."""
    events = {name: np.array(_PER_MIN[name]) / 60 * ETHOGRAM[name].mean_s for name in _PER_MIN}
    left = 1 - np.sum(list(events.values()), axis=0)
    total = np.sum(list(_PERCENT.values()), axis=0)
    slow = {name: np.array(_PERCENT[name]) / total * left for name in _PERCENT}
    shares = events | slow
    return np.array([shares[name] for name in BEHAVIORS]).T
