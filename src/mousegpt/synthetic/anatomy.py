"""The bones of a mouse: names, lengths, and how mice differ.

Lengths follow 81 hand-labelled 3-D poses of a free black mouse (Dunn et al. 2021, the DANNCE
markerless mouse; nose to tail base 6 to 10 cm, median 7.8): stretched out, the chain of this
skeleton reaches 10 cm from nose to tail base; arched and with the neck drawn in, 6 cm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from pydantic import Field

#: cm, of a mouse of size one
HEAD: Final = 2.8  # nape to the tip of the snout
NECK: Final = 0.95  # SpineF to nape
SPINE: Final = 1.6  # each of SpineF-SpineG, SpineG-SpineH, SpineH-Hip
RUMP: Final = 1.6  # Hip to TailBase
TAIL: Final = 0.85  # each of eight
UPPER_ARM, FOREARM, HAND = 1.2, 1.45, 0.4
THIGH, SHANK, FOOT, TOES = 1.5, 1.65, 1.2, 0.5

#: forward, left, up of the left side; the right side mirrors it
EAR: Final = (0.35, 0.85, 0.75)  # centre of the pinna, from the nape in the head's frame
SHOULDER: Final = (0.1, 0.75, -1.1)  # from SpineF in the frame of the chest
HIP_JOINT: Final = (0.1, 0.5, -0.75)  # from Hip in the frame of the pelvis

SIDES: Final = {"L": 1.0, "R": -1.0}  # left is +y when the mouse looks along +x
N_TAIL: Final = 8
PAWS: Final = ("ForepawL", "ForepawR", "HindpawL", "HindpawR")
BONES: Final[tuple[str, ...]] = (
    *("rump", "pelvis", "spine_h", "spine_g", "spine_f", "skull"),
    *(f"tail_{i + 1}" for i in range(N_TAIL)),
    *(f"{bone}_{side}" for side in "LR" for bone in ("upper_arm", "forearm", "hand")),
    *(f"{bone}_{side}" for side in "LR" for bone in ("thigh", "shank", "foot", "toes")),
)


@dataclass(frozen=True)
class Body:
    """One mouse's build, as factors of the lengths above; ``girth`` widens and deepens the trunk.

    ``limbs`` scales the legs and ``tail`` the tail beside ``size``.
    """

    size: float = 1.0
    girth: float = 1.0
    limbs: float = 1.0
    tail: float = 1.0
    ears: float = 1.0


def draw_body(
    *, variety: Annotated[float, Field(ge=0)] = 1.0, seed: int | tuple[int, ...] = 0
) -> Body:
    """Draw the build of an adult mouse; ``variety`` 0 gives the average one."""
    rng = np.random.default_rng(seed)
    spread = np.array([0.045, 0.06, 0.02, 0.05, 0.05])
    factors = np.exp(np.clip(rng.normal(0, 1, 5), -2, 2) * spread * variety)
    return Body(*factors.tolist())
