"""The demo from nothing to its report, and where the time goes.

The peer is what a user would otherwise do: run the same functions in a notebook, without saving,
provenance or checks. The ratio says what the project around them costs.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from mousegpt.backends.registry import load_embedder, load_labeler
from mousegpt.behavior.clustering import cluster_behaviors
from mousegpt.behavior.embedding import embed_descriptions
from mousegpt.behavior.keywords import extract_keywords
from mousegpt.behavior.layout import compute_layout
from mousegpt.behavior.novelty import find_novel_frames
from mousegpt.description.kinematic import describe_posture
from mousegpt.io.poses import load_poses
from mousegpt.kinematics.cleaning import clean_poses
from mousegpt.kinematics.floor import align_to_floor, estimate_floor
from mousegpt.kinematics.posture import compute_posture
from mousegpt.kinematics.scale import scale_poses
from mousegpt.kinematics.velocity import compute_speeds
from mousegpt.pipeline.chain import Event
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.running import run_project
from mousegpt.pipeline.synthesis.running import synthesize_study
from mousegpt.pipeline.synthesis.settings import SynthesisSettings

NAME = "demo"


def measure(quick: bool) -> dict[str, Any]:
    """Run the demo and the bare functions on the same recordings, for two lengths."""
    _measure_length(2.0)  # compiles what is compiled at first use
    growth = [_measure_length(seconds) for seconds in ((4.0, 8.0) if quick else (12.5, 25.0))]
    return {"name": NAME, **growth[-1], "growth": growth}


def _measure_length(duration_s: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        settings = SynthesisSettings(design="demo", minutes=duration_s / 60, fps=20)
        project = synthesize_study(Path(folder) / "demo", settings, lambda event: None)
        made_s = time.perf_counter() - start
        steps = _run_steps(project)
        bare_s = _run_bare(project)
        shared = ("poses", "speeds", "posture", "descriptions", "embeddings", "keywords",
                  "behaviors", "novelty", "layout")  # fmt: skip
        ours_s = sum(steps[name] for name in shared)
        return {
            "n": len(project.load_recordings()),
            "duration_s": duration_s,
            "ours_s": round(ours_s, 2),
            "peer": "the same functions without a project",
            "peer_s": round(bare_s, 2),
            "ratio": round(bare_s / ours_s, 2),
            "making_s": round(made_s, 2),
            "total_s": round(made_s + sum(steps.values()), 2),
            "steps_s": {name: round(seconds, 2) for name, seconds in steps.items()},
        }


def _run_steps(project: Project) -> dict[str, float]:
    started: dict[tuple[str, str], float] = {}
    seconds: dict[str, float] = defaultdict(float)

    def listen(event: Event) -> None:
        key = (event.step, event.unit)
        if event.kind == "started":
            started[key] = time.perf_counter()
        elif event.kind == "done":
            seconds[event.step] += time.perf_counter() - started[key]

    if not run_project(project, listen):
        raise RuntimeError("the demo did not finish")
    return dict(seconds)


def _run_bare(project: Project) -> float:
    import pandas as pd

    start = time.perf_counter()
    embedder, tables, cards = load_embedder(), [], []
    for recording in project.load_recordings():
        poses = scale_poses(clean_poses(load_poses(recording.poses[""])))
        poses = align_to_floor(poses, estimate_floor(poses))
        compute_speeds(poses)
        posture = compute_posture(poses)
        posture.insert(0, "recording", recording.id)
        descriptions = describe_posture(posture)
        tables.append(embed_descriptions(descriptions, embedder))
        cards.append(extract_keywords(descriptions))
    embeddings = pd.concat(tables, ignore_index=True)
    cluster_behaviors(embeddings, pd.concat(cards, ignore_index=True), load_labeler())
    find_novel_frames(embeddings)
    compute_layout(embeddings)
    return time.perf_counter() - start
