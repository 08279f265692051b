"""Why views and cameras disagree: the simplest repair after which they agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mousegpt.geometry.faults import Repair, suggest_repairs
from mousegpt.geometry.permutation import find_permutations
from mousegpt.geometry.sightlines import Sight, measure_worst

#: Median misses over the picture's width: from the first on a cause is sought, above the second
#: the views do not belong together, whatever the cause.
DOUBTFUL: Final = 0.005
WRONG: Final = 0.03

_GAIN: Final = 3.0  # a repair explains the misses when it makes them so many times smaller
_N_POINTS: Final = 1000  # on which repairs are tried
_PRICE: Final = 1.25  # a repair with one more free number must leave so many times less


@dataclass(frozen=True)
class Cause:
    """What explains the misses.

    Parameters
    ----------
    kind, remedy
        As of `mousegpt.geometry.faults.Repair`.
    change
        What was repaired; joined by "or" when other repairs do equally well.
    views
        Numbers of the views to blame; of all that the same repair would help equally well.
    error_px
        Median miss of the worst view after the repair.
    """

    kind: str
    views: tuple[int, ...]
    change: str
    remedy: str
    error_px: float


def find_cause(sights: Sequence[Sight], *, worst_px: float, width_px: float) -> Cause | None:
    """Try every repair and return the simplest that makes the misses three times smaller."""
    tolerance = DOUBTFUL * width_px
    step = max(1, len(sights[0].pixels) // _N_POINTS)
    thin = [Sight(sight.camera, sight.pixels[::step]) for sight in sights]
    tried = [
        (each, measure_worst(each.sights, tolerance_px=tolerance))
        for each in _list_repairs(thin, tolerance)
    ]
    helping = [each for each in tried if each[1] * _GAIN < worst_px and each[1] < WRONG * width_px]
    if not helping:
        return None

    def rate(each: tuple[Repair, float]) -> float:
        return (each[1] + 0.1 * tolerance) * _PRICE ** each[0].rank

    best, error = min(helping, key=rate)
    rivals = [each for each in helping if rate(each) <= _PRICE * rate((best, error))]
    equals = [each for each, _ in rivals if each.kind == best.kind]
    changes = dict.fromkeys([best.change, *(each.change for each, _ in rivals)])
    views = sorted({view for each in equals for view in each.views})
    return Cause(best.kind, tuple(views), " or ".join(changes), best.remedy, error)


def list_names(names: Sequence[str]) -> str:
    """Write names as a sentence does.

    >>> list_names(["top", "side", "front"])
    "'top', 'side' and 'front'"
    """
    quoted = [f"'{name}'" for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def _list_repairs(sights: Sequence[Sight], tolerance_px: float) -> Iterator[Repair]:
    for order in find_permutations(sights, tolerance_px=tolerance_px):
        yield _reorder(sights, order)
    yield from suggest_repairs(sights, tolerance_px=tolerance_px)


def _reorder(sights: Sequence[Sight], order: Sequence[int]) -> Repair:
    names = [sight.camera.name for sight in sights]
    moved = tuple(place for place, picture in enumerate(order) if place != picture)
    read = tuple(Sight(s.camera, sights[p].pixels) for s, p in zip(sights, order, strict=True))
    if len(moved) == 2:
        change = f"{list_names([names[view] for view in moved])} swapped"
        return Repair("swapped", moved, read, 0, change, "Swap these two views in recordings.csv.")
    told = ", ".join(f"what is called '{names[order[view]]}' is '{names[view]}'" for view in moved)
    change = f"the views in another order ({told})"
    return Repair("permuted", moved, read, 3, change, "Exchange these views in recordings.csv.")
