"""Pictures of the mouse cut from the videos: two perpendicular views where a rig is calibrated."""

from __future__ import annotations

import hashlib
import io
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.calibration import Camera
from mousegpt.core.poses import CM_PER_UNIT, Poses, build_poses
from mousegpt.core.recording import Recording
from mousegpt.io.poses import load_poses
from mousegpt.io.video import read_frames
from mousegpt.pipeline.chain import Job
from mousegpt.pipeline.contents import Contents, load_contents
from mousegpt.pipeline.project import Project
from mousegpt.plots.skeletons import plot_skeletons
from mousegpt.vision.boxes import compute_background, compute_boxes, find_moving_box
from mousegpt.vision.moments import make_grid
from mousegpt.vision.mosaic import make_mosaic, select_orthogonal_views

#: Space left around the mouse, as a share of the picture's width. The paper's 35 px of 3840 would
#: be 3 px of a small video and cut into whiskers and tail.
_PADDING = 0.03
_N_BACKGROUND = 25
_SEARCH_WIDTH = 640
_NOWHERE = np.full(4, np.nan)

#: Where networks found the mouse in fewer of their frames, it is looked for by its motion.
_LEAST_KNOWN = 0.8
_REACH_S = 0.15  # from a frame that networks looked at to one that is shown

Key = tuple[str, int]  # individual, frame


def choose_views(contents: Contents) -> tuple[str, ...]:
    """Return the two most perpendicular side views, or the first one or two there are."""
    videos, calibration = tuple(contents.videos), contents.calibration
    if calibration is not None:
        calibrated = tuple(view for view in videos if view in calibration.views)
        if len(calibrated) >= 2:
            return select_orthogonal_views(calibration.select(calibrated))
    return videos[:2]


def picture_frames(
    contents: Contents, shown: Mapping[Key, Sequence[int]], views: Sequence[str]
) -> Iterator[tuple[Key, ImageArray]]:
    """Cut the mouse out of its videos at the given frames, picture by picture.

    Parameters
    ----------
    shown
        The frames that the picture of each individual and frame shows, increasing, that frame
        among them. All are cut with one box, that of the frame itself.

    Yields
    ------
    key, image
        In the order of frames. RGB mosaics, shape (448, 896, 3), or (448, 448, 3) of one view;
        of several frames, their grid. Without poses, and in views in which networks found the
        mouse in fewer than 80 % of the frames, the box is found by motion, and all individuals
        share it.
    """
    ordered = dict(sorted(shown.items(), key=lambda item: item[0][1]))
    tiles = [_cut_tiles(contents, view, ordered) for view in views]
    for key, *cut in zip(ordered, *tiles, strict=True):
        mosaics = [np.concatenate(of_frame, axis=1) for of_frame in zip(*cut, strict=True)]
        yield key, make_grid(mosaics)


def name_picture(recording: str, individual: str, frame: int, ending: str = ".jpg") -> str:
    """Return where the picture of a frame is kept, relative to the project.

    Names of individuals come from pose files and may hold anything.

    >>> name_picture("r1", "mouse", 12)
    'frames/r1/000012-mouse.jpg'
    >>> name_picture("r1", "../m", 12)
    'frames/r1/000012-_m-921260.jpg'
    """
    safe = re.sub(r"[^\w-]+", "_", individual)
    if safe != individual:
        safe += "-" + hashlib.sha256(individual.encode()).hexdigest()[:6]
    return f"frames/{recording}/{frame:06d}-{safe}".rstrip("-") + ending


def encode_jpeg(image: ImageArray, quality: int = 88) -> bytes:
    """Encode an RGB image."""
    _, encoded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return encoded.tobytes()


def read_picture(path: Path) -> ImageArray:
    """Read back a picture of the project, RGB."""
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR_RGB), dtype=np.uint8)


def _cut_tiles(
    contents: Contents, view: str, shown: Mapping[Key, Sequence[int]]
) -> Iterator[list[ImageArray]]:
    """Yield the tiles of every key, in the order of frames."""
    info = contents.videos[view]
    boxes = find_boxes(contents, view, [frame for _, frame in shown])
    finder = None if boxes else _MotionFinder(info.path, info.n_frames, info.width)
    for (individual, frame), its in read_shown_frames(info.path, shown):
        box = boxes.get(frame, {}).get(individual, _NOWHERE)
        box = finder.find_box(its[frame]) if finder else box
        yield [make_mosaic(image, box) for image in its.values()]


def read_shown_frames(
    path: Path, shown: Mapping[Key, Sequence[int]]
) -> Iterator[tuple[Key, dict[int, ImageArray]]]:
    """Yield the pictures of every key, by frame; held only while needed, since they are large.

    Keys are in the order of frames.
    """
    waiting, held = deque(shown.items()), dict[int, ImageArray]()
    for number, image in read_frames(path, sorted({f for its in shown.values() for f in its})):
        held[number] = image
        while waiting and waiting[0][1][-1] <= number:
            key, its = waiting.popleft()
            yield key, {frame: held[frame] for frame in its}
        first = waiting[0][1][0] if waiting else number
        held = {f: picture for f, picture in held.items() if f >= first}


