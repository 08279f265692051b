"""Descriptions with known truth, some of them deliberately wrong: a test of fact checkers.

The sentences come from ``paraphrases.txt``, written in the manner of people and of vision-language
models, not from the grammar of the describer. The last ones of each state are held out: nothing
that reads descriptions may be written against them.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Final, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.description import ELEMENTS
from mousegpt.core.facts import STATES, UNKNOWN, state_column
from mousegpt.core.tables import DESCRIPTION_TABLE, KEY

Part = Literal["known", "held out", "all"]

#: States of a pair of paws, as the sentences name them together.
PAIRS: Final[dict[str, tuple[str, str]]] = {
    "forepaws": ("forepaw_left", "forepaw_right"),
    "hindpaws": ("hindpaw_left", "hindpaw_right"),
}
_ELEMENTS: Final[dict[str, str]] = {
    **{state.name: state.part for state in STATES},
    **dict.fromkeys(PAIRS, "limb"),
}
_RESTS, _GROOMS = ("still", "crouching", "lying"), ("grooming", "body grooming", "scratching")
_TRAVEL, _REARS = ("walking", "running", "backing"), ("rearing", "supported rearing")
_EVENTS: Final = ("digging", "jumping", "shaking")
#: Frame does this -> it is plainly false that it does that.
_FALSE_ACTIVITIES: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(_RESTS, (*_TRAVEL, *_REARS, "grooming", "scratching", *_EVENTS)),
    **dict.fromkeys(_GROOMS, (*_TRAVEL, *_REARS, "lying", "sniffing", *_EVENTS)),
    **dict.fromkeys(_TRAVEL, (*_RESTS, *_REARS, *_GROOMS, *_EVENTS)),
    **dict.fromkeys(_REARS, (*_RESTS, *_GROOMS, "running", "digging", "shaking")),
    "digging": (*_RESTS, *_REARS, *_GROOMS, "running", "jumping"),
    "sniffing": ("lying", *_GROOMS, "running", "jumping", "digging"),
    "jumping": (*_RESTS, *_GROOMS, "digging", "sniffing"),
    "circling": (*_RESTS, *_REARS, *_GROOMS, *_EVENTS),
}
#: State -> its value -> what is plainly false then; neighbours on a scale are not.
FALSE_VALUES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "activity": _FALSE_ACTIVITIES,
    "pace": {
        "still": ("moderate", "rapid"), "slow": ("rapid",), "moderate": ("still",),
        "rapid": ("still", "slow"),
    },
    "direction": {
        "forward": ("backward", "left", "right"), "backward": ("forward",),
        "left": ("right", "backward"), "right": ("left", "backward"),
    },
    "turning": {
        "none": ("sharp left", "sharp right"), "left": ("right", "sharp right"),
        "right": ("left", "sharp left"), "sharp left": ("none", "right", "sharp right"),
        "sharp right": ("none", "left", "sharp left"),
    },
    "pace_trend": {"speeding up": ("slowing down",), "slowing down": ("speeding up",)},
    "vertical_motion": {"rising": ("lowering",), "lowering": ("rising",)},
    "head_pitch": {"up": ("down", "level"), "level": ("up", "down"), "down": ("up", "level")},
    "head_yaw": {
        "straight": ("left", "right"), "left": ("right", "straight", "slightly right"),
        "right": ("left", "straight", "slightly left"),
        "slightly left": ("right", "slightly right"), "slightly right": ("left", "slightly left"),
    },
    "head_height": {"low": ("high",), "middle": ("high", "low"), "high": ("low",)},
    "head_movement": {"still": ("moving",), "moving": ("still",)},
    **{
        f"{paw}_{side}": {"ground": ("air",), "air": ("ground",), "face": ("ground",),
                          "wall": ("ground",), "neck": ("ground",)}
        for paw in ("forepaw", "hindpaw") for side in ("left", "right")
    },
    "forepaws": {"ground": ("air", "face", "wall"), "air": ("ground",), "face": ("ground", "wall"),
                 "wall": ("ground", "face")},
    "hindpaws": {"air": ("ground",)},
    "forepaw_movement": {"still": ("stepping",), "stepping": ("still",), "stroking": ("still",)},
    "hindpaw_movement": {"still": ("stepping",), "stepping": ("still",), "scratching": ("still",)},
    "tail_height": {"ground": ("raised",), "raised": ("ground",)},
    "tail_shape": {
        "straight": ("curved left", "curved right"), "curved left": ("curved right", "straight"),
        "curved right": ("curved left", "straight"),
    },
    "trunk_pitch": {
        "horizontal": ("upright",), "declined": ("upright",), "upright": ("horizontal",),
    },
    "spine_vertical": {"flat": ("arched",), "arched": ("flat",), "hollow": ("arched",)},
    "spine_horizontal": {
        "straight": ("bent left", "bent right"), "bent left": ("bent right", "straight"),
        "bent right": ("bent left", "straight"),
    },
    "stretch": {"compact": ("elongated",), "elongated": ("compact",)},
    "hip_height": {"low": ("raised",), "raised": ("low",)},
    "place": {"at the wall": ("in the open",), "in the open": ("at the wall",)},
}  # fmt: skip


@dataclass(frozen=True)
class Sentences:
    """What may be said for one value of a state."""

    known: tuple[str, ...]
    held_out: tuple[str, ...]

    def select(self, part: Part) -> tuple[str, ...]:
        """Return the sentences of one part of the bank."""
        parts = {"known": self.known, "held out": self.held_out}
        return parts.get(part, (*self.known, *self.held_out))


@cache
def load_paraphrases() -> dict[tuple[str, str], Sentences]:
    """Return the sentences of the bank by state and value, with their mirror images.

    >>> load_paraphrases()["head_yaw", "right"].known[0]
    'The head is turned to the right.'
    """
    text = files("mousegpt.evaluation").joinpath("paraphrases.txt").read_text("utf-8")
    bank: dict[tuple[str, str], Sentences] = {}
    for block in text.split("\n[")[1:]:
        title, _, body = block.partition("]\n")
        state, _, value = title.partition("=")
        known, _, held_out = body.partition("---\n")
        sentences = Sentences(*(tuple(filter(None, p.split("\n"))) for p in (known, held_out)))
        bank[state, value] = sentences
        mirror = (_mirror(state), _mirror(value))
        if mirror != (state, value):
            bank[mirror] = Sentences(
                tuple(map(_mirror, sentences.known)), tuple(map(_mirror, sentences.held_out))
            )
    return bank


def plant_contradictions(
    posture: pd.DataFrame,
    *,
    part: Part = "all",
    n_true: Annotated[int, Field(ge=1)] = 8,
    share_wrong: Annotated[float, Field(ge=0, le=1)] = 0.5,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Describe every frame in sentences of the bank, and plant one false one in some of them.

    Parameters
    ----------
    posture
        POSTURE_TABLE whose states are true (`synthetic.truth.settle_states`).
    part
        Which sentences of the bank: those that a lexicon may know, those held out, or all.
    n_true
        How many true sentences a description has at most, drawn from what is known of the frame.
    share_wrong
        Share of the descriptions that get a false sentence more.

    Returns
    -------
    descriptions : pandas.DataFrame
        DESCRIPTION_TABLE; frames of which nothing is known are left out.
    sentences : pandas.DataFrame
        A row a sentence: the key, ``element``, ``place`` in its element, ``state``, ``value``,
        ``text`` and ``planted``.
    """
    rng = np.random.default_rng(seed)
    descriptions, sentences = [], []
    for row in posture.to_dict("records"):
        states = _list_true(row)
        chosen = [(*states[i], False) for i in rng.permutation(len(states))[:n_true]]
        false = _list_false(states)
        if false and rng.random() < share_wrong:
            state, values = false[rng.integers(len(false))]
            chosen = [c for c in chosen if not _about_same(c[0], state)]
            chosen.insert(int(rng.integers(len(chosen) + 1)),
                          (state, values[rng.integers(len(values))], True))  # fmt: skip
        if not chosen:
            continue
        key = {name: row[name] for name in KEY}
        told = [_tell(state, value, planted, part, rng) for state, value, planted in chosen]
        sentences += [key | sentence for sentence in _number(told)]
        texts = {e: " ".join(str(s["text"]) for s in told if s["element"] == e) for e in ELEMENTS}
        descriptions.append(key | {"time_s": row["time_s"], "status": "ok"} | texts)
    columns = [*KEY, "element", "place", "state", "value", "text", "planted"]
    return (
        pd.DataFrame(descriptions, columns=[*DESCRIPTION_TABLE.columns]),
        pd.DataFrame(sentences, columns=columns),
    )


