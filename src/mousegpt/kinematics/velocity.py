"""Velocity, base direction and signed speed (Eqs. 2 to 4)."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from mousegpt.core.facts import SPEEDS
from mousegpt.core.poses import Poses
from mousegpt.core.skeleton import BODY_GROUPS
from mousegpt.kinematics.landmarks import Landmark, choose_first, locate, measure_length

#: Pairs (front, back) that point to the head, best first: Eq. 3, then longer or coarser ones.
BASE_DIRECTIONS: Final[tuple[tuple[Landmark, Landmark], ...]] = (
    (("SpineG",), ("SpineH",)),
    (("SpineF",), ("Hip",)),
    (("SpineF",), ("TailBase",)),
    (("SpineG",), ("Hip",)),
    (("SpineG",), ("TailBase",)),
    (("EarL", "EarR"), ("TailBase",)),
    (("Snout",), ("TailBase",)),
)

_GROUPS: Final = tuple(name for name in BODY_GROUPS if name != "tail")  # in the order of SPEEDS


def compute_velocity(
    poses: Poses, *, max_step_s: Annotated[float, Field(gt=0)] = 0.25
) -> xr.DataArray:
    """Compute the velocity of every keypoint by central differences.

    Parameters
    ----------
    max_step_s
        A velocity is unknown where a neighbouring frame is further away than this.

    Returns
    -------
    xr.DataArray
        Dimensions of ``position``, in its unit per second. NaN where the point or a neighbour in
        time is unknown; the first and the last frame use their only neighbour.

    Notes
    -----
    Source: Methods 4.2, Eq. 2. Departs from the paper: it prints the difference to the previous
    frame *divided* by the frame rate, which is no velocity; here the difference is divided by
    time, and taken on both sides, so that it belongs to the frame and not to the step before it.
    """
    position = poses["position"]
    if position.sizes["time"] < 2:
        return xr.full_like(position, np.nan)
    steps = np.diff(poses["time"].to_numpy())
    longest = np.maximum(np.append(steps, 0), np.insert(steps, 0, 0))
    close = xr.DataArray(longest <= max_step_s + 1e-9, dims="time")
    return position.differentiate("time").where(position.notnull() & close)


def compute_heading(poses: Poses) -> xr.DataArray:
    """Compute the base direction: a unit vector along the body, pointing to the head.

    Every individual uses one pair of `BASE_DIRECTIONS` throughout: the first that is known nearly
    as often as any. A change of pair within a recording would look like a turn.

    Returns
    -------
    xr.DataArray
        Dimensions ``(time, space, individual)``; NaN where a point of the pair is unknown.

    Notes
    -----
    Source: Methods 4.2, Eq. 3, SpineG - SpineH; the other pairs serve skeletons without them.
    """
    directions = []
    for individual in poses["individual"].to_numpy():
        position = poses["position"].sel(individual=[individual])
        differences = [
            locate(position, front) - locate(position, back) for front, back in BASE_DIRECTIONS
        ]
        chosen = differences[choose_first([d.notnull().to_numpy() for d in differences])]
        length = measure_length(chosen)
        directions.append(chosen / length.where(length > 0))
    joined: xr.DataArray = xr.concat(directions, "individual")
    return joined.transpose("time", "space", "individual")


def compute_speeds(poses: Poses, *, sign: Literal["forward", "paper"] = "forward") -> pd.DataFrame:
    """Compute the signed speeds of six body parts at every frame.

    Parameters
    ----------
    poses
        Cleaned and scaled; measurement noise of raw poses reads as speed.
    sign
        "forward": moving toward the head is positive. "paper": the sign as Eq. 4 prints it, where
        that is negative and motion square to the body counts as none.

    Returns
    -------
    pd.DataFrame
        ``individual``, ``frame``, ``time_s`` and `SPEEDS`, in the unit of the poses per second.
        NaN where no keypoint of the part moves measurably or the base direction is unknown.

    Notes
    -----
    Source: Methods 4.2, Eq. 4: the magnitude of the velocity, signed by its angle to the base
    direction. The velocity of a part is the mean over its known keypoints (`BODY_GROUPS`); the
    tail counts for nothing but its base. The paper does not say how keypoints form a part.
    """
    return tabulate_speeds(compute_velocity(poses), compute_heading(poses), sign=sign)


def tabulate_speeds(
    velocity: xr.DataArray,
    heading: xr.DataArray,
    *,
    sign: Literal["forward", "paper"] = "forward",
) -> pd.DataFrame:
    """Put the signed speeds of six body parts into a table; see `compute_speeds`."""
    parts = {
        column: sign_speed(
            velocity.sel(keypoint=list(BODY_GROUPS[group])).mean("keypoint"), heading, sign=sign
        )
        for column, group in zip(SPEEDS, _GROUPS, strict=True)
    }
    table = xr.Dataset(parts).to_dataframe(dim_order=["individual", "time"]).reset_index()
    return table.rename(columns={"time": "time_s"})[["individual", "frame", "time_s", *SPEEDS]]


def sign_speed(
    velocity: xr.DataArray,
    heading: xr.DataArray,
    *,
    sign: Literal["forward", "paper"] = "forward",
) -> xr.DataArray:
    """Return the magnitude of a velocity with the sign of its course along the heading."""
    along: xr.DataArray = (velocity * heading).sum("space", skipna=False)
    if sign == "paper":
        signs = along.copy(data=-np.sign(along.to_numpy()))
    else:
        signs = along.copy(data=np.where(along < 0, -1.0, 1.0)).where(along.notnull())
    return measure_length(velocity) * signs
