"""Boxes are carried on between searches, and only where the mouse moved evenly."""

import numpy as np
import pytest
from stickmouse.networks import DarkDetector, MiddleEstimator

from mousegpt.vision.following import N_NUMBERS, follow_mice


class Counting(DarkDetector):
    def __init__(self):
        self.n_searched = 0

    def predict_boxes(self, squares):
        self.n_searched += len(squares)
        return super().predict_boxes(squares)


def film(lefts):
    """A dark square of 24 px on white, 128 px wide; none where ``left`` is None."""
    images = [np.full((128, 128, 3), 230, dtype=np.uint8) for _ in lefts]
    for image, left in zip(images, lefts, strict=True):
        if left is not None:
            image[50:74, left : left + 24] = 20
    return images


def test_an_even_motion_is_searched_now_and_then():
    lefts = list(range(20, 37))
    detector = Counting()
    found = follow_mice(film(lefts), detector, MiddleEstimator(), detect_every=4)
    assert found.shape == (17, 1, N_NUMBERS)
    assert detector.n_searched == 5
    np.testing.assert_allclose(found[:, 0, 0], lefts, atol=0.01)
    points = found[:, 0, 5:].reshape(17, 24, 3)
    np.testing.assert_allclose(points[:, 3, 0], np.array(lefts) + 11.5, atol=0.5)


def test_a_leap_is_searched_picture_by_picture():
    lefts = [20, 20, 60, 60, 100]
    detector = Counting()
    found = follow_mice(film(lefts), detector, MiddleEstimator(), detect_every=4)
    assert detector.n_searched == 5
    np.testing.assert_allclose(found[:, 0, 0], lefts, atol=0.01)


def test_a_picture_without_a_mouse_stays_empty():
    found = follow_mice(film([20, None, None, 20]), DarkDetector(), MiddleEstimator())
    assert np.isnan(found[:, 0, 0]).tolist() == [False, False, False, False]  # carried on
    found = follow_mice(
        film([20, None, None, 20]), DarkDetector(), MiddleEstimator(), detect_every=1
    )
    assert np.isnan(found[:, 0, 0]).tolist() == [False, True, True, False]
    assert np.isnan(follow_mice(film([None]), DarkDetector(), MiddleEstimator())).all()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_pictures_are_enough(n):
    found = follow_mice(film([20] * n), DarkDetector(), MiddleEstimator())
    assert found.shape == (n, 1, N_NUMBERS)
    assert np.isfinite(found).all()
