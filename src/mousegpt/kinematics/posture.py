"""The posture table: facts, states and speeds of evenly sampled frames."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
from pydantic import Field

from mousegpt.core.poses import Poses
from mousegpt.core.recording import Arena
from mousegpt.core.sampling import sample_frames
from mousegpt.core.tables import POSTURE_TABLE
from mousegpt.kinematics.facts import compute_facts
from mousegpt.kinematics.states import classify_states
from mousegpt.kinematics.velocity import compute_speeds


def compute_posture(
    poses: Poses,
    *,
    arena: Arena | None = None,
    rate_hz: Annotated[float, Field(gt=0)] = 5.0,
    window_s: Annotated[float, Field(gt=0)] = 0.1,
    motion_window_s: Annotated[float, Field(gt=0)] = 0.25,
    systematic_error: Annotated[float, Field(ge=0)] = 0.01,
    certainty: Annotated[float, Field(gt=0.5, lt=1)] = 0.9,
    min_bout_s: Annotated[float, Field(ge=0)] = 0.3,
) -> pd.DataFrame:
    """Measure the facts of evenly sampled frames and the states they support.

    Parameters
    ----------
    poses
        Cleaned, scaled and, when 3-D, aligned to the floor.
    rate_hz
        Frames described per second: the paper's 5, every 12th frame of 60.
    certainty
        A state is claimed when its probability, given the facts and their sd, reaches this.
    min_bout_s
        A shorter bout of an activity gives way to its neighbours, where the facts allow.

    Returns
    -------
    pd.DataFrame
        `POSTURE_TABLE` without ``recording``, and ``body_length`` in the table's unit.

    Notes
    -----
    Source: Methods 4.4 (sampling). The other parameters are those of `compute_facts`.
    """
    frames = sample_frames(poses["frame"].to_numpy(), float(poses.attrs["fps"]), rate_hz)
    facts = compute_facts(
        poses,
        frames,
        arena=arena,
        window_s=window_s,
        motion_window_s=motion_window_s,
        systematic_error=systematic_error,
    )
    states = classify_states(facts, certainty=certainty, min_bout_s=min_bout_s)
    speeds = compute_speeds(poses).drop(columns="time_s")
    table = facts.merge(speeds, on=["individual", "frame"], how="left", validate="1:1")
    table = pd.concat([table, states], axis=1)
    columns = [name for name in POSTURE_TABLE.columns if name != "recording"]
    return table[[*columns, "body_length"]]
