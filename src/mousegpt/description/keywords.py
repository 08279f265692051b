"""One canonical keyword per state; states at rest or in line add none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mousegpt.core.facts import STATES

#: State → value → keyword. What is missing is unremarkable (no turn, a straight tail, still paws).
KEYWORDS: Final[dict[str, dict[str, str]]] = {
    "activity": {
        "still": "still",
        "crouching": "crouching",
        "lying": "lying",
        "walking": "walking",
        "running": "running",
        "backing": "backing up",
        "turning": "turning",
        "circling": "circling",
        "rearing": "rearing",
        "supported rearing": "supported rearing",
        "grooming": "grooming",
        "body grooming": "body grooming",
        "scratching": "scratching",
        "head twitching": "head twitch",
        "shaking": "wet-dog shake",
        "digging": "digging",
        "sniffing": "sniffing",
        "exploring the wall": "wall exploration",
        "head scanning": "head scanning",
        "stretch-attending": "stretch-attend posture",
        "jumping": "jumping",
        "shifting posture": "posture shift",
    },
    "pace": {
        "still": "stationary",
        "slow": "slow movement",
        "moderate": "moderate movement",
        "rapid": "rapid movement",
    },
    "direction": {
        "forward": "moving forward",
        "backward": "moving backward",
        "left": "moving left",
        "right": "moving right",
    },
    "turning": {
        "left": "left turn",
        "right": "right turn",
        "sharp left": "sharp left turn",
        "sharp right": "sharp right turn",
    },
    "pace_trend": {"speeding up": "speeding up", "slowing down": "slowing down"},
    "vertical_motion": {"rising": "fore body rising", "lowering": "fore body lowering"},
    "head_pitch": {"up": "head up", "level": "head level", "down": "head down"},
    "head_yaw": {
        "slightly left": "head slightly left",
        "slightly right": "head slightly right",
        "left": "head turned left",
        "right": "head turned right",
    },
    "head_height": {"low": "head low", "middle": "head at mid height", "high": "head high"},
    "head_movement": {"moving": "head moving"},
    "forepaw_left": {
        "ground": "left forepaw on the ground",
        "air": "left forepaw in the air",
        "face": "left forepaw at the face",
        "wall": "left forepaw on the wall",
    },
    "forepaw_right": {
        "ground": "right forepaw on the ground",
        "air": "right forepaw in the air",
        "face": "right forepaw at the face",
        "wall": "right forepaw on the wall",
    },
    "hindpaw_left": {
        "ground": "left hind paw on the ground",
        "air": "left hind paw in the air",
        "neck": "left hind paw at the neck",
    },
    "hindpaw_right": {
        "ground": "right hind paw on the ground",
        "air": "right hind paw in the air",
        "neck": "right hind paw at the neck",
    },
    "forepaw_movement": {
        "stepping": "forepaws stepping",
        "stroking": "forepaws stroking",
        "scraping": "forepaws scraping",
        "moving": "forepaws moving",
    },
    "hindpaw_movement": {
        "stepping": "hind paws stepping",
        "scratching": "hind paw scratching",
        "moving": "hind paws moving",
    },
    "tail_height": {"ground": "tail on the ground", "raised": "tail raised"},
    "tail_shape": {"curved left": "tail curved left", "curved right": "tail curved right"},
    "trunk_pitch": {
        "horizontal": "trunk horizontal",
        "inclined": "trunk inclined",
        "upright": "trunk upright",
        "declined": "trunk declined",
    },
    "spine_vertical": {"arched": "back arched", "hollow": "back hollow"},
    "spine_horizontal": {"bent left": "back bent left", "bent right": "back bent right"},
    "stretch": {"compact": "trunk compact", "elongated": "trunk elongated"},
    "hip_height": {"low": "hips low", "raised": "hips raised"},
    "place": {
        "at the wall": "at the wall",
        "near the wall": "near the wall",
        "in the open": "in the open",
    },
}


def list_keywords(states: Mapping[str, str]) -> list[str]:
    """List the keywords of the states given, behaviour first; a pair of like paws shares one.

    >>> list_keywords({"hindpaw_left": "air", "hindpaw_right": "air", "activity": "jumping"})
    ['jumping', 'hind paws in the air']
    """
    keywords = [
        keyword
        for state in STATES
        if (keyword := KEYWORDS[state.name].get(states.get(state.name, "")))
    ]
    for left in [word for word in keywords if word.startswith("left ")]:
        right = left.replace("left", "right", 1)
        if right in keywords:
            both = left.removeprefix("left ").replace("paw", "paws")
            keywords[keywords.index(left)] = both
            keywords.remove(right)
    return keywords
