"""Animals for training, validation and test: the animal is never in two of them.

Frames that follow each other look alike, so that a split by frames lets a model see its test.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal

import pandas as pd
from pydantic import Field

from mousegpt.core.errors import DataError

Part = Literal["train", "validation", "test"]
PARTS: Final[tuple[Part, ...]] = ("train", "validation", "test")


def split_subjects(
    groups: Mapping[str, str],
    kept: Mapping[str, Part] | None = None,
    *,
    validation: Annotated[float, Field(ge=0, lt=1)] = 1 / 9,
    test: Annotated[float, Field(ge=0, lt=1)] = 0.01,
    least: Annotated[int, Field(ge=0)] = 2,
    seed: int = 0,
) -> dict[str, Part]:
    """Divide animals, so that each part has animals of as many groups as possible.

    Parameters
    ----------
    groups
        Group of every animal.
    kept
        Parts of an earlier split. They never change: a recording that is added moves no animal.
        Animals that are gone are left out.
    validation, test
        Share of the animals. A part that is wanted has at least ``least`` animals, but all parts
        beside training together never more than half.
    least
        With fewer than two animals there is no interval over animals.

    Returns
    -------
    dict
        Part of every animal, in the order of their names. The order of ``groups`` does not count:
        animals are drawn by a hash of their name and the seed.

    Raises
    ------
    DataError
        When a name is empty, two names differ only in case or blanks, or nothing would be left to
        train on.

    Notes
    -----
    Source: Methods 4.3 (1 % for testing) and 4.2 (8:1 of the rest for validation, there of the pose
    network). Departs from the paper, which divides frames.

    Examples
    --------
    >>> parts = split_subjects({f"m{i}": "ab"[i % 2] for i in range(8)}, validation=0, test=0.25)
    >>> [name for name, part in parts.items() if part == "test"]
    ['m2', 'm5']
    """
    _refuse_likenesses(groups)
    wanted = _count_wanted(len(groups), {"validation": validation, "test": test}, least)
    parts: dict[str, Part] = dict.fromkeys(sorted(groups), "train")
    known = {name: part for name, part in (kept or {}).items() if name in groups}
    parts |= known
    waiting = sorted(set(groups) - set(known), key=lambda name: _draw(name, seed))
    for part in ("test", "validation"):
        while waiting and sum(p == part for p in parts.values()) < wanted[part]:
            chosen = _choose(part, parts, groups, waiting)
            if chosen is None:
                break
            parts[chosen] = part
            waiting.remove(chosen)
    if "train" not in parts.values():
        raise DataError(
            f"Expected animals to train on, but all {len(groups)} are held out; record more "
            "animals, or ask for smaller shares."
        )
    return parts


def refuse_leaks(frames: pd.DataFrame) -> None:
    """Refuse a division in which a model could see its test.

    Parameters
    ----------
    frames
        One row a frame: ``recording``, ``subject``, ``part`` and ``picture_sha256``.

    Raises
    ------
    DataError
        When an animal, a recording or a picture is in two parts.
    """
    for column, name in (
        ("subject", "animal"),
        ("recording", "recording"),
        ("picture_sha256", "picture"),
    ):
        parts = frames.groupby(column)["part"].agg(lambda part: " and ".join(sorted(set(part))))
        torn = parts[parts.str.contains(" and ")]
        if len(torn):
            raise DataError(
                f"The {name} '{torn.index[0]}' is in {torn.iloc[0]} ({len(torn)} such): a model "
                "would see its test; name one animal in all of its recordings, and split anew."
            )


def describe_split(parts: Mapping[str, Part], groups: Mapping[str, str]) -> list[str]:
    """Say what a split did, and what is weak about it.

    Examples
    --------
    >>> describe_split({"a": "train", "b": "test", "c": "train"}, {"a": "x", "b": "x", "c": "y"})
    ['train: 2 animals (x 1, y 1)', 'validation: no animal', 'test: 1 animal (x 1)', \
'test has one animal: no interval over animals', 'test has no animal of: y']
    """
    lines, warnings = [], []
    every = sorted(set(groups.values()))
    for part in PARTS:
        names = [name for name, chosen in parts.items() if chosen == part]
        counted = Counter(groups[name] for name in names)
        told = ", ".join(f"{group or 'no group'} {counted[group]}" for group in sorted(counted))
        n = len(names) or "no"
        lines.append(f"{part}: {n} animal{'s' * (len(names) > 1)}{f' ({told})' if told else ''}")
        if part == "test" and len(names) == 1:
            warnings.append("test has one animal: no interval over animals")
        missing = [group or "no group" for group in every if group not in counted]
        if names and missing:
            warnings.append(f"{part} has no animal of: {', '.join(missing)}")
    return lines + warnings


def _refuse_likenesses(names: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        plain = "".join(name.split()).casefold()
        if not plain:
            raise DataError("Expected a name for every animal, found none; fill in subject.")
        if plain in seen:
            raise DataError(
                f"The animals '{seen[plain]}' and '{name}' differ only in case or blanks; write "
                "one name if they are the same animal, or names that differ."
            )
        seen[plain] = name


def _count_wanted(n: int, shares: Mapping[str, float], least: int) -> dict[str, int]:
    wanted = {
        part: max(round(share * n), least) if share > 0 else 0 for part, share in shares.items()
    }
    while sum(wanted.values()) > n // 2:
        largest = max(wanted, key=lambda part: (wanted[part], part))
        wanted[largest] -= 1
    return wanted


def _draw(name: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


def _choose(
    part: Part, parts: Mapping[str, Part], groups: Mapping[str, str], waiting: Iterable[str]
) -> str | None:
    """Return the next animal for a part: of the group that it has least of; training keeps one."""
    in_part = Counter(groups[name] for name, chosen in parts.items() if chosen == part)
    left = Counter(groups[name] for name, chosen in parts.items() if chosen == "train")
    size = Counter(groups.values())
    free = [name for name in waiting if left[groups[name]] > 1]
    return min(
        free,
        key=lambda name: (in_part[groups[name]] / size[groups[name]], -size[groups[name]]),
        default=None,
    )
