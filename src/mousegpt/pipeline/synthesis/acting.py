"""One recording of a synthetic study: the mouse acts, and its tables are written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import pandas as pd

from mousegpt.core.arrays import FloatArray
from mousegpt.description.kinematic import describe_posture
from mousegpt.io.poses import save_poses
from mousegpt.io.tables import save_table
from mousegpt.kinematics.posture import compute_posture
from mousegpt.pipeline.synthesis.settings import SynthesisFolder, SynthesisSettings
from mousegpt.synthetic.anatomy import Body, draw_body
from mousegpt.synthetic.arena import find_arena
from mousegpt.synthetic.body import pose_skeleton
from mousegpt.synthetic.measurement import build_exact_poses, measure_poses
from mousegpt.synthetic.motion import Performance, act
from mousegpt.synthetic.study import (
    DESIGNS,
    Design,
    PlannedRecording,
    StudyPlan,
    plan_study,
    script_recording,
)
from mousegpt.synthetic.truth import build_truth, settle_states

TRUTHS = ("poses", "frames", "posture", "descriptions")


@dataclass(frozen=True, eq=False)
class Act:
    """What a mouse did: exact keypoints in cm, shape (time, 24, 3), and all that led to them."""

    recording: PlannedRecording
    body: Body
    performance: Performance
    keypoints: FloatArray


@lru_cache(maxsize=4)
def plan_recordings(settings: SynthesisSettings) -> StudyPlan:
    """Plan the study of the settings."""
    design = DESIGNS.get(settings.design, settings.design)
    if settings.minutes is not None and isinstance(design, Design):
        design = replace(design, duration_s=60 * settings.minutes)
    planted = {"jumping": settings.planted_jumps} if settings.planted_jumps else {}
    return plan_study(design, effect_size=settings.effect, planted=planted, seed=settings.seed)


@lru_cache(maxsize=1)  # the parts of a video follow each other
def act_recording(settings: SynthesisSettings, number: int) -> Act:
    """Let the mouse of a recording act."""
    plan = plan_recordings(settings)
    recording = plan.recordings[number]
    body = draw_body(seed=recording.animal.body_seed)
    performance = act(
        script_recording(plan, recording),
        body,
        find_arena(settings.arena),
        duration_s=recording.duration_s,
        fps=settings.fps,
        seed=recording.seed,
    )
    return Act(recording, body, performance, pose_skeleton(performance.stance, body))


def is_tabulated(settings: SynthesisSettings, number: int, folder: Path) -> bool:
    """Say whether all tables of a recording are there."""
    place, name = SynthesisFolder(folder), plan_recordings(settings).recordings[number].id
    return all(path.exists() for path in (place.poses(name), *_list_truths(place, name)))


def tabulate_recording(settings: SynthesisSettings, number: int, folder: Path) -> None:
    """Write the poses and the truth of a recording."""
    place, played = SynthesisFolder(folder), act_recording(settings, number)
    name, arena = played.recording.id, find_arena(settings.arena)
    exact = build_exact_poses(played.keypoints, fps=settings.fps)
    frames = build_truth(played.performance, played.keypoints, arena, fps=settings.fps)
    facts = compute_posture(
        exact,
        arena=arena.outline,
        rate_hz=settings.truth_rate_hz,
        systematic_error=0.0,
        certainty=0.51,
    )
    posture = settle_states(facts, frames).assign(recording=name)
    measured = measure_poses(
        exact,
        noise_cm=settings.noise_cm,
        missing=settings.missing,
        seed=(settings.seed, played.recording.seed),
    )
    save_poses(exact, place.truth(name, "poses"))
    _save(frames, place.truth(name, "frames"), name)
    _save(posture, place.truth(name, "posture"), name)
    _save(describe_posture(posture), place.truth(name, "descriptions"), name)
    save_poses(measured, place.poses(name))


def _save(table: pd.DataFrame, path: Path, recording: str) -> None:
    save_table(table.assign(recording=recording), path)


def _list_truths(place: SynthesisFolder, name: str) -> list[Path]:
    return [place.truth(name, kind) for kind in TRUTHS]
