"""How good a calibration is, camera by camera, and the verdict in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.geometry.rigging import RigFit
from mousegpt.geometry.sheets import SHEET_SHOT

Row = Mapping[Any, Any]

#: what is doubtful, and what is bad: (column, doubtful from, bad from, what is wrong, what to do)
_LIMITS: Final = (
    ("error_percent", 0.04, 0.12, "misses by {error_median_px:.2f} px",
     "look for a bent board, blurred pictures or pictures that are not of the same moment"),
    ("center_sd_mm", 0.5, 2.0, "stands where it should to {center_sd_mm:.1f} mm only",
     "film more boards that it shares with others, nearer and more tilted"),
    ("focal_sd_percent", 0.2, 1.0, "has a focal length that is open by {focal_sd_percent:.1f} %",
     "film more boards before it, tilted by 20 to 50 degrees"),
    ("uncovered", 0.5, 0.9, "saw boards in {covered:.0%} of its image only",
     "film the board in the corners, too"),
)  # fmt: skip
_FEW_SHARED: Final = 3
_SCALE_DOUBTFUL: Final = 0.003


@dataclass(frozen=True)
class Verdict:
    """What to think of a calibration; ``sentence`` names the worst fault and its remedy."""

    level: Literal["good", "doubtful", "bad"]
    sentence: str


def summarize_cameras(fit: RigFit, *, n_cells: Annotated[int, Field(ge=2)] = 16) -> pd.DataFrame:
    """Tell how well each camera fits.

    Parameters
    ----------
    n_cells
        The image is divided into so many cells along each side; a cell with a point is covered.

    Returns
    -------
    pd.DataFrame
        A row a view: ``view boards shared points error_median_px error_95_px noise_px covered
        center_sd_mm angle_sd_deg focal_sd_percent``. ``shared`` counts boards that another view
        saw, too; errors are of all points, outliers too; ``noise_px`` is the standard deviation
        along one axis.
    """
    shared = count_shared(fit)
    rows = []
    for view, points in fit.points.groupby("view", sort=False):
        camera = fit.placement.cameras[str(view)]
        errors = np.hypot(points["du"], points["dv"])
        share = points[["u", "v"]].to_numpy() / camera.size
        cell = (share * n_cells).astype(int).clip(0, n_cells - 1)
        boards = points.loc[points["shot"] != SHEET_SHOT, "shot"]
        rows.append(
            {
                "view": view,
                "boards": boards.nunique(),
                "shared": shared.attrs["n_shared"][view],
                "points": len(points),
                "error_median_px": float(np.median(errors)),
                "error_95_px": float(np.percentile(errors, 95)),
                "noise_px": float(points["noise"].median()),
                "covered": len(np.unique(cell, axis=0)) / n_cells**2,
            }
        )
    return pd.DataFrame(rows).merge(fit.uncertainty, on="view")


def count_shared(fit: RigFit) -> pd.DataFrame:
    """Count the boards that each pair of views saw at the same time; index and columns are views.

    ``attrs["n_shared"]`` has for each view the boards that any other view saw, too.
    """
    views = list(fit.placement.cameras)
    boards = fit.points[fit.points["shot"] != SHEET_SHOT]
    seen = pd.crosstab(boards["view"], boards["shot"]).reindex(views, fill_value=0) > 0
    table = pd.DataFrame(seen.to_numpy(int) @ seen.to_numpy(int).T, index=views, columns=views)
    common = seen.loc[:, seen.sum() > 1].sum(axis=1)
    table.attrs["n_shared"] = {str(view): int(n) for view, n in common.items()}
    return table


def judge_fit(fit: RigFit, cameras: pd.DataFrame) -> Verdict:
    """Judge a calibration by its worst camera.

    Parameters
    ----------
    cameras
        As of `summarize_cameras`.
    """
    views: list[Row] = [dict(row) for row in cameras.to_dict("records")]
    faults = [*_list_camera_faults(views, fit), *_list_rig_faults(views, fit)]
    bad = [text for level, text in faults if level == "bad"]
    if bad:
        return Verdict("bad", f"Do not use it: {bad[0]}.")
    if faults:
        return Verdict("doubtful", f"Usable, but {faults[0][1]}.")
    worst = max(views, key=lambda row: row["error_median_px"])
    n_boards = len(fit.placement.boards) - (SHEET_SHOT in fit.placement.boards)
    cameras_see = "1 camera sees" if len(views) == 1 else f"{len(views)} cameras see"
    return Verdict(
        "good",
        f"Good: {cameras_see} {n_boards} boards where they should be to "
        f"{worst['error_median_px']:.2f} px or better (median; worst '{worst['view']}').",
    )


def _list_camera_faults(views: Sequence[Row], fit: RigFit) -> list[tuple[str, str]]:
    """Return level and sentence of what is wrong with single cameras."""
    faults = []
    for name, doubtful, bad, text, remedy in _LIMITS:
        values = [_measure(name, row, fit) for row in views]
        worst = int(np.argmax(values))
        if values[worst] >= doubtful:
            level = "bad" if values[worst] >= bad else "doubtful"
            row = views[worst]
            faults.append((level, f"camera '{row['view']}' {text.format(**row)}; {remedy}"))
    return faults


def _measure(name: str, row: Row, fit: RigFit) -> float:
    if name == "error_percent":  # of the width
        return 100 * float(row["error_median_px"]) / max(fit.placement.cameras[row["view"]].size)
    return 1 - float(row["covered"]) if name == "uncovered" else float(row[name])


def _list_rig_faults(views: Sequence[Row], fit: RigFit) -> list[tuple[str, str]]:
    faults = []
    least = min(views, key=lambda row: row["shared"])
    if len(views) > 1 and least["shared"] < _FEW_SHARED:
        text = (
            f"camera '{least['view']}' shares {least['shared']} board(s) with the others; film "
            f"{_FEW_SHARED} or more"
        )
        faults.append(("doubtful", text))
    if fit.sheet_scale is not None and abs(fit.sheet_scale - 1) > _SCALE_DOUBTFUL:
        percent = 100 * (fit.sheet_scale - 1)
        text = f"the sheet is {percent:+.1f} % off its size by the boards; measure both by a ruler"
        faults.append(("doubtful", text))
    return faults
