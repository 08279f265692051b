"""Packs of labelled pictures: rendered scenes, synthetic studies, labels of a laboratory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

import cv2
import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.core.skeleton_map import SkeletonMap, apply_skeleton_map, guess_skeleton_map
from mousegpt.io.poses import load_poses
from mousegpt.io.tables import load_table
from mousegpt.training.rendering import Report, render_missing
from mousegpt.training.samples import Sample, enclose_points, name_pack, save_pack

_PICTURES: Final = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
_PER_PACK: Final = 8  # labelled frames that lie side by side in time


def pack_scenes(
    folder: Path,
    n_scenes: Annotated[int, Field(ge=1)],
    *,
    n_pictures: Annotated[int, Field(ge=1)] = 24,
    size_px: Annotated[int, Field(ge=64)] = 768,
    seed: Annotated[int, Field(ge=0)] = 0,
    n_processes: int | None = None,
    report: Report = lambda done, total, message: None,
) -> None:
    """Render scenes of synthetic mice, a pack each; scenes that are there are kept.

    Parameters
    ----------
    n_pictures
        Of each scene.
    n_processes
        How many work at once; None takes all cores.

    Raises
    ------
    BackendError
        When this machine cannot render.
    """
    render_missing(
        partial(_pack_scene, folder, n_pictures=n_pictures, size_px=size_px, seed=seed),
        n_scenes,
        lambda number: name_pack(folder, f"scene{seed}", number).exists(),
        n_processes=n_processes,
        report=report,
    )


def pack_study(
    study: Path,
    folder: Path,
    *,
    every: Annotated[int, Field(ge=1)] = 30,
    report: Report = lambda done, total, message: None,
) -> None:
    """Take every so-many-th frame of all videos of a synthetic study, a pack a video.

    Raises
    ------
    DataError
        When the study has no videos.
    """
    truths = sorted((study / "truth").glob("*.pixels.parquet"))
    if not truths:
        raise DataError(f"Expected a synthetic study with videos in {study}, found none; make it "
                        "with mousegpt synth --videos.")  # fmt: skip
    for number, truth in enumerate(truths):
        video = study / "videos" / f"{truth.name.removesuffix('.pixels.parquet')}.mp4"
        path = name_pack(folder, f"study-{video.stem}", 0)
        if not path.exists():
            save_pack(path, _read_study(video, load_table(truth), every))
        report(number + 1, len(truths), video.stem)


def pack_labels(
    labels: Path, pictures: Path, folder: Path, *, skeleton: SkeletonMap | None = None
) -> int:
    """Make packs of the frames that a laboratory labelled.

    Parameters
    ----------
    labels
        2-D labels of one view, in any format of `load_poses` (COCO, DeepLabCut, SLEAP, …).
    pictures
        The video, or a folder of pictures. A picture belongs to the frame whose number its name
        ends in; where names have no such numbers, pictures in the order of their names belong to
        frames in order.
    skeleton
        From the names of the labels to ours; guessed when left out. Keypoints that the labels do
        not have stay unknown and are not trained.

    Returns
    -------
    int
        Number of labelled pictures.

    Raises
    ------
    DataError
        When the labels are 3-D or of several views, or no picture fits.
    """
    poses = load_poses(labels, fps=1.0)
    if poses.attrs["unit"] != "px" or "view" in poses.dims:
        raise DataError(
            f"Expected 2-D labels of one view in {labels}, found {poses.attrs['unit']} in "
            f"{'several views' if 'view' in poses.dims else 'one'}; export each view by itself."
        )
    names = [str(name) for name in poses["keypoint"].to_numpy()]
    poses = apply_skeleton_map(poses, skeleton or guess_skeleton_map(names))
    labelled = poses["position"].notnull().all("space").any(("keypoint", "individual"))
    poses = poses.isel(time=np.flatnonzero(labelled.to_numpy()))
    if not poses.sizes["time"]:
        raise DataError(f"Expected labels of our keypoints in {labels}, found {', '.join(names)}.")
    # two views may both be labelled in a file of that name, each in its own folder
    stem = f"labels-{labels.stem}-{sha256(str(labels.resolve()).encode()).hexdigest()[:6]}"
    samples: list[Sample] = []
    n_packs = 0
    for image, points, confidence in _pair_pictures(poses, pictures):
        samples.append(_label(image, points, confidence))
        if len(samples) == _PER_PACK:
            save_pack(name_pack(folder, stem, n_packs), samples)
            samples, n_packs = [], n_packs + 1
    if samples:
        save_pack(name_pack(folder, stem, n_packs), samples)
    return int(poses.sizes["time"])


def _pack_scene(folder: Path, number: int, *, n_pictures: int, size_px: int, seed: int) -> None:
    from mousegpt.training.scenes import render_scene

    samples = render_scene(number, n_pictures=n_pictures, size_px=size_px, seed=seed)
    save_pack(name_pack(folder, f"scene{seed}", number), samples)


def _read_study(video: Path, truth: pd.DataFrame, every: int) -> Iterator[Sample]:
    from mousegpt.io.video import read_frames

    rows = truth.sort_values("frame").iloc[::every]
    columns = [[f"{name}_x", f"{name}_y"] for name in KEYPOINTS]
    points = np.stack([rows[pair].to_numpy(np.float64) for pair in columns], axis=1)
    visible = rows[[f"{name}_visible" for name in KEYPOINTS]].to_numpy(bool)
    images = read_frames(video, rows["frame"].tolist())
    for (_, image), at, seen in zip(images, points, visible, strict=True):
        boxes = enclose_points(at[None], seen[None])
        known = np.isfinite(boxes).all(axis=1)
        yield Sample(image, boxes[known], at[None][known], seen[None][known])


def _pair_pictures(
    poses: Poses, pictures: Path
) -> Iterator[tuple[ImageArray, FloatArray, FloatArray]]:
    """Yield picture, points (individual, 24, 2) and confidence (individual, 24)."""
    points = poses["position"].transpose("time", "individual", "keypoint", "space").to_numpy()
    confidence = poses["confidence"].transpose("time", "individual", "keypoint").to_numpy()
    frames = poses["frame"].to_numpy().tolist()
    images = _open_pictures(pictures, frames)
    yield from zip(images, points, confidence, strict=True)


def _open_pictures(pictures: Path, frames: Sequence[int]) -> Iterator[ImageArray]:
    if not pictures.is_dir():
        from mousegpt.io.video import read_frames

        return (image for _, image in read_frames(pictures, frames))
    files = sorted(path for path in pictures.iterdir() if path.suffix.lower() in _PICTURES)
    numbers = [re.findall(r"\d+", path.stem)[-1:] for path in files]
    by_number = {int(found[0]): path for found, path in zip(numbers, files, strict=True) if found}
    if all(frame in by_number for frame in frames):
        return (_read_picture(by_number[frame]) for frame in frames)
    if max(frames) < len(files):
        return (_read_picture(files[frame]) for frame in frames)
    raise DataError(
        f"Expected a picture for each of {len(frames)} labelled frames in {pictures}, found "
        f"{len(files)} pictures; number them as the labels do."
    )


def _read_picture(path: Path) -> ImageArray:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise DataError(f"The picture {path} cannot be read; copy it again.")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _label(image: ImageArray, points: FloatArray, confidence: FloatArray) -> Sample:
    known = np.asarray(np.isfinite(points).all(axis=-1))
    visible = known & ~(confidence < 0.75)  # COCO's "hidden" is 0.5; unknown counts as visible
    boxes = enclose_points(points, known)
    there = np.isfinite(boxes).all(axis=1)
    return Sample(image, boxes[there], points[there], visible[there])
