"""From a video to poses, with networks that only look for colours."""

import numpy as np
import pytest

from mousegpt.io.video import write_video
from mousegpt.pipeline.posing import estimate_video
from mousegpt.vision.pose2d import encode_heatmaps, map_to_cells


class WhiteDetector:
    """Proposes each half of the picture's white."""

    name, size_px = "white", 96

    def predict_boxes(self, squares):
        found = []
        for square in squares:
            boxes = []
            for start in (0, 48):
                rows, columns = np.nonzero(square[start : start + 48, :, 0] > 180)
                if len(rows):
                    low, high = rows.min() + start, rows.max() + start
                    boxes.append([columns.min(), low, columns.max(), high, 0.9 - start / 480])
            boxes += [[0, 0, 0, 0, 0]] * (2 - len(boxes))
            found.append(boxes)
        return np.array(found, dtype=np.float64)


class MiddleEstimator:
    """Puts every keypoint in the middle of the white."""

    name, size_px = "middle", 64

    def predict_heatmaps(self, crops):
        points = []
        for crop in crops:
            rows, columns = np.nonzero(crop[..., 0] > 180)
            points.append(np.tile([columns.mean(), rows.mean()], (24, 1)))
        return encode_heatmaps(map_to_cells(np.array(points), 4), 16)


def film(path, n_frames, *, hidden=()):
    def draw():
        for i in range(n_frames):
            image = np.zeros((96, 96, 3), dtype=np.uint8)
            if i not in hidden:
                image[20:30, 10 + i : 22 + i] = 255
            image[70:80, 60 - i : 72 - i] = 255
            yield image

    write_video(path, draw(), 30.0, crf=5)
    return path


def test_two_mice_are_followed_through_batches(tmp_path):
    path = film(tmp_path / "two.mp4", 20, hidden={5})
    told = []
    poses = estimate_video(
        path, WhiteDetector(), MiddleEstimator(), n_mice=2, batch=6,
        report=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert told == [(6, 20), (12, 20), (18, 20), (20, 20)]
    assert dict(poses.sizes) == {"time": 20, "space": 2, "keypoint": 24, "individual": 2}
    place = poses["position"].transpose("time", "individual", "keypoint", "space").to_numpy()
    upper = 0 if place[0, 0, 0, 1] < 50 else 1
    times = np.arange(20)
    seen = times != 5
    np.testing.assert_allclose(place[seen, upper, 0, 0], 15.5 + times[seen], atol=1)
    np.testing.assert_allclose(place[:, 1 - upper, 0, 0], 65.5 - times, atol=1)
    assert np.isnan(place[5, upper]).all()
    confidence = poses["confidence"].transpose("time", "individual", "keypoint").to_numpy()
    assert (confidence[5, upper] == 0).all()
    assert (confidence[seen] > 0.5).all()


def test_frames_can_be_chosen_and_smoothed(tmp_path):
    path = film(tmp_path / "one.mp4", 20)
    poses = estimate_video(path, WhiteDetector(), MiddleEstimator(), frames=[3, 7, 11])
    assert poses["frame"].to_numpy().tolist() == [3, 7, 11]
    assert poses.attrs["source_software"] == "mousegpt white middle"
    smooth = estimate_video(path, WhiteDetector(), MiddleEstimator(), half_life=2.0)
    x = smooth["position"].sel(space="x", keypoint="Snout").to_numpy()[:, 0]
    assert x[10] == pytest.approx(25.5, abs=1)  # amid an even motion, smoothing changes nothing
