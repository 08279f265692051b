"""What the names of keypoints mean, in the spellings of the common programs.

Each name is read as words ("LeftHindPaw", "hindpaw_l", "paw4LH" → left, hind, paw), the words are
looked up, and each of our keypoints goes to the best source. Points of the back have a place
between the neck (0) and the hip (1); the pair nearest to 1/3 and 2/3 becomes SpineG and SpineH.
Eyes, flanks and the middle of the head have no counterpart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from mousegpt.core.skeleton import KEYPOINTS

#: Names of our keypoints (without side), and the words that stand for them, the best first.
#: A source whose keypoint is taken by a better one gets its next phrase: a "paw" is the Forepaw
#: unless there is a "paw end", then it is the Wrist.
_PHRASES: Final[dict[str, tuple[tuple[float, str], ...]]] = {
    "Snout": ((0, "snout"), (1, "nose"), (2, "snout tip"), (2, "nose tip"), (5, "head fore")),
    "Ear": ((0, "ear"), (1, "ear tip"), (2, "ear base")),
    "SpineF": (
        (0, "spine f"), (1, "neck"), (2, "neck base"), (2, "nape"), (2, "withers"),
        (3, "spine shoulder"), (4, "shoulder"),
    ),
    "Hip": ((0, "hip"), (1, "hip mid"), (1, "spine hip"), (4, "pelvis"), (5, "rump")),
    "TailBase": ((0, "tail base"), (1, "tti"), (2, "tail start"), (2, "tail head"), (4, "tail")),
    "TailMid": ((0, "tail mid"),),
    "TailEnd": ((0, "tail end"), (1, "tail tip")),
    "Forepaw": (
        (0, "fore paw end"), (0, "paw end"), (0, "hand end"), (0, "finger"), (0, "fingers"),
        (1, "fore paw"), (2, "paw"), (2, "hand"), (2, "fore foot"), (4, "wrist"),
    ),
    "Wrist": ((3, "paw"), (3, "fore paw"), (3, "hand"), (5, "wrist")),
    "Elbow": ((0, "elbow"), (4, "fore limb"), (4, "fore leg"), (5, "arm")),
    "Shoulder": ((0, "shoulder"), (1, "fhip"), (1, "fore hip"), (1, "fore shoulder")),
    "Hindpaw": (
        (0, "hind paw end"), (0, "foot end"), (0, "toe"), (0, "toes"),
        (1, "hind paw"), (1, "back paw"), (1, "hind foot"), (1, "back foot"), (2, "foot"),
    ),
    "Ankle": ((0, "ankle"), (1, "heel"), (1, "hock"), (3, "foot"), (3, "hind paw")),
    "Knee": ((0, "knee"), (4, "hind limb"), (4, "hind leg"), (5, "leg")),
}  # fmt: skip
_SIDED: Final = ("Ear", "Forepaw", "Wrist", "Elbow", "Shoulder", "Hindpaw", "Ankle", "Knee")
_HIP_JOINTS: Final = ("hip", "bhip", "hind hip", "haunch", "hind shoulder")

#: Place of a point of the back between the neck (0) and the hip (1).
_TRUNK: Final[dict[str, float]] = {
    "spine g": 1 / 3, "spine h": 2 / 3,
    "back upper": 0.2, "spine upper": 0.2, "thorax": 0.2, "back mid": 0.2,
    "center": 0.4, "body": 0.4, "body center": 0.4, "body mid": 0.4, "trunk": 0.4, "torso": 0.4,
    "trunk mid": 0.4, "torso mid": 0.4, "trunk center": 0.4, "centroid": 0.4,
    "spine": 0.5, "back": 0.5, "spine m": 0.5, "spine mid": 0.5, "spine center": 0.5,
    "backend mid": 0.6, "spine lower": 0.75, "back lower": 0.75, "lumbar": 0.75,
}  # fmt: skip

_SYNONYMS: Final = {
    "centre": "center", "middle": "mid", "midpoint": "mid", "mid": "mid", "root": "base",
    "front": "fore", "rear": "hind", "shd": "shoulder", "l": "left", "r": "right",
}  # fmt: skip
_FUSED: Final = {
    "lf": ("left", "fore"), "fl": ("left", "fore"), "rf": ("right", "fore"),
    "fr": ("right", "fore"), "lh": ("left", "hind"), "hl": ("left", "hind"),
    "rh": ("right", "hind"), "hr": ("right", "hind"),
}  # fmt: skip
_OWN: Final = {name.lower(): name for name in KEYPOINTS}
_SILENT: Final = frozenset(["of", "the", "point", "marker", "keypoint", "mouse", "joint"])
_VIEWS: Final = frozenset(["top", "bot", "bottom"])
_COMPACT: Final = (
    "backend|middle|center|centre|bottom|shoulder|finger|elbow|ankle|snout|wrist|right|front|spine|"
    "torso|trunk|upper|lower|start|nose|tail|base|neck|left|hind|rear|fore|knee|foot|body|hand|"
    "root|limb|back|paw|ear|eye|tip|end|mid|hip|top|leg"
)
_COMPACT_NAME: Final = re.compile(f"(?:{_COMPACT})+")
_COMPACT_WORD: Final = re.compile(_COMPACT)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True)
class _Name:
    """A source's name, read as words."""

    source: str
    words: frozenset[str]
    side: str
    number: int | None
    view: str

    def says(self, phrase: str) -> bool:
        return self.words == frozenset(phrase.split())


