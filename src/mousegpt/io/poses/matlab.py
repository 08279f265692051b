"""3-D poses of DANNCE and Label3D in MATLAB files (v5 to v7.3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import scipy.io

from mousegpt.core.errors import DataError
from mousegpt.io.poses.raw import RawPoses
from mousegpt.io.poses.registry import Peek, register_format
from mousegpt.io.poses.sidecar import find_keypoints

_VARIABLES: Final = ("pred", "data_3D", "labelData")


def _is_matlab_hdf(peek: Peek) -> bool:
    return bool(peek.keys & set(_VARIABLES))


@register_format("DANNCE mat", "mat5", (".mat",), lambda peek: True)
@register_format("DANNCE mat v7.3", "hdf5", (".mat",), _is_matlab_hdf)
def read_dannce(path: Path) -> RawPoses:
    """Read predictions (``pred``, ``p_max``) or labels (``data_3D``, ``labelData``), in mm.

    ``sampleID`` counts samples of the recording clock, not frames; frames are the rows, or what
    ``data_frame`` says.
    """
    content = load_matlab(path)
    if "pred" in content:
        return _read_predictions(path, content)
    if "data_3D" in content:
        return _read_labels(path, content, {"data_3d": content["data_3D"]})
    if "labelData" in content:
        cameras = content["labelData"]
        first = cameras if isinstance(cameras, dict) else next(iter(cameras))
        return _read_labels(path, content, first)
    raise DataError(
        f"expected one of the variables {', '.join(_VARIABLES)}, found "
        f"{', '.join(content) or 'none'}; save the 3-D poses as one of these."
    )


def _read_predictions(path: Path, content: dict[str, Any]) -> RawPoses:
    pred = np.asarray(content["pred"], dtype=np.float64)
    pred = pred[None] if pred.ndim == 2 else pred  # MATLAB drops the dimension of a single frame
    if pred.ndim not in (3, 4) or pred.shape[-2] != 3:
        raise DataError(f"expected 'pred' of shape (frame, 3, keypoint), found {pred.shape}.")
    pred = pred[:, None] if pred.ndim == 3 else pred
    n_frames, n_individuals, _, n_keypoints = pred.shape
    confidence = None
    if "p_max" in content:
        confidence = np.reshape(content["p_max"], (n_frames, n_individuals, n_keypoints))
        confidence = np.moveaxis(confidence, 1, 2)
    individuals = [f"individual_{number}" for number in range(n_individuals)]
    return RawPoses(
        np.moveaxis(pred, 1, 3),
        confidence,
        find_names(path, content, n_keypoints),
        "DANNCE",
        individuals if n_individuals > 1 else None,
        unit="mm",
    )


def _read_labels(path: Path, content: dict[str, Any], labels: dict[str, Any]) -> RawPoses:
    flat = np.atleast_2d(np.asarray(labels["data_3d"], dtype=np.float64))
    if flat.ndim != 2 or flat.shape[1] % 3:
        raise DataError(f"expected 3-D labels of shape (frame, 3 x keypoint), found {flat.shape}.")
    points = flat.reshape(len(flat), -1, 3)
    frames = np.ravel(labels.get("data_frame", np.arange(len(flat)))).astype(np.int64)
    if len(frames) != len(flat) or (np.diff(frames) <= 0).any():
        frames = np.arange(len(flat))  # labels in no order of time
    return RawPoses(
        np.moveaxis(points, 1, 2)[..., None],
        None,
        find_names(path, content, points.shape[1]),
        "Label3D",
        frames=frames,
        unit="mm",
    )


def find_names(path: Path, content: dict[str, Any], count: int) -> list[str]:
    """Return the keypoints' names, from the file or from one beside it."""
    skeleton = content.get("skeleton", content)
    names = skeleton.get("joint_names") if isinstance(skeleton, dict) else None
    if names is None or len(names) != count:
        return find_keypoints(path, count)
    return [str(name) for name in names]


def load_matlab(path: Path) -> dict[str, Any]:
    """Load a MATLAB file as arrays, texts, lists (cells) and dicts (structs)."""
    if not h5py.is_hdf5(path):
        content = scipy.io.loadmat(path, simplify_cells=True)
        return {name: value for name, value in content.items() if not name.startswith("__")}
    with h5py.File(path) as file:
        return {name: _simplify(file[name]) for name in file if not name.startswith("#")}


def _simplify(node: h5py.Group | h5py.Dataset) -> Any:
    if isinstance(node, h5py.Group):
        return {name: _simplify(node[name]) for name in node}
    if node.dtype == h5py.ref_dtype:
        cells = [_simplify(node.file[reference]) for reference in node[()].T.ravel()]
        return cells[0] if len(cells) == 1 and isinstance(cells[0], dict) else cells
    values = node[()].T  # MATLAB stores columns first
    if node.attrs.get("MATLAB_class") == b"char":
        return "".join(chr(code) for code in values.ravel().tolist())
    return np.squeeze(values)
