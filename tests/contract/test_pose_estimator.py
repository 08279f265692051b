"""What every pose estimator owes; run on our own in a file, on the shipped one, and on doubles."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from stickmouse.networks import MiddleEstimator

from mousegpt.backends.registry import WEIGHTS, load_pose_estimator
from mousegpt.vision.pose2d import estimate_poses


@pytest.fixture(params=["file", "shipped", "double"])
def estimator(request):
    if request.param == "double":
        return MiddleEstimator()
    if request.param == "shipped":
        if not (WEIGHTS / "pose.onnx").is_file():
            pytest.skip("no pose network is shipped yet")
        return load_pose_estimator()
    return load_pose_estimator(str(request.getfixturevalue("tiny_networks") / "pose.onnx"))


@pytest.fixture
def crops(estimator):
    rng = np.random.default_rng(0)
    edge = estimator.size_px
    pictures = rng.integers(100, 256, (5, edge, edge, 3), dtype=np.uint8)
    pictures[:, edge // 4 : edge // 2, edge // 4 : edge // 2] = 20
    return pictures


def test_there_is_a_square_map_a_keypoint(estimator, crops):
    maps = estimator.predict_heatmaps(crops)
    assert maps.shape[:2] == (5, 24)
    assert maps.shape[2] == maps.shape[3]
    assert estimator.size_px % maps.shape[2] == 0
    assert np.isfinite(maps).all()


def test_a_crop_is_seen_the_same_in_any_company(estimator, crops):
    together = estimator.predict_heatmaps(crops)
    for crop, expected in zip(crops, together, strict=True):
        alone = estimator.predict_heatmaps(crop[None])[0]
        np.testing.assert_allclose(alone, expected, atol=1e-3 * np.abs(expected).max())


def test_the_same_question_gets_the_same_answer_from_any_thread(estimator, crops):
    expected = estimator.predict_heatmaps(crops).tobytes()
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(estimator.predict_heatmaps, [crops] * 4)
    assert {answer.tobytes() for answer in answers} == {expected}


def test_no_crop_gives_no_map(estimator, crops):
    assert estimator.predict_heatmaps(crops[:0]).shape[:2] == (0, 24)


def test_asking_changes_no_picture(estimator, crops):
    before = crops.copy()
    estimator.predict_heatmaps(crops)
    np.testing.assert_array_equal(crops, before)


def test_name_and_size_are_stable(estimator):
    assert estimator.name == estimator.name != ""
    assert estimator.size_px >= 32


def test_confidences_are_shares_and_no_box_gives_nothing(estimator):
    pictures = [np.full((60, 80, 3), 200, np.uint8)] * 2
    boxes = np.array([[10.0, 10, 50, 40], [np.nan] * 4])
    found = estimate_poses(pictures, boxes, estimator)
    assert found.shape == (2, 24, 3)
    assert ((found[..., 2] >= 0) & (found[..., 2] <= 1)).all()
    assert np.isnan(found[1, :, :2]).all()
