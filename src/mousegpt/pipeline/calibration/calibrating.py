"""From a folder of pictures of boards to a calibrated rig: what is seen, then what fits it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mousegpt.core.errors import CalibrationError
from mousegpt.geometry.rigging import RigFit, calibrate_rig, lay_world
from mousegpt.geometry.sheets import SHEET_SHOT
from mousegpt.pipeline.calibration.findings import FindingStore
from mousegpt.pipeline.calibration.footage import find_reels
from mousegpt.pipeline.calibration.plan import BoardPlan
from mousegpt.pipeline.calibration.seeking import Listener, search_reels
from mousegpt.pipeline.chain import Event


@dataclass(frozen=True, eq=False)
class FolderFit:
    """A rig that was calibrated from a folder.

    Parameters
    ----------
    fit
        The rig.
    found
        A row a set and view: ``set view pictures found``.
    plan
        What was filmed.
    """

    fit: RigFit
    found: pd.DataFrame
    plan: BoardPlan


def calibrate_folder(folder: Path, plan: BoardPlan, store: Path, listen: Listener) -> FolderFit:
    """Calibrate a rig from a folder of pictures or videos of boards.

    Parameters
    ----------
    store
        File in which is kept what the pictures show, so that they are looked at once only.

    Raises
    ------
    DataError
        When there are no pictures, or one cannot be read.
    CalibrationError
        When the pictures do not determine the rig; the message names the camera and the remedy.
    """
    reels = find_reels(folder, max_frames=plan.max_frames)
    with FindingStore(store) as known:
        haul = search_reels(reels, plan, known, listen)
    _check_found(haul.found, plan)
    views = {reel.view: haul.sizes[reel.view] for reel in reels if reel.board_set != "sheet"}
    boards = [s for s in haul.sightings if s.shot != SHEET_SHOT]
    fit = calibrate_rig(boards, views, lens=plan.lens)
    listen(Event("done", "rig", f"{len(views)} views", f"{len(fit.points)} points adjusted"))
    sheets = [s for s in haul.sightings if s.shot == SHEET_SHOT and s.view in views]
    if sheets:
        pictures = {view: images for view, images in haul.sheets.items() if view in views}
        fit = lay_world(fit, sheets, pictures, plan.sheet, lens=plan.lens, scale_by=plan.scale_by)
        n_views = fit.points.loc[fit.points["shot"] == SHEET_SHOT, "view"].nunique()
        listen(Event("done", "world", "sheet", f"seen by {n_views} views"))
    return FolderFit(fit, haul.found, plan)


def _check_found(found: pd.DataFrame, plan: BoardPlan) -> None:
    """Refuse a set in which nothing was found at all, before single cameras are blamed."""
    for name, rows in found.groupby("set", sort=False):
        if rows["found"].sum():
            continue
        n_pictures = rows["pictures"].sum()
        if name == "sheet":
            raise CalibrationError(
                f"No camera can read the sheet in its {n_pictures} pictures; expected tags 0 to 7 "
                f"of {plan.sheet.dictionary}. Add a picture from above, or remove sheet/."
            )
        board = plan.own if name == "own" else plan.shared
        raise CalibrationError(
            f"Found no board in {n_pictures} pictures of the set '{name}'; expected {board.title}."
            " Count its squares (not its inner corners), see that the whole board is in the "
            "picture, and give --board."
        )


def count_found(found: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return view -> set -> "20 of 20", the pictures in which something was found."""
    counts: dict[str, dict[str, str]] = {}
    for row in found.to_dict("records"):
        counts.setdefault(row["view"], {})[row["set"]] = f"{row['found']} of {row['pictures']}"
    return counts
