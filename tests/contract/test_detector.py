"""What every detector owes; run on our own in a file, on the shipped one, and on doubles."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from stickmouse.networks import DarkDetector

from mousegpt.backends.registry import WEIGHTS, load_detector
from mousegpt.vision.detection import detect_mice


@pytest.fixture(params=["file", "shipped", "double"])
def detector(request):
    if request.param == "double":
        return DarkDetector()
    if request.param == "shipped":
        if not (WEIGHTS / "detector.onnx").is_file():
            pytest.skip("no detector is shipped yet")
        return load_detector()
    return load_detector(str(request.getfixturevalue("tiny_networks") / "detector.onnx"))


@pytest.fixture
def squares(detector):
    rng = np.random.default_rng(0)
    edge = detector.size_px
    pictures = rng.integers(100, 256, (5, edge, edge, 3), dtype=np.uint8)
    pictures[:, edge // 4 : edge // 2, edge // 4 : edge // 2] = 20
    return pictures


def test_proposals_are_boxes_with_a_score(detector, squares):
    found = detector.predict_boxes(squares)
    assert found.ndim == 3
    assert found.shape[0] == 5
    assert found.shape[2] == 5
    assert np.isfinite(found).all()
    assert (found[..., 2] >= found[..., 0]).all()
    assert (found[..., 3] >= found[..., 1]).all()
    assert ((found[..., 4] >= 0) & (found[..., 4] <= 1)).all()


def test_a_picture_is_seen_the_same_in_any_company(detector, squares):
    together = detector.predict_boxes(squares)
    for square, expected in zip(squares, together, strict=True):
        np.testing.assert_allclose(detector.predict_boxes(square[None])[0], expected, atol=1e-3)


def test_the_same_question_gets_the_same_answer_from_any_thread(detector, squares):
    expected = detector.predict_boxes(squares).tobytes()
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(detector.predict_boxes, [squares] * 4)
    assert {answer.tobytes() for answer in answers} == {expected}


def test_no_picture_gives_no_row(detector, squares):
    assert detector.predict_boxes(squares[:0]).shape[0] == 0
    assert detect_mice([], detector) == []


def test_asking_changes_no_picture(detector, squares):
    before = squares.copy()
    detector.predict_boxes(squares)
    np.testing.assert_array_equal(squares, before)


def test_name_and_size_are_stable(detector):
    assert detector.name == detector.name != ""
    assert detector.size_px >= 32


def test_boxes_of_pictures_of_any_shape_lie_inside_them(detector):
    pictures = [
        np.full((height, width, 3), 200, np.uint8) for height, width in ((50, 300), (90, 7))
    ]
    for picture, boxes in zip(pictures, detect_mice(pictures, detector, min_score=0), strict=True):
        assert (boxes[:, :4] >= 0).all()
        assert (boxes[:, [0, 2]] <= picture.shape[1] - 1).all()
        assert (boxes[:, [1, 3]] <= picture.shape[0] - 1).all()
