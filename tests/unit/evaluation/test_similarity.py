"""Similarities and precisions worked out by hand."""

import numpy as np
import pytest

from mousegpt.core.skeleton import KEYPOINTS, mirror_keypoint
from mousegpt.evaluation.similarity import (
    SIGMAS,
    THRESHOLDS,
    compute_average_precision,
    compute_oks,
)


def test_every_keypoint_has_a_sigma_the_same_on_both_sides() -> None:
    assert set(SIGMAS) == set(KEYPOINTS)
    assert all(SIGMAS[name] == SIGMAS[mirror_keypoint(name)] for name in KEYPOINTS)


@pytest.mark.parametrize("length", [8.0, 120.0])
def test_a_keypoint_one_reach_away_is_similar_by_the_root_of_e(length: float) -> None:
    reach = np.array([0.5 * length * 2 * SIGMAS[name] for name in KEYPOINTS])
    for n_reaches in (0, 1, 2):
        oks = compute_oks(n_reaches * reach, length, KEYPOINTS)
        assert oks == pytest.approx(np.exp(-(n_reaches**2) / 2))


def test_unknown_truth_does_not_count_and_what_is_not_found_is_unlike() -> None:
    names = ["Snout", "Hip", "EarL", "EarR"]
    distances = np.array([[0, np.inf, np.nan, np.nan], [np.nan] * 4])
    np.testing.assert_allclose(compute_oks(distances, 8.0, names), [0.5, np.nan])


def test_perfect_predictions_have_full_precision() -> None:
    similarity = np.ones((5, 1, 1))
    scores = np.linspace(0, 1, 5)[:, None]
    np.testing.assert_allclose(compute_average_precision(similarity, scores, 5), 1.0)


def test_precision_of_three_predictions_by_hand() -> None:
    """Sure and right, less sure and wrong, unsure and right: of two animals in two pictures.

    Precision along the ranks is 1, 1/2, 2/3 at recalls 1/2, 1/2, 1. Interpolated it is 1 up to a
    recall of 1/2 (51 of 101 points), then 2/3 (50 points).
    """
    similarity = np.array([[[0.9], [0.3]], [[0.8], [np.nan]]])
    scores = np.array([[0.9, 0.8], [0.7, np.nan]])
    precision = compute_average_precision(similarity, scores, 2)
    by_hand = (51 * 1 + 50 * 2 / 3) / 101
    expected = [by_hand] * 7 + [51 / 101] * 2 + [0.0]  # 0.5 … 0.8, then 0.85 and 0.9, then 0.95
    np.testing.assert_allclose(precision, expected)
    assert THRESHOLDS[6] == 0.8


def test_a_true_animal_is_taken_once() -> None:
    similarity = np.array([[[0.9], [0.95]]])
    twice = compute_average_precision(similarity, np.array([[0.9, 0.8]]), 1, thresholds=[0.5])
    assert twice == pytest.approx(1.0)  # the duplicate comes after full recall
    duplicate_first = np.array([[[0.9, 0.1], [0.95, 0.1], [0.0, 0.7]]])
    scores = np.array([[0.9, 0.8, 0.7]])
    found = compute_average_precision(duplicate_first, scores, 2, thresholds=[0.5])
    assert found == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_two_animals_are_matched_to_their_own() -> None:
    similarity = np.array([[[0.6, 0.9], [0.9, 0.6]]])
    full = compute_average_precision(similarity, np.array([[0.5, 0.4]]), 2, thresholds=[0.85])
    assert full == pytest.approx(1.0)


def test_missed_animals_lower_the_recall() -> None:
    half = compute_average_precision(np.ones((1, 1, 1)), np.ones((1, 1)), 2)
    np.testing.assert_allclose(half, 51 / 101)
    none = compute_average_precision(np.full((1, 1, 1), np.nan), np.ones((1, 1)), 2)
    np.testing.assert_allclose(none, 0.0)
    assert np.isnan(compute_average_precision(np.ones((0, 1, 1)), np.ones((0, 1)), 0)).all()
