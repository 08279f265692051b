"""The words for what the mouse does and how it moves (the element "overall")."""

from __future__ import annotations

from typing import Final

from mousegpt.core.facts import UNKNOWN
from mousegpt.description.idiom import Idiom, add_mirrors, combine, say, say_state

MOUSE: Final = "the mouse"

_ACTIVITY = say_state(
    MOUSE,
    "activity",
    {
        "still": "motionless | immobile | quietly at rest",
        "crouching": "crouching | in a crouch | sitting crouched",
        "lying": "lying down | lying at rest | resting in a lying position",
        "walking": "walking | walking along | in quadrupedal locomotion at a walk",
        "running": "running | running along | in quadrupedal locomotion at a run",
        "backing": "backing up | stepping backward | walking in reverse",
        "turning": "turning its body | pivoting its body | turning around",
        "circling": "circling | walking in circles | circling around one spot",
        "rearing": "rearing | in a rear | performing a rear",
        "supported rearing": "in a supported rear | performing a supported rear",
        "grooming": "grooming itself | self-grooming, cleaning its fur | grooming its fur",
        "body grooming": "grooming its body | licking the fur of its body"
        " | body grooming, licking its fur",
        "scratching": "scratching itself | scratching its fur | in a bout of scratching",
        "head twitching": "twitching its head | in a head twitch | performing a head twitch",
        "shaking": "shaking its body | in a wet-dog shake | performing a wet-dog shake",
        "digging": "digging | digging at the floor | in a bout of digging",
        "sniffing": "sniffing | sniffing its surroundings | exploring by sniffing",
        "exploring the wall": "exploring the wall | investigating the wall | sniffing at the wall",
        "head scanning": "scanning with its head | head scanning | scanning its surroundings",
        "stretch-attending": "in a stretch-attend posture | adopting a stretch-attend posture",
        "jumping": "jumping | leaping | in the middle of a jump",
        "shifting posture": "shifting its posture | adjusting its posture | changing its posture",
    },
)

#: A rear is a stance on the hind legs, unless a paw is seen to contradict it.
ON_HIND_LEGS: Final = {
    "forepaw_left": ("air", "face", "wall", UNKNOWN),
    "forepaw_right": ("air", "face", "wall", UNKNOWN),
    "hindpaw_left": ("ground", UNKNOWN),
    "hindpaw_right": ("ground", UNKNOWN),
}
_AT_FACE = {"forepaw_left": ("face",), "forepaw_right": ("face",)}
_AT_WALL = {"forepaw_left": ("wall",), "forepaw_right": ("wall",)}
_DOWN_TO_DIG = {"forepaw_left": ("ground", "air"), "forepaw_right": ("ground", "air")}

_ACTIVITY_IN_CONTEXT = [
    say(
        {"activity": "rearing"},
        MOUSE,
        "rearing, standing on its hind legs | standing on its hind legs in a rear"
        " | rearing in a bipedal stance on its hind legs",
        ON_HIND_LEGS,
    ),
    say(
        {"activity": "rearing", "vertical_motion": "rising"},
        MOUSE,
        "rearing up onto its hind legs | rising onto its hind legs in a rear",
        ON_HIND_LEGS,
    ),
    say(
        {"activity": "rearing", "vertical_motion": "lowering"},
        MOUSE,
        "coming down from its hind legs in a rear"
        " | rearing on its hind legs and lowering its fore body",
        ON_HIND_LEGS,
    ),
    say(
        {"activity": "supported rearing"},
        MOUSE,
        "in a supported rear, standing on its hind legs"
        " | standing on its hind legs with support in a supported rear"
        " | performing a supported rear, standing on its hind legs",
        ON_HIND_LEGS,
    ),
    say(
        {"activity": "supported rearing"},
        MOUSE,
        "in a supported rear, standing on its hind legs against the wall"
        " | rearing against the wall, standing on its hind legs with support",
        {**ON_HIND_LEGS, "place": ("at the wall",)},
    ),
    say(
        {"activity": "supported rearing"},
        MOUSE,
        "in a supported rear, leaning on the wall with both forepaws"
        " | rearing against the wall, standing on its hind legs with both forepaws on the wall",
        {**ON_HIND_LEGS, **_AT_WALL, "place": ("at the wall", "near the wall", UNKNOWN)},
    ),
    say(
        {"activity": "grooming"},
        MOUSE,
        "grooming, cleaning its face with its forepaws"
        " | grooming its face, washing it with its forepaws"
        " | cleaning its face with its forepaws in a bout of grooming",
        _AT_FACE,
    ),
    say(
        {"activity": "digging"},
        MOUSE,
        "digging with its forepaws | scraping at the floor with its forepaws, digging",
        _DOWN_TO_DIG,
    ),
    *add_mirrors(
        [
            say(
                {"activity": "scratching"},
                MOUSE,
                "scratching its neck with its left hind paw"
                " | scratching itself at the neck with its left hind paw"
                " | using its left hind paw to scratch its neck",
                {"hindpaw_left": ("neck",)},
            )
        ]
    ),
]

