"""Records on disk: JSON lines for ms-swift and for LLaMA-Factory, and where they came from.

::

    records/
      train.jsonl  validation.jsonl  test.jsonl     messages and images, for ms-swift
      sharegpt/train.jsonl …  dataset_info.json     the same for LLaMA-Factory
      split.csv                                     part of every animal; kept by the next export
      records.json                                  counts, hashes, prompt, what was left out

Paths of pictures are relative to the folder of the pictures, which ``records.json`` names relative
to itself, so that both can be moved together.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from mousegpt.core.errors import DataError
from mousegpt.io.atomic import write_atomically
from mousegpt.prompts import load_prompt
from mousegpt.training.sft import (
    Example,
    Record,
    Selection,
    build_record,
    convert_to_sharegpt,
)
from mousegpt.training.split import PARTS, Part, describe_split, refuse_leaks

_MANIFEST: Final = "records.json"
_SPLIT: Final = "split.csv"
_PROMPTS: Final = ("describe_frame", "describe_moments")


class RecordsManifest(BaseModel):
    """What ``records.json`` says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures: str
    prompts: tuple[str, ...]
    counts: dict[str, int]
    animals: dict[str, int]
    sha256: dict[str, str]
    dropped: dict[str, int]
    split: tuple[str, ...]


def write_records(
    selection: Selection, parts: Mapping[str, Part], folder: Path, *, pictures: Path
) -> RecordsManifest:
    """Write the records of every part, in the order of their frames.

    Parameters
    ----------
    parts
        Part of every animal.
    pictures
        Folder that the paths of pictures are relative to: the project.

    Returns
    -------
    RecordsManifest
        Pictures that are not on disk are among what was dropped.

    Raises
    ------
    DataError
        When an animal has no part, a picture has changed since it was asked about, the split
        leaks, or nothing is left to train on.
    """
    there = [e for e in selection.examples if (pictures / e.query.picture).is_file()]
    _refuse_changed(there, pictures)
    refuse_leaks(_tabulate(there, parts))
    by_part = {part: [e for e in there if parts[e.subject] == part] for part in PARTS}
    if not by_part["train"]:
        raise DataError(
            f"Expected descriptions to train on, but none of {len(selection.examples)} is left; "
            "the reasons stand in the table of what was dropped."
        )
    files: dict[str, bytes] = {}
    for part, examples in by_part.items():
        records = [build_record(example) for example in examples]
        files[f"{part}.jsonl"] = _write_lines(records)
        files[f"sharegpt/{part}.jsonl"] = _write_lines([convert_to_sharegpt(r) for r in records])
    files["sharegpt/dataset_info.json"] = _write_json(_describe_sharegpt())
    files[_SPLIT] = _write_split(parts)
    groups = {e.subject: e.group for e in there}
    used = {name: parts[name] for name in sorted(groups)}
    dropped = Counter(selection.dropped["reason"])
    dropped["picture is not on disk"] += len(selection.examples) - len(there)
    manifest = RecordsManifest(
        pictures=Path(os.path.relpath(pictures.resolve(), folder.resolve())).as_posix(),
        prompts=tuple(load_prompt(name).label for name in _PROMPTS),
        counts={part: len(examples) for part, examples in by_part.items()},
        animals={part: sum(p == part for p in used.values()) for part in PARTS},
        sha256={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        dropped={reason: n for reason, n in sorted(dropped.items()) if n},
        split=tuple(describe_split(used, groups)),
    )
    for name, content in files.items():
        write_atomically(folder / name, content)
    write_atomically(folder / _MANIFEST, _write_json(manifest.model_dump()))
    return manifest


def read_manifest(folder: Path) -> RecordsManifest:
    """Read what is known about the records of a folder.

    Raises
    ------
    DataError
        When there are none.
    """
    try:
        return RecordsManifest.model_validate_json((folder / _MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise DataError(
            f"Expected records in {folder}, but {_MANIFEST} is missing or damaged; write them with "
            "`mousegpt train records`."
        ) from error


def load_split(folder: Path) -> dict[str, Part]:
    """Read the split of an earlier export; empty when there was none."""
    path = folder / _SPLIT
    if not path.is_file():
        return {}
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if list(table.columns) != ["subject", "part"] or not set(table["part"]) <= set(PARTS):
        raise DataError(
            f"Expected the columns subject and part ({', '.join(PARTS)}) in {path}; correct it, or "
            "remove it to split anew."
        )
    return dict(zip(table["subject"], table["part"], strict=True))


def read_records(path: Path) -> Iterator[Record]:
    """Read JSON lines, one record each.

    Raises
    ------
    DataError
        Naming the line that is none.
    """
    if not path.is_file():
        raise DataError(f"Expected records in {path}, found no such file; write them again.")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
            except ValueError as error:
                raise DataError(f"Line {number} of {path} is no JSON ({error}).") from error
            if not isinstance(record, dict):
                raise DataError(f"Line {number} of {path} is no record, but {line[:40]!r}.")
            yield record


def locate_pictures(folder: Path, manifest: RecordsManifest) -> Path:
    """Return the folder that paths of pictures are relative to."""
    return (folder / manifest.pictures).resolve()


def _refuse_changed(examples: Sequence[Example], pictures: Path) -> None:
    """Refuse a picture that is not the one the description was made from."""
    for example in examples:
        known = example.query.picture_sha256
        path = pictures / example.query.picture
        if known and hashlib.sha256(path.read_bytes()).hexdigest() != known:
            raise DataError(
                f"The picture {path} is not the one that was described; run the chain and the "
                "describer again."
            )


def _tabulate(examples: Sequence[Example], parts: Mapping[str, Part]) -> pd.DataFrame:
    missing = sorted({e.subject for e in examples} - set(parts))
    if missing:
        raise DataError(f"The animal '{missing[0]}' is in no part; split all animals together.")
    rows = [
        (
            e.query.recording,
            e.subject,
            parts[e.subject],
            e.query.picture_sha256 or f"path:{e.query.picture}",
        )
        for e in examples
    ]
    return pd.DataFrame(rows, columns=["recording", "subject", "part", "picture_sha256"])


def _describe_sharegpt() -> dict[str, Any]:
    """Say to LLaMA-Factory what is where."""
    columns = {"messages": "conversations", "images": "images"}
    return {
        f"mousegpt_{part}": {
            "file_name": f"{part}.jsonl", "formatting": "sharegpt", "columns": columns
        }
        for part in PARTS
    }  # fmt: skip


def _write_lines(records: Sequence[Record]) -> bytes:
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records).encode()


def _write_json(content: object) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _write_split(parts: Mapping[str, Part]) -> bytes:
    table = pd.DataFrame(sorted(parts.items()), columns=["subject", "part"])
    return bytes(table.to_csv(index=False, lineterminator="\n").encode())
