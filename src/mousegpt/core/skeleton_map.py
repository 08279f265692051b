"""From the keypoints of a source to our 24: guessed from names, corrected by hand, applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
import xarray as xr

from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.core.skeleton_names import match_names


@dataclass(frozen=True)
class SkeletonMap:
    """Which of our keypoints each keypoint of a source is; None where we have none.

    Several sources may name the same keypoint: it lies at their mean.

    Raises
    ------
    DataError
        When a target is not one of `KEYPOINTS`.
    """

    targets: Mapping[str, str | None]

    def __post_init__(self) -> None:
        unknown = sorted({t for t in self.targets.values() if t is not None} - set(KEYPOINTS))
        if unknown:
            raise DataError(
                f"The skeleton map names {', '.join(unknown)}, which are none of our keypoints; "
                f"use {', '.join(KEYPOINTS)}, or leave the cell empty."
            )
        object.__setattr__(self, "targets", MappingProxyType(dict(self.targets)))

    def find_sources(self, keypoint: str) -> list[str]:
        """Return the sources of one of our keypoints, in their order."""
        return [source for source, target in self.targets.items() if target == keypoint]

    def table(self) -> pd.DataFrame:
        """Return the map as a table with the columns ``source`` and ``keypoint`` ("" = none)."""
        rows = [(source, target or "") for source, target in self.targets.items()]
        return pd.DataFrame(rows, columns=["source", "keypoint"], dtype="str")

    @classmethod
    def from_table(cls, table: pd.DataFrame) -> SkeletonMap:
        """Read a table as `table` writes it.

        Raises
        ------
        DataError
            When a column is missing, a source occurs twice or a keypoint is unknown.
        """
        missing = [name for name in ("source", "keypoint") if name not in table.columns]
        if missing:
            raise DataError(f"The skeleton map lacks the column(s) {', '.join(missing)}; add them.")
        sources = table["source"].astype(str).tolist()
        repeated = [source for n, source in enumerate(sources) if source in sources[:n]]
        if repeated:
            raise DataError(f"The skeleton map names '{repeated[0]}' twice; keep one row.")
        targets = [str(cell).strip() or None for cell in table["keypoint"].fillna("")]
        return cls(dict(zip(sources, targets, strict=True)))


def guess_skeleton_map(names: Sequence[str]) -> SkeletonMap:
    """Guess which of our keypoints the names of a source mean.

    Knows the usual names of DeepLabCut, SuperAnimal, SLEAP, DeepOF, DANNCE, MARS, JABS, SimBA and
    Lightning Pose, in any spelling of sides. Left and right hip joints together give the Hip. Of a
    mirror image with two views in one picture the view with more keypoints is taken.

    Examples
    --------
    >>> dict(guess_skeleton_map(["nose", "left_ear", "left_eye", "tailbase"]).targets)
    {'nose': 'Snout', 'left_ear': 'EarL', 'left_eye': None, 'tailbase': 'TailBase'}
    """
    matches = match_names(names)
    return SkeletonMap({name: matches.get(name) for name in names})


def apply_skeleton_map(poses: Poses, skeleton_map: SkeletonMap) -> Poses:
    """Return poses with all 24 keypoints in our order; NaN where the source has none.

    Where several sources name a keypoint, its position is their mean and its confidence the lowest
    of theirs; it is unknown when one of them is.

    Raises
    ------
    DataError
        When the map names a source that the poses do not have.
    """
    known = [str(name) for name in poses["keypoint"].to_numpy()]
    absent = [name for name, t in skeleton_map.targets.items() if t and name not in known]
    if absent:
        raise DataError(
            f"The skeleton map names {', '.join(absent)}, but the poses have {', '.join(known)}; "
            "correct skeleton.csv."
        )
    columns = [skeleton_map.find_sources(keypoint) for keypoint in KEYPOINTS]
    return poses.map(_merge, args=(columns,), keep_attrs=True)


def _merge(variable: xr.DataArray, columns: list[list[str]]) -> xr.DataArray:
    unknown = xr.full_like(variable.isel(keypoint=0, drop=True), np.nan)
    combine = "min" if variable.name == "confidence" else "mean"
    merged = [
        getattr(variable.sel(keypoint=sources), combine)("keypoint", skipna=False)
        if sources
        else unknown
        for sources in columns
    ]
    joined = xr.concat(merged, dim=pd.Index(KEYPOINTS, name="keypoint"))
    return joined.transpose(*variable.dims)
