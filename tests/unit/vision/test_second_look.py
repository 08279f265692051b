"""Where a mouse is expected, a closer look finds it; where it finds none, it is expected still."""

import numpy as np
import pytest
from stickmouse.networks import DarkDetector, MiddleEstimator

from mousegpt.vision.detection import detect_near
from mousegpt.vision.following import N_NUMBERS, look_again, propose_mouse


def draw(*corners, size=24):
    """White, 400 px wide and 300 high, with dark squares; all their middles are 11.5 px away."""
    image = np.full((300, 400, 3), 230, dtype=np.uint8)
    for x, y in corners:
        image[y : y + size, x : x + size] = 20
    return image


MOUSE, OTHER = (300, 200), (20, 20)
BOX = np.array([300.0, 200, 323, 223])


def test_what_is_far_from_the_expected_place_is_not_seen():
    image = draw(MOUSE, OTHER)
    found = detect_near([image], BOX[None] + 3, DarkDetector(), zoom=3.0)
    np.testing.assert_allclose(found[0, :4], BOX, atol=1)
    assert found[0, 4] == pytest.approx(0.9)


@pytest.mark.parametrize(
    "expected",
    [BOX + 15, [200, 100, 223, 123], [250, 150, 373, 273], [309, 209, 314, 214]],
    ids=["beside", "elsewhere", "much larger", "much smaller"],
)
def test_what_does_not_fit_is_not_taken(expected):
    found = detect_near([draw(MOUSE)], np.array([expected], float), DarkDetector(), zoom=6.0)
    assert np.isnan(found).all()


def test_the_closer_look_ends_at_the_edge_of_the_picture():
    box = np.array([[376.0, 276, 399, 299]])
    found = detect_near([draw((376, 276))], box, DarkDetector(), zoom=4.0)
    np.testing.assert_allclose(found[0, :4], box[0], atol=1)


def test_nobody_is_asked_where_nothing_is_expected():
    assert detect_near([], np.zeros((0, 4)), DarkDetector()).shape == (0, 5)


def test_given_boxes_stay_and_expected_ones_are_looked_for():
    given = np.array([[*OTHER, 43, 43, 0.3], [*BOX + 3, np.nan], [*BOX, np.nan]])
    images = [draw(MOUSE, OTHER), draw(MOUSE), draw()]
    found = look_again(images, given, DarkDetector(), MiddleEstimator())
    assert found.shape == (3, N_NUMBERS)
    np.testing.assert_array_equal(found[0, :5], given[0])
    np.testing.assert_allclose(found[1, :5], [*BOX, 0.9], atol=1)
    np.testing.assert_array_equal(found[2, :5], given[2])
    np.testing.assert_allclose(
        found[1, 5:].reshape(24, 3)[:, :2], 11.5 + np.tile(MOUSE, (24, 1)), atol=1
    )
    assert np.isnan(given[1, 4])  # what was given is not changed


class Doubtful(DarkDetector):
    """Also proposes, with little confidence, a square that is always there."""

    def predict_boxes(self, squares):
        boxes = super().predict_boxes(squares)
        boxes[:, 1] = [10, 10, 20, 20, 0.1]
        return boxes


def test_doubtful_boxes_are_kept_as_candidates_and_get_no_pose():
    images = [draw((300 + i, 200)) for i in range(5)] + [draw()]
    found = propose_mouse(images, Doubtful(), MiddleEstimator(), detect_every=2)
    assert found.shape == (6, N_NUMBERS + 25)
    boxes = found[:, N_NUMBERS:].reshape(6, 5, 5)
    np.testing.assert_allclose(boxes[:5, 0, 0], 300 + np.arange(5), atol=4)
    np.testing.assert_array_equal(found[:5, :5], boxes[:5, 0])
    np.testing.assert_allclose(boxes[:5, 1, 4], 0.1)  # carried on between searches, too
    np.testing.assert_allclose(boxes[5, 0, 4], 0.1)
    assert np.isnan(boxes[5, 1:]).all()
    assert np.isnan(found[5, :N_NUMBERS]).all()
