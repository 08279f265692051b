"""Draft a manifest from file names, for the user to correct."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from mousegpt.core.errors import DataError

_VIDEO_ENDINGS: Final = (".mp4", ".avi", ".mov", ".mkv", ".m4v", ".mpg", ".mpeg", ".wmv", ".webm")
# Of several exports of the same poses the first kind is taken.
_POSE_ENDINGS: Final = (".h5", ".hdf5", ".slp", ".nc", ".nwb", ".parquet", ".csv", ".npz", ".json",
                        ".mat")  # fmt: skip
_CALIBRATION_ENDINGS: Final = (".toml", ".json", ".yaml", ".yml", ".mat", ".npz", ".xml")

# What pose estimators add to the name of the video.
_POSE_MARK: Final = re.compile(
    r"(DLC(?:_[A-Za-z].*)?|(?i:[._-](analysis|predictions?|poses?|pose[-_]?3d|3d|keypoints?"
    r"|tracks?|tracking|labels?|filtered)(?=$|[._-]).*))$"
)
_VIEW: Final = re.compile(
    r"(?:^|.*[\s._-])((?:cam(?:era)?|view)[\s_-]?[A-Za-z0-9]{1,3}"
    r"|(?:top|bottom|side|front|back|rear|left|right|mid|middle|above|below|overhead)[LR]?)$",
    re.IGNORECASE,
)
_GENERIC_FOLDERS: Final = frozenset(["videos", "video", "poses", "pose", "data", "raw", "views"])
_LEADING: Final = ("recording", "subject", "group", "treatment", "dose_mg_per_kg", "sex", "fps")
_TRAILING: Final = (
    "calibration", "pose_unit", "px_per_cm", "view_angle", "arena_shape", "arena_width_cm",
    "arena_length_cm", "notes",
)  # fmt: skip

_Kind = Literal["video", "poses", "calibration"]


@dataclass(frozen=True)
class _File:
    """A file, and what its name tells: recording, view (``""`` when none) and kind."""

    path: Path
    kind: _Kind
    recording: str
    view: str

    @property
    def column(self) -> str:
        return f"{self.kind}:{self.view}".rstrip(":")


def draft_manifest(files: Sequence[Path], folder: Path) -> str:
    """Draft the text of ``recordings.csv`` from videos, pose files and calibrations.

    Files of the same name belong together, once the marks of pose estimators
    (``DLC_resnet50_…``) and of views (``_top``, ``CameraE``) are taken off.

    Parameters
    ----------
    files
        Files, or folders whose files are taken; an empty table when there are none.
    folder
        Where the manifest shall stand; paths in it are relative to this folder.

    Raises
    ------
    DataError
        When a file's ending is none of a video, poses or a calibration.
    """
    groups = _group_files([_read_name(path) for path in _expand_folders(files)])
    rows = {name: _choose_files(members, folder) for name, members in sorted(groups.items())}
    used = {column for row in rows.values() for column in row}
    columns = [*_LEADING]
    for kind in ("video", "poses"):
        columns += sorted(name for name in used if name.partition(":")[0] == kind) or [kind]
    columns += _TRAILING
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({"recording": name, "subject": name} | row for name, row in rows.items())
    return text.getvalue()


def _expand_folders(files: Iterable[Path]) -> list[Path]:
    known = {*_VIDEO_ENDINGS, *_POSE_ENDINGS, *_CALIBRATION_ENDINGS}
    found: list[Path] = []
    for path in files:
        if path.is_dir():
            inside = sorted(path.rglob("*"))
            found += [file for file in inside if file.suffix.lower() in known and file.is_file()]
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def _read_name(path: Path) -> _File:
    ending = path.suffix.lower()
    if ending in _CALIBRATION_ENDINGS and "calib" in str(Path(path.parent.name, path.name)).lower():
        return _File(path, "calibration", "", "")
    if ending in _VIDEO_ENDINGS:
        kind: _Kind = "video"
        stem = path.stem
    elif ending in _POSE_ENDINGS:
        kind = "poses"
        stem = _POSE_MARK.sub("", path.stem) or path.stem
    else:
        raise DataError(
            f"Expected a video ({', '.join(_VIDEO_ENDINGS)}), a pose file "
            f"({', '.join(_POSE_ENDINGS)}) or a calibration, found {path}; leave it out."
        )
    match = _VIEW.match(stem)
    view = match[1] if match else ""
    stem = stem[: match.start(1)].rstrip(" ._-") if match else stem
    return _File(path, kind, _make_id(stem or _name_session(path)), view)


def _name_session(path: Path) -> str:
    """Return the first folder above a file that is named after more than its kind."""
    folders = [parent.name for parent in path.parents if parent.name]
    return next((name for name in folders if name.lower() not in _GENERIC_FOLDERS), "recording")


def _make_id(text: str) -> str:
    return re.sub(r'[<>:"/\\|?*\x00-\x1f]+', "_", text).strip(". ")[:80] or "recording"


def _group_files(files: Sequence[_File]) -> dict[str, list[_File]]:
    """Group files into recordings; a calibration goes to every recording of several views."""
    groups: dict[str, list[_File]] = defaultdict(list)
    for file in files:
        if file.kind != "calibration":
            groups[file.recording].append(file)
    groups = {
        key: value
        for name, members in groups.items()
        for key, value in _separate(name, members).items()
    }
    for calibration in (file for file in files if file.kind == "calibration"):
        for members in groups.values():
            if len({file.view for file in members}) > 1:
                members.append(calibration)
    return groups


def _separate(name: str, members: list[_File]) -> dict[str, list[_File]]:
    """Tell recordings apart that the marks alone would merge: by folder, else by full name."""
    kinds = Counter((file.column, _rank(file)[:2]) for file in members)
    if max(kinds.values()) == 1:
        return {name: members}
    apart: dict[str, list[_File]] = defaultdict(list)
    one_folder = len({file.path.parent for file in members}) == 1
    for file in members:
        other = file.path.stem if one_folder else f"{_name_session(file.path)}_{name}"
        apart[_make_id(other)].append(file)
    return apart


def _rank(file: _File) -> tuple[bool, int, str]:
    """Return what to sort by: the filtered first, then the richer format."""
    ending = file.path.suffix.lower()
    order = _POSE_ENDINGS.index(ending) if ending in _POSE_ENDINGS else 0
    return "filtered" not in file.path.stem.lower(), order, str(file.path)


def _choose_files(members: list[_File], folder: Path) -> dict[str, str]:
    """Return a row: one file a column, of several the first by rank."""
    row: dict[str, str] = {}
    for file in sorted(members, key=_rank):
        inside = file.path.is_relative_to(folder)
        path = file.path.relative_to(folder) if inside else file.path
        row.setdefault(file.column, path.as_posix())
    return row
