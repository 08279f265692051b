"""What one exposure of a camera sees: a mouse in motion, at a few moments."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.synthetic.body import Carriage, Paws, Stance

#: moved less than this within the exposure (cm), a mouse is sharp
SHARP_CM: Final = 0.05
_ANGLES: Final = ("yaw", "tail_headings")


def expose_stance(
    stance: Stance,
    keypoints: FloatArray,
    frame: int,
    *,
    fps: Annotated[float, Field(gt=0)],
    exposure_ms: Annotated[float, Field(ge=0)] = 4.0,
    n_moments: Annotated[int, Field(ge=1)] = 3,
) -> Stance:
    """Return the moments of the exposure of a frame: one when the mouse hardly moves in it.

    The exposure is centred on the frame. ``keypoints``, shape (time, 24, 3), tell how fast the
    mouse is.
    """
    width = exposure_ms / 1000 * fps
    low, high = max(frame - 1, 0), min(frame + 1, len(stance) - 1)
    moved = np.linalg.norm(keypoints[high] - keypoints[low], axis=-1).max()
    if moved * width / max(high - low, 1) < SHARP_CM:
        return stance.select(slice(frame, frame + 1))
    moments = frame + width * (np.arange(n_moments) - (n_moments - 1) / 2) / n_moments
    return blend_stance(stance, np.clip(moments, 0, len(stance) - 1))


def blend_stance(stance: Stance, moments: FloatArray) -> Stance:
    """Interpolate a stance at moments between its frames (in frames)."""
    before = np.floor(moments).astype(int)
    after = np.minimum(before + 1, len(stance) - 1)
    share = moments - before

    def blend(part: Carriage | Paws, name: str) -> FloatArray:
        values = getattr(part, name)
        change = values[after] - values[before]
        if name in _ANGLES:
            change = np.angle(np.exp(1j * change))  # the short way round
        return np.asarray(values[before] + share.reshape(-1, *[1] * (change.ndim - 1)) * change)

    carriage = {f.name: blend(stance.carriage, f.name) for f in fields(Carriage)}
    paws = {f.name: blend(stance.paws, f.name) for f in fields(Paws)}
    return Stance(Carriage(**carriage), Paws(**paws))
