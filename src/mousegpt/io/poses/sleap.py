"""SLEAP projects (.slp) and SLEAP analysis files (.h5), and 3-D points of sleap-anipose."""

from __future__ import annotations

import json
from pathlib import Path, PureWindowsPath
from typing import Any

import h5py
import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError
from mousegpt.io.poses.raw import RawPoses
from mousegpt.io.poses.registry import Peek, register_format
from mousegpt.io.poses.sidecar import find_keypoints

_ANALYSIS_DIMS = ("track", "xy", "node", "frame")


@register_format(
    "SLEAP slp", "hdf5", (".slp",), lambda peek: {"metadata", "frames", "instances"} <= peek.keys
)
def read_sleap_project(path: Path) -> RawPoses:
    """Read labels and predictions; several videos become views.

    Views go by the camera names of the session, else by the names of the videos.
    """
    import sleap_io

    labels = sleap_io.load_slp(str(path), open_videos=False, lazy=True)
    if len(labels.skeletons) != 1:
        raise DataError(f"expected one skeleton, found {len(labels.skeletons)}; export each alone.")
    cameras: dict[int, str] = {
        id(session.get_video(camera)): camera.name
        for session in labels.sessions
        for camera in session.cameras
        if session.get_video(camera) is not None
    }
    blocks, views = [], []
    for video in labels.videos:
        untracked = not labels.tracks
        blocks.append(labels.numpy(video=video, untracked=untracked, return_confidence=True))
        views.append(cameras.get(id(video)) or _video_stem(video.filename))
    points = _pad(blocks, _find_starts(path, blocks))  # view, frame, track, node, (x, y, score)
    position = np.moveaxis(points[..., :2], (2, 3, 4), (4, 3, 2))
    confidence = np.moveaxis(points[..., 2], 2, 3)
    tracks = [track.name for track in labels.tracks]
    one = len(views) == 1
    return RawPoses(
        position[0] if one else position,
        confidence[0] if one else confidence,
        labels.skeletons[0].node_names,
        "SLEAP",
        tracks or _count_individuals(points.shape[2]),
        None if one else views,
    )


@register_format(
    "SLEAP analysis h5", "hdf5", (".h5",), lambda peek: {"tracks", "node_names"} <= peek.keys
)
def read_sleap_analysis(path: Path) -> RawPoses:
    """Read the dense arrays of one video, in any order of their dimensions."""
    with h5py.File(path) as file:
        tracks = _order(file["tracks"], _ANALYSIS_DIMS)
        scores = None
        if "point_scores" in file:
            scores = _order(file["point_scores"], ("track", "node", "frame"))
        nodes = _read_names(file["node_names"])
        names = _read_names(file["track_names"]) if "track_names" in file else []
    return RawPoses(
        np.moveaxis(tracks, (3, 1, 2, 0), (0, 1, 2, 3)),
        None if scores is None else np.moveaxis(scores, (2, 1, 0), (0, 1, 2)),
        nodes,
        "SLEAP",
        names or _count_individuals(tracks.shape[0]),
    )


def _has_only_tracks(peek: Peek) -> bool:
    return "tracks" in peek.keys and "node_names" not in peek.keys


@register_format("Anipose h5", "hdf5", (".h5",), _has_only_tracks)
def read_sleap_anipose(path: Path) -> RawPoses:
    """Read triangulated points, shape (frame, track, node, 3); names come from a file beside."""
    with h5py.File(path) as file:
        points = np.asarray(file["tracks"], dtype=np.float64)
    if points.ndim != 4 or points.shape[3] != 3:
        raise DataError(
            f"expected 'tracks' of shape (frame, track, node, 3), found {points.shape}; is this "
            "a SLEAP analysis file without node names? Export it again."
        )
    return RawPoses(
        np.moveaxis(points, (1, 2, 3), (3, 2, 1)),
        None,
        find_keypoints(path, points.shape[2]),
        "sleap-anipose",
        _count_individuals(points.shape[1]),
    )


def _order(dataset: h5py.Dataset, wanted: tuple[str, ...]) -> FloatArray:
    stored = json.loads(dataset.attrs["dims"]) if "dims" in dataset.attrs else list(wanted)
    array = np.asarray(dataset, dtype=np.float64)
    return np.transpose(array, [stored.index(dim) for dim in wanted])


def _read_names(dataset: h5py.Dataset) -> list[str]:
    return [n.decode("utf-8") if isinstance(n, bytes) else str(n) for n in dataset[:].tolist()]


def _count_individuals(count: int) -> list[str] | None:
    return None if count == 1 else [f"individual_{number}" for number in range(count)]


def _video_stem(filename: Any) -> str:
    first = filename[0] if isinstance(filename, list) else filename
    return PureWindowsPath(str(first)).stem  # takes both kinds of slashes


def _find_starts(path: Path, blocks: list[FloatArray]) -> list[int]:
    """Return the frame to which the first row of each video's array belongs.

    The library's arrays end with the last frame that has an instance, and begin with the first.
    """
    with h5py.File(path) as file:
        frames, videos = file["frames"]["frame_idx"].astype(np.int64), file["frames"]["video"]
    lasts = [int(frames[videos == i].max(initial=-1)) for i in range(len(blocks))]
    return [max(last + 1 - len(block), 0) for last, block in zip(lasts, blocks, strict=True)]


def _pad(blocks: list[FloatArray], starts: list[int]) -> FloatArray:
    """Stack arrays that begin and end at different frames; what is missing is NaN."""
    ends = [start + len(block) for start, block in zip(starts, blocks, strict=True)]
    shape = (max(ends), max(b.shape[1] for b in blocks), *blocks[0].shape[2:])
    stacked = np.full((len(blocks), *shape), np.nan)
    for place, (block, start) in enumerate(zip(blocks, starts, strict=True)):
        stacked[place, start : start + len(block), : block.shape[1]] = block
    return stacked
