"""Distances, lengths and alignments whose answers are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from mousegpt.evaluation.distances import (
    align_procrustes,
    compute_mpjpe,
    compute_pck,
    measure_body_length,
    measure_distances,
)


def test_what_is_not_found_is_infinitely_far_and_what_is_not_known_is_not_judged() -> None:
    truth = np.array([[0.0, 0], [0, 0], [np.nan, np.nan], [np.nan, 0]])
    predicted = np.array([[3.0, 4], [np.nan, 1], [1, 1], [np.nan, np.nan]])
    np.testing.assert_array_equal(measure_distances(predicted, truth), [5, np.inf, np.nan, np.nan])


def test_pck_counts_what_is_near_enough() -> None:
    distances = np.array([[0.0, 0.39, 0.41, np.inf], [0.4, 1.0, 0.4, np.nan]])
    np.testing.assert_allclose(compute_pck(distances, 8.0, 0.05), [1.0, 0.5, 0.5, 0.0])
    assert np.isnan(compute_pck(np.full(3, np.nan), 8.0, 0.05))


def test_the_mean_error_is_of_what_was_found() -> None:
    assert compute_mpjpe(np.array([1.0, 3.0, np.inf, np.nan])) == 2.0
    assert np.isnan(compute_mpjpe(np.array([np.inf])))


def test_a_picture_shortens_a_mouse() -> None:
    angles = np.linspace(0, np.pi / 2, 101)
    tail, snout = np.zeros((101, 2)), 8 * np.stack([np.cos(angles), 0 * angles], 1)
    flat = np.stack([tail, snout], axis=1)
    length = measure_body_length(flat, ("TailBase", "Snout"))
    assert 0.95 * 8 < length <= 8
    solid = np.concatenate([flat, np.zeros((101, 2, 1))], axis=-1)
    assert measure_body_length(solid, ("TailBase", "Snout")) == pytest.approx(8 * np.cos(np.pi / 4))


def test_another_pair_stands_in_for_a_part_of_the_length() -> None:
    points = np.array([[[0.0, 0], [6.8, 0], [np.nan, np.nan]]])
    assert measure_body_length(points, ("Hip", "Snout", "TailBase")) == pytest.approx(10.0)
    assert np.isnan(measure_body_length(np.zeros((1, 2, 2)), ("EarL", "EarR")))


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 10), st.integers(0, 10**6))
def test_a_moved_turned_and_scaled_pose_is_the_same_posture(scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(3, 6, 3))
    turn = Rotation.random(random_state=seed).as_matrix()
    moved = scale * truth @ turn.T + rng.normal(size=3)
    moved[1, 4] = np.nan
    aligned = align_procrustes(moved, truth)
    assert np.isnan(aligned[1, 4]).all()
    np.testing.assert_allclose(aligned[[0, 2]], truth[[0, 2]], atol=1e-8)
    np.testing.assert_allclose(aligned[1, [0, 1, 2, 3, 5]], truth[1, [0, 1, 2, 3, 5]], atol=1e-8)


def test_a_mirror_image_is_another_posture() -> None:
    truth = np.random.default_rng(0).normal(size=(1, 6, 3))
    assert np.abs(align_procrustes(truth * [-1, 1, 1], truth) - truth).max() > 0.1


def test_two_points_align_nothing() -> None:
    truth = np.full((1, 4, 3), np.nan)
    truth[0, :2] = 1.0
    assert np.isnan(align_procrustes(truth, truth)).all()
