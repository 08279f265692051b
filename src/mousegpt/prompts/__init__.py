"""Prompts: one text file each, ``NAME.VERSION.txt``.

A published version is never edited: what was asked is part of every answer's key. A better wording
is a new file with the next number. ``$name`` marks what is filled in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from string import Template


@dataclass(frozen=True)
class Prompt:
    """A prompt and its version."""

    name: str
    version: int
    text: str

    @property
    def label(self) -> str:
        """Name and version in one word."""
        return f"{self.name}-{self.version}"

    def fill(self, **values: str) -> str:
        """Put values in the places marked ``$name``; a place left open is a KeyError."""
        return Template(self.text).substitute(values)


def list_prompts() -> dict[str, tuple[int, ...]]:
    """Return the versions of every prompt, oldest first.

    >>> list_prompts()["describe_frame"]
    (1,)
    """
    found: dict[str, list[int]] = {}
    for path in files(__name__).iterdir():
        named = re.fullmatch(r"(\w+)\.(\d+)\.txt", path.name)
        if named:
            found.setdefault(named[1], []).append(int(named[2]))
    return {name: tuple(sorted(found[name])) for name in sorted(found)}


def load_prompt(name: str, version: int | None = None) -> Prompt:
    """Load a prompt; the newest when no version is given.

    Examples
    --------
    >>> load_prompt("describe_frame").label
    'describe_frame-1'

    Raises
    ------
    KeyError
        When there is no such prompt or version.
    """
    versions = list_prompts()[name]
    chosen = versions[-1] if version is None else version
    if chosen not in versions:
        raise KeyError(f"{name} has the versions {versions}, not {chosen}")
    text = (files(__name__) / f"{name}.{chosen}.txt").read_text("utf-8")
    return Prompt(name, chosen, text)
