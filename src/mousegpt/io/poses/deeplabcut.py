"""DeepLabCut tables (csv and h5), and Lightning Pose, which writes the same.

Header rows ``scorer``, ``individuals`` (several animals), ``bodyparts``, ``coords``; other
coordinates than x, y, z and likelihood (ensemble medians, variances) are left out. Rows are
frames, or images of a labelled data set.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
import pandas as pd

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.errors import DataError
from mousegpt.io.poses.pandas_hdf import count_levels, read_pandas_hdf
from mousegpt.io.poses.raw import RawPoses, check_frames
from mousegpt.io.poses.registry import Peek, register_format
from mousegpt.io.poses.text import parse_numbers, read_text_table

_LABELS: Final = frozenset(["scorer", "individuals", "bodyparts", "coords"])
_COORDINATES: Final = ("x", "y", "z", "likelihood")
#: DeepLabCut's pseudo-individual for points that belong to no animal (corners of the arena).
_NO_ANIMAL: Final = "single"


def _has_labels(peek: Peek) -> bool:
    return "bodyparts" in {row[0].strip().lower() for row in peek.rows if row}


def _has_levels(peek: Peek) -> bool:
    return count_levels(peek.path) > 1


@register_format("DeepLabCut csv", "text", (".csv",), _has_labels)
def read_deeplabcut_csv(path: Path) -> RawPoses:
    """Read a csv of DeepLabCut or Lightning Pose, from tracking or from labelling."""
    table = read_text_table(path, _LABELS)
    header = {row[0].lower(): row[1:] for row in table.header}
    missing = {"bodyparts", "coords"} - set(header)
    if missing:
        raise DataError(
            f"the header lacks the row(s) {', '.join(sorted(missing))}; export the table again."
        )
    coords = [cell.lower() for cell in header["coords"]]
    n_index = 1 + next((i for i, cell in enumerate(coords) if cell), len(coords))
    names = _undo_renaming(header["bodyparts"][n_index - 1 :])
    who = header.get("individuals", [""] * len(coords))[n_index - 1 :]
    columns = list(zip(who, names, coords[n_index - 1 :], strict=True))
    values = parse_numbers(table.body.iloc[:, n_index:], [" ".join(c).strip() for c in columns])
    labels = ["/".join(map(str, row)) for row in table.body.iloc[:, :n_index].to_numpy()]
    return _arrange(columns, values, _find_frames(labels, table.body.index))


@register_format("DeepLabCut h5", "hdf5", (".h5", ".hdf5"), _has_levels)
def read_deeplabcut_h5(path: Path) -> RawPoses:
    """Read an h5 of DeepLabCut or Lightning Pose; nothing is unpickled."""
    header, values, rows = read_pandas_hdf(path)
    columns = [(c[-3] if len(c) > 3 else "", c[-2], c[-1]) for c in header]
    labels = ["/".join(map(str, row)) if isinstance(row, tuple) else str(row) for row in rows]
    return _arrange(columns, values, _find_frames(labels, range(1, len(labels) + 1)))


def _undo_renaming(names: list[str]) -> list[str]:
    """Take back the ``.1``, ``.2`` that pandas adds to repeated names of a header row."""
    plain = [re.sub(r"\.\d+$", "", name) for name in names]
    known = set(names)
    return [base if base in known else name for base, name in zip(plain, names, strict=True)]


def _find_frames(labels: Sequence[str], rows: Sequence[Any] | pd.Index) -> IntArray:
    """Return frame numbers: those of the index, those in the image names, or the row order."""
    try:
        return check_frames([float(label) for label in labels], rows)
    except ValueError as error:
        if isinstance(error, DataError):
            raise
    paths = [PurePosixPath(label.replace("\\", "/")) for label in labels]
    numbers = [re.findall(r"\d+", path.stem)[-1:] for path in paths]
    if len({path.parent for path in paths}) == 1 and all(numbers):
        frames = np.array([int(number[0]) for number in numbers])
        if (np.diff(frames) > 0).all():
            return frames
    return np.arange(len(labels))


def _arrange(columns: list[tuple[str, str, str]], values: FloatArray, frames: IntArray) -> RawPoses:
    place: dict[tuple[str, str, str], int] = {}
    for number, (who, keypoint, coordinate) in enumerate(columns):
        if (who, keypoint, coordinate) in place:
            raise DataError(
                f"the keypoint '{keypoint}' has two columns '{coordinate}'; rename one of them."
            )
        place[who, keypoint, coordinate] = number
    tracked = list(dict.fromkeys(who for who, _, _ in columns))
    individuals = [who for who in tracked if who != _NO_ANIMAL] or tracked
    points = dict.fromkeys((who, key) for who, key, _ in columns if who in individuals)
    keypoints = list(dict.fromkeys(key for _, key in points))
    space = [c for c in ("x", "y", "z") if any(c == coordinate for _, _, coordinate in columns)]
    for who, keypoint in points:
        lacking = [c for c in ("x", "y", *space[2:]) if (who, keypoint, c) not in place]
        if lacking:
            raise DataError(
                f"the keypoint '{keypoint}' has no column '{lacking[0]}'; export the table again."
            )
    shape = (len(values), len(space), len(keypoints), len(individuals))
    position = np.full(shape, np.nan)
    confidence = np.full((shape[0], *shape[2:]), np.nan)
    for who, keypoint in points:
        k, i = keypoints.index(keypoint), individuals.index(who)
        position[:, :, k, i] = values[:, [place[who, keypoint, c] for c in space]]
        if (who, keypoint, "likelihood") in place:
            confidence[:, k, i] = values[:, place[who, keypoint, "likelihood"]]
    named = individuals if any(individuals) else None
    return RawPoses(position, confidence, keypoints, "DeepLabCut", named, frames=frames)
