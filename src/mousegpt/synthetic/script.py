"""What one mouse does in one session, bout after bout.

Behaviour is a semi-Markov chain: bouts have the lengths of the ethogram, and the next behaviour
depends on the last one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError
from mousegpt.synthetic.behaviors import BEHAVIORS, Bout, draw_lengths
from mousegpt.synthetic.transitions import limit_visits, solve_transitions
from mousegpt.synthetic.treatments import Treatment, blend_manner, compute_effect

_ACTIVE: Final = (
    *("sniffing", "walking", "running", "turning", "rearing", "supported rearing"),
    *("wall exploration", "digging"),
)
_RESTING: Final = ("still", "crouched", "lying")

#: what active animals do more (+1) and less (-1)
_ACTIVITY: Final[FloatArray] = np.array(
    [(name in _ACTIVE) - 1.0 * (name in _RESTING) for name in BEHAVIORS]
)

#: what a new place calls out (+1) and puts off (-1): free rears come later, as in BehaviorFlow
_NOVELTY: Final[FloatArray] = np.where(np.array(BEHAVIORS) == "rearing", -1.0, _ACTIVITY)

#: how strong novelty is (in logarithms), and in how many minutes it wears off; in BehaviorFlow the
#: share of supported rears falls from 21 to 16 % in 10 min
_NOVELTY_SIZE: Final = 0.9
_NOVELTY_MIN: Final = 8.0

#: effects end here, however large the effect size and the sensitivity: habits have no beyond
_MAX_EFFECT: Final = 1.25


@dataclass(frozen=True)
class Animal:
    """One mouse, as drawn by `draw_animal`.

    ``habits``: what it does more (above 0) or less than its group, added to the logarithms of the
    shares of time, in the order of `BEHAVIORS`. ``sensitivity`` multiplies the effect of the
    treatment. ``left_share``: probability of the left side. ``body_seed``: of its size and shape.
    """

    treatment: Treatment
    habits: tuple[float, ...]
    sensitivity: float
    vigor: float
    hunch_deg: float
    left_share: float
    body_seed: int


@dataclass(frozen=True)
class PlantedEvent:
    """A bout put into a recording on purpose: the first ``start_s`` after its beginning."""

    recording: str
    behavior: str
    start_s: float
    duration_s: float

    def frames(self, *, fps: Annotated[float, Field(gt=0)]) -> range:
        """List the frames (index / ``fps`` seconds) that show it.

        Examples
        --------
        >>> PlantedEvent("mouse 1", "jumping", 10.1, 0.33).frames(fps=5)
        range(51, 53)
        """
        stop = self.start_s + self.duration_s
        return range(int(np.ceil(self.start_s * fps)), int(np.ceil(stop * fps)))


def draw_animal(
    treatment: Treatment,
    *,
    habit_sd: Annotated[float, Field(ge=0)] = 0.3,
    activity_sd: Annotated[float, Field(ge=0)] = 0.2,
    vigor_sd: Annotated[float, Field(ge=0)] = 0.08,
    sensitivity_sd: Annotated[float, Field(ge=0)] = 0.25,
    seed: Annotated[int, Field(ge=0)] = 0,
) -> Animal:
    """Draw how one mouse differs from the others of its group.

    Parameters
    ----------
    habit_sd, activity_sd, vigor_sd, sensitivity_sd
        Standard deviations of logarithms: of every share of time, of activity against rest, of
        speed, of the effect of the treatment. The first three are near those of real mice
        (BehaviorFlow: posture clusters 0.3, time in movement 0.13, speed in movement 0.07).
    """
    rng = np.random.default_rng((seed, 0))
    habits = rng.normal(0, habit_sd, len(BEHAVIORS)) + _ACTIVITY * rng.normal(0, activity_sd)
    return Animal(
        treatment=treatment,
        habits=tuple(habits.tolist()),
        sensitivity=float(rng.lognormal(0, sensitivity_sd)),
        vigor=float(rng.lognormal(0, vigor_sd)),
        hunch_deg=float(rng.normal(0, 2.0)),
        left_share=float(1 / (1 + np.exp(-rng.normal(0, 0.5)))),
        body_seed=int(rng.integers(2**31)),
    )


def compute_budgets(
    animal: Animal,
    minutes: FloatArray,
    *,
    start_min: float = 0.0,
    effect: Annotated[float, Field(ge=0)] = 1.0,
    without: Collection[str] = (),
) -> FloatArray:
    """Compute the shares of time an animal strives for, (time, behaviour); rows sum to 1.

    ``minutes`` (time,) count from the beginning of the recording, which is ``start_min`` after the
    injection. Habituation goes with the former, the effect with the latter.

    Raises
    ------
    DataError
        When a behaviour in ``without`` is not known.
    """
    if unknown := [name for name in without if name not in BEHAVIORS]:
        raise DataError(
            f"Behaviours to leave out are among {', '.join(BEHAVIORS)}, "
            f"but found {', '.join(unknown)}: pick known ones."
        )
    manner = blend_manner(animal.treatment, _scale_effect(animal, minutes + start_min, effect))
    # about zero on average over 20 min, so that the tables of treatments hold for a session
    novelty = _NOVELTY_SIZE * (np.exp(-minutes / _NOVELTY_MIN) - 0.37)
    shares = np.exp(manner.log_shares + animal.habits + novelty[:, None] * _NOVELTY)
    shares[:, [BEHAVIORS.index(name) for name in without]] = 0
    return limit_visits(shares)


def write_script(
    animal: Animal,
    *,
    duration_s: Annotated[float, Field(gt=0)],
    start_min: float = 0.0,
    effect: Annotated[float, Field(ge=0)] = 1.0,
    events: Sequence[PlantedEvent] = (),
    without: Collection[str] = (),
    seed: Annotated[int, Field(ge=0)] = 0,
) -> list[Bout]:
    """Write what an animal does in one session, bout after bout, ``duration_s`` in all.

    Budgets follow the time course of the treatment and the habituation in steps of a minute.

    Parameters
    ----------
    events
        Bouts that break in at their time; what they interrupt is not taken up again.
    without
        Behaviours that the animal shows in ``events`` only.

    Raises
    ------
    DataError
        When the duration or the effect is out of its range, a behaviour is not known, or events
        overlap or leave the session.

    Examples
    --------
    >>> from mousegpt.synthetic.treatments import find_treatment
    >>> mouse = draw_animal(find_treatment("saline"), seed=1)
    >>> script = write_script(mouse, duration_s=60.0, seed=1)
    >>> round(sum(bout.duration_s for bout in script), 9)
    60.0
    """
    if not (0 < duration_s < np.inf and 0 <= effect < np.inf):
        raise DataError(
            "A script has a duration above 0 s and an effect of 0 or more, "
            f"but found {duration_s:g} s and {effect:g}: change them."
        )
    minutes = np.arange(np.ceil(duration_s / 60)) + 0.5
    budgets = compute_budgets(animal, minutes, start_min=start_min, effect=effect, without=without)
    manner = blend_manner(animal.treatment, _scale_effect(animal, minutes + start_min, effect))
    rng = np.random.default_rng((seed, 1))
    script = []
    for name, start_s, end_s in _chain_bouts(
        budgets, _order_events(events, duration_s), duration_s, rng
    ):
        minute = int(start_s // 60)
        script.append(
            Bout(
                behavior=name,
                duration_s=end_s - start_s,
                vigor=float(animal.vigor * manner.vigor[minute] * rng.lognormal(0, 0.1)),
                side=1 if rng.random() < animal.left_share else -1,
                hunch=float(animal.hunch_deg + manner.hunch_deg[minute]),
                sway=float(manner.sway[minute]),
            )
        )
    return script


def _chain_bouts(
    budgets: FloatArray,
    events: list[PlantedEvent],
    duration_s: float,
    rng: np.random.Generator,
) -> Iterator[tuple[str, float, float]]:
    """Yield behaviour, start and end (s) of every bout; ``budgets`` has a row a minute."""
    odds = solve_transitions(budgets).cumsum(axis=-1)
    odds /= odds[..., -1:]
    name = str(rng.choice(BEHAVIORS, p=budgets[0]))
    now = 0.0
    while now < duration_s:
        if events and events[0].start_s <= now:
            event, *events = events
            name, end = event.behavior, event.start_s + event.duration_s
        else:
            until = events[0].start_s if events else duration_s
            end = min(now + float(draw_lengths(name, 1, rng)[0]), until)
        yield name, now, end
        row = odds[int(now // 60), BEHAVIORS.index(name)]
        name, now = BEHAVIORS[row.searchsorted(rng.random(), side="right")], end


def _order_events(events: Iterable[PlantedEvent], duration_s: float) -> list[PlantedEvent]:
    """Order events by time; refuse those that overlap or leave the session."""
    ordered = sorted(events, key=lambda event: event.start_s)
    edges = [0.0, *(t for e in ordered for t in (e.start_s, e.start_s + e.duration_s)), duration_s]
    if edges != sorted(edges):
        raise DataError(
            f"Planted events must lie one after the other between 0 and {duration_s:g} s, "
            f"but found {ordered}: move or shorten them."
        )
    return ordered


def _scale_effect(animal: Animal, minutes: FloatArray, effect: float) -> FloatArray:
    """Compute the effect on one animal, ``minutes`` after the injection."""
    felt = effect * animal.sensitivity * compute_effect(animal.treatment, minutes)
    return np.asarray(np.minimum(felt, _MAX_EFFECT))
