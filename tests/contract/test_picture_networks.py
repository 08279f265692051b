"""What detectors and pose estimators owe; run on ours in files, on shipped ones, and on doubles."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from stickmouse.networks import DarkDetector, MiddleEstimator

from mousegpt.backends.registry import WEIGHTS, load_detector, load_pose_estimator
from mousegpt.vision.detection import detect_mice
from mousegpt.vision.pose2d import estimate_poses

SOURCES = ("file", "shipped", "double")
KINDS = {
    "detector": (load_detector, DarkDetector),
    "pose": (load_pose_estimator, MiddleEstimator),
}


def find_network(request, kind, source):
    """Return a network of a kind and a source."""
    load, double = KINDS[kind]
    if source == "double":
        return double()
    if source == "file":
        return load(str(request.getfixturevalue("tiny_networks") / f"{kind}.onnx"))
    if not (WEIGHTS / f"{kind}.onnx").is_file():
        pytest.skip(f"no {kind} network is shipped yet")
    return load()


@pytest.fixture(params=SOURCES)
def detector(request):
    return find_network(request, "detector", request.param)


@pytest.fixture(params=SOURCES)
def estimator(request):
    return find_network(request, "pose", request.param)


@pytest.fixture(params=[(kind, source) for kind in KINDS for source in SOURCES], ids="-".join)
def network(request):
    """A detector or a pose estimator."""
    return find_network(request, *request.param)


def predict(network, pictures):
    """Ask a network of either kind."""
    if hasattr(network, "predict_boxes"):
        return network.predict_boxes(pictures)
    return network.predict_heatmaps(pictures)


def draw_squares(network):
    """Draw five noisy pictures with a dark square, as large as a network wants them."""
    rng = np.random.default_rng(0)
    edge = network.size_px
    pictures = rng.integers(100, 256, (5, edge, edge, 3), dtype=np.uint8)
    pictures[:, edge // 4 : edge // 2, edge // 4 : edge // 2] = 20
    return pictures


def test_a_picture_is_seen_the_same_in_any_company(network):
    squares = draw_squares(network)
    together = predict(network, squares)
    for square, expected in zip(squares, together, strict=True):
        near = 1e-3 * min(1.0, np.abs(expected).max())
        np.testing.assert_allclose(predict(network, square[None])[0], expected, atol=near)


def test_the_same_question_gets_the_same_answer_from_any_thread(network):
    squares = draw_squares(network)
    expected = predict(network, squares).tobytes()
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda pictures: predict(network, pictures), [squares] * 4)
    assert {answer.tobytes() for answer in answers} == {expected}


def test_no_picture_gives_no_answer(network):
    assert predict(network, draw_squares(network)[:0]).shape[0] == 0


def test_asking_changes_no_picture(network):
    squares = draw_squares(network)
    before = squares.copy()
    predict(network, squares)
    np.testing.assert_array_equal(squares, before)


def test_name_and_size_are_stable(network):
    assert network.name == network.name != ""
    assert network.size_px >= 32


def test_proposals_are_boxes_with_a_score(detector):
    found = detector.predict_boxes(draw_squares(detector))
    assert found.ndim == 3
    assert found.shape[0] == 5
    assert found.shape[2] == 5
    assert np.isfinite(found).all()
    assert (found[..., 2] >= found[..., 0]).all()
    assert (found[..., 3] >= found[..., 1]).all()
    assert ((found[..., 4] >= 0) & (found[..., 4] <= 1)).all()


def test_boxes_of_pictures_of_any_shape_lie_inside_them(detector):
    assert detect_mice([], detector) == []
    pictures = [
        np.full((height, width, 3), 200, np.uint8) for height, width in ((50, 300), (90, 7))
    ]
    for picture, boxes in zip(pictures, detect_mice(pictures, detector, min_score=0), strict=True):
        assert (boxes[:, :4] >= 0).all()
        assert (boxes[:, [0, 2]] <= picture.shape[1] - 1).all()
        assert (boxes[:, [1, 3]] <= picture.shape[0] - 1).all()


def test_there_is_a_square_map_a_keypoint(estimator):
    maps = estimator.predict_heatmaps(draw_squares(estimator))
    assert maps.shape[:2] == (5, 24)
    assert maps.shape[2] == maps.shape[3]
    assert estimator.size_px % maps.shape[2] == 0
    assert np.isfinite(maps).all()
    assert estimator.predict_heatmaps(draw_squares(estimator)[:0]).shape[:2] == (0, 24)


def test_confidences_are_shares_and_no_box_gives_nothing(estimator):
    pictures = [np.full((60, 80, 3), 200, np.uint8)] * 2
    boxes = np.array([[10.0, 10, 50, 40], [np.nan] * 4])
    found = estimate_poses(pictures, boxes, estimator)
    assert found.shape == (2, 24, 3)
    assert ((found[..., 2] >= 0) & (found[..., 2] <= 1)).all()
    assert np.isnan(found[1, :, :2]).all()
