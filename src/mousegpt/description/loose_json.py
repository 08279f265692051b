"""Read the objects that language models write for JSON, without completing any of them.

Strict JSON is read by the standard library. What fails there is read again with tolerance for
quotes of any kind, unescaped quotes and line breaks inside a text, trailing commas, comments, bare
keys and the literals of Python. An object that the text does not close is never closed for it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

_MAX_DEPTH: Final = 12
_MAX_STARTS: Final = 64  # braces from which an object is tried, so that no reply takes long
_BLANK: Final = re.compile(r"(?:[\s\ufeff\u200b]|//[^\n]*|#[^\n]*|/\*.*?\*/)*", re.DOTALL)
_BARE: Final = re.compile(r"[A-Za-z_][\w \-]*")
_NUMBER: Final = re.compile(r"[+-]?\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LITERALS: Final = {"true": True, "false": False, "null": None, "none": None, "nan": None}
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
#: opening quote -> the quotes that may close it
_QUOTES: Final = {
    '"': '"”', "'": "'’", "“": "”“\"", "”": "”\"", "‘": "’'", "’": "’'", "`": "`'", "„": "“”",
    "«": "»", "＂": "＂",
}  # fmt: skip
#: what must follow the quote that ends a key, a value of an object, an item of a list
_KEY_ENDS: Final = re.compile(r"[:：]")
_AHEAD: Final = r"[\s\ufeff\u200b]*(?:(?://|#)[^\n]*\n\s*|/\*.*?\*/\s*)*"
_VALUE_ENDS: Final = re.compile(
    rf"\}}|[,，]{_AHEAD}(?:[\"'“”‘’`„«＂}}]|[A-Za-z_][\w \-]*[:：])", re.DOTALL
)
_ITEM_ENDS: Final = re.compile(
    rf"\]|[,，]{_AHEAD}[^\w\s]|[,，]{_AHEAD}(?:true|false|null|\d)", re.S
)
#: a value followed by the next key, the comma between them forgotten
_FORGOTTEN: Final = re.compile(r"[\"'“][A-Za-z_ ]{2,40}[\"'”]\s*[:：]")


class LooseError(ValueError):
    """The text is no object."""


class CutError(LooseError):
    """The text ends inside an object."""


@dataclass(frozen=True)
class FoundObjects:
    """The closed objects of a text, in order; ``is_cut`` when it ends inside another one."""

    objects: tuple[dict[str, Any], ...]
    is_cut: bool


def find_objects(text: str) -> FoundObjects:
    """Find the outermost objects of a text.

    Examples
    --------
    >>> find_objects("Here: {'head': 'up', } and more").objects
    ({'head': 'up'},)
    >>> find_objects('{"head": "up", "limb": {"left": "down"}').is_cut
    True
    """
    objects: list[dict[str, Any]] = []
    start = text.find("{")
    for _ in range(_MAX_STARTS):
        if start < 0:
            break
        try:
            found, end = _read_object(text, start)
        except CutError:
            return FoundObjects(tuple(objects), is_cut=True)
        except LooseError:
            end = start + 1
        else:
            objects.append(found)
        start = text.find("{", end)
    return FoundObjects(tuple(objects), is_cut=False)


def _read_object(text: str, start: int) -> tuple[dict[str, Any], int]:
    try:
        found, end = _STRICT.raw_decode(text, start)
    except (ValueError, RecursionError):
        return _Reader(text).read_object(start, 0)
    return found, end


def _keep_all(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Keep both values of a repeated key, as a list."""
    kept: dict[str, Any] = {}
    for key, value in pairs:
        kept[key] = value if key not in kept or kept[key] == value else [kept[key], value]
    return kept


_STRICT: Final = json.JSONDecoder(strict=False, object_pairs_hook=_keep_all)


class _Reader:
    """A recursive descent; every method returns what it read and the place behind it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def read_object(self, at: int, depth: int) -> tuple[dict[str, Any], int]:
        pairs: list[tuple[str, Any]] = []
        at = self._skip(at + 1)
        while self._peek(at) not in "}":
            key, at = self._read_key(at)
            at = self._skip(at)
            if self._peek(at) not in ":：":
                raise LooseError(f"no colon behind the key '{key[:40]}'")
            value, at = self._read_value(self._skip(at + 1), depth + 1, _VALUE_ENDS)
            pairs.append((key, value))
            at = self._pass_comma(at, "}")
        return _keep_all(pairs), at + 1

    def _read_list(self, at: int, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        at = self._skip(at + 1)
        while self._peek(at) not in "]":
            item, at = self._read_value(at, depth + 1, _ITEM_ENDS)
            items.append(item)
            at = self._pass_comma(at, "]")
        return items, at + 1

    def _read_value(self, at: int, depth: int, ends: re.Pattern[str]) -> tuple[Any, int]:
        if depth > _MAX_DEPTH:
            raise LooseError("too many objects inside each other")
        first = self._peek(at)
        if first == "{":
            return self.read_object(at, depth)
        if first == "[":
            return self._read_list(at, depth)
        if first in _QUOTES:
            return self._read_string(at, ends)
        if number := _NUMBER.match(self.text, at):
            return float(number[0].replace("_", "")), self._stay(number.end())
        if (word := _BARE.match(self.text, at)) and word[0].strip().lower() in _LITERALS:
            return _LITERALS[word[0].strip().lower()], self._stay(word.end())
        raise LooseError(f"no value at '{self.text[at : at + 20]}'")

    def _read_key(self, at: int) -> tuple[str, int]:
        if self._peek(at) in _QUOTES:
            return self._read_string(at, _KEY_ENDS)
        if word := _BARE.match(self.text, at):
            return word[0].strip(), self._stay(word.end())
        raise LooseError(f"no key at '{self.text[at : at + 20]}'")

    def _read_string(self, at: int, ends: re.Pattern[str]) -> tuple[str, int]:
        """Read up to the first quote behind which the object can go on."""
        closing = _QUOTES[self.text[at]]
        letters: list[str] = []
        at += 1
        while at < len(self.text):
            letter = self.text[at]
            if letter == "\\":
                unescaped, at = self._read_escape(at + 1)
                letters.append(unescaped)
                continue
            if letter in closing and self._ends_string(at + 1, ends):
                return "".join(letters), at + 1
            letters.append(letter)
            at += 1
        raise CutError("the text ends inside a string")

    def _ends_string(self, at: int, ends: re.Pattern[str]) -> bool:
        at = self._skip(at)
        if ends.match(self.text, at):
            return True
        return ends is _VALUE_ENDS and _FORGOTTEN.match(self.text, at) is not None

    def _read_escape(self, at: int) -> tuple[str, int]:
        letter = self._peek(at)
        code = self.text[at + 1 : at + 5]
        if letter == "u" and re.fullmatch("[0-9a-fA-F]{4}", code):
            return chr(int(code, 16)), at + 5
        return _ESCAPES.get(letter, letter), at + 1

    def _pass_comma(self, at: int, closing: str) -> int:
        at = self._skip(at)
        if self._peek(at) in ",，":
            return self._skip(at + 1)
        if self._peek(at) in closing or _FORGOTTEN.match(self.text, at):
            return at
        raise LooseError(f"no comma at '{self.text[at : at + 20]}'")

    def _skip(self, at: int) -> int:
        blank = _BLANK.match(self.text, at)
        return blank.end() if blank else at

    def _peek(self, at: int) -> str:
        if at >= len(self.text):
            raise CutError("the text ends inside an object")
        return self.text[at]

    def _stay(self, at: int) -> int:
        """Refuse a word or number that the end of the text may have shortened."""
        self._peek(at)
        return at
