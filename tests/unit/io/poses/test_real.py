"""All pose tables of the real recordings."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mousegpt.core.skeleton_map import apply_skeleton_map, guess_skeleton_map
from mousegpt.io.poses import load_poses

pytestmark = pytest.mark.real

FILES = {  # views, frames, space, keypoints, individuals; first and last frame; mapped keypoints
    "deepof_tables/*_table.csv": (1, 97, 2, 14, 1, 0, 96, 12),
    "deepof_tables/*_multi.csv": (1, 98, 2, 14, 2, 0, 97, 12),
    "deepof_tables/*_madlc.csv": (1, 97, 2, 14, 2, 0, 96, 12),
    "deepof_tables/*_arena.csv": (1, 451, 2, 14, 1, 0, 450, 12),
    "dlc_openfield/labeled-data/*/*.csv": (1, 116, 2, 4, 1, 0, 115, 4),
    "dlc_openfield/labeled-data/*/*.h5": (1, 116, 2, 4, 1, 0, 115, 4),
    "lightning_pose_mirror_mouse/*.csv": (1, 90, 2, 17, 1, 1, 90, 7),
    "dannce_markerless_6cam/*1000frames.npz": (1, 1000, 3, 22, 1, 0, 999, 21),
    "dannce_markerless_6cam/*_com.npz": (1, 81, 3, 22, 1, 27, 17858, 21),
    "sleap_8cam/*.csv": (8, 3, 2, 15, 2, 0, 2, 11),
    "sleap_8cam/*.slp": (8, 3, 2, 15, 2, 0, 2, 11),
}


@pytest.mark.parametrize("pattern", FILES)
def test_every_table_loads(shared_data: Path, pattern: str) -> None:
    paths = sorted(shared_data.glob(pattern))
    assert paths
    for path in paths:
        poses = load_poses(path, fps=30)
        sizes = [poses.sizes.get(d, 1) for d in ("view", "time", "space", "keypoint", "individual")]
        first, last = poses["frame"].to_numpy()[[0, -1]]
        skeleton_map = guess_skeleton_map(poses["keypoint"].to_numpy().tolist())
        mapped = apply_skeleton_map(poses, skeleton_map)
        known = mapped["position"].notnull()
        n_mapped = int(known.any([dim for dim in known.dims if dim != "keypoint"]).sum())
        assert (*sizes, first, last, n_mapped) == FILES[pattern], path


def test_csv_and_h5_of_deeplabcut_agree(shared_data: Path) -> None:
    folder = shared_data / "dlc_openfield/labeled-data/m4s1"
    csv = load_poses(folder / "CollectedData_Pranav.csv", fps=30)
    h5 = load_poses(folder / "CollectedData_Pranav.h5", fps=30)
    np.testing.assert_allclose(csv["position"], h5["position"], rtol=0, atol=1e-9)


def test_slp_and_csv_of_sleap_agree(shared_data: Path) -> None:
    csv = load_poses(shared_data / "sleap_8cam/keypoints_2d.csv", fps=30)
    slp = load_poses(shared_data / "sleap_8cam/min_session.slp", fps=30)
    assert slp["view"].to_numpy().tolist() == csv["view"].to_numpy().tolist()
    # by place, not by name: the csv names its points in the wrong order
    np.testing.assert_allclose(csv["position"], slp["position"], atol=1e-3)


def test_names_of_the_slp_follow_the_tail(shared_data: Path) -> None:
    poses = load_poses(shared_data / "sleap_8cam/min_session.slp", fps=30)
    tail = poses["position"].sel(
        view="topL", individual="track_0", keypoint=["TTI", "Tail_0", "Tail_1", "Tail_2", "TailTip"]
    )
    steps = np.sqrt((tail.diff("keypoint") ** 2).sum("space", skipna=False))
    assert 30 < float(steps.min()) < float(steps.max()) < 50  # px, evenly spaced


def test_missing_points_of_deepof(shared_data: Path) -> None:
    path = next(shared_data.glob("deepof_tables/*testDLC*_madlc.csv"))
    body = pd.read_csv(path, header=None, skiprows=4).iloc[:, 1:].to_numpy()
    n_missing = int((body[:, 2::3] == 0).sum())
    poses = load_poses(path, fps=25)
    assert int(poses["position"].isel(space=0).isnull().sum()) == n_missing > 0
    assert float(poses["position"].min()) > 0


def test_body_of_dannce_keeps_its_shape(shared_data: Path) -> None:
    path = next(shared_data.glob("dannce_markerless_6cam/*1000frames.npz"))
    poses = load_poses(path, fps=100)
    mapped = apply_skeleton_map(poses, guess_skeleton_map(poses["keypoint"].to_numpy().tolist()))
    hip, neck = (mapped["position"].sel(keypoint=name) for name in ("Hip", "SpineF"))
    length = np.sqrt(((hip - neck) ** 2).sum("space"))
    assert 20 < float(length.median()) < 80  # mm