def _read_name(source: str) -> _Name:
    words: list[str] = []
    numbers: list[int] = []
    for token in (match.lower() for match in _WORD.findall(source)):
        if token.isdigit():
            numbers.append(int(token))
        elif token in _FUSED:
            words += _FUSED[token]
        elif _COMPACT_NAME.fullmatch(token):
            words += _COMPACT_WORD.findall(token)
        else:
            words.append(token)
    if [word for word in words if word != "l"] == ["spine"]:  # SpineL is lumbar, not left
        words = ["lower" if word == "l" else word for word in words]
    words = [_SYNONYMS.get(word, word) for word in words if word not in _SILENT]
    side = "L" if "left" in words else "R" if "right" in words else ""
    view = next((word for word in words if word in _VIEWS), "")
    rest = frozenset(words) - {"left", "right", view}
    return _Name(source, rest, side, numbers[-1] if numbers else None, view)


def match_names(names: Sequence[str]) -> dict[str, str]:
    """Return the keypoint of each name that has one.

    Of a mirror image with two views in one picture only the view with more keypoints is matched.
    """
    parsed = [_read_name(name) for name in names]
    views = list(dict.fromkeys(name.view for name in parsed))
    matches = [_match_view([name for name in parsed if name.view == view]) for view in views]
    return max(matches, key=len, default={})  # the first of equals


def _match_view(names: list[_Name]) -> dict[str, str]:
    targets = _claim(names)
    _add_tail(names, targets)
    _add_hip(names, targets)
    _add_trunk(names, targets)
    return targets


def _claim(names: list[_Name]) -> dict[str, str]:
    """Give keypoints to sources, the best claim first."""
    claims = []
    for order, name in enumerate(names):
        if own := _OWN.get(re.sub(r"[\W_]", "", name.source.lower())):
            claims.append((-1.0, order, name.source, own))
        for stem, phrases in _PHRASES.items():
            sided = stem in _SIDED
            if sided != bool(name.side) or (stem == "TailBase" and _is_tail_number(name)):
                continue
            numbered = 0.5 if name.number is not None else 0.0
            claims += [
                (rank + numbered, order, name.source, stem + name.side)
                for rank, phrase in phrases
                if name.says(phrase)
            ]
    targets: dict[str, str] = {}
    for _, _, source, keypoint in sorted(claims):
        if source not in targets and keypoint not in targets.values():
            targets[source] = keypoint
    return targets


def _is_tail_number(name: _Name) -> bool:
    return name.says("tail") and name.number is not None


def _add_tail(names: list[_Name], targets: dict[str, str]) -> None:
    """Use numbered points of the tail for what no name says."""
    numbered = sorted((n for n in names if _is_tail_number(n)), key=lambda n: n.number or 0)
    sources = [name.source for name in numbered if name.source not in targets]
    if len(sources) >= 2 and "TailBase" not in targets.values():
        targets[sources.pop(0)] = "TailBase"
    if len(sources) >= 3 and "TailEnd" not in targets.values():
        targets[sources.pop()] = "TailEnd"
    if sources and "TailMid" not in targets.values():
        targets[sources[(len(sources) - 1) // 2]] = "TailMid"


def _add_hip(names: list[_Name], targets: dict[str, str]) -> None:
    """Let the two hip joints stand for the hip."""
    if "Hip" in targets.values():
        return
    for phrase in _HIP_JOINTS:
        joints = {n.side: n.source for n in names if n.says(phrase) and n.source not in targets}
        if {"L", "R"} <= set(joints):
            targets.update({joints["L"]: "Hip", joints["R"]: "Hip"})
            return


def _add_trunk(names: list[_Name], targets: dict[str, str]) -> None:
    """Give SpineG and SpineH, and what is missing of SpineF and Hip, to the points of the back."""
    places = _find_places([name for name in names if name.source not in targets and not name.side])
    for place, keypoint in ((0.0, "SpineF"), (1.0, "Hip")):
        ends = [source for source, found in places.items() if found == place]
        if ends and keypoint not in targets.values():
            targets[ends[0]] = keypoint
            del places[ends[0]]
    if {"SpineG", "SpineH"} & set(targets.values()):
        return
    ordered = sorted(places.items(), key=lambda item: item[1])
    if len(ordered) == 1:
        source, place = ordered[0]
        targets[source] = "SpineG" if place <= 0.5 else "SpineH"
    elif ordered:
        pairs = list(combinations(ordered, 2))
        front, behind = min(pairs, key=lambda p: abs(p[0][1] - 1 / 3) + abs(p[1][1] - 2 / 3))
        targets |= {front[0]: "SpineG", behind[0]: "SpineH"}


def _find_places(names: list[_Name]) -> dict[str, float]:
    """Return the place of each point of the back; numbered spine points are evenly spaced."""
    spine = sorted(
        (n for n in names if n.says("spine") and n.number is not None), key=lambda n: n.number or 0
    )
    reach = 1.0 if len(spine) > 3 else 0.75  # few points do not reach the hip
    places = {n.source: reach * k / max(len(spine) - 1, 1) for k, n in enumerate(spine)}
    for name in names:
        for phrase, place in _TRUNK.items():
            if name.source not in places and name.says(phrase):
                step = 0.2 * ((name.number or 1) - 1) if "backend" in name.words else 0.0
                places[name.source] = place + step
    return places
