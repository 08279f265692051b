"""Videos: what a file holds, its frames by number, and writing small ones.

A frame's number is its place in the order of presentation, from 0: what a player shows, whatever
the order, the times or the gaps in the file. Frames are turned as a player would turn them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import cast

import av
import numpy as np

from mousegpt.core.arrays import ImageArray
from mousegpt.core.errors import DataError
from mousegpt.io.atomic import write_atomically
from mousegpt.io.video_index import VideoIndex, build_index, open_video

_CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".avi": "avi"}
_VARIABLE = 0.1  # a frame whose duration differs from the median by more is not regular


@dataclass(frozen=True)
class VideoInfo:
    """What a video file holds, counted, and what it promises.

    Parameters
    ----------
    n_frames
        Number of frames that are there.
    n_frames_promised
        What the container's header says; None when it says nothing.
    n_hidden
        Stored frames that the container's edit list hides from players; they have no number.
    fps
        Mean rate by the frames' times. A one-frame video has the nominal rate.
    nominal_fps
        Rate that the header names, 0 when none.
    width, height
        Pixels, as shown (after rotation).
    duration_s
        From the first frame to the end of the last.
    variable_rate
        Whether frames are not evenly spaced in time (also: whether some were dropped).
    rotation
        Degrees counter-clockwise by which the stored picture is turned when shown.
    complete
        False when frames are missing or damage was noticed; ``fault`` says what.
    """

    path: Path
    n_frames: int
    n_frames_promised: int | None
    n_hidden: int
    fps: float
    nominal_fps: float
    width: int
    height: int
    duration_s: float
    codec: str
    pixel_format: str
    variable_rate: bool
    rotation: int
    complete: bool
    fault: str


def probe_video(path: str | Path) -> VideoInfo:
    """Count the frames of a video and compare them with what the file promises.

    Packets are read, not decoded, except where a container has no reliable times (MPEG program
    streams, raw streams, AVI with B-frames). Damage inside a frame is found only by decoding it.

    Raises
    ------
    DataError
        When the file is missing, empty, not a video, without a video stream or without a frame.
        A video that is cut off is no error here: see ``complete``.
    """
    index = _index_file(Path(path))
    fps, variable_rate = _measure_rate(index)
    width, height = index.size if index.rotation % 180 == 0 else index.size[::-1]
    return VideoInfo(
        path=Path(path),
        n_frames=len(index.pts),
        n_frames_promised=index.n_promised,
        n_hidden=index.n_hidden,
        fps=fps,
        nominal_fps=index.nominal_fps,
        width=width,
        height=height,
        duration_s=_measure_span(index) + (1 / fps if fps else 0.0),
        codec=index.codec,
        pixel_format=index.pixel_format,
        variable_rate=variable_rate,
        rotation=index.rotation,
        complete=not index.fault,
        fault=index.fault,
    )


def read_frames(path: str | Path, frames: Iterable[int]) -> Iterator[tuple[int, ImageArray]]:
    """Read frames by their number; exact, whatever the codec.

    Parameters
    ----------
    frames
        Numbers in any order, also repeated; increasing order is the cheapest.

    Returns
    -------
    Iterator
        ``(frame, image)`` in the order asked; the image is RGB, shape (height, width, 3). One
        frame is held in memory at a time.

    Raises
    ------
    DataError
        At once when a number is negative or beyond the end; while reading when a frame is damaged.

    Notes
    -----
    Decodes onwards from where it stands, and jumps to a keyframe only where that saves decoding.
    What follows damage is never shown until the next keyframe: FFmpeg would paint over it.
    """
    path = Path(path)
    wanted = [int(frame) for frame in frames]
    index = _index_file(path)
    n_frames = len(index.pts)
    outside = [frame for frame in wanted if not 0 <= frame < n_frames]
    if outside:
        cause = f" ({index.fault}: copy it again from its source)" if index.fault else ""
        raise DataError(
            f"Expected frames 0 to {n_frames - 1} of {path}, but frame {outside[0]} was asked for"
            f"{cause}; is this the video from which the frame numbers come?"
        )
    return _read(path, wanted, index)


def write_video(
    path: str | Path, frames: Iterable[ImageArray], fps: float, *, crf: int = 18
) -> None:
    """Write RGB images, shape (height, width, 3), as a small video that every player shows.

    H.264 where this FFmpeg has it, else MPEG-4; one keyframe a second; the container by the
    ending (.mp4, .mov, .mkv, .avi). The file appears only when it is complete, and is the same
    on every run. ``crf`` is H.264's: 18 looks like the original, 6 more halve the file.

    Raises
    ------
    DataError
        When there is no image, a size is odd or changes, or the ending is unknown.
    """
    path = Path(path)
    container = _CONTAINERS.get(path.suffix.lower())
    if container is None:
        raise DataError(
            f"Expected a video name that ends in {', '.join(_CONTAINERS)}, found {path.name}."
        )
    write_atomically(path, lambda part: _encode(part, frames, fps, container, crf))


@lru_cache(maxsize=64)
def _index_version(path: Path, size: int, modified_ns: int) -> VideoIndex:
    """Index one version of a file: a panel that asks for frame after frame pays once."""
    return build_index(path)


def _index_file(path: Path) -> VideoIndex:
    if not path.is_file():
        return build_index(path)  # raises the error that says so
    status = path.stat()
    return _index_version(path.resolve(), status.st_size, status.st_mtime_ns)


def _measure_span(index: VideoIndex) -> float:
    return float(index.pts[-1] - index.pts[0]) * index.tick_s


def _measure_rate(index: VideoIndex) -> tuple[float, bool]:
    """Return the mean rate and whether it varies by more than the rounding to ticks explains."""
    steps = np.diff(index.pts)
    if not steps.size:
        return index.nominal_fps, False
    median = float(np.median(steps))
    variable = bool(np.any(np.abs(steps - median) > max(1.0, _VARIABLE * median)))
    span = _measure_span(index)
    if index.nominal_fps and abs(len(steps) / index.nominal_fps - span) <= index.tick_s:
        return index.nominal_fps, variable
    return len(steps) / span, variable


def _read(path: Path, wanted: Sequence[int], index: VideoIndex) -> Iterator[tuple[int, ImageArray]]:
    turns = index.rotation // 90
    decoder: Iterator[tuple[int, av.VideoFrame]] = iter(())
    shown, picture = -1, None
    for frame in wanted:
        nearest = index.keyframes[np.searchsorted(index.keyframes, frame, side="right") - 1]
        if frame < shown or nearest > shown + 1:
            decoder, picture = iter(()), None
        if frame != shown or picture is None:
            picture = _advance(decoder, frame)
        if picture is None:
            decoder, picture = _restart(path, frame, index)
        shown = frame
        image = np.asarray(picture.to_ndarray(format="rgb24"), dtype=np.uint8)
        yield frame, np.ascontiguousarray(np.rot90(image, turns)) if turns else image


def _advance(decoder: Iterator[tuple[int, av.VideoFrame]], wanted: int) -> av.VideoFrame | None:
    """Decode on until a frame; None when it does not come out whole."""
    try:
        for number, picture in decoder:
            if number >= wanted:
                return picture if number == wanted and not picture.is_corrupt else None
    except DataError:
        return None
    return None


def _restart(
    path: Path, frame: int, index: VideoIndex
) -> tuple[Iterator[tuple[int, av.VideoFrame]], av.VideoFrame]:
    """Begin at the nearest keyframe, or ever farther back where the file cannot begin there."""
    before = index.keyframes[index.keyframes <= frame][::-1] if index.timed else np.array([], int)
    starts = [int(before[2**k - 1]) for k in range(len(before).bit_length())]
    for start in (*starts, None):
        decoder = _decode(path, index, start)
        picture = _advance(decoder, frame)
        if picture is not None:
            return decoder, picture
    raise DataError(
        f"Frame {frame} of {path} cannot be decoded: the file is damaged there; copy it again from "
        "its source, or leave out these frames."
    )


def _decode(
    path: Path, index: VideoIndex, start: int | None
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Yield numbered frames from a keyframe on, or from the beginning of the file."""
    with open_video(path) as (container, stream):
        first = None if start is None else int(index.pts[start])
        if first is not None:
            container.seek(first, stream=stream)
        count = -1
        for packet in container.demux(stream):
            if first is not None and packet.pts is not None and packet.pts < first:
                continue  # shown before the keyframe: needs pictures that were not decoded
            # half a packet ends what can be trusted: let out what the decoder still holds
            for picture in stream.decode(None) if packet.is_corrupt else packet.decode():
                count += 1
                yield _number(picture, index, count), picture
            if packet.is_corrupt:
                break


