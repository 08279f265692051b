"""Made-up sessions with known truth.

The groups "A" and "B" are invented: their time budgets were put in by hand. They are never
evidence about a drug, a strain or a treatment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.recording import Arena
from mousegpt.core.skeleton import KEYPOINTS
from stickmouse.body import pose_skeleton
from stickmouse.motion import POSTURES, choreograph
from stickmouse.path import Script, plan_path
from stickmouse.scene import build_rig

#: usual length of a bout, s
BOUT_S: Final[dict[str, float]] = {
    "still": 2.0,
    "walking": 1.8,
    "running": 1.0,
    "turning": 0.9,
    "rearing": 1.8,
    "supported rearing": 2.2,
    "grooming": 3.0,
    "sniffing": 2.0,
    "head scanning": 1.8,
}

#: made-up time budgets, shares of time
GROUPS: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "A": dict(zip(BOUT_S, (0.10, 0.28, 0.08, 0.06, 0.10, 0.12, 0.08, 0.10, 0.08), strict=True)),
        "B": dict(zip(BOUT_S, (0.30, 0.12, 0.02, 0.06, 0.03, 0.04, 0.22, 0.12, 0.09), strict=True)),
    }
)


@dataclass(frozen=True, eq=False)
class SyntheticSession:
    """One made-up mouse in one session.

    ``poses`` carry measurement noise, ``skeleton`` does not: cm, shape (time, 24, 3). ``truth``
    has the columns ``frame`` and ``behavior``.
    """

    subject: str
    group: str
    poses: Poses
    skeleton: FloatArray
    truth: pd.DataFrame
    calibration: Calibration
    arena: Arena

    @property
    def fps(self) -> float:
        """Frames per second."""
        return float(self.poses.attrs["fps"])


def write_script(
    shares: Mapping[str, float],
    *,
    duration_s: Annotated[float, Field(gt=0)],
    jump_at_s: float | None = None,
    seed: int = 0,
) -> list[tuple[str, float]]:
    """Draw a sequence of behaviours whose shares of time come near to ``shares``.

    Bout lengths vary by about a third. With ``jump_at_s`` the mouse jumps once, at the first
    change of behaviour after that time.

    Raises
    ------
    DataError
        When a behaviour is not known.
    """
    _check_behaviors(shares)
    rng = np.random.default_rng(seed)
    names = list(shares)
    weights = np.array([shares[name] / BOUT_S.get(name, 1.0) for name in names])
    script: list[tuple[str, float]] = []
    elapsed, last = 0.0, ""
    while elapsed < duration_s:
        if jump_at_s is not None and elapsed >= jump_at_s:
            script.append(("jumping", 0.8))
            jump_at_s = None
        odds = weights * [name != last for name in names]
        last = names[int(rng.choice(len(names), p=odds / odds.sum()))]
        seconds = float(BOUT_S.get(last, 1.0) * rng.lognormal(0, 0.3))
        script.append((last, seconds))
        elapsed += seconds
    return script


def make_session(
    script: Script,
    *,
    duration_s: Annotated[float, Field(gt=0)] | None = None,
    fps: Annotated[float, Field(gt=0)] = 30.0,
    size: Annotated[float, Field(gt=0.5, lt=1.5)] = 1.0,
    pace: Annotated[float, Field(gt=0)] = 1.0,
    noise_cm: Annotated[float, Field(ge=0)] = 0.03,
    arena_diameter_cm: Annotated[float, Field(ge=24)] = 25.0,
    subject: str = "mouse",
    group: str = "",
    seed: int = 0,
) -> SyntheticSession:
    """Let a mouse act out a script.

    Parameters
    ----------
    script
        Behaviours and their lengths in seconds. Turns and walks that a behaviour needs (to the
        wall, away from it) are put in, so the session may be longer than the script.
    duration_s
        Cut the session at this length; None keeps all of it.
    size, pace
        Scale of the body, and of the speed of its gaits (walking 9, running 22 cm/s).
    noise_cm
        Standard deviation of the measurement noise of every coordinate.

    Raises
    ------
    DataError
        When a behaviour is not known.

    Examples
    --------
    >>> session = make_session([("still", 1.0), ("walking", 1.0)], fps=30)
    >>> session.truth["behavior"].iloc[0], session.poses.sizes["keypoint"]
    ('still', 24)
    """
    _check_behaviors(dict(script))
    radius = arena_diameter_cm / 2 / size
    gaits = {"walking": 9.0 * pace / size, "running": 22.0 * pace / size}
    path, labels = plan_path(script, radius=radius, fps=fps, pace=gaits, seed=seed)
    n_frames = len(labels) if duration_s is None else min(len(labels), round(duration_s * fps))
    stance = choreograph(path, labels, radius=radius, fps=fps)
    skeleton = (size * pose_skeleton(stance))[:n_frames]
    rng = np.random.default_rng((seed, 1))
    measured = skeleton + rng.normal(0, noise_cm, skeleton.shape) if noise_cm else skeleton
    poses = build_poses(
        measured.transpose(0, 2, 1)[..., None],
        rng.uniform(0.9, 1.0, (n_frames, len(KEYPOINTS), 1)),
        keypoints=KEYPOINTS,
        fps=fps,
        unit="cm",
        individuals=("mouse",),
        source_software="mousegpt synthetic",
    )
    truth = pd.DataFrame({"frame": np.arange(n_frames), "behavior": labels[:n_frames]})
    arena = Arena(shape="circle", width_cm=arena_diameter_cm, center=(0.0, 0.0))
    return SyntheticSession(subject, group, poses, skeleton, truth, build_rig(), arena)


def make_study(
    *,
    n_mice: Annotated[int, Field(ge=1)] = 4,
    duration_s: Annotated[float, Field(gt=0)] = 60.0,
    fps: Annotated[float, Field(gt=0)] = 30.0,
    seed: int = 0,
) -> list[SyntheticSession]:
    """Make a small study of two made-up groups, whose mice differ in size, pace and habits.

    The last mouse jumps once, half-way: the only jump of the study.
    """
    sessions = []
    for i in range(n_mice):
        rng = np.random.default_rng((seed, i))
        group = tuple(GROUPS)[i % len(GROUPS)]
        habits = {
            name: share * float(rng.lognormal(0, 0.2)) for name, share in GROUPS[group].items()
        }
        script = write_script(
            habits,
            duration_s=duration_s,
            jump_at_s=duration_s / 2 if i == n_mice - 1 else None,
            seed=int(rng.integers(2**31)),
        )
        sessions.append(
            make_session(
                script,
                duration_s=duration_s,
                fps=fps,
                size=float(np.clip(rng.normal(1, 0.04), 0.9, 1.1)),
                pace=float(rng.lognormal(0, 0.1)),
                subject=f"mouse {i + 1}",
                group=f"group {group}",
                seed=int(rng.integers(2**31)),
            )
        )
    return sessions


def _check_behaviors(names: Mapping[str, float]) -> None:
    unknown = [name for name in names if name not in POSTURES]
    if unknown:
        raise DataError(
            f"A script knows the behaviours {', '.join(POSTURES)}, but found {', '.join(unknown)}."
        )
