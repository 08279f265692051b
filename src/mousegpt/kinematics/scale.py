"""Lengths: how long the mouse is, and poses in centimetres or body lengths."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Final

import numpy as np
import xarray as xr
from pydantic import Field

from mousegpt.core.errors import DataError
from mousegpt.core.poses import CM_PER_UNIT, Poses
from mousegpt.core.recording import Arena, ViewAngle
from mousegpt.kinematics.landmarks import EARS, Landmark, choose_first, locate, measure_length

#: A nose-to-tail-base distance of an adult mouse, the bent and the stretched one included, cm.
PLAUSIBLE_CM: Final = (3.0, 16.0)

#: Where to measure the body, best first, and what to multiply by to get snout to tail base.
#: Factors: medians of 81 hand-labelled poses of one mouse (7.8, 6.4, 5.4 and 3.0 cm).
BODY_MEASURES: Final[tuple[tuple[Landmark, Landmark, float], ...]] = (
    (("Snout",), ("TailBase",), 1.0),
    (EARS, ("TailBase",), 1.22),
    (("SpineF",), ("TailBase",), 1.44),
    (("Snout",), EARS, 2.6),
)

#: Along the spine, and the share of it that the median distance from snout to tail base is at least
#: in mice that go about: 0.83 to 0.84 in a real track, hand labels and three synthetic mice.
SPINE: Final[tuple[Landmark, ...]] = (("Snout",), ("SpineF",), ("SpineG",), ("TailBase",))
ON_ALL_FOURS: Final = 0.83


def estimate_body_length(poses: Poses) -> xr.DataArray:
    """Estimate the length of every individual: the median distance from snout to tail base.

    A mouse that sits hunched most of the time would be taken for a small one; so its length is at
    least that of a mouse on all fours whose spine is as long.

    Returns
    -------
    xr.DataArray
        In the unit of the poses, over ``individual`` (and ``view``); NaN when no measure of
        `BODY_MEASURES` is ever known. The straight line is taken, so that a mouse seen from above
        is as long as it looks most of the time.
    """
    position = poses["position"]
    lengths = []
    for individual in poses["individual"].to_numpy():
        one = position.sel(individual=individual)
        measures = [
            factor * measure_length(locate(one, a) - locate(one, b))
            for a, b, factor in BODY_MEASURES
        ]
        chosen = measures[choose_first([m.notnull().to_numpy() for m in measures], share=0.2)]
        straight = chosen.median("time")
        least = ON_ALL_FOURS * measure_spine(one).median("time")
        lengths.append(straight.where(~(straight < least), least))
    joined: xr.DataArray = xr.concat(lengths, poses["individual"])
    return joined


def measure_spine(position: xr.DataArray) -> xr.DataArray:
    """Return the length along the spine, from snout to tail base; NaN where a point is unknown."""
    places = [locate(position, landmark) for landmark in SPINE]
    pieces = [measure_length(front - back) for front, back in pairwise(places)]
    length: xr.DataArray = xr.concat(pieces, "piece").sum("piece", skipna=False)
    return length


def scale_poses(
    poses: Poses,
    *,
    px_per_cm: Annotated[float, Field(gt=0)] | None = None,
    view_angle: ViewAngle = "top",
) -> Poses:
    """Bring poses to centimetres, or to body lengths where the scale is unknown.

    Images have y pointing down; as seen from above, left would be right. Poses in pixels are
    turned over unless the camera looks from below, where the mirror does that already.

    Parameters
    ----------
    px_per_cm
        Scale of poses in pixels; without it lengths are in units of the median body length, one
        unit for all individuals.
    view_angle
        From where a single camera looks. From the side there is no left, no right and no heading;
        the facts that need them stay unknown. Ignored for 3-D poses.

    Raises
    ------
    DataError
        When the unit is none of ours, the mouse would not be between 3 and 16 cm long, or pixels
        can be scaled by nothing.
    """
    unit = str(poses.attrs["unit"])
    length = estimate_body_length(poses)
    if unit == "px" and px_per_cm is None:
        factor, new_unit = 1 / _find_typical(length), "body length"
    elif unit == "body length":
        factor, new_unit = xr.ones_like(length), unit
    else:
        factor = xr.full_like(length, _cm_per_unit(unit, px_per_cm))
        new_unit = "cm"
        _check_length(length * factor, unit)
    flat = poses.sizes["space"] == 2
    turned = unit == "px" and flat and view_angle != "bottom"
    signs = xr.DataArray([1, -1] if turned else [1] * poses.sizes["space"], dims="space")
    scaled = poses.assign(
        position=(poses["position"] * signs * factor).transpose(*poses["position"].dims)
    )
    if "noise" in poses:
        scaled = scaled.assign(noise=(poses["noise"] * factor).transpose(*poses["noise"].dims))
    about = {"view_angle": view_angle} if flat else {}
    return scaled.assign_attrs(unit=new_unit, **about)


def scale_arena(
    arena: Arena,
    *,
    unit: str,
    px_per_cm: float | None = None,
    view_angle: ViewAngle = "top",
) -> Arena | None:
    """Move the centre of an arena along with `scale_poses`; None when its scale is unknown."""
    if unit == "body length" or (unit == "px" and px_per_cm is None):
        return None
    if arena.center is None:
        return arena
    factor = _cm_per_unit(unit, px_per_cm)
    turned = unit == "px" and view_angle != "bottom"
    x, y = arena.center
    return arena.model_copy(update={"center": (factor * x, factor * (-y if turned else y))})


def _cm_per_unit(unit: str, px_per_cm: float | None) -> float:
    if unit == "px" and px_per_cm is not None:
        return 1 / px_per_cm
    if unit in CM_PER_UNIT:
        return CM_PER_UNIT[unit]
    raise DataError(
        f"Poses need the unit px, mm, cm, m or body length, not '{unit}'; "
        "correct the column pose_unit."
    )


def _find_typical(length: xr.DataArray) -> xr.DataArray:
    """Return the median over individuals, so that all stay in one frame of reference."""
    typical = length.median("individual")
    if bool(typical.isnull().any()):
        raise DataError(
            "Poses in pixels need a scale, but no snout, ears or tail base are known to measure "
            "the mouse by; give px_per_cm, or correct skeleton.csv."
        )
    return typical


def _check_length(length_cm: xr.DataArray, unit: str) -> None:
    low, high = PLAUSIBLE_CM
    for found in length_cm.to_numpy().ravel():
        if np.isnan(found) or low <= found <= high:
            continue
        others = [
            u
            for u, cm in CM_PER_UNIT.items()
            if u != unit and unit in CM_PER_UNIT and low <= found / CM_PER_UNIT[unit] * cm <= high
        ]
        cause = f"it looks like {others[0]} given as {unit}" if others else "check the scale"
        raise DataError(
            f"A mouse measures {low:g} to {high:g} cm from snout to tail base, "
            f"but here {found:.3g} cm; {cause} (columns pose_unit and px_per_cm)."
        )