_RATE = say_state(
    MOUSE,
    "pace",
    {
        "slow": "slowly | at a slow pace",
        "moderate": "at a moderate pace | at a moderate speed",
        "rapid": "rapidly | at a rapid pace",
    },
)
_CHANGING_RATE = combine(
    "at a {}, {} pace",
    say_state(MOUSE, "pace", {"slow": "slow", "moderate": "moderate", "rapid": "rapid"}),
    say_state(
        MOUSE,
        "pace_trend",
        {"steady": "steady", "speeding up": "increasing", "slowing down": "decreasing"},
    ),
)
_RATES = [*_RATE, *_CHANGING_RATE]

_PATH = add_mirrors(
    say_state(
        MOUSE,
        "direction",
        {
            "none": "on the spot | in place",
            "forward": "forward | ahead",
            "backward": "backward",
            "left": "sideways to the left | toward its left side",
        },
    )
)
_STRIDE_ALONG = [
    say({"activity": "walking", "direction": "forward"}, MOUSE, "walking forward"),
    say({"activity": "running", "direction": "forward"}, MOUSE, "running forward"),
    say({"activity": "backing", "direction": "backward"}, MOUSE, "backing away | walking backward"),
]
_STRIDE = say_state(MOUSE, "activity", {"walking": "walking", "running": "running"})

_CONSTANT_HEADING = {"turning": "none", "vertical_motion": "none"}
_IN_PLACE = {"pace": "still", "direction": "none"}
_SETTLED = _IN_PLACE | {"pace_trend": "steady"}
_STANDSTILL = [
    say({"pace": "still"}, MOUSE, "stationary | keeping its body still"),
    say(_IN_PLACE, MOUSE, "stationary in one place | staying in place | stationary on one spot"),
    say(_SETTLED, MOUSE, "stationary in one place throughout | staying steadily in place"),
    say(
        _SETTLED | _CONSTANT_HEADING,
        MOUSE,
        "staying in place with a constant heading and height"
        " | stationary in one place with a constant heading and height",
    ),
    say(
        {"pace": "still", "pace_trend": "steady"},
        MOUSE,
        "stationary throughout | keeping steadily still",
    ),
    say(
        {"pace": "still", "pace_trend": "speeding up"},
        MOUSE,
        "setting off from a standstill | starting to move from a standstill",
    ),
    say(
        {"pace": "still", "pace_trend": "slowing down"},
        MOUSE,
        "coming to a standstill | coming to a halt",
    ),
]

_MOTION = [
    *combine("moving {}", _RATES),
    *combine("moving {} {}", _PATH, _RATES),
    *combine("{} {}", [*_STRIDE, *_STRIDE_ALONG], _RATES),
    *_STRIDE_ALONG,
    *add_mirrors(
        say_state(
            MOUSE,
            "direction",
            {
                "none": "keeping to one spot | remaining on one spot",
                "forward": "progressing forward | advancing | going forward",
                "backward": "shifting backward | retreating | drawing back",
                "left": "shifting sideways to the left | moving toward its left side",
            },
        )
    ),
    *say_state(
        MOUSE,
        "pace_trend",
        {
            "steady": "keeping a steady speed | holding a constant speed",
            "speeding up": "speeding up | accelerating | gaining speed",
            "slowing down": "slowing down | decelerating | losing speed",
        },
    ),
    *add_mirrors(
        [
            *say_state(
                MOUSE,
                "turning",
                {
                    "none": "keeping its heading | holding one heading",
                    "left": "turning left | turning to the left | veering to the left",
                    "sharp left": "turning sharply to the left | making a sharp left turn",
                },
            ),
            say(
                {"activity": "turning", "turning": "left"},
                MOUSE,
                "turning its body to the left | pivoting to the left",
            ),
            say(
                {"activity": "turning", "turning": "sharp left"},
                MOUSE,
                "turning its body sharply to the left | pivoting sharply to the left",
            ),
            say(
                {"activity": "circling", "turning": "left"},
                MOUSE,
                "circling to the left | walking in circles to the left",
            ),
            say(
                {"activity": "circling", "turning": "sharp left"},
                MOUSE,
                "circling sharply to the left | walking in tight circles to the left",
            ),
        ]
    ),
    *say_state(
        MOUSE,
        "vertical_motion",
        {
            "none": "keeping its fore body at one height | holding the height of its fore body",
            "rising": "raising its fore body | rising at the front",
            "lowering": "lowering its fore body | coming down at the front",
        },
    ),
    say(
        _CONSTANT_HEADING,
        MOUSE,
        "keeping a constant heading and height | holding its heading and height",
    ),
]

OVERALL: Final[list[Idiom]] = [*_ACTIVITY, *_STANDSTILL, *_MOTION, *_ACTIVITY_IN_CONTEXT]
