from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io

from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses
from mousegpt.io.poses import load_poses

NAMES = ["nose", "neck", "tail", "paw"]
POINTS = np.arange(1.0, 37.0).reshape(3, 4, 3)  # frame, keypoint, space


def write_hdf(path: Path, content: dict[str, Any]) -> None:
    """Write what MATLAB writes with -v7.3, as far as it is read."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in content.items():
            _put(file, file, name, value)
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(512))


def _put(file: h5py.File, group: h5py.Group, name: str, value: Any) -> None:
    if isinstance(value, dict):
        child = group.create_group(name)
        for key, item in value.items():
            _put(file, child, key, item)
    elif isinstance(value, str):
        group[name] = np.array([[ord(letter)] for letter in value], dtype=np.uint16)
        group[name].attrs["MATLAB_class"] = np.bytes_(b"char")
    elif isinstance(value, list):
        references = file.require_group("#refs#")
        cells = []
        for item in value:
            key = f"r{len(references)}"
            _put(file, references, key, item)
            cells.append([references[key].ref])
        group.create_dataset(name, data=np.array(cells, dtype=h5py.ref_dtype))
    else:
        group[name] = np.atleast_2d(value).T


def save(path: Path, content: dict[str, Any], version: str) -> Poses:
    if version == "v7.3":
        write_hdf(path, content)
    else:
        cells = {
            name: np.array(value, dtype=object) if isinstance(value, list) else value
            for name, value in content.items()
        }
        scipy.io.savemat(path, cells)
    return load_poses(path, fps=100)


def check(poses: Poses, frames: list[int]) -> None:
    assert poses["keypoint"].to_numpy().tolist() == NAMES
    assert poses["frame"].to_numpy().tolist() == frames
    assert poses.attrs["unit"] == "mm"
    found = poses["position"].isel(individual=0).transpose("time", "keypoint", "space")
    np.testing.assert_array_equal(found, POINTS[: len(frames)])


def skeleton() -> dict[str, Any]:
    return {"joint_names": list(NAMES)}


@pytest.mark.parametrize("version", ["v5", "v7.3"])
@pytest.mark.parametrize("n_frames", [1, 3])
def test_predictions(tmp_path: Path, version: str, n_frames: int) -> None:
    content = {
        "pred": POINTS[:n_frames].transpose(0, 2, 1),
        "p_max": np.linspace(0.1, 1, 12).reshape(3, 4)[:n_frames],
        "sampleID": np.array([1, 11, 21])[:n_frames],
    }
    (tmp_path / "skeleton.json").write_text('{"joint_names": ["nose", "neck", "tail", "paw"]}')
    poses = save(tmp_path / "pred.mat", content, version)
    check(poses, list(range(n_frames)))  # sampleID is a clock, not a frame
    np.testing.assert_array_equal(poses["confidence"].squeeze("individual"), content["p_max"])


def test_predictions_of_two_animals(tmp_path: Path) -> None:
    (tmp_path / "skeleton.json").write_text('{"keypoints": ["nose", "neck", "tail", "paw"]}')
    pred = np.stack([POINTS, -POINTS], axis=1).transpose(0, 1, 3, 2)
    poses = save(tmp_path / "pred.mat", {"pred": pred, "p_max": np.ones((3, 2, 4))}, "v5")
    assert poses["individual"].to_numpy().tolist() == ["individual_0", "individual_1"]
    first, second = (poses["position"].isel(individual=n).to_numpy() for n in (0, 1))
    np.testing.assert_array_equal(first, -second)


@pytest.mark.parametrize("version", ["v5", "v7.3"])
def test_label3d(tmp_path: Path, version: str) -> None:
    content = {"data_3D": POINTS.reshape(3, 12), "skeleton": skeleton()}
    if version == "v5":
        content["skeleton"] = {"joint_names": np.array(NAMES, dtype=object)}
    check(save(tmp_path / "labels.mat", content, version), [0, 1, 2])


@pytest.mark.parametrize("version", ["v5", "v7.3"])
@pytest.mark.parametrize(("stored", "frames"), [([5, 7, 40], [5, 7, 40]), ([7, 5, 40], [0, 1, 2])])
@pytest.mark.parametrize("n_cameras", [1, 2])
def test_label_data(
    tmp_path: Path, version: str, stored: list[int], frames: list[int], n_cameras: int
) -> None:
    camera = {
        "data_3d": POINTS.reshape(3, 12),
        "data_frame": np.array(stored),
        "data_sampleID": np.array(stored) * 10 + 1,
    }
    (tmp_path / "s.json").write_text('{"keypoints": ["nose", "neck", "tail", "paw"]}')
    check(save(tmp_path / "l.mat", {"labelData": [camera] * n_cameras}, version), frames)


def test_faults(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected one of the variables pred"):
        save(tmp_path / "other.mat", {"K": np.eye(3)}, "v5")
    with pytest.raises(DataError, match="no pose format fits this hdf5 file"):
        save(tmp_path / "other.mat", {"K": np.eye(3)}, "v7.3")
    with pytest.raises(DataError, match=r"shape \(frame, 3, keypoint\)"):
        save(tmp_path / "flat.mat", {"pred": np.ones((4, 5))}, "v5")
    with pytest.raises(DataError, match="does not name its 4 keypoints"):
        save(tmp_path / "unnamed.mat", {"pred": POINTS.transpose(0, 2, 1)}, "v5")
