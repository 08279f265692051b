"""Paws that do something else than stand: groom, scratch, dig, feel the wall, hang in the air."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mousegpt.core.arrays import BoolArray, FloatArray
from mousegpt.synthetic.anatomy import SIDES, Body
from mousegpt.synthetic.arena import SyntheticArena, measure_ray_to_wall, push_inside
from mousegpt.synthetic.bending import make_axes
from mousegpt.synthetic.body import Carriage, Paws, Trunk
from mousegpt.synthetic.motion.gait import PAD_HEIGHT, Steps
from mousegpt.synthetic.motion.leaping import Leap
from mousegpt.synthetic.motion.noise import drift
from mousegpt.synthetic.motion.rhythms import Beats
from mousegpt.synthetic.motion.timeline import Timeline, ease

#: what the forepaws are raised for
FORE_TASKS: Final = (
    "rearing", "supported rearing", "face grooming", "body grooming", "digging",
)  # fmt: skip
TOUCHES: Final = 0.004  # a paw raised less than this stands
PAW_GAP: Final = 0.3  # between a paw and the wall, cm


@dataclass(frozen=True, eq=False)
class Tasks:
    """How much the paws are raised for each task, 0-1, shape (time,) each.

    ``fore``: tasks of both forepaws, by behaviour. ``scratch``: of the hind paws by side.
    """

    fore: dict[str, FloatArray]
    scratch: dict[str, FloatArray]
    leap: Leap

    @property
    def raised(self) -> FloatArray:
        """How much each paw is raised for anything, shape (time, 4)."""
        fore = np.clip(sum(self.fore.values(), self.leap.fore), 0, 1)
        hind = [np.clip(self.scratch[side] + self.leap.hind, 0, 1) for side in SIDES]
        return np.stack([fore, fore, *hind], axis=1)


def assign_paws(timeline: Timeline, leaping: Leap, *, fps: float) -> Tasks:
    """Raise the paws in time for what the bouts ask; they come down when the body does."""
    fore = {name: _raise(timeline.shows(name), fps) for name in FORE_TASKS}
    total = np.maximum(sum(fore.values(), leaping.fore), 1)
    itches = timeline.shows("scratching")
    scratch = {
        side: _raise(itches & (timeline.side == sign), fps, late=True)
        for side, sign in SIDES.items()
    }
    return Tasks({name: weight / total for name, weight in fore.items()}, scratch, leaping)


def _raise(shows: BoolArray, fps: float, *, late: bool = False) -> FloatArray:
    share = gaussian_filter1d(shows.astype(float), 0.09 * fps, mode="nearest")
    return ease((share - 0.5) / 0.45) if late else ease((share - 0.03) / 0.6)


@dataclass(frozen=True, eq=False)
class Reach:
    """Where a paw is drawn to: place (time, 3), pitch and yaw (time,)."""

    place: FloatArray
    pitch: FloatArray
    yaw: FloatArray


def reach_out(
    steps: Steps,
    tasks: Tasks,
    spine: Trunk,
    carriage: Carriage,
    timeline: Timeline,
    beats: Beats,
    arena: SyntheticArena,
    body: Body,
    rng: np.random.Generator,
) -> tuple[Paws, BoolArray]:
    """Move the paws from the ground to what they do; returns them and which stand, (time, 4)."""
    places, pitch, yaw = steps.places.copy(), _tilt_feet(steps), steps.yaw.copy()
    chest, kicks = carriage.yaw + carriage.bend, np.zeros_like(tasks.raised)
    for i, side in enumerate(SIDES):
        goals = [
            (tasks.fore["rearing"], _hang(spine, chest, side, timeline, body, rng)),
            (tasks.fore["supported rearing"], _lean(spine, chest, side, timeline, arena, rng)),
            (tasks.fore["face grooming"], _wash(spine, chest, side, timeline, beats, body, rng)),
            (tasks.fore["body grooming"], _hold(spine, chest, side, beats, body)),
            (tasks.fore["digging"], _dig(spine, chest, side, beats, body)),
            (tasks.leap.fore, _fly(spine, chest, side, tasks.leap, body, fore=True)),
        ]
        _blend(places, pitch, yaw, i, goals)
        foot = i + 2
        kicks[:, foot] = _kick(places[:, foot], carriage.yaw, side, timeline)
        goals = [
            (tasks.scratch[side], _scratch(spine, carriage.yaw, side, beats, body)),
            (tasks.leap.hind, _fly(spine, carriage.yaw, side, tasks.leap, body, fore=False)),
        ]
        _blend(places, pitch, yaw, foot, goals)
    places[..., 2] = np.maximum(places[..., 2], PAD_HEIGHT)
    places[..., :2] = push_inside(arena, places[..., :2], np.full(places.shape[:2], PAW_GAP))
    stands = (steps.swing >= 1) & (tasks.raised < TOUCHES) & (kicks < TOUCHES)
    return Paws(places, pitch, yaw), stands


def _tilt_feet(steps: Steps) -> FloatArray:
    """Pitch hands and feet: heels down, raised before they lift, toes hanging in the swing."""
    rest, lift = np.array([-0.5, -0.5, -0.13, -0.13]), np.array([-0.45, -0.45, -0.75, -0.75])
    length = np.clip((steps.places[..., 2] - PAD_HEIGHT) / 0.2, 0, 1)
    hang = length * (1 - ease((steps.swing - 0.35) / 0.55))
    off = np.where(steps.swing < 1, np.maximum(1 - steps.swing / 0.5, hang).clip(0, 1), steps.push)
    return np.asarray(rest + lift * np.where(steps.swing < 1, off * _was_pushed(steps), off))


def _was_pushed(steps: Steps) -> FloatArray:
    """How large the step under way is, 0-1, shape (time, 4): small ones leave the heel down."""
    return np.asarray(ease(np.clip(_step_height(steps) / 0.15, 0, 1)))


def _step_height(steps: Steps) -> FloatArray:
    sine = np.sin(np.pi * steps.swing.clip(0.02, 0.98)) ** 2
    return np.asarray((steps.places[..., 2] - PAD_HEIGHT) / sine)


def _blend(
    places: FloatArray,
    pitch: FloatArray,
    yaw: FloatArray,
    paw: int,
    goals: list[tuple[FloatArray, Reach]],
) -> None:
    ground = np.concatenate([places[:, paw], pitch[:, paw, None], yaw[:, paw, None]], axis=1)
    moved = ground.copy()
    for weight, goal in goals:
        wanted = np.concatenate([goal.place, goal.pitch[:, None], goal.yaw[:, None]], axis=1)
        moved += weight[:, None] * (wanted - ground)
    places[:, paw], pitch[:, paw], yaw[:, paw] = moved[:, :3], moved[:, 3], moved[:, 4]


def _ahead(spine: Trunk, joint: str, yaw: FloatArray, *offset: float | FloatArray) -> FloatArray:
    """Return a place ahead, left and up of a joint, by a heading."""
    axes = make_axes(yaw, np.zeros_like(yaw))
    shift = np.stack([np.broadcast_to(part, yaw.shape) for part in offset], axis=-1)
    return np.asarray(spine.points[joint] + np.einsum("tij,tj->ti", axes, shift))


def _hang(
    spine: Trunk, chest: FloatArray, side: str, timeline: Timeline, body: Body,
    rng: np.random.Generator,
) -> Reach:  # fmt: skip
    """Hold the forepaw before the chest."""
    sign, stir = SIDES[side], 0.15 * drift(timeline.times, rng, band_hz=(0.3, 1.5))
    place = _ahead(
        spine, f"Shoulder{side}", chest,
        body.size * (1.2 + stir), -0.2 * sign, body.size * (-1.0 + 0.7 * stir),
    )  # fmt: skip
    return Reach(place, np.full_like(chest, -0.9), chest - 0.2 * sign)


def _lean(
    spine: Trunk, chest: FloatArray, side: str, timeline: Timeline, arena: SyntheticArena,
    rng: np.random.Generator,
) -> Reach:  # fmt: skip
    """Lean the forepaw on the wall, and let it feel its way up and down."""
    joint = spine.points[f"Shoulder{side}"]
    away = np.minimum(measure_ray_to_wall(arena, joint[:, :2], chest) - PAW_GAP, 2.7)
    feel = drift(timeline.times, rng, band_hz=(0.4, 1.4))
    pats = ease(feel.clip(0, 1)) * 0.4
    place = _ahead(spine, f"Shoulder{side}", chest, away - 0.5 * pats, 0.1 * SIDES[side],
                   0.5 + 0.5 * feel)  # fmt: skip
    return Reach(place, np.full_like(chest, 0.9), chest)


def _wash(
    spine: Trunk, chest: FloatArray, side: str, timeline: Timeline, beats: Beats, body: Body,
    rng: np.random.Generator,
) -> Reach:  # fmt: skip
    """Stroke the face: small ellipses at the snout, later long strokes from the ears forward."""
    sign = SIDES[side]
    share = timeline.since / np.maximum(timeline.length, 1e-6)
    large = ease((share - 0.3) / 0.3) * (0.75 + 0.25 * np.sin(0.23 * beats.stroke))
    alone = 1 - 0.8 * ease(sign * drift(timeline.times, rng, band_hz=(0.1, 0.4)) - 0.7)
    back = (0.5 - 0.5 * np.cos(beats.stroke)) * alone
    wide = np.sin(beats.stroke) * alone
    local = np.stack(
        [
            2.45 - (0.5 + 1.5 * large) * back,
            sign * (0.32 + 0.12 * wide + 0.55 * large * back),
            -0.3 + (0.2 + 0.75 * large) * back - 0.12 * wide,
        ],
        axis=-1,
    )
    place = spine.points["nape"] + body.size * np.einsum("tij,tj->ti", spine.axes["skull"], local)
    return Reach(place, np.full_like(chest, 0.2), chest - 0.5 * sign)


def _hold(spine: Trunk, chest: FloatArray, side: str, beats: Beats, body: Body) -> Reach:
    """Hold the fur that is licked."""
    place = _ahead(spine, f"Shoulder{side}", chest, 1.0 + 0.1 * np.sin(beats.lick), 0.0, -0.9)
    return Reach(place, np.full_like(chest, -0.4), chest)


def _dig(spine: Trunk, chest: FloatArray, side: str, beats: Beats, body: Body) -> Reach:
    """Scrape the floor backwards, swing forward above it; left and right take turns."""
    phase = beats.dig + (0.0 if side == "L" else np.pi)
    place = _ahead(spine, f"Shoulder{side}", chest, 0.4 + 0.95 * np.cos(phase), 0.0, 0.0)
    place[:, 2] = PAD_HEIGHT + 0.6 * ease(-np.sin(phase))
    return Reach(place, -0.6 + 0.4 * np.sin(phase), chest)


def _kick(place: FloatArray, yaw: FloatArray, side: str, timeline: Timeline) -> FloatArray:
    """Throw the dug bedding back with the hind paws, now and then; returns how far, 0-1."""
    start = 0.0 if side == "L" else 0.14
    swing = np.clip(((timeline.since + start) % 1.3 - 1.0) / 0.14, 0, 1)
    kick = timeline.gate("digging") * np.sin(np.pi * swing) ** 2
    place[:, 0] -= 1.1 * kick * np.cos(yaw)
    place[:, 1] -= 1.1 * kick * np.sin(yaw)
    place[:, 2] += 0.35 * kick
    return np.asarray(kick)


def _scratch(spine: Trunk, yaw: FloatArray, side: str, beats: Beats, body: Body) -> Reach:
    """Draw the hind paw to and fro behind the ear."""
    sign = SIDES[side]
    stroke = np.sin(beats.scratch)
    local = np.stack(
        [0.1 + 0.4 * stroke, np.full_like(yaw, 0.8 * sign), -0.1 + 0.3 * np.cos(beats.scratch)],
        axis=-1,
    )
    place = spine.points["nape"] + body.size * np.einsum("tij,tj->ti", spine.axes["skull"], local)
    line = place - spine.points[f"hip_{side}"]
    aim = np.arctan2(line[:, 1], line[:, 0]) - yaw
    rise = np.arctan2(line[:, 2], np.linalg.norm(line[:, :2], axis=1))
    return Reach(place, rise + 0.15 * stroke, yaw + np.arctan2(np.sin(aim), np.cos(aim)))


def _fly(
    spine: Trunk, yaw: FloatArray, side: str, leaping: Leap, body: Body, *, fore: bool
) -> Reach:
    """Push off with the limb behind, draw it in, and stretch it ahead to land."""
    joint, stretched, aside = ("Shoulder", 2.5, 0.0) if fore else ("hip_", 3.7, 0.6)
    length = body.size * (stretched - 1.1 * np.sin(np.pi * leaping.flown) ** 2)
    ahead = body.size * (0.9 * leaping.flown + (0.2 if fore else -0.3))
    place = _ahead(spine, f"{joint}{side}", yaw, ahead, aside * SIDES[side], -length)
    return Reach(place, -1.0 + 0.7 * leaping.flown, yaw)
