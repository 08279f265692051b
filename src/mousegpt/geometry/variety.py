"""Choosing among many pictures of a board those that differ most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.geometry.targets import Sighting


def choose_varied(
    sightings: Sequence[Sighting], *, n: Annotated[int, Field(gt=0)] = 40
) -> list[Sighting]:
    """Keep the sightings of one view that differ most in place, size and tilt, in their order.

    Each one taken is the farthest from all taken before; the first is the largest.
    """
    if len(sightings) <= n:
        return list(sightings)
    looks = np.stack([_describe(sighting.marks.pixels) for sighting in sightings])
    taken = [int(np.argmax(looks[:, 2] * looks[:, 3]))]
    distance = np.full(len(looks), np.inf)
    while len(taken) < n:
        distance = np.minimum(distance, np.linalg.norm(looks - looks[taken[-1]], axis=1))
        taken.append(int(np.argmax(distance)))
    return [sightings[i] for i in sorted(taken)]


def _describe(pixels: FloatArray) -> FloatArray:
    """Return where a board is in the picture, how wide and high, and how slanted; px."""
    width, height = pixels.std(axis=0)
    slant = pixels.sum(axis=1).std()
    return np.array([*pixels.mean(axis=0), width, height, slant])
