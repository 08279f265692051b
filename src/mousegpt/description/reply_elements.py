"""The six elements in an object that a model wrote: their names, and their values as sentences.

A nested object becomes one sentence for each of its values, ``Name of the value: value.``, in the
order in which they stand; yes and no stand for true and false, and null says nothing. A list
becomes a sentence for each item. Nothing is put into other words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

from mousegpt.core.description import ELEMENTS

#: Other names of an element, as letters only.
_ALIASES: Final[dict[str, str]] = {
    name: element
    for element, names in {
        "overall": "overalls general summary behavior behaviour activity motion movement state",
        "head": "heads headposition headandneck face gaze",
        "limb": "limbs paws legs feet extremities limbsandtail limbandtail pawsandtail tail"
        " forelimb forelimbs hindlimb hindlimbs forepaws hindpaws",
        "torso": "trunk body spine back bodyposture torsoandspine",
        "others": "other else misc miscellaneous notes additional environment otherdetails"
        " otherobservations additionaldetails remarks",
        "keywords": "keyword tags tag keyterms terms keywordlist",
    }.items()
    for name in (element, *names.split())
}
#: Names that say which part of the element is meant: they are kept as the name of the value.
_PARTS: Final = (
    "tail", "forelimb", "forelimbs", "hindlimb", "hindlimbs", "forepaws", "hindpaws", "gaze",
)  # fmt: skip
_EMPTY: Final = ("", "na", "none", "null", "nothing", "nil", "unknown", "notapplicable")
_LETTERS: Final = re.compile("[^a-z]")
_INVISIBLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufeff\u200b]")
_PLACEHOLDER: Final = re.compile(
    r"(?:\W*|<[^<>]*>|\[[^\[\]]*\]|(?:type: )?(?:string|text)"
    r"|your (?:text|description)(?: here)?|xxx+)",
    re.IGNORECASE,
)


class WrongTypeError(ValueError):
    """An element is a number or a truth value, where words are expected."""


def name_element(key: str) -> str | None:
    """Return the element that a key means, in any case and with small faults of spelling.

    >>> [name_element(key) for key in ("Overall:", "LIMBS", "Key words", "overal", "colour")]
    ['overall', 'limb', 'keywords', 'overall', None]
    """
    letters = re.sub("[^a-z]", "", key.lower())
    if letters in _ALIASES:
        return _ALIASES[letters]
    first = re.split(r"[^a-z]", key.lower().strip(" *_#1234567890."))[0]
    if first in ELEMENTS:
        return first
    near = get_close_matches(letters, ELEMENTS, n=1, cutoff=0.8)
    return near[0] if near else None


def gather_elements(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the elements; several values of one element stand in a list."""
    gathered: dict[str, Any] = {}
    for key, value in found.items():
        element = name_element(key)
        if element is None:
            continue
        if _LETTERS.sub("", key.lower()) in _PARTS:
            value = {key: value}
        gathered[element] = [gathered[element], value] if element in gathered else value
    return gathered


def write_sentences(value: Any, name: str = "") -> str:
    """Write a value as sentences.

    Raises
    ------
    WrongTypeError
        When the whole value is a number or a truth value.

    Examples
    --------
    >>> write_sentences({"left_forepaw": "in the air", "tail": {"raised": True}})
    'Left forepaw: in the air. Tail raised: yes.'
    """
    if isinstance(value, bool | int | float):
        if not name:
            raise WrongTypeError(f"expected words, found {value}")
        value = ("no", "yes")[value] if isinstance(value, bool) else f"{value:g}"
    if value is None:
        return ""
    if isinstance(value, Mapping):
        parts = [write_sentences(v, f"{name} {_name_value(k)}".strip()) for k, v in value.items()]
        return " ".join(filter(None, parts))
    if isinstance(value, list):
        return " ".join(filter(None, (write_sentences(item, name) for item in value)))
    words = _clean(str(value))
    if not words or not name:
        return _stop(words) if words else ""
    return _stop(f"{name[:1].upper()}{name[1:]}: {words}")


def write_keywords(value: Any) -> str:
    """Write keywords separated by commas, each once.

    >>> write_keywords(["rearing", "Head up; wall", "rearing"])
    'rearing, Head up, wall'
    """
    if isinstance(value, bool | int | float):
        raise WrongTypeError(f"expected words, found {value}")
    if isinstance(value, Mapping):
        value = [v if isinstance(v, str | list) else k for k, v in value.items()]
    if isinstance(value, list):
        value = ", ".join(write_keywords(item) for item in value)
    parts = re.split(r"[,，;、|]|(?:^|\n)\s*[-•*]\s|\n", value or "")
    words = (_clean(part).strip(" .#\"'") for part in parts)
    return ", ".join(dict.fromkeys(filter(None, words)))


def is_blank(text: str) -> bool:
    """Return whether a text says nothing: empty, "N/A", or the place-holder of a template."""
    return re.sub("[^a-z]", "", text.lower()) in _EMPTY and not re.search(r"\d", text)


def is_template(texts: list[str]) -> bool:
    """Return whether texts are those of a template, not of an answer."""
    return all(_PLACEHOLDER.fullmatch(text.strip(" .")) is not None for text in texts)


def _name_value(key: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|[_\-]+", " ", key)
    return _clean(spaced).strip(" :.").lower()


def _clean(text: str) -> str:
    return " ".join(_INVISIBLE.sub(" ", text.replace("**", "")).split())


def _stop(words: str) -> str:
    return words if words[-1] in ".!?" else f"{words}."
