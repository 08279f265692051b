"""The walls as a walking mouse meets them: one place at a time, in plain numbers, fast."""

from __future__ import annotations

import math

from mousegpt.synthetic.arena import SyntheticArena


class Enclosure:
    """The floor of an arena, for questions about single points; lengths in cm."""

    def __init__(self, arena: SyntheticArena) -> None:
        self.half_x, self.half_y = arena.width_cm / 2, arena.length_cm / 2
        self.round = arena.shape == "circle"

    def push_inside(self, x: float, y: float, gap: float) -> tuple[float, float]:
        """Return the nearest place that is ``gap`` away from the wall.

        Examples
        --------
        >>> from mousegpt.synthetic.arena import find_arena
        >>> Enclosure(find_arena("open_field")).push_inside(25.0, 3.0, 1.0)
        (19.0, 3.0)
        """
        room_x, room_y = self.half_x - gap, self.half_y - gap
        if self.round:
            factor = room_x / max(math.hypot(x, y), room_x)
            return x * factor, y * factor
        return min(max(x, -room_x), room_x), min(max(y, -room_y), room_y)

    def measure_ray(self, x: float, y: float, heading: float) -> float:
        """Measure how far the wall is along a heading."""
        cos, sin = math.cos(heading), math.sin(heading)
        if self.round:
            along = x * cos + y * sin
            return math.sqrt(max(along**2 + self.half_x**2 - x**2 - y**2, 0)) - along
        to_x = (math.copysign(self.half_x, cos) - x) / (cos or 1e-12)
        to_y = (math.copysign(self.half_y, sin) - y) / (sin or 1e-12)
        return min(to_x, to_y)

    def measure_distance(self, x: float, y: float) -> float:
        """Measure the distance to the nearest wall."""
        if self.round:
            return self.half_x - math.hypot(x, y)
        return min(self.half_x - abs(x), self.half_y - abs(y))

    def find_normal(self, x: float, y: float) -> float:
        """Return the heading that looks straight at the wall nearest to a place."""
        if self.round:
            return math.atan2(y, x)
        if self.half_x - abs(x) < self.half_y - abs(y):
            return 0.0 if x > 0 else math.pi
        return math.copysign(math.pi / 2, y)
