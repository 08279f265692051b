"""The usual slips of calibrations, each with its repair: what fits after a repair was the cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mousegpt.geometry.refits import Refit, refit_view, resize_picture
from mousegpt.geometry.sightlines import Sight, find_median, measure_misses, meet_rays
from mousegpt.geometry.slips import SLIPS, UNIT_SLIPS

_ZOOMS: Final = (0.25, 1 / 3, 0.5, 2 / 3, 0.75, 1.5, 2.0, 3.0, 4.0)
_N_PROMISING: Final = 3  # repairs of a view that are looked at in full
_FEWEST_VIEWS: Final = 4  # of which one can be left out and the others still disagree
_MISFIT_REMEDY: Final = (
    "Its video, poses or calibration are likely of another camera, recording or day; check them, "
    "or leave the view out."
)


@dataclass(frozen=True, eq=False)
class Repair:
    """The views as they would be without a suspected fault.

    Parameters
    ----------
    kind
        Short name of the fault.
    views
        Numbers of the views that are repaired.
    sights
        What is left after the repair.
    rank
        The more numbers a repair chooses freely, the higher.
    change
        What was done, to be read after "with".
    remedy
        The likely cause and what to do, one sentence.
    """

    kind: str
    views: tuple[int, ...]
    sights: tuple[Sight, ...]
    rank: int
    change: str
    remedy: str


def suggest_repairs(sights: Sequence[Sight], *, tolerance_px: float) -> Iterator[Repair]:
    """Suggest repairs of single views and of all views at once.

    Of a single view only those are suggested that bring it closest to what the others see. Where
    there are four views or more, leaving one out is the last resort.
    """
    for number, sight in enumerate(sights):
        others = (*sights[:number], *sights[number + 1 :])
        for found in _refit_one(sight, others, tolerance_px):
            whole = (*sights[:number], found.sight, *sights[number + 1 :])
            yield Repair(found.kind, (number,), whole, found.rank, found.change, found.remedy)
        if len(sights) >= _FEWEST_VIEWS:
            change = f"'{sight.camera.name}' left out"
            yield Repair("misfit", (number,), others, 6, change, _MISFIT_REMEDY)
    everyone = tuple(range(len(sights)))
    for slip in SLIPS:
        undone = tuple(slip.undo(sight) for sight in sights)
        change = slip.change.format(view="every view")
        yield Repair(slip.kind, everyone, undone, 1, change, slip.remedy)
    for zoom in _ZOOMS:
        resized = [resize_picture(sight, zoom, "every view") for sight in sights]
        undone = tuple(each.sight for each in resized)
        yield Repair("resized", everyone, undone, 2, resized[0].change, resized[0].remedy)


def _refit_one(sight: Sight, others: Sequence[Sight], tolerance_px: float) -> list[Refit]:
    """Return the most promising repairs of a view; of two views, all without free numbers."""
    name = f"'{sight.camera.name}'"
    slips = [
        Refit(slip.kind, slip.undo(sight), 1, slip.change.format(view=name), slip.remedy)
        for slip in (*SLIPS, *UNIT_SLIPS)
    ]
    if len(others) < 2:
        return slips
    points = meet_rays(others, tolerance_px=tolerance_px)

    def measure(found: Refit) -> float:
        return float(np.nan_to_num(find_median(measure_misses(found.sight, points)), nan=np.inf))

    ranked = sorted([*slips, *refit_view(sight, points)], key=measure)
    shifted = [found for found in ranked[_N_PROMISING:] if found.kind == "shifted"]
    return [*ranked[:_N_PROMISING], *shifted]
