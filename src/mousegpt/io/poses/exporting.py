"""Labels of one view, or of a rig, written in the formats of other programs.

What is written is read back by `load_poses`. A confidence below 0.75 means: hidden, a guess.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import scipy.io

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.errors import DataError
from mousegpt.core.poses import CM_PER_UNIT, Poses
from mousegpt.io.atomic import write_atomically

_SURE: Final = 0.75
_MATLAB: Final = b"MATLAB 5.0 MAT-file, written by mousegpt".ljust(116)

Bones = Sequence[tuple[str, str]]


def save_coco(
    poses: Poses, path: Path, *, pictures: Sequence[str], size: tuple[int, int], bones: Bones = ()
) -> None:
    """Write COCO keypoints: visibility 2, 1 for hidden points, 0 for missing ones.

    Parameters
    ----------
    poses
        2-D, of one view.
    pictures
        Name of the picture of each time point.
    size
        Width and height of the pictures, px.
    bones
        Pairs of names, the category's ``skeleton``.
    """
    names, individuals = _read_names(poses, "keypoint"), _read_names(poses, "individual")
    points, confidence = _order(poses)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for row, (frame, picture) in enumerate(zip(poses["frame"].values, pictures, strict=True)):
        image = {"id": row + 1, "file_name": picture, "frame_id": int(frame)}
        images.append(image | {"width": size[0], "height": size[1]})
        for who, individual in enumerate(individuals):
            known = np.isfinite(points[row, who]).all(axis=-1)
            if not known.any():
                continue
            hidden = confidence[row, who] < _SURE
            visibility = np.where(known, np.where(hidden, 1, 2), 0)
            triples = np.column_stack([np.nan_to_num(points[row, who]), visibility])
            low, high = points[row, who][known].min(axis=0), points[row, who][known].max(axis=0)
            box = np.concatenate([low, high - low]).tolist()
            annotation = {
                "id": len(annotations) + 1, "image_id": row + 1, "category_id": 1, "iscrowd": 0,
                "bbox": box, "area": box[2] * box[3], "num_keypoints": int(known.sum()),
                "keypoints": triples.ravel().tolist(),
            }  # fmt: skip
            whose = {"track_id": individual} if _several(poses) else {}
            annotations.append(annotation | whose)
    skeleton = [[names.index(a) + 1, names.index(b) + 1] for a, b in bones]
    category = {"id": 1, "name": "mouse", "keypoints": names, "skeleton": skeleton}
    content = {"images": images, "annotations": annotations, "categories": [category]}
    write_atomically(path, json.dumps(content, indent=1).encode())


def save_deeplabcut(
    poses: Poses, path: Path, *, pictures: Sequence[str], folder: str, scorer: str = "mousegpt"
) -> None:
    """Write the csv of a DeepLabCut data set; hidden points are written as any other.

    Parameters
    ----------
    poses
        2-D, of one view.
    pictures, folder
        The pictures and the folder in ``labeled-data`` in which DeepLabCut looks for them.
    """
    names, individuals = _read_names(poses, "keypoint"), _read_names(poses, "individual")
    points, _ = _order(poses)
    columns = [(who, name, axis) for who in individuals for name in names for axis in ("x", "y")]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    head = {"scorer": [scorer] * len(columns), "individuals": [c[0] for c in columns],
            "bodyparts": [c[1] for c in columns], "coords": [c[2] for c in columns]}  # fmt: skip
    if not _several(poses):
        del head["individuals"]
    for title, cells in head.items():
        table.writerow([title, "", "", *cells])
    for picture, row in zip(pictures, points, strict=True):
        cells = ["" if np.isnan(value) else repr(float(value)) for value in row.ravel()]
        table.writerow(["labeled-data", folder, picture, *cells])
    write_atomically(path, text.getvalue().encode())


def save_sleap(poses: Poses, path: Path, *, video: Path, bones: Bones = ()) -> None:
    """Write a SLEAP project with one video; hidden points are not ``visible``.

    Parameters
    ----------
    poses
        2-D, of one view.
    video
        The video, or a folder whose pictures in the order of their names are the frames.
    """
    import sleap_io

    names, individuals = _read_names(poses, "keypoint"), _read_names(poses, "individual")
    points, confidence = _order(poses)
    skeleton = sleap_io.Skeleton(nodes=names, edges=list(bones), name="mouse")
    film = sleap_io.Video(filename=str(video), open_backend=False)
    tracks = [sleap_io.Track(name) for name in individuals] if _several(poses) else [None]
    frames = []
    for frame, of_frame, sure in zip(poses["frame"].values, points, confidence, strict=True):
        instances = []
        for track, animal, certainty in zip(tracks, of_frame, sure, strict=True):
            if np.isfinite(animal).any():
                instance = sleap_io.Instance.from_numpy(animal, skeleton=skeleton, track=track)
                instance.points["visible"] &= ~(certainty < _SURE)
                instances.append(instance)
        frames.append(sleap_io.LabeledFrame(film, frame_idx=int(frame), instances=instances))
    labels = sleap_io.Labels(frames, videos=[film], skeletons=[skeleton])
    write_atomically(path, lambda part: _write_slp(labels, part))


def save_label3d(poses: Poses, points: Poses, calibration: Calibration, path: Path) -> None:
    """Write the file that Label3D exports for DANNCE: labels, cameras, times, mm.

    ``data_frame`` counts from 0, ``data_sampleID`` from 1. There is no place for hidden points:
    they are written as any other.

    Parameters
    ----------
    poses
        2-D, with the dimension ``view``, one animal.
    points
        3-D, of the same frames, in cm, mm or m.
    """
    if _several(poses):
        raise DataError("Expected one animal for Label3D, found several; export another format.")
    names, views = _read_names(poses, "keypoint"), list(calibration.views)
    frames = poses["frame"].to_numpy().astype(np.float64)
    scale = 10 * CM_PER_UNIT[points.attrs["unit"]]
    solid = points["position"].isel(individual=0).transpose("time", "keypoint", "space") * scale
    labels, params, sync = (np.empty((len(views), 1), object) for _ in range(3))
    for row, view in enumerate(views):
        flat = poses["position"].sel(view=view).isel(individual=0)
        labels[row, 0] = {
            "data_2d": flat.transpose("time", "keypoint", "space").to_numpy().reshape(
                len(frames), -1),
            "data_3d": solid.to_numpy().reshape(len(frames), -1),
            "data_frame": frames[None], "data_sampleID": frames[:, None] + 1,
        }  # fmt: skip
        sync[row, 0] = labels[row, 0]
        camera = calibration.cameras[view]
        k1, k2, p1, p2, k3 = camera.distortion
        params[row, 0] = {
            "K": camera.K.T, "r": camera.R.T, "t": 10 * camera.t[None],
            "RDistort": np.array([[k1, k2, k3]]), "TDistort": np.array([[p1, p2]]),
        }  # fmt: skip
    content: dict[str, Any] = {"labelData": labels, "params": params, "sync": sync}
    content["camnames"] = np.array(views, object)[:, None]
    content["joint_names"] = np.array(names, object)[:, None]
    stream = io.BytesIO()
    scipy.io.savemat(stream, content)  # type: ignore[arg-type]
    write_atomically(path, _MATLAB + stream.getvalue()[len(_MATLAB) :])  # no time of writing


def _write_slp(labels: Any, part: Path) -> None:
    import sleap_io

    whole: Callable[..., None] = sleap_io.save_slp
    renamed = part.with_suffix(".slp")  # the library insists on its ending
    try:
        whole(labels, str(renamed), embed=False)
        renamed.replace(part)
    finally:
        renamed.unlink(missing_ok=True)


def _read_names(poses: Poses, dim: str) -> list[str]:
    return [str(name) for name in poses[dim].to_numpy()]


def _several(poses: Poses) -> bool:
    return int(poses.sizes["individual"]) > 1


def _order(poses: Poses) -> tuple[FloatArray, FloatArray]:
    """Return points (time, individual, keypoint, 2) and confidence without the last."""
    points = poses["position"].transpose("time", "individual", "keypoint", "space").to_numpy()
    confidence = poses["confidence"].transpose("time", "individual", "keypoint").to_numpy()
    return points, confidence
