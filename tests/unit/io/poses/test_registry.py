from pathlib import Path

import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.io.poses import POSE_FORMATS, load_poses, register_format
from mousegpt.io.poses.raw import RawPoses

TABLE = "frame,a.x,a.y\n0,1,2\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "poses.csv"
    path.write_text(TABLE)
    return path


def test_missing_and_empty_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv: there is no such file"):
        load_poses(tmp_path / "nowhere.csv", fps=1)
    (tmp_path / "empty.csv").touch()
    with pytest.raises(DataError, match="the file is empty"):
        load_poses(tmp_path / "empty.csv", fps=1)
    with pytest.raises(DataError, match="no such file"):
        load_poses(tmp_path, fps=1)


def test_rate_is_needed(table: Path) -> None:
    with pytest.raises(DataError, match="does not tell its frame rate; give fps"):
        load_poses(table)
    with pytest.raises(DataError, match="fps is -1"):
        load_poses(table, fps=-1)


def test_unit_is_checked(table: Path) -> None:
    assert load_poses(table, fps=1, unit="cm").attrs["unit"] == "cm"
    with pytest.raises(DataError, match="'inch' is no unit"):
        load_poses(table, fps=1, unit="inch")


def test_named_format(table: Path) -> None:
    assert load_poses(table, fps=1, format="wide csv").sizes["keypoint"] == 1
    with pytest.raises(DataError, match="cannot be read as NWB"):
        load_poses(table, fps=1, format="NWB")
    with pytest.raises(DataError, match=r"no pose format 'csv'; choose one of: .*DeepLabCut csv"):
        load_poses(table, fps=1, format="csv")


def test_unknown_bytes(tmp_path: Path) -> None:
    path = tmp_path / "film.csv"
    path.write_bytes(b"\x00\x00\x00\x18ftypmp42" * 20)
    with pytest.raises(DataError, match="no pose format fits this unknown file"):
        load_poses(path, fps=1)


def test_a_new_format_touches_no_old_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mousegpt.io.poses.registry.POSE_FORMATS", formats := dict(POSE_FORMATS))

    @register_format("one word", "text", (".one",), lambda peek: peek.rows == [["one"]])
    def read_one(path: Path) -> RawPoses:
        return RawPoses(np.ones((1, 2, 1, 1)), None, ["only"], "test", fps=2.0)

    assert "one word" in formats
    assert "one word" not in POSE_FORMATS
    path = tmp_path / "a.one"
    path.write_text("one\n")
    assert load_poses(path)["keypoint"].to_numpy().tolist() == ["only"]
    with pytest.raises(ValueError, match="already registered"):
        register_format("one word", "text", (), lambda peek: True)(read_one)


def test_the_documentation_lists_every_format() -> None:
    text = (Path(__file__).parents[4] / "docs/formats.md").read_text()
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    assert sorted(", ".join(rows[1:]).split(", ")) == sorted(POSE_FORMATS)
