"""The manifest is read as spreadsheets write it; every fault is named with a remedy."""

import codecs
import re
from pathlib import Path
from unicodedata import normalize

import pytest

from mousegpt.core.errors import DataError
from mousegpt.io.columns import COLUMNS
from mousegpt.io.manifest import draft_manifest, inspect_manifest, load_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project's folder with empty files to name; the manifest opens none of them."""
    for name in ("a.csv", "b.csv", "top.mp4", "side.mp4", "rig.toml"):
        (tmp_path / name).touch()
    return tmp_path


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "recordings.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def find_messages(folder: Path, text: str) -> list[str]:
    problems = inspect_manifest(write(folder, text)).problems
    return [f"{problem.severity}: {problem}" for problem in problems]


def test_every_column_reaches_the_recording(folder: Path) -> None:
    path = write(
        folder,
        "recording,subject,group,treatment,dose_mg_per_kg,sex,age_weeks,date,fps,video:top,"
        "video:side,poses,calibration,pose_unit,arena_shape,arena_width_cm,arena_center_x,"
        "arena_center_y,meta:humidity\n"
        "r1,m1,LSD,LSD,0.3,f,12,2024-05-31,30,top.mp4,side.mp4,a.csv,rig.toml,mm,circle,25,0,-1.5,"
        "40 %\n",
    )
    (recording,) = load_manifest(path)
    assert recording.id == "r1"
    assert recording.subject == "m1"
    assert (recording.dose_mg_per_kg, recording.fps) == (0.3, 30)
    assert recording.videos == {"top": folder / "top.mp4", "side": folder / "side.mp4"}
    assert recording.poses == {"": folder / "a.csv"}
    assert recording.calibration == folder / "rig.toml"
    assert recording.pose_unit == "mm"
    assert recording.arena is not None
    assert recording.arena.center == (0, -1.5)
    assert recording.metadata == {
        "sex": "f", "age_weeks": "12", "date": "2024-05-31", "humidity": "40 %"
    }  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_every_spelling_of_a_spreadsheet_reads_the_same(
    delimiter: str, line_end: str, encoding: str, folder: Path
) -> None:
    rows = [
        [" Recording ", "group", "NOTES", "poses", ""],
        ["", "", "", "", ""],
        ["maus ü", "naïve", f'"one{delimiter} ""two"""', "a.csv", ""],
        ["b", "naïve", "", "b.csv", ""],
        ["", "", "", "", ""],
    ]
    text = line_end.join(delimiter.join(row) for row in rows) + line_end
    recordings = load_manifest(write(folder, text.encode(encoding)))
    assert [recording.id for recording in recordings] == ["maus ü", "b"]
    assert recordings[0].metadata["notes"] == f'one{delimiter} "two"'


def test_excels_own_first_line_is_passed_over(folder: Path) -> None:
    assert len(load_manifest(write(folder, "sep=;\nrecording;poses\nx;a.csv\n"))) == 1


def test_a_file_that_is_not_utf8_is_read_with_a_warning(folder: Path) -> None:
    path = write(folder, "recording,poses\nmäuse,a.csv\n".encode("cp1252"))
    inspection = inspect_manifest(path)
    assert inspection.recordings[0].id == "mäuse"
    assert [problem.severity for problem in inspection.problems] == ["warning"]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_find_their_file_however_composed(form: str, folder: Path) -> None:
    (folder / normalize(form, "müde maus.csv")).touch()
    for spelling in ("NFC", "NFD"):
        load_manifest(write(folder, f"recording,poses\nx,{normalize(spelling, 'müde maus.csv')}\n"))


@pytest.mark.parametrize("cell", ["sub\\a b.csv", "./sub/a b.csv", '"""sub/a b.csv"""'])
def test_paths_of_other_systems_find_their_file(cell: str, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "a b.csv").touch()
    (recording,) = load_manifest(write(folder, f"recording,poses\nx,{cell}\n"))
    assert recording.poses[""].is_file()


