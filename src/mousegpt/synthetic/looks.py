"""How a recording looks: coat, lights, room, floor, walls and camera sensor, drawn by seed.

Colours are linear (not gamma-encoded) red, green, blue; of a surface the share of light that it
returns, of a light its strength. Directions are unit vectors that point to the light.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, Final

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field

from mousegpt.core.errors import DataError
from mousegpt.synthetic.palette import COATS, FLOORS, Coat, Color

Direction = tuple[float, float, float]


@dataclass(frozen=True)
class Lights:
    """A key light that casts shadows, a fill light that does not, and light from all sides."""

    key: Direction
    key_color: Color
    fill: Direction
    fill_color: Color
    sky: Color
    bounce: Color


@dataclass(frozen=True)
class Room:
    """What stands around the arena.

    ``lamps`` is the brightness of the lit panels, ``clutter`` (0 to 1) how much stands and hangs
    about, ``blur`` how far it is out of focus.
    """

    wall: Color
    panel: Color
    lamps: float = 0.6
    clutter: float = 0.0
    blur: float = 0.5


@dataclass(frozen=True)
class Ground:
    """The floor of the arena and the table around it; all shares from 0 to 1.

    ``reflectivity`` scales the mirror image of the mouse, ``grain`` the texture, ``dirt`` stains
    and droppings.
    """

    color: Color
    table: Color
    reflectivity: float = 0.35
    grain: float = 0.3
    dirt: float = 0.3


@dataclass(frozen=True)
class Walls:
    """Walls of the arena: strength of reflections and smudges on glass, colour if opaque."""

    glass: float = 1.0
    smudges: float = 0.4
    color: Color = (0.35, 0.35, 0.36)


@dataclass(frozen=True)
class Sensor:
    """The camera behind the lens.

    ``noise`` is the standard deviation at middle grey as a share of white, ``vignetting`` the
    share of light lost in the corners, ``flicker`` the standard deviation of the exposure between
    frames; ``jpeg_quality`` None leaves the picture uncompressed.
    """

    exposure: float = 0.62
    white_balance: Color = (1.02, 1.0, 0.98)
    monochrome: bool = False
    blur_px: float = 0.5
    vignetting: float = 0.18
    noise: float = 0.008
    flicker: float = 0.004
    jpeg_quality: int | None = None


@dataclass(frozen=True)
class Look:
    """Everything that decides how a recording looks, beside its cameras and its arena."""

    coat: Coat
    lights: Lights
    room: Room
    ground: Ground
    walls: Walls
    sensor: Sensor
    seed: int = 0


#: melanin absorbs less beyond 800 nm
_LIFT_IN_INFRARED: Final = MappingProxyType({"black": 2.6, "agouti": 1.3})


def draw_look(
    seed: int | tuple[int, ...] = 0,
    *,
    coat: str | None = None,
    infrared: bool | None = None,
    variety: Annotated[float, Field(ge=0, le=1)] = 1.0,
) -> Look:
    """Draw the look of a recording.

    Parameters
    ----------
    seed
        Non-negative; the same seed gives the same look.
    coat
        A name of `COATS`; None draws one.
    infrared
        Whether cameras see infrared light, in grey; None draws it.
    variety
        How far from the calm studio (dark grey room, whitish floor, black mouse) a look may be;
        0 gives it exactly.

    Raises
    ------
    DataError
        When there is no coat of that name.

    Examples
    --------
    >>> draw_look(variety=0).coat.name
    'black'
    """
    dice = _Dice(np.random.default_rng(seed), variety)
    name = dice.choose("black", tuple(COATS)) if coat is None else coat
    if name not in COATS:
        raise DataError(f"There is no coat '{name}'; choose one of {', '.join(COATS)}.")
    unseen = dice.happens(0.25) if infrared is None else infrared
    look = Look(
        coat=_draw_coat(dice, COATS[name]),
        lights=_draw_lights(dice),
        room=_draw_room(dice),
        ground=_draw_ground(dice),
        walls=_draw_walls(dice),
        sensor=_draw_sensor(dice),
        seed=int(dice.rng.integers(2**31)),
    )
    return _see_in_infrared(look) if unseen else look


class _Dice:
    """Draws around defaults; with a variety of 0 it always shows them."""

    def __init__(self, rng: np.random.Generator, variety: float) -> None:
        self.rng = rng
        self.variety = variety

    def vary(self, default: float, low: float, high: float) -> float:
        """Draw evenly from the range, shrunk towards the default."""
        return default + self.variety * (float(self.rng.uniform(low, high)) - default)

    def tint(self, color: ArrayLike, spread: float, brightness: float = 0.0) -> Color:
        """Change a colour's channels, and all together by the brightness (both log-normal)."""
        steps = self.rng.normal(0, spread, 3) + self.rng.normal(0, brightness)
        red, green, blue = np.asarray(color) * np.exp(np.clip(steps, -1.5, 1.5) * self.variety)
        return float(red), float(green), float(blue)

    def choose(self, default: str, options: tuple[str, ...]) -> str:
        """Draw an option with the probability of the variety, else take the default."""
        option = options[int(self.rng.integers(len(options)))]
        return option if self.happens(1.0) else default

    def happens(self, probability: float) -> bool:
        return bool(self.rng.random() < probability * self.variety)


