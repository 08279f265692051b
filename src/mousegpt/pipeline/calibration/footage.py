"""Pictures and videos of calibration targets in a folder.

Layout: ``SET/VIEW/`` with the sets ``own`` (the board before each lens), ``shared`` (the board
among all cameras: what has the same number is of the same moment) and ``sheet`` (the markers).
Without them ``VIEW/`` is taken as shared. A view is a folder of pictures or videos, or one video.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import cv2
import numpy as np
from pydantic import Field

from mousegpt.core.arrays import ImageArray
from mousegpt.core.errors import DataError
from mousegpt.io.video import probe_video, read_frames

BoardSet = Literal["own", "shared", "sheet"]

SETS: Final[tuple[BoardSet, ...]] = ("own", "shared", "sheet")
_PICTURES: Final = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
_VIDEOS: Final = (".mp4", ".avi", ".mov", ".mkv", ".m4v", ".mpg", ".mpeg", ".wmv", ".webm")


@dataclass(frozen=True)
class Reel:
    """What one view has of a set.

    Parameters
    ----------
    frames
        Picture or video -> its frames and their names; pictures have the frame 0. What has the
        same name in several views of a set is of the same moment.
    """

    board_set: BoardSet
    view: str
    frames: Mapping[Path, Mapping[int, str]]

    @property
    def n_pictures(self) -> int:
        """How many pictures there are."""
        return sum(len(names) for names in self.frames.values())


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
        files = _list_views(place, without=SETS)
        reels += [
            Reel(name, view, frames) for view, frames in _number_frames(files, max_frames).items()
        ]
    if not reels:
        raise DataError(
            f"Expected pictures or videos in {folder}/own/VIEW, {folder}/shared/VIEW or "
            f"{folder}/VIEW, found none; see `mousegpt calibrate --help`."
        )
    return reels


def read_reel(reel: Reel) -> Iterator[tuple[str, ImageArray]]:
    """Yield the name and the grey picture, shape (height, width), of every picture of a reel.

    Raises
    ------
    DataError
        When a file cannot be read, or sizes differ within the view.
    """
    size: tuple[int, ...] = ()
    for path, names in reel.frames.items():
        for frame, image in _read_file(path, list(names)):
            size = size or image.shape
            if image.shape != size:
                raise DataError(
                    f"{path} measures {image.shape[1]} x {image.shape[0]}, expected "
                    f"{size[1]} x {size[0]} as the others of '{reel.view}'; a camera is calibrated "
                    "at one size."
                )
            yield names[frame], image


def _read_file(path: Path, frames: list[int]) -> Iterator[tuple[int, ImageArray]]:
    if path.suffix.lower() in _VIDEOS:
        for frame, image in read_frames(path, frames):
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


def _number_frames(
    views: Mapping[str, list[Path]], max_frames: int
) -> dict[str, dict[Path, dict[int, str]]]:
    """Choose frames, the same ones of all views, and name them."""
    videos = {view: [f for f in files if f.suffix.lower() in _VIDEOS]
              for view, files in views.items()}  # fmt: skip
    shortest: dict[int, int] = {}  # of the videos with the same place in their views
    for files in videos.values():
        for i, file in enumerate(files):
            n_frames = probe_video(file).n_frames
            shortest[i] = min(shortest.get(i, n_frames), n_frames)
    numbered: dict[str, dict[Path, dict[int, str]]] = {}
    for view, files in views.items():
        pictures = [file for file in files if file not in videos[view]]
        named: dict[Path, dict[int, str]] = {
            file: {0: name} for file, name in zip(pictures, _name_shots(pictures), strict=True)
        }
        for i, file in enumerate(videos[view]):
            n_frames = shortest[i]
            chosen = np.unique(np.linspace(0, n_frames - 1, min(max_frames, n_frames)).astype(int))
            named[file] = {int(frame): f"{i + 1}:{frame}" for frame in chosen}
        numbered[view] = named
    return numbered


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
