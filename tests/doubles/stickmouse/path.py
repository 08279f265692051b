"""Where the mouse goes: from a script of behaviours to a path that stays in a round arena.

Every bout is an arc, a turn in place, or a stop, joined without jumps. Where a behaviour needs
another place or direction, the planner puts a turn or a walk before it, and says so in the labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mousegpt.core.arrays import FloatArray

Script = Sequence[tuple[str, float]]

NOSE_REACH = 6.9  # from the root to the tip of the snout on a walking mouse, cm
LEAN = 2.7  # how far the mouse steps forward when it rears against the wall, cm
JUMP_LENGTH = 3.0
WALL_GAP = 0.7  # that the snout keeps
CURVATURES = np.array([0.0, 0.06, -0.06, 0.12, -0.12, 0.18, -0.18, 0.25, -0.25, 0.33, -0.33])


@dataclass
class Walker:
    """A pen that draws the path; lengths in body units, angles in radians."""

    radius: float
    fps: float
    pace: dict[str, float]
    rng: np.random.Generator
    pose: FloatArray = field(default_factory=lambda: np.zeros(3))
    paths: list[FloatArray] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)

    def act(self, behavior: str, seconds: float) -> None:
        """Add one bout, and before it what it needs."""
        if behavior in self.pace:
            self._travel(behavior, seconds)
        elif behavior == "turning":
            self._turn(self._pick_turn())
        elif behavior == "supported rearing":
            self._lean_on_wall(seconds)
        elif behavior == "jumping":
            self._make_room(JUMP_LENGTH)
            self._follow(behavior, max(seconds, 0.7), distance=JUMP_LENGTH)
        else:
            self._follow(behavior, seconds)

    def _follow(
        self, behavior: str, seconds: float, *, distance: float = 0, angle: float = 0
    ) -> None:
        n = max(round(seconds * self.fps), 2)
        path = draw_arc(self.pose, distance * ease(n, self.fps), angle * ease(n, self.fps))
        self.paths.append(path)
        self.labels += [behavior] * n
        self.pose = path[-1]

    def _travel(self, behavior: str, seconds: float) -> None:
        wanted = self.pace[behavior] * seconds
        if self._find_arc(wanted)[1] < 0.6 * wanted:
            self._turn(self._to_center())
        curvature, distance = self._find_arc(wanted)
        if distance > 1:
            seconds = distance / self.pace[behavior]
            self._follow(behavior, seconds, distance=distance, angle=curvature * distance)

    def _find_arc(self, distance: float) -> tuple[float, float]:
        """Pick a curvature that stays inside, at random, or the one that stays longest.

        Returns it and the distance for which it can be followed.
        """
        s = np.linspace(0, distance, 40)
        order = self.rng.permutation(CURVATURES)
        free = []
        for curvature in order:
            path = draw_arc(self.pose, s, curvature * s)
            inside = self._is_inside(path)
            free.append(s[-1] if inside.all() else s[max(int(np.argmin(inside)) - 1, 0)])
        best = int(np.argmax(free))
        return float(order[best]), float(free[best])

    def _is_inside(self, path: FloatArray) -> np.ndarray:
        nose = path[:, :2] + NOSE_REACH * np.stack([np.cos(path[:, 2]), np.sin(path[:, 2])], -1)
        return np.asarray(
            (np.hypot(*nose.T) < self.radius - WALL_GAP)
            & (np.hypot(*path[:, :2].T) < self.radius - 3)
        )

    def _to_center(self) -> float:
        x, y, yaw = self.pose
        wanted = np.arctan2(-y, -x) + self.rng.uniform(-0.6, 0.6)
        return float(np.angle(np.exp(1j * (wanted - yaw))))

    def _pick_turn(self) -> float:
        """Pick an angle at random; none that would sweep the snout through the wall."""
        sweep = np.linspace(0, 1, 12)
        for angle in self.rng.choice([-1, 1], 12) * self.rng.uniform(1.2, 2.8, 12):
            if self._is_inside(draw_arc(self.pose, 0 * sweep, angle * sweep)).all():
                return float(angle)
        return self._to_center()

    def _turn(self, angle: float) -> None:
        if abs(angle) > 0.2:
            self._follow("turning", 0.3 + abs(angle) / 3.0, angle=angle)

    def _make_room(self, distance: float) -> None:
        if not self._is_inside(draw_arc(self.pose, np.array([distance]), np.zeros(1)))[0]:
            self._turn(self._to_center())

    def _lean_on_wall(self, seconds: float) -> None:
        distance = self._distance_ahead() - NOSE_REACH - WALL_GAP
        if distance < 0:
            self._turn(self._to_center())
            distance = self._distance_ahead() - NOSE_REACH - WALL_GAP
        self._follow("walking", distance / self.pace["walking"] + 0.3, distance=distance)
        n = max(round(seconds * self.fps), round(1.6 * self.fps))
        there_and_back = np.minimum(ramp(n, self.fps, 0.7), ramp(n, self.fps, 0.7)[::-1])
        path = draw_arc(self.pose, LEAN * there_and_back, np.zeros(n))
        self.paths.append(path)
        self.labels += ["supported rearing"] * n
        self.pose = path[-1]

    def _distance_ahead(self) -> float:
        x, y, yaw = self.pose
        along = x * np.cos(yaw) + y * np.sin(yaw)
        return float(-along + np.sqrt(along**2 + self.radius**2 - x**2 - y**2))


def plan_path(
    script: Script,
    *,
    radius: float,
    fps: float,
    pace: dict[str, float],
    seed: int = 0,
) -> tuple[FloatArray, list[str]]:
    """Draw the path of the root.

    Parameters
    ----------
    script
        Behaviours and their lengths in seconds.
    radius
        Of the arena, in body units (cm for a mouse of size one).
    pace
        Speeds of the gaits "walking" and "running", body units per second.

    Returns
    -------
    path, labels
        ``x, y, yaw`` (radians, without jumps), shape (time, 3), and the behaviour of every frame.
    """
    rng = np.random.default_rng(seed)
    walker = Walker(radius, fps, dict(pace), rng)
    walker.pose = np.array([-2.0, 0.0, rng.uniform(-np.pi, np.pi)])
    for behavior, seconds in script:
        walker.act(behavior, seconds)
    return np.concatenate(walker.paths), walker.labels


def draw_arc(pose: FloatArray, distance: FloatArray, angle: FloatArray) -> FloatArray:
    """Move ``distance`` along an arc while turning by ``angle``, from a pose (x, y, yaw).

    >>> draw_arc(np.zeros(3), np.array([np.pi / 2]), np.array([np.pi / 2])).round(6)
    array([[1.      , 1.      , 1.570796]])
    """
    chord = distance * np.sinc(angle / (2 * np.pi))
    towards = pose[2] + angle / 2
    return np.stack(
        [pose[0] + chord * np.cos(towards), pose[1] + chord * np.sin(towards), pose[2] + angle],
        axis=-1,
    )


def ease(n: int, fps: float, *, ramp_s: float = 0.2) -> FloatArray:
    """Progress from 0 to 1 in n frames at constant speed, with a soft start and stop."""
    time = np.arange(1, n + 1)
    speed = np.clip(np.minimum(time, n + 1 - time) / (ramp_s * fps), 0, 1)
    return np.asarray(np.cumsum(speed) / speed.sum())


def ramp(n: int, fps: float, seconds: float) -> FloatArray:
    """Rise smoothly from 0 to 1 in the first ``seconds``, then stay."""
    u = np.clip(np.arange(1, n + 1) / (seconds * fps), 0, 1)
    return np.asarray(u * u * (3 - 2 * u))
