"""How the mouse holds and moves itself: from a path and its labels to posture channels.

Each behaviour is a row of ``POSTURES`` (what the body is drawn to) plus rhythms; the channels are
smoothed over time, so that one posture flows into the next. Paws step in closed form: a footfall
is the neutral place under the body half-way through its stance.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mousegpt.core.arrays import FloatArray
from stickmouse.body import Stance, make_frame

#                     hip     trunk  arch  head   tail    fore-   at   at    in the
#                     height  pitch        pitch  height  paws    face wall  air
#                     cm      deg    deg   deg    cm      (0 or 1)
POSTURES: Final[dict[str, tuple[float, ...]]] = {
    "still":             (2.30,  -4,    18,   -8,   0.4,            0,   0,    0),
    "walking":           (2.55,  -6,    12,  -14,   0.9,            0,   0,    0),
    "running":           (2.65,  -3,     7,   -6,   2.0,            0,   0,    0),
    "turning":           (2.40,  -6,    14,  -14,   0.7,            0,   0,    0),
    "rearing":           (2.95,  62,     4,   12,   0.3,            0,   0,    1),
    "supported rearing": (2.90,  60,     2,   48,   0.3,            0,   1,    0),
    "grooming":          (1.75,  42,    28,  -42,   0.3,            1,   0,    0),
    "sniffing":          (2.55, -10,    10,  -22,   0.5,            0,   0,    0),
    "head scanning":     (2.40,   2,    14,    2,   0.5,            0,   0,    0),
    "jumping":           (2.70,   6,     4,    4,   1.8,            0,   0,    0),
}  # fmt: skip
CHANNELS: Final = (
    "hip_height", "trunk_pitch", "arch", "head_pitch", "tail_height",
    "at_face", "at_wall", "in_air",
)  # fmt: skip
ANGLES: Final = ("trunk_pitch", "arch", "head_pitch")

#: behaviour -> (channel, amplitude in degrees or cm, frequency in Hz)
RHYTHMS: Final[dict[str, tuple[tuple[str, float, float], ...]]] = {
    "still": (("hip_height", 0.03, 2.5),),
    "running": (("arch", 8, 4.0), ("trunk_pitch", 4, 4.0)),
    "rearing": (("head_yaw", 16, 0.5), ("head_pitch", 5, 3.0)),
    "supported rearing": (("head_yaw", 14, 0.6), ("head_pitch", 4, 3.0)),
    "grooming": (("head_pitch", 5, 2.5), ("head_yaw", 8, 0.7), ("stroke", 0.5, 5.0)),
    "sniffing": (("head_pitch", 5, 6.0), ("head_yaw", 30, 0.7)),
    "head scanning": (("head_yaw", 46, 0.7), ("bend", 12, 0.7)),
}

#: paw -> (forward, left) from the root on the ground, cm; and its place in the cycle of steps
PAWS: Final[dict[str, tuple[float, float, float]]] = {
    "ForepawL": (3.9, 0.8, 0.5),
    "ForepawR": (3.9, -0.8, 0.0),
    "HindpawL": (0.9, 1.15, 0.1),
    "HindpawR": (0.9, -1.15, 0.6),
}
DUTY: Final = 0.62  # share of the cycle that a paw stands
STEP_HEIGHT: Final = 0.9
PAD_HEIGHT: Final = 0.12  # of a standing paw's keypoint
GRAVITY: Final = 981.0  # cm/s²
TAIL_REACH: Final = 7.5  # from the root to the tip of the tail, cm


def choreograph(path: FloatArray, labels: list[str], *, radius: float, fps: float) -> Stance:
    """Turn a path into posture channels.

    Parameters
    ----------
    path
        ``x, y, yaw`` of the root, shape (time, 3), body units and radians.
    labels
        Behaviour of every frame.
    radius
        Of the arena, body units.
    """
    channels = _follow_postures(labels, fps)
    _add_rhythms(channels, labels, fps)
    yaw = path[:, 2]
    turning = np.gradient(yaw) * fps  # rad/s; the fore body leads into the turn
    lead = gaussian_filter1d(np.clip(0.12 * turning, -0.5, 0.5), 0.08 * fps)
    lag = gaussian_filter1d(yaw, 0.25 * fps) - 0.8 * lead + _curl_tail(path, radius, fps)
    paws = _step(path, fps)
    _raise_forepaws(paws, channels, path, radius)
    return Stance(
        x=path[:, 0],
        y=path[:, 1],
        yaw=yaw,
        hip_height=channels["hip_height"],
        trunk_pitch=channels["trunk_pitch"],
        arch=channels["arch"],
        bend=channels["bend"] + lead,
        head_pitch=channels["head_pitch"],
        head_yaw=channels["head_yaw"] + 0.8 * lead,
        tail_yaw=lag,
        tail_height=channels["tail_height"],
        lift=_jump(labels, fps),
        at_face=channels["at_face"],
        stroke=channels["stroke"],
        paws=paws,
    )


def _curl_tail(path: FloatArray, radius: float, fps: float) -> FloatArray:
    """Turn the tail along the wall where it would poke through, radians."""
    x, y, yaw = path.T
    overshoot = np.hypot(x - TAIL_REACH * np.cos(yaw), y - TAIL_REACH * np.sin(yaw)) - radius
    side = np.sign(x * np.sin(yaw) - y * np.cos(yaw))
    return np.asarray(gaussian_filter1d(0.36 * side * np.maximum(overshoot, 0), 0.2 * fps))


def _follow_postures(
    labels: list[str], fps: float, *, settle_s: float = 0.09
) -> dict[str, FloatArray]:
    targets = np.array([POSTURES[label] for label in labels])
    smooth = gaussian_filter1d(targets, settle_s * fps, axis=0, mode="nearest")
    channels = dict(zip(CHANNELS, smooth.T, strict=True))
    for name in ANGLES:
        channels[name] = np.deg2rad(channels[name])
    zero = np.zeros(len(labels))
    return channels | {"head_yaw": zero, "bend": zero, "stroke": zero}


def _add_rhythms(channels: dict[str, FloatArray], labels: list[str], fps: float) -> None:
    names = np.array(labels)
    time = np.arange(len(labels)) / fps
    for behavior, rhythms in RHYTHMS.items():
        active = gaussian_filter1d((names == behavior).astype(float), 0.1 * fps)
        for channel, amplitude, frequency in rhythms:
            scale = 1.0 if channel in ("hip_height", "stroke") else np.pi / 180
            wave = scale * amplitude * np.sin(2 * np.pi * frequency * time)
            channels[channel] = channels[channel] + active * wave


def _jump(labels: list[str], fps: float, *, crouch_s: float = 0.25) -> FloatArray:
    """Height above the standing posture: free fall between take-off and landing, cm."""
    height = np.zeros(len(labels))
    jumping = np.array([label == "jumping" for label in labels])
    starts = np.flatnonzero(jumping & ~np.r_[False, jumping[:-1]])
    flight_s = 0.24
    for start in starts.tolist():
        frames = np.arange(start, min(start + round(0.7 * fps), len(labels)))
        t = np.clip((frames - start) / fps - crouch_s, 0, flight_s)
        height[frames] = 0.5 * GRAVITY * t * (flight_s - t)
    return height


def _step(path: FloatArray, fps: float) -> dict[str, FloatArray]:
    """Place the four paws relative to the root, shape (time, 3) each."""
    travelled = np.hypot(*np.gradient(path[:, :2], axis=0).T) * fps
    effort = travelled + 3.0 * np.abs(np.gradient(path[:, 2])) * fps
    rate = effort / (4.0 + 0.1 * effort)  # strides per second: faster means more and longer
    cycle = np.cumsum(rate) / fps + 1e-7 * np.arange(len(path))  # strictly increasing
    paws = {}
    for name, (forward, left, offset) in PAWS.items():
        place = _neutral_place(path, forward, left)
        step = np.floor(cycle + offset)
        phase = cycle + offset - step
        here, there = (_at_cycle(cycle, place, step + k - offset + DUTY / 2) for k in (0, 1))
        swing = np.clip((phase - DUTY) / (1 - DUTY), 0, 1)
        moved = (swing * swing * (3 - 2 * swing))[:, None]
        ground = here + moved * (there - here) - path[:, :2]
        raised = STEP_HEIGHT * np.sin(np.pi * swing) * np.clip(rate, 0, 1)
        paws[name] = np.concatenate([ground, (PAD_HEIGHT + raised)[:, None]], axis=1)
    return paws


def _neutral_place(path: FloatArray, forward: float, left: float) -> FloatArray:
    cos, sin = np.cos(path[:, 2]), np.sin(path[:, 2])
    offset = np.stack([forward * cos - left * sin, forward * sin + left * cos], axis=-1)
    return np.asarray(path[:, :2] + offset)


def _at_cycle(cycle: FloatArray, place: FloatArray, when: FloatArray) -> FloatArray:
    return np.stack([np.interp(when, cycle, column) for column in place.T], axis=-1)


def _raise_forepaws(
    paws: dict[str, FloatArray], channels: dict[str, FloatArray], path: FloatArray, radius: float
) -> None:
    """Draw the forepaws from the ground to the wall, or before the chest when in the air."""
    yaw = path[:, 2]
    ahead = make_frame(yaw, np.zeros_like(yaw))
    to_wall = _distance_ahead(path, radius) - 0.4
    at_wall, in_air = channels["at_wall"][:, None], channels["in_air"][:, None]
    for name, side in (("ForepawL", 1.0), ("ForepawR", -1.0)):
        level = np.full_like(yaw, 1.0)
        wall = np.stack([to_wall, 0.7 * side * level, (6.4 + 0.3 * side) * level], axis=-1)
        air = np.stack([2.9 * level, 0.55 * side * level, 4.6 * level], axis=-1)
        raised = at_wall * np.einsum("tij,tj->ti", ahead, wall)
        raised += in_air * np.einsum("tij,tj->ti", ahead, air)
        paws[name] = (1 - at_wall - in_air) * paws[name] + raised


def _distance_ahead(path: FloatArray, radius: float) -> FloatArray:
    x, y, yaw = path.T
    along = x * np.cos(yaw) + y * np.sin(yaw)
    return np.asarray(-along + np.sqrt(np.maximum(along**2 + radius**2 - x**2 - y**2, 0)))