def _list_true(row: Mapping[Hashable, Any]) -> list[tuple[str, str]]:
    """List the states of a frame that the bank can say; alike paws count as a pair."""
    states = {s.name: str(row.get(state_column(s.name), UNKNOWN)) for s in STATES}
    for pair, (left, right) in PAIRS.items():
        if states[left] == states[right] and (pair, states[left]) in load_paraphrases():
            states[pair] = states.pop(left)
            states.pop(right)
    return [(n, v) for n, v in states.items() if v != UNKNOWN and (n, v) in load_paraphrases()]


def _list_false(states: list[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """List what would be plainly false: state and values."""
    found = []
    for state, value in states:
        values = FALSE_VALUES.get(state, {}).get(value, ())
        can_say = [v for v in values if (state, v) in load_paraphrases()]
        if can_say:
            found.append((state, can_say))
    return found


def _about_same(one: str, other: str) -> bool:
    """Return whether two states are of the same thing, so that saying both would be odd."""
    return one == other or one.rstrip("s").split("_")[0] == other.rstrip("s").split("_")[0]


def _tell(
    state: str, value: str, planted: bool, part: Part, rng: np.random.Generator
) -> dict[str, object]:
    texts = load_paraphrases()[state, value].select(part)
    text = texts[int(rng.integers(len(texts)))]
    named = {"element": _ELEMENTS[state], "state": state, "value": value}
    return named | {"text": text, "planted": planted}


def _number(told: list[dict[str, object]]) -> list[dict[str, object]]:
    places: dict[object, int] = {}
    numbered = []
    for sentence in told:
        place = places.get(sentence["element"], 0)
        places[sentence["element"]] = place + 1
        numbered.append({**sentence, "place": place})
    return numbered


def _mirror(text: str) -> str:
    other = {"left": "right", "right": "left", "Left": "Right", "counterclockwise": "clockwise"}
    return re.sub(
        r"(?<![A-Za-z])(left|right|Left|counterclockwise)(?=ward|side|\b|_)|(?<=_)(left|right)",
        lambda side: other[side[0]],
        text,
    )
