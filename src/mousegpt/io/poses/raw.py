"""What a reader finds in a file, and how it becomes poses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, get_args

import numpy as np
import pandas as pd

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.recording import LengthUnit


@dataclass(frozen=True)
class RawPoses:
    """Arrays and names as a file gives them.

    Parameters
    ----------
    position
        Shape ``(time, space, keypoint, individual)``, with ``view`` in front when ``views`` is
        given.
    confidence
        Shape of ``position`` without ``space``, or None.
    individuals
        None when the file does not tell individuals apart.
    frames
        Original frame indices; 0, 1, 2, … when None.
    fps, unit
        None when the file does not say.
    """

    position: FloatArray
    confidence: FloatArray | None
    keypoints: Sequence[str]
    software: str
    individuals: Sequence[str] | None = None
    views: Sequence[str] | None = None
    frames: IntArray | None = None
    fps: float | None = None
    unit: str | None = None


def assemble_poses(raw: RawPoses, *, fps: float | None, unit: str | None) -> Poses:
    """Turn raw arrays into poses: mark missing points, tell individuals apart, fill in units.

    A point is missing (NaN) when a coordinate is not finite, when it lies exactly at the origin
    with confidence 0 (DeepLabCut's and DeepOF's way to say so), or when its confidence is
    negative. Confidence is limited to 1.

    Parameters
    ----------
    fps, unit
        Go before what the file says.

    Raises
    ------
    DataError
        When the frame rate is unknown, the unit is no unit, or the arrays do not fit.
    """
    rate = fps if fps is not None else raw.fps
    if rate is None:
        raise DataError(
            "the file does not tell its frame rate; give fps (column 'fps' of recordings.csv)."
        )
    raw = _split_individuals(_mark_missing(raw))
    n_space = raw.position.shape[-3]
    unit = unit or raw.unit or ("px" if n_space == 2 else "mm")
    if unit not in get_args(LengthUnit):
        raise DataError(f"'{unit}' is no unit; use one of {', '.join(get_args(LengthUnit))}.")
    return build_poses(
        raw.position,
        raw.confidence,
        keypoints=raw.keypoints,
        fps=rate,
        unit=unit,
        individuals=raw.individuals or ("mouse",),
        views=raw.views,
        frames=raw.frames,
        source_software=raw.software,
    )


def _mark_missing(raw: RawPoses) -> RawPoses:
    position = np.asarray(raw.position, dtype=np.float64)
    missing = ~np.isfinite(position).all(axis=-3)
    confidence = raw.confidence
    if confidence is not None:
        confidence = np.asarray(confidence, dtype=np.float64)
        missing |= (position == 0).all(axis=-3) & (confidence == 0)
        missing |= confidence < 0
        confidence = np.minimum(np.where(confidence < 0, np.nan, confidence), 1.0)
    position = np.where(np.expand_dims(missing, -3), np.nan, position)
    return replace(raw, position=position, confidence=confidence)


#: Prefixes that name a side, a place or a camera, never an animal.
_NO_INDIVIDUAL: Final = re.compile(
    "(?i)l|r|left|right|lf|rf|lh|rh|fl|fr|hl|hr|front|back|fore|hind|rear|top|bot|bottom|side|upper|"
    "lower|mid|middle|head|body|trunk|torso|neck|spine|tail|ear|eye|paw|foot|nose|snout"
)
_INDIVIDUAL_PATTERNS: Final = (
    re.compile(r"(?P<who>[^_\-. ]+)[_\-. ](?P<what>.+)"),  # B_Nose, W_Nose
    re.compile(r"(?P<who>[A-Za-z]+[_\-. ]?\d+)[_\-. ](?P<what>.+)"),  # mouse_1_Nose
    re.compile(r"(?P<what>.*[a-z].*)_(?P<who>\d+)"),  # Ear_left_1, Ear_left_2 (SimBA)
)


def group_names(names: Sequence[str]) -> dict[str, list[int]] | None:
    """Tell individuals apart that are encoded in the keypoint names.

    Returns
    -------
    The columns of each individual, all in the same order of keypoints; None unless every name
    carries one of at least two marks and all marks share the same set of keypoints.

    Examples
    --------
    >>> group_names(["B_Nose", "B_Tail", "W_Nose", "W_Tail"])
    {'B': [0, 1], 'W': [2, 3]}
    >>> group_names(["left_ear", "left_hip", "right_ear", "right_hip"]) is None
    True
    """
    for pattern in _INDIVIDUAL_PATTERNS:
        matches = [pattern.fullmatch(name) for name in names]
        groups: dict[str, dict[str, int]] = {}
        for column, match in enumerate(matches):
            if match:
                groups.setdefault(match["who"], {})[match["what"]] = column
        parts = [sorted(group) for group in groups.values()]
        if (
            len(groups) >= 2
            and sum(map(len, parts)) == len(names)
            and len(parts[0]) >= (3 if parts and pattern is _INDIVIDUAL_PATTERNS[2] else 2)
            and all(part == parts[0] for part in parts)
            and not any(_NO_INDIVIDUAL.fullmatch(who) for who in groups)
        ):
            order = list(next(iter(groups.values())))
            return {who: [group[what] for what in order] for who, group in groups.items()}
    return None


def _split_individuals(raw: RawPoses) -> RawPoses:
    if raw.individuals is not None or raw.position.shape[-1] != 1:
        return raw
    groups = group_names(raw.keypoints)
    if groups is None:
        return raw
    columns = list(groups.values())
    first = [raw.keypoints[column] for column in columns[0]]
    who = next(iter(groups))
    strip = slice(len(who) + 1, None) if first[0].startswith(who) else slice(-len(who) - 1)
    return replace(
        raw,
        position=np.concatenate([raw.position[..., c, :] for c in columns], axis=-1),
        confidence=None
        if raw.confidence is None
        else np.concatenate([raw.confidence[..., c, :] for c in columns], axis=-1),
        keypoints=[name[strip] for name in first],
        individuals=list(groups),
    )


def check_frames(
    frames: Sequence[float] | FloatArray, labels: Sequence[object] | pd.Index
) -> IntArray:
    """Return frame indices as integers when they are whole, not negative and increasing.

    Parameters
    ----------
    labels
        How to call each row in a message, e.g. its line in the file.

    Raises
    ------
    DataError
        Naming the first row that breaks the order.
    """
    numbers = np.asarray(frames, dtype=np.float64)
    wrong = np.flatnonzero(~((numbers >= 0) & (numbers == np.floor(numbers))))
    if wrong.size:
        raise DataError(
            f"row {labels[wrong[0]]} has the frame {numbers[wrong[0]]:g}; frames are whole "
            "numbers from 0 (the index in the video)."
        )
    steps = np.flatnonzero(np.diff(numbers) <= 0)
    if steps.size:
        row = steps[0] + 1
        verb = "repeats" if numbers[row] == numbers[row - 1] else "comes after"
        raise DataError(
            f"row {labels[row]}: frame {numbers[row]:g} {verb} {numbers[row - 1]:g}; sort the "
            "rows by frame and keep one row for each."
        )
    return numbers.astype(np.int64)
