"""What a model is asked about one frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict

from mousegpt.core.chat import CallError
from mousegpt.core.facts import SPEEDS

_JPEG: Final = b"\xff\xd8"  # how such a file begins

#: Names of the six speeds as the prompt says them, in the order of `core.facts.SPEEDS`.
SPEED_NAMES: Final = tuple(
    name.removeprefix("speed_")
    .replace("forelimb_", "fore limb, ")
    .replace("hindlimb_", "hind limb, ")
    for name in SPEEDS
)


class FrameQuery(BaseModel):
    """A frame, its picture and what was measured about it.

    ``picture`` is where the JPEG lies, relative to the project; ``picture_sha256`` is of its
    bytes. ``speeds`` are the six of `core.facts.SPEEDS`, None where unknown, in ``speed_unit``.
    ``moments_s`` are the times, relative to the frame, of the tiles of a picture that is a grid of
    moments, row by row; empty when the picture shows the frame alone.

    Source: Methods 4.2 (two views joined, with the speeds of six body parts).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")  # older ledgers hold more

    recording: str
    individual: str
    frame: int
    picture: str
    picture_sha256: str
    n_views: int = 2
    speeds: tuple[float | None, ...] = (None,) * len(SPEEDS)
    speed_unit: str = "cm/s"
    moments_s: tuple[float, ...] = ()


def write_speeds(query: FrameQuery) -> str:
    """Write the speeds as lines, with two decimals, as the model reads them.

    Notes
    -----
    Source: Methods 4.2 (speeds in cm/s with two decimals).

    Examples
    --------
    >>> query = FrameQuery(recording="r", individual="", frame=0, picture="a.jpg",
    ...     picture_sha256="", speeds=(1.234, None, 0, 0, 0, -0.5))
    >>> print(write_speeds(query))
    - body: 1.23 cm/s
    - head: unknown
    - fore limb, left: 0.00 cm/s
    - fore limb, right: 0.00 cm/s
    - hind limb, left: 0.00 cm/s
    - hind limb, right: -0.50 cm/s
    """
    return "\n".join(
        f"- {name}: " + ("unknown" if speed is None else f"{speed:.2f} {query.speed_unit}")
        for name, speed in zip(SPEED_NAMES, query.speeds, strict=True)
    )


def require_jpeg(query: FrameQuery, picture: bytes) -> bytes:
    """Return the picture of a query.

    Raises
    ------
    CallError
        When there is none, or it is no JPEG: no model can describe it.
    """
    if not picture.startswith(_JPEG):
        found = "something else" if picture else "nothing"
        raise CallError(
            f"Expected a JPEG as picture {query.picture}, found {found}; make it again: mousegpt "
            "run --until mosaics.",
            "impossible",
        )
    return picture


def write_moments(moments_s: Sequence[float]) -> str:
    """Write the times of the tiles of a grid in a cell of a table; nothing of a single one.

    >>> write_moments((-0.1, 0, 0.1)), write_moments((0,))
    ('-0.1 0 0.1', '')
    """
    return " ".join(f"{time:.4g}" for time in moments_s) if len(moments_s) > 1 else ""


def read_moments(text: str) -> tuple[float, ...]:
    """Read what `write_moments` has written.

    >>> read_moments("-0.1 0 0.1"), read_moments("")
    ((-0.1, 0.0, 0.1), ())
    """
    return tuple(map(float, text.split()))