class _MotionFinder:
    """Finds a thing of the mouse's size before a still background, in pictures made small."""

    def __init__(self, path: Path, n_frames: int, width: int) -> None:
        self._scale = min(1.0, _SEARCH_WIDTH / width)
        self._padding = _PADDING * width * self._scale
        sampled = np.unique(np.linspace(0, n_frames - 1, _N_BACKGROUND).round().astype(int))
        images = [self._shrink(image) for _, image in read_frames(path, sampled)]
        self._background = compute_background(np.stack(images))
        found = [find_moving_box(image, self._background, padding_px=0) for image in images]
        sizes = [np.sqrt((box[2] - box[0]) * (box[3] - box[1])) for box in found]
        known = [float(size) for size in sizes if size > 0]
        self._size = float(np.median(known)) if known else None

    def find_box(self, image: ImageArray) -> FloatArray:
        box = find_moving_box(
            self._shrink(image), self._background, size_px=self._size, padding_px=self._padding
        )
        return box / self._scale

    def _shrink(self, image: ImageArray) -> ImageArray:
        size = (round(image.shape[1] * self._scale), round(image.shape[0] * self._scale))
        return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def find_boxes(
    contents: Contents, view: str, frames: Sequence[int]
) -> dict[int, dict[str, FloatArray]]:
    """Return the box of every individual in every frame, from poses; empty without good ones."""
    poses = see_poses(contents, view)
    if poses is None:
        return {}
    padding_px = _PADDING * contents.videos[view].width
    found = compute_boxes(poses, padding_px=padding_px).transpose("time", "individual", "edge")
    boxes, seen = found.to_numpy(), poses["frame"].to_numpy()
    reach = 0.0
    if contents.recording.estimated:
        if np.isfinite(boxes).all(axis=2).any(axis=1).mean() < _LEAST_KNOWN:
            return {}
        # networks may have looked at every n-th frame only; a mouse does not go far in between
        reach = _REACH_S * poses.attrs["fps"]
    nearest = {frame: int(np.abs(seen - frame).argmin()) for frame in frames if len(seen)}
    names = [str(name) for name in poses["individual"].to_numpy()]
    return {
        frame: dict(zip(names, boxes[i], strict=True))
        for frame, i in nearest.items()
        if abs(seen[i] - frame) <= reach
    }


def see_poses(contents: Contents, view: str) -> Poses | None:
    """Return the 2-D poses of a view: as tracked, or 3-D poses projected by its camera."""
    tracked = contents.views
    if view in tracked or (list(tracked) == [""] and len(contents.videos) == 1):
        return tracked.get(view, tracked.get(""))
    solid = contents.poses.get("")
    cameras = contents.calibration.cameras if contents.calibration else {}
    if solid is None or solid.sizes["space"] != 3 or view not in cameras:
        return None
    return _project(solid, cameras[view])


def _project(poses: Poses, camera: Camera) -> Poses:
    ordered = poses["position"].transpose("time", "keypoint", "individual", "space").to_numpy()
    pixels = camera.project(ordered * CM_PER_UNIT[poses.attrs["unit"]])
    return build_poses(
        pixels.transpose(0, 3, 1, 2),
        keypoints=[str(name) for name in poses["keypoint"].to_numpy()],
        fps=poses.attrs["fps"],
        unit="px",
        individuals=[str(name) for name in poses["individual"].to_numpy()],
        frames=poses["frame"].to_numpy(),
    )


def draw_frames(
    job: Job, recording: Recording, keys: Sequence[Key]
) -> Iterator[tuple[Key, ImageArray]]:
    """Picture frames from the videos of a recording, or as stick figures where there is none."""
    if not keys:
        return
    contents = load_contents(recording, job.project.skeleton)
    if recording.videos:
        alone = {key: (key[1],) for key in keys}
        yield from picture_frames(contents, alone, choose_views(contents))
        return
    poses = load_poses(locate_arrays(job.project, recording.id))
    for individual, frame in keys:
        chosen = poses.sel(individual=[individual])
        yield (individual, frame), _rasterize(plot_skeletons(chosen, [frame], captions=[""]))


def locate_arrays(project: Project, unit: str) -> Path:
    """Return where the step "poses" leaves the poses themselves."""
    return project.table("poses", unit, "arrays").with_suffix(".nc")


def _rasterize(ax: Axes) -> ImageArray:
    stream = io.BytesIO()
    get_figure(ax).savefig(stream, format="png", dpi=200)
    encoded = np.frombuffer(stream.getvalue(), dtype=np.uint8)
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB), dtype=np.uint8)


def get_figure(ax: Axes) -> Figure:
    """Return the figure of an axes."""
    figure = ax.get_figure(root=True)
    assert figure is not None  # plots make a figure when they are given none
    return figure
