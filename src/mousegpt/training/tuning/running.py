"""Runs ms-swift and goes on from its last whole checkpoint."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from mousegpt.core.errors import BackendError, ProjectError
from mousegpt.io.atomic import write_atomically
from mousegpt.training.tuning.command import Command

#: Environment variable that names the program of ms-swift's own environment.
SWIFT_VARIABLE: Final = "MOUSEGPT_SWIFT"
_SETTINGS: Final = "tuning.json"
_STATE: Final = "trainer_state.json"
_RESUME: Final = "--resume_from_checkpoint"
_TAIL_LINES: Final = 12
#: Options that another machine may have otherwise; DeepSpeed does not change the number of GPUs.
_FREE: Final = ("--output_dir", "--dataset", "--val_dataset", _RESUME)


def find_swift() -> str:
    """Return the program of ms-swift: that of MOUSEGPT_SWIFT, else ``swift`` of the path."""
    return os.environ.get(SWIFT_VARIABLE) or "swift"


def run_tuning(
    command: Command, out: Path, *, data_sha256: str, report: Callable[[str], None]
) -> Path:
    """Train until the last step; the same command goes on where a stopped one was.

    Parameters
    ----------
    command
        Without a checkpoint to resume from: the last whole one in ``out`` is taken.
    out
        Gets ms-swift's checkpoints, its log and what the training depends on.
    data_sha256
        Of the records; others are another training.
    report
        Is told every line of the log.

    Returns
    -------
    Path
        The last checkpoint.

    Raises
    ------
    BackendError
        When there is no ms-swift, it fails, or leaves no checkpoint.
    ProjectError
        When ``out`` holds a training with other settings, data or number of GPUs.
    """
    program = shutil.which(command.argv[0])
    if program is None:
        raise BackendError(
            f"There is no program '{command.argv[0]}'; install ms-swift in an environment of its "
            f"own and name its program in {SWIFT_VARIABLE}, or run the printed command elsewhere."
        )
    rank = _find_rank(command)
    settings = _list_settings(command, data_sha256)
    _refuse_other(out, settings)
    write_atomically(out / _SETTINGS, json.dumps(settings, indent=1).encode())
    last = find_checkpoint(out)
    if last is not None and read_step(last) >= int(_read_option(command.argv, "--max_steps")):
        return last
    if last is not None:
        report(f"Going on from {last}")
        command = replace(command, argv=(*command.argv, _RESUME, str(last)))
    log = out / (f"swift-{rank}.log" if rank else "swift.log")
    _follow((program, *command.argv[1:]), command, log, report)
    last = find_checkpoint(out)
    if last is None:
        raise BackendError(f"ms-swift ended without a checkpoint in {out}; read {log}.")
    return last


def find_checkpoint(out: Path) -> Path | None:
    """Return the last checkpoint that is whole; a kill may have left half of one behind it.

    The trainer writes its state last, so that a checkpoint whose state can be read and names the
    step of its folder has its weights.
    """
    found = [path for path in out.glob("checkpoint-*") if re.fullmatch(r"\D+\d+", path.name)]
    for path in sorted(found, key=_number, reverse=True):
        if read_step(path) == _number(path) and any(path.glob("*.safetensors")):
            return path
    return None


def read_step(checkpoint: Path) -> int:
    """Return the step that the state of a checkpoint names; -1 when it cannot be read."""
    try:
        return int(json.loads((checkpoint / _STATE).read_bytes())["global_step"])
    except (OSError, ValueError, KeyError, TypeError):
        return -1


def hash_records(files: Sequence[Path]) -> str:
    """Return one hash of several files."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _number(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])


def _list_settings(command: Command, data_sha256: str) -> dict[str, Any]:
    words = command.argv[2:]
    options = dict(zip(words[::2], words[1::2], strict=True))
    kept = {name: value for name, value in options.items() if name not in _FREE}
    per_node, nodes = command.environment["NPROC_PER_NODE"], command.environment.get("NNODES", "1")
    return {"options": kept, "n_gpus": int(per_node) * int(nodes), "data": data_sha256}


def _find_rank(command: Command) -> str:
    """Return the number of this machine among several; empty when it is alone."""
    if "NNODES" not in command.environment:
        return ""
    rank, address = os.environ.get("NODE_RANK", ""), os.environ.get("MASTER_ADDR", "")
    if not (rank and address):
        raise BackendError(
            f"A training on {command.environment['NNODES']} machines needs NODE_RANK (0 on the "
            "first) and MASTER_ADDR (its address) in the environment of each; set them and run "
            "the same command on all."
        )
    return rank


def _refuse_other(out: Path, settings: dict[str, Any]) -> None:
    try:
        before = json.loads((out / _SETTINGS).read_bytes())
    except (OSError, ValueError):
        return
    if find_checkpoint(out) is None or before == settings:
        return
    old, new = before.get("options", {}), settings["options"]
    changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    if before.get("n_gpus") != settings["n_gpus"]:
        changed.append("the number of GPUs")
    if before.get("data") != settings["data"]:
        changed.append("the records")
    raise ProjectError(
        f"{out} holds a training that differs in {', '.join(changed)}; choose another --out, or "
        "run it as before to go on."
    )


def _read_option(argv: Sequence[str], name: str) -> str:
    return argv[list(argv).index(name) + 1]


def _follow(
    argv: Sequence[str], command: Command, path: Path, report: Callable[[str], None]
) -> None:
    """Run the program and pass its words on, to the log as well."""
    tail: list[str] = []
    with (
        path.open("a", encoding="utf-8") as log,
        subprocess.Popen(
            argv,
            env={**os.environ, **command.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None
        try:
            for line in process.stdout:
                log.write(line)
                log.flush()
                tail = [*tail, line.rstrip()][-_TAIL_LINES:]
                report(line.rstrip())
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        said = " | ".join(line for line in tail if line)
        raise BackendError(
            f"ms-swift ended with status {process.returncode} ({said[-400:]}); the same command "
            f"goes on from the last checkpoint, the whole log is {path}."
        )
