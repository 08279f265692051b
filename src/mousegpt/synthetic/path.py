"""Where the mouse goes: from a script of behaviours to a path inside an arena of any shape.

A walker steers in small fixed steps: it keeps a pace, wanders, turns away from walls and slides
along them. What a behaviour needs (the wall, room to walk) is put before it, by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from mousegpt.core.arrays import FloatArray
from mousegpt.synthetic.anatomy import Body
from mousegpt.synthetic.arena import SyntheticArena
from mousegpt.synthetic.behaviors import ETHOGRAM, Bout
from mousegpt.synthetic.enclosure import Enclosure

STEP_S: Final = 0.04  # of the walker
GRID_HZ: Final = 50.0  # of the path that is kept
SMOOTH_S: Final = 0.06
NOSE_REACH: Final = 6.6  # from the hip to the snout, cm, of a mouse of size one
RUMP_REACH: Final = 1.2  # from the hip backwards
NOSE_GAP, FLANK_GAP = 0.5, 2.0  # kept between the wall and the snout, and the hip
LEAN: Final = 2.8  # how far the hind paws come closer when it rears against a wall, cm
TURN_RATE: Final = 4.0  # rad/s

Steering = Callable[[float], tuple[float, float]]  # time since -> speed cm/s, turn rate rad/s


@dataclass(frozen=True, eq=False)
class Path:
    """What was done when, and where.

    ``bouts`` are those of the script with what was put between them; their ``starts`` (s), shape
    (bout,); the last one starts before the end. ``places``: ``x, y, yaw`` of the hip, cm and
    radians without jumps, shape (time, 3), at ``times``.
    """

    bouts: tuple[Bout, ...]
    starts: FloatArray
    times: FloatArray
    places: FloatArray

    def sample(self, times: FloatArray) -> FloatArray:
        """Return ``x, y, yaw`` at some times (s), shape (time, 3)."""
        return np.asarray(CubicSpline(self.times, self.places)(np.minimum(times, self.times[-1])))


def plan_path(
    script: Sequence[Bout],
    body: Body,
    arena: SyntheticArena,
    *,
    duration_s: float,
    seed: int | tuple[int, ...] = 0,
) -> Path:
    """Let the mouse go where its script leads it, until ``duration_s``; then it stands still.

    As much turning and walking as is put between its bouts is left out where it comes later.
    """
    walker = Walker(arena, body.size, np.random.default_rng(seed))
    for bout in script:
        if walker.time < duration_s:
            walker.act(bout)
    if walker.time < duration_s + 1:
        walker.act(Bout("still", duration_s + 1 - walker.time))
    trace = np.array(walker.trace)
    times = np.arange(round((duration_s + 0.5) * GRID_HZ)) / GRID_HZ
    places = np.stack([np.interp(times, trace[:, 0], column) for column in trace[:, 1:].T], axis=1)
    places = gaussian_filter1d(places, SMOOTH_S * GRID_HZ, axis=0, mode="nearest")
    kept = int(np.searchsorted(walker.starts, duration_s))
    return Path(tuple(walker.bouts[:kept]), np.array(walker.starts[:kept]), times, places)


@dataclass
class Walker:
    """A mouse seen as a hip with a heading and a stiff reach to its snout."""

    arena: SyntheticArena
    size: float
    rng: np.random.Generator
    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0
    speed: float = 0.0
    turn: float = 0.0
    time: float = 0.0
    whim: float = 0.0  # turn rate it feels like
    dodge: float = 0.0  # side to which it turns from the wall ahead
    owed: dict[str, float] = field(default_factory=dict)  # time put before other bouts, s
    bouts: list[Bout] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    trace: list[tuple[float, float, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.walls, self.reach = Enclosure(self.arena), NOSE_REACH * self.size
        self.yaw, around = self.rng.uniform(-math.pi, math.pi, 2).tolist()
        away = float(self.rng.uniform(0, 0.3) * self.arena.half.min())
        self.x, self.y = away * math.cos(around), away * math.sin(around)
        self._contain()
        self.trace.append((0.0, self.x, self.y, self.yaw))

    def act(self, bout: Bout) -> None:
        """Play one bout, and before it what it needs.

        What was put before others is taken off later turns and walks: shares of time stay.
        """
        if self.owed.get(bout.behavior, 0.0) >= bout.duration_s:
            self.owed[bout.behavior] -= bout.duration_s
        elif bout.behavior == "supported rearing":
            self._lean_on_wall(bout)
        elif bout.behavior == "wall exploration":
            self._follow_wall(bout)
        elif bout.behavior == "turning":
            rate = bout.side * min(TURN_RATE, 2.6 * bout.vigor) * float(self.rng.uniform(0.8, 1.2))
            self._play(bout, lambda t: (1.0, rate * math.sin(math.pi * t / bout.duration_s) ** 0.5))
        elif bout.behavior == "circling":
            self._circle(bout)
        elif ETHOGRAM[bout.behavior].moves:
            self._travel(bout)
        else:
            self._play(bout, lambda t: (0.0, 0.0))

    def _travel(self, bout: Bout) -> None:
        low, high = ETHOGRAM[bout.behavior].speed_cm_s
        pace = (low + (high - low) * float(self.rng.beta(2, 2))) * bout.vigor
        room = pace * min(bout.duration_s, 0.5)
        if self._gap(self.yaw if pace > 0 else self.yaw + math.pi) < min(abs(room), 4.0):
            self._turn_to(self._find_room(pace), bout)
        if bout.behavior in ("jumping", "backing", "stretch-attending"):
            self._play(bout, lambda t: (pace, 0.3 * self.whim))
        else:
            self._play(bout, lambda t: self._wander(pace))

    def _wander(self, pace: float) -> tuple[float, float]:
        """Walk on, away from the wall ahead."""
        gap = self._gap(self.yaw)
        if gap > 7:
            self.dodge = 0.0
        elif self.dodge == 0:
            easier = self._gap(self.yaw + 0.6) - self._gap(self.yaw - 0.6)
            self.dodge = math.copysign(1.0, easier)
        fastest = 0.6 + 0.3 * pace
        urge = self.whim + self.dodge * max(7 - gap, 0) / 7 * 7.0
        return min(pace, 2.0 + 2.5 * max(gap, 0)), max(-fastest, min(fastest, urge))

    def _circle(self, bout: Bout) -> None:
        low, high = ETHOGRAM[bout.behavior].speed_cm_s
        pace = float(self.rng.uniform(0.4 * low + 0.6 * high, high)) * bout.vigor
        radius = float(self.rng.uniform(2.0, 4.0))

        def steer(_: float) -> tuple[float, float]:
            inward = -(self.x * math.cos(self.yaw) + self.y * math.sin(self.yaw))
            drift = 1 + 0.4 * inward / max(math.hypot(self.x, self.y), 3.0)  # towards the middle
            return pace * drift, bout.side * min(pace / radius, 5.5) * (1 + 0.15 * self.whim)

        self._play(bout, steer)

    def _lean_on_wall(self, bout: Bout) -> None:
        if self.arena.wall == "none":
            self._play(replace(bout, behavior="rearing"), lambda t: (0.0, 0.0))
            return
        self._go_to_wall(bout)
        ramp = min(0.45, 0.4 * bout.duration_s)
        peak = LEAN * self.size * min(1.0, ramp / 0.3) / ramp * math.pi / 2

        def steer(t: float) -> tuple[float, float]:
            left = bout.duration_s - t
            towards = math.sin(math.pi * t / ramp) if t < ramp else 0.0
            back = math.sin(math.pi * left / ramp) if left < ramp else 0.0
            return peak * (towards - back), 0.0

        self._play(bout, steer, reach=self.reach - LEAN * self.size)

    def _follow_wall(self, bout: Bout) -> None:
        if self.walls.measure_distance(self.x, self.y) > 4.0:
            self._go_to_wall(bout)
        pace = float(self.rng.uniform(2.0, 5.0)) * bout.vigor
        self._turn_to(self._along_wall(bout.side), bout)

        def steer(_: float) -> tuple[float, float]:
            off = self.walls.measure_distance(self.x, self.y) - 2.3 * self.size
            wanted = self._along_wall(bout.side) + bout.side * max(-0.4, min(0.4, 0.25 * off))
            return pace, max(-2.0, min(2.0, 4 * wrap(wanted - self.yaw)))

        self._play(bout, steer)

    def _go_to_wall(self, bout: Bout) -> None:
        offsets: list[float] = np.linspace(-math.pi, math.pi, 17).tolist()
        offset = min(offsets, key=lambda a: 2 * abs(a) + 0.5 * max(self._gap(self.yaw + a), 0))
        self._turn_to(self.yaw + offset, bout)

        def steer(_: float) -> tuple[float, float]:
            gap = self._gap(self.yaw) - NOSE_GAP
            ahead_x, ahead_y = math.cos(self.yaw) * self.reach, math.sin(self.yaw) * self.reach
            wanted = self.walls.find_normal(self.x + ahead_x, self.y + ahead_y)
            return max(1.5, min(9.0, 4 * gap)), max(-2.0, min(2.0, 3 * wrap(wanted - self.yaw)))

        walk = replace(bout, behavior="walking", duration_s=4.0)
        self._insert(walk, steer, lambda: self._gap(self.yaw) < NOSE_GAP + 0.4)

    def _turn_to(self, heading: float, bout: Bout) -> None:
        angle = wrap(heading - self.yaw)
        if abs(angle) < 0.35:
            return
        goal = self.yaw + angle
        side, longest = (1 if angle > 0 else -1), 0.4 + abs(angle) / 2
        turn = replace(bout, behavior="turning", duration_s=longest, side=side)
        rate = TURN_RATE * min(max(bout.vigor, 0.6), 1.3)

        def steer(_: float) -> tuple[float, float]:
            return 0.5, max(-rate, min(rate, 6 * (goal - self.yaw)))

        self._insert(turn, steer, lambda: abs(goal - self.yaw) < 0.15)

    def _insert(self, bout: Bout, steer: Steering, until: Callable[[], bool]) -> None:
        self._play(bout, steer, until=until)
        owed = self.owed.get(bout.behavior, 0.0)
        self.owed[bout.behavior] = owed + self.bouts[-1].duration_s

    def _find_room(self, pace: float) -> float:
        """Find a heading with room ahead, or behind where it backs, not far from the present."""
        offsets: list[float] = self.rng.uniform(-math.pi, math.pi, 12).tolist()
        behind = math.pi if pace < 0 else 0.0

        def cost(offset: float) -> float:
            return abs(offset) - 0.5 * min(self._gap(self.yaw + offset + behind), 12.0)

        return self.yaw + float(min(offsets, key=cost))

    def _play(
        self,
        bout: Bout,
        steer: Steering,
        *,
        until: Callable[[], bool] = lambda: False,
        reach: float | None = None,
    ) -> None:
        """Move for as long as the bout lasts, or ``until``; then note it."""
        n = max(math.ceil(bout.duration_s / STEP_S - 1e-9), 1)
        step = bout.duration_s / n
        start = self.time
        for i in range(n):
            speed, turn = steer((i + 0.5) * step)
            self._move(speed, turn, step, self.reach if reach is None else reach)
            if until():
                break
        self.bouts.append(replace(bout, duration_s=self.time - start))
        self.starts.append(start)

    def _move(self, speed: float, turn: float, step: float, reach: float) -> None:
        self.speed += (speed - self.speed) * (1 - math.exp(-step / 0.09))
        self.turn += (turn - self.turn) * (1 - math.exp(-step / 0.07))
        self.whim += -self.whim * step / 0.7 + 1.2 * math.sqrt(step) * float(self.rng.normal())
        self.yaw += self.turn * step
        self.x += self.speed * step * math.cos(self.yaw)
        self.y += self.speed * step * math.sin(self.yaw)
        self._contain(reach)
        self.time += step
        self.trace.append((self.time, self.x, self.y, self.yaw))

    def _contain(self, reach: float | None = None) -> None:
        """Push snout, rump and hip inside; a snout at the wall turns the body along it."""
        reach = self.reach if reach is None else reach
        for along, gap in ((reach, NOSE_GAP), (-RUMP_REACH * self.size, 0.6), (0.0, FLANK_GAP)):
            cos, sin = math.cos(self.yaw), math.sin(self.yaw)
            x, y = self.x + along * cos, self.y + along * sin
            legal_x, legal_y = self.walls.push_inside(x, y, gap)
            dx, dy = legal_x - x, legal_y - y
            ahead, left = dx * cos + dy * sin, dy * cos - dx * sin
            slide = 0.5 * left if along > 0 else left
            self.x += ahead * cos - slide * sin
            self.y += ahead * sin + slide * cos
            if along > 0:
                self.yaw += 0.5 * left / along

    def _gap(self, heading: float) -> float:
        """Measure how far the wall is before the snout, if the mouse had that heading, cm."""
        return self.walls.measure_ray(self.x, self.y, heading) - self.reach

    def _along_wall(self, side: int) -> float:
        """Return the heading that has the nearest wall on that side."""
        return self.walls.find_normal(self.x, self.y) - side * math.pi / 2


def wrap(angle: float) -> float:
    """Bring an angle to (-pi, pi].

    Examples
    --------
    >>> round(wrap(3 * math.pi / 2), 3)
    -1.571
    """
    return math.atan2(math.sin(angle), math.cos(angle))
