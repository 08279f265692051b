"""A made-up study that looks like the tables of a real one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from mousegpt.core.facts import SPEEDS
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.recording import Recording
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.stats.occurrence import compute_occurrence
from mousegpt.stats.proportions import compute_proportions, compute_subtypes, summarize_groups

BEHAVIORS = ("grooming", "rearing", "resting", "running", "sniffing", "turning", "walking")
GROUPS = {"saline": 5, "LSD 2 mg/kg": 4, "MK-801": 5, "psilocybin 3 mg/kg": 6}
RATE_HZ = 5.0
ARENA_CM = 25.0
_WEIGHTS = {
    "saline": (3, 2, 4, 1, 5, 2, 5),
    "LSD 2 mg/kg": (3, 1, 12, 0.5, 4, 1, 2),
    "MK-801": (0.5, 0.3, 0.5, 6, 3, 6, 9),
    "psilocybin 3 mg/kg": (3, 1.5, 6, 1, 5, 2, 4),
}
_SPEED = dict(zip(BEHAVIORS, (0.3, 0.5, 0.05, 18, 1, 3, 8), strict=True))
_KEYS = {
    "head": ("raised", "level", "lowered", "turned left", "turned right"),
    "limb": ("stepping", "forepaws raised", "all paws on the ground", "tail raised"),
    "torso": ("stretched", "arched", "bent left", "bent right", "horizontal"),
}


@dataclass(frozen=True)
class Study:
    """Joined tables, as the callers of the plots hand them over."""

    behaviors: pd.DataFrame
    posture: pd.DataFrame
    layout: pd.DataFrame
    novelty: pd.DataFrame
    fine_postures: pd.DataFrame
    occurrence: pd.DataFrame
    proportions: pd.DataFrame
    summary: pd.DataFrame
    subtypes: pd.DataFrame
    speeds: pd.DataFrame
    poses: Poses
    claims: pd.DataFrame
    curated: pd.DataFrame


def _walk_states(rng: np.random.Generator, n: int, weights: tuple[float, ...]) -> np.ndarray:
    """Bouts of a few seconds; one in twelve frames-of-change is unassigned (-1)."""
    share = np.append(np.asarray(weights, float), sum(weights) / 12)
    states: list[int] = []
    while len(states) < n:
        state = int(rng.choice(len(share), p=share / share.sum()))
        states += [state if state < len(BEHAVIORS) else -1] * (1 + int(rng.gamma(2.0, 6.0)))
    return np.asarray(states[:n])


def _roam(rng: np.random.Generator, speeds: np.ndarray) -> np.ndarray:
    """A path inside the disc that likes the wall; cm, shape (n, 2)."""
    place, heading, path = np.zeros(2), rng.uniform(0, 2 * np.pi), []
    for speed in speeds:
        heading += rng.normal(0, 0.35)
        step = place + speed / RATE_HZ * np.array([np.cos(heading), np.sin(heading)])
        limit = ARENA_CM / 2 - 1.5
        if np.hypot(*step) > limit:
            heading = np.arctan2(step[1], step[0]) + np.pi / 2 + rng.normal(0, 0.2)
            step *= limit / np.hypot(*step)
        place = step
        path.append(place)
    return np.asarray(path)


def _record(rng: np.random.Generator, group: str, number: int, n: int) -> pd.DataFrame:
    states = _walk_states(rng, n, _WEIGHTS[group])
    names = pd.array([BEHAVIORS[s] if s >= 0 else pd.NA for s in states], dtype="str")
    speed = np.array([_SPEED[BEHAVIORS[s]] if s >= 0 else 1.0 for s in states])
    path = _roam(rng, speed * rng.uniform(0.6, 1.4, n))
    centres = np.array([[np.cos(a), np.sin(a)] for a in 2.4 * np.arange(len(BEHAVIORS))])
    centres = centres * np.linspace(2.5, 6, len(BEHAVIORS))[:, None]
    blob = np.where((states >= 0)[:, None], centres[states], 0.0) + rng.normal(0, 0.7, (n, 2))
    frame = 12 * np.arange(n)
    return pd.DataFrame(
        {
            "recording": f"{group.split()[0].lower()}_{number}",
            "subject": f"{group[0].upper()}{number}",
            "individual": "mouse",
            "frame": frame,
            "time_s": frame / 60.0,
            "group": group,
            "cluster": states,
            "behavior": names,
            "x": path[:, 0],
            "y": path[:, 1],
            "length_unit": "cm",
            "layout_x": blob[:, 0],
            "layout_y": blob[:, 1],
        }
    )


def _pick_keys(rng: np.random.Generator, n: int, part: str) -> list[list[str]]:
    keys = _KEYS[part]
    bouts = np.repeat(rng.integers(0, len(keys), n), rng.integers(3, 20, n))[:n]
    return [[keys[k]] + ([keys[-1]] if k == 0 else []) for k in bouts]


def _make_speeds(rng: np.random.Generator, n: int) -> pd.DataFrame:
    time_s = np.arange(n) / 60.0
    body = 6 + 6 * np.sin(time_s / 2) + rng.normal(0, 0.8, n)
    table = pd.DataFrame({"frame": np.arange(n), "time_s": time_s})
    for number, name in enumerate(SPEEDS):
        limb = 8 * np.sin(2 * np.pi * 4 * time_s + number) * (body > 6) if number > 1 else 0.0
        table[name] = body + limb
    table.loc[200:260, "speed_head"] = np.nan
    return table.assign(recording="saline_0", individual="mouse")


_STANCE = {  # x forward, y left, z up; cm
    "Snout": (4.0, 0, 1.4), "EarL": (3.0, 0.9, 2.3), "EarR": (3.0, -0.9, 2.3),
    "SpineF": (2.0, 0, 2.2), "SpineG": (0.6, 0, 2.7), "SpineH": (-0.9, 0, 2.8),
    "Hip": (-2.3, 0, 2.3), "TailBase": (-3.4, 0, 1.4), "TailMid": (-6.2, 0.5, 0.6),
    "TailEnd": (-9.0, 1.6, 0.3),
}  # fmt: skip


def _stand(time_s: float) -> dict[str, tuple[float, float, float]]:
    points = dict(_STANCE)
    for side, sign in (("L", 1.0), ("R", -1.0)):
        swing = 0.9 * np.sin(2 * np.pi * 2 * time_s + sign * np.pi / 2)
        points["Shoulder" + side] = (1.6, sign * 0.8, 1.7)
        points["Elbow" + side] = (1.1 + swing / 3, sign * 1.1, 1.0)
        points["Wrist" + side] = (1.7 + swing, sign * 1.0, 0.4)
        points["Forepaw" + side] = (2.1 + swing, sign * 1.0, 0.1)
        points["Knee" + side] = (-1.3 - swing / 3, sign * 1.3, 1.3)
        points["Ankle" + side] = (-2.4 - swing, sign * 1.3, 0.6)
        points["Hindpaw" + side] = (-1.6 - swing, sign * 1.3, 0.1)
    return points


def make_poses(n: int = 300, *, rears_from: int = 200) -> Poses:
    """A mouse that walks on a circle, then stands up; 30 fps, cm, z up."""
    stage = np.empty((n, 3, len(KEYPOINTS), 1))
    for i in range(n):
        body = np.array([_stand(i / 30)[k] for k in KEYPOINTS])
        if i >= rears_from:
            pitch = np.radians(60)
            about = body - np.array(_STANCE["Hip"])
            fore = np.array([k not in ("TailMid", "TailEnd") and "H" not in k for k in KEYPOINTS])
            turned = np.column_stack(
                [
                    about[:, 0] * np.cos(pitch) - about[:, 2] * np.sin(pitch),
                    about[:, 1],
                    about[:, 0] * np.sin(pitch) + about[:, 2] * np.cos(pitch),
                ]
            )
            body = np.where(fore[:, None], turned + np.array(_STANCE["Hip"]), body)
            body[:, 2] = np.maximum(body[:, 2], 0.1)
        angle = min(i, rears_from) / 60
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        body[:, :2] = body[:, :2] @ turn + 8 * np.array([np.sin(angle), -np.cos(angle)])
        stage[i, :, :, 0] = body.T
    stage[50, :, KEYPOINTS.index("EarL"), 0] = np.nan
    return build_poses(stage, keypoints=KEYPOINTS, fps=30.0, unit="cm")


def _make_claims(rng: np.random.Generator, keys: pd.DataFrame) -> pd.DataFrame:
    """Five claims of each description; one kind is contradicted more often, one never checkable."""
    kinds = ("pace", "head_pitch", "trunk_pitch", "tail_height", "fur")
    wrong = (0.02, 0.3, 0.1, 0.0, 0.0)
    claims = keys.loc[keys.index.repeat(len(kinds))].reset_index(drop=True)
    claims["kind"] = np.tile(kinds, len(keys))
    words = np.where(
        rng.random(len(claims)) < np.tile(wrong, len(keys)), "contradicted", "supported"
    )
    return claims.assign(verdict=np.where(claims["kind"] == "fur", "not checkable", words))


def _make_curated(rng: np.random.Generator, claims: pd.DataFrame) -> pd.DataFrame:
    """Ratings of a judge that half agrees with the pose."""
    counts = claims.assign(
        n_supported=claims["verdict"].eq("supported"),
        n_contradicted=claims["verdict"].eq("contradicted"),
    )
    key = ["recording", "individual", "frame"]
    table = counts.groupby(key, as_index=False)[["n_supported", "n_contradicted"]].sum()
    for name, mean in {"accuracy": 8.0, "coherence": 8.6, "relevance": 9.2}.items():
        fall = 2.5 * table["n_contradicted"] if name == "accuracy" else 0.0
        table[name] = np.clip(np.round(rng.normal(mean, 1.3, len(table)) - fall), 0, 10)
    table["lowest"] = table[["accuracy", "coherence", "relevance"]].min(axis=1)
    table["good"] = table["lowest"] >= 6
    return table.assign(kept=table["good"] & (table["n_contradicted"] == 0))


def make_study(n: int = 1500, seed: int = 0) -> Study:
    """Twenty animals in four groups, `n` described frames each."""
    rng = np.random.default_rng(seed)
    table = pd.concat(
        [_record(rng, group, i, n) for group, animals in GROUPS.items() for i in range(animals)],
        ignore_index=True,
    )
    key = ["recording", "individual", "frame", "time_s", "group", "subject"]
    behaviors = table[[*key, "cluster", "behavior"]]
    animals = behaviors[["recording", "subject", "group"]].drop_duplicates()
    recordings = [Recording(id=r, subject=s, group=g) for r, s, g in animals.to_numpy()]
    proportions = compute_proportions(behaviors)
    layout = table[[*key, "behavior"]].assign(x=table.layout_x, y=table.layout_y)
    novel = np.isin(np.arange(len(table)), rng.choice(len(table), 4, replace=False))
    fine = table[[*key, "behavior"]].assign(
        **{part: _pick_keys(rng, len(table), part) for part in _KEYS}
    )
    claims = _make_claims(rng, table[["recording", "individual", "frame"]].iloc[::10])
    return Study(
        behaviors=behaviors,
        posture=table[[*key, "behavior", "x", "y", "length_unit"]],
        layout=layout,
        novelty=table[key].assign(score=rng.normal(size=len(table)), novel=novel),
        fine_postures=fine,
        occurrence=compute_occurrence(behaviors).merge(animals, on="recording"),
        proportions=proportions.merge(animals, on="recording"),
        summary=summarize_groups(proportions, recordings),
        subtypes=compute_subtypes(fine, behaviors).merge(animals, on="recording"),
        speeds=_make_speeds(rng, 1800),
        poses=make_poses(),
        claims=claims,
        curated=_make_curated(rng, claims),
    )


def make_thumbnail(seed: int = 0, size: int = 96) -> np.ndarray:
    """A grey picture with a dark blob, RGB."""
    rng = np.random.default_rng(seed)
    v, u = np.mgrid[:size, :size] / size - 0.5
    angle = rng.uniform(0, np.pi)
    a, b = u * np.cos(angle) + v * np.sin(angle), v * np.cos(angle) - u * np.sin(angle)
    grey = 200 - 150 * np.exp(-((a / 0.28) ** 2 + (b / 0.12) ** 2)) + rng.normal(0, 5, v.shape)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


@pytest.fixture(scope="session")
def study() -> Study:
    """A small study: five minutes per animal would be 1500 frames, here one minute."""
    return make_study(300)
