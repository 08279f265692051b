"""COCO keypoint annotations (.json)."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from mousegpt.core.errors import DataError
from mousegpt.io.poses.raw import RawPoses
from mousegpt.io.poses.registry import register_format

_FRAME_KEYS = ("frame_id", "frame_index", "frame_idx", "frame")


@register_format(
    "COCO json", "json", (".json",), lambda peek: {"images", "annotations"} <= peek.keys
)
def read_coco(path: Path) -> RawPoses:
    """Read annotated images; animals are told apart by ``track_id``, else by their order.

    Visibility 0 is missing, 1 (hidden, guessed) becomes a confidence of 0.5 and 2 one of 1.
    """
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    keypoints = _read_keypoints(content)
    images = {image["id"]: image for image in content["images"]}
    frames = _read_frames(list(images.values()))
    order = np.argsort(list(frames.values()), kind="stable")
    every = np.array(list(frames.values()))[order]
    time = {image: int(np.searchsorted(every, frame)) for image, frame in frames.items()}
    cells: dict[tuple[int, str], Any] = {}
    seen: dict[Any, int] = {}
    for annotation in content["annotations"]:
        if not annotation.get("keypoints"):
            continue
        image = annotation["image_id"]
        who = str(annotation.get("track_id", seen.get(image, 0)))
        seen[image] = seen.get(image, 0) + 1
        if (time[image], who) in cells:
            raise DataError(f"image {image} has two annotations of the animal '{who}'.")
        cells[time[image], who] = np.reshape(annotation["keypoints"], (len(keypoints), 3))
    individuals = sorted({who for _, who in cells})
    dense = np.full((len(every), len(keypoints), max(len(individuals), 1), 3), np.nan)
    for (row, who), points in cells.items():
        dense[row, :, individuals.index(who)] = points
    visibility = dense[..., 2]
    scale = 2 if np.isin(visibility[np.isfinite(visibility)], (0, 1, 2)).all() else 1
    missing = visibility == 0
    position = np.where(missing[..., None], np.nan, dense[..., :2])
    return RawPoses(
        np.moveaxis(position, 3, 1),
        visibility / scale,
        keypoints,
        "COCO",
        individuals if len(individuals) > 1 else None,
        frames=every,
    )


def _read_keypoints(content: dict[str, Any]) -> list[str]:
    named = [c["keypoints"] for c in content.get("categories", []) if c.get("keypoints")]
    if not named or any(names != named[0] for names in named):
        raise DataError("expected one list of keypoint names in 'categories'; add it.")
    return [str(name) for name in named[0]]


def _read_frames(images: list[dict[str, Any]]) -> dict[Any, int]:
    """Return the frame of each image: as stated, from the file names, or the order of images."""
    stated = [next((int(i[k]) for k in _FRAME_KEYS if k in i), None) for i in images]
    paths = [PurePosixPath(str(i.get("file_name", "")).replace("\\", "/")) for i in images]
    digits = [re.findall(r"\d+", path.stem)[-1:] for path in paths]
    frames = [-1 if frame is None else frame for frame in stated]
    if None in stated:
        one_folder = len({path.parent for path in paths}) == 1 and all(digits)
        frames = [int(d[0]) for d in digits] if one_folder else list(range(len(images)))
    if len(set(frames)) != len(frames):
        frames = list(range(len(images)))
    return {image["id"]: frame for image, frame in zip(images, frames, strict=True)}
