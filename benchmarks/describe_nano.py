"""MouseGPT-nano against the kinematic describer and a blind one, on synthetic mice held out.

Mice, arenas, lights and cameras are drawn with a seed that no training uses. Names another model
than the shipped one: ``NANO=FILE python -m benchmarks describe_nano``.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from mousegpt.backends.nano import SHIPPED, NanoDescriber
from mousegpt.core.attributes import count_claims
from mousegpt.core.facts import SPEEDS, UNKNOWN
from mousegpt.core.moment import MOMENTS_S, TILE_MARGIN, Moment
from mousegpt.core.query import FrameQuery
from mousegpt.core.tables import DESCRIPTION_TABLE
from mousegpt.description.factcheck import check_descriptions
from mousegpt.description.parse import parse_reply
from mousegpt.description.telling import tell_states
from mousegpt.evaluation.attributes import (
    guess_blindly,
    judge_attributes,
    list_states,
    score_attributes,
)
from mousegpt.kinematics.cleaning import clean_poses
from mousegpt.kinematics.posture import compute_posture
from mousegpt.kinematics.velocity import compute_speeds
from mousegpt.synthetic.measurement import build_exact_poses, measure_poses
from mousegpt.training.nano.moments import (
    FPS,
    RATE_HZ,
    draw_scene,
    render_moments,
    settle_scene,
)

NAME = "describe_nano"
SEED = 9_001  # of scenes; trainings use others

#: what the model is given: moments in time, views, speeds
CONDITIONS = {
    "speeds, motion, 2 views": (True, True, 2),
    "speeds, 1 moment, 2 views": (True, False, 2),
    "no speeds, motion, 2 views": (False, True, 2),
    "no speeds, 1 moment, 2 views": (False, False, 2),
    "no speeds, 1 moment, 1 view": (False, False, 1),
}


def make_scenes(n_scenes: int) -> tuple[list[Moment], pd.DataFrame, pd.DataFrame]:
    """Return moments, their true posture, and the posture and speeds measured on noisy poses."""
    moments: list[Moment] = []
    true, measured = [], []
    for number in range(n_scenes):
        scene = draw_scene(number, seed=SEED)
        filmed = list(render_moments(number, seed=SEED))
        keys = pd.DataFrame({"frame": [moment.frame for moment in filmed]})
        exact = build_exact_poses(scene.keypoints, fps=FPS)
        poses = clean_poses(measure_poses(exact, seed=(SEED, number)))
        noisy = compute_posture(poses, arena=scene.arena.outline, rate_hz=RATE_HZ)
        speeds = compute_speeds(poses)[["frame", *SPEEDS]]
        noisy = noisy.drop(columns=list(SPEEDS), errors="ignore").merge(speeds, on="frame")
        for table, kept in ((settle_scene(scene), true), (noisy, measured)):
            rows = keys.merge(table, on="frame", how="left", validate="1:1")
            kept.append(rows.assign(recording=f"scene{number}", individual="mouse"))
        moments += filmed
    return moments, pd.concat(true, ignore_index=True), pd.concat(measured, ignore_index=True)


def ask(
    moment: Moment, row: Mapping[str, Any], speeds: bool, motion: bool, n_views: int
) -> tuple[FrameQuery, bytes]:
    """Return the question about a moment, and its mosaic as the box of the mouse would cut it."""
    size = moment.tiles.shape[2]
    edge = round(size / TILE_MARGIN)
    low = (size - edge) // 2
    inside = moment.tiles[:n_views, :, low : low + edge, low : low + edge]
    times = range(len(MOMENTS_S)) if motion else [MOMENTS_S.index(0.0)]
    grid = np.concatenate([np.concatenate(list(inside[:, t]), axis=1) for t in times])
    jpeg = cv2.imencode(".jpg", grid[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    known = [None if not speeds or pd.isna(row[name]) else float(row[name]) for name in SPEEDS]
    query = FrameQuery(
        recording=str(row["recording"]), individual="mouse", frame=moment.frame, picture="",
        picture_sha256="", n_views=n_views, speeds=tuple(known),
        moments_s=MOMENTS_S if motion else (),
    )  # fmt: skip
    return query, jpeg


def score(told: pd.DataFrame, posture: pd.DataFrame) -> dict[str, float]:
    """Return the accuracy of each attribute, their mean, and how much is claimed falsely."""
    scored = score_attributes(judge_attributes(told, posture)).set_index("attribute")
    wrong = total = 0
    for one, other in zip(list_states(told), list_states(posture), strict=True):
        claimed = {state: value for state, value in one.items() if value != UNKNOWN}
        n_wrong, n_said = count_claims(claimed, other)
        wrong, total = wrong + n_wrong, total + n_said
    accuracy = {str(name): float(share) for name, share in scored["accuracy"].dropna().items()}
    return accuracy | {"untrue": wrong / max(total, 1), "n_claims": total}


def describe(
    describer: NanoDescriber, asked: Sequence[tuple[FrameQuery, bytes]]
) -> tuple[pd.DataFrame, float]:
    """Return the descriptions, and frames a second."""
    queries, pictures = zip(*asked, strict=True)
    start = time.perf_counter()
    replies = describer.describe(queries, pictures)
    rate = len(asked) / (time.perf_counter() - start)
    rows = []
    for query, reply in zip(queries, replies, strict=True):
        parsed = parse_reply(reply.text, finish_reason=reply.finish_reason)
        texts = parsed.description.model_dump() if parsed.description else {}
        key = {"recording": query.recording, "individual": "mouse", "frame": query.frame}
        rows.append({**key, "time_s": query.frame / FPS, "status": parsed.status, **texts})
    return pd.DataFrame(rows, columns=[*DESCRIPTION_TABLE.columns]), rate


def check(descriptions: pd.DataFrame, posture: pd.DataFrame) -> float:
    """Return the share of checkable clauses that the fact checker finds contradicted."""
    if not (descriptions["status"] == "ok").any():
        return float("nan")
    claims = check_descriptions(descriptions, posture)
    wrong = int((claims["verdict"] == "contradicted").sum())
    return wrong / max(wrong + int((claims["verdict"] == "supported").sum()), 1)


def measure(quick: bool) -> dict[str, object]:
    """Measure accuracy, hallucination and speed of nano and of its peers on the same moments."""
    path = Path(os.environ.get("NANO", SHIPPED))
    if not path.exists():
        return {
            "name": NAME,
            "missing": f"no model at {path}; train one with scripts/train_nano.sh",
        }
    describer = NanoDescriber(path)
    moments, posture, measured = make_scenes(3 if quick else 40)
    scores: dict[str, dict[str, float]] = {
        "kinematic (measured poses)": score(measured, posture),
        "blind": score(guess_blindly(posture), posture),
    }
    rows = measured.to_dict("records")
    statuses: Counter[str] = Counter()
    for name, (speeds, motion, n_views) in CONDITIONS.items():
        asked = [ask(m, row, speeds, motion, n_views) for m, row in zip(moments, rows, strict=True)]
        descriptions, rate = describe(describer, asked)
        statuses.update(descriptions["status"])
        scores[f"nano: {name}"] = score(tell_states(descriptions), posture) | {
            "hallucinated": check(descriptions, posture), "frames_per_s": rate,
        }  # fmt: skip
    best = scores[f"nano: {next(iter(CONDITIONS))}"]
    return {
        "name": NAME,
        "model": describer.name,
        "size_mb": path.stat().st_size / 1e6,
        "n": len(moments),
        "n_scenes": len(posture["recording"].unique()),
        "ours_s": len(moments) / best["frames_per_s"],
        "peer": "always the commonest value",
        "peer_s": None,
        "attribute_accuracy": best["mean"],
        "hallucination_rate": best["hallucinated"],
        "frames_per_s": best["frames_per_s"],
        "statuses": dict(statuses),
        **{name: {k: round(v, 4) for k, v in values.items()} for name, values in scores.items()},
    }
