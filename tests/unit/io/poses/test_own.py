from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses, build_poses
from mousegpt.io.poses import load_poses, save_poses

NAMES = ["Snout", "Spïne.1", "tail x"]


def make_poses(space: int = 3, views: list[str] | None = None, n_frames: int = 5) -> Poses:
    rng = np.random.default_rng(0)
    shape = (n_frames, space, 3, 2)
    position = rng.normal(size=(len(views), *shape) if views else shape) * 1e-3
    position[..., 0, 1] = np.nan
    confidence = rng.random(position.shape[:-3] + position.shape[-2:])
    return build_poses(
        position,
        confidence,
        keypoints=NAMES,
        fps=29.97,
        unit="cm",
        individuals=["a", "b"],
        views=views,
        frames=np.array([3, 4, 5, 9, 100_000])[:n_frames],
        source_software="",
    )


CASES = {
    "space": make_poses(),
    "plane": make_poses(2),
    "views": make_poses(2, ["top", "side", "left"]),
    "error": make_poses().assign(reprojection_error=lambda p: p["confidence"] * 3),
    "one frame": make_poses(n_frames=1),
    "no frame": make_poses(n_frames=0),
    "a part": make_poses().isel(time=slice(1, 3), individual=[1]),
}


@pytest.mark.parametrize("ending", [".nc", ".parquet"])
@pytest.mark.parametrize("case", CASES)
def test_round_trip_is_exact(tmp_path: Path, case: str, ending: str) -> None:
    poses, path = CASES[case], tmp_path / f"poses{ending}"
    save_poses(poses, path)
    loaded = load_poses(path)
    xr.testing.assert_identical(loaded, poses)
    for name, variable in poses.variables.items():
        found = loaded.variables[name]
        assert found.dtype.kind == variable.dtype.kind
        assert found.dims == variable.dims
        if variable.dtype.kind in "if":
            assert found.to_numpy().tobytes() == variable.to_numpy().tobytes()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", [".nc", ".parquet"])
def test_same_poses_same_bytes(tmp_path: Path, ending: str) -> None:
    first, second = (tmp_path / f"{n}{ending}" for n in "ab")
    save_poses(make_poses(), first)
    save_poses(make_poses(), second)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("ending", [".nc", ".parquet"])
def test_rate_and_unit_can_be_corrected(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"poses{ending}"
    save_poses(make_poses(), path)
    poses = load_poses(path, fps=10, unit="mm")
    assert (poses.attrs["fps"], poses.attrs["unit"]) == (10.0, "mm")
    np.testing.assert_array_equal(poses["time"], np.array([3, 4, 5, 9, 100_000]) / 10)


def test_parquet_is_a_wide_table(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    path = tmp_path / "poses.parquet"
    save_poses(make_poses(2), path)
    table = pq.read_table(path)
    assert table.column_names[:6] == [
        "individual", "frame", "time_s", "Snout.x", "Snout.y", "Snout.confidence",
    ]  # fmt: skip
    assert table.num_rows == 10


def test_a_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "poses.parquet"
    save_poses(make_poses(), path)
    before = path.read_bytes()
    with pytest.raises(DataError, match="cannot hold the variable 'note'"):
        save_poses(make_poses().assign(note=("time", np.zeros(5))), path)
    assert path.read_bytes() == before
    with pytest.raises(DataError, match=r"not as '\.csv'"):
        save_poses(make_poses(), tmp_path / "poses.csv")


def test_other_files_of_these_kinds(tmp_path: Path) -> None:
    import pandas as pd

    pd.DataFrame({"x": [1.0]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="not written by save_poses"):
        load_poses(tmp_path / "a.parquet")
    xr.Dataset({"rain": ("day", [1.0])}).to_netcdf(tmp_path / "a.nc", engine="scipy")
    with pytest.raises(DataError, match="no variable 'position'"):
        load_poses(tmp_path / "a.nc")


@pytest.mark.parametrize("ending", [".nc", ".parquet"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_cut_off_file(tmp_path: Path, ending: str, share: float) -> None:
    path = tmp_path / f"poses{ending}"
    save_poses(make_poses(), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(DataError, match="cut off or damaged"):
        load_poses(path)


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "poses.parquet"
    save_poses(make_poses(), path)
    content = bytearray(path.read_bytes())
    content[content.index(make_poses()["time"].to_numpy()[1:2].tobytes())] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged"):
        load_poses(path)


@pytest.mark.parametrize("plural", ["", "s"])
def test_files_of_movement(tmp_path: Path, plural: str) -> None:
    path = tmp_path / "poses.nc"
    position = np.arange(24.0).reshape(2, 2, 3, 2)
    with h5py.File(path, "w") as file:
        scales = {
            "time": np.arange(2.0),
            "space": np.array(["x", "y"], dtype=object),
            f"keypoint{plural}": np.array(["a", "b", "c"], dtype=object),
            f"individual{plural}": np.array(["m", "n"], dtype=object),
        }
        for name, values in scales.items():
            kind = h5py.string_dtype() if values.dtype == object else None
            file.create_dataset(name, data=values, dtype=kind).make_scale(name)
        for name, dims in (("position", list(scales)), ("confidence", list(scales)[::2])):
            file[name] = position if name == "position" else np.full((2, 3), 0.5)
            for axis, dim in enumerate(dims):
                file[name].dims[axis].attach_scale(file[dim])
        del file["confidence"]
        file.attrs["fps"] = 30.0
    poses = load_poses(path)
    assert poses["keypoint"].to_numpy().tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(poses["position"], position)
