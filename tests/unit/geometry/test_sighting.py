"""Views that see a made-up mouse agree on its place; what one view says against all is dropped."""

from dataclasses import replace

import numpy as np
import pytest

from mousegpt.core.calibration import Calibration
from mousegpt.geometry.sighting import locate_mouse

from .planted import FPS, RIG, VIEWS, walk

SIZE_CM = 8.0
PATH = walk(90).mean(axis=1)
TIMES = np.arange(len(PATH)) / FPS


def propose(rig: Calibration = RIG, path: np.ndarray = PATH, score: float = 0.8) -> np.ndarray:
    """Boxes around the mouse, and room for two more; shape (view, time, 3, 5)."""
    boxes = np.full((len(rig.views), len(path), 3, 5), np.nan)
    for camera, own in zip(rig.cameras.values(), boxes, strict=True):
        away = np.linalg.norm(path - camera.center, axis=1, keepdims=True)
        half = SIZE_CM * camera.K[0, 0] / away / 2
        at = camera.project(path)
        own[:, 0] = np.concatenate([at - half, at + half, np.full_like(half, score)], axis=1)
    return boxes


def plant(boxes: np.ndarray, view: int, moments: slice, score: float = 0.95) -> None:
    """Put a better box far from the mouse before the true one."""
    own = boxes[view, moments]
    own[:, 1:] = own[:, :-1]
    middle = (own[:, 1, :2] + own[:, 1, 2:4]) / 2
    far = np.where(middle < [320, 256], [560, 440], [60, 50])
    own[:, 0] = np.concatenate([far - 40, far + 40, np.full((len(own), 1), score)], axis=1)


def measure_overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:4], b[:, 2:4])
    shared = np.maximum(high - low, 0).prod(axis=1)
    areas = [(box[:, 2:4] - box[:, :2]).prod(axis=1) for box in (a, b)]
    return shared / (areas[0] + areas[1] - shared)


def test_the_mouse_is_where_all_boxes_are() -> None:
    boxes = propose()
    found = locate_mouse(boxes, RIG, TIMES)
    assert found.views == VIEWS
    np.testing.assert_allclose(found.place, PATH, atol=1e-3)
    np.testing.assert_array_equal(found.boxes, boxes[:, :, 0])
    assert (found.n_views == 5).all()
    assert set(found.agreement.values()) == {1.0}


def test_better_boxes_elsewhere_are_outvoted() -> None:
    boxes = propose(score=0.1)
    truth = boxes[:, :, 0].copy()
    plant(boxes, 0, slice(10, 40))
    found = locate_mouse(boxes, RIG, TIMES, min_score=0.05)
    np.testing.assert_array_equal(found.boxes, truth)
    assert found.agreement[VIEWS[0]] == pytest.approx(2 / 3)
    assert found.agreement[VIEWS[1]] == 1


def test_two_wrong_views_of_five_are_outvoted_and_told_where_to_look() -> None:
    boxes = propose()
    truth = boxes[:, :, 0].copy()
    for view in (1, 3):
        plant(boxes, view, slice(20, 60))
        boxes[view, :, 1:] = np.nan  # and the mouse is not even doubtfully seen
    found = locate_mouse(boxes, RIG, TIMES)
    np.testing.assert_allclose(found.place, PATH, atol=0.2)
    for view in (1, 3):
        expected = np.isnan(found.boxes[view, :, 4])
        np.testing.assert_array_equal(np.flatnonzero(expected), np.arange(20, 60))
        assert measure_overlap(found.boxes[view], truth[view])[expected].min() > 0.8


def test_a_thing_that_looks_like_a_mouse_does_not_cost_the_view() -> None:
    boxes = propose()
    truth = boxes[:, :, 0].copy()
    boxes[2, :, 1] = boxes[2, :, 0]
    boxes[2, :, 0] = [10, 10, 50, 50, 0.95]
    found = locate_mouse(boxes, RIG, TIMES)
    assert found.views == VIEWS
    assert np.isnan(found.agreement[VIEWS[2]])
    np.testing.assert_array_equal(found.boxes, truth)


def test_a_thing_beside_a_resting_mouse_may_be_a_wrong_camera() -> None:
    boxes = propose(path=np.tile(PATH[:1], (len(PATH), 1)))
    boxes[2, :, 0] = [10, 10, 50, 50, 0.95]
    assert VIEWS[2] not in locate_mouse(boxes, RIG, TIMES).views


def test_a_box_of_another_size_is_another_thing() -> None:
    boxes = propose()
    boxes[2, :, 0, :2] -= 300
    boxes[2, :, 0, 2:4] += 300
    found = locate_mouse(boxes, RIG, TIMES, min_agreement=0)
    assert np.isnan(found.boxes[2, :, 4]).all()
    assert np.isfinite(found.boxes[[0, 1, 3, 4], :, 4]).all()


