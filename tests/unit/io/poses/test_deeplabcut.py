import itertools
import pickle
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses
from mousegpt.io.poses import load_poses

PLAIN = """scorer,net,net,net,net,net,net
bodyparts,nose,nose,nose,tail,tail,tail
coords,x,y,likelihood,x,y,likelihood
0,1.5,2.5,0.9,3,4,0.8
1,0,0,0,nan,,0.7
2,5,6,1.0,7,8,-1
"""


def load(folder: Path, text: str | bytes, name: str = "poses.csv") -> Poses:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_poses(path, fps=30)


def xy(poses: Poses, keypoint: str, individual: str = "mouse") -> list[list[float]]:
    chosen = poses["position"].sel(keypoint=keypoint, individual=individual)
    return chosen.transpose("time", "space").to_numpy().tolist()


def test_single_animal(tmp_path: Path) -> None:
    poses = load(tmp_path, PLAIN)
    assert poses["keypoint"].to_numpy().tolist() == ["nose", "tail"]
    assert poses["individual"].to_numpy().tolist() == ["mouse"]
    assert poses.attrs == {"fps": 30.0, "unit": "px", "source_software": "DeepLabCut"}
    nan = float("nan")
    np.testing.assert_array_equal(xy(poses, "nose"), [[1.5, 2.5], [nan, nan], [5, 6]])
    np.testing.assert_array_equal(xy(poses, "tail"), [[3, 4], [nan, nan], [nan, nan]])
    confidence = poses["confidence"].sel(individual="mouse").to_numpy()
    np.testing.assert_array_equal(confidence, [[0.9, 0.8], [0, 0.7], [1, nan]])
    assert poses["time"].to_numpy().tolist() == [0, 1 / 30, 2 / 30]


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", ";").replace(".", ",").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace("nan", " NaN ").encode(),
        b"\n" + PLAIN.encode() + b"\n\n",
        PLAIN.replace("scorer,net,net", "scorer,net,net.1").encode(),
        PLAIN.replace("nose,nose,nose,tail", "nose,nose.1,nose.2,tail").encode(),
    ],
    ids=[
        "mark",
        "utf16",
        "crlf",
        "semicolon",
        "comma",
        "tab",
        "spaces",
        "blank-lines",
        "renamed-scorer",
        "renamed-parts",
    ],
)
def test_spellings_of_the_same_table(tmp_path: Path, text: bytes) -> None:
    expected = load(tmp_path, PLAIN, "plain.csv")
    assert load(tmp_path, text, "other.csv").identical(expected)


def test_content_goes_before_the_ending(tmp_path: Path) -> None:
    assert load(tmp_path, PLAIN, "poses.h5").identical(load(tmp_path, PLAIN))


def multi_header(individuals: list[str], parts: list[str]) -> list[str]:
    columns = list(itertools.product(individuals, parts, ["x", "y", "likelihood"]))
    names = ("individuals", "bodyparts", "coords")
    rows = [["scorer", *["net"] * len(columns)]]
    rows += [
        [name, *column] for name, column in zip(names, zip(*columns, strict=True), strict=True)
    ]
    return [",".join(row) for row in rows]


def test_several_animals(tmp_path: Path) -> None:
    header = multi_header(["m1", "m2"], ["nose", "tail"])
    row = ",".join(map(str, [0, *range(12)]))
    poses = load(tmp_path, "\n".join([*header, row]))
    assert poses["individual"].to_numpy().tolist() == ["m1", "m2"]
    assert xy(poses, "tail", "m2") == [[9, 10]]


def test_points_of_no_animal_are_left_out(tmp_path: Path) -> None:
    header = multi_header(["m1", "single"], ["nose"])
    header[2] = "bodyparts,nose,nose,nose,corner,corner,corner"
    poses = load(tmp_path, "\n".join([*header, "0,1,2,1,3,4,1"]))
    assert poses["individual"].to_numpy().tolist() == ["m1"]
    assert poses["keypoint"].to_numpy().tolist() == ["nose"]


def test_animals_in_the_names(tmp_path: Path) -> None:
    text = "\n".join(
        [
            "bodyparts,B_Nose,B_Nose,B_Tail,B_Tail,W_Tail,W_Tail,W_Nose,W_Nose",
            "coords,x,y,x,y,x,y,x,y",
            "0,1,2,3,4,5,6,7,8",
        ]
    )
    poses = load(tmp_path, text)
    assert poses["individual"].to_numpy().tolist() == ["B", "W"]
    assert poses["keypoint"].to_numpy().tolist() == ["Nose", "Tail"]
    assert xy(poses, "Nose", "W") == [[7, 8]]
    partly = load(tmp_path, text.replace("W_Nose", "Object"))
    assert partly["individual"].to_numpy().tolist() == ["mouse"]


@pytest.mark.parametrize(
    ("names", "frames"),
    [
        (["a/img003.png", "a/img010.png"], [3, 10]),
        (["a\\img003.png", "a\\img010.png"], [3, 10]),
        (["a/img003.png", "b/img010.png"], [0, 1]),
        (["a/img010.png", "a/img003.png"], [0, 1]),
        (["a/first.png", "a/second.png"], [0, 1]),
    ],
)
def test_labelled_images(tmp_path: Path, names: list[str], frames: list[int]) -> None:
    rows = [f"{name},1,2" for name in names]
    poses = load(tmp_path, "\n".join(["scorer,me,me", "bodyparts,nose,nose", "coords,x,y", *rows]))
    assert poses["frame"].to_numpy().tolist() == frames
    assert poses["confidence"].isnull().all()


