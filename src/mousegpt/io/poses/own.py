"""Our own files: netCDF 3 (any netCDF library reads it) and Parquet, exact to the last bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr

from mousegpt.core.errors import DataError
from mousegpt.core.poses import SPACE, Poses
from mousegpt.io.atomic import write_atomically
from mousegpt.io.poses.raw import RawPoses
from mousegpt.io.poses.registry import Peek, register_format

_HEADER = b"mousegpt"


def save_poses(poses: Poses, path: str | Path) -> None:
    """Save poses: ``.nc`` is netCDF, ``.parquet`` a wide table with a row a frame and individual.

    The same poses give the same bytes, and loading gives them back exactly. The file is complete
    or not there at all.

    Raises
    ------
    DataError
        When the ending is another, or a Parquet file cannot hold a variable.
    """
    path = Path(path)
    match path.suffix.lower():
        case ".nc":
            write_atomically(path, lambda part: _write_netcdf(poses, part))
        case ".parquet":
            table = _tabulate(poses)
            write_atomically(path, lambda part: _write_parquet(table, part))
        case ending:
            raise DataError(f"Poses are saved as .nc or .parquet, not as '{ending}'; rename it.")


def _write_netcdf(poses: Poses, path: Path) -> None:
    poses.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")


def _write_parquet(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, write_page_checksum=True)


@register_format("mousegpt netCDF", "netcdf3", (".nc",), lambda peek: True)
def read_netcdf(path: Path) -> Poses:
    """Read poses saved by `save_poses`."""
    with xr.open_dataset(path, engine="scipy") as stored:
        poses = stored.load()
    for name in ("position", "confidence", "frame"):
        if name not in poses.variables:
            raise DataError(f"the netCDF file has no variable '{name}'; it holds no poses.")
    texts = {name: c.astype(str) for name, c in poses.coords.items() if c.dtype == object}
    return poses.assign_coords(texts | {"frame": poses["frame"].astype(np.int64)})


@register_format("mousegpt Parquet", "parquet", (".parquet",), lambda peek: True)
def read_parquet(path: Path) -> Poses:
    """Read poses saved by `save_poses`."""
    table = pq.read_table(path, page_checksum_verification=True)
    stored = (table.schema.metadata or {}).get(_HEADER)
    if stored is None:
        raise DataError("the Parquet file was not written by save_poses; save it as a long csv.")
    header = json.loads(stored)
    names: dict[str, list[str]] = header["names"]
    lead = [dim for dim in ("view", "individual") if dim in names]
    rows = [len(names[dim]) for dim in lead]
    n_times = table.num_rows // max(int(np.prod(rows)), 1)

    def column(name: str) -> Any:
        return table[name].to_numpy().reshape(*rows, n_times)

    first = (0,) * len(lead)
    variables = {}
    for name, dims in header["variables"].items():
        parts = names["space"] if "space" in dims else [name]
        stack = [[column(f"{k}.{part}") for part in parts] for k in names["keypoint"]]
        array = xr.DataArray(
            np.array(stack).reshape(len(stack), len(parts), *rows, n_times),
            dims=("keypoint", "space", *lead, "time"),
        )
        array = array if "space" in dims else array.isel(space=0)
        variables[name] = array.transpose(*dims)
    coords = {"time": column("time_s")[first], "frame": ("time", column("frame")[first])}
    return xr.Dataset(variables, coords=coords | names, attrs=header["attrs"])


def _tabulate(poses: Poses) -> pa.Table:
    lead = [dim for dim in ("view", "individual") if dim in poses.dims]
    dims = (*lead, "time")
    index = np.indices([poses.sizes[dim] for dim in dims]).reshape(len(dims), -1)
    columns: dict[str, Any] = {
        dim: poses[dim].to_numpy().astype(object)[index[n]] for n, dim in enumerate(lead)
    }
    columns["frame"] = poses["frame"].to_numpy()[index[-1]]
    columns["time_s"] = poses["time"].to_numpy()[index[-1]]
    for name, variable in poses.data_vars.items():
        if set(variable.dims) - {"space"} != {*dims, "keypoint"}:
            raise DataError(f"A Parquet file cannot hold the variable '{name}'; save it as .nc.")
    for keypoint in poses["keypoint"].to_numpy():
        one = poses.sel(keypoint=keypoint).transpose(*dims, ...)
        for name, variable in one.data_vars.items():
            parts = poses["space"].to_numpy() if "space" in variable.dims else [name]
            cells = variable.to_numpy().reshape(index.shape[1], len(parts))
            columns |= {f"{keypoint}.{part}": cells[:, n] for n, part in enumerate(parts)}
    header = {
        "names": {d: [str(n) for n in poses[d].to_numpy()] for d in ("space", "keypoint", *lead)},
        "variables": {str(name): list(v.dims) for name, v in poses.data_vars.items()},
        "attrs": {name: value for name, value in poses.attrs.items()},
    }
    return pa.table(columns).replace_schema_metadata({_HEADER: json.dumps(header).encode()})


def _is_movement(peek: Peek) -> bool:
    return {"position", "time", "space"} <= peek.keys


@register_format("movement netCDF", "hdf5", (".nc", ".h5"), _is_movement)
def read_movement(path: Path) -> RawPoses:
    """Read the netCDF 4 files of the package movement, old and new names of the dimensions."""
    with h5py.File(path) as file:
        position = np.asarray(file["position"], dtype=np.float64)
        stored = [Path(scale[0].name).name.removesuffix("s") for scale in file["position"].dims]
        dims = ["time", "space", "keypoint", "individual"]
        names = {d.removesuffix("s"): d for d in file if d.removesuffix("s") in dims}
        position = np.transpose(position, [stored.index(dim) for dim in dims])
        confidence = None
        if "confidence" in file:
            scores = np.asarray(file["confidence"], dtype=np.float64)
            places = [dim for dim in stored if dim != "space"]
            confidence = np.transpose(scores, [places.index(d) for d in dims if d != "space"])

        def texts(dim: str) -> list[str]:
            return [t.decode() if isinstance(t, bytes) else str(t) for t in file[names[dim]][:]]

        fps = file.attrs.get("fps")
        return RawPoses(
            position[:, [texts("space").index(axis) for axis in SPACE[: position.shape[1]]]],
            confidence,
            texts("keypoint"),
            "movement",
            texts("individual"),
            fps=None if fps is None or isinstance(fps, str) else float(np.ravel(fps)[0]),
        )
