"""The truth of every frame: what the mouse does, what its paws touch, and its exact facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError
from mousegpt.core.facts import FACTS, SPEEDS
from mousegpt.synthetic.arena import SyntheticArena
from mousegpt.synthetic.behaviors import BEHAVIORS
from mousegpt.synthetic.truth.geometry import PAWS, measure_facts
from mousegpt.synthetic.truth.touches import find_touches

if TYPE_CHECKING:
    from mousegpt.synthetic.motion import Performance

#: behaviour -> the fact that is highest at its peak; all others peak in the middle of the bout
PEAKS: Final = {
    "jumping": "hip_height",
    "rearing": "snout_height",
    "supported rearing": "snout_height",
    "head twitch": "head_speed_relative",
    "wet-dog shake": "head_speed_relative",
    "stretch-attending": "stretch",
    "running": "progression",
}


def build_truth(
    performance: Performance,
    keypoints: FloatArray,
    arena: SyntheticArena,
    *,
    fps: Annotated[float, Field(gt=0)],
) -> pd.DataFrame:
    """Tabulate what is true of every frame.

    Parameters
    ----------
    performance
        Behaviour and ground contacts of every frame.
    keypoints
        Exact, shape (time, 24, 3), cm.

    Returns
    -------
    pd.DataFrame
        One row per frame: ``frame``, ``time_s``; ``behavior``, ``bout`` (running number of the
        stretch of one behaviour), ``bout_elapsed_s``, ``bout_remaining_s``; for every paw
        ``<paw>_contact`` with the floor, ``forepaw_<side>_at_face``, ``forepaw_<side>_at_wall``,
        ``hindpaw_<side>_at_neck``; ``body_length`` (median from snout to tail base, cm); all facts
        and speeds of `core.facts`, unsmoothed, in cm.

    Raises
    ------
    DataError
        When labels, contacts and keypoints differ in length.

    Notes
    -----
    A speed is the central difference over two frames. Where `kinematics` takes the mean over a
    window (``head_speed_relative``, the speeds of paws), this is the speed at the frame itself.
    """
    n_frames = len(keypoints)
    contacts = np.asarray(performance.contacts, dtype=bool)
    if not len(performance.labels) == len(contacts) == n_frames or not n_frames:
        raise DataError(
            "Expected a label, four contacts and 24 keypoints of every frame; found "
            f"{len(performance.labels)}, {len(contacts)} and {n_frames} frames; "
            "pose the keypoints from the same performance."
        )
    facts = measure_facts(keypoints, contacts, arena, fps=fps)
    columns: dict[str, Any] = {"frame": np.arange(n_frames), "time_s": np.arange(n_frames) / fps}
    columns |= _number_bouts(performance.labels, fps)
    columns |= {f"{paw}_contact": planted for paw, planted in zip(PAWS, contacts.T, strict=True)}
    columns |= find_touches(keypoints, contacts, arena)
    columns["body_length"] = np.full(n_frames, np.median(facts["length"]))
    columns |= {name: facts[name] for name in (*(fact.name for fact in FACTS), *SPEEDS)}
    return pd.DataFrame(columns)


def list_event_frames(truth: pd.DataFrame, behavior: str) -> pd.DataFrame:
    """List the bouts of a behaviour.

    Parameters
    ----------
    truth
        As `build_truth` returns it.

    Returns
    -------
    pd.DataFrame
        A row per bout: ``bout``, ``first_frame``, ``last_frame`` (both belong to it) and
        ``peak_frame``: where the fact of `PEAKS` is highest, else the middle.

    Raises
    ------
    DataError
        When the behaviour is not known.
    """
    if behavior not in BEHAVIORS:
        raise DataError(f"Expected a behaviour of {', '.join(BEHAVIORS)}; found '{behavior}'.")
    shown = truth[truth["behavior"] == behavior]
    bouts = shown.groupby("bout")
    first, last = bouts["frame"].min(), bouts["frame"].max()
    if fact := PEAKS.get(behavior):
        peak = shown.loc[bouts[fact].idxmax(), "frame"].to_numpy()
    else:
        peak = ((first + last) // 2).to_numpy()
    table = pd.DataFrame({"first_frame": first, "last_frame": last, "peak_frame": peak})
    return table.rename_axis("bout").reset_index()


def _number_bouts(labels: list[str], fps: float) -> dict[str, Any]:
    codes, names = pd.factorize(np.asarray(labels, dtype=object))
    begins = np.flatnonzero(np.diff(codes, prepend=-1))
    ends = np.append(begins[1:], len(codes))
    bout = np.repeat(np.arange(len(begins)), ends - begins)
    frame = np.arange(len(codes))
    return {
        "behavior": pd.array(names, dtype="str").take(codes),
        "bout": bout,
        "bout_elapsed_s": (frame - begins[bout]) / fps,
        "bout_remaining_s": (ends[bout] - 1 - frame) / fps,
    }
