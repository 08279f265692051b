"""Tiled 3-D textures of hair: where strands stand, and how the fur varies over the body."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from mousegpt.core.arrays import ImageArray

CELLS: Final = 10  # strands along each side of the tile
_TEXELS: Final = 6  # per cell
_MOTTLES: Final = 32


@lru_cache(maxsize=1)
def build_strands() -> ImageArray:
    """Stand one strand in each cell of a tile: a Worley texture that repeats.

    Returns
    -------
    ImageArray
        Shape (60, 60, 60, 2): distance to the nearest strand, 255 is a cell's width, and that
        strand's length, 255 is the longest.
    """
    rng = np.random.default_rng(5)
    cell = np.stack(np.meshgrid(*[np.arange(CELLS)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    tree = cKDTree(cell + rng.random(cell.shape), boxsize=np.full(3, float(CELLS)))
    lengths = rng.random(len(cell))
    steps = (np.arange(CELLS * _TEXELS) + 0.5) / _TEXELS
    distance, nearest = tree.query(np.stack(np.meshgrid(*[steps] * 3, indexing="ij"), axis=-1))
    texture = np.stack([np.minimum(distance, 1), lengths[nearest]], axis=-1)
    return np.asarray(np.round(texture * 255), dtype=np.uint8)


@lru_cache(maxsize=1)
def build_mottles() -> ImageArray:
    """Return smooth-able noise that repeats, shape (32, 32, 32)."""
    rng = np.random.default_rng(7)
    return rng.integers(0, 256, (_MOTTLES,) * 3, dtype=np.uint8)
