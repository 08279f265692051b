"""The 24 keypoints of the mouse, their body groups, bones and mirror pairs.

Source: Methods 4.2 (names and order).
"""

from typing import Final

KEYPOINTS: Final[tuple[str, ...]] = (
    "EarL", "EarR", "Snout", "SpineF", "SpineG", "SpineH", "Hip", "TailBase",
    "TailMid", "TailEnd", "ForepawL", "WristL", "ElbowL", "ShoulderL",
    "ForepawR", "WristR", "ElbowR", "ShoulderR", "HindpawL", "AnkleL", "KneeL",
    "HindpawR", "AnkleR", "KneeR",
)  # fmt: skip

BODY_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "body": ("SpineF", "SpineG", "SpineH", "Hip", "TailBase"),
    "head": ("EarL", "EarR", "Snout"),
    "left forelimb": ("ForepawL", "WristL", "ElbowL", "ShoulderL"),
    "right forelimb": ("ForepawR", "WristR", "ElbowR", "ShoulderR"),
    "left hind limb": ("HindpawL", "AnkleL", "KneeL"),
    "right hind limb": ("HindpawR", "AnkleR", "KneeR"),
    "tail": ("TailBase", "TailMid", "TailEnd"),
}

BONES: Final[tuple[tuple[str, str], ...]] = (
    ("Snout", "EarL"), ("Snout", "EarR"), ("EarL", "SpineF"), ("EarR", "SpineF"),
    ("SpineF", "SpineG"), ("SpineG", "SpineH"), ("SpineH", "Hip"), ("Hip", "TailBase"),
    ("TailBase", "TailMid"), ("TailMid", "TailEnd"),
    ("SpineF", "ShoulderL"), ("ShoulderL", "ElbowL"), ("ElbowL", "WristL"), ("WristL", "ForepawL"),
    ("SpineF", "ShoulderR"), ("ShoulderR", "ElbowR"), ("ElbowR", "WristR"), ("WristR", "ForepawR"),
    ("Hip", "KneeL"), ("KneeL", "AnkleL"), ("AnkleL", "HindpawL"),
    ("Hip", "KneeR"), ("KneeR", "AnkleR"), ("AnkleR", "HindpawR"),
)  # fmt: skip


def mirror_keypoint(name: str) -> str:
    """Return the keypoint on the other side of the body; midline points mirror to themselves.

    >>> mirror_keypoint("EarL"), mirror_keypoint("Snout")
    ('EarR', 'Snout')
    """
    other = name[:-1] + {"L": "R", "R": "L"}.get(name[-1], name[-1])
    return other if other in KEYPOINTS else name
