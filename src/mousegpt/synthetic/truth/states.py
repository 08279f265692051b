"""The reference: states of a frame in which the maker's knowledge overrules the measurement."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
import pandas as pd
from pydantic import Field
from scipy.ndimage import maximum_filter1d

from mousegpt.core.arrays import BoolArray, FloatArray
from mousegpt.core.errors import DataError
from mousegpt.core.facts import STATES, UNKNOWN, state_column
from mousegpt.synthetic.truth.activities import KNOWN, UNSAID, States, name_activities

#: activities whose forepaws swing without stepping
_HANDS_BUSY: Final = ("grooming", "body grooming", "digging")
#: the hip of a mouse that lies is lower than this, in body lengths; crouching, it is higher
_LIES_BELOW: Final = 0.215
_PAIRS: Final = ("forepaw", "hindpaw")
_SIDES: Final = ("left", "right")
#: a free paw lower than this brushes the floor, as those of a digging mouse do, cm
_BRUSHES: Final = 0.2
#: degrees per second over the whole bout, from which circles are tight
_TIGHT: Final = 120.0


def settle_states(
    posture: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    transition_s: Annotated[float, Field(ge=0)] = 0.4,
    window_s: Annotated[float, Field(gt=0)] = 0.25,
) -> pd.DataFrame:
    """Replace the states that the maker of the scene knows better than any measurement.

    Activity follows the behaviour where the frame bears it out (`activities.EVIDENCE`); else that
    of the bout before or after, near their border; else it is "shifting posture" or "unknown".
    Paws follow their contacts, steps the swings of the paws, circles the turn of the whole bout.
    All other states stay as measured on the exact poses.

    Parameters
    ----------
    posture
        POSTURE_TABLE of one mouse, from exact poses.
    truth
        As `build_truth` returns it for the same mouse.
    transition_s
        How far into a bout the one before, or the one after, may still name a frame.
    window_s
        A paw steps when it swings within this window.

    Returns
    -------
    pd.DataFrame
        The table with other states; facts as they were.

    Raises
    ------
    DataError
        When the posture has frames that the truth has not.
    """
    rows = pd.Index(truth["frame"]).get_indexer(pd.Index(posture["frame"]))
    if (rows < 0).any():
        raise DataError(
            f"Expected the truth of frame {posture['frame'].to_numpy()[rows < 0][0]}, found "
            f"{len(truth)} others; build the truth from the poses that were measured."
        )
    sampled = truth.iloc[rows]
    states = {state.name: posture[state_column(state.name)].to_numpy(object) for state in STATES}
    states |= _place_paws(sampled) | {"hip_height": _place_hip(states["hip_height"], sampled)}
    swings = _find_swings(truth, window_s)[rows]
    states |= _name_movements(states, swings, np.full(len(posture), UNKNOWN, object))
    activity = name_activities(*_list_candidates(truth, sampled, transition_s), states)
    states |= _name_movements(states, swings, activity)
    states["turning"] = _name_circles(states["turning"], activity, truth, sampled)
    states |= {"activity": activity} | _apply_knowledge(states, activity)
    columns = {state_column(name): pd.array(states[name], dtype="str") for name in states}
    return posture.assign(**columns)


def _place_paws(truth: pd.DataFrame) -> dict[str, FloatArray]:
    """Say where every paw is; off the ground it is in the air, at the wall, face or neck."""
    places = {}
    for pair, touches in zip(_PAIRS, (("wall", "face"), ("neck",)), strict=True):
        for side in _SIDES:
            paw = f"{pair}_{side}"
            low = truth[f"{paw}_contact"] | (truth[f"{paw}_height"] < _BRUSHES)
            place = np.where(low, "ground", "air").astype(object)
            for touch in touches:
                place[truth[f"{paw}_at_{touch}"].to_numpy()] = touch
            places[paw] = place
    passes = (truth["behavior"] != "face grooming").to_numpy()  # by the snout, for other reasons
    for side in _SIDES:
        place = places[f"forepaw_{side}"]
        place[(place == "face") & passes] = UNKNOWN
    return places


def _place_hip(measured: FloatArray, truth: pd.DataFrame) -> FloatArray:
    """Tell lying down by the height of the hip: a mouse that lies much has a low median."""
    lies = (truth["hip_height"] < _LIES_BELOW * truth["body_length"]).to_numpy()
    told = np.where(lies, "low", "raised")
    return np.where(truth["behavior"] == "lying", told, measured)


def _find_swings(truth: pd.DataFrame, window_s: float) -> BoolArray:
    """Mark frames near which a fore or a hind paw is off the ground, shape (time, 2)."""
    step_s = float(truth["time_s"].iloc[-1]) / max(len(truth) - 1, 1)
    size = 2 * round(window_s / 2 / step_s) + 1 if step_s else 1
    swings = [
        ~(truth[f"{pair}_left_contact"] & truth[f"{pair}_right_contact"]).to_numpy()
        for pair in _PAIRS
    ]
    return maximum_filter1d(np.stack(swings, axis=-1), size, axis=0, mode="nearest")


def _name_movements(states: States, swings: BoolArray, activity: FloatArray) -> States:
    """Say how the paws of a pair move: planted ones are still, one that swings alone steps."""
    movements = {}
    for pair, swing in zip(_PAIRS, swings.T, strict=True):
        measured = states[f"{pair}_movement"]
        left, right = states[f"{pair}_left"], states[f"{pair}_right"]
        aloft = (left != "ground") & (right != "ground")
        movement = np.where(np.isin(measured, ("still", UNKNOWN)), measured, "moving")
        movement = np.where(swing, movement, "still").astype(object)
        steps = swing & ~aloft & (movement == "moving")
        if pair == "forepaw":
            movement[steps & ~np.isin(activity, _HANDS_BUSY)] = "stepping"
            washes = (activity == "grooming") & (left == "face") & (right == "face")
            movement[washes & (measured != "still")] = "stroking"
            movement[(activity == "digging") & swing] = "scraping"
        else:
            movement[steps] = "stepping"
            movement[activity == "scratching"] = "scratching"
        movements[f"{pair}_movement"] = movement
    return movements


def _list_candidates(
    truth: pd.DataFrame, sampled: pd.DataFrame, transition_s: float
) -> tuple[list[FloatArray], list[BoolArray]]:
    """List the behaviours that may name a frame: its own, that before, that after.

    A mouse lies down out of a crouch, and gets up into one.
    """
    by_bout = truth.groupby("bout")["behavior"].first().to_numpy(object)
    padded = np.concatenate([[UNKNOWN], by_bout, [UNKNOWN]])
    bout = sampled["bout"].to_numpy()
    elapsed, remaining = (sampled[f"bout_{name}_s"].to_numpy() for name in ("elapsed", "remaining"))
    return (
        [padded[bout + 1], padded[bout], padded[bout + 2], np.full(len(bout), "crouched", object)],
        [
            np.ones(len(bout), bool),
            elapsed < transition_s,
            remaining < transition_s,
            padded[bout + 1] == "lying",
        ],
    )


def _name_circles(
    turning: FloatArray, activity: FloatArray, truth: pd.DataFrame, sampled: pd.DataFrame
) -> FloatArray:
    """Say to which side the whole bout goes, as the trunk of a circling mouse sways."""
    rates = truth.groupby("bout")["turning_rate"].mean()
    rate = rates.loc[sampled["bout"]].to_numpy()
    side = np.where(rate > 0, "left", "right").astype(object)
    side[np.abs(rate) > _TIGHT] = "sharp " + side[np.abs(rate) > _TIGHT]
    return np.where(activity == "circling", side, turning)


def _apply_knowledge(states: States, activity: FloatArray) -> dict[str, FloatArray]:
    """Say what an activity implies, and hold back what would deny it."""
    changed: dict[str, FloatArray] = {}
    for name, known in KNOWN.items():
        for state, value in known.items():
            now = changed.get(state, states[state])
            changed[state] = np.where(activity == name, value, now)
    for name, unsaid in UNSAID.items():
        for state, values in unsaid.items():
            now = changed.get(state, states[state])
            changed[state] = np.where((activity == name) & np.isin(now, values), UNKNOWN, now)
    return changed
