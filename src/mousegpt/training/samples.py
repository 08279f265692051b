"""Labelled pictures, and the packs in which they wait for the training.

A pack is a Parquet table, one row a mouse; pictures are compressed (JPEG) and stand in the row of
their first mouse. Packs are made of rendered scenes, of synthetic studies and of the frames that a
laboratory labelled; training reads nothing else. What belongs together (a scene, a stretch of
frames) lies in one pack, so that a split by packs does not leak.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Protocol

import cv2
import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.arrays import BoolArray, FloatArray, ImageArray, IntArray
from mousegpt.core.errors import DataError
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.io.tables import load_table, save_table

_EDGES: Final = ["left", "top", "right", "bottom"]
_ENDING: Final = ".pack.parquet"


@dataclass(frozen=True, eq=False)
class Sample:
    """A picture and its mice.

    Attributes
    ----------
    image
        RGB, shape (height, width, 3).
    boxes
        Shape (mouse, 4): left, top, right, bottom.
    keypoints
        Pixels, shape (mouse, 24, 2); NaN where unknown.
    visible
        Which keypoints can be seen, shape (mouse, 24); known ones may be hidden.
    """

    image: ImageArray
    boxes: FloatArray
    keypoints: FloatArray
    visible: BoolArray


class Samples(Protocol):
    """Anything that numbers samples."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...

    def __getitem__(self, i: int) -> Sample:
        """Return one; the same every time."""
        ...


@dataclass(frozen=True, eq=False)
class _Waiting:
    """A sample whose picture is compressed."""

    content: bytes
    size: tuple[int, int]  # width, height
    boxes: FloatArray
    keypoints: FloatArray
    visible: BoolArray


class PackedSamples:
    """The samples of packs, decompressed when asked for.

    Parameters
    ----------
    paths
        Of packs, see `list_packs`.
    max_px
        Pictures whose longer edge is above it are shrunk while they wait: small ones are
        decompressed faster.
    """

    def __init__(self, paths: Sequence[Path], *, max_px: int | None = None) -> None:
        self._waiting: list[_Waiting] = []
        for path in paths:
            for _, rows in load_table(path).groupby("picture", sort=True):
                waiting = _read_rows(rows)
                if max_px is not None and max(waiting.size) > max_px:
                    waiting = _compress(_shrink(_decompress(waiting), max_px))
                self._waiting.append(waiting)

    def __len__(self) -> int:
        return len(self._waiting)

    def __getitem__(self, i: int) -> Sample:
        return _decompress(self._waiting[i])

    def collect_boxes(self) -> FloatArray:
        """Return width and height of all boxes as shares of the longer edge of their picture."""
        sizes = [(each.boxes[:, 2:] - each.boxes[:, :2]) / max(each.size) for each in self._waiting]
        stacked = np.concatenate(sizes) if sizes else np.zeros((0, 2))
        return np.asarray(stacked[np.isfinite(stacked).all(axis=1)])


def _read_rows(rows: pd.DataFrame) -> _Waiting:
    first, mice = rows.iloc[0], rows[rows["left"].notna()]
    shape = (len(mice), len(KEYPOINTS))
    return _Waiting(
        first["image"],
        (int(first["width"]), int(first["height"])),
        mice[_EDGES].to_numpy(np.float64),
        np.array(mice["keypoints"].tolist(), dtype=np.float64).reshape(*shape, 2),
        np.array(mice["visible"].tolist()).reshape(shape) > 0.5,
    )


def _decompress(waiting: _Waiting) -> Sample:
    content = np.frombuffer(waiting.content, dtype=np.uint8)
    bgr = np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), dtype=np.uint8)
    image = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    return Sample(image, waiting.boxes, waiting.keypoints, waiting.visible)


def _compress(sample: Sample, *, quality: int = 92) -> _Waiting:
    height, width = sample.image.shape[:2]
    bgr = cv2.cvtColor(sample.image, cv2.COLOR_RGB2BGR)
    _, content = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return _Waiting(
        content.tobytes(), (width, height), sample.boxes, sample.keypoints, sample.visible
    )


def save_pack(
    path: Path,
    samples: Iterable[Sample],
    *,
    max_px: Annotated[int, Field(ge=64)] = 960,
    jpeg_quality: Annotated[int, Field(ge=1, le=100)] = 92,
) -> None:
    """Save samples as a pack; pictures whose longer edge is above ``max_px`` are shrunk."""
    rows: list[dict[str, object]] = []
    for number, sample in enumerate(samples):
        waiting = _compress(_shrink(sample, max_px), quality=jpeg_quality)
        for mouse in range(max(len(waiting.boxes), 1)):
            there = mouse < len(waiting.boxes)
            box = waiting.boxes[mouse] if there else np.full(4, np.nan)
            points = waiting.keypoints[mouse] if there else np.full((len(KEYPOINTS), 2), np.nan)
            seen = waiting.visible[mouse] if there else np.zeros(len(KEYPOINTS))
            row: dict[str, object] = {
                "picture": number,
                "image": waiting.content if mouse == 0 else None,
                "width": waiting.size[0],
                "height": waiting.size[1],
            }
            row |= dict(zip(_EDGES, box.tolist(), strict=True))
            row |= {
                "keypoints": points.ravel().astype(np.float32),
                "visible": np.asarray(seen, dtype=np.float32),
            }
            rows.append(row)
    if not rows:
        raise DataError(f"Expected pictures for the pack {path.name}, found none; label frames.")
    save_table(pd.DataFrame(rows), path)