def test_home_is_understood(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    (recording,) = load_manifest(write(folder, "recording,poses\nx,~/a.csv\n"))
    assert recording.poses[""] == folder / "a.csv"


def test_the_only_view_is_named_by_its_angle(folder: Path) -> None:
    text = "recording,video,view_angle\nx,top.mp4,\ny,side.mp4,Side\n"
    recordings = load_manifest(write(folder, text))
    assert [list(recording.videos) for recording in recordings] == [["top"], ["side"]]


def test_blank_numbers_and_files_may_be_written_out(folder: Path) -> None:
    text = "recording,poses,fps,dose_mg_per_kg,calibration\nx,a.csv,NA,n/a,-\n"
    (recording,) = load_manifest(write(folder, text))
    assert recording.fps is recording.dose_mg_per_kg is recording.calibration is None


HEADER = "recording,group,dose_mg_per_kg,fps,video:top,video:side,poses,poses:top,poses:side,"
HEADER += "calibration,pose_unit,px_per_cm\n"

FAULTS = {
    "blank name": (HEADER + ",,,,,,a.csv\n", "error: recording 'row 2', .* is empty"),
    "slash": (HEADER + "a/b,,,,,,a.csv\n", "error: .*contains one of"),
    "colon": (HEADER + "a:b,,,,,,a.csv\n", "error: .*contains one of"),
    "parent folder": (HEADER + "..,,,,,,a.csv\n", "error: .*starts or ends with a point"),
    "trailing point": (HEADER + "a.,,,,,,a.csv\n", "error: .*starts or ends with a point"),
    "device": (HEADER + "Com1.x,,,,,,a.csv\n", "error: .*a meaning of its own"),
    "too long": (HEADER + "x" * 121 + ",,,,,,a.csv\n", "error: .*longer than 120"),
    "shortened number": (HEADER + "1.2E+11,,,,,,a.csv\n", "warning: .*spreadsheet has shortened"),
    "same name": (HEADER + "A,,,,,,a.csv\na,,,,,,b.csv\n", "error: .*unique names, found 'A' and"),
    "text as fps": (HEADER + "x,,,60 fps,,,a.csv\n", "error: .*'fps'.*found '60 fps'"),
    "no frames": (HEADER + "x,,,0,,,a.csv\n", "error: .*a positive number, found '0'"),
    "unusual fps": (HEADER + "x,,,0.04,,,a.csv\n", "warning: .*0.04 frames per second"),
    "negative dose": (HEADER + "x,,-1,,,,a.csv\n", "error: .*not negative, found '-1'"),
    "endless dose": (HEADER + "x,,inf,,,,a.csv\n", "error: .*found 'inf'"),
    "decimal comma": (HEADER + 'x,,"0,3",,,,a.csv\n', "warning: .*Read '0,3' as 0.3"),
    "thousands": (HEADER + 'x,,"1,500",,,,a.csv\n', "error: .*found '1,500'"),
    "formula": (HEADER + "x,,#REF!,,,,a.csv\n", "error: .*found #REF!"),
    "no files": (HEADER + "x,,,30,,,\n", "error: .*a video or a pose file, found neither"),
    "gone": (HEADER + "x,,,,,,zzz.csv\n", "error: .*There is no file .*zzz.csv"),
    "misspelt file": (HEADER + "x,,,,topp.mp4,,\n", "error: .*Did you mean 'top.mp4'"),
    "folder": (HEADER + "x,,,,,,.\n", "error: .*found the folder"),
    "both forms": (HEADER + "x,,,,,,a.csv,b.csv\n", "error: .*found both .poses:top"),
    "no calibration": (HEADER + "x,,,,,,,a.csv,b.csv\n", "error: .*only be joined with a calib"),
    "same view twice": (HEADER + "x,,,,top.mp4,top.mp4\n", "error: .*'video:top' and in 'video:si"),
    "same file twice": (
        HEADER + "x,,,,,,a.csv\ny,,,,,,a.csv\n",
        "error: .*several recordings: x, y",
    ),
    "poses of no video": (
        HEADER + "x,,,,top.mp4,,,,b.csv\n",
        "warning: .*view.s. side have no vid",
    ),
    "unit": (HEADER + "x,,,,,,a.csv,,,,inch\n", "error: .*one of px, mm, cm, m, found 'inch'"),
    "scale of mm": (HEADER + "x,,,,,,a.csv,,,,mm,12\n", "error: .*contradicts poses in mm"),
    "too many cells": (HEADER + "x,,,,,,a.csv,,,,,,y,z\n", "error: .*Row 2 has 14 cells"),
    "no group": (HEADER + "x,g,,,,,a.csv\ny,,,,,,b.csv\n", "warning: .*'y'.*group is empty"),
    "lone animal": (HEADER + "x,g,,,,,a.csv\ny,h,,,,,b.csv\n", "warning: .*'g' has one animal"),
    "spelling": (HEADER + "x,Sal 1,,,,,a.csv\ny,sal1,,,,,b.csv\n", "warning: .*only in spelling"),
    "two groups": (
        "recording,subject,group,poses\nx,m,g,a.csv\ny,m,h,b.csv\n",
        "warning: .*subject 'm' is in the groups g, h",
    ),
    "misspelt column": ("recording,tratment,poses\nx,s,a.csv\n", "error: .*mean 'treatment'"),
    "foreign column": ("recording,humidity,poses\nx,40,a.csv\n", "warning: .*'meta:humidity'"),
    "same column": ("recording,poses,Poses\nx,a.csv,\n", "error: .*'poses' stands there twice"),
    "no names": ("poses,fps\na.csv,30\n", "error: .*Expected a column 'recording'"),
    "no header": ("m1,saline,a.csv\n", "error: .*Expected a column 'recording'"),
    "header only": ("recording,poses\n", "error: .*a row for each recording"),
    "nothing": ("", "error: .*is empty; write a header"),
    "blank lines": ("\n,,\n\n", "error: .*is empty; write a header"),
    "open quote": ('recording,notes,poses\nx,"oh,a.csv\n', "error: .*check the quotes"),
    "no width": ("recording,poses,arena_shape\nx,a.csv,circle\n", "error: .*arena_width_cm is emp"),
    "no shape": ("recording,poses,arena_width_cm\nx,a.csv,25\n", "error: .*arena_shape is empty"),
    "half a centre": (
        "recording,poses,arena_shape,arena_width_cm,arena_center_x\nx,a.csv,circle,25,3\n",
        "error: .*arena_center_y is empty",
    ),
    "oval": (
        "recording,poses,arena_shape,arena_width_cm,arena_length_cm\nx,a.csv,circle,25,30\n",
        "error: .*A circle has one diameter",
    ),
    "no length": (
        "recording,poses,arena_shape,arena_width_cm\nx,a.csv,rectangle,25\n",
        "error: .*arena_length_cm is empty",
    ),
    "day": ("recording,poses,date\nx,a.csv,3/4/2024\n", "warning: .*found '3/4/2024'"),
    "angle of many": (
        "recording,video:a,video:b,view_angle\nx,top.mp4,side.mp4,top\n",
        "warning: .*only used with a single view",
    ),
}


#: Warnings that the case cannot do without: groups of one animal.
N_COMPANIONS = {"lone animal": 1, "spelling": 2, "two groups": 2}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_named_once(case: str, folder: Path) -> None:
    text, expected = FAULTS[case]
    messages = find_messages(folder, text)
    matching = [message for message in messages if re.search(expected, message)]
    assert len(matching) == 1, messages
    assert len(messages) == 1 + N_COMPANIONS.get(case, 0), messages


def test_every_fault_of_a_manifest_is_in_one_error(folder: Path) -> None:
    text = HEADER + "a/b,,-1,x,,,zzz.csv\nok,,,30,,,a.csv\nc,,,0,,,\n"
    with pytest.raises(DataError, match="has 6 faults") as caught:
        load_manifest(write(folder, text))
    for word in ("a/b", "'-1'", "'x'", "zzz.csv", "'0'", "neither"):
        assert word in str(caught.value)


def test_warnings_do_not_stop_the_loading(folder: Path) -> None:
    assert len(load_manifest(write(folder, "recording,poses,humidity\nx,a.csv,40\n"))) == 1


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"PK\x03\x04....", "is an Excel or Numbers workbook, not text"),
        (b"\xd0\xcf\x11\xe0....", "is an Excel file, not text"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8a", "is not a text file"),
        (b"\x00\x01\x02\x00\xff", "is not a text file"),
    ],
)
def test_what_is_no_text_is_refused(raw: bytes, expected: str, folder: Path) -> None:
    with pytest.raises(DataError, match=expected):
        load_manifest(write(folder, raw))


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no .*recordings\.csv; make one"):
        load_manifest(tmp_path / "recordings.csv")
    with pytest.raises(DataError, match="it is a folder"):
        load_manifest(tmp_path)


