"""Act out a script: path, postures, rhythms, steps, reaching paws and tail put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from pydantic import Field
from scipy.ndimage import gaussian_filter1d

from mousegpt.core.arrays import BoolArray, FloatArray
from mousegpt.synthetic.anatomy import N_TAIL, SIDES, Body
from mousegpt.synthetic.arena import SyntheticArena, push_inside
from mousegpt.synthetic.behaviors import Bout
from mousegpt.synthetic.bending import make_axes
from mousegpt.synthetic.body import Carriage, Stance, Trunk, pose_spine
from mousegpt.synthetic.motion.containment import keep_inside
from mousegpt.synthetic.motion.gait import Steps, take_steps
from mousegpt.synthetic.motion.leaping import leap
from mousegpt.synthetic.motion.postures import Channels, clear_floor, hold_postures
from mousegpt.synthetic.motion.reaching import PAW_GAP, Tasks, assign_paws, reach_out
from mousegpt.synthetic.motion.rhythms import add_gait, add_rhythms, keep_time
from mousegpt.synthetic.motion.tail import drag_tail
from mousegpt.synthetic.motion.timeline import lay_out
from mousegpt.synthetic.path import Path, plan_path

LEAD_S: Final = 0.07  # by so much the fore body is ahead of a turn


@dataclass(frozen=True, eq=False)
class Performance:
    """What a mouse did.

    Attributes
    ----------
    stance
        Its posture at every frame.
    labels
        The behaviour of every frame.
    contacts
        Which paws stand on the ground, in the order of ``anatomy.PAWS``, shape (time, 4). A paw
        that swings, or is on its way to the face, the wall or the air, does not stand.
    """

    stance: Stance
    labels: list[str]
    contacts: BoolArray


def act(
    script: Sequence[Bout],
    body: Body,
    arena: SyntheticArena,
    *,
    duration_s: Annotated[float, Field(gt=0)],
    fps: Annotated[float, Field(gt=0)],
    seed: int | tuple[int, ...] = 0,
) -> Performance:
    """Let a mouse act out a script in an arena.

    Parameters
    ----------
    script
        Bouts in order. What one of them needs (a turn, a walk to the wall) is put before it and
        labelled as what it is; as much turning and walking is left out later. The end is cut at
        ``duration_s``.
    fps
        Frames per second; the same seed gives the same motion at any rate, but for sampling.

    Examples
    --------
    >>> from mousegpt.synthetic.arena import find_arena
    >>> script = [Bout("still", 0.5), Bout("rearing", 1.0)]
    >>> played = act(script, Body(), find_arena("paper"), duration_s=1.5, fps=60)
    >>> len(played.stance), played.labels[0], played.labels[-1], bool(played.contacts[0].all())
    (90, 'still', 'rearing', True)
    """
    seeds = np.random.SeedSequence(seed).generate_state(3).tolist()
    times = np.arange(round(duration_s * fps)) / fps
    path = plan_path(script, body, arena, duration_s=duration_s, seed=seeds[0])
    timeline = lay_out(path.bouts, path.starts, times, seed=seeds[1])
    rng = np.random.default_rng(seeds[2])
    beats, leaping = keep_time(timeline, rng), leap(timeline)
    tasks = assign_paws(timeline, leaping, fps=fps)
    calm = _follow_path(hold_postures(timeline, body, fps=fps), path, times)
    calm["hip_height"] = calm["hip_height"] - leaping.sink
    calm["lift"] = leaping.lift
    progression = _measure_progression(calm, fps)
    calm["tail_lift"] = calm["tail_lift"] * np.clip(0.4 + np.abs(progression) / 12, 0.4, 1.6)
    full = clear_floor(add_rhythms(calm, timeline, beats, rng), body)
    full, calm = _stay_inside(full, calm, arena, body, fps)
    steps = _step(calm, tasks, progression, times, arena, body, fps)
    full = add_gait(full, steps.cycle, progression)
    carriage = _gather(full, np.zeros((len(times), N_TAIL)))
    spine = pose_spine(carriage, body)
    rump = full["yaw"] - full["bend"] / 3
    tail = drag_tail(spine.points["TailBase"][:, :2], rump, arena, body, fps=fps)
    paws, contacts = reach_out(steps, tasks, spine, carriage, timeline, beats, arena, body, rng)
    return Performance(Stance(_gather(full, tail), paws), timeline.labels, contacts)


def _follow_path(channels: Channels, path: Path, times: FloatArray) -> Channels:
    """Add the place, and the bending into turns: the fore body is ahead of the pelvis."""
    x, y, yaw = path.sample(times).T
    rate = np.gradient(path.places[:, 2], path.times)
    ahead = np.interp(times + LEAD_S, path.times, gaussian_filter1d(rate, 3))
    channels = channels | {"x": x, "y": y, "yaw": yaw}
    channels["bend"] = channels["bend"] + 0.55 * np.tanh(0.22 * ahead)
    channels["head_yaw"] = channels["head_yaw"] + 0.6 * np.tanh(0.18 * ahead)
    return channels


def _measure_progression(channels: Channels, fps: float) -> FloatArray:
    """Measure the smooth forward speed of the hip, cm/s."""
    vx, vy = np.gradient(channels["x"]) * fps, np.gradient(channels["y"]) * fps
    forward = vx * np.cos(channels["yaw"]) + vy * np.sin(channels["yaw"])
    return np.asarray(gaussian_filter1d(forward, 0.08 * fps, mode="nearest"))


def _stay_inside(
    full: Channels, calm: Channels, arena: SyntheticArena, body: Body, fps: float
) -> tuple[Channels, Channels]:
    spine = _pose(full, body)
    shift = keep_inside(spine, arena, fps=fps, size=body.size)
    moved = [
        channels | {"x": channels["x"] + shift[:, 0], "y": channels["y"] + shift[:, 1]}
        for channels in (full, calm)
    ]
    return moved[0], moved[1]


def _step(
    calm: Channels,
    tasks: Tasks,
    progression: FloatArray,
    times: FloatArray,
    arena: SyntheticArena,
    body: Body,
    fps: float,
) -> Steps:
    spine = _pose(calm, body)
    parts = []
    for joint, kind in (("Shoulder", "fore"), ("hip_", "hind")):
        yaw = calm["yaw"] + (calm["bend"] if kind == "fore" else 0.0)
        middle = (spine.points[f"{joint}L"] + spine.points[f"{joint}R"])[:, :2] / 2
        axes = make_axes(yaw, np.zeros_like(yaw))
        for sign in SIDES.values():
            place = middle + calm[f"{kind}_ahead"][:, None] * axes[:, :2, 0]
            place = place + sign * calm[f"{kind}_aside"][:, None] * axes[:, :2, 1]
            legal = push_inside(arena, place, np.full(len(yaw), PAW_GAP))
            splay = sign * (0.1 if kind == "fore" else 0.2)
            parts.append(np.concatenate([legal, (yaw + splay)[:, None]], axis=1))
    return take_steps(
        np.stack(parts, axis=1), tasks.raised, progression, times, fps=fps, scale=body.size
    )


def _pose(channels: Channels, body: Body) -> Trunk:
    return pose_spine(_gather(channels, np.zeros((len(channels["x"]), N_TAIL))), body)


def _gather(channels: Channels, tail: FloatArray) -> Carriage:
    return Carriage(
        **{
            name: channels[name]
            for name in (
                "x", "y", "yaw", "lift", "hip_height", "trunk_pitch", "arch", "bend", "roll",
                "neck_pitch", "head_pitch", "head_yaw", "head_roll", "tail_lift",
            )
        },
        breath=channels.get("breath", np.ones_like(channels["x"])),
        tail_headings=tail,
    )  # fmt: skip
