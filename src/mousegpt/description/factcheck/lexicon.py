"""What words say: the entries of ``lexicon.txt``, and how they are found in a clause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from mousegpt.description.factcheck.clauses import Clause

#: Part -> the sections of the lexicon that are read for it, after the section "any".
_SECTIONS: Final[dict[str, tuple[str, ...]]] = {
    "mouse": ("mouse: activity", "mouse: place", "mouse: motion", "trunk"),
    "spine": ("spine", "trunk"),
    "other": (),
}
_LOOKS: Final = re.compile(r"\b(?:look|gaz|peer|star)(?:s|es|ed|ing)?\b|\bfac(?:es|ing)\b")


@dataclass(frozen=True)
class Entry:
    """A pattern, what it says, and the state it is about ("activity" or the first one named)."""

    pattern: re.Pattern[str]
    says: str
    kind: str


@cache
def load_lexicon() -> dict[str, tuple[Entry, ...]]:
    """Return the sections of the lexicon."""
    text = files("mousegpt.description.factcheck").joinpath("lexicon.txt").read_text("utf-8")
    sections: dict[str, list[Entry]] = {}
    macros: dict[str, str] = {}
    section = ""
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif section == "words":
            name, _, words = line.partition(" => ")
            macros[f"<{name}>"] = words
        else:
            sections.setdefault(section, []).append(_make_entry(line, macros))
    return {name: tuple(entries) for name, entries in sections.items()}


def find_entries(clause: Clause) -> Iterator[tuple[Entry, re.Match[str], str]]:
    """Find the entries in a clause: each with its match and what it says there.

    Examples
    --------
    >>> from mousegpt.description.factcheck.clauses import split_clauses
    >>> clause = split_clauses("overall", "The mouse walks forward slowly")[0]
    >>> [says for _, _, says in find_entries(clause)]
    ['activity: walking', 'pace: slow ~ moderate', 'direction: forward']
    """
    part = clause.part
    if part == "mouse" and _LOOKS.search(clause.text):
        part = "head"
    text = clause.text
    told: set[str] = set()
    for entry in _list_entries(part):
        match = entry.pattern.search(text)
        if match is None or entry.kind in told:
            continue
        told |= {entry.kind} - {"activity"}
        found = match.groupdict()
        side = found.get("side") or found.get("side2") or ""
        yield entry, match, entry.says.replace("{side}", side)
        text = text[: match.start()] + "·" * len(match[0]) + text[match.end() :]


def _make_entry(line: str, macros: dict[str, str]) -> Entry:
    pattern, _, says = line.rpartition(" => ")
    for name, words in macros.items():
        pattern = pattern.replace(f"(?P{name}", "\0").replace(name, words)
        pattern = pattern.replace("\0", f"(?P{name}")
    return Entry(re.compile(pattern.strip()), says.strip(), says.split(":")[0].strip())


@cache
def _list_entries(part: str) -> tuple[Entry, ...]:
    sections = load_lexicon()
    return tuple(e for name in ("any", *_SECTIONS.get(part, (part,))) for e in sections[name])
