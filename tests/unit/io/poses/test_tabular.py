from pathlib import Path

import h5py
import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses
from mousegpt.io.poses import load_poses

LONG = """camera,frame,track,keypoint,x,y,score
top,0,1,nose,1,2,0.5
top,0,1,tail,3,4,0.6
top,0,0,nose,5,6,0.7
side,2,0,tail,7,8,1.2
"""


def load(folder: Path, text: str, name: str = "poses.csv") -> Poses:
    path = folder / name
    path.write_text(text)
    return load_poses(path, fps=10)


def test_long(tmp_path: Path) -> None:
    poses = load(tmp_path, LONG)
    assert dict(poses.sizes) == {"view": 2, "time": 2, "space": 2, "keypoint": 2, "individual": 2}
    assert poses["view"].to_numpy().tolist() == ["top", "side"]
    assert poses["individual"].to_numpy().tolist() == ["0", "1"]
    assert poses["frame"].to_numpy().tolist() == [0, 2]
    tail = poses.sel(view="side", keypoint="tail", individual="0").isel(time=1)
    assert tail["position"].to_numpy().tolist() == [7, 8]
    assert float(tail["confidence"]) == 1  # scores a little above 1 are 1
    assert int(poses["position"].notnull().sum()) == 8


def test_long_does_not_depend_on_the_order_of_points(tmp_path: Path) -> None:
    header, *rows = LONG.splitlines()
    swapped = "\n".join([header, rows[0], rows[2], rows[1], rows[3]])
    assert load(tmp_path, swapped).identical(load(tmp_path, LONG))


def test_long_in_space_without_camera(tmp_path: Path) -> None:
    poses = load(tmp_path, "frame;bodypart;x;y;z\n3;nose;1,5;2;3\n4;nose;4;5;nan\n")
    assert poses.attrs["unit"] == "mm"
    np.testing.assert_array_equal(
        poses["position"].squeeze().to_numpy(), [[1.5, 2, 3], [np.nan, np.nan, np.nan]]
    )


@pytest.mark.parametrize("joint", [".", "_", " ", "-", ":"])
def test_wide(tmp_path: Path, joint: str) -> None:
    header = "frame,Snout?x,Snout?y,Tail_base?x,Tail_base?y,Snout?likelihood"
    text = header.replace("?", joint) + "\n0,1,2,3,4,.5\n5,6,7,8,9,1\n"
    poses = load(tmp_path, text)
    assert poses["keypoint"].to_numpy().tolist() == ["Snout", "Tail_base"]
    assert poses["frame"].to_numpy().tolist() == [0, 5]
    assert poses["position"].isel(time=1).squeeze().to_numpy().tolist() == [[6, 8], [7, 9]]
    np.testing.assert_array_equal(poses["confidence"].squeeze(), [[0.5, np.nan], [1, np.nan]])


def test_wide_without_frames_counts_rows(tmp_path: Path) -> None:
    assert load(tmp_path, "a.x,a.y\n1,2\n3,4\n")["frame"].to_numpy().tolist() == [0, 1]
    index = load(tmp_path, ",a.x,a.y\n4,1,2\n6,3,4\n")
    assert index["frame"].to_numpy().tolist() == [4, 6]


def test_wide_of_sleap(tmp_path: Path) -> None:
    text = """track,frame_idx,instance.score,nose.x,nose.y,nose.score
track_0,0,0.9,1,2,0.8
track_1,0,0.9,3,4,0.8
track_0,1,0.9,5,6,0.8
"""
    poses = load(tmp_path, text)
    assert poses["individual"].to_numpy().tolist() == ["track_0", "track_1"]
    assert poses["keypoint"].to_numpy().tolist() == ["nose"]
    second = poses["position"].isel(time=1, keypoint=0).transpose("individual", "space")
    np.testing.assert_array_equal(second, [[5, 6], [np.nan, np.nan]])


ANIPOSE = """nose_x,nose_y,nose_z,nose_error,nose_ncams,nose_score,M_00,M_01,center_0,fnum
1,2,3,0.5,4,0.9,1,0,0,0
4,5,6,,,0.2,1,0,0,1
"""


def test_anipose(tmp_path: Path) -> None:
    poses = load(tmp_path, ANIPOSE)
    assert poses.attrs == {"fps": 10.0, "unit": "mm", "source_software": "Anipose"}
    assert poses["position"].squeeze().to_numpy().tolist() == [[1, 2, 3], [4, 5, 6]]
    assert poses["confidence"].squeeze().to_numpy().tolist() == [0.9, 0.2]


def test_flat_h5(tmp_path: Path) -> None:
    path = tmp_path / "pose_3d.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("df")
        group.attrs["pandas_type"] = np.bytes_(b"frame")
        group.attrs["nblocks"] = 1
        group["axis1"] = np.arange(2)
        group["block0_items"] = np.array(["nose_x", "nose_y", "nose_z", "fnum"], dtype="S")
        group["block0_values"] = np.array([[1.0, 2, 3, 0], [4, 5, 6, 1]])
    poses = load_poses(path, fps=10)
    assert poses["position"].squeeze().to_numpy().tolist() == [[1, 2, 3], [4, 5, 6]]
    assert poses.attrs["source_software"] == "Anipose"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("frame,keypoint,x\n0,nose,1\n", "expected the columns frame, keypoint, x and y"),
        ("frame,keypoint,x,y\n0,n,1,2\n0,n,3,4\n", "row 3: frame 0 repeats 0"),
        ("frame,keypoint,x,y\n1,n,1,2\n0,n,3,4\n", "row 3: frame 0 comes after 1"),
        ("frame,keypoint,x,y\n-1,n,1,2\n", "row 2 has the frame -1"),
        ("frame,keypoint,x,y\nnan,n,1,2\n", "row 2 has the frame nan"),
        ("frame,a.x,a.y,a.x\n0,1,2,3\n", "column 'a.x' occurs twice"),
        ("frame,a.x,b.x,b.y\n0,1,2,3\n", "'a' has no column 'y'"),
        ("frame,a.x,a.y\n", "header but no rows"),
        ("track,a.x,a.y\n0,1,2\n1,3,4\n", "need a column 'frame'"),
        ("\n\n", "nothing readable"),
        ("frame a.x a.y\n0 1 2\n", "no pose format fits"),
        ("hello world\n", "no pose format fits"),
        ("frame,a.x,a.y\n0,1,2\n1,3", "line 3 has 2 cells"),
        ("frame,a.x,a.y\n0,1,2\n1,3,4,5\n", "line 3 has 4 cells"),
        ("frame,a.x,a.y\n0,1,two\n", "row 2, column 'a.y'"),
    ],
)
def test_faults_name_the_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(tmp_path, text)
