"""Which behaviour follows which."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError
from mousegpt.synthetic.behaviors import BEHAVIORS, ETHOGRAM

_MEANS_S: Final[FloatArray] = np.array([row.mean_s for row in ETHOGRAM.values()])

#: from a half on there is no solution, just below it the scaling takes very long
_MOST_VISITS: Final = 0.49

#: how much more often than by chance a behaviour follows another; pairs not named have 1
FOLLOWS: Final[Mapping[tuple[str, str], float]] = MappingProxyType(
    {
        ("still", "crouched"): 2.5,
        ("still", "head twitch"): 2.0,
        ("crouched", "still"): 2.0,
        ("crouched", "lying"): 4.0,
        ("crouched", "head twitch"): 2.0,
        ("crouched", "face grooming"): 1.5,
        ("lying", "crouched"): 4.0,
        ("lying", "walking"): 0.3,
        ("lying", "running"): 0.1,
        ("running", "lying"): 0.05,
        ("walking", "lying"): 0.2,
        ("sniffing", "walking"): 2.5,
        ("sniffing", "rearing"): 2.0,
        ("head scanning", "walking"): 2.0,
        ("walking", "sniffing"): 2.5,
        ("walking", "turning"): 3.0,
        ("walking", "running"): 2.5,
        ("walking", "wall exploration"): 2.0,
        ("walking", "supported rearing"): 2.0,
        ("running", "walking"): 4.0,
        ("running", "circling"): 2.0,
        ("turning", "walking"): 4.0,
        ("rearing", "sniffing"): 2.5,
        ("wall exploration", "supported rearing"): 3.0,
        ("supported rearing", "wall exploration"): 3.0,
        ("supported rearing", "walking"): 2.0,
        ("stretch-attending", "backing"): 4.0,
        ("stretch-attending", "walking"): 2.0,
        ("face grooming", "body grooming"): 5.0,
        ("body grooming", "face grooming"): 3.0,
        ("body grooming", "scratching"): 3.0,
        ("scratching", "body grooming"): 3.0,
        ("face grooming", "wet-dog shake"): 2.0,
        ("head twitch", "still"): 3.0,
        ("circling", "running"): 2.0,
        ("circling", "turning"): 2.0,
        ("jumping", "running"): 3.0,
    }
)


def solve_transitions(shares: FloatArray) -> FloatArray:
    """Find who follows whom so that time is shared as wanted.

    Parameters
    ----------
    shares
        Shares of time, (..., behaviour), in the order of `BEHAVIORS`.

    Returns
    -------
    FloatArray
        Transition probabilities, (..., from, to), nothing follows itself. The preferences of
        `FOLLOWS` are scaled from both sides until every behaviour is entered and left as often as
        its share divided by its mean bout length asks for (Sinkhorn): the chain then has exactly
        the wanted shares of time.

    Raises
    ------
    DataError
        When a behaviour would have to make up about half of all bouts, or more.
    """
    visits = shares / _MEANS_S
    visits = visits / visits.sum(axis=-1, keepdims=True)
    if visits.max() > _MOST_VISITS:
        name = BEHAVIORS[np.unravel_index(visits.argmax(), visits.shape)[-1]]
        raise DataError(
            f"A behaviour may make up {_MOST_VISITS:.0%} of all bouts, as nothing follows itself, "
            f"but {name} would make up {visits.max():.0%}: give it a smaller share of time."
        )
    kernel = _tabulate_preferences()
    entering = visits
    for _ in range(2000):  # 434 rounds were the most that was ever seen
        leaving = visits / (entering @ kernel.T)
        entered = entering * (leaving @ kernel)
        if np.abs(entered - visits).max() < 1e-14:
            break
        entering = visits / (leaving @ kernel)
    flows = kernel * entering[..., None, :]
    return np.asarray(flows / flows.sum(axis=-1, keepdims=True))


def limit_visits(
    shares: FloatArray, *, most: Annotated[float, Field(gt=0, lt=0.5)] = 0.45
) -> FloatArray:
    """Cut shares of time, (..., behaviour), where one behaviour would fill most bouts.

    No behaviour then makes up more than about ``most`` of all bouts. The result sums to 1.

    Examples
    --------
    >>> equal = np.full(len(BEHAVIORS), 1 / len(BEHAVIORS))  # needs very many head twitches
    >>> limited = limit_visits(equal)
    >>> twitch = BEHAVIORS.index("head twitch")
    >>> bool(limited[twitch] < equal[twitch]), round(float(limited.sum()), 12)
    (True, 1.0)
    """
    visits = shares / _MEANS_S
    others = visits.sum(axis=-1, keepdims=True) - visits
    limited = np.minimum(visits, others * most / (1 - most)) * _MEANS_S
    return np.asarray(limited / limited.sum(axis=-1, keepdims=True))


def _tabulate_preferences() -> FloatArray:
    """Tabulate `FOLLOWS` as a matrix (from, to); the diagonal is 0: a bout ends with a change."""
    kernel = np.ones((len(BEHAVIORS), len(BEHAVIORS)))
    for (before, after), preference in FOLLOWS.items():
        kernel[BEHAVIORS.index(before), BEHAVIORS.index(after)] = preference
    np.fill_diagonal(kernel, 0)
    return kernel