def test_a_doubtful_box_must_fit_closely() -> None:
    boxes = propose()
    boxes[2, :, 0, [0, 2]] += 0.36 * (boxes[2, :, 0, 2] - boxes[2, :, 0, 0])  # to one side
    sure = locate_mouse(boxes, RIG, TIMES)
    np.testing.assert_array_equal(sure.boxes[2], boxes[2, :, 0])
    boxes[2, :, 0, 4] = 0.1
    doubtful = locate_mouse(boxes, RIG, TIMES)
    assert np.isnan(doubtful.boxes[2, :, 4]).all()
    assert measure_overlap(doubtful.boxes[2], propose()[2, :, 0]).min() > 0.7


def test_a_mouse_outside_a_picture_has_no_box_there() -> None:
    camera = RIG.cameras[VIEWS[0]]
    shifted = camera.K + np.array([[0, 0, 320.0], [0, 0, 0], [0, 0, 0]])
    rig = Calibration({**RIG.cameras, VIEWS[0]: replace(camera, K=shifted)})
    boxes = propose(rig)
    boxes[0] = np.nan
    found = locate_mouse(boxes, rig, TIMES)
    outside = rig.cameras[VIEWS[0]].project(PATH)[:, 0] > camera.size[0] - 1
    assert 10 < outside.sum() < 80
    np.testing.assert_array_equal(np.isnan(found.boxes[0, :, 0]), outside)
    assert np.nanmax(found.boxes[0, :, 2]) == camera.size[0] - 1


def test_short_gaps_are_bridged_and_long_ones_are_not() -> None:
    path = np.linspace([-6, 2, 2], [6, -2, 3], len(TIMES))
    boxes = propose(path=path)
    boxes[:, :3] = boxes[:, 20:30] = boxes[:, 50:70] = np.nan
    found = locate_mouse(boxes, RIG, TIMES, max_gap_s=0.5)
    unknown = np.isnan(found.place[:, 0])
    np.testing.assert_array_equal(np.flatnonzero(unknown), [*range(3), *range(50, 70)])
    np.testing.assert_allclose(found.place[~unknown], path[~unknown], atol=0.02)
    assert np.isfinite(found.boxes[:, 20:30, :4]).all()
    assert np.isnan(found.boxes[:, 20:30, 4]).all()
    assert np.isnan(found.boxes[:, unknown]).all()


def test_two_views_are_believed_only_near_what_three_know() -> None:
    boxes = propose()
    boxes[2:, 20:26] = np.nan
    near = locate_mouse(boxes, RIG, TIMES)
    np.testing.assert_allclose(near.place, PATH, atol=0.01)
    away = propose(path=PATH + [0, 0, 14.0])
    boxes[:2, 20:26] = away[:2, 20:26]
    far = locate_mouse(boxes, RIG, TIMES)
    assert np.linalg.norm(far.place - PATH, axis=1).max() < 2
    assert np.isnan(far.boxes[:, 20:26, 4]).all()


def exchange(rig: Calibration, one: int, other: int) -> Calibration:
    """Give two views each other's camera."""
    order = list(rig.views)
    order[one], order[other] = order[other], order[one]
    return Calibration(
        {v: replace(rig.cameras[o], name=v) for v, o in zip(rig.views, order, strict=True)}
    )


def test_exchanged_views_are_left_out() -> None:
    found = locate_mouse(propose(), exchange(RIG, 0, 1), TIMES)
    assert found.views == VIEWS[2:]
    assert found.boxes.shape == (3, len(TIMES), 5)
    assert found.agreement[VIEWS[0]] < 0.5


def mirror(rig: Calibration) -> Calibration:
    """Exchange left and right of the world, but not of the pictures."""
    flip = np.diag([-1.0, 1, 1])
    return Calibration(
        {v: replace(c, R=flip @ c.R @ flip, t=flip @ c.t) for v, c in rig.cameras.items()}
    )


def test_in_a_mirrored_world_no_box_is_lost() -> None:
    boxes = propose()
    found = locate_mouse(boxes, mirror(RIG), TIMES)
    assert "top" not in found.views  # the others see a mouse that is mirrored, too
    own = [VIEWS.index(view) for view in found.views]
    np.testing.assert_array_equal(found.boxes, boxes[own, :, 0])


def test_where_few_views_agree_none_is_trusted() -> None:
    four = exchange(RIG.select(VIEWS[:4]), 0, 1)
    found = locate_mouse(propose()[:4], four, TIMES)
    assert found.views == ()
    assert np.isnan(found.place).all()
    assert found.boxes.shape == (0, len(TIMES), 5)


@pytest.mark.parametrize("n", [0, 1])
def test_few_moments_and_no_boxes(n: int) -> None:
    found = locate_mouse(np.full((5, n, 3, 5), np.nan), RIG, TIMES[:n])
    assert found.views == ()
    assert found.place.shape == (n, 3)
