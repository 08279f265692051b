"""Fine-grained postures of head, limbs and trunk, by a dictionary that grows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import pandas as pd
from pydantic import BaseModel, ConfigDict, field_validator

from mousegpt.core.errors import DataError
from mousegpt.core.tables import DESCRIPTION_TABLE, KEY, POSTURE_KEY_TABLE, validate_table
from mousegpt.ports import Labeler

#: Parts of the body that Algorithm 2 classifies.
PARTS: Final = ("head", "limb", "torso")

_NEGATED = re.compile(r"\b(?:not|without|away from|rather than|instead of)\b[^.,;]*", re.IGNORECASE)


class PostureDictionary(BaseModel):
    """What words mean which posture: part to key to regular expressions, which ignore case.

    Examples
    --------
    >>> dictionary = PostureDictionary(parts={"head": {"head up": ("raised",)}})
    >>> dictionary.match("head", "The head is raised.")
    ['head up']
    >>> dictionary.match("head", "The head is not raised.")
    []
    >>> dictionary.add_pattern("head", "head down", "lowered").match("head", "Lowered head.")
    ['head down']
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    parts: Mapping[str, Mapping[str, tuple[str, ...]]]

    @field_validator("parts")
    @classmethod
    def _check_patterns(
        cls, parts: Mapping[str, Mapping[str, tuple[str, ...]]]
    ) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        for part, keys in parts.items():
            for key, patterns in keys.items():
                for pattern in patterns:
                    _check_pattern(part, key, pattern)
        return parts

    def match(self, part: str, text: str) -> list[str]:
        """Return the keys of a part whose patterns occur in the text, in dictionary order.

        What the text denies ("not …", "away from …" up to the next comma or stop) counts as unsaid.
        """
        said = drop_negations(text)
        return [
            key
            for key, patterns in self.parts.get(part, {}).items()
            if any(_compile(pattern).search(said) for pattern in patterns)
        ]

    def add_pattern(self, part: str, key: str, pattern: str) -> PostureDictionary:
        """Return a dictionary with one more pattern; this one stays as it is."""
        _check_pattern(part, key, pattern)
        keys = dict(self.parts.get(part, {}))
        keys[key] = tuple(dict.fromkeys((*keys.get(key, ()), pattern)))
        return self.model_copy(update={"parts": {**self.parts, part: keys}})


def load_default_dictionary() -> PostureDictionary:
    """Return the dictionary that is shipped, a starting point for head, limb and torso.

    Its part "overall" names activities; it serves info-cards, not Algorithm 2.
    """
    text = files("mousegpt.behavior").joinpath("postures.json").read_text(encoding="utf-8")
    return PostureDictionary(parts=json.loads(text))


def classify_postures(
    descriptions: pd.DataFrame, dictionary: PostureDictionary, labeler: Labeler
) -> tuple[pd.DataFrame, PostureDictionary]:
    """Tag every frame with the postures of head, limbs and trunk.

    Parameters
    ----------
    descriptions
        DESCRIPTION_TABLE.
    dictionary
        Several keys may match one text.
    labeler
        Asked once for every distinct text that matches nothing; its answer enters the
        dictionary at once, so that a later text may already match.

    Returns
    -------
    table : pandas.DataFrame
        POSTURE_KEY_TABLE, rows as in ``descriptions``; empty lists where nothing is said.
    dictionary : PostureDictionary
        The dictionary with what was learnt; running again with it gives the same table.

    Raises
    ------
    DataError
        When the labeler returns a pattern that does not match its text.

    Notes
    -----
    Source: Methods 4.4, Algorithm 2. Departs from the paper: the dictionary grows first and every
    frame is matched against all of it, so that neither the order of the frames nor which of them
    made a key matters; every distinct text is matched once.
    """
    table = validate_table(descriptions, DESCRIPTION_TABLE)
    tagged = table[[*KEY, "time_s"]].copy()
    for part in PARTS:
        texts = table[part].fillna("").where(table["status"] == "ok", "")
        distinct = sorted(set(texts))
        for text in distinct:
            dictionary = _learn_text(text, part, dictionary, labeler)
        found = {text: dictionary.match(part, text) for text in distinct}
        tagged[part] = pd.Series([list(found[text]) for text in texts], table.index, object)
    return validate_table(tagged, POSTURE_KEY_TABLE), dictionary


def _learn_text(
    text: str, part: str, dictionary: PostureDictionary, labeler: Labeler
) -> PostureDictionary:
    """Return a dictionary that knows the text; the same one where it does already."""
    said = drop_negations(text)
    if not said or dictionary.match(part, text):
        return dictionary
    key, pattern = labeler.name_posture(said, part, list(dictionary.parts.get(part, {})))
    grown = dictionary.add_pattern(part, key, pattern)
    if key not in grown.match(part, text):
        raise DataError(
            f"The pattern {pattern!r} for the posture '{key}' must match its own text {said!r}; "
            "add a pattern for it to the posture dictionary by hand."
        )
    return grown


def drop_negations(text: str) -> str:
    """Leave out what a text denies.

    >>> drop_negations("The chest is not on the ground, the hip is low.")
    'The chest is , the hip is low.'
    """
    return _NEGATED.sub("", text).strip()


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _check_pattern(part: str, key: str, pattern: str) -> None:
    try:
        _compile(pattern)
    except re.error as error:
        raise DataError(
            f"The pattern {pattern!r} of {part}/{key} is no regular expression ({error}); "
            "correct it in the posture dictionary."
        ) from error
