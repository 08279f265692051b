"""Masks as run lengths, the way COCO counts them: column by column, beginning with background."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mousegpt.core.arrays import BoolArray, IntArray


def encode_mask(mask: BoolArray) -> IntArray:
    """Return the lengths of the runs of a mask, shape (height, width), background first.

    Examples
    --------
    >>> encode_mask(np.array([[0, 1], [0, 1], [1, 0]], bool)).tolist()
    [2, 3, 1]
    """
    flat = np.concatenate([[False], np.asarray(mask, dtype=bool).ravel(order="F")])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    return np.asarray(np.diff(np.concatenate([[0], changes, [len(flat) - 1]])))


def decode_mask(counts: Sequence[int] | IntArray, size: tuple[int, int]) -> BoolArray:
    """Return the mask, shape (height, width), of run lengths; ``size`` is (width, height).

    Examples
    --------
    >>> decode_mask([2, 3, 1], (2, 3)).astype(int).tolist()
    [[0, 1], [0, 1], [1, 0]]
    """
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape((size[1], size[0]), order="F")
