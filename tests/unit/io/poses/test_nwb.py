from pathlib import Path

import h5py
import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.io.poses import load_poses


def add_series(container: h5py.Group, name: str, data: np.ndarray, **time: object) -> None:
    container.attrs["neurodata_type"] = "PoseEstimation"
    series = container.create_group(name)
    series.attrs["neurodata_type"] = "PoseEstimationSeries"
    series["data"] = data
    series["data"].attrs["unit"] = time.get("unit", "pixels")
    if "timestamps" in time:
        series["timestamps"] = np.asarray(time["timestamps"], dtype=float)
    else:
        series["starting_time"] = 0.0
        series["starting_time"].attrs["rate"] = 25.0
        series["confidence"] = np.full(len(data), 0.5)


def test_one_animal(tmp_path: Path) -> None:
    path = tmp_path / "a.nwb"
    with h5py.File(path, "w") as file:
        file.attrs["nwb_version"] = "2.7.0"
        container = file.create_group("processing/behavior/PoseEstimation")
        add_series(container, "nose", np.array([[1.0, 2], [3, 4]]))
        add_series(container, "tail", np.array([[5.0, 6], [7, 8]]))
    poses = load_poses(path)
    assert poses.attrs == {"fps": 25.0, "unit": "px", "source_software": "NWB"}
    assert poses["individual"].to_numpy().tolist() == ["mouse"]
    assert poses["position"].isel(time=1).squeeze().to_numpy().tolist() == [[3, 7], [4, 8]]
    assert (poses["confidence"] == 0.5).all()


def test_animals_views_and_gaps(tmp_path: Path) -> None:
    path = tmp_path / "a.nwb"
    with h5py.File(path, "w") as file:
        file.attrs["nwb_version"] = "2.7.0"
        for sign, view in ((1.0, "top"), (-1.0, "side")):
            for who, times in (("a", [0.0, 0.04, 0.08]), ("b", [0.08, 0.12])):
                container = file.create_group(f"processing/{view}/track={who}")
                data = sign * np.arange(3.0 * len(times)).reshape(-1, 3)
                add_series(container, "nose", data, timestamps=times, unit="millimeters")
    poses = load_poses(path)
    assert poses.attrs["fps"] == pytest.approx(25)
    assert poses.attrs["unit"] == "mm"
    assert poses["view"].to_numpy().tolist() == ["side", "top"]
    assert poses["individual"].to_numpy().tolist() == ["a", "b"]
    assert poses["frame"].to_numpy().tolist() == [0, 1, 2, 3]
    x = poses["position"].sel(view="top", keypoint="nose").isel(space=0).to_numpy()
    np.testing.assert_array_equal(x, [[0, np.nan], [3, np.nan], [6, 0], [np.nan, 3]])


def test_without_poses(tmp_path: Path) -> None:
    path = tmp_path / "a.nwb"
    with h5py.File(path, "w") as file:
        file.attrs["nwb_version"] = "2.7.0"
    with pytest.raises(DataError, match="has no PoseEstimation"):
        load_poses(path)
