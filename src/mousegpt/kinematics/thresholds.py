"""Where one category ends and the next begins: every border of the states, with its reason.

Lengths are in body lengths (BL, snout to tail base, about 8 cm in an adult mouse), speeds in BL/s,
so that the same borders serve poses in cm and in body lengths. Angles are in degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Bands:
    """How one fact is cut into the values of a state: ``values[0]`` lies below ``edges[0]``."""

    fact: str
    edges: tuple[float, ...]
    values: tuple[str, ...]
    reason: str


#: A paw that keeps its place is off the ground above this, and on it below the other: planted ones
#: of a real mouse are measured within 0.3 cm of each other.
PAW_LIFTED, PAW_PLANTED = 0.09, 0.045
#: A paw that may be in a step is off the ground above this: slow walks lift it by 0.2 to 0.5 cm.
PAW_STEPS: Final = 0.035
#: Faster over the ground than this a paw swings (8 cm/s), however low it is: planted ones do not
#: slide, and a swing is two to five times as fast as the body.
PAW_SWINGS: Final = 1.0
#: Nearer to the snout than this a lifted paw is at the face; in rears paws hang 2.3 cm below.
PAW_AT_FACE: Final = 0.22
#: Below this the body stays in place (2 cm/s): breathing, swaying and leaning.
BODY_STILL: Final = 0.25
#: Below this a paw or the head stays with the trunk (4 cm/s).
PART_STILL: Final = 0.5
#: Side of the cone around the heading within which motion is forward, degrees.
FORWARD_CONE: Final = 45.0
#: A change of speed from 0.2 s before to 0.2 s after that is not steady.
SPEED_CHANGE: Final = 0.6
#: The head swings when its yaw changes by more than this from 0.2 s before to 0.2 s after.
HEAD_SWING: Final = 15.0
#: Only a mouse whose tail base goes the same way, at least this fast, walks; else it leans.
HIND_TRAVELS: Final = 0.15
#: Both hind paws higher than this (1.2 cm): higher than they are lifted in a step.
AIRBORNE: Final = 0.15
#: A mouse that is shorter than this sits hunched; one that rears is as long as on all fours.
HUNCHED: Final = 0.85
#: A snout nearer to the wall than this can touch it with a paw or a whisker pad.
WALL_IN_REACH: Final = 0.25

BANDS: Final[dict[str, Bands]] = {
    "vertical_motion": Bands(
        "vertical_speed", (-0.4, 0.4), ("lowering", "none", "rising"),
        "3 cm/s; a rear goes up at 10 to 40 cm/s, walking bobs at less than 3",
    ),
    "turning": Bands(
        "turning_rate", (-120, -30, 30, 120),
        ("sharp right", "right", "none", "left", "sharp left"),
        "30 deg/s is a full circle in 12 s, 120 deg/s in 3 s: a pivot",
    ),
    "head_pitch": Bands(
        "head_pitch", (-40, 5), ("down", "level", "up"),
        "the line ears to snout points 15 deg below the axis of the head; 20 to 25 deg either way",
    ),
    "head_yaw": Bands(
        "head_yaw", (-40, -15, 15, 40),
        ("right", "slightly right", "straight", "slightly left", "left"),
        "the neck alone turns the head by about 40 deg; beyond it the fore body helps",
    ),
    "head_height": Bands(
        "snout_height", (0.12, 0.5), ("low", "middle", "high"),
        "1 cm: whiskers on the floor; 4 cm: not reached with all paws planted",
    ),
    "head_movement": Bands("head_speed_relative", (PART_STILL,), ("still", "moving"), "4 cm/s"),
    "tail_height": Bands(
        "tail_height", (0.2,), ("ground", "raised"),
        "1.6 cm: a tail that lies down from its base is lower at its middle",
    ),
    "tail_shape": Bands(
        "tail_bend", (-25, 25), ("curved right", "straight", "curved left"),
        "a straight tail sways by 10 to 20 deg with the gait",
    ),
    "trunk_pitch": Bands(
        "trunk_pitch", (-20, 30, 50), ("declined", "horizontal", "inclined", "upright"),
        "tail base to neck: 0 to 25 deg on all fours, 55 to 80 in a rear, 40 to 55 when sitting up",
    ),
    "spine_vertical": Bands(
        "spine_bend_vertical", (-15, 45), ("hollow", "flat", "arched"),
        "20 to 45 deg is the stance on all fours, near 0 a rear",
    ),
    "spine_horizontal": Bands(
        "spine_bend_horizontal", (-20, 20), ("bent right", "straight", "bent left"),
        "walking sways the spine by about 10 deg",
    ),
    "stretch": Bands(
        "stretch", (0.85, 1.15), ("compact", "relaxed", "elongated"),
        "walking changes the length by about 10 %",
    ),
}  # fmt: skip

#: Borders of the speed of the body in the floor plane.
PACE: Final = Bands(
    "speed", (BODY_STILL, 0.9, 2.0), ("still", "slow", "moderate", "rapid"),
    "7 cm/s: slow exploring steps; 16 cm/s: the walk becomes a trot",
)  # fmt: skip

#: The hip is low below this share of its own median height; where on the hip the keypoint lies
#: differs between skeletons by 1 cm.
HIP_LOW: Final = 0.8

#: Borders of the place in the arena.
AT_WALL, NEAR_WALL = 0.25, 0.75
