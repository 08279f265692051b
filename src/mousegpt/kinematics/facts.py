"""Posture facts with their uncertainty."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.facts import FACTS
from mousegpt.core.poses import Poses
from mousegpt.core.recording import Arena
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.kinematics.anatomy import (
    PAWS,
    Anatomy,
    choose_anatomy,
    index_keypoints,
    measure_posture,
    propagate_noise,
    wrap_degrees,
)
from mousegpt.kinematics.cleaning import estimate_noise
from mousegpt.kinematics.scale import estimate_body_length
from mousegpt.kinematics.windows import (
    LineFit,
    fit_lines,
    follow_trunk,
    gather_windows,
    measure_speed,
)

#: Noise of a coordinate where it cannot be estimated (single frames), in body lengths: about what
#: a careful hand label is off.
UNSEEN_NOISE: Final = 0.02

#: A paw is in the air for 0.1 s in a step: its place and speed are those of half of that.
STEP_WINDOW_S: Final = 0.05

#: What a camera at the side cannot show: it sees neither left and right nor the floor plane.
NEEDS_TOP_VIEW: Final = (
    "y", "wall_distance", "snout_wall_distance", "heading", "turning_rate", "progression",
    "hind_progression", "sideways", "head_yaw", "tail_bend", "spine_bend_horizontal", "stretch",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Mouse:
    """One individual: its points (time, 24, 3), their noise (24,) and its length."""

    points: FloatArray
    n_axes: int
    noise: FloatArray
    length: float
    anatomy: Anatomy


def compute_facts(
    poses: Poses,
    frames: IntArray | None = None,
    *,
    arena: Arena | None = None,
    window_s: Annotated[float, Field(gt=0)] = 0.1,
    motion_window_s: Annotated[float, Field(gt=0)] = 0.25,
    systematic_error: Annotated[float, Field(ge=0)] = 0.01,
) -> pd.DataFrame:
    """Measure the posture facts and their standard deviations.

    Every keypoint's place and velocity come from a straight line through a short window; the
    facts are functions of those, and their sd follows from the noise of the keypoints by the
    derivative of each fact (delta method).

    Parameters
    ----------
    poses
        Scaled; when 3-D, aligned to the floor. Raw or cleaned.
    frames
        Which frames; all when None.
    arena
        Its centre in the frame of the poses. Wall distances need poses in cm.
    window_s, motion_window_s
        Length of the windows for places and for velocities.
    systematic_error
        Error of a keypoint that no averaging removes, in body lengths. Speeds are free of it.

    Returns
    -------
    pd.DataFrame
        ``individual``, ``frame``, ``time_s``, ``length_unit``, ``body_length``, every fact and its
        ``_sd``. A fact is NaN when a keypoint it needs is unknown in that frame or the view cannot
        show it. Besides, for the states alone, ``<paw>_ground_speed``: how fast the paw goes over
        the ground at the very moment (NaN below 40 frames/s).
    """
    if frames is None:
        frames = poses["frame"].to_numpy()
    unit = str(poses.attrs["unit"])
    lengths = estimate_body_length(poses)
    noise = estimate_noise(poses)
    tables = []
    for name in poses["individual"].to_numpy():
        mouse = _make_mouse(
            poses["position"].sel(individual=name).transpose("time", "keypoint", "space"),
            noise.sel(individual=name),
            float(lengths.sel(individual=name)),
        )
        facts = _measure_mouse(
            mouse,
            poses["frame"].to_numpy(),
            frames,
            fps=float(poses.attrs["fps"]),
            arena=arena if unit == "cm" else None,
            windows_s=(window_s, motion_window_s),
            systematic_error=systematic_error,
        )
        key = {
            "individual": str(name),
            "frame": frames,
            "time_s": frames / float(poses.attrs["fps"]),
            "length_unit": unit,
            "body_length": mouse.length,
        }
        tables.append(pd.DataFrame(key | facts))
    table = pd.concat(tables, ignore_index=True)
    return _hide_unseen(table, poses)


def _make_mouse(position: xr.DataArray, noise: xr.DataArray, length: float) -> _Mouse:
    """Bring one individual into plain arrays with all keypoints and three coordinates."""
    position = position.reindex(keypoint=list(KEYPOINTS))
    points = position.to_numpy()
    n_axes = points.shape[-1]
    if n_axes == 2:
        flat = np.where(np.isfinite(points[..., :1]), 0.0, np.nan)
        points = np.concatenate([points, flat], axis=-1)
    known_noise = noise.reindex(keypoint=list(KEYPOINTS)).to_numpy()
    filled = np.where(np.isfinite(known_noise), known_noise, UNSEEN_NOISE * length)
    return _Mouse(points, n_axes, filled, length, choose_anatomy(points))


def _measure_mouse(
    mouse: _Mouse,
    frames: IntArray,
    sampled: IntArray,
    *,
    fps: float,
    arena: Arena | None,
    windows_s: tuple[float, float],
    systematic_error: float,
) -> dict[str, FloatArray]:
    """Measure all facts and sds of one individual, in the order of the table."""
    windows = [
        gather_windows(mouse.points, frames, sampled, max(1, round(seconds * fps / 2)))
        for seconds in windows_s
    ]
    place, motion = (fit_lines(window, fps, mouse.noise) for window in windows)
    half = int(STEP_WINDOW_S * fps / 2)
    moment = fit_lines(gather_windows(mouse.points, frames, sampled, half), fps, mouse.noise)
    place = _sharpen_paws(place, moment)

    def measure(points: FloatArray) -> dict[str, FloatArray]:
        return measure_posture(points, mouse.anatomy, arena)

    facts = measure(place.position)
    gains = propagate_noise(measure, place.position, 1e-6 * mouse.length)
    place_sd = np.hypot(place.position_sd, systematic_error * mouse.length)
    sds = {name: _sum_noise(gain, place_sd) for name, gain in gains.items()}
    facts["stretch"] = facts["length"] / mouse.length
    sds["stretch"] = sds["length"] / mouse.length
    step = 1e-3  # s
    before, after = (measure(place.position + s * motion.velocity) for s in (-step, step))
    for rate, fact in (("turning_rate", "heading"), ("vertical_speed", "fore_height")):
        change = after[fact] - before[fact]
        facts[rate] = (wrap_degrees(change) if fact == "heading" else change) / (2 * step)
        sds[rate] = _sum_noise(gains[fact], motion.velocity_sd)
    _add_course(facts, sds, motion, mouse.anatomy)
    _add_movements(facts, sds, mouse, windows[1], fps)
    _add_ground_speeds(facts, sds, moment, mouse.n_axes)
    names = [*(fact.name for fact in FACTS), *(f"{paw}_ground_speed" for paw in PAWS)]
    known = {name: np.isfinite(facts[name]) for name in names}
    return {name: facts[name] for name in names} | {
        f"{name}_sd": np.where(known[name], sds[name], np.nan) for name in known
    }


def _add_course(
    facts: dict[str, FloatArray], sds: dict[str, FloatArray], motion: LineFit, anatomy: Anatomy
) -> None:
    """Split the velocities of the trunk's centre and rear into along and across the heading."""
    heading, heading_sd = np.radians(facts["heading"]), np.radians(sds["heading"])
    for landmark, along, across in (
        (anatomy.trunk, "progression", "sideways"),
        (anatomy.rear, "hind_progression", "hind_sideways"),
    ):
        points = index_keypoints(landmark)
        x, y, _ = motion.velocity[:, points].mean(axis=1).T
        sd = np.sqrt((motion.velocity_sd[:, points] ** 2).sum(axis=1)) / len(points)
        facts[along] = x * np.cos(heading) + y * np.sin(heading)
        facts[across] = y * np.cos(heading) - x * np.sin(heading)
        sds[along] = np.hypot(sd, facts[across] * heading_sd)
        sds[across] = np.hypot(sd, facts[along] * heading_sd)


