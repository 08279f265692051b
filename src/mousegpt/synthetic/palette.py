"""Colours of mice and of the floors they walk on.

Colours are linear (not gamma-encoded) red, green, blue: the share of light that is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

Color = tuple[float, float, float]


@dataclass(frozen=True)
class Coat:
    """Colours of a mouse: root and tip of its hair, hair of the belly, and the naked parts.

    ``sheen`` scales the gleam of the fur, ``mottling`` its patchiness; hair is ``length_cm`` long
    where it is longest.
    """

    name: str
    root: Color
    tip: Color
    belly: Color
    skin: Color
    ear: Color
    tail: Color
    paw: Color
    nose: Color
    eye: Color
    sheen: float = 0.07
    mottling: float = 0.18
    length_cm: float = 0.15

    def recolor(self, hair: Callable[[Color], Color], naked: Callable[[Color], Color]) -> Coat:
        """Return the coat with the colours of its hair and of its naked parts changed."""
        return replace(
            self,
            root=hair(self.root),
            tip=hair(self.tip),
            belly=hair(self.belly),
            skin=naked(self.skin),
            ear=naked(self.ear),
            tail=naked(self.tail),
            paw=naked(self.paw),
            nose=naked(self.nose),
        )


COATS: Final[Mapping[str, Coat]] = MappingProxyType(
    {
        coat.name: coat
        for coat in (
            Coat(
                "black",
                root=(0.0095, 0.0088, 0.0088),
                tip=(0.0125, 0.0115, 0.0115),
                belly=(0.024, 0.0215, 0.02),
                skin=(0.20, 0.145, 0.13),
                ear=(0.165, 0.126, 0.11),
                tail=(0.19, 0.127, 0.114),
                paw=(0.28, 0.18, 0.16),
                nose=(0.16, 0.095, 0.09),
                eye=(0.004, 0.004, 0.004),
            ),
            Coat(
                "agouti",
                root=(0.05, 0.04, 0.03),
                tip=(0.20, 0.14, 0.075),
                belly=(0.28, 0.22, 0.16),
                skin=(0.34, 0.25, 0.21),
                ear=(0.38, 0.26, 0.20),
                tail=(0.30, 0.21, 0.18),
                paw=(0.48, 0.32, 0.27),
                nose=(0.26, 0.15, 0.13),
                eye=(0.005, 0.004, 0.004),
                mottling=0.5,
            ),
            Coat(
                "white",
                root=(0.58, 0.56, 0.52),
                tip=(0.80, 0.79, 0.76),
                belly=(0.80, 0.79, 0.76),
                skin=(0.66, 0.45, 0.41),
                ear=(0.70, 0.47, 0.43),
                tail=(0.62, 0.43, 0.39),
                paw=(0.70, 0.48, 0.43),
                nose=(0.62, 0.34, 0.32),
                eye=(0.16, 0.012, 0.02),
                sheen=0.05,
            ),
        )
    }
)

FLOORS: Final[Mapping[str, Color]] = MappingProxyType(
    {
        "white acrylic": (0.70, 0.70, 0.69),
        "grey": (0.28, 0.28, 0.28),
        "metal": (0.13, 0.14, 0.135),
        "black": (0.03, 0.03, 0.032),
        "sand": (0.42, 0.35, 0.26),
    }
)
