"""How a table was made: inputs, options, versions; and whether it is still true."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

import mousegpt
from mousegpt.core.recording import Recording
from mousegpt.io.atomic import write_atomically

_LARGE_BYTES = 256 * 2**20
_EDGE_BYTES = 2**20
_LIBRARIES = ("numpy", "scipy", "pandas", "scikit-learn", "umap-learn")

_PLACES = frozenset({"videos", "poses", "estimated", "unseen", "describer", "calibration"})
_STUDY_FIELDS = frozenset({"subject", "group", "treatment", "dose_mg_per_kg", "metadata"})


class Provenance(BaseModel):
    """The record beside a table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    step: str
    unit: str
    fingerprint: str
    functions: tuple[str, ...]
    options: dict[str, dict[str, Any]]
    inputs: dict[str, str]
    backends: dict[str, str]
    outputs: dict[str, str]
    notes: dict[str, Any]
    versions: dict[str, str]


def hash_bytes(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file.

    Files over 256 MiB (videos) are identified by their size and their first and last MiB:
    reading hours of video on every run would cost more than the run.
    """
    status = path.stat()
    return _hash_version(path, status.st_size, status.st_mtime_ns, status.st_ino)


def hash_if_there(path: Path) -> str:
    """Return the SHA-256 of a file; "" when there is none."""
    return hash_file(path) if path.is_file() else ""


@lru_cache(maxsize=4096)
def _hash_version(path: Path, size: int, mtime_ns: int, inode: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        if size > _LARGE_BYTES:
            digest.update(f"{size}:".encode() + file.read(_EDGE_BYTES))
            file.seek(-_EDGE_BYTES, 2)
        while block := file.read(_EDGE_BYTES):
            digest.update(block)
    return digest.hexdigest()


@cache
def hash_room(module: str) -> str:
    """Return the hash of the source of the room (such as ``mousegpt.behavior``) of a module."""
    start = Path(str(import_module(find_room(module)).__file__))
    files = start.parent.rglob("*") if start.name == "__init__.py" else [start]
    sources = sorted(path for path in files if path.suffix in (".py", ".json"))
    return hash_bytes("".join(hash_bytes(path.read_bytes()) for path in sources).encode())


def find_room(module: str) -> str:
    """Return the room of a module.

    >>> find_room("mousegpt.behavior.search")
    'mousegpt.behavior'
    """
    return ".".join(module.split(".")[:2])


def describe_recording(recording: Recording, *, of_study: bool) -> str:
    """Return what the manifest says and a unit may depend on, without where the files lie.

    ``of_study``: with what only comparisons between recordings depend on; a corrected group
    repeats no description.
    """
    left_out = _PLACES if of_study else _PLACES | _STUDY_FIELDS
    fields = recording.model_dump(exclude=set(left_out))
    views = [sorted(recording.videos), sorted(recording.poses)]
    return repr([sorted(fields.items()), views])


def compute_fingerprint(
    step: str,
    unit: str,
    rooms: Mapping[str, str],
    options: Mapping[str, Any],
    inputs: Mapping[str, str],
    backends: Mapping[str, str],
) -> str:
    """Return one number for all that a result depends on; where files lie does not count.

    Parameters
    ----------
    rooms
        Hash of the source code of the rooms that compute the result: a new version of mousegpt
        repeats what its changes can have touched, and nothing else.
    """
    facts = [step, unit, rooms, options, inputs, backends]
    return hash_bytes(json.dumps(facts, sort_keys=True, default=str).encode())


def collect_versions() -> dict[str, str]:
    """Return the versions that a result may depend on."""
    versions = {"mousegpt": mousegpt.__version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def save_provenance(record: Provenance, path: Path) -> None:
    """Write the record; it is the seal that says "this table is whole"."""
    text = json.dumps(record.model_dump(), indent=1, sort_keys=True, default=str)
    write_atomically(path, text.encode())


def load_provenance(path: Path) -> Provenance | None:
    """Read a record; None when there is none or it is not readable (the table is then remade)."""
    try:
        return Provenance.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
