"""What a model is asked about one frame."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict

from mousegpt.core.facts import SPEEDS

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
    ``moments`` are the pictures of a grid of moments and ``moments_s`` their times relative to the
    frame; empty when the one picture is shown. ``picture_sha256`` is then of their joined hashes.

    Source: Methods 4.2 (two views joined, with the speeds of six body parts).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    recording: str
    individual: str
    frame: int
    picture: str
    picture_sha256: str
    n_views: int = 2
    speeds: tuple[float | None, ...] = (None,) * len(SPEEDS)
    speed_unit: str = "cm/s"
    moments: tuple[str, ...] = ()
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
