"""Templated descriptions whose activity is known: the truth of the text benchmarks.

Wording varies (several phrasings per state, details left out at random) and most details do not
depend on the activity, as in what a vision-language model writes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

# activity: (share, overall phrasings, keyword, head, limb, torso states that go with it)
_ACTIVITIES: dict[str, tuple[float, tuple[str, ...], tuple[str, ...], str, str, str]] = {
    "walking": (
        0.34,
        (
            "The mouse is walking {pace} across the floor.",
            "The mouse is in motion, moving forward at a {pace} pace.",
            "It walks forward at a {pace} pace.",
        ),
        ("walking", "locomotion"),
        "level",
        "step",
        "flat",
    ),
    "still": (
        0.18,
        (
            "The mouse is stationary and rests on all four paws.",
            "The mouse is still.",
            "The mouse stays in place and does not travel.",
        ),
        ("still", "stationary"),
        "any",
        "ground",
        "flat",
    ),
    "sniffing": (
        0.14,
        (
            "The mouse is sniffing the floor while barely moving.",
            "The mouse explores the ground with its nose.",
            "The mouse stays in place and sniffs.",
        ),
        ("sniffing",),
        "down",
        "ground",
        "any",
    ),
    "rearing": (
        0.11,
        (
            "The mouse is rearing, standing on its hind legs away from the wall.",
            "The mouse stands upright on two legs.",
            "The mouse has risen on its hind legs.",
        ),
        ("rearing", "standing on hind legs"),
        "up",
        "air",
        "upright",
    ),
    "supported rearing": (
        0.08,
        (
            "The mouse is rearing with its forepaws against the wall.",
            "The mouse leans upright on the wall.",
        ),
        ("supported rearing", "wall rearing"),
        "up",
        "wall",
        "upright",
    ),
    "grooming": (
        0.09,
        (
            "The mouse is grooming itself.",
            "The mouse sits and strokes its face with its forepaws.",
            "The mouse is stationary and appears to be grooming.",
        ),
        ("grooming", "licking paw"),
        "down",
        "face",
        "arched",
    ),
    "turning": (
        0.04,
        ("The mouse is turning to the {side} at a {pace} pace.", "The body turns to the {side}."),
        ("turning", "body turning {side}"),
        "level",
        "step",
        "bent",
    ),
    "head scanning": (
        0.02,
        ("The mouse stays in place and sweeps its head from side to side.",),
        ("head scanning", "looking around"),
        "any",
        "ground",
        "any",
    ),
}
_HEAD = {
    "level": ("The head is level with the body", "The head is held in line with the trunk"),
    "down": ("The head is lowered towards the ground", "The head points down"),
    "up": ("The head is raised", "The head points upward"),
}
_LIMB = {
    "step": ("The paws step in alternation", "The forepaws and hind paws are stepping"),
    "ground": ("All four paws are on the ground", "The forepaws and hind paws rest on the floor"),
    "air": ("The forepaws are in the air and the hind paws on the ground",),
    "wall": ("The forepaws touch the wall and the hind paws are on the ground",),
    "face": ("The forepaws are raised to the face", "Both forepaws are close to the mouth"),
}
_TORSO = {
    "flat": ("The trunk is horizontal", "The torso is parallel to the ground"),
    "upright": ("The trunk is upright", "The torso is held vertically"),
    "arched": ("The spine is arched", "The back is rounded"),
    "bent": ("The spine is bent sideways", "The trunk curves to the side"),
}
_DETAILS = {
    "head": ("and turned slightly left", "and turned slightly right", "and faces straight ahead"),
    "limb": (
        "with the tail extended on the ground",
        "with the tail raised",
        "while the tail curves to the left",
        "while the tail curves to the right",
    ),
    "torso": ("and stretched", "and compact", "and relaxed", "with the hip low"),
}
_KEYWORDS = {
    "level": "head level",
    "down": "head down",
    "up": "head up",
    "step": "paws stepping",
    "ground": "paws on ground",
    "air": "forepaws in the air",
    "wall": "forepaws on wall",
    "face": "forepaws at face",
    "flat": "trunk horizontal",
    "upright": "trunk upright",
    "arched": "spine arched",
    "bent": "spine bent",
}


def make_descriptions(n: int, *, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Return a description table of ``n`` frames and the true activity of each."""
    rng = np.random.default_rng(seed)
    names = list(_ACTIVITIES)
    shares = np.array([entry[0] for entry in _ACTIVITIES.values()])
    truth = rng.choice(len(names), n, p=shares / shares.sum())
    rows = [_write_frame(names[index], rng) for index in truth]
    table = pd.DataFrame(rows)
    table.insert(0, "recording", "r1")
    table.insert(1, "individual", "mouse")
    table.insert(2, "frame", np.arange(n) * 12)
    table.insert(3, "time_s", np.arange(n) / 5)
    table.insert(4, "status", "ok")
    return table, pd.Series([names[index] for index in truth], name="activity")


def _write_frame(activity: str, rng: np.random.Generator) -> dict[str, str]:
    def pick(options: tuple[str, ...]) -> str:
        return str(options[rng.integers(len(options))])

    _, overall, keyword, *wanted = _ACTIVITIES[activity]
    pace = pick(("slow", "moderate", "rapid"))
    fill = {"pace": pace, "side": pick(("left", "right"))}
    parts: dict[str, str] = {}
    states: list[str] = []
    for part, options, state in zip(
        ("head", "limb", "torso"), (_HEAD, _LIMB, _TORSO), wanted, strict=True
    ):
        stray = state == "any" or rng.random() < 0.15
        chosen = pick(tuple(options)) if stray else state
        detail = pick(_DETAILS[part])
        parts[part] = f"{pick(options[chosen])} {detail}."
        states += [_KEYWORDS[chosen]] if rng.random() < 0.9 else []
        states += [detail.removeprefix("and ")] if rng.random() < 0.5 else []
    words = [pick(keyword).format(**fill)] if rng.random() < 0.9 else []
    return {
        "overall": pick(overall).format(**fill),
        **parts,
        "others": "The mouse is near the wall." if rng.random() < 0.5 else "",
        "keywords": ", ".join([*words, f"{pace} pace", *states]),
    }
