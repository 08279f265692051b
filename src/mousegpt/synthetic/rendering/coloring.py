"""Colours of a coat on the skin of a mouse, vertex by vertex."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from mousegpt.core.arrays import FloatArray
from mousegpt.synthetic.palette import Coat
from mousegpt.synthetic.surface import Skin

_NAKED: Final = ("tail", "paw", "ear", "nose", "eye")  # later ones cover earlier ones


def paint_skin(skin: Skin, coat: Coat) -> tuple[FloatArray, FloatArray]:
    """Return the colours at the root and at the tip of the hair, each of shape (V, 3).

    The belly is what faces down at rest; where there is no fur both are the colour of the skin.
    """
    down = _blend(0.1, 0.8, -skin.normals[:, 2])[:, None]
    furry = _blend(0.02, 0.3, skin.fur)[:, None]
    naked = np.broadcast_to(np.array(coat.skin), skin.vertices.shape)
    for part in _NAKED:
        naked = _mix(naked, getattr(coat, part), getattr(skin, part)[:, None])
    behind = skin.ear * _blend(0.0, 0.7, -skin.normals[:, 0])  # the back of an ear has fine hair
    naked = _mix(naked, coat.tip, 0.45 * behind[:, None])
    root, tip = (
        _mix(naked, _mix(color, coat.belly, down), furry) for color in (coat.root, coat.tip)
    )
    return root, tip


def _mix(one: ArrayLike, other: ArrayLike, share: FloatArray) -> FloatArray:
    return np.asarray(np.asarray(one) + share * (np.asarray(other) - np.asarray(one)))


def _blend(low: float, high: float, value: ArrayLike) -> FloatArray:
    """Rise smoothly from 0 at the low value to 1 at the high one."""
    share = np.clip((np.asarray(value) - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share))