def _add_movements(
    facts: dict[str, FloatArray],
    sds: dict[str, FloatArray],
    mouse: _Mouse,
    windows: FloatArray,
    fps: float,
) -> None:
    """Measure the movements of head and paws.

    A paw planted under a swaying body moves against the trunk, a paw carried along moves against
    the ground; neither is a movement of the paw, so the smaller of the two speeds counts.
    """
    trunk = index_keypoints(mouse.anatomy.trunk)
    followed = follow_trunk(windows, trunk, np.radians(facts["turning_rate"]), fps)
    against_trunk = measure_speed(followed, fps, mouse.noise, mouse.n_axes)
    against_ground = measure_speed(windows, fps, mouse.noise, mouse.n_axes)
    snout = KEYPOINTS.index("Snout")
    facts["head_speed_relative"], sds["head_speed_relative"] = (p[:, snout] for p in against_trunk)
    smaller = against_trunk[0] < against_ground[0]
    speed, sd = (
        np.where(smaller, *pair) for pair in zip(against_trunk, against_ground, strict=True)
    )
    for paw, name in PAWS.items():
        facts[f"{paw}_speed"] = speed[:, KEYPOINTS.index(name)]
        sds[f"{paw}_speed"] = sd[:, KEYPOINTS.index(name)]


def _sharpen_paws(place: LineFit, moment: LineFit) -> LineFit:
    """Take the places of the paws from the shorter window, the others from the longer one."""
    paws = index_keypoints(tuple(PAWS.values()))
    position, sd = place.position.copy(), place.position_sd.copy()
    position[:, paws], sd[:, paws] = moment.position[:, paws], moment.position_sd[:, paws]
    return replace(place, position=position, position_sd=sd)


def _add_ground_speeds(
    facts: dict[str, FloatArray], sds: dict[str, FloatArray], moment: LineFit, n_axes: int
) -> None:
    """Measure how fast the paws go over the ground; noise adds to a length, so it is taken off."""
    for paw, name in PAWS.items():
        keypoint = KEYPOINTS.index(name)
        sd = moment.velocity_sd[:, keypoint]
        square = (moment.velocity[:, keypoint] ** 2).sum(axis=1)
        facts[f"{paw}_ground_speed"] = np.sqrt(np.maximum(square - n_axes * sd**2, 0))
        sds[f"{paw}_ground_speed"] = sd


def _sum_noise(gain: FloatArray, keypoint_sd: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt((np.where(gain > 0, gain * keypoint_sd, 0) ** 2).sum(axis=1)))


def _hide_unseen(table: pd.DataFrame, poses: Poses) -> pd.DataFrame:
    """Blank the facts that the view cannot show."""
    if poses.sizes["space"] == 3:
        return table
    hidden = [fact.name for fact in FACTS if fact.needs_3d]
    if poses.attrs.get("view_angle") == "side":
        hidden += NEEDS_TOP_VIEW
    return table.assign(**{n: np.nan for name in hidden for n in (name, f"{name}_sd")})
