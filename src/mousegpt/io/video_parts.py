"""Videos in parts: joined without encoding anything again."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av

from mousegpt.core.errors import DataError
from mousegpt.io.atomic import write_atomically


def join_videos(parts: Sequence[Path], path: Path) -> None:
    """Join videos that `write_video` made of images of one size at one rate.

    Every frame of every part is in the result, in order and evenly spaced; the result appears only
    when it is complete.

    Raises
    ------
    DataError
        When there is no part, or the parts differ in size or rate.
    """
    if not parts:
        raise DataError(f"Expected at least one part to make {path.name} of, found none.")
    write_atomically(path, lambda joined: _copy_packets(parts, joined))


def _copy_packets(parts: Sequence[Path], path: Path) -> None:
    with av.open(path, "w", format="mp4") as output, av.open(parts[0]) as template:
        first = template.streams.video[0]
        written = output.add_stream_from_template(first)
        n_before = 0
        for part in parts:
            with av.open(part) as source:
                stream = source.streams.video[0]
                _check_form(part, _read_form(stream), _read_form(first))
                for packet in source.demux(stream):
                    if packet.pts is None:  # the end of the part
                        continue
                    tick = 1 / (_read_form(first)[2] * (packet.time_base or 1))
                    packet.pts = packet.dts = round(n_before * tick)
                    packet.stream = written
                    output.mux(packet)
                    n_before += 1


def _read_form(stream: av.VideoStream) -> tuple[int, int, Fraction]:
    return stream.width, stream.height, Fraction(stream.average_rate or 1)


def _check_form(
    part: Path, form: tuple[int, int, Fraction], expected: tuple[int, int, Fraction]
) -> None:
    if form != expected:
        raise DataError(
            f"Expected parts of width, height, rate {'x'.join(map(str, expected))}, found "
            f"{'x'.join(map(str, form))} in {part.name}; remove the parts and make them again."
        )
