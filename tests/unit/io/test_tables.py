"""Tables come back as they went in, byte for byte the same, or not at all."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mousegpt.core.errors import DataError, ProjectError
from mousegpt.core.skeleton_map import SkeletonMap
from mousegpt.io.atomic import write_atomically
from mousegpt.io.tables import (
    load_metadata,
    load_skeleton_map,
    load_table,
    save_skeleton_map,
    save_table,
)


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "recording": ["maus übung", "b", "b"],
            "frame": [0, 12, 24],
            "speed": [1.5, np.nan, -0.0],
            "behavior": ["walking", None, ""],
            "cluster": pd.array([3, None, -1], dtype="Int64"),
            "novel": pd.array([True, None, False], dtype="boolean"),
            "seen": [True, False, True],
            "keywords": [["sniff", "rear"], [], None],
            "embedding": [np.array([1, 0.5], np.float32), None, np.array([0, -1], np.float32)],
        },
        index=[7, 8, 9],
    )


def test_every_kind_of_column_comes_back(table: pd.DataFrame, tmp_path: Path) -> None:
    save_table(table, tmp_path / "t.parquet")
    loaded = load_table(tmp_path / "t.parquet")
    expected = table.reset_index(drop=True)
    pd.testing.assert_frame_equal(
        loaded.drop(columns="embedding"), expected.drop(columns="embedding")
    )
    first, missing, last = loaded["embedding"]
    assert missing is None
    np.testing.assert_array_equal([first, last], [[1, 0.5], [0, -1]])
    assert first.dtype == np.float32


def test_an_empty_table_keeps_its_columns(table: pd.DataFrame, tmp_path: Path) -> None:
    save_table(table.iloc[:0], tmp_path / "t.parquet")
    loaded = load_table(tmp_path / "t.parquet")
    assert list(loaded.columns) == list(table.columns)
    assert len(loaded) == 0
    assert loaded["recording"].dtype == table["recording"].dtype


def test_equal_content_gives_equal_bytes(table: pd.DataFrame, tmp_path: Path) -> None:
    save_table(table, tmp_path / "a.parquet", {"step": "x", "seed": "0"})
    save_table(table.copy(), tmp_path / "b.parquet", {"seed": "0", "step": "x"})
    again = load_table(tmp_path / "a.parquet")
    save_table(again, tmp_path / "c.parquet", {"step": "x", "seed": "0"})
    written = {(tmp_path / f"{name}.parquet").read_bytes() for name in "abc"}
    assert len(written) == 1


def test_many_vectors_cross_row_groups(tmp_path: Path) -> None:
    vectors = np.arange(140_000, dtype=np.float32).reshape(-1, 2)
    save_table(pd.DataFrame({"embedding": list(vectors)}), tmp_path / "t.parquet")
    np.testing.assert_array_equal(
        np.stack(load_table(tmp_path / "t.parquet")["embedding"].tolist()), vectors
    )


def test_categories_are_stored_as_text(tmp_path: Path) -> None:
    save_table(pd.DataFrame({"a": pd.Categorical(["x", "y", None])}), tmp_path / "t.parquet")
    assert load_table(tmp_path / "t.parquet")["a"].tolist()[:2] == ["x", "y"]


def test_metadata_comes_back(table: pd.DataFrame, tmp_path: Path) -> None:
    save_table(table, tmp_path / "t.parquet", {"seed": "0", "ünit": "cm"})
    assert load_metadata(tmp_path / "t.parquet") == {"seed": "0", "ünit": "cm"}


def test_only_the_wanted_columns_are_loaded(table: pd.DataFrame, tmp_path: Path) -> None:
    save_table(table, tmp_path / "t.parquet")
    assert list(load_table(tmp_path / "t.parquet", ["frame", "seen"]).columns) == ["frame", "seen"]
    with pytest.raises(DataError, match=r"lacks the column.*colour"):
        load_table(tmp_path / "t.parquet", ["frame", "colour"])


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "text"])
def test_a_damaged_file_is_named_with_a_remedy(
    damage: str, table: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "t.parquet"
    save_table(table, path)
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[60] ^= 0xFF
    content = {"cut": whole[:-40], "flipped": bytes(flipped), "emptied": b"", "text": b"frame,x\n"}
    path.write_bytes(content[damage])
    with pytest.raises(DataError, match=r"t\.parquet is damaged; delete it and run again"):
        load_table(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no table"):
        load_table(tmp_path / "t.parquet")


@pytest.mark.parametrize(
    "column", [[np.zeros(2, np.float32), np.zeros(3, np.float32)], ["a", 1], [["a"], [1]]]
)
def test_a_column_of_mixed_cells_is_refused(column: list[object], tmp_path: Path) -> None:
    table = pd.DataFrame({"odd": pd.Series(column, dtype=object)})
    with pytest.raises(DataError, match="column 'odd' mixes"):
        save_table(table, tmp_path / "t.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    write_atomically(path, b"old")

    def fail(part: Path) -> None:
        part.write_bytes(b"ne")
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        write_atomically(path, fail)
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_leftovers_of_the_dead_are_removed_and_those_of_the_living_kept(tmp_path: Path) -> None:
    dead, living = tmp_path / ".mousegpt-1.part", tmp_path / ".mousegpt-2.part"
    dead.touch()
    living.touch()
    long_ago = time.time() - 7200
    os.utime(dead, (long_ago, long_ago))
    write_atomically(tmp_path / "new", b"")
    assert not dead.exists()
    assert living.exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "tables").write_text("a file in place of the folder")
    with pytest.raises(ProjectError, match=r"Cannot write .*check that the folder"):
        write_atomically(tmp_path / "tables" / "t.parquet", b"")


def test_a_skeleton_map_comes_back(tmp_path: Path) -> None:
    skeleton = SkeletonMap({"nose, tip": "Snout", "Schwänzchen": "TailBase", "eye": None})
    save_skeleton_map(skeleton, tmp_path / "skeleton.csv")
    assert load_skeleton_map(tmp_path / "skeleton.csv").targets == skeleton.targets


def test_a_skeleton_map_edited_in_a_spreadsheet_is_understood(tmp_path: Path) -> None:
    text = "\ufeffsource;keypoint\r\nnose ; Snout\r\neye;\r\n;\r\n"
    (tmp_path / "skeleton.csv").write_bytes(text.encode())
    assert dict(load_skeleton_map(tmp_path / "skeleton.csv").targets) == {
        "nose": "Snout",
        "eye": None,
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("source,keypoint\nnose,Rostrum\n", "names Rostrum, which are none of our keypoints"),
        ("source\nnose\n", "lacks the column"),
        ("source,keypoint\nnose,Snout\nnose,EarL\n", "names 'nose' twice"),
    ],
)
def test_a_faulty_skeleton_map_is_named_with_its_file(
    text: str, expected: str, tmp_path: Path
) -> None:
    (tmp_path / "skeleton.csv").write_text(text)
    with pytest.raises(DataError, match=rf"skeleton\.csv: .*{expected}"):
        load_skeleton_map(tmp_path / "skeleton.csv")


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(b"old")  # a folder is searched for leftovers once an hour
    script = (
        "import sys, time\n"
        "from mousegpt.io.atomic import write_atomically\n"
        "def write(part):\n"
        "    part.write_bytes(b'half of the ne')\n"
        "    print('written', flush=True)\n"
        "    time.sleep(60)\n"
        "write_atomically(sys.argv[1], write)\n"
    )
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"written"
        process.kill()
    assert path.read_bytes() == b"old"
    (leftover,) = tmp_path.glob(".*.part")
    os.utime(leftover, (0, 0))
    write_atomically(path, b"new")
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [
        ("file.txt", b"new")
    ]
