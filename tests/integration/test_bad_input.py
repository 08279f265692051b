"""What users really hand in: each fault is one sentence with a remedy, and nothing is touched.

A case is a function that writes a project's files into a folder, and the words that its problem
must contain. To add a case, decorate a function with ``@case(severity, words)``.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.io.calibration import save_calibration
from mousegpt.io.manifest import load_manifest
from mousegpt.pipeline.checking import check_project
from project_files import (
    KEYPOINTS,
    build_rig,
    build_track,
    write_deeplabcut,
    write_film,
    write_manifest,
)


@dataclass(frozen=True)
class Case:
    """A bad project: how it is made and what is said about it."""

    name: str
    build: Callable[[Path], object]
    severity: str
    words: str


CASES: dict[str, Case] = {}


def case(severity: str, words: str) -> Callable[[Callable[[Path], object]], object]:
    def add(build: Callable[[Path], object]) -> object:
        name = build.__name__
        CASES[name] = Case(name, build, severity, words)
        return build

    return add


def write_good(folder: Path, **changes: object) -> Path:
    """Write a good recording, but for the changed cells of its row."""
    write_film(folder / "m1.mp4")
    write_deeplabcut(folder / "m1.csv")
    row = {"recording": "m1", "group": "saline", "fps": 30, "video": "m1.mp4", "poses": "m1.csv"}
    return write_manifest(folder, row | changes)


def write_views(folder: Path, files: dict[str, str], **changes: object) -> Path:
    """Write 2-D poses of three calibrated views; ``files`` tells which file a column names."""
    rig = build_rig()
    save_calibration(rig, folder / "rig.toml")
    for view, camera in rig.cameras.items():
        write_deeplabcut(folder / f"{view}.csv", camera.project(build_track()))
    named = {f"poses:{view}": f"{file}.csv" for view, file in files.items()}
    row = {"recording": "m1", "fps": 30, "calibration": "rig.toml", **named}
    return write_manifest(folder, row | changes)


def write_text(folder: Path, text: str | bytes) -> None:
    write_good(folder)
    raw = text if isinstance(text, bytes) else text.encode()
    (folder / "recordings.csv").write_bytes(raw)


# --- the manifest itself ---------------------------------------------------------------------


@case("error", r"There is no .*recordings\.csv; make one")
def no_manifest(folder: Path) -> None:
    write_film(folder / "m1.mp4")


@case("error", r"it is a folder; move it away")
def folder_as_manifest(folder: Path) -> None:
    (folder / "recordings.csv").mkdir()


@case("error", r"is empty; write a header")
def empty_manifest(folder: Path) -> None:
    write_text(folder, "")


@case("error", r"is empty; write a header")
def byte_order_mark_only(folder: Path) -> None:
    write_text(folder, b"\xef\xbb\xbf\r\n")


@case("error", r"Expected a row for each recording")
def header_only(folder: Path) -> None:
    write_text(folder, "recording,group,poses\r\n\r\n,,\r\n")


@case("error", r"Expected a column 'recording'")
def no_header(folder: Path) -> None:
    write_text(folder, "m1,saline,m1.mp4,m1.csv\n")


@case("error", r"is an Excel or Numbers workbook.*save it as 'CSV UTF-8'")
def workbook(folder: Path) -> None:
    write_text(folder, b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml")


@case("error", r"check the quotes")
def quote_never_closed(folder: Path) -> None:
    write_text(folder, 'recording,notes,fps,poses\nm1,"restless,30,m1.csv\n')


@case("error", r"Row 2 has 5 cells")
def unquoted_comma(folder: Path) -> None:
    write_text(folder, "recording,fps,poses,notes\nm1,30,m1.csv,calm, then not\n")


@case("warning", r"not UTF-8")
def not_unicode(folder: Path) -> None:
    write_text(folder, "recording;fps;poses;notes\nm1;30;m1.csv;müde\n".encode("cp1252"))


@case("warning", r"Read '29,97' as 29.97")
def semicolons_and_decimal_commas(folder: Path) -> None:
    write_text(folder, "\ufeffrecording;fps;poses\r\nm1;29,97;m1.csv\r\n")


@case("error", r"column 'treatmnt' is unknown. Did you mean 'treatment'")
def misspelt_column(folder: Path) -> None:
    write_good(folder, treatmnt="LSD")


@case("error", r"Expected unique names, found 'm1' and 'M1'")
def names_that_differ_in_case(folder: Path) -> None:
    write_deeplabcut(folder / "m2.csv")
    row = {"fps": 30, "group": "a"}
    write_deeplabcut(folder / "m1.csv")
    write_manifest(
        folder,
        {"recording": "m1", "poses": "m1.csv", **row},
        {"recording": "M1", "poses": "m2.csv", **row},
    )


@case("error", r"Expected a name that can name a file, but '' is empty")
def nameless_recording(folder: Path) -> None:
    write_good(folder, recording="")


@case("error", r"Expected a name that can name a file.*contains one of")
def name_that_leaves_the_folder(folder: Path) -> None:
    write_good(folder, recording="../m1")


@case("error", r"a meaning of its own")
def name_of_a_device(folder: Path) -> None:
    write_good(folder, recording="NUL")


@case("error", r"Expected a positive number, found '-30'. Write only the number")
def negative_rate(folder: Path) -> None:
    write_good(folder, fps=-30)


@case("error", r"Expected a number that is not negative, found 'high'")
def words_as_dose(folder: Path) -> None:
    write_good(folder, dose_mg_per_kg="high")


@case("error", r"neither. Fill in 'video' or 'poses'")
def recording_without_files(folder: Path) -> None:
    write_good(folder, video="", poses="")


@case("error", r"belongs to several recordings: m1, m2")
def one_file_for_two_mice(folder: Path) -> None:
    write_deeplabcut(folder / "m1.csv")
    row = {"fps": 30, "poses": "m1.csv"}
    write_manifest(folder, {"recording": "m1", **row}, {"recording": "m2", **row})


@case("error", r"arena_width_cm is empty")
def half_an_arena(folder: Path) -> None:
    write_good(folder, arena_shape="circle")


@case("warning", r"comparisons take groups for different animals")
def mouse_in_two_groups(folder: Path) -> None:
    write_deeplabcut(folder / "a.csv")
    write_deeplabcut(folder / "b.csv")
    write_manifest(
        folder,
        {"recording": "a", "subject": "m1", "group": "LSD", "fps": 30, "poses": "a.csv"},
        {"recording": "b", "subject": "m1", "group": "saline", "fps": 30, "poses": "b.csv"},
    )


# --- videos ----------------------------------------------------------------------------------


@case("error", r"There is no file .*m2\.mp4. Did you mean 'm1\.mp4'")
def missing_video(folder: Path) -> None:
    write_good(folder, video="m2.mp4")


@case("error", r"'video': .*m1\.mp4.*empty")
def video_of_no_bytes(folder: Path) -> None:
    write_good(folder)
    (folder / "m1.mp4").write_bytes(b"")


@case("error", r"'video': .*m1\.mp4")
def text_named_video(folder: Path) -> None:
    write_good(folder)
    (folder / "m1.mp4").write_text("this is not a film\n" * 50)


@case("error", r"'video': .*m1\.mp4")
def video_cut_before_its_index(folder: Path) -> None:
    write_good(folder)
    raw = (folder / "m1.mp4").read_bytes()
    (folder / "m1.mp4").write_bytes(raw[: len(raw) // 2])


@case("error", r"Expected a film, found 1 frame")
def video_of_one_frame(folder: Path) -> None:
    write_good(folder, poses="")
    write_film(folder / "m1.mp4", n_frames=1)


@case("error", r"'video': .*m1\.csv")
def poses_as_video(folder: Path) -> None:
    write_good(folder, video="m1.csv", poses="")


@case("warning", r"recordings.csv says 60 frames per second, the video 30")
def rate_of_another_camera(folder: Path) -> None:
    write_good(folder, fps=60)


@case("error", r"differ in frames per second: top 30, side 25")
def views_of_different_rates(folder: Path) -> None:
    write_film(folder / "side.mp4", fps=25)
    write_good(folder, **{"video": "", "video:top": "m1.mp4", "video:side": "side.mp4", "fps": ""})


@case("error", r"differ in length: top 20, side 15 frames")
def views_of_different_lengths(folder: Path) -> None:
    write_film(folder / "side.mp4", n_frames=15)
    write_good(folder, **{"video": "", "video:top": "m1.mp4", "video:side": "side.mp4"})


# --- poses -----------------------------------------------------------------------------------


@case("error", r"There is no file .*m1\.slp")
def missing_poses(folder: Path) -> None:
    write_good(folder, poses="m1.slp")


@case("error", r"poses.*m1\.mp4")
def video_as_poses(folder: Path) -> None:
    write_good(folder, video="", poses="m1.mp4")


@case("error", r"poses.*m1\.csv")
def poses_of_no_bytes(folder: Path) -> None:
    write_good(folder)
    (folder / "m1.csv").write_bytes(b"")


@case("error", r"poses.*m1\.csv")
def header_without_frames(folder: Path) -> None:
    write_good(folder)
    lines = (folder / "m1.csv").read_text().splitlines()[:3]
    (folder / "m1.csv").write_text("\n".join(lines) + "\n")


@case("error", r"poses.*m1\.csv.*frame")
def negative_frames(folder: Path) -> None:
    write_good(folder)
    text = (folder / "m1.csv").read_text()
    (folder / "m1.csv").write_text(re.sub(r"(?m)^0,", "-5,", text))


@case("error", r"poses.*m1\.csv")
def words_among_the_numbers(folder: Path) -> None:
    write_good(folder)
    text = (folder / "m1.csv").read_text()
    (folder / "m1.csv").write_text(text.replace("1.000", "sure", 3))


@case("error", r"poses.*m1\.h5")
def text_named_hdf5(folder: Path) -> None:
    write_good(folder, poses="m1.h5")
    (folder / "m1.h5").write_text("nothing of the kind")


@case("error", r"'fps': The frame rate is unknown")
def poses_without_any_rate(folder: Path) -> None:
    write_good(folder, video="", fps="")


@case("error", r"The poses go to frame 99, the video has 20 frames")
def poses_of_a_longer_video(folder: Path) -> None:
    write_good(folder)
    write_deeplabcut(folder / "m1.csv", build_track(100)[..., :2] + 10)


@case("warning", r"The poses end at frame 9, the video has 20 frames")
def poses_of_a_shorter_video(folder: Path) -> None:
    write_good(folder)
    write_deeplabcut(folder / "m1.csv", build_track(10)[..., :2] + 10)


@case("warning", r"The keypoint.s. left_ear have no point in any frame")
def keypoint_never_seen(folder: Path) -> None:
    write_good(folder)
    points = build_track()[..., :2] + 10
    points[:, KEYPOINTS.index("left_ear")] = np.nan
    write_deeplabcut(folder / "m1.csv", points)


@case("warning", r"75% of the points are missing")
def hardly_any_points(folder: Path) -> None:
    write_good(folder)
    points = build_track()[..., :2] + 10
    points[5:] = np.nan
    write_deeplabcut(folder / "m1.csv", points)


@case("error", r"The poses have no point in any frame")
def no_points_at_all(folder: Path) -> None:
    write_good(folder)
    write_deeplabcut(folder / "m1.csv", np.full((20, 4, 2), np.nan))


@case("error", r"Expected two keypoints along the body.*skeleton\.csv")
def keypoints_of_no_mouse(folder: Path) -> None:
    write_good(folder)
    write_deeplabcut(folder / "m1.csv", keypoints=("p", "q", "r", "s"))


@case("warning", r"lie outside the picture of 64x48 px")
def poses_of_another_resolution(folder: Path) -> None:
    write_good(folder)
    write_deeplabcut(folder / "m1.csv", build_track()[..., :2] * 40 + 10)


@case("warning", r"Taken in cm, the mouse is 80 cm long.*mm and cm mixed up")
def millimetres_called_centimetres(folder: Path) -> None:
    write_deeplabcut(folder / "m1.csv", 10 * build_track())
    row = {"recording": "m1", "fps": 30, "poses": "m1.csv", "pose_unit": "cm"}
    write_manifest(folder, row)


@case("error", r"three coordinates, which cannot be px")
def pixels_in_three_dimensions(folder: Path) -> None:
    write_deeplabcut(folder / "m1.csv", build_track())
    row = {"recording": "m1", "fps": 30, "poses": "m1.csv", "pose_unit": "px"}
    write_manifest(folder, row)


@case("error", r"skeleton\.csv")
def skeleton_of_unknown_keypoints(folder: Path) -> None:
    write_good(folder)
    (folder / "skeleton.csv").write_text("source,keypoint\nnose,Rostrum\n")


@case("error", r"Expected the keypoint.s. snout_tip, found.*Correct skeleton\.csv")
def skeleton_of_other_files(folder: Path) -> None:
    write_good(folder)
    (folder / "skeleton.csv").write_text("source,keypoint\nsnout_tip,Snout\ntail_base,TailBase\n")


# --- several views ---------------------------------------------------------------------------

VIEWS = {"top": "top", "side": "side", "front": "front"}


@case("error", r"can only be joined with a calibration")
def views_without_calibration(folder: Path) -> None:
    write_views(folder, VIEWS, calibration="")


@case("error", r"calibration.*rig\.toml")
def text_as_calibration(folder: Path) -> None:
    write_views(folder, VIEWS)
    (folder / "rig.toml").write_text("the cameras are where they always are")


@case("error", r"The calibration has no camera 'rear'; it has top, side, front")
def view_without_camera(folder: Path) -> None:
    write_views(folder, {"top": "top", "rear": "side"})


@case("error", r"with 'side' and 'front' swapped it is 0.0 px.*Swap these two views")
def swapped_views(folder: Path) -> None:
    write_views(folder, {"top": "top", "side": "front", "front": "side"})


@case("error", r"stands in 'poses:top' and in 'poses:side'")
def one_file_for_two_views(folder: Path) -> None:
    write_views(folder, {"top": "top", "side": "top"})


@case("error", r"'top' was calibrated at 640x480 px, its video has 64x48")
def calibration_of_another_resolution(folder: Path) -> None:
    write_film(folder / "top.mp4")
    write_views(folder, VIEWS, **{"video:top": "top.mp4"})


# --- the tests -------------------------------------------------------------------------------


def read_tree(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_named_with_a_remedy_and_left_alone(name: str, tmp_path: Path) -> None:
    bad = CASES[name]
    bad.build(tmp_path)
    before = read_tree(tmp_path)
    check = check_project(tmp_path)
    fitting = [
        problem
        for problem in check.problems
        if problem.severity == bad.severity and re.search(bad.words, str(problem))
    ]
    assert fitting, [str(problem) for problem in check.problems]
    for problem in check.problems:
        assert "Traceback" not in str(problem)
        assert "\n" not in str(problem)
        assert problem.remedy or re.search(r"[;.] \w+", problem.message), "no remedy"
    assert check.has_errors == any(problem.severity == "error" for problem in check.problems)
    assert check.has_errors or bad.severity == "warning"
    assert read_tree(tmp_path) == before


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("name", ["maus größe 1", "老鼠 7", "müde", "r 1 (copy) & more"])
def test_names_of_all_scripts_and_blanks_are_fine(name: str, tmp_path: Path) -> None:
    folder = tmp_path / unicodedata.normalize("NFC", name)
    write_film(folder / f"{name}.mp4")
    write_deeplabcut(folder / f"{name}.csv")
    row = {"recording": name, "group": name, "video": f"{name}.mp4", "poses": f"{name}.csv"}
    write_manifest(folder, row)
    check = check_project(folder)
    assert check.problems == ()
    assert check.findings["recording"].tolist() == [name]


def test_good_views_have_no_problem(tmp_path: Path) -> None:
    write_views(tmp_path, VIEWS)
    assert check_project(tmp_path).problems == ()


def test_a_bad_recording_hides_no_other(tmp_path: Path) -> None:
    write_good(tmp_path)
    (tmp_path / "a.mp4").write_bytes(b"")
    (tmp_path / "b.csv").write_bytes(b"")
    write_manifest(
        tmp_path,
        {"recording": "a", "video": "a.mp4"},
        {"recording": "b", "poses": "b.csv", "fps": 30},
        {"recording": "c", "video": "m1.mp4", "fps": "fast"},
    )
    check = check_project(tmp_path)
    assert [problem.recording for problem in check.problems] == ["c", "a", "b"]
    assert check.findings["n_frames"].tolist() == ["", "", "20"]
    with pytest.raises(DataError, match="has 3 faults"):
        check.raise_errors()
    with pytest.raises(DataError, match="found 'fast'"):
        load_manifest(tmp_path / "recordings.csv")
