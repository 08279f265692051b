"""Networks whose every answer is known: one looks for dark things, one knows the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import local

import cv2
import numpy as np

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.io.calibration import save_calibration
from mousegpt.io.video import write_video
from mousegpt.vision.detection import fit_picture
from mousegpt.vision.pose2d import encode_heatmaps, frame_crop, map_to_cells
from stickmouse.session import SyntheticSession

_BITS, _BLOCK, _HEIGHT = 10, 32, 48  # of the bar code that says which frame of which view it is
_WHITE, _BLACK = 235, 20


class DarkDetector:
    """Proposes the box around all that is dark; the score is 0.9, or 0 where nothing is."""

    name, size_px = "dark", 128

    def predict_boxes(self, squares: ImageArray) -> FloatArray:
        """Return proposals, shape (n, 2, 5): the box, and one that is never good."""
        found = np.zeros((len(squares), 2, 5))
        for square, rows in zip(squares, found, strict=True):
            y, x = np.nonzero(square.max(axis=-1) < 90)
            if len(x):
                rows[0] = [x.min(), y.min(), x.max(), y.max(), 0.9]
        return found


class MiddleEstimator:
    """Puts every keypoint in the middle of all that is dark."""

    name, size_px = "middle", 64

    def predict_heatmaps(self, crops: ImageArray) -> FloatArray:
        """Return heat-maps, shape (n, 24, 16, 16)."""
        points = np.full((len(crops), 24, 2), np.nan)
        for crop, at in zip(crops, points, strict=True):
            y, x = np.nonzero(crop.max(axis=-1) < 90)
            if len(x):
                at[:] = [x.mean(), y.mean()]
        return encode_heatmaps(map_to_cells(points, 4), 16)


class Oracle:
    """Both networks in one: reads frame and view from a bar code and answers with the truth.

    Only where every picture is searched (``detect_every=1``): else it cannot know the crops.

    Parameters
    ----------
    truth
        Keypoints in pixels by view, shape (frame, 24, 2).
    """

    name, size_px = "oracle", 256

    def __init__(self, truth: Mapping[str, FloatArray], shape: tuple[int, int]) -> None:
        self._truth = list(truth.values())
        blank = np.zeros((*shape, 3), dtype=np.uint8)
        self._to_square = fit_picture(blank, self.size_px)[1]
        self._limit = np.array(shape[::-1]) - 1
        self._seen = local()  # each thread asks for boxes, then for the maps of these

    def predict_boxes(self, squares: ImageArray) -> FloatArray:
        """Return the box of the mouse, shape (n, 1, 5)."""
        points = [self._read(square) for square in squares]
        corners = np.array([[at.min(axis=0) - 8, at.max(axis=0) + 8] for at in points])
        corners = np.clip(corners, 0, self._limit)  # as whoever asks will do
        boxes = corners.reshape(-1, 4)
        self._seen.points, self._seen.boxes = points, boxes
        fitted = corners * self._to_square[0, 0] + self._to_square[:, 2]
        scores = np.full((len(squares), 1), 0.9)
        return np.concatenate([fitted.reshape(-1, 4), scores], axis=1)[:, None]

    def predict_heatmaps(self, crops: ImageArray) -> FloatArray:
        """Return heat-maps of the mice in the boxes, shape (n, 24, 64, 64)."""
        maps = [frame_crop(box, self.size_px) for box in self._seen.boxes]
        places = [
            at @ to_crop[:, :2].T + to_crop[:, 2]
            for at, to_crop in zip(self._seen.points, maps, strict=True)
        ]
        return encode_heatmaps(map_to_cells(np.array(places), 4), 64)

    def _read(self, square: ImageArray) -> FloatArray:
        centers = np.stack([(np.arange(_BITS) + 0.5) * _BLOCK, np.full(_BITS, _HEIGHT / 2)], 1)
        x, y = (centers * self._to_square[0, 0] + self._to_square[:, 2]).round().astype(int).T
        number = int((square[y, x].mean(axis=-1) > 128) @ 2 ** np.arange(_BITS))
        return self._truth[number % 4][number // 4]


def film_truth(session: SyntheticSession, views: Sequence[str], folder: Path) -> Oracle:
    """Write a video of bar codes for each view, and the calibration; return who reads them."""
    cameras = {view: session.calibration.cameras[view] for view in views}
    truth = {view: camera.project(session.skeleton) for view, camera in cameras.items()}
    width, height = next(iter(cameras.values())).size
    for place, view in enumerate(views):
        codes = _draw_codes(len(session.skeleton), place, (height, width))
        write_video(folder / f"{view}.mp4", codes, session.fps)
    save_calibration(session.calibration, folder / "rig.json")
    return Oracle(truth, (height, width))


def _draw_codes(n_frames: int, view: int, shape: tuple[int, int]) -> Iterator[ImageArray]:
    for frame in range(n_frames):
        image = np.full((*shape, 3), _BLACK, dtype=np.uint8)
        for bit in range(_BITS):
            if (4 * frame + view) >> bit & 1:
                corner = (bit * _BLOCK, 0)
                end = (corner[0] + _BLOCK - 1, _HEIGHT - 1)
                cv2.rectangle(image, corner, end, (_WHITE,) * 3, -1)
        yield image
