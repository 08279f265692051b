"""From a folder of pictures of boards to a calibrated rig: what is seen, then what fits it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

import cv2
import pandas as pd
from pydantic import Field

from mousegpt.core.arrays import ImageArray
from mousegpt.core.errors import CalibrationError
from mousegpt.geometry.detection import find_target
from mousegpt.geometry.rigging import RigFit, calibrate_rig, lay_world
from mousegpt.geometry.sheets import SHEET_SHOT
from mousegpt.geometry.targets import (
    Charuco,
    Checkerboard,
    MarkerSheet,
    Marks,
    Sighting,
    Target,
)
from mousegpt.geometry.variety import choose_varied
from mousegpt.pipeline.calibration.footage import BoardSet, Reel, find_reels, read_reel
from mousegpt.pipeline.chain import Event

Listener = Callable[[Event], None]

_TOLD_EVERY: Final = 25  # pictures
_SHEET_PICTURES: Final = 3  # of each view; more only repeat what is seen


@dataclass(frozen=True)
class BoardPlan:
    """What is filmed, and what is wanted from it.

    Parameters
    ----------
    own, shared
        The boards of the two sets.
    sheet
        The sheet of markers.
    lens
        A name of `mousegpt.geometry.intrinsics.LENS_MODELS`.
    scale_by
        Whose size is believed when boards and sheet differ.
    max_frames
        Frames of each video that are looked at.
    max_boards
        Pictures of each view and set that are used, those that differ most.
    """

    own: Checkerboard | Charuco = field(default_factory=Checkerboard)
    shared: Checkerboard | Charuco = field(default_factory=Checkerboard)
    sheet: MarkerSheet = field(default_factory=MarkerSheet)
    lens: str = "k1 k2 p1 p2 k3"
    scale_by: Literal["boards", "sheet"] = "boards"
    max_frames: Annotated[int, Field(gt=0)] = 150
    max_boards: Annotated[int, Field(gt=0)] = 40

    def find_target(self, board_set: BoardSet) -> Target:
        """Return what a set shows."""
        targets: dict[BoardSet, Target] = {
            "own": self.own,
            "shared": self.shared,
            "sheet": self.sheet,
        }
        return targets[board_set]


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


@dataclass
class _Haul:
    """What was found in the pictures."""

    sightings: list[Sighting] = field(default_factory=list)
    sheets: dict[str, list[ImageArray]] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    rows: list[dict[str, object]] = field(default_factory=list)


def calibrate_folder(folder: Path, plan: BoardPlan, listen: Listener) -> FolderFit:
    """Calibrate a rig from a folder of pictures or videos of boards.

    Raises
    ------
    DataError
        When there are no pictures, or one cannot be read.
    CalibrationError
        When the pictures do not determine the rig; the message names the camera and the remedy.
    """
    reels = find_reels(folder, max_frames=plan.max_frames)
    haul = _search_reels(reels, plan, listen)
    found = pd.DataFrame(haul.rows)
    _check_found(found, plan)
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
    return FolderFit(fit, found, plan)


def _search_reels(reels: Sequence[Reel], plan: BoardPlan, listen: Listener) -> _Haul:
    """Look for targets in all pictures, several at once."""
    haul, total = _Haul(), sum(reel.n_pictures for reel in reels)
    done, n_threads = 0, os.cpu_count() or 1
    with ThreadPoolExecutor(n_threads) as pool:
        for reel in reels:
            target, seen = plan.find_target(reel.board_set), []
            for name, image, marks in _search_reel(reel, target, pool, 2 * n_threads):
                done += 1
                _note_picture(haul, reel, image)
                if marks:
                    seen.append(Sighting(reel.view, _name_shot(reel, name), target, marks))
                message = f"pictures, {reel.view}" if done % _TOLD_EVERY == 0 else ""
                listen(Event("progress", "boards", "all", message, done, total))
            if not seen and not isinstance(target, Checkerboard):
                _check_mirrored(reel, target)
            haul.sightings += seen
            haul.rows.append({
                "set": reel.board_set, "view": reel.view,
                "pictures": reel.n_pictures, "found": len(seen),
            })  # fmt: skip
    listen(Event("done", "boards", "all", f"found in {len(haul.sightings)} of {total} pictures"))
    haul.sightings = _thin_out(haul.sightings, plan.max_boards)
    return haul


def _thin_out(sightings: Sequence[Sighting], most: int) -> list[Sighting]:
    """Keep for each view the boards that differ most, and those that are kept for another view."""
    kept: set[str] = set()
    for view in {s.view for s in sightings}:
        for beginning in ("own", "shared"):
            mine = [s for s in sightings if s.view == view and s.shot.startswith(beginning)]
            kept |= {s.shot for s in choose_varied(mine, n=most)}
    return [s for s in sightings if s.shot in kept or s.shot == SHEET_SHOT]


def _note_picture(haul: _Haul, reel: Reel, image: ImageArray) -> None:
    """Note the size of a picture, and keep those of the sheet."""
    size = (image.shape[1], image.shape[0])
    expected = haul.sizes.setdefault(reel.view, size)
    if size != expected:
        raise CalibrationError(
            f"Camera '{reel.view}': a picture of the set '{reel.board_set}' measures "
            f"{size[0]} x {size[1]}, others {expected[0]} x {expected[1]}; a camera is calibrated "
            "at one size."
        )
    if reel.board_set == "sheet" and len(haul.sheets.get(reel.view, [])) < _SHEET_PICTURES:
        haul.sheets.setdefault(reel.view, []).append(image)


def _search_reel(
    reel: Reel, target: Target, pool: ThreadPoolExecutor, n_ahead: int
) -> Iterator[tuple[str, ImageArray, Marks | None]]:
    """Yield every picture with what is found in it; several are searched at once."""
    pending: deque[tuple[str, ImageArray, Future[Marks | None]]] = deque()
    for name, image in read_reel(reel):
        pending.append((name, image, pool.submit(find_target, image, target)))
        if len(pending) >= n_ahead:
            first, picture, future = pending.popleft()
            yield first, picture, future.result()
    for first, picture, future in pending:
        yield first, picture, future.result()


def _name_shot(reel: Reel, name: str) -> str:
    """Name what stays at its place while several cameras look: a view's own boards do not."""
    if reel.board_set == "sheet":
        return SHEET_SHOT
    return f"own {reel.view} {name}" if reel.board_set == "own" else f"shared {name}"


def _check_mirrored(reel: Reel, target: Target) -> None:
    """Refuse a view whose markers can be read only in the mirror."""
    for _, image in read_reel(reel):
        if find_target(cv2.flip(image, 1).astype("uint8"), target):
            raise CalibrationError(
                f"Camera '{reel.view}': its pictures are mirrored, since the markers of the board "
                "can be read only in the mirror; mirror them back, then calibrate again."
            )


def _check_found(found: pd.DataFrame, plan: BoardPlan) -> None:
    """Refuse a folder in which no board was found at all, before single cameras are blamed."""
    for name, rows in found.groupby("set", sort=False):
        if name != "sheet" and not rows["found"].sum():
            target = plan.own if name == "own" else plan.shared
            raise CalibrationError(
                f"Found no board in {rows['pictures'].sum()} pictures of the set '{name}'; "
                f"expected {target}. Count its squares (not its inner corners) and give --board."
            )


def count_found(found: pd.DataFrame) -> Mapping[str, str]:
    """Return for each view what was found in it: "own 20 of 20, shared 11 of 30"."""
    return {
        str(view): ", ".join(
            f"{row.set} {row.found} of {row.pictures}" for row in rows.itertuples()
        )
        for view, rows in found.groupby("view", sort=False)
    }
