"""Labelled pictures of real mice: which of our keypoints their labels are, and who is tested on.

The cylinder (five cameras, pictures of two) names no keypoints. What each is was read off the
pictures and the 3-D labels: in all 28 frames that tell, the first ear lies to the left of the body
axis, and so do its like-numbered limbs. Left out, because nothing of ours lies there: the middle of
the back (between SpineG and SpineH) and the second point of each limb (8.5 mm above the forepaw,
where our wrist is at 4; 12 mm from the hind paw, but higher than our ankle).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
import pandas as pd

from mousegpt.core.arrays import BoolArray, FloatArray, ImageArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.errors import DataError
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.io.calibration import load_calibration

#: place in the cylinder's lists -> our keypoint; the first seven are sure, the paws very likely
CYLINDER: Final = MappingProxyType(
    {
        0: "EarL", 1: "EarR", 2: "Snout", 3: "SpineF", 5: "TailBase", 6: "TailMid", 7: "TailEnd",
        8: "ForepawL", 10: "ForepawR", 12: "HindpawL", 14: "HindpawR",
    }
)  # fmt: skip
PAWS: Final = tuple(CYLINDER[i] for i in (8, 10, 12, 14))

#: Frames before this one are tested on, later ones may be trained on: 16 and 16 of the 32. The clip
#: of five views shows frames 0 to 2757, so that nothing of it is trained on either.
FIRST_TRAINED: Final = 10_600

_FLOOR_CM: Final = 0.5  # the height of resting paws in the labels
_LOW_CM: Final = 4.5  # the ears of a mouse on all fours are lower
_FEET_PX: Final = 8  # paws stand nearer to the camera than the middle of the body

OPENFIELD: Final = MappingProxyType(
    {"snout": "Snout", "leftear": "EarL", "rightear": "EarR", "tailbase": "TailBase"}
)


@dataclass(frozen=True, eq=False)
class LabelledFrame:
    """A moment of a real mouse: pictures, and where its keypoints are.

    Attributes
    ----------
    pictures
        View -> file.
    pixels
        View -> shape (24, 2); NaN where unknown. Also of views without a picture.
    world
        cm, shape (24, 3); NaN where unknown.
    """

    number: int
    pictures: dict[str, Path]
    pixels: dict[str, FloatArray]
    world: FloatArray

    def read(self, view: str) -> ImageArray:
        """Return the picture of a view, RGB."""
        return read_picture(self.pictures[view])


def read_picture(path: Path) -> ImageArray:
    """Read a picture, RGB."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise DataError(f"Expected a picture in {path}, found none; copy it again.")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def read_cylinder(folder: Path) -> list[LabelledFrame]:
    """Read the labelled frames of the cylinder, in order of time."""
    table = json.loads((folder / "labels_train.json").read_text())["frames"]
    frames = []
    for row in sorted(table, key=lambda row: row["frame"]):
        files = sorted((folder / "labelled_frames").glob(f"Camera?_{row['frame']:05d}.jpg"))
        frames.append(
            LabelledFrame(
                row["frame"],
                {path.stem.partition("_")[0]: path for path in files},
                {view: _place(points, 2) for view, points in row["uv"].items()},
                _place(row["xyz_mm"], 3) / 10,
            )
        )
    return frames


def load_cylinder_rig(folder: Path) -> Calibration:
    """Load the five cameras; the world in cm."""
    return load_calibration(folder / "calibration.json")


def _place(points: list[list[float] | None], n_space: int) -> FloatArray:
    """Put the labels where our keypoints are, shape (24, n_space)."""
    placed = np.full((len(KEYPOINTS), n_space), np.nan)
    for source, keypoint in CYLINDER.items():
        given = points[source]
        if given is not None:
            placed[KEYPOINTS.index(keypoint)] = given
    return placed


def split_frames(
    frames: list[LabelledFrame],
) -> tuple[list[LabelledFrame], list[LabelledFrame]]:
    """Return the frames to train on (the later ones) and those to test on."""
    return (
        [frame for frame in frames if frame.number >= FIRST_TRAINED],
        [frame for frame in frames if frame.number < FIRST_TRAINED],
    )


def read_openfield(folder: Path) -> list[tuple[Path, FloatArray]]:
    """Read the labelled frames of the open field, seen from above: pictures and points (24, 2)."""
    [labels] = sorted(folder.glob("labeled-data/*/CollectedData*.csv"))
    table = pd.read_csv(labels, header=[1, 2], index_col=0)
    rows = []
    for name, row in table.iterrows():
        points = np.full((len(KEYPOINTS), 2), np.nan)
        for source, keypoint in OPENFIELD.items():
            points[KEYPOINTS.index(keypoint)] = row[source].to_numpy(float)
        rows.append((folder / str(name), points))
    return rows


def outline_mouse(
    image: ImageArray,
    background: ImageArray,
    world: FloatArray,
    camera: Camera,
    *,
    least: int = 18,
) -> FloatArray:
    """Return the box of what differs from the background and touches labelled points, shape (4,).

    The labels alone make no box: half of them are missing. Below it ends where the floor is
    under the mouse, not at the end of its mirror image. All labelled points are inside.
    """
    world = world[np.isfinite(world).all(axis=1)]
    known = camera.project(world)
    change = np.abs(image.astype(int) - background).max(axis=2).astype(np.uint8)
    moved = cv2.morphologyEx(
        (cv2.GaussianBlur(change, (0, 0), 1.5) > least).astype(np.uint8),
        cv2.MORPH_OPEN,
        np.ones((3, 3), np.uint8),
    )
    _, pieces = cv2.connectedComponents(moved)
    touched = _list_pieces(pieces, known)
    rows, columns = np.nonzero(np.isin(pieces, touched))
    corners = np.concatenate([known, np.stack([columns, rows], axis=1)])
    box = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
    low = world[world[:, 2] < _LOW_CM] * [1, 1, 0] + [0, 0, _FLOOR_CM]
    if len(low):
        box[3] = min(box[3], max(camera.project(low)[:, 1].max() + _FEET_PX, known[:, 1].max()))
    return np.clip(box, 0, np.tile(image.shape[1::-1], 2) - 1.0)


def _list_pieces(pieces: np.ndarray, points: FloatArray, reach: int = 4) -> list[int]:
    """Return the numbers of the pieces within reach of a point; 0, the background, is none."""
    found: set[int] = set()
    for x, y in np.round(points).astype(int):
        window = pieces[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
        found |= set(np.unique(window).tolist())
    return sorted(found - {0})


def find_background(images: list[ImageArray]) -> ImageArray:
    """Return what does not move: the median picture."""
    return np.asarray(np.median(np.stack(images), axis=0), dtype=np.uint8)


def judge_visible(points: FloatArray, box: FloatArray) -> BoolArray:
    """Return which keypoints are known and inside the box; hidden ones cannot be told."""
    inside = (points >= box[:2]) & (points <= box[2:])
    return np.asarray(inside.all(axis=1))
