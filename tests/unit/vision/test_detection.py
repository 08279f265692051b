"""Boxes: pictures fitted into squares and back, suppression of doubles, tracks."""

import numpy as np
import pytest

from mousegpt.vision.detection import (
    detect_mice,
    fit_picture,
    measure_overlaps,
    suppress_overlaps,
)
from mousegpt.vision.tracking import smooth_track, track_boxes


class BrightestDetector:
    """Proposes the extent of what is white, twice, and something unlikely."""

    name, size_px = "brightest", 64

    def predict_boxes(self, squares):
        found = []
        for square in squares:
            rows, columns = np.nonzero(square[..., 0] > 200)
            box = [columns.min(), rows.min(), columns.max() + 1.0, rows.max() + 1.0]
            found.append([[*box, 0.7], [*box, 0.9], [0, 0, 5, 5, 0.1]])
        return np.array(found, dtype=np.float32)


@pytest.mark.parametrize(("height", "width"), [(64, 128), (200, 90), (33, 33)])
def test_boxes_come_back_to_the_picture(height, width):
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[10:30, 8:28] = 255
    (found,) = detect_mice([image], BrightestDetector())
    assert found.shape == (1, 5)
    assert found[0, 4] == pytest.approx(0.9)
    np.testing.assert_allclose(found[0, :4], [8, 10, 28, 30], atol=max(height, width) / 64 * 0.8)


def test_no_score_no_box_and_no_picture_nothing():
    image = np.full((20, 20, 3), 255, dtype=np.uint8)
    (found,) = detect_mice([image], BrightestDetector(), min_score=0.95)
    assert found.shape == (0, 5)
    assert detect_mice([], BrightestDetector()) == []


def test_the_square_keeps_pixel_centres():
    image = np.zeros((50, 100, 3), dtype=np.uint8)
    image[:, 60:] = 255
    square, to_square = fit_picture(image, 50)
    edge = to_square[0, 0] * 59.5 + to_square[0, 2]  # between black and white
    assert square[25, int(np.floor(edge)), 0] == 0
    assert square[25, int(np.ceil(edge)), 0] == 255
    assert (square[:12] == 114).all()


def test_suppression_by_hand():
    boxes = np.array(
        [[0, 0, 10, 10], [0, 0, 10, 8], [0, 0, 10, 5], [20, 20, 30, 30], [21, 20, 31, 30.0]]
    )
    scores = np.array([0.5, 0.9, 0.4, 0.6, 0.6])
    # 1 is best and hides 0 (IoU 0.8) and 2 (0.625); 3 comes first of two equals, hides 4 (0.82)
    assert suppress_overlaps(boxes, scores, max_overlap=0.6).tolist() == [1, 3]
    assert suppress_overlaps(boxes, scores, max_overlap=0.7).tolist() == [1, 3, 2]
    assert suppress_overlaps(boxes, scores, max_overlap=1.0).tolist() == [1, 3, 4, 0, 2]


def test_empty_boxes_overlap_nothing():
    overlaps = measure_overlaps(
        np.array([[3, 3, 3, 3.0]]), np.array([[3, 3, 3, 3], [0, 0, 9, 9.0]])
    )
    assert overlaps.tolist() == [[0, 0]]


def make_box(x, y, score=0.9):
    return [x, y, x + 10, y + 10, score]


def test_two_mice_keep_their_rows_whoever_is_surer():
    frames = []
    for i in range(8):
        a, b = make_box(2 * i, 0, 0.6 + 0.3 * (i % 2)), make_box(2 * i, 40, 0.75)
        frames.append(np.array(sorted([a, b], key=lambda box: -box[4])))
    tracks = track_boxes(frames, 2)
    assert {tuple(np.unique(tracks[:, mouse, 1])) for mouse in range(2)} == {(0.0,), (40.0,)}


def test_a_mouse_that_is_missed_keeps_its_row_and_one_that_is_gone_gives_it_away():
    frames = [np.array([make_box(0, 0), make_box(50, 50)])]
    frames += [np.array([make_box(50, 50)])] * 3 + [np.array([make_box(50, 50), make_box(1, 1)])]
    tracks = track_boxes(frames, 2)
    assert np.isnan(tracks[1:4, 0]).all()
    assert tracks[4, 0, 0] == 1
    elsewhere = [*frames[:4], np.array([make_box(50, 50), make_box(200, 200)])]
    assert np.isnan(track_boxes(elsewhere, 2)[4, 0]).all()
    assert track_boxes(elsewhere, 2, max_gap=2)[4, 0, 0] == 200


def test_smoothing_keeps_what_stands_and_gaps_and_tames_noise():
    rng = np.random.default_rng(0)
    track = np.ones((200, 2, 3))
    track[..., :2] = [5.0, 7.0]
    noisy = track.copy()
    noisy[..., :2] += rng.normal(0, 1, (200, 2, 2))
    noisy[50, 0] = [np.nan, np.nan, 0]
    np.testing.assert_allclose(smooth_track(track), track)
    smooth = smooth_track(noisy, half_life=3)
    assert np.isnan(smooth[50, 0, :2]).all()
    assert np.nanstd(smooth[..., 0] - 5) < 0.5


def test_a_sure_neighbour_pulls_more():
    track = np.array([[[0.0, 0, 1.0]], [[10, 0, 0.01]], [[0, 0, 1.0]]])
    assert smooth_track(track)[1, 0, 0] < 0.2
