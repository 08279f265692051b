"""How each behaviour holds the body: a table of postures, and one flowing into the next."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mousegpt.core.arrays import FloatArray
from mousegpt.synthetic.anatomy import HEAD, NECK, RUMP, SHOULDER, SPINE, Body
from mousegpt.synthetic.behaviors import BEHAVIORS
from mousegpt.synthetic.motion.timeline import Timeline, ease

Channels = dict[str, FloatArray]

#: forepaws and hindpaws: neutral place ahead of shoulder or hip joint, and beside the midline
COLUMNS: Final = (
    "hip_height", "trunk_pitch", "arch", "neck_pitch", "head_pitch", "tail_lift",
    "fore_ahead", "fore_aside", "hind_ahead", "hind_aside", "bend", "head_yaw", "roll", "head_roll",
)  # fmt: skip
ANGLES: Final = frozenset(
    {"trunk_pitch", "arch", "neck_pitch", "head_pitch", "bend", "head_yaw", "roll", "head_roll"}
)
#: these are to the side of the bout: left as tabulated
SIDED: Final = ("bend", "head_yaw", "roll", "head_roll")

#                    hip  trunk arch neck head tail   forepaws     hindpaws    bend  head roll head
#                    height pitch  pitch pitch lift   ahead aside  ahead aside       yaw       roll
POSTURES: Final[dict[str, tuple[float, ...]]] = {
    "still":             (2.05, 10, 30, 32, -40, 0.2, 0.40, 0.75, 0.60, 1.20,   0,   0,   0,   0),
    "crouched":          (1.75, 14, 40, 42, -58, 0.1, 0.25, 0.65, 0.90, 1.25,   0,   0,   0,   0),
    "lying":             (1.40,  6, 20, -8, -18, 0.0, 0.75, 0.80, 0.80, 1.30,  62,  30,  -9,  -6),
    "sniffing":          (2.00,  6, 31, 15, -56, 0.3, 0.50, 0.75, 0.50, 1.20,   0,   0,   0,   0),
    "head scanning":     (2.10, 14, 27, 34, -20, 0.2, 0.40, 0.75, 0.55, 1.20,   0,   0,   0,   0),
    "walking":           (2.15,  9, 28, 32, -48, 0.7, 0.25, 0.70, 0.40, 1.10,   0,   0,   0,   0),
    "running":           (2.20,  8, 21, 22, -28, 1.6, 0.25, 0.62, 0.40, 0.95,   0,   0,   0,   0),
    "backing":           (2.00, 10, 31, 32, -36, 0.2, 0.40, 0.75, 0.55, 1.20,   0,   0,   0,   0),
    "turning":           (2.05, 10, 30, 32, -42, 0.3, 0.40, 0.75, 0.50, 1.20,   0,   0,   0,   0),
    "rearing":           (2.85, 62, 13, 52, 10, 0.1, 0.60, 0.70, 0.75, 1.25,   0,   0,   0,   0),
    "supported rearing": (3.05, 70,  8, 62, 38, 0.1, 0.60, 0.75, 0.60, 1.25,   0,   0,   0,   0),
    "wall exploration":  (2.10, 12, 27, 22, -28, 0.4, 0.40, 0.72, 0.45, 1.15,  14,  34,   0,   0),
    "face grooming":     (1.75, 44, 30,  4, -64, 0.1, 0.60, 0.70, 1.00, 1.30,   0,   0,   0,   0),
    "body grooming":     (1.75, 42, 30, 10, -70, 0.1, 0.60, 0.75, 0.95, 1.35,  72,  96,   9, -15),
    "scratching":        (1.75, 22, 36, 10, -40, 0.1, 0.40, 0.85, 0.95, 1.30,  42,  34,   9, -30),
    "head twitch":       (2.05, 10, 29, 32, -32, 0.2, 0.40, 0.75, 0.60, 1.20,   0,   0,   0,   0),
    "wet-dog shake":     (2.15, 11, 26, 30, -28, 0.5, 0.40, 0.90, 0.55, 1.35,   0,   0,   0,   0),
    "jumping":           (2.15, 16, 22, 20, -14, 1.4, 0.40, 0.70, 0.55, 1.10,   0,   0,   0,   0),
    "stretch-attending": (1.85,  1,  8, -3, -14, 0.3, 0.85, 0.80, 0.10, 1.20,   0,   0,   0,   0),
    "digging":           (1.95,  0, 30, -8, -22, 0.4, 0.60, 0.75, 0.55, 1.30,   0,   0,   0,   0),
    "circling":          (2.10,  8, 25, 22, -32, 0.5, 0.30, 0.78, 0.40, 1.40,  16,  12,   0,   0),
}  # fmt: skip

#: how much individual bouts differ: standard deviation
SPREAD: Final = {
    "hip_height": 0.07, "trunk_pitch": 3.0, "arch": 2.5, "neck_pitch": 6.0, "head_pitch": 6.0,
    "head_yaw": 6.0,
}  # fmt: skip
LIE_DOWN_S: Final = 1.5
CLEARANCE: Final = 0.12  # of snout and tail base above the floor, cm
CHEST_DEPTH: Final = 0.7  # of the shoulders above the floor, cm
_TABLE: Final = np.array([POSTURES[name] for name in BEHAVIORS])
_SCALE: Final = np.array([np.pi / 180 if name in ANGLES else 1.0 for name in COLUMNS])


def hold_postures(timeline: Timeline, body: Body, *, fps: float, settle_s: float = 0.1) -> Channels:
    """Let one posture flow into the next.

    Returns
    -------
    dict
        The columns of the table over time, cm (of this mouse's size) and radians.
    """
    still = BEHAVIORS.index("still")
    amount = np.clip(0.5 + 0.5 * timeline.vigor, 0.75, 1.15)[:, None]
    goal = _TABLE[still] + amount * (_TABLE[timeline.code] - _TABLE[still])
    goal += timeline.draws @ _spread_draws()
    down = ease(np.minimum(timeline.since, timeline.left) / LIE_DOWN_S)
    lies = timeline.shows("lying")[:, None]
    crouched = _TABLE[BEHAVIORS.index("crouched")]
    goal = np.where(lies, crouched + down[:, None] * (goal - crouched), goal)
    goal[:, COLUMNS.index("arch")] += timeline.hunch / 3  # of three joints
    goal[:, COLUMNS.index("hind_aside")] += 0.35 * timeline.sway
    for name in SIDED:
        goal[:, COLUMNS.index(name)] *= timeline.side
    settled = gaussian_filter1d(goal * _SCALE, settle_s * fps, axis=0, mode="nearest")
    channels = dict(zip(COLUMNS, settled.T.copy(), strict=True))
    for name in set(COLUMNS) - ANGLES:
        channels[name] *= body.size
    return channels


def clear_floor(channels: Channels, body: Body) -> Channels:
    """Lift hip and head where the tail base or the snout would touch the floor."""
    pitch, arch, size = channels["trunk_pitch"], channels["arch"], body.size
    rise = SPINE * size * (np.sin(pitch + arch) + np.sin(pitch) + np.sin(pitch - arch))
    rump = CLEARANCE + RUMP * size * np.sin(pitch + 2 * arch)
    chest = size * (CHEST_DEPTH - SHOULDER[2] * np.cos(pitch - arch)) - rise
    hip = _soft_maximum(channels["hip_height"], np.maximum(rump, chest), 0.05)
    nape = hip + rise + NECK * size * np.sin(channels["neck_pitch"])
    steepest = np.arcsin(np.clip((CLEARANCE - nape) / (HEAD * size), -1, 1))
    head = _soft_maximum(channels["head_pitch"], steepest, 0.06)
    return channels | {"hip_height": hip, "head_pitch": head}


def _soft_maximum(values: FloatArray, least: FloatArray, width: float) -> FloatArray:
    return np.asarray((values + least + np.hypot(values - least, width)) / 2)


def _spread_draws() -> FloatArray:
    """Return which of a bout's draws moves which channel, shape (6, channel)."""
    rows = np.zeros((len(SPREAD), len(COLUMNS)))
    for i, (name, amount) in enumerate(SPREAD.items()):
        rows[i, COLUMNS.index(name)] = amount
    return rows
