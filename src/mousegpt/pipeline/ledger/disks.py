"""What a ledger needs of the disk it lies on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from mousegpt.core.errors import ProjectError

_REMOTE: Final = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "lustre")
_BYTES_PER_TASK: Final = 6_000  # twice what a task with a reply of 1,500 characters takes


def refuse_remote_disk(path: Path, mounts: Path = Path("/proc/mounts")) -> None:
    """Refuse a disk of another machine: locks and shared memory do not hold there.

    Raises
    ------
    ProjectError
        When the path lies on such a disk (known on Linux only).
    """
    if not mounts.exists():
        return
    folder = path.resolve().parent
    lines = [line.split() for line in mounts.read_text("utf-8", "replace").splitlines()]
    kinds = {Path(words[1].replace("\\040", " ")): words[2] for words in lines if len(words) > 2}
    kind = next((kinds[place] for place in (folder, *folder.parents) if place in kinds), "")
    if kind in _REMOTE:
        raise ProjectError(
            f"The ledger {path} would lie on a {kind} disk, where a killed run can damage it; "
            "keep the project on a disk of this machine."
        )


def require_space(folder: Path, n_tasks: int) -> None:
    """Refuse a job whose answers would not fit on the disk twice.

    Raises
    ------
    ProjectError
        When there is too little space.
    """
    needed, free = n_tasks * _BYTES_PER_TASK, shutil.disk_usage(folder).free
    if free < needed:
        raise ProjectError(
            f"{n_tasks:,} answers may take {needed / 1e6:,.0f} MB, but the disk of {folder} has "
            f"{free / 1e6:,.0f} MB left; make room first."
        )
