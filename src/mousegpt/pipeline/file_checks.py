"""Do the files of a recording fit each other? One question a function, each yields problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from mousegpt.io.problems import Problem
from mousegpt.pipeline.contents import Contents, name_column, name_video_column

_FRAME_TOLERANCE: Final = 2  # cameras seldom stop at the same frame
_FRAME_SHARE: Final = 0.01  # … but a hundredth of the recording is no accident
_FPS_TOLERANCE: Final = 0.01  # relative; 29.97 is not 30, yet harmless
_MIN_FRAMES: Final = 10  # fewer tell nothing about a rate
_OUTSIDE_SHARE: Final = 0.05


def check_videos(contents: Contents) -> Iterator[Problem]:
    """Ask whether each video is whole, long enough, and as fast as declared."""
    declared = contents.recording.fps
    for view, video in contents.videos.items():
        column = name_video_column(contents.recording, view)
        if video.n_frames < 2:
            yield contents.problem(
                column,
                f"Expected a film, found {video.n_frames} frame(s).",
                "Name the film, not a picture of it.",
            )
        if not video.complete:
            yield contents.problem(
                column,
                f"The video is not whole: {video.fault} ({video.n_frames} frames are there).",
                "Copy it again; what is missing is not analysed.",
                "warning",
            )
        if video.n_hidden:
            yield contents.problem(
                column,
                f"The file hides {video.n_hidden} of its {video.n_frames + video.n_hidden} stored "
                "frames from players (edit list), so that programs may number frames differently.",
                "Write it anew with ffmpeg if the poses count other frames.",
                "warning",
            )
        if video.variable_rate:
            yield contents.problem(
                column,
                "The video's frame rate varies, so that frames are not evenly spaced in time.",
                "Convert it to a constant rate if speeds matter.",
                "warning",
            )
        if declared and abs(video.fps - declared) > _FPS_TOLERANCE * declared:
            yield contents.problem(
                "fps",
                f"recordings.csv says {declared:g} frames per second, the video {video.fps:.5g}.",
                "Leave fps empty to trust the video; a high-speed camera may play slowly.",
                "warning",
            )


def check_synchrony(contents: Contents) -> Iterator[Problem]:
    """Ask whether the views have the same rate and length."""
    videos = contents.videos
    if len(videos) < 2:
        return
    rates = {view: video.fps for view, video in videos.items() if video.n_frames >= _MIN_FRAMES}
    lengths = {view: video.n_frames for view, video in videos.items()}
    if rates and max(rates.values()) > (1 + _FPS_TOLERANCE) * min(rates.values()):
        yield contents.problem(
            "video",
            f"The views differ in frames per second: {_list_values(rates)} (allowed: 1 %).",
            "Name videos of the same recording, or convert them to one rate.",
        )
    difference = max(lengths.values()) - min(lengths.values())
    if difference > _FRAME_TOLERANCE:
        gross = difference > _FRAME_SHARE * max(lengths.values())
        yield contents.problem(
            "video",
            f"The views differ in length: {_list_values(lengths)} frames (allowed: "
            f"{_FRAME_TOLERANCE}).",
            "Name videos of the same recording that start with the same frame.",
            "error" if gross else "warning",
        )


def check_pose_lengths(contents: Contents) -> Iterator[Problem]:
    """Ask whether the poses are as long as their video."""
    if not contents.videos:
        return
    for view, poses in contents.poses.items():
        column = name_column(view)
        video = contents.videos.get(view) or next(iter(contents.videos.values()))
        frames = poses["frame"].values
        length = int(frames[-1]) + 1 if frames.size else 0
        remedy = "Name the poses that were tracked in this video."
        if length > video.n_frames + _FRAME_TOLERANCE:
            message = f"The poses go to frame {length - 1}, the video has {video.n_frames} frames."
            yield contents.problem(column, message, remedy)
        elif length < video.n_frames - _FRAME_TOLERANCE and frames.size == length:
            message = f"The poses end at frame {length - 1}, the video has {video.n_frames} frames."
            yield contents.problem(column, message, remedy, "warning")


def check_picture(contents: Contents) -> Iterator[Problem]:
    """Ask whether 2-D points lie in their video's picture."""
    for view, poses in contents.views.items():
        video = contents.videos.get(view)
        if video is None and len(contents.videos) == len(contents.views) == 1:
            video = next(iter(contents.videos.values()))
        if video is None or poses.attrs["unit"] != "px":
            continue
        points = poses["position"].transpose(..., "space").values
        points = points[np.isfinite(points).all(axis=-1)]
        size = np.array([video.width, video.height])
        outside = ((points < -0.05 * size) | (points > 1.05 * size)).any(axis=-1)
        if points.size and outside.mean() > _OUTSIDE_SHARE:
            x, y = np.quantile(points, 0.99, axis=0)
            yield contents.problem(
                name_column(view),
                f"{outside.mean():.0%} of the points lie outside the picture of "
                f"{video.width}x{video.height} px (they reach {x:.0f}, {y:.0f}).",
                "Name the video (and its resolution) in which they were tracked.",
                "warning",
            )


def check_calibration(contents: Contents) -> Iterator[Problem]:
    """Ask whether each view has a camera, and of its video's size."""
    calibration = contents.calibration
    if calibration is None:
        return
    pose_views = [view for view in contents.views if view]
    for view in dict.fromkeys([*pose_views, *contents.videos]):
        if view not in calibration.views:
            yield contents.problem(
                "calibration",
                f"The calibration has no camera '{view}'; it has {', '.join(calibration.views)}.",
                "Use the same names in recordings.csv.",
                "error" if view in pose_views else "warning",
            )
            continue
        size, video = calibration.cameras[view].size, contents.videos.get(view)
        if video is not None and size not in ((0, 0), (video.width, video.height)):
            yield contents.problem(
                "calibration",
                f"The camera '{view}' was calibrated at {size[0]}x{size[1]} px, its video has "
                f"{video.width}x{video.height}.",
                "Name the calibration of this resolution; are two views swapped?",
            )


def _list_values(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.5g}" for name, value in values.items())
