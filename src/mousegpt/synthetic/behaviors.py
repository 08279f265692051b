"""What the synthetic mouse can do, and how long it does it.

The lengths of bouts come from real mice where labels exist, else from what is published:

- *rearing*, *supported rearing*: frame labels of 59 open-field sessions of 10 min (BehaviorFlow,
  25 fps; gaps up to 0.3 s closed, bouts under 0.2 s left out): medians 1.0 and 1.7 s, log-sd 0.81
  and 0.74, 4.7 and 5.9 a minute. Mice that move there do so at 12.6 cm/s on average.
- *sniffing*, *walking*, *turning* and other steps of exploration: the posture clusters of the same
  sessions last 0.4-1.0 s (log-sd 0.3-0.8); a behaviour of ours holds one to three of them.
- *head twitch*: 60-100 ms (Halberstadt & Geyer 2013). *Wet-dog shake*: half a second, near 30 Hz
  (Dickerson et al. 2012). *Scratching*: bouts near 1 s of 10-20 strokes a second (Elliott et al.
  2017). Grooming: several seconds, from face to body (Kalueff et al. 2016).
- the rest: chosen by eye.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from scipy.special import ndtr, ndtri

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError

#: bouts are log-normal, cut at this many standard deviations on either side
CUT_SD: Final = 2.0


@dataclass(frozen=True)
class Behavior:
    """One row of the ethogram.

    ``median_s`` and ``log_sd`` shape the log-normal bout lengths (s; see `CUT_SD`). ``speed_cm_s``
    is the range of the body's speed, forward positive. ``at_wall``: it needs the wall.
    ``one_sided``: left and right differ, so a bout has a side.
    """

    median_s: float
    log_sd: float
    sentence: str
    speed_cm_s: tuple[float, float] = (0.0, 0.0)
    at_wall: bool = False
    one_sided: bool = False

    @property
    def moves(self) -> bool:
        """Whether the body travels."""
        return self.speed_cm_s != (0.0, 0.0)

    @property
    def mean_s(self) -> float:
        """Mean bout length, s: the mean of the cut log-normal, in closed form."""
        kept = ndtr(CUT_SD) - ndtr(-CUT_SD)
        shifted = ndtr(CUT_SD - self.log_sd) - ndtr(-CUT_SD - self.log_sd)
        return float(self.median_s * math.exp(self.log_sd**2 / 2) * shifted / kept)

    @property
    def range_s(self) -> tuple[float, float]:
        """Shortest and longest bout, s."""
        reach = math.exp(CUT_SD * self.log_sd)
        return self.median_s / reach, self.median_s * reach


_ROWS: Final[dict[str, Behavior]] = {
    "still": Behavior(2.0, 0.7, "Stands on four paws and does not move."),
    "crouched": Behavior(4.0, 0.8, "Sits low with a rounded back, head drawn in."),
    "lying": Behavior(15.0, 0.8, "Rests with belly and side on the floor.", one_sided=True),
    "sniffing": Behavior(1.3, 0.6, "Moves the snout over floor or air.", (0.0, 2.0)),
    "head scanning": Behavior(1.2, 0.5, "Sweeps the head from side to side.", one_sided=True),
    "walking": Behavior(1.3, 0.55, "Walks forward at an even pace.", (5.0, 15.0)),
    "running": Behavior(0.9, 0.45, "Runs forward in long strides.", (18.0, 35.0)),
    "backing": Behavior(0.8, 0.35, "Walks backward.", (-6.0, -2.0)),
    "turning": Behavior(0.7, 0.4, "Turns on the spot.", (0.0, 3.0), one_sided=True),
    "rearing": Behavior(1.05, 0.75, "Stands on the hind legs, forepaws in the air."),
    "supported rearing": Behavior(
        1.7, 0.7, "Stands on the hind legs, forepaws on the wall.", at_wall=True
    ),
    "wall exploration": Behavior(
        1.8, 0.6, "Moves along the wall and sniffs at it.", (0.0, 5.0), at_wall=True, one_sided=True
    ),
    "face grooming": Behavior(4.0, 0.8, "Sits up and strokes the face with both forepaws."),
    "body grooming": Behavior(4.0, 0.7, "Turns the head back and licks a flank.", one_sided=True),
    "scratching": Behavior(1.0, 0.5, "Scratches the neck with a hind paw.", one_sided=True),
    "head twitch": Behavior(0.08, 0.12, "Twitches the head very fast, left and right."),
    "wet-dog shake": Behavior(0.5, 0.2, "Shakes the whole trunk about its long axis."),
    "jumping": Behavior(0.33, 0.09, "Leaves the floor with all four paws.", (5.0, 30.0)),
    "stretch-attending": Behavior(
        1.5, 0.4, "Stretches forward with a flat back, hind paws in place.", (0.0, 2.0)
    ),
    "digging": Behavior(2.0, 0.6, "Scrapes the floor with alternating forepaws."),
    "circling": Behavior(
        2.5, 0.6, "Walks in tight circles, unsteady on its legs.", (6.0, 18.0), one_sided=True
    ),
}

#: every behaviour, by name; the order is that of all budgets
ETHOGRAM: Final[Mapping[str, Behavior]] = MappingProxyType(_ROWS)

#: names of all behaviours, in order
BEHAVIORS: Final[tuple[str, ...]] = tuple(ETHOGRAM)


@dataclass(frozen=True)
class Bout:
    """One behaviour, for a while.

    ``vigor`` multiplies speed and amplitude. ``side``: +1 left, -1 right, of one-sided behaviours
    and turns. ``hunch``: degrees added to the arch of the back. ``sway``: unsteadiness, 0-1.

    Raises
    ------
    DataError
        When the behaviour is not known or a number is out of its range.

    Examples
    --------
    >>> Bout("walking", 1.5)
    Bout(behavior='walking', duration_s=1.5, vigor=1.0, side=1, hunch=0.0, sway=0.0)
    """

    behavior: str
    duration_s: float
    vigor: float = 1.0
    side: int = 1
    hunch: float = 0.0
    sway: float = 0.0

    def __post_init__(self) -> None:
        if self.behavior not in ETHOGRAM:
            raise DataError(
                f"A bout is one of the behaviours {', '.join(BEHAVIORS)}, "
                f"but found {self.behavior!r}."
            )
        legal = {
            "a length above 0 s": 0 < self.duration_s < math.inf,
            "a vigor above 0": 0 < self.vigor < math.inf,
            "the side 1 or -1": self.side in (1, -1),
            "a finite hunch": math.isfinite(self.hunch),
            "a sway from 0 to 1": 0 <= self.sway <= 1,
        }
        if wrong := [wanted for wanted, fine in legal.items() if not fine]:
            raise DataError(f"A bout has {' and '.join(wrong)}, but found {self}.")


def draw_lengths(behavior: str, n: int, rng: np.random.Generator) -> FloatArray:
    """Draw ``n`` bout lengths of a behaviour, s.

    Examples
    --------
    >>> lengths = draw_lengths("head twitch", 1000, np.random.default_rng(0))
    >>> bool(0.06 < lengths.min() and lengths.max() < 0.11)
    True
    """
    row = ETHOGRAM[behavior]
    z = ndtri(rng.uniform(ndtr(-CUT_SD), ndtr(CUT_SD), n))
    return np.asarray(row.median_s * np.exp(row.log_sd * z))
