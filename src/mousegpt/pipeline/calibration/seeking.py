"""Looking for targets in all pictures of a folder, several pictures at once."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import pandas as pd

from mousegpt.core.arrays import ImageArray
from mousegpt.core.errors import CalibrationError
from mousegpt.geometry.detection import find_target
from mousegpt.geometry.sheets import SHEET_SHOT
from mousegpt.geometry.targets import Checkerboard, Marks, Sighting, Target
from mousegpt.geometry.variety import choose_varied
from mousegpt.pipeline.calibration.findings import Finding, FindingStore
from mousegpt.pipeline.calibration.footage import Frame, Reel, read_frames
from mousegpt.pipeline.calibration.plan import BoardPlan
from mousegpt.pipeline.chain import Event

Listener = Callable[[Event], None]

_TOLD_EVERY: Final = 25  # pictures


@dataclass
class Haul:
    """What was found in the pictures.

    Parameters
    ----------
    sheets
        View -> its pictures of the sheet, also those in which it cannot be read.
    sizes
        View -> width and height of its pictures.
    rows
        A row a set and view: ``set view pictures found``.
    """

    sightings: list[Sighting] = field(default_factory=list)
    sheets: dict[str, list[ImageArray]] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    rows: list[dict[str, object]] = field(default_factory=list)

    @property
    def found(self) -> pd.DataFrame:
        """The rows as a table."""
        return pd.DataFrame(self.rows, columns=["set", "view", "pictures", "found"])


def search_reels(
    reels: Sequence[Reel], plan: BoardPlan, store: FindingStore, listen: Listener
) -> Haul:
    """Look for the targets of a plan in all pictures.

    Parameters
    ----------
    store
        Pictures that stand in it are not read again.

    Raises
    ------
    DataError
        When a picture cannot be read.
    CalibrationError
        When the pictures of a camera differ in size, or are mirrored.
    """
    haul, total, done, n_new = Haul(), sum(len(reel.frames) for reel in reels), 0, 0
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for reel in reels:
            target, findings = plan.find_target(reel.board_set), dict[Frame, Finding]()
            for frame, finding, is_new in _search_reel(reel, target, pool, store):
                findings[frame] = finding
                done, n_new = done + 1, n_new + is_new
                told = f"pictures, {reel.view}" if n_new % _TOLD_EVERY == 0 and is_new else ""
                listen(Event("progress", "boards", "all", told, done, total))
            _note_reel(haul, reel, target, findings)
    known = f", {total - n_new} of them known from before" if n_new < total else ""
    message = f"found in {len(haul.sightings)} of {total} pictures{known}"
    listen(Event("done", "boards", "all", message))
    haul.sightings = _thin_out(haul.sightings, plan.max_boards)
    return haul


def _search_reel(
    reel: Reel, target: Target, pool: ThreadPoolExecutor, store: FindingStore
) -> Iterator[tuple[Frame, Finding, bool]]:
    """Yield what each picture shows, and whether it was looked at now; the known ones first."""
    new: list[Frame] = []
    for path, frames in reel.list_files().items():
        known = store.load(path, [frame.number for frame in frames], target)
        yield from (
            (frame, known[frame.number], False) for frame in frames if frame.number in known
        )
        new += [frame for frame in frames if frame.number not in known]
    pending: deque[tuple[Frame, tuple[int, int], Future[Marks | None]]] = deque()

    def finish() -> tuple[Frame, Finding, bool]:
        frame, size, future = pending.popleft()
        finding = Finding(size, future.result())
        store.save(frame.path, frame.number, target, finding)
        return frame, finding, True

    for frame, image in read_frames(new):
        size = (image.shape[1], image.shape[0])
        pending.append((frame, size, pool.submit(find_target, image, target)))
        if len(pending) > 2 * (os.cpu_count() or 1):
            yield finish()
    while pending:
        yield finish()


def _note_reel(haul: Haul, reel: Reel, target: Target, findings: dict[Frame, Finding]) -> None:
    """Note the sightings of a reel in the order of its pictures, and keep those of the sheet."""
    seen = []
    for frame in reel.frames:
        finding = findings[frame]
        _check_size(haul, reel, frame, finding.size)
        if finding.marks:
            seen.append(Sighting(reel.view, _name_shot(reel, frame.name), target, finding.marks))
    if not seen and not isinstance(target, Checkerboard):
        _check_mirrored(reel, target)
    if reel.board_set == "sheet":
        haul.sheets[reel.view] = [image for _, image in read_frames(reel.frames)]
    haul.sightings += seen
    haul.rows.append(
        {
            "set": reel.board_set,
            "view": reel.view,
            "pictures": len(reel.frames),
            "found": len(seen),
        }
    )


def _check_size(haul: Haul, reel: Reel, frame: Frame, size: tuple[int, int]) -> None:
    expected = haul.sizes.setdefault(reel.view, size)
    if size != expected:
        raise CalibrationError(
            f"Camera '{reel.view}': {_shorten(frame.path)} measures {size[0]} x {size[1]}, others "
            f"{expected[0]} x {expected[1]}; a camera is calibrated at one size."
        )


def _shorten(path: Path) -> str:
    return "/".join(path.parts[-3:])


def _name_shot(reel: Reel, name: str) -> str:
    """Name what stays at its place while several cameras look: a view's own boards do not."""
    if reel.board_set == "sheet":
        return SHEET_SHOT
    return f"own {reel.view} {name}" if reel.board_set == "own" else f"shared {name}"


def _check_mirrored(reel: Reel, target: Target) -> None:
    """Refuse a view whose markers can be read only in the mirror."""
    for _, image in read_frames(reel.frames):
        if find_target(cv2.flip(image, 1).astype("uint8"), target):
            raise CalibrationError(
                f"Camera '{reel.view}': its pictures are mirrored, since the markers of the board "
                "can be read only in the mirror; mirror them back, then calibrate again."
            )


def _thin_out(sightings: Sequence[Sighting], most: int) -> list[Sighting]:
    """Keep for each view the boards that differ most, and those that are kept for another view."""
    views = Counter(s.shot for s in sightings)
    groups: dict[tuple[str, str, bool], list[Sighting]] = {}
    for sighting in sightings:
        board_set, is_tie = sighting.shot.split()[0], views[sighting.shot] > 1
        groups.setdefault((sighting.view, board_set, is_tie), []).append(sighting)
    kept = {s.shot for group in groups.values() for s in choose_varied(group, n=most)}
    return [s for s in sightings if s.shot in kept or s.shot == SHEET_SHOT]
