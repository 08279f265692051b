"""The 2-D labels of all cameras in the files of Label3D and DANNCE."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses
from mousegpt.io.poses.matlab import find_names, load_matlab
from mousegpt.io.poses.raw import RawPoses, assemble_poses


def holds_label3d(path: Path) -> bool:
    """Whether a file is MATLAB's and holds the labels of cameras."""
    return path.suffix.lower() == ".mat" and "labelData" in load_matlab(path)


def load_label3d(path: Path) -> Poses:
    """Load the labels of each camera, px, with the dimension ``view``.

    `load_poses` gives the 3-D labels of the same file.

    Raises
    ------
    DataError
        When the file holds no such labels, or its cameras have no names.
    """
    content = load_matlab(path)
    if "labelData" not in content:
        raise DataError(f"{path}: expected the variable labelData, found {', '.join(content)}.")
    cameras = content["labelData"]
    cameras = [cameras] if isinstance(cameras, dict) else list(cameras)
    views = [str(name) for name in np.ravel(np.asarray(content.get("camnames", ()), dtype=object))]
    if len(views) != len(cameras):
        raise DataError(f"{path}: expected {len(cameras)} camnames, found {len(views)}; add them.")
    flat = np.stack([np.atleast_2d(np.asarray(one["data_2d"], float)) for one in cameras])
    points = flat.reshape(*flat.shape[:2], -1, 2)
    frames = np.ravel(cameras[0]["data_frame"]).astype(np.int64)
    order = np.argsort(frames, kind="stable")
    raw = RawPoses(
        np.moveaxis(points, 2, 3)[:, order][..., None],
        None,
        find_names(path, content, points.shape[2]),
        "Label3D",
        views=views,
        frames=frames[order],
        unit="px",
    )
    return assemble_poses(raw, fps=1.0, unit=None)
