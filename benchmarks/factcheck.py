"""The fact checker: speed, and what it finds of falsehoods planted among true sentences."""

from __future__ import annotations

import time

import pandas as pd

from mousegpt.core.description import ELEMENTS
from mousegpt.description.factcheck import check_descriptions, measure_hallucination
from mousegpt.description.factcheck.claims import read_clause, read_element
from mousegpt.description.kinematic import describe_posture
from mousegpt.evaluation.descriptions import score_detection
from mousegpt.evaluation.planting import plant_contradictions
from mousegpt.kinematics.posture import compute_posture
from mousegpt.pipeline.synthesis.acting import act_recording
from mousegpt.pipeline.synthesis.settings import SynthesisSettings
from mousegpt.synthetic.arena import find_arena
from mousegpt.synthetic.measurement import build_exact_poses
from mousegpt.synthetic.truth import build_truth, settle_states

NAME = "factcheck"


def make_truth(seed: int, animals: range, minutes: float) -> pd.DataFrame:
    """Return the true postures of some mice of a study, five a second."""
    settings = SynthesisSettings(minutes=minutes, seed=seed)
    arena = find_arena(settings.arena)
    tables = []
    for number in animals:
        played = act_recording(settings, number)
        exact = build_exact_poses(played.keypoints, fps=settings.fps)
        truth = build_truth(played.performance, played.keypoints, arena, fps=settings.fps)
        posture = compute_posture(exact, arena=arena.outline, systematic_error=0.0, certainty=0.51)
        tables.append(settle_states(posture, truth).assign(recording=played.recording.id))
    return pd.concat(tables, ignore_index=True)


def flag_words(descriptions: pd.DataFrame, posture: pd.DataFrame) -> pd.DataFrame:
    """Check by single words, as a quick script would: the naive peer.

    A sentence is false when it names the behaviour, or the direction of the head, of another state.
    """
    words = {
        "state_activity": {"rear": "rearing", "groom": "grooming", "walk": "walking",
                           "run": "running", "still": "still", "sniff": "sniffing"},
        "state_head_pitch": {"up": "up", "down": "down", "level": "level"},
        "state_pace": {"slow": "slow", "rapid": "rapid", "stationary": "still"},
    }  # fmt: skip
    key = ["recording", "individual", "frame"]
    rows = []
    for row in descriptions.merge(posture, on=key).to_dict("records"):
        for element in ELEMENTS:
            sentences = [s for s in row[element].lower().split(". ") if s]
            for number, sentence in enumerate(sentences):
                told = [
                    row[state] == value
                    for state, named in words.items()
                    for word, value in named.items()
                    if word in sentence and row[state] != "unknown"
                ]
                verdict = "contradicted" if told and not all(told) else "supported"
                verdict = verdict if told else "not checkable"
                place = {"element": element, "sentence": number, "verdict": verdict}
                rows.append({name: row[name] for name in key} | place)
    return pd.DataFrame(rows)


def measure(quick: bool) -> dict[str, object]:
    """Measure accuracy on both parts of the bank, and descriptions per second, cold and warm."""
    minutes, animals = (0.3, range(0, 10, 5)) if quick else (1.0, range(0, 30, 5))
    accuracy = {}
    for part, seed in (("known", 0), ("held out", 11)):
        posture = make_truth(seed, animals, minutes)
        descriptions, sentences = plant_contradictions(posture, part=part, seed=3)
        read_element.cache_clear()
        read_clause.cache_clear()
        start = time.perf_counter()
        claims = check_descriptions(descriptions, posture)
        ours_s = time.perf_counter() - start
        accuracy[part] = score_detection(claims, sentences).iloc[0].to_dict()
    start = time.perf_counter()
    peer = flag_words(descriptions, posture)
    peer_s = time.perf_counter() - start
    start = time.perf_counter()
    check_descriptions(descriptions, posture)
    warm_s = time.perf_counter() - start
    own = check_descriptions(describe_posture(posture), posture)
    return {
        "name": NAME,
        "n": len(descriptions),
        "n_claims": len(claims),
        "ours_s": ours_s,
        "per_s": len(descriptions) / ours_s,
        "per_s_warm": len(descriptions) / warm_s,
        "peer": "a script that looks for single words",
        "peer_s": peer_s,
        "ratio": peer_s / ours_s,
        "accuracy": {
            f"{part}, {name}": value
            for part, row in accuracy.items()
            for name, value in row.items()
        },
        "peer_accuracy": score_detection(peer, sentences).iloc[0].to_dict(),
        "grammar_on_truth_rate": float(measure_hallucination(own)["rate"].iloc[0]),
    }
