"""Plain tables: one row a point (long), or one row a frame (wide), and Anipose's csv.

Long: ``frame, [camera], [individual], keypoint, x, y, [z], [score]``. Wide: ``frame, [camera],
[individual]`` and ``<keypoint>.x``, ``<keypoint>.y``, … with any of ``. _ - :`` or a blank.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.errors import DataError
from mousegpt.io.poses.pandas_hdf import count_levels, read_pandas_hdf
from mousegpt.io.poses.raw import RawPoses, check_frames
from mousegpt.io.poses.registry import Peek, register_format
from mousegpt.io.poses.text import parse_numbers, read_text_table

_FRAME: Final = ("frame", "frame_idx", "frame_index", "frame_id", "frame_number", "frames", "fnum")
_VIEW: Final = ("camera", "view", "cam")
_INDIVIDUAL: Final = ("individual", "track", "animal", "instance", "identity", "animal_id")
_KEYPOINT: Final = ("keypoint", "bodypart", "node", "landmark")
_CONFIDENCE: Final = ("confidence", "likelihood", "score")
_POINT: Final = re.compile(
    r"(?i)(?P<keypoint>.+)[._\-: ](?P<part>x|y|z|confidence|likelihood|score)"
)


def _find(names: Iterable[Hashable], wanted: Sequence[str]) -> str | None:
    """Return the column that goes by one of the wanted names, in their order."""
    by_lower = {str(name).lower(): str(name) for name in reversed(list(names))}
    return next((by_lower[name] for name in wanted if name in by_lower), None)


def _header(peek: Peek) -> list[str]:
    return [cell.strip() for cell in peek.rows[0]] if peek.rows else []


def _is_long(peek: Peek) -> bool:
    return _find(_header(peek), _KEYPOINT) is not None


def _is_wide(peek: Peek) -> bool:
    points = [match for name in _header(peek) if (match := _POINT.fullmatch(name))]
    return not _is_long(peek) and {"x", "y"} <= {match["part"].lower() for match in points}


def _is_anipose(peek: Peek) -> bool:
    return _is_wide(peek) and any(name.endswith("_ncams") for name in _header(peek))


def _is_flat(peek: Peek) -> bool:
    return count_levels(peek.path) == 1


@register_format("long csv", "text", (".csv", ".tsv", ".txt"), _is_long)
def read_long_csv(path: Path) -> RawPoses:
    """Read a table with one row for each point."""
    table = _read_named(path)
    keypoint = _find(table, _KEYPOINT)
    columns = [name for c in "xyz" if (name := _find(table, (c,)))]
    if keypoint is None or len(columns) < 2 or _find(table, _FRAME) is None:
        raise DataError(
            "expected the columns frame, keypoint, x and y, found "
            f"{', '.join(map(str, table))}; rename them."
        )
    points, keypoints = pd.factorize(table[keypoint].astype(str))
    score = _find(table, _CONFIDENCE)
    values = parse_numbers(table[[*columns, *([score] if score else [])]])
    if not score:
        values = np.column_stack([values, np.full(len(values), np.nan)])
    return _scatter(table, values[:, :, None], points[:, None], list(keypoints))


@register_format("Anipose csv", "text", (".csv",), _is_anipose)
def read_anipose_csv(path: Path) -> RawPoses:
    """Read the 3-D table of Anipose: x, y, z, error, ncams, score of each keypoint."""
    return _parse_wide(_read_named(path), "Anipose")


@register_format(
    "wide csv", "text", (".csv", ".tsv", ".txt"), lambda p: _is_wide(p) and not _is_anipose(p)
)
def read_wide_csv(path: Path) -> RawPoses:
    """Read a table with one row for each frame (and camera, and individual)."""
    return _parse_wide(_read_named(path), "")


@register_format("pandas h5", "hdf5", (".h5", ".hdf5"), _is_flat)
def read_wide_h5(path: Path) -> RawPoses:
    """Read a wide table (Anipose's, for one) that pandas saved as h5; nothing is unpickled."""
    columns, values, _ = read_pandas_hdf(path)
    table = pd.DataFrame(values, columns=[column[0] for column in columns])
    return _parse_wide(table, "Anipose" if _find(table, ("fnum",)) else "")


def _read_named(path: Path) -> pd.DataFrame:
    table = read_text_table(path, frozenset())
    names = table.header[0]
    repeated = [name for number, name in enumerate(names) if name and name in names[:number]]
    if repeated:
        raise DataError(f"the column '{repeated[0]}' occurs twice; rename one of them.")
    return table.body.set_axis(names, axis=1)


def _parse_wide(table: pd.DataFrame, software: str) -> RawPoses:
    names = [str(name) for name in table]
    found = [(name, m) for name in names if (m := _POINT.fullmatch(name))]
    place: dict[tuple[str, str], str] = {}
    for name, match in found:
        part = match["part"].lower()
        place[match["keypoint"], "score" if part in _CONFIDENCE else part] = name
    keypoints = [
        k for k in dict.fromkeys(key for key, _ in place) if {(k, "x"), (k, "y")} & set(place)
    ]
    space = [c for c in "xyz" if any(part == c for key, part in place if key in keypoints)]
    for keypoint in keypoints:
        for part in ("x", "y", *space[2:]):
            if (keypoint, part) not in place:
                raise DataError(
                    f"the keypoint '{keypoint}' has no column '{part}'; export the table again."
                )
    values = np.full((len(table), len(space) + 1, len(keypoints)), np.nan)
    for number, part in enumerate([*space, "score"]):
        named = [place[k, part] for k in keypoints if (k, part) in place]
        have = [k for k, keypoint in enumerate(keypoints) if (keypoint, part) in place]
        values[:, number, have] = parse_numbers(table[named])
    points = np.broadcast_to(np.arange(len(keypoints)), (len(table), len(keypoints)))
    return _scatter(table, values, points, keypoints, software)


def _scatter(
    table: pd.DataFrame,
    values: FloatArray,
    points: IntArray,
    keypoints: Sequence[str],
    software: str = "",
) -> RawPoses:
    """Lay rows out by view, frame and individual.

    Parameters
    ----------
    values
        Coordinates, then confidence, shape ``(rows, space + 1, points)``.
    points
        Index of the keypoint, shape ``(rows, points)``.
    """
    view, views = _encode(table, _VIEW)
    individual, individuals = _encode(table, _INDIVIDUAL, sort=True)
    row_frames = _read_frames(table, np.column_stack([view, individual, points[:, 0]]))
    frames, time = np.unique(row_frames, return_inverse=True)
    shape = (len(views or [0]), len(frames), len(keypoints), len(individuals or [0]))
    dense = np.full((*shape, values.shape[1]), np.nan)
    dense[view[:, None], time[:, None], points, individual[:, None]] = np.moveaxis(values, 1, 2)
    position = np.moveaxis(dense[..., :-1], -1, 2)
    confidence = dense[..., -1]
    if views is None:
        position, confidence = position[0], confidence[0]
    return RawPoses(
        position, confidence, keypoints, software, individuals, views, frames.astype(np.int64)
    )


def _encode(
    table: pd.DataFrame, wanted: Sequence[str], *, sort: bool = False
) -> tuple[IntArray, list[str] | None]:
    name = _find(table, wanted)
    if name is None:
        return np.zeros(len(table), dtype=np.int64), None
    codes, names = pd.factorize(table[name].fillna("").astype(str), sort=sort)
    return codes, [str(n) or "unnamed" for n in names]


def _read_frames(table: pd.DataFrame, groups: IntArray) -> IntArray:
    """Return the frame of each row; it must increase within each group of rows."""
    name = _find(table, _FRAME)
    first = str(table.columns[0])
    if name is None and first.lower() in ("", "index", "unnamed: 0"):
        name = first
    if name is None:
        if len(np.unique(groups, axis=0)) > 1:
            raise DataError("the rows of several cameras or animals need a column 'frame'.")
        return np.arange(len(table))
    numbers = parse_numbers(table[[name]])[:, 0]
    frames = np.empty(len(table), dtype=np.int64)
    codes = np.unique(groups, axis=0, return_inverse=True)[1].ravel()
    for code in range(codes.max() + 1):
        rows = np.flatnonzero(codes == code)
        frames[rows] = check_frames(numbers[rows], table.index[rows])
    return frames
