import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.io.poses import load_poses

TRACKS = np.arange(24.0).reshape(2, 2, 3, 2)  # track, xy, node, frame
SCORES = np.linspace(0, 1, 12).reshape(2, 3, 2)


def write_analysis(path: Path, order: tuple[int, ...], *, dims: bool, tracks: int = 2) -> None:
    names = np.array(["track", "xy", "node", "frame"])
    with h5py.File(path, "w") as file:
        file["tracks"] = TRACKS[:tracks].transpose(order)
        flat = [axis - (axis > 1) for axis in order if axis != 1]
        file["point_scores"] = SCORES[:tracks].transpose(flat)
        file["node_names"] = np.array(["nose", "neck", "tail"], dtype="S")
        file["track_names"] = np.array(["a", "b"][:tracks] if tracks > 1 else [], dtype="S1")
        if dims:
            file["tracks"].attrs["dims"] = json.dumps(names[list(order)].tolist())
            file["point_scores"].attrs["dims"] = json.dumps(
                [names[axis] for axis in order if axis != 1]
            )


@pytest.mark.parametrize(
    ("order", "dims"), [((0, 1, 2, 3), False), ((0, 1, 2, 3), True), ((3, 0, 2, 1), True)]
)
def test_analysis(tmp_path: Path, order: tuple[int, ...], dims: bool) -> None:
    path = tmp_path / "analysis.h5"
    write_analysis(path, order, dims=dims)
    poses = load_poses(path, fps=30)
    assert poses["individual"].to_numpy().tolist() == ["a", "b"]
    point = poses.sel(individual="b", keypoint="tail").isel(time=1)
    assert point["position"].to_numpy().tolist() == TRACKS[1, :, 2, 1].tolist()
    assert float(point["confidence"]) == SCORES[1, 2, 1]


def test_analysis_without_tracks(tmp_path: Path) -> None:
    path = tmp_path / "analysis.h5"
    write_analysis(path, (0, 1, 2, 3), dims=False, tracks=1)
    assert load_poses(path, fps=30)["individual"].to_numpy().tolist() == ["mouse"]


def test_points_of_sleap_anipose(tmp_path: Path) -> None:
    path = tmp_path / "points3d.h5"
    points = np.arange(24.0).reshape(2, 2, 2, 3)
    with h5py.File(path, "w") as file:
        file["tracks"] = points
    with pytest.raises(DataError, match=r"does not name its 2 keypoints; put a points3d\.json"):
        load_poses(path, fps=30)
    (tmp_path / "points3d.json").write_text('{"keypoints": ["nose", "tail"]}')
    poses = load_poses(path, fps=30)
    assert poses.attrs["unit"] == "mm"
    chosen = poses["position"].sel(keypoint="tail", individual="individual_1").isel(time=1)
    assert chosen.to_numpy().tolist() == points[1, 1, 1].tolist()


def make_project(path: Path, videos: list[str], *, tracks: bool, session: bool = False) -> None:
    import sleap_io as sio

    skeleton = sio.Skeleton(["nose", "tail"])
    names = [sio.Track("a"), sio.Track("b")]
    films = [sio.Video(name, open_backend=False) for name in videos]
    frames = []
    for v, film in enumerate(films):
        for number in range(2 + v):  # the views differ in length
            instances = [
                sio.PredictedInstance.from_numpy(
                    np.array([[10.0 * v + number, i], [np.nan, np.nan]]),
                    skeleton=skeleton,
                    point_scores=np.array([0.5, 0.5]),
                    score=1.0,
                    track=names[i] if tracks else None,
                )
                for i in range(2)
            ]
            frames.append(sio.LabeledFrame(video=film, frame_idx=number, instances=instances))
    labels = sio.Labels(frames, videos=films, skeletons=[skeleton])
    if session:
        group = sio.CameraGroup([sio.Camera(name=f"cam{n}") for n in range(len(films))])
        recording = sio.RecordingSession(group)
        for camera, film in zip(group.cameras, films, strict=True):
            recording.add_video(film, camera)
        labels.sessions = [recording]
    sio.save_slp(labels, str(path), embed=False)


def test_project_with_one_video(tmp_path: Path) -> None:
    path = tmp_path / "labels.slp"
    make_project(path, ["C:/films/top.mp4"], tracks=True)
    poses = load_poses(path, fps=30)
    assert dict(poses.sizes) == {"time": 2, "space": 2, "keypoint": 2, "individual": 2}
    nose = poses["position"].sel(keypoint="nose", individual="b").to_numpy()
    assert nose.tolist() == [[0, 1], [1, 1]]
    assert poses["position"].sel(keypoint="tail").isnull().all()


@pytest.mark.parametrize(("session", "views"), [(False, ["top", "side"]), (True, ["cam0", "cam1"])])
def test_project_with_views(tmp_path: Path, session: bool, views: list[str]) -> None:
    path = tmp_path / "labels.slp"
    make_project(path, ["C:\\films\\top.mp4", "/films/side.mp4"], tracks=True, session=session)
    poses = load_poses(path, fps=30)
    assert poses["view"].to_numpy().tolist() == views
    nose = poses["position"].sel(keypoint="nose", individual="a").isel(space=0).to_numpy()
    np.testing.assert_array_equal(nose, [[0, 1, np.nan], [10, 11, 12]])


def test_project_without_tracks(tmp_path: Path) -> None:
    path = tmp_path / "labels.slp"
    make_project(path, ["top.mp4"], tracks=False)
    poses = load_poses(path, fps=30)
    assert poses["individual"].to_numpy().tolist() == ["individual_0", "individual_1"]
