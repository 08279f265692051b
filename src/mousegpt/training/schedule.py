"""Learning rates over the steps of a training, as factors of the highest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field


def warm_up(
    step: int,
    *,
    n_steps: Annotated[int, Field(ge=0)] = 500,
    start: Annotated[float, Field(ge=0, le=1)] = 0.001,
) -> float:
    """Return a factor that grows linearly from ``start`` to 1.

    Notes
    -----
    Source: Methods 4.2 (linear warm-up from 0.001).

    Examples
    --------
    >>> warm_up(0, n_steps=10), warm_up(5, n_steps=10, start=0), warm_up(99, n_steps=10)
    (0.001, 0.5, 1.0)
    """
    return 1.0 if step >= n_steps else start + (1 - start) * step / n_steps


def decay_linearly(progress: float, *, final: Annotated[float, Field(ge=0, le=1)] = 0.01) -> float:
    """Return a factor that falls linearly from 1 to ``final`` over a progress of 0 to 1.

    Notes
    -----
    Source: Methods 4.2 (linear decay to 1 %).

    Examples
    --------
    >>> [round(decay_linearly(share), 3) for share in (0.0, 0.5, 1.0)]
    [1.0, 0.505, 0.01]
    """
    return 1 - (1 - final) * min(max(progress, 0.0), 1.0)


def decay_by_cosine(progress: float) -> float:
    """Return a factor that falls from 1 to 0 along half a cosine, over a progress of 0 to 1.

    Notes
    -----
    Source: Methods 4.3 (cosine schedule of the fine-tuning).

    Examples
    --------
    >>> [round(decay_by_cosine(share), 3) for share in (-1.0, 0.0, 0.5, 1.0)]
    [1.0, 1.0, 0.5, 0.0]
    """
    return (1 + math.cos(math.pi * min(max(progress, 0.0), 1.0))) / 2


def decay_in_steps(
    progress: float,
    *,
    milestones: Sequence[float] = (0.85, 0.95),
    gamma: Annotated[float, Field(gt=0, le=1)] = 0.1,
) -> float:
    """Return a factor that falls by ``gamma`` at each milestone, given as shares of the training.

    Notes
    -----
    Source: Methods 4.2 (multi-step, gamma 0.1). The paper names no milestones; ours are usual.

    Examples
    --------
    >>> [round(decay_in_steps(share), 3) for share in (0.8, 0.9, 1.0)]
    [1.0, 0.1, 0.01]
    """
    return gamma ** sum(progress >= milestone for milestone in milestones)
