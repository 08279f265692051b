"""Packs of moments: tables of compressed tiles, with keypoints, speeds and true states."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import cv2
import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.arrays import ImageArray
from mousegpt.core.errors import DataError
from mousegpt.core.moment import MOMENTS_S, Moment
from mousegpt.io.tables import load_table, save_table
from mousegpt.training.nano.moments import render_moments
from mousegpt.training.rendering import Report, render_missing
from mousegpt.training.samples import name_pack

_COLUMNS: Final = ("image", "n_views", "points", "visible", "speeds", "states")
_PER_PACK: Final = 16


def pack_descriptions(
    folder: Path,
    n_scenes: Annotated[int, Field(ge=1)],
    *,
    n_moments: Annotated[int, Field(ge=1)] = 16,
    seed: Annotated[int, Field(ge=0)] = 0,
    n_processes: int | None = None,
    report: Report = lambda done, total, message: None,
) -> None:
    """Render moments of synthetic scenes, a pack each; scenes that are there are kept.

    Parameters
    ----------
    n_moments
        Of each scene.
    n_processes
        How many work at once; None takes all cores.

    Raises
    ------
    BackendError
        When this machine cannot render.
    """
    render_missing(
        partial(_pack_scene, folder, n_moments=n_moments, seed=seed),
        n_scenes,
        lambda number: name_pack(folder, f"moments{seed}", number).exists(),
        n_processes=n_processes,
        report=report,
    )


def pack_moments(folder: Path, recording: str, moments: Iterable[Moment]) -> int:
    """Save the moments of a recording, those that lie side by side in time in one pack.

    Earlier packs of the recording in this folder are replaced.

    Returns
    -------
    int
        How many moments there are.
    """
    stem, waiting = f"recording-{recording}", iter(moments)
    n_moments = n_packs = 0
    while lot := list(islice(waiting, _PER_PACK)):
        save_moments(name_pack(folder, stem, n_packs), lot)
        n_moments, n_packs = n_moments + len(lot), n_packs + 1
    while (older := name_pack(folder, stem, n_packs)).exists():
        older.unlink()
        n_packs += 1
    return n_moments


def save_moments(
    path: Path,
    moments: Iterable[Moment],
    *,
    jpeg_quality: Annotated[int, Field(ge=1, le=100)] = 90,
) -> None:
    """Save moments as a pack, one picture a moment: times from top to bottom, views side by side.

    Raises
    ------
    DataError
        When there is none.
    """
    rows = [
        {
            "image": _compress(moment.tiles, jpeg_quality),
            "n_views": len(moment.tiles),
            "points": moment.points.ravel().astype(np.float32),
            "visible": moment.visible.ravel().astype(np.float32),
            "speeds": moment.speeds.astype(np.float32),
            "states": json.dumps(dict(moment.states)),
        }
        for moment in moments
    ]
    if not rows:
        raise DataError(f"Expected moments for the pack {path.name}, found none; render some.")
    save_table(pd.DataFrame(rows), path)


class PackedMoments:
    """The moments of packs, decompressed when asked for.

    Parameters
    ----------
    paths
        Of packs, see `samples.list_packs`.

    Raises
    ------
    DataError
        When a pack holds something else.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._rows: list[dict[Hashable, Any]] = []
        for path in paths:
            table = load_table(path)
            if not set(_COLUMNS) <= set(table.columns):
                raise DataError(
                    f"Expected described moments in {path}, found labelled pictures; make packs "
                    "with mousegpt train pack-descriptions."
                )
            self._rows += table[list(_COLUMNS)].to_dict("records")

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, i: int) -> Moment:
        row = self._rows[i]
        n_views = int(row["n_views"])
        points = np.asarray(row["points"], dtype=np.float64).reshape(n_views, -1, 2)
        visible = np.asarray(row["visible"]).reshape(n_views, -1) > 0.5
        states: dict[str, str] = json.loads(str(row["states"]))
        tiles = _decompress(row["image"], n_views)
        return Moment(tiles, points, visible, np.asarray(row["speeds"], dtype=np.float64), states)


def _compress(tiles: ImageArray, quality: int) -> bytes:
    views, times, size = tiles.shape[:3]
    grid = tiles.transpose(1, 2, 0, 3, 4).reshape(times * size, views * size, 3)
    bgr = np.ascontiguousarray(grid[..., ::-1])
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def _decompress(content: bytes, n_views: int) -> ImageArray:
    bgr = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_COLOR)
    rgb = np.asarray(bgr, dtype=np.uint8)[..., ::-1]
    size = rgb.shape[1] // n_views
    tiles = rgb.reshape(len(MOMENTS_S), size, n_views, size, 3).transpose(2, 0, 1, 3, 4)
    return np.ascontiguousarray(tiles)


def _pack_scene(folder: Path, number: int, *, n_moments: int, seed: int) -> None:
    moments = render_moments(number, n_moments=n_moments, seed=seed)
    save_moments(name_pack(folder, f"moments{seed}", number), moments)
