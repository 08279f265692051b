"""When which bout plays: per frame, its manner and how long it has lasted and will last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mousegpt.core.arrays import BoolArray, FloatArray, IntArray
from mousegpt.synthetic.behaviors import BEHAVIORS, Bout

N_DRAWS = 6


@dataclass(frozen=True, eq=False)
class Timeline:
    """Bouts laid out over frames, each array of shape (time,).

    ``code`` is the index into ``BEHAVIORS``, ``bout`` that of the bout, ``next_code`` the
    behaviour of the bout after. ``since`` and ``left`` are the times (s) since the bout's start
    and to its end, ``draws``, shape (time, 6), numbers from N(0, 1) within ±2 that stay the same
    during a bout.
    """

    times: FloatArray
    bout: IntArray
    code: IntArray
    next_code: IntArray
    since: FloatArray
    left: FloatArray
    vigor: FloatArray
    side: FloatArray
    hunch: FloatArray
    sway: FloatArray
    draws: FloatArray

    @property
    def labels(self) -> list[str]:
        """The behaviour of every frame."""
        return [BEHAVIORS[code] for code in self.code.tolist()]

    @property
    def length(self) -> FloatArray:
        """How long the bout of every frame lasts, s."""
        return self.since + self.left

    def shows(self, *behaviors: str) -> BoolArray:
        """Say at which frames one of the behaviours plays."""
        return np.isin(self.code, [BEHAVIORS.index(name) for name in behaviors])

    def gate(self, *behaviors: str, ramp_s: float = 0.15) -> FloatArray:
        """Open from 0 to 1 within the bouts of some behaviours and close before they end."""
        inside = np.minimum(self.since, self.left) / np.minimum(ramp_s, 0.4 * self.length)
        return np.where(self.shows(*behaviors), ease(inside), 0.0)


def lay_out(
    bouts: Sequence[Bout], starts: FloatArray, times: FloatArray, *, seed: int | tuple[int, ...]
) -> Timeline:
    """Lay bouts, which start at ``starts`` (s), out over the times of frames."""
    draws = np.clip(np.random.default_rng(seed).normal(size=(len(bouts), N_DRAWS)), -2, 2)
    index = np.searchsorted(starts, times + 1e-9, side="right") - 1
    codes = np.array([BEHAVIORS.index(bout.behavior) for bout in bouts])
    lengths = np.array([bout.duration_s for bout in bouts])
    manner = np.array([(bout.vigor, bout.side, bout.hunch, bout.sway) for bout in bouts])
    since = np.maximum(times - starts[index], 0)
    vigor, side, hunch, sway = manner[index].T
    return Timeline(
        times=times,
        bout=index,
        code=codes[index],
        next_code=np.append(codes[1:], codes[-1])[index],
        since=since,
        left=np.maximum(lengths[index] - since, 0),
        vigor=vigor,
        side=side,
        hunch=hunch,
        sway=sway,
        draws=draws[index],
    )


def ease(progress: FloatArray) -> FloatArray:
    """Rise from 0 to 1 with speed and acceleration zero at both ends.

    Examples
    --------
    >>> ease(np.array([-1.0, 0.5, 2.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    u = np.clip(progress, 0, 1)
    return np.asarray(u**3 * (10 + u * (6 * u - 15)))