def _draw_coat(dice: _Dice, coat: Coat) -> Coat:
    shade = float(np.exp(dice.vary(0, -0.2, 0.2)))

    def change(color: Color) -> Color:
        return dice.tint(np.multiply(color, shade), 0.04)

    return replace(
        coat.recolor(change, change),
        sheen=dice.vary(coat.sheen, 0.5 * coat.sheen, 1.8 * coat.sheen),
        length_cm=dice.vary(coat.length_cm, 0.1, 0.22),
    )


def _draw_lights(dice: _Dice) -> Lights:
    azimuth = np.deg2rad(dice.vary(-40, -220, 140))
    elevation = np.deg2rad(dice.vary(68, 38, 85))
    opposite = azimuth + np.pi + dice.vary(0, -0.8, 0.8)
    warmth = dice.vary(0, -0.12, 0.12)
    warm, cold = np.array([1 + warmth, 1, 1 - warmth]), np.array([0.97, 1.0, 1.03])
    return Lights(
        key=_point(azimuth, elevation),
        key_color=dice.tint(dice.vary(0.9, 0.3, 1.4) * warm, 0.02),
        fill=_point(opposite, np.deg2rad(dice.vary(45, 25, 65))),
        fill_color=dice.tint(dice.vary(0.4, 0.1, 0.6) * cold, 0.02),
        sky=dice.tint(dice.vary(0.55, 0.35, 0.8) * cold, 0.03),
        bounce=dice.tint(np.full(3, dice.vary(0.32, 0.12, 0.45)), 0.03),
    )


def _point(azimuth: float, elevation: float) -> Direction:
    level = np.cos(elevation)
    return (
        float(level * np.cos(azimuth)),
        float(level * np.sin(azimuth)),
        float(np.sin(elevation)),
    )


def _draw_room(dice: _Dice) -> Room:
    return Room(
        wall=dice.tint((0.075, 0.077, 0.082), 0.08, 0.8),
        panel=dice.tint((0.16, 0.162, 0.17), 0.10, 0.8),
        lamps=dice.vary(0.35, 0.0, 1.5),
        clutter=dice.vary(0.1, 0.0, 1.0),
        blur=dice.vary(0.6, 0.1, 1.0),
    )


def _draw_ground(dice: _Dice) -> Ground:
    floor = FLOORS[dice.choose("white acrylic", tuple(FLOORS))]
    return Ground(
        color=dice.tint(floor, 0.04, 0.12),
        table=dice.tint((0.22, 0.22, 0.225), 0.08, 0.6),
        reflectivity=dice.vary(0.35, 0.0, 1.0),
        grain=dice.vary(0.3, 0.0, 1.0),
        dirt=dice.vary(0.25, 0.0, 1.0),
    )


def _draw_walls(dice: _Dice) -> Walls:
    return Walls(
        glass=dice.vary(1.0, 0.5, 1.6),
        smudges=dice.vary(0.3, 0.0, 1.0),
        color=dice.tint((0.35, 0.35, 0.36), 0.05, 0.7),
    )


def _draw_sensor(dice: _Dice) -> Sensor:
    calm = Sensor()
    return Sensor(
        exposure=calm.exposure * float(np.exp(dice.vary(0, -0.45, 0.35))),
        white_balance=dice.tint(calm.white_balance, 0.05),
        monochrome=dice.happens(0.25),
        blur_px=dice.vary(calm.blur_px, 0.2, 1.2),
        vignetting=dice.vary(calm.vignetting, 0.0, 0.45),
        noise=dice.vary(calm.noise, 0.002, 0.03),
        flicker=dice.vary(calm.flicker, 0.0, 0.02),
        jpeg_quality=int(dice.rng.integers(35, 95)) if dice.happens(0.3) else None,
    )


def _see_in_infrared(look: Look) -> Look:
    """Return the look under infrared light: grey, and dark fur less dark."""
    lift = _LIFT_IN_INFRARED.get(look.coat.name, 1.0)
    coat = look.coat.recolor(lambda color: _fade(np.multiply(color, lift)), _fade)
    sensor = replace(look.sensor, monochrome=True, white_balance=(1.0, 1.0, 1.0))
    return replace(look, coat=coat, sensor=sensor)


def _fade(color: ArrayLike) -> Color:
    red = float(np.max(np.asarray(color)))  # infrared is nearest to red
    return red, red, red