def name_pack(folder: Path, stem: str, number: int) -> Path:
    """Return the path of a pack."""
    return folder / f"{stem}-{number:05d}{_ENDING}"


def list_packs(folder: Path) -> list[Path]:
    """Return the packs of a folder, in order.

    Raises
    ------
    DataError
        When there is none.
    """
    packs = sorted(folder.glob(f"*{_ENDING}"))
    if not packs:
        raise DataError(
            f"Expected packs of labelled pictures in {folder}, found none; make them with "
            "mousegpt train pack."
        )
    return packs


def split_packs(
    packs: Sequence[Path], *, every: Annotated[int, Field(ge=2)] = 9
) -> tuple[list[Path], list[Path]]:
    """Set every ninth pack aside for validation; of fewer, none.

    Notes
    -----
    Source: Methods 4.2 (training to validation 8:1). Departs from the paper: by packs, because
    neighbouring frames in both parts would be a leak.

    Examples
    --------
    >>> train, validation = split_packs([Path(f"{i}") for i in range(10)])
    >>> len(train), [path.name for path in validation]
    (9, ['8'])
    """
    train = [pack for i, pack in enumerate(packs) if i % every != every - 1]
    return train, [pack for i, pack in enumerate(packs) if i % every == every - 1]


def draw_epoch(
    lengths: Sequence[int],
    epoch: int,
    *,
    min_share: Annotated[float, Field(ge=0, le=0.5)] = 0.2,
    seed: int = 0,
) -> IntArray:
    """Put the samples of several sources in a random order; small sources are repeated.

    Parameters
    ----------
    min_share
        Each source makes at least this share of the largest one's.

    Returns
    -------
    IntArray
        Shape (n, 2): source and sample. The same epoch and seed give the same order.

    Examples
    --------
    >>> sorted(draw_epoch([10, 1], 0)[:, 0].tolist())
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]
    """
    rng = np.random.default_rng([seed, epoch])
    least = round(min_share * max(lengths))
    pairs = []
    for source, length in enumerate(lengths):
        n_rounds = max(-(-least // length), 1) if length else 0
        order = np.concatenate([np.arange(0), *(rng.permutation(length) for _ in range(n_rounds))])
        order = order[: max(length, least)].astype(np.int64)
        pairs.append(np.stack([np.full(len(order), source), order], axis=1))
    return np.asarray(rng.permutation(np.concatenate(pairs)))


def enclose_points(
    points: FloatArray, visible: BoolArray, *, padding: Annotated[float, Field(ge=0)] = 0.05
) -> FloatArray:
    """Enclose the visible keypoints of each mouse, shape (mouse, 4); NaN with fewer than three.

    Parameters
    ----------
    points, visible
        Shapes (mouse, 24, 2) and (mouse, 24).
    padding
        On every side, as a share of the longer edge.

    Notes
    -----
    Source: Methods 4.2 (box around the visible keypoints, 35 px more on every side of a 4K
    picture). Departs from the paper: the padding is a share of the box, so that it fits pictures
    of any size; a mouse that fills 700 px of a 4K picture gets the same.
    """
    boxes = np.full((len(points), 4), np.nan)
    for mouse, (at, seen) in enumerate(zip(points, visible, strict=True)):
        there = at[seen & np.isfinite(at).all(axis=1)]
        if len(there) >= 3:
            low, high = there.min(axis=0), there.max(axis=0)
            pad = padding * (high - low).max()
            boxes[mouse] = np.concatenate([low - pad, high + pad])
    return boxes


def _shrink(sample: Sample, max_px: int) -> Sample:
    height, width = sample.image.shape[:2]
    scale = max_px / max(height, width)
    if scale >= 1:
        return sample
    size = round(width * scale), round(height * scale)
    image = cv2.resize(sample.image, size, interpolation=cv2.INTER_AREA)
    steps = np.array(size) / [width, height]
    keypoints = (sample.keypoints + 0.5) * steps - 0.5
    boxes = (sample.boxes + 0.5) * np.tile(steps, 2) - 0.5
    return Sample(np.asarray(image, np.uint8), boxes, keypoints, sample.visible)
