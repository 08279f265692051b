from pathlib import Path

import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.io.poses import load_poses

POINTS = np.arange(1.0, 19.0).reshape(3, 2, 3)


def test_points_in_space(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(
        path,
        xyz_mm=POINTS,
        p_max=np.full((3, 2), 0.5),
        sampleID=[1, 11, 21],
        keypoints=["nose", "tail"],
    )
    poses = load_poses(path, fps=100)
    assert poses["frame"].to_numpy().tolist() == [0, 1, 2]
    assert poses.attrs["unit"] == "mm"
    found = poses["position"].squeeze("individual").transpose("time", "keypoint", "space")
    np.testing.assert_array_equal(found, POINTS)
    assert (poses["confidence"] == 0.5).all()


def test_frames_units_and_rate_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, xyz_cm=POINTS, frame=[4, 6, 9], keypoints=["nose", "tail"], fps=50)
    poses = load_poses(path)
    assert poses.attrs["fps"] == 50
    assert poses.attrs["unit"] == "cm"
    assert poses["time"].to_numpy().tolist() == [0.08, 0.12, 0.18]
    assert load_poses(path, fps=100, unit="m").attrs["unit"] == "m"


def test_several_animals(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, xy=np.stack([POINTS, -POINTS], 1)[..., :2], keypoints=["nose", "tail"])
    poses = load_poses(path, fps=100)
    assert poses["individual"].to_numpy().tolist() == ["individual_0", "individual_1"]
    assert poses["position"].isel(time=0, individual=1, keypoint=1).to_numpy().tolist() == [-4, -5]


def test_names_beside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mouse1_pred.npz"
    np.savez(path, xyz_mm=POINTS)
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "list.json").write_text("[1, 2]")
    with pytest.raises(DataError, match=r"does not name its 2 keypoints; put a mouse1_pred\.json"):
        load_poses(path, fps=100)
    (tmp_path / "a.json").write_text('{"keypoints": ["other", "mouse"]}')
    (tmp_path / "mouse1_calibration.json").write_text('{"keypoints": ["nose", "tail"]}')
    (tmp_path / "mouse2.json").write_text('{"keypoints": ["a", "b", "c"]}')
    assert load_poses(path, fps=100)["keypoint"].to_numpy().tolist() == ["nose", "tail"]


def test_faults(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, xyz=np.array([{"x": 1}], dtype=object), keypoints=["nose"])
    with pytest.raises(DataError, match="Object arrays cannot be loaded"):
        load_poses(path, fps=100)
    np.savez(path, xyz=np.ones((3, 4)), keypoints=["nose"])
    with pytest.raises(DataError, match="expected 'xyz' of shape"):
        load_poses(path, fps=100)
    np.savez(path, xyz=POINTS, frames=[3, 2, 1], keypoints=["nose", "tail"])
    with pytest.raises(DataError, match="row 1: frame 2 comes after 3"):
        load_poses(path, fps=100)
    np.savez(path, other=POINTS)
    with pytest.raises(DataError, match=r"no pose format fits this zip file \(it holds other"):
        load_poses(path, fps=100)
    np.savez(path, xyz=POINTS, keypoints=["nose", "tail"])
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DataError, match="cut off or damaged"):
        load_poses(path, fps=100)
