"""The pictures of one view, by frame: a video, or a folder of pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Final, Protocol

import cv2
import numpy as np

from mousegpt.core.arrays import ImageArray, IntArray
from mousegpt.core.errors import DataError
from mousegpt.io.video import probe_video, read_frames

_PICTURES: Final = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


class Footage(Protocol):
    """What a view must offer.

    ``frames`` are the numbers that can be read, increasing; ``size`` is width and height, px;
    ``fps`` is None where time is unknown.
    """

    path: Path
    frames: IntArray
    size: tuple[int, int]
    fps: float | None

    def read(self, frame: int) -> ImageArray:
        """Return a frame, RGB; from any thread."""

    def name_picture(self, frame: int) -> str:
        """Return the name of a frame's picture, which ends in the frame's number."""


class VideoFootage:
    """Frames of a video; those that follow each other are decoded only once."""

    def __init__(self, path: Path) -> None:
        info = probe_video(path)
        self.path = path
        self.frames: IntArray = np.arange(info.n_frames)
        self.size = (info.width, info.height)
        self.fps: float | None = info.fps or None
        self._lock = Lock()
        self._reader: Iterator[tuple[int, ImageArray]] = iter(())
        self._next = 0

    def read(self, frame: int) -> ImageArray:
        """Return a frame, RGB."""
        with self._lock:
            if frame != self._next or frame == 0:
                self._reader = read_frames(self.path, range(frame, len(self.frames)))
            self._next = -1  # if this fails, begin anew
            _, image = next(self._reader)
            self._next = frame + 1
            return image

    def name_picture(self, frame: int) -> str:
        """Return the name under which this program counts the frame."""
        return f"img{frame:06d}.png"


class FolderFootage:
    """Pictures in a folder: the numbers in their names, else their order."""

    fps: float | None = None

    def __init__(self, path: Path) -> None:
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in _PICTURES)
        if not files:
            raise DataError(f"Expected pictures in {path}, found none; name a video or a folder.")
        numbers = [re.findall(r"\d+", file.stem)[-1:] for file in files]
        named = [int(found[0]) for found in numbers if found]
        if len(set(named)) < len(files):
            named = list(range(len(files)))
        self.path = path
        self._files = dict(sorted(zip(named, files, strict=True)))
        self.frames: IntArray = np.array(list(self._files))
        height, width = self.read(int(self.frames[0])).shape[:2]
        self.size = (width, height)

    def read(self, frame: int) -> ImageArray:
        """Return a picture, RGB."""
        image = cv2.imread(str(self._files[frame]), cv2.IMREAD_COLOR_RGB)
        if image is None:
            raise DataError(f"The picture {self._files[frame]} cannot be read; copy it again.")
        return np.asarray(image, dtype=np.uint8)

    def name_picture(self, frame: int) -> str:
        """Return the name of the file."""
        return self._files[frame].name


def open_footage(path: Path) -> Footage:
    """Open a video or a folder of pictures.

    Raises
    ------
    DataError
        When it is missing, or holds no pictures.
    """
    return FolderFootage(path) if path.is_dir() else VideoFootage(path)


def find_common_frames(footage: dict[str, Footage]) -> IntArray:
    """Return the frames that all views have.

    Raises
    ------
    DataError
        When there is none.
    """
    views = list(footage.values())
    common = views[0].frames
    for view in views[1:]:
        common = np.intersect1d(common, view.frames, assume_unique=True)
    if not common.size:
        raise DataError(
            f"Expected frames that all of {', '.join(footage)} have, found none; the number at "
            "the end of a picture's name is its frame."
        )
    return common
