"""Write the small files that a project is made of, for tests of good and of bad projects."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.io.video import write_video

KEYPOINTS = ("nose", "left_ear", "right_ear", "tail_base")

#: The mouse of these files: 8 cm long, its nose towards x.
BODY_CM = np.array([[8.0, 0, 1], [6.5, 1, 1.5], [6.5, -1, 1.5], [0.0, 0, 1]])


def write_manifest(folder: Path, *rows: Mapping[str, object]) -> Path:
    """Write ``recordings.csv`` from one mapping a row."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    path = folder / "recordings.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_film(
    path: Path, *, n_frames: int = 20, fps: float = 30, size: tuple[int, int] = (64, 48)
) -> Path:
    """Write a grey film that brightens from frame to frame."""
    path.parent.mkdir(parents=True, exist_ok=True)
    greys = (np.full((size[1], size[0], 3), 5 * k % 256, np.uint8) for k in range(n_frames))
    write_video(path, greys, fps)
    return path


def build_track(n_frames: int = 20, *, step_cm: float = 0.1) -> FloatArray:
    """Return the mouse walking along x, cm, shape (time, keypoint, 3)."""
    track = np.repeat(BODY_CM[None], n_frames, axis=0)
    track[..., 0] += step_cm * np.arange(n_frames)[:, None]
    return track


def write_deeplabcut(
    path: Path, points: FloatArray | None = None, keypoints: Sequence[str] = KEYPOINTS
) -> Path:
    """Write points, shape (time, keypoint, 2 or 3), as DeepLabCut does; 20 frames when None."""
    points = build_track()[..., :2] * 2 + 10 if points is None else points
    space = "xyz"[: points.shape[-1]]
    columns = [(key, coordinate) for key in keypoints for coordinate in (*space, "likelihood")]
    likelihood = np.ones((*points.shape[:2], 1))
    values = np.concatenate([points, likelihood], axis=-1).reshape(len(points), -1)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["scorer", *["net"] * len(columns)])
        writer.writerow(["bodyparts", *[key for key, _ in columns]])
        writer.writerow(["coords", *[coordinate for _, coordinate in columns]])
        for frame, row in enumerate(values):
            cells = ["" if np.isnan(value) else f"{value:.3f}" for value in row]
            writer.writerow([frame, *cells])
    return path


def build_rig(
    views: Sequence[str] = ("top", "side", "front"), *, size: tuple[int, int] = (640, 480)
) -> Calibration:
    """Build cameras 60 cm away from the origin that look at it: from above and all around."""
    directions = {"top": (0.05, 0.0, 1.0), "side": (0.0, -1.0, 0.3), "front": (1.0, 0.2, 0.4)}
    focus = 1.2 * size[0]
    K = np.array([[focus, 0, size[0] / 2], [0, focus, size[1] / 2], [0, 0, 1]])
    cameras = {}
    for view in views:
        backward = np.array(directions[view]) / np.linalg.norm(directions[view])
        right = np.cross([0.0, 1.0, 0.0] if view == "top" else [0.0, 0.0, 1.0], backward)
        right /= np.linalg.norm(right)
        R = np.stack([right, np.cross(-backward, right), -backward])
        cameras[view] = Camera(view, K, np.zeros(5), R, -R @ (60 * backward), size)
    return Calibration(cameras)