def _number(picture: av.VideoFrame, index: VideoIndex, count: int) -> int:
    """Return the number of a decoded frame, -1 when its time is not in the index."""
    if not index.timed:
        return count
    if picture.pts is None:
        return -1
    place = int(np.searchsorted(index.pts, picture.pts))
    return place if place < len(index.pts) and index.pts[place] == picture.pts else -1


def _encode(path: Path, frames: Iterable[ImageArray], fps: float, container: str, crf: int) -> None:
    codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
    # no B-frames: packets lie in the order of presentation, so that videos can be joined
    quality = (
        {"crf": str(crf), "preset": "veryfast", "bf": "0"} if codec == "libx264" else {"q": "3"}
    )
    rate = Fraction(fps).limit_denominator(10_000)
    with av.open(path, "w", format=container) as output:
        added = output.add_stream(codec, rate=rate, options={"threads": "1", **quality})
        stream = cast(av.VideoStream, added)
        stream.pix_fmt, stream.gop_size = "yuv420p", max(1, round(fps))
        size: tuple[int, int] | None = None
        for image in frames:
            height, width = image.shape[:2]
            size = size or (width, height)
            if (width, height) != size or width % 2 or height % 2:
                raise DataError(
                    f"Expected images of one even size for {path.name}, found {width}x{height} "
                    f"after {size[0]}x{size[1]}; crop or resize them."
                )
            if not stream.codec_context.is_open:
                stream.width, stream.height = size
            output.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        if size is None:
            raise DataError("Expected at least one image to write a video, found none.")
        output.mux(stream.encode(None))
