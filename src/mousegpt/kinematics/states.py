"""States: the categories that the facts support at a given certainty."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
import pandas as pd
from pydantic import Field
from scipy.special import ndtr

from mousegpt.core.arrays import BoolArray, FloatArray
from mousegpt.core.facts import FACTS, STATES, UNKNOWN, state_column
from mousegpt.kinematics import thresholds as at
from mousegpt.kinematics.activity import classify_activity
from mousegpt.kinematics.anatomy import PAWS
from mousegpt.kinematics.thresholds import BANDS, Bands

_DIMENSIONS: Final = {fact.name: fact.dimension for fact in FACTS}
_SCALED: Final = ("length", "speed")
_NEIGHBOR_S: Final = 0.5  # s; samples further apart say nothing about a change


def classify_states(
    facts: pd.DataFrame,
    *,
    certainty: Annotated[float, Field(gt=0.5, lt=1)] = 0.9,
    min_bout_s: Annotated[float, Field(ge=0)] = 0.3,
) -> pd.DataFrame:
    """Put facts into words where their uncertainty allows.

    A fact is taken as normally distributed around its value; a category is claimed when its
    probability reaches ``certainty``, else the state is "unknown".

    Parameters
    ----------
    facts
        As `compute_facts` returns them: sorted by individual and frame.
    min_bout_s
        See `classify_activity`.

    Returns
    -------
    pd.DataFrame
        One text column per state (`state_column`), on the index of ``facts``.
    """
    bl = facts["body_length"].to_numpy()
    states = {name: cut_fact(facts, bands, bl, certainty) for name, bands in BANDS.items()}
    if facts["snout_height"].isna().all():  # seen from above a rear looks short
        states["stretch"][states["stretch"] == "compact"] = UNKNOWN
    states |= _classify_course(facts, bl, certainty)
    states["hip_height"] = _classify_hip(facts, certainty)
    states["place"] = _classify_place(facts, bl, certainty)
    states |= {paw: _classify_paw(facts, paw, bl, certainty) for paw in PAWS}
    states |= _classify_paw_movement(facts, states, bl, certainty)
    swing = _find_head_swing(facts, certainty)
    states["activity"] = classify_activity(facts, states, swing, min_bout_s=min_bout_s)
    return pd.DataFrame(
        {state_column(state.name): pd.array(states[state.name], dtype="str") for state in STATES},
        index=facts.index,
    )


def cut_fact(
    facts: pd.DataFrame, bands: Bands, body_length: FloatArray, certainty: float
) -> FloatArray:
    """Cut one fact into bands; lengths and speeds are cut in body lengths."""
    scale = body_length if _DIMENSIONS[bands.fact] in _SCALED else np.ones(len(facts))
    value, sd = facts[bands.fact].to_numpy(), facts[f"{bands.fact}_sd"].to_numpy()
    return cut_values(value / scale, sd / scale, bands.edges, bands.values, certainty)


def cut_values(
    value: FloatArray,
    sd: FloatArray,
    edges: tuple[float, ...],
    names: tuple[str, ...],
    certainty: float,
) -> FloatArray:
    """Name the band that holds each value with enough probability.

    >>> cut_values(np.array([0.0, 0.9, np.nan]), np.array([0.5]), (1.0,), ("low", "high"), 0.8)
    array(['low', 'unknown', 'unknown'], dtype=object)
    """
    below = [probability_below(value, sd, edge) for edge in edges]
    ends = np.stack([np.zeros_like(value), *below, np.ones_like(value)])
    shares = np.diff(ends, axis=0)
    likely = np.nan_to_num(shares).argmax(axis=0)
    sure = np.nan_to_num(shares).max(axis=0) >= certainty
    return np.where(sure & np.isfinite(value + sd), np.array(names, object)[likely], UNKNOWN)


def probability_below(value: FloatArray, sd: FloatArray, edge: float) -> FloatArray:
    """Return the probability that the truth lies below an edge; NaN where unknown."""
    return np.asarray(ndtr((edge - value) / np.maximum(sd, 1e-12)))


def _classify_course(
    facts: pd.DataFrame, bl: FloatArray, certainty: float
) -> dict[str, FloatArray]:
    """Classify pace, direction and trend of pace from the velocity in the floor plane."""
    along, across = (facts[name].to_numpy() / bl for name in ("progression", "sideways"))
    along_sd, across_sd = (facts[f"{n}_sd"].to_numpy() / bl for n in ("progression", "sideways"))
    variance = along_sd**2 + across_sd**2
    speed = np.sqrt(np.maximum(along**2 + across**2 - variance, 0))  # noise adds to a length
    sd = np.sqrt(variance / 2)
    pace = cut_values(speed, sd, at.PACE.edges, at.PACE.values, certainty)
    angle = np.degrees(np.arctan2(across, along))
    angle_sd = np.degrees(np.where(speed > 0, sd / np.where(speed > 0, speed, 1), np.inf))
    half = at.FORWARD_CONE
    direction = cut_values(
        angle,
        np.minimum(angle_sd, 360),
        (half - 180, -half, half, 180 - half),
        ("backward ", "right", "forward", "left", "backward"),
        certainty,
    )
    direction = np.array([name.strip() for name in direction], object)
    direction = np.where(pace == "still", "none", np.where(pace == UNKNOWN, UNKNOWN, direction))
    before, after = _neighbors(facts, speed)
    before_sd, after_sd = _neighbors(facts, sd)
    change = at.SPEED_CHANGE
    trend = cut_values(
        after - before,
        np.hypot(before_sd, after_sd),
        (-change, change),
        ("slowing down", "steady", "speeding up"),
        certainty,
    )
    return {"pace": pace, "direction": direction, "pace_trend": trend}


def _classify_hip(facts: pd.DataFrame, certainty: float) -> FloatArray:
    usual = facts.groupby("individual", sort=False)["hip_height"].transform("median").to_numpy()
    usual = np.where(usual > 0, usual, np.nan)
    value, sd = facts["hip_height"].to_numpy() / usual, facts["hip_height_sd"].to_numpy() / usual
    return cut_values(value, sd, (at.HIP_LOW,), ("low", "raised"), certainty)


def _classify_place(facts: pd.DataFrame, bl: FloatArray, certainty: float) -> FloatArray:
    """Classify the place by the snout first, then by the trunk."""
    walls = ("wall_distance", "snout_wall_distance")
    trunk, snout = (facts[name].to_numpy() / bl for name in walls)
    trunk_sd, snout_sd = (facts[f"{name}_sd"].to_numpy() / bl for name in walls)
    at_wall = probability_below(snout, snout_sd, at.AT_WALL)
    near = (1 - at_wall) * probability_below(trunk, trunk_sd, at.NEAR_WALL)
    shares = np.stack([at_wall, near, 1 - at_wall - near])
    return _name_likely(shares, ("at the wall", "near the wall", "in the open"), certainty)


def _classify_paw(facts: pd.DataFrame, paw: str, bl: FloatArray, certainty: float) -> FloatArray:
    """Say whether a paw is on the ground, in the air or, a forepaw, at the face.

    A paw that goes over the ground does not stand on it, however low it is. Where its speed at the
    moment is not known the height decides alone.
    """
    edges = (at.PAW_STEPS, at.PAW_PLANTED, at.PAW_LIFTED)
    steps, planted, low = (_compute_share(facts, f"{paw}_height", bl, edge) for edge in edges)
    now = _compute_share(facts, f"{paw}_ground_speed", bl, at.PAW_SWINGS)
    stays = np.nan_to_num(np.fmax(now, _compute_share(facts, f"{paw}_speed", bl, at.PART_STILL)))
    ground = np.where(np.isnan(now), np.maximum(steps, stays * planted), stays * planted)
    air = 1 - stays * low - (1 - stays) * steps
    if not paw.startswith("forepaw"):
        return _name_likely(np.stack([ground, air]), ("ground", "air"), certainty)
    near = np.nan_to_num(_compute_share(facts, f"{paw}_face_distance", bl, at.PAW_AT_FACE))
    face = near * (1 - low)
    return _name_likely(np.stack([ground, air - face, face]), ("ground", "air", "face"), certainty)


def _compute_share(facts: pd.DataFrame, fact: str, bl: FloatArray, edge: float) -> FloatArray:
    """Return the probability that a length or speed lies below an edge in body lengths."""
    return probability_below(facts[fact].to_numpy() / bl, facts[f"{fact}_sd"].to_numpy() / bl, edge)


def _classify_paw_movement(
    facts: pd.DataFrame, states: dict[str, FloatArray], bl: FloatArray, certainty: float
) -> dict[str, FloatArray]:
    """Say whether the paws of a pair move, and whether that is stepping or stroking."""
    travels = np.isin(states["pace"], ("slow", "moderate", "rapid"))
    movements = {}
    for pair in ("forepaw", "hindpaw"):
        fast = [
            1
            - probability_below(
                facts[f"{pair}_{side}_speed"].to_numpy() / bl,
                facts[f"{pair}_{side}_speed_sd"].to_numpy() / bl,
                at.PART_STILL,
            )
            for side in ("left", "right")
        ]
        seen = [states[f"{pair}_{side}"] for side in ("left", "right")]
        moving = np.fmax(*fast) >= certainty
        still = np.maximum(*fast) <= 1 - certainty
        aloft = np.isin(seen[0], ("air", "face")) & np.isin(seen[1], ("air", "face"))
        washing = (seen[0] == "face") & (seen[1] == "face")
        movement = np.full(len(facts), UNKNOWN, object)
        movement[still] = "still"
        movement[moving] = "moving"
        movement[moving & travels & ~aloft] = "stepping"
        movement[moving & washing] = "stroking"
        movements[f"{pair}_movement"] = movement
    return movements


def _find_head_swing(facts: pd.DataFrame, certainty: float) -> BoolArray:
    """Mark samples around which the head certainly swings to one side."""
    before, after = _neighbors(facts, facts["head_yaw"].to_numpy())
    before_sd, after_sd = _neighbors(facts, facts["head_yaw_sd"].to_numpy())
    sd = np.hypot(before_sd, after_sd)
    change = after - before
    left = 1 - probability_below(change, sd, at.HEAD_SWING)
    right = probability_below(change, sd, -at.HEAD_SWING)
    return np.asarray(np.fmax(left, right) >= certainty)


def _neighbors(facts: pd.DataFrame, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the values of the samples just before and after; NaN where there is none."""
    table = pd.DataFrame(
        {"individual": facts["individual"], "time": facts["time_s"], "value": values}
    )
    groups = table.groupby("individual", sort=False)
    sides = []
    for shift in (1, -1):
        moved = groups[["time", "value"]].shift(shift)
        near = (moved["time"] - table["time"]).abs() <= _NEIGHBOR_S
        sides.append(moved["value"].where(near).to_numpy())
    return sides[0], sides[1]


def _name_likely(shares: FloatArray, names: tuple[str, ...], certainty: float) -> FloatArray:
    shares = np.nan_to_num(shares)
    sure = shares.max(axis=0) >= certainty
    return np.where(sure, np.array(names, object)[shares.argmax(axis=0)], UNKNOWN)