def test_labelled_images_with_three_index_columns(tmp_path: Path) -> None:
    text = """scorer,,,me,me
bodyparts,,,nose,nose
coords,,,x,y
labeled-data,vid,img003.png,1,2
labeled-data,vid,img012.png,3,4
"""
    poses = load(tmp_path, text)
    assert poses["frame"].to_numpy().tolist() == [3, 12]
    assert xy(poses, "nose") == [[1, 2], [3, 4]]


def test_ensemble_columns_are_left_out(tmp_path: Path) -> None:
    text = """scorer,ens,ens,ens,ens
bodyparts,nose,nose,nose,nose
coords,x,y,likelihood,x_ens_var
0,1,2,0.5,99
"""
    assert xy(load(tmp_path, text), "nose") == [[1, 2]]


def test_all_missing_keypoint_loads(tmp_path: Path) -> None:
    text = "bodyparts,nose,nose,tail,tail\ncoords,x,y,x,y\n0,,,1,2\n1,,,3,4\n"
    assert load(tmp_path, text)["position"].sel(keypoint="nose").isnull().all()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("tail,tail,tail", "nose,nose,nose", "'nose' has two columns 'x'"),
        ("x,y,likelihood,x,y", "x,y,likelihood,x,q", "'tail' has no column 'y'"),
        ("\n1,0", "\n-1,0", "row 4 has the frame 0|row 5 has the frame -1"),
        ("\n2,5", "\n1,5", "row 6: frame 1 repeats 1"),
        ("\n2,5", "\n0,5", "row 6: frame 0 comes after 1"),
        ("\n2,5", "\n1.5,5", "row 6 has the frame 1.5"),
        ("2.5", "high", "row 4, column 'nose y': expected a number, found 'high'"),
        ("2,5,6,1.0,7,8,-1", "2,5,6", "line 6 has 3 cells where the header has 7"),
        ("coords,", "coordinates,", "lacks the row.* coords"),
    ],
)
def test_faults_name_the_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in PLAIN
    with pytest.raises(DataError, match=message):
        load(tmp_path, PLAIN.replace(old, new))


def write_table_h5(path: Path, columns: list[tuple[str, ...]], values: np.ndarray) -> None:
    """Write what ``DataFrame.to_hdf(format="table")`` writes, as far as it is read."""
    rows = np.zeros(len(values), [("index", "<i8"), ("values_block_0", "<f8", (len(columns),))])
    rows["index"], rows["values_block_0"] = np.arange(len(values)), values
    with h5py.File(path, "w") as file:
        group = file.create_group("df_with_missing")
        group.attrs["pandas_type"] = np.bytes_(b"frame_table")
        table = group.create_dataset("table", data=rows)
        kind = pickle.dumps(columns, protocol=0)
        table.attrs["values_block_0_kind"] = np.bytes_(kind)


def write_fixed_h5(path: Path, columns: pd.MultiIndex, values: np.ndarray, index: object) -> None:
    """Write what ``DataFrame.to_hdf(format="fixed")`` writes, as far as it is read."""
    with h5py.File(path, "w") as file:
        group = file.create_group("df")
        group.attrs["pandas_type"] = np.bytes_(b"frame")
        group.attrs["nblocks"] = 1
        for name, axis in (("axis0", columns), ("block0_items", columns), ("axis1", index)):
            if not isinstance(axis, pd.MultiIndex):
                group[name] = np.asarray(axis)
                continue
            group.attrs[f"{name}_nlevels"] = axis.nlevels
            for level in range(axis.nlevels):
                group[f"{name}_level{level}"] = np.array(axis.levels[level], dtype="S")
                group[f"{name}_label{level}"] = np.asarray(axis.codes[level])
        group["block0_values"] = values


COLUMNS = list(itertools.product(["net"], ["m1", "m2"], ["nose", "tail"], ["x", "y", "likelihood"]))
VALUES = np.arange(1.0, 37.0).reshape(3, 12)


@pytest.mark.parametrize("kind", ["table", "fixed"])
def test_h5(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "poses.h5"
    if kind == "table":
        write_table_h5(path, COLUMNS, VALUES)
    else:
        write_fixed_h5(path, pd.MultiIndex.from_tuples(COLUMNS), VALUES, [0, 1, 2])
    poses = load_poses(path, fps=30)
    assert poses["individual"].to_numpy().tolist() == ["m1", "m2"]
    assert xy(poses, "tail", "m2") == [[10, 11], [22, 23], [34, 35]]


def test_h5_of_labelled_images(tmp_path: Path) -> None:
    path = tmp_path / "CollectedData.h5"
    columns = pd.MultiIndex.from_product([["me"], ["nose"], ["x", "y"]])
    index = pd.MultiIndex.from_tuples([("l", "v", "img004.png"), ("l", "v", "img009.png")])
    write_fixed_h5(path, columns, np.ones((2, 2)), index)
    assert load_poses(path, fps=30)["frame"].to_numpy().tolist() == [4, 9]


class Trap:
    """Sets a mark when it is unpickled."""

    sprung = False

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return setattr, (Trap, "sprung", True)


def test_h5_is_never_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "poses.h5"
    write_table_h5(path, [("net", "nose", Trap())], np.ones((2, 1)))  # type: ignore[list-item]
    with pytest.raises(DataError, match=r"unpickling .* csv"):
        load_poses(path, fps=30)
    assert not Trap.sprung


@pytest.mark.parametrize("keep", [10, 600, 2000])
def test_cut_off_h5(tmp_path: Path, keep: int) -> None:
    whole, cut = tmp_path / "whole.h5", tmp_path / "cut.h5"
    write_table_h5(whole, COLUMNS, VALUES)
    cut.write_bytes(whole.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"cut\.h5"):
        load_poses(cut, fps=30)
