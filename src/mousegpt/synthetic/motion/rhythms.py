"""What moves to and fro: breathing, sniffing, looking about, strokes, twitches and shakes.

Everything is a function of continuous time, so that any frame rate samples the same motion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.synthetic.motion.noise import beat, drift
from mousegpt.synthetic.motion.postures import Channels
from mousegpt.synthetic.motion.timeline import Timeline, ease

TWITCH_HZ: Final = 86.0
SHAKE_HZ: Final = 18.0

#: amplitude of sniffing, degrees of head pitch
SNIFFS: Final = {
    "sniffing": 4.5, "still": 1.0, "walking": 1.6, "turning": 1.6, "backing": 1.2, "rearing": 3.0,
    "supported rearing": 3.0, "wall exploration": 3.5, "head scanning": 2.0, "running": 0.6,
    "stretch-attending": 2.5, "digging": 1.5, "circling": 2.0,
}  # fmt: skip
#: amplitude of looking about, degrees of head yaw
LOOKS: Final = {
    "sniffing": 20.0, "still": 6.0, "walking": 7.0, "rearing": 20.0, "supported rearing": 16.0,
    "wall exploration": 10.0, "stretch-attending": 8.0, "backing": 6.0, "circling": 14.0,
    "turning": 5.0, "crouched": 3.0, "running": 3.0,
}  # fmt: skip
#: slow restlessness of every channel: amplitude in degrees (or cm), band in Hz
RESTLESS: Final = {
    "head_yaw": (2.5, (0.1, 1.2)), "head_pitch": (2.5, (0.1, 1.2)), "head_roll": (1.8, (0.1, 1.0)),
    "neck_pitch": (2.0, (0.1, 1.0)), "bend": (2.0, (0.05, 0.5)), "roll": (0.8, (0.1, 0.8)),
    "trunk_pitch": (0.7, (0.1, 0.8)), "arch": (0.7, (0.05, 0.5)), "hip_height": (0.03, (0.1, 0.9)),
    "x": (0.06, (0.2, 1.5)), "y": (0.06, (0.2, 1.5)),
}  # fmt: skip
#: the same, quicker
TREMBLE: Final = {
    "head_yaw": 0.6, "head_pitch": 0.6, "head_roll": 0.6, "neck_pitch": 0.5, "trunk_pitch": 0.5,
    "bend": 0.6, "arch": 0.4, "hip_height": 0.025, "x": 0.035, "y": 0.035,
}  # fmt: skip
TREMBLE_HZ: Final = (1.8, 5.0)
IN_CM: Final = frozenset({"hip_height", "x", "y"})


@dataclass(frozen=True, eq=False)
class Beats:
    """Phases (radians) of the rhythms, each of shape (time,)."""

    sniff: FloatArray
    stroke: FloatArray
    lick: FloatArray
    scratch: FloatArray
    dig: FloatArray
    sway: FloatArray
    breath: FloatArray


def keep_time(timeline: Timeline, rng: np.random.Generator) -> Beats:
    """Let every rhythm run near its frequency, which differs between bouts."""
    faster = 1 + 0.1 * timeline.draws[:, 5]
    sleepy = timeline.gate("lying", ramp_s=1.0)
    since = timeline.since
    return Beats(
        sniff=beat(since, 6.5 * faster, rng),
        stroke=beat(since, 5.5 * faster, rng),
        lick=beat(since, 5.0 * faster, rng),
        scratch=2 * np.pi * 14.0 * (1 + 0.08 * timeline.draws[:, 5]) * since,
        dig=beat(since, 7.0 * faster, rng),
        sway=beat(timeline.times, 1.9, rng),
        breath=beat(timeline.times, 3.0, rng) * (1 - sleepy) + sleepy * beat(since, 1.8, rng),
    )


def add_rhythms(
    calm: Channels, timeline: Timeline, beats: Beats, rng: np.random.Generator
) -> Channels:
    """Add to the postures what moves to and fro, and the channel ``breath``."""
    deg = np.pi / 180
    times, vigor = timeline.times, np.clip(timeline.vigor, 0.6, 1.5)
    full = dict(calm)
    quiet = 1 - 0.85 * timeline.gate("lying", ramp_s=1.0) - 0.4 * timeline.gate("crouched")
    for name, (amount, band) in RESTLESS.items():
        unit = 1.0 if name in IN_CM else deg
        full[name] = full[name] + quiet * amount * unit * drift(times, rng, band_hz=band)
    for name, amount in TREMBLE.items():
        unit = 1.0 if name in IN_CM else deg
        full[name] = full[name] + quiet * amount * unit * drift(times, rng, band_hz=TREMBLE_HZ)
    sniff = sum((timeline.gate(name) * size for name, size in SNIFFS.items()), np.zeros_like(times))
    look = sum((timeline.gate(name, ramp_s=0.3) * size for name, size in LOOKS.items()),
               np.zeros_like(times))  # fmt: skip
    full["head_pitch"] = full["head_pitch"] + deg * sniff * vigor * np.sin(beats.sniff)
    full["neck_pitch"] = full["neck_pitch"] + 0.5 * deg * sniff * np.sin(beats.sniff - 0.6)
    glance = 0.7 * deg * look * vigor * drift(times, rng, band_hz=(0.25, 1.1))
    full["head_yaw"] = full["head_yaw"] + glance
    full["bend"] = full["bend"] + 0.3 * glance
    _scan(full, timeline)
    _busy_paws(full, timeline, beats)
    _twitch(full, timeline)
    _shake(full, timeline)
    lying = timeline.gate("lying", ramp_s=1.0)
    full["breath"] = 1 + (0.012 + 0.02 * lying) * np.sin(beats.breath)
    full["hip_height"] = full["hip_height"] + (0.01 + 0.03 * lying) * np.sin(beats.breath)
    unsteady = timeline.sway * np.sin(beats.sway)
    full["roll"] = full["roll"] + 0.10 * unsteady
    full["x"] = full["x"] - 0.2 * unsteady * np.sin(full["yaw"])
    full["y"] = full["y"] + 0.2 * unsteady * np.cos(full["yaw"])
    full["bend"] = full["bend"] + 0.07 * timeline.sway * np.sin(beats.sway - 0.8)
    return full


def _scan(full: Channels, timeline: Timeline) -> None:
    """Sweep the head from side to side."""
    hz = 0.75 * (1 + 0.1 * timeline.draws[:, 4])
    sweep = np.sin(2 * np.pi * hz * timeline.since) * timeline.side * timeline.vigor.clip(0.6, 1.3)
    sweep = sweep * timeline.gate("head scanning", ramp_s=0.3)
    full["head_yaw"] = full["head_yaw"] + np.deg2rad(46) * sweep
    full["bend"] = full["bend"] + np.deg2rad(13) * sweep


def _busy_paws(full: Channels, timeline: Timeline, beats: Beats) -> None:
    """Let head and trunk follow what the paws do."""
    face, body = timeline.gate("face grooming"), timeline.gate("body grooming")
    scratch, dig = timeline.gate("scratching"), timeline.gate("digging")
    shaken = np.deg2rad(2.5) * scratch * np.sin(beats.scratch + 0.7)
    full["head_pitch"] = full["head_pitch"] + np.deg2rad(1) * (
        4.0 * face * np.sin(beats.stroke) + 6.0 * body * np.sin(beats.lick)
        + 3.0 * dig * np.sin(2 * beats.dig)
    )  # fmt: skip
    full["head_yaw"] = full["head_yaw"] + np.deg2rad(4) * body * np.sin(0.5 * beats.lick)
    full["neck_pitch"] = full["neck_pitch"] + np.deg2rad(3) * body * np.sin(beats.lick - 0.5)
    full["head_roll"] = (
        full["head_roll"] + np.deg2rad(3) * face * np.sin(0.5 * beats.stroke) + shaken
    )
    full["roll"] = full["roll"] + 0.5 * shaken
    full["bend"] = full["bend"] + np.deg2rad(3) * dig * np.sin(beats.dig)


def _twitch(full: Channels, timeline: Timeline) -> None:
    """Roll the head about the axis of the nose, very fast and soon damped."""
    since = timeline.since
    burst = ease(since / 0.008) * np.exp(-since / (0.45 * timeline.length))
    burst = burst * ease(timeline.left / 0.012) * timeline.shows("head twitch")
    wave = timeline.vigor.clip(0.7, 1.2) * burst * np.sin(2 * np.pi * TWITCH_HZ * since)
    full["head_roll"] = full["head_roll"] + np.deg2rad(28) * wave
    full["head_yaw"] = full["head_yaw"] + np.deg2rad(4) * wave


def _shake(full: Channels, timeline: Timeline) -> None:
    """Roll head, then trunk, to and fro; most in the middle of the bout."""
    gate = timeline.gate("wet-dog shake", ramp_s=0.2) * timeline.vigor.clip(0.7, 1.2)
    phase = 2 * np.pi * SHAKE_HZ * timeline.since
    trunk = np.deg2rad(16) * gate * np.sin(phase - 1.2)
    full["roll"] = full["roll"] + trunk
    full["head_roll"] = full["head_roll"] + np.deg2rad(32) * gate * np.sin(phase) - trunk


def add_gait(full: Channels, cycle: FloatArray, progression: FloatArray) -> Channels:
    """Add what the strides do to the trunk: bobbing, rolling, and the flexing of a running back."""
    turn = 2 * np.pi * cycle
    walk = np.clip(np.abs(progression) / 8, 0, 1)
    run = ease((progression - 18) / 16)
    moved = dict(full)
    moved["hip_height"] = full["hip_height"] + (0.04 * walk + 0.05 * run) * np.sin(2 * turn)
    moved["roll"] = full["roll"] + np.deg2rad(1.5) * walk * np.sin(turn)
    sway = np.deg2rad(3.5) * walk * (1 - 0.7 * run) * np.cos(turn)
    moved["bend"] = full["bend"] + sway
    moved["head_yaw"] = full["head_yaw"] - 0.6 * sway
    flex = run * np.cos(turn + 0.5)
    moved["arch"] = full["arch"] + np.deg2rad(5) * flex
    moved["trunk_pitch"] = full["trunk_pitch"] + np.deg2rad(3) * run * np.sin(turn)
    return moved
