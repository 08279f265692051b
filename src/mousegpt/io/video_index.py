"""Where the frames of a video file are, found by reading its packets without decoding them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import av
import numpy as np

from mousegpt.core.arrays import IntArray
from mousegpt.core.errors import DataError

_N_COMPARED = 16  # frames decoded to see whether the packets' times can be trusted


@dataclass(frozen=True, eq=False)
class VideoIndex:
    """When each frame is shown, and where decoding may begin.

    Parameters
    ----------
    pts
        Presentation time of each frame in ticks, increasing, shape (n_frames,).
    keyframes
        Indices of the frames at which decoding may begin, increasing.
    timed
        Whether a decoded frame can be recognised by its time. Otherwise (MPEG program streams,
        raw streams, AVI with B-frames) frames are counted from the beginning.
    tick_s
        Length of a tick in seconds.
    rotation
        Degrees by which the picture is to be turned counter-clockwise.
    fault
        What is wrong with the file, "" when nothing was noticed.
    """

    pts: IntArray
    keyframes: IntArray
    timed: bool
    tick_s: float
    n_promised: int | None
    n_hidden: int
    nominal_fps: float
    size: tuple[int, int]
    codec: str
    pixel_format: str
    rotation: int
    fault: str


@dataclass(frozen=True)
class _Header:
    """What the container says about its video stream."""

    tick_s: float
    nominal_fps: float
    n_frames: int  # 0: it does not say
    end_s: float  # 0: it does not say
    size: tuple[int, int]
    codec: str
    pixel_format: str


@dataclass(frozen=True)
class _Packets:
    """What the packets of the video stream say; hidden and empty packets are left out."""

    pts: list[int | None]
    key_pts: list[int | None]
    last_dts: int | None
    n_hidden: int
    cut: bool


@contextmanager
def open_video(
    path: Path,
) -> Iterator[tuple[av.container.InputContainer, av.video.stream.VideoStream]]:
    """Open the first video stream of a file for strict decoding; translate FFmpeg's errors."""
    try:
        with av.open(path) as container:
            if not container.streams.video:
                raise DataError(f"Expected a video, but {path} has no video stream; name another.")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            # without this FFmpeg paints over damage with its neighbours and says nothing
            stream.codec_context.options = {"err_detect": "explode"}
            yield container, stream
    except av.FFmpegError as error:
        raise DataError(
            f"Expected a video, but {path} cannot be read ({error.strerror}); it is not a video "
            "or the end is missing: copy it again from its source."
        ) from error


def build_index(path: Path) -> VideoIndex:
    """Read all packets of a video and list its frames in the order of presentation.

    Raises
    ------
    DataError
        When the file is missing, empty, not a video, or has no frame.
    """
    if not path.is_file():
        raise DataError(f"Expected a video, but there is no file {path}; check the path.")
    if path.stat().st_size == 0:
        raise DataError(f"Expected a video, but {path} is empty (0 bytes); copy it again.")
    with open_video(path) as (container, stream):  # PyAV frees a stream with its container
        header = _read_header(container, stream)
        packets = _read_packets(container, stream)
    shown, rotation, fault = _decode_beginning(path)
    pts = np.unique(np.array([p for p in packets.pts if p is not None], dtype=np.int64))
    timed = len(pts) == len(packets.pts) and shown == pts[: len(shown)].tolist()
    if timed:
        lack = _find_lack(pts, header, packets)
        if lack and packets.last_dts is not None:
            # of what is shown later, frames may be missing in between: their numbers are unknown
            pts = pts[pts <= packets.last_dts]
        keyframes = np.flatnonzero(np.isin(pts, [p for p in packets.key_pts if p is not None]))
    else:
        n_frames, fault = _count_frames(path)
        pts, keyframes = np.arange(n_frames), np.arange(1)
        header = replace(header, tick_s=1 / header.nominal_fps if header.nominal_fps else 0.0)
        lack = _find_lack(pts, header, packets)
    if not pts.size:
        raise DataError(f"Expected a video, but {path} has no frame; copy it again.")
    return VideoIndex(
        pts=pts,
        keyframes=keyframes,
        timed=timed,
        tick_s=header.tick_s,
        n_promised=header.n_frames - packets.n_hidden if header.n_frames else None,
        n_hidden=packets.n_hidden,
        nominal_fps=header.nominal_fps,
        size=header.size,
        codec=header.codec,
        pixel_format=header.pixel_format,
        rotation=rotation,
        fault=lack or fault,
    )


def _read_header(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> _Header:
    context = stream.codec_context
    return _Header(
        tick_s=float(stream.time_base or 1),
        nominal_fps=float(stream.guessed_rate or stream.average_rate or 0),
        n_frames=stream.frames,
        end_s=_find_promised_end(container, stream),
        size=(context.width, context.height),
        codec=context.name,
        pixel_format=context.pix_fmt or "",
    )


def _read_packets(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> _Packets:
    """List the packets; an edit list may hide some, a cut file ends with half a packet."""
    found = [packet for packet in container.demux(stream) if packet.size]
    whole = [packet for packet in found if not packet.is_discard and not packet.is_corrupt]
    return _Packets(
        [packet.pts for packet in whole],
        [packet.pts for packet in whole if packet.is_keyframe],
        max((packet.dts for packet in whole if packet.dts is not None), default=None),
        n_hidden=sum(packet.is_discard for packet in found),
        cut=any(packet.is_corrupt for packet in found),
    )


def _find_promised_end(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> float:
    """Return the end of the video stream in s as its header tells it; 0 when it does not."""
    told = re.fullmatch(r"(\d+):(\d+):([\d.]+)", stream.metadata.get("DURATION", ""))
    if told:
        hours, minutes, seconds = told.groups()
        return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    alone = len(container.streams) == 1  # else the sound may be longer than the picture
    return (container.duration or 0) / av.time_base if alone else 0.0


def _find_lack(pts: IntArray, header: _Header, packets: _Packets) -> str:
    """Say what is missing of what the header promises, "" when nothing is."""
    n_promised = header.n_frames - packets.n_hidden if header.n_frames else 0
    if packets.cut or len(pts) < n_promised:
        return f"it promises {n_promised or 'more'} frames and ends early, after about {len(pts)}"
    if header.end_s and not n_promised and pts.size and header.nominal_fps:
        end_s = float(pts[-1]) * header.tick_s + 1 / header.nominal_fps
        if end_s < header.end_s - max(0.1, 2 / header.nominal_fps):
            return f"it promises {header.end_s:.2f} s and ends early, after {end_s:.2f} s"
    return ""


def _decode_beginning(path: Path) -> tuple[list[int | None], int, str]:
    """Return the times of the first decoded frames, the rotation and what went wrong."""
    times: list[int | None] = []
    rotation = 0
    try:
        with open_video(path) as (container, stream):
            for frame in islice(container.decode(stream), _N_COMPARED):
                times.append(frame.pts)
                rotation = frame.rotation
    except DataError:
        return times, rotation, f"it is damaged after frame {len(times)}"
    return times, rotation, ""


def _count_frames(path: Path) -> tuple[int, str]:
    """Count the frames by decoding them all."""
    count = 0
    try:
        with open_video(path) as (container, stream):
            for _ in container.decode(stream):
                count += 1
    except DataError:
        return count, f"it is damaged after frame {count}"
    return count, ""
