"""Pictures and videos of calibration targets in a folder.

Layout: ``SET/VIEW/`` with the sets ``own`` (the board before each lens), ``shared`` (the board
among all cameras: what has the same number is of the same moment) and ``sheet`` (the markers).
Without them ``VIEW/`` is taken as shared. A view is a folder of pictures or videos, or one video.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import cv2
import numpy as np
from pydantic import Field

from mousegpt.core.arrays import ImageArray
from mousegpt.core.errors import DataError
from mousegpt.io.video import probe_video
from mousegpt.io.video import read_frames as read_video

BoardSet = Literal["own", "shared", "sheet"]
_Item = TypeVar("_Item")

SETS: Final[tuple[BoardSet, ...]] = ("own", "shared", "sheet")
_SHEET_FRAMES: Final = 3  # it lies still: more only repeat what is seen
_PICTURES: Final = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
_VIDEOS: Final = (".mp4", ".avi", ".mov", ".mkv", ".m4v", ".mpg", ".mpeg", ".wmv", ".webm")


@dataclass(frozen=True)
class Frame:
    """A picture (number 0), or a frame of a video.

    Parameters
    ----------
    name
        Frames of the same name in several views of a set are of the same moment.
    """

    path: Path
    number: int
    name: str


@dataclass(frozen=True)
class Reel:
    """What one view has of a set."""

    board_set: BoardSet
    view: str
    frames: tuple[Frame, ...]

    def list_files(self) -> dict[Path, list[Frame]]:
        """Return the frames by their file."""
        files: dict[Path, list[Frame]] = {}
        for frame in self.frames:
            files.setdefault(frame.path, []).append(frame)
        return files


def find_reels(folder: Path, *, max_frames: Annotated[int, Field(gt=0)] = 150) -> list[Reel]:
    """List the pictures and videos of targets in a folder.

    Parameters
    ----------
    max_frames
        Frames taken from each video, evenly spaced.

    Raises
    ------
    DataError
        When there is no folder, no picture, or a video cannot be read.
    """
    if not folder.is_dir():
        raise DataError(f"Expected a folder with pictures of boards, but there is no {folder}.")
    sets = {name: folder / name for name in SETS if (folder / name).is_dir()}
    if not set(sets) & {"own", "shared"}:
        sets["shared"] = folder
    reels = []
    for name, place in sets.items():
        most = _SHEET_FRAMES if name == "sheet" else max_frames
        for view, frames in _name_frames(_list_views(place, without=SETS), most).items():
            kept = _spread(frames, most) if name == "sheet" else frames
            reels.append(Reel(name, view, tuple(kept)))
    if not reels:
        raise DataError(
            f"Expected pictures or videos in {folder}/own/VIEW, {folder}/shared/VIEW or "
            f"{folder}/VIEW, found none; see `mousegpt calibrate --help`."
        )
    return reels


def read_frames(frames: Iterable[Frame]) -> Iterator[tuple[Frame, ImageArray]]:
    """Yield each frame with its grey picture, shape (height, width).

    Raises
    ------
    DataError
        When a file cannot be read.
    """
    for path, group in groupby(frames, key=lambda frame: frame.path):
        named = {frame.number: frame for frame in group}
        for number, image in _read_file(path, list(named)):
            yield named[number], image


def _read_file(path: Path, frames: list[int]) -> Iterator[tuple[int, ImageArray]]:
    if path.suffix.lower() in _VIDEOS:
        for frame, image in read_video(path, frames):
            yield frame, np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        return
    # imdecode, because imread fails on names that are not ASCII on some systems
    content = np.fromfile(path, dtype=np.uint8)
    picture = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE) if content.size else None
    if picture is None:
        raise DataError(f"{path} cannot be read as a picture; export it again or remove it.")
    yield 0, np.asarray(picture, dtype=np.uint8)


def _list_views(folder: Path, *, without: tuple[str, ...]) -> dict[str, list[Path]]:
    """Return the media files of each view of a set."""
    views: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir(), key=lambda path: _sort_key(path.name)):
        if path.name.startswith(".") or path.name in without:
            continue
        if path.is_dir():
            inside = sorted(path.iterdir(), key=lambda file: _sort_key(file.name))
            files = [file for file in inside if file.suffix.lower() in (*_PICTURES, *_VIDEOS)]
        else:
            files = [path] if path.suffix.lower() in _VIDEOS else []
        if files:
            views.setdefault(path.name if path.is_dir() else path.stem, []).extend(files)
    return views


def _name_frames(views: Mapping[str, list[Path]], max_frames: int) -> dict[str, list[Frame]]:
    """Choose frames, the same ones of all views, and name them."""
    videos = {
        view: [file for file in files if file.suffix.lower() in _VIDEOS]
        for view, files in views.items()
    }
    shortest: dict[int, int] = {}  # of the videos with the same place in their views
    for files in videos.values():
        for i, file in enumerate(files):
            n_frames = probe_video(file).n_frames
            shortest[i] = min(shortest.get(i, n_frames), n_frames)
    frames: dict[str, list[Frame]] = {}
    for view, files in views.items():
        pictures = [file for file in files if file not in videos[view]]
        names = zip(pictures, _name_shots(pictures), strict=True)
        frames[view] = [Frame(file, 0, name) for file, name in names]
        for i, file in enumerate(videos[view]):
            numbers = _spread(range(shortest[i]), max_frames)
            frames[view] += [Frame(file, number, f"{i + 1}:{number}") for number in numbers]
    return frames


def _spread(items: Sequence[_Item], most: int) -> list[_Item]:
    """Keep so many items at most, evenly spaced."""
    n = min(most, len(items))
    return [items[i] for i in np.linspace(0, len(items) - 1, n).astype(int)]


def _name_shots(pictures: list[Path]) -> list[str]:
    """Name pictures by the last number of their file's name, or by all of it.

    >>> _name_shots([Path("side1_0007.png"), Path("side1_0012.png")])
    ['7', '12']
    """
    numbers = [re.findall(r"\d+", path.stem) for path in pictures]
    names = [str(int(found[-1])) if found else "" for found in numbers]
    usable = all(names) and max(Counter(names).values(), default=1) == 1
    return names if usable else [path.stem for path in pictures]


def _sort_key(name: str) -> list[tuple[int, int | str]]:
    """Sort numbers inside names by their value.

    >>> sorted(["side10", "side9"], key=_sort_key)
    ['side9', 'side10']
    """
    parts = re.split(r"(\d+)", name)
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts]
