"""Places on the body made of one or more keypoints, with stand-ins for coarser skeletons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from mousegpt.core.arrays import BoolArray

Landmark = tuple[str, ...]  # keypoints; the landmark lies at their mean

EARS: Landmark = ("EarL", "EarR")
TRUNK: Landmark = ("SpineF", "SpineG", "SpineH", "Hip", "TailBase")


def locate(position: xr.DataArray, landmark: Landmark) -> xr.DataArray:
    """Return where a landmark is; NaN where one of its keypoints is unknown."""
    known = position.reindex(keypoint=list(landmark))
    return known.mean("keypoint", skipna=False)


def measure_length(vector: xr.DataArray) -> xr.DataArray:
    """Return the Euclidean length over ``space``; NaN where a coordinate is unknown."""
    length: xr.DataArray = (vector**2).sum("space", skipna=False) ** 0.5
    return length


def choose_first(known: Sequence[BoolArray], *, share: float = 0.8) -> int:
    """Return the first option that is known at least ``share`` as often as the best one.

    >>> choose_first([np.zeros(9, bool), np.ones(9, bool), np.ones(9, bool)])
    1
    """
    counts = [int(np.count_nonzero(option)) for option in known]
    return next(n for n, count in enumerate(counts) if count >= share * max(counts))
