"""Every problem of a project in one table, before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from mousegpt.core.errors import MouseGPTError
from mousegpt.core.recording import Recording
from mousegpt.core.skeleton_map import SkeletonMap
from mousegpt.io.manifest import inspect_manifest
from mousegpt.io.problems import Problem, raise_errors, tabulate_problems
from mousegpt.io.tables import load_skeleton_map
from mousegpt.pipeline.choices import (
    DEFAULT_BACKENDS,
    choose_backends,
    explain_no_networks,
    plan_recording,
    tell_describer,
)
from mousegpt.pipeline.contents import Contents, read_contents
from mousegpt.pipeline.file_checks import (
    check_calibration,
    check_picture,
    check_pose_lengths,
    check_synchrony,
    check_videos,
)
from mousegpt.pipeline.pose_checks import (
    check_keypoints,
    check_projection,
    check_skeleton,
    check_units,
)
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.provenance import hash_file
from mousegpt.pipeline.settings import load_overrides

CHECKS: Final[tuple[Callable[[Contents], Iterator[Problem]], ...]] = (
    check_videos,
    check_synchrony,
    check_pose_lengths,
    check_picture,
    check_calibration,
    check_keypoints,
    check_skeleton,
    check_units,
    check_projection,
)


FINDINGS: Final = (
    "recording", "views", "n_frames", "fps", "resolution", "poses", "described_by", "software",
    "keypoints", "individuals", "unit", "skeleton",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class ProjectCheck:
    """The outcome of a check.

    Parameters
    ----------
    problems
        In the order of the manifest.
    findings
        What was found: one row a recording, see `check_project`.
    skeleton
        How the keypoints of all recordings are read: as given, else as guessed; None without any.
    """

    problems: tuple[Problem, ...]
    findings: pd.DataFrame
    skeleton: SkeletonMap | None = None

    @property
    def has_errors(self) -> bool:
        """Whether a run would stop."""
        return any(problem.severity == "error" for problem in self.problems)

    def raise_errors(self) -> None:
        """Raise one error that names every fault, if there is any.

        Raises
        ------
        DataError
            When a problem is an error.
        """
        raise_errors(self.problems, "recordings.csv")

    def to_dict(self) -> dict[str, list[dict[Hashable, Any]]]:
        """Return problems and findings as lists of plain values, for JSON."""
        return {
            "problems": tabulate_problems(self.problems).to_dict("records"),
            "findings": self.findings.to_dict("records"),
        }


def check_project(folder: str | Path, *, only: Sequence[str] = ()) -> ProjectCheck:
    """Open every file that the manifest names and tell all that is wrong; change nothing.

    Parameters
    ----------
    folder
        The project's folder, with ``recordings.csv`` and perhaps ``skeleton.csv``.
    only
        Ids of the recordings whose files are opened; all when empty. Faults of the manifest
        are told in any case.

    Returns
    -------
    ProjectCheck
        The findings have the columns `FINDINGS`, all of them text; several different values
        of a recording are separated by commas.
    """
    folder = Path(folder)
    inspection = inspect_manifest(folder / "recordings.csv")
    problems = [*inspection.problems]
    skeleton, fault = _read_skeleton(folder / "skeleton.csv")
    problems += fault
    project = Project(folder)
    names, fault = _find_backends(project)
    problems += fault
    rows = []
    read: dict[str, str | None] = {}
    for recording in inspection.recordings:
        if only and recording.id not in only:
            continue
        contents, faults = read_contents(recording, skeleton)
        problems += faults
        problems += [problem for check in CHECKS for problem in check(contents)]
        rows.append(_describe_contents(contents, project, names))
        read |= contents.skeleton.targets if contents.skeleton else {}
    problems += _find_copies(inspection.recordings, only)
    findings = pd.DataFrame(rows, columns=FINDINGS, dtype="str")
    return ProjectCheck(tuple(problems), findings, SkeletonMap(read) if read else None)


def _find_copies(recordings: Sequence[Recording], only: Sequence[str]) -> list[Problem]:
    """Find pose files of different recordings that hold the same bytes."""
    owners: dict[str, Recording] = {}
    problems = []
    for recording in recordings:
        for path in recording.poses.values():
            if not path.is_file() or (only and recording.id not in only):
                continue
            first = owners.setdefault(hash_file(path), recording)
            if first.id != recording.id and path not in first.poses.values():
                message = f"The poses are a copy of those of '{first.id}'."
                remedy = "Keep one of the two: copies would count as different animals."
                problems.append(Problem(recording.id, "poses", "warning", message, remedy))
    return problems


def _read_skeleton(path: Path) -> tuple[SkeletonMap | None, list[Problem]]:
    if not path.exists():
        return None, []
    try:
        return load_skeleton_map(path), []
    except MouseGPTError as error:
        return None, [Problem("", "", "error", str(error))]


def _find_backends(project: Project) -> tuple[dict[str, str], list[Problem]]:
    """Return the names of the back ends, the default ones where the settings are at fault."""
    try:
        return choose_backends(project, load_overrides(project.settings).get("backends", {})), []
    except MouseGPTError as error:
        return dict(DEFAULT_BACKENDS), [Problem("", "", "error", str(error))]


def tell_poses(contents: Contents, no_networks: str | None) -> str:
    """Say where the poses of a recording come from.

    Parameters
    ----------
    no_networks
        Why networks cannot find them in videos; None when they can.
    """
    if contents.recording.poses:
        return "from files"
    if no_networks or not contents.videos:
        return f"none: {no_networks or 'there is no video that can be read'}"
    n_pictures = sum(video.n_frames for video in contents.videos.values())
    views, rig = tuple(contents.videos), contents.calibration
    joined = [view for view in views if rig is not None and view in rig.views]
    way = "2-D only: " + ("no two views are calibrated" if len(views) > 1 else "there is one view")
    if len(joined) > 1:
        way = f"then triangulated from {', '.join(joined)}"
    return f"by networks, in {n_pictures:,} pictures of {len(views)} view(s), {way}"


def _describe_contents(
    contents: Contents, project: Project, names: Mapping[str, str]
) -> dict[str, str]:
    """Return the row of a recording in the table of findings."""
    planned = plan_recording(project, contents.recording, names)
    videos, poses = contents.videos.values(), contents.poses.values()
    views = dict.fromkeys([*contents.videos, *(view for view in contents.views if view)])
    keypoints = dict.fromkeys(str(name) for p in poses for name in p["keypoint"].values)
    targets = contents.skeleton.targets
    found = {
        "recording": [contents.recording.id],
        "views": views,
        "n_frames": [video.n_frames for video in videos] or [p.sizes["time"] for p in poses],
        "fps": [f"{rate:.5g}" for rate in _list_rates(contents)],
        "resolution": [f"{video.width}x{video.height}" for video in videos],
        "poses": [tell_poses(contents, explain_no_networks(names))],
        "described_by": [tell_describer(project, planned, names)],
        "software": [p.attrs["source_software"] for p in poses],
        "keypoints": keypoints,
        "individuals": [str(name) for p in poses for name in p["individual"].values],
        "unit": [p.attrs["unit"] for p in poses],
        "skeleton": [f"{name} → {targets.get(name) or 'not used'}" for name in keypoints],
    }
    return {name: ", ".join(map(str, dict.fromkeys(of))) for name, of in found.items()}


def _list_rates(contents: Contents) -> list[float]:
    videos = [video.fps for video in contents.videos.values()]
    told = [float(poses.attrs["fps"]) for poses in contents.poses.values()]
    return videos or [rate for rate in told if rate > 0]  # NaN: unknown
