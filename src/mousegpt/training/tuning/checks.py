"""What can be known before a GPU is rented: records, pictures, lengths, options, memory, disk."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import cv2

from mousegpt.core.errors import DataError
from mousegpt.training.records import locate_pictures, read_manifest, read_records
from mousegpt.training.sft import read_record
from mousegpt.training.split import PARTS
from mousegpt.training.tuning.command import KEPT_CHECKPOINTS, Command, check_options
from mousegpt.training.tuning.memory import estimate_memory
from mousegpt.training.tuning.recipes import TuningRecipe, count_image_tokens

Grade = Literal["ok", "warning", "fault"]

_CHARACTERS_PER_TOKEN: Final = 3.0  # cautious: English takes four
_TEMPLATE_TOKENS: Final = 80  # of the chat's frame
_DECODED: Final = 200  # pictures that are decoded; all are looked for
_SHOWN: Final = 3


@dataclass(frozen=True)
class Finding:
    """Something that was checked."""

    name: str
    grade: Grade
    message: str


@dataclass(frozen=True)
class Plan:
    """What shall be run, on what."""

    recipe: TuningRecipe
    command: Command
    data: Path
    out: Path
    n_gpus: int
    gpu_gib: float
    pictures: Path | None = None


def check_plan(plan: Plan) -> list[Finding]:
    """Check all that needs no GPU, no network and no ms-swift.

    Returns
    -------
    list of Finding
        Each thing that was looked at, good or bad; never an exception for what is found.
    """
    findings, longest = check_data(plan.recipe, plan.data, pictures=plan.pictures)
    findings += [*_check_options(plan), _check_memory(plan, longest), _check_disk(plan)]
    return [*findings, _check_swift(plan.command.argv[0])]


def check_data(
    recipe: TuningRecipe, data: Path, *, pictures: Path | None = None
) -> tuple[list[Finding], int]:
    """Check records and pictures.

    Returns
    -------
    list of Finding
        As `check_plan`.
    int
        Tokens of the longest record, estimated; 0 when the records are not as they were written.
    """
    findings = list(_check_records(data))
    if any(finding.grade == "fault" for finding in findings):
        return findings, 0
    longest, seen = _check_contents(recipe, data, pictures)
    return [*findings, *seen], longest


def _check_records(data: Path) -> Iterator[Finding]:
    """Check that the files are those that were written."""
    import hashlib

    try:
        manifest = read_manifest(data)
    except DataError as error:
        yield Finding("records", "fault", str(error))
        return
    for part in PARTS:
        path = data / f"{part}.jsonl"
        if not path.is_file():
            yield Finding("records", "fault", f"{path} is missing; write the records again.")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != manifest.sha256[path.name]:
            yield Finding("records", "fault", f"{path} is not as written; write it again.")
    counts = ", ".join(
        f"{part} {manifest.counts[part]:,} of {manifest.animals[part]} animals" for part in PARTS
    )
    yield Finding("records", "ok", counts)
    grade: Grade = "warning" if manifest.animals["test"] < 2 else "ok"
    yield Finding("split", grade, "; ".join(manifest.split))
    if not manifest.counts["train"]:
        yield Finding("records", "fault", "There is nothing to train on.")


def _check_contents(
    recipe: TuningRecipe, data: Path, pictures: Path | None
) -> tuple[int, list[Finding]]:
    """Read every record and look for every picture; return the most tokens as well."""
    pictures = pictures or locate_pictures(data, read_manifest(data))
    faults: dict[str, list[str]] = {"records": [], "pictures": [], "lengths": []}
    seen: dict[str, str] = {}
    longest = n = 0
    for part in PARTS:
        every = max(1, read_manifest(data).counts[part] // _DECODED)
        for number, record in enumerate(read_records(data / f"{part}.jsonl"), 1):
            n += 1
            try:
                name, question, _ = read_record(record)
            except DataError as error:
                faults["records"].append(f"line {number} of {part}.jsonl: {error}")
                continue
            if seen.setdefault(name, part) != part:
                faults["pictures"].append(f"{name} is in {seen[name]} and in {part}")
            size = _look_at(pictures / name, decode=number % every == 0)
            if isinstance(size, str):
                faults["pictures"].append(f"{name} {size}")
            answer = str(record["messages"][1]["content"])
            image = count_image_tokens(
                recipe.base.family, *(size if isinstance(size, tuple) else (896, 448))
            )
            tokens = image + _count_tokens(question + answer)
            longest = max(longest, tokens)
            if tokens > recipe.max_tokens:
                faults["lengths"].append(f"line {number} of {part}.jsonl has about {tokens}")
    told = {
        "records": f"{n:,} read",
        "pictures": f"{len(seen):,} are in {pictures}",
        "lengths": f"at most about {longest:,} of {recipe.max_tokens:,} tokens",
    }
    return longest, [_sum_up(name, found, told[name]) for name, found in faults.items()]


def _look_at(path: Path, *, decode: bool) -> tuple[int, int] | str | None:
    """Return width and height when decoded; a text names what is wrong with the picture."""
    if not path.is_file():
        return "is missing"
    if path.stat().st_size == 0:
        return "is empty"
    if not decode:
        return None
    image = cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_8)
    if image is None:
        return "cannot be decoded"
    rows, columns = image.shape[:2]
    return 8 * columns, 8 * rows


def _count_tokens(text: str) -> int:
    return math.ceil(len(text) / _CHARACTERS_PER_TOKEN) + _TEMPLATE_TOKENS


def _check_options(plan: Plan) -> Iterator[Finding]:
    yield _sum_up("options", check_options(plan.command.argv), "ms-swift knows them all")


def _check_memory(plan: Plan, longest: int) -> Finding:
    n_tokens = longest or plan.recipe.max_tokens
    needed = estimate_memory(plan.recipe, plan.n_gpus, n_tokens).total
    told = f"about {needed:.0f} GiB on each of {plan.n_gpus} GPUs"
    if needed <= 0.9 * plan.gpu_gib:
        return Finding("memory", "ok", told)
    remedy = "take more GPUs, or train adapters: --tuner lora"
    if plan.recipe.tuner == "lora":
        remedy = "take more or larger GPUs, or a smaller --model"
    grade: Grade = "warning" if needed <= 1.1 * plan.gpu_gib else "fault"
    return Finding("memory", grade, f"{told}, of {plan.gpu_gib:.0f} there are; {remedy}")


def _check_disk(plan: Plan) -> Finding:
    size = estimate_memory(plan.recipe, plan.n_gpus, 1).checkpoint
    needed = size * (KEPT_CHECKPOINTS + 1)  # the new one is written before the oldest goes
    folder = plan.out.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 2**30
    told = f"{KEPT_CHECKPOINTS + 1} checkpoints take about {needed:,.1f} GiB, {free:,.1f} are free"
    if needed <= free:
        return Finding("disk", "ok", told)
    return Finding("disk", "fault", f"{told} on {folder}; choose another --out")


def _check_swift(swift: str) -> Finding:
    found = shutil.which(swift)
    if found:
        return Finding("ms-swift", "ok", found)
    return Finding(
        "ms-swift",
        "warning",
        f"there is no '{swift}' here; install ms-swift in an environment of its own and name its "
        "program in MOUSEGPT_SWIFT",
    )


def _sum_up(name: str, faults: Iterable[str], good: str) -> Finding:
    faults = list(faults)
    if not faults:
        return Finding(name, "ok", good)
    more = f", and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    return Finding(name, "fault", "; ".join(faults[:_SHOWN]) + more)