def test_every_column_is_in_the_handbook() -> None:
    page = (Path(__file__).parents[3] / "docs" / "manifest.md").read_text(encoding="utf-8")
    assert [column.name for column in COLUMNS if f"`{column.name}`" not in page] == []


def make_files(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return [folder / name for name in names]


def test_a_draft_pairs_videos_with_their_poses(tmp_path: Path) -> None:
    files = make_files(
        tmp_path,
        "videos/m1.mp4",
        "videos/m1DLC_resnet50_openfieldOct30shuffle1_1000.csv",
        "videos/m1DLC_resnet50_openfieldOct30shuffle1_1000.h5",
        "videos/m1DLC_resnet50_openfieldOct30shuffle1_1000_filtered.h5",
        "videos/m2.mp4",
        "poses/m2.analysis.h5",
    )
    recordings = load_manifest(write(tmp_path, draft_manifest(files, tmp_path)))
    assert [recording.id for recording in recordings] == ["m1", "m2"]
    assert recordings[0].poses[""].name.endswith("_filtered.h5")
    assert recordings[1].poses[""].name == "m2.analysis.h5"


def test_a_draft_tells_views_apart(tmp_path: Path) -> None:
    files = make_files(
        tmp_path, "s_top.mp4", "s_side.mp4", "s_top_poses.csv", "s_side_poses.csv",
        "calibration.toml",
    )  # fmt: skip
    (recording,) = load_manifest(write(tmp_path, draft_manifest(files, tmp_path)))
    assert recording.id == "s"
    assert set(recording.videos) == set(recording.poses) == {"top", "side"}
    assert recording.calibration == tmp_path / "calibration.toml"


def test_a_folder_of_views_is_one_recording(tmp_path: Path) -> None:
    make_files(tmp_path, "cylinder/videos/CameraE.mp4", "cylinder/videos/CameraL.mp4")
    text = draft_manifest([tmp_path / "cylinder"], tmp_path)
    (recording,) = load_manifest(write(tmp_path, text))
    assert recording.id == "cylinder"
    assert list(recording.videos) == ["CameraE", "CameraL"]


def test_equal_names_in_different_folders_stay_apart(tmp_path: Path) -> None:
    files = make_files(tmp_path, "day1/m1.mp4", "day2/m1.mp4")
    recordings = load_manifest(write(tmp_path, draft_manifest(files, tmp_path)))
    assert [recording.id for recording in recordings] == ["day1_m1", "day2_m1"]


def test_a_draft_loses_no_file_that_it_cannot_place(tmp_path: Path) -> None:
    files = make_files(tmp_path, "madlc_1DLC_a.csv", "madlc_2DLC_a.csv", "m_tracks.csv", "m.csv")
    recordings = load_manifest(write(tmp_path, draft_manifest(files, tmp_path)))
    assert [recording.id for recording in recordings] == ["m", "m_tracks", "madlc_1", "madlc_2"]
    assert {recording.poses[""] for recording in recordings} == set(files)


def test_a_draft_of_nothing_has_the_usual_columns(tmp_path: Path) -> None:
    header = draft_manifest([], tmp_path).strip().split(",")
    assert {"recording", "group", "video", "poses"} <= set(header)
    assert set(header) <= {column.name for column in COLUMNS}


def test_a_draft_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Expected a video"):
        draft_manifest([tmp_path / "thesis.docx"], tmp_path)
