"""The benchmark of poses tells truth from error, and never trains on what it tests on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from benchmarks import pose
from benchmarks._pose_labels import (
    CYLINDER,
    FIRST_TRAINED,
    find_background,
    load_cylinder_rig,
    outline_mouse,
    read_cylinder,
    split_frames,
)
from benchmarks._pose_motion import SHRINK, find_moving, locate_by_motion
from benchmarks._pose_real import judge_agreement, measure_variation
from benchmarks._pose_scenes import Scene, plan_scene
from benchmarks._pose_scores import measure_swaps, place_mean_pose, score_boxes, score_pixels
from benchmarks._pose_synthetic import estimate_scene, judge_scenes, rank_pictures

from mousegpt.core.calibration import Camera
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.synthetic.rig import build_rig
from mousegpt.vision.detection import fit_picture
from mousegpt.vision.pose2d import encode_heatmaps, frame_crop, map_to_cells

N_MOMENTS = 3
STRIDE = 4.0


class DarkScene(Scene):
    """A scene whose pictures show nothing: the doubles know the truth."""

    def read(self, view, moment):
        return np.zeros((*self.rig.cameras[self.rig.views[view]].size[::-1], 3), np.uint8)


@dataclass
class Knowing:
    """Detector and pose network that say the truth, in the order in which pictures come."""

    boxes: np.ndarray
    points: np.ndarray
    size_px: int = 256
    name: str = "knowing"
    n_boxes: int = 0
    n_poses: int = 0

    def predict_boxes(self, squares):
        given = self.boxes[self.n_boxes : self.n_boxes + len(squares)]
        self.n_boxes += len(squares)
        _, to_square = fit_picture(np.zeros((720, 960, 3), np.uint8), self.size_px)
        corners = given.reshape(-1, 2, 2) * to_square[0, 0] + to_square[:, 2]
        return np.insert(corners.reshape(-1, 1, 4), 4, 0.9, axis=-1)

    def predict_heatmaps(self, crops):
        places = np.arange(self.n_poses, self.n_poses + len(crops)) % len(self.boxes)
        self.n_poses += len(crops)
        maps = [frame_crop(self.boxes[i], self.size_px) for i in places]
        points = np.stack(
            [self.points[i] * m[0, 0] + m[:, 2] for i, m in zip(places, maps, strict=True)]
        )
        cells = map_to_cells(points, STRIDE)
        return encode_heatmaps(cells, int(self.size_px / STRIDE))


@pytest.fixture(scope="module")
def scene():
    plan = plan_scene(0, N_MOMENTS)
    visible = np.ones((8, N_MOMENTS, 24), dtype=bool)
    visible[:, :, KEYPOINTS.index("SpineG")] = False
    return DarkScene(0, Path(), plan.rig, plan.world[plan.frames], visible)


def judge(scene, points):
    double = Knowing(scene.boxes.reshape(-1, 4), points.reshape(-1, 24, 2))
    estimate = estimate_scene(scene, double, double)
    return estimate, judge_scenes([estimate])


def test_who_knows_the_truth_makes_no_error(scene):
    _, scores = judge(scene, scene.pixels)
    assert scores["detector"]["found_share"] == 1
    assert scores["detector"]["iou_median"] > 0.99
    for name in ("visible_keypoints", "all_keypoints", "visible_keypoints_true_boxes"):
        assert scores[name]["pck_0.05"] == 1
        assert scores[name]["median_px"] < 0.2
    assert scores["visible_keypoints"]["n"] == 8 * N_MOMENTS * 23
    assert scores["all_keypoints"]["n"] == 8 * N_MOMENTS * 24
    assert scores["space"]["mpjpe_mm"] < 0.2
    assert scores["space"]["refused_share"] == 0
    assert scores["space_plain_dlt"]["mpjpe_mm"] < 0.3
    assert scores["ears"]["swapped_share"] == 0


def test_a_planted_error_is_found_where_it_is(scene):
    points = scene.pixels
    points[:, :, KEYPOINTS.index("Snout"), 0] += 12
    _, scores = judge(scene, points)
    by_keypoint = scores["by_keypoint"]
    assert by_keypoint["Snout"]["median_px"] == pytest.approx(12, abs=0.5)
    assert by_keypoint["EarL"]["median_px"] < 0.2
    assert "SpineG" not in by_keypoint
    assert scores["visible_keypoints"]["median_px"] < 0.2


def test_the_worst_picture_comes_first(scene):
    points = scene.pixels
    points[5, 1] += 9
    estimate, _ = judge(scene, points)
    error, place, view, moment = rank_pictures([estimate])[0]
    assert (place, view, moment) == (0, 5, 1)
    assert error > 0.01


def test_one_wrong_view_is_left_out_by_us_and_not_by_the_plain_solution(scene):
    points = scene.pixels
    points[2, :, :, 1] -= 80
    _, scores = judge(scene, points)
    assert scores["space"]["mpjpe_mm"] < 0.3
    assert scores["space_plain_dlt"]["mpjpe_mm"] > 1


def test_swapped_names_are_counted(scene):
    points = scene.pixels
    left, right = KEYPOINTS.index("EarL"), KEYPOINTS.index("EarR")
    points[:4, :, [left, right]] = points[:4, :, [right, left]]
    _, scores = judge(scene, points)
    assert scores["ears"]["swapped_share"] == 0.5


def test_what_was_not_found_is_wrong_and_what_is_unknown_does_not_count():
    truth = np.full((2, 24, 2), np.nan)
    truth[:, :2] = 10.0
    predicted = truth.copy()
    predicted[1, 1] = np.nan
    total, _ = score_pixels(predicted, truth, np.full(2, 100.0))
    assert total == {
        "pck_0.05": 0.75, "pck_0.1": 0.75, "median_px": 0.0, "median_share": 0.0,
        "found_share": 0.75, "n": 4,
    }  # fmt: skip
    nothing, _ = score_pixels(np.full_like(truth, np.nan), truth, np.full(2, 100.0))
    assert nothing["median_px"] is None
    assert nothing["pck_0.05"] == 0


def test_boxes_are_compared_where_a_mouse_is_seen():
    truth = np.array([[0, 0, 10, 10], [0, 0, 10, 10], [np.nan] * 4, [0, 0, 10, 10.0]])
    found = np.array([[0, 0, 10, 10, 1], [5, 0, 15, 10, 1], [0, 0, 9, 9, 1], [np.nan] * 5])
    scores = score_boxes(found, truth)
    assert scores["n_pictures"] == 3
    assert scores["any_box_share"] == pytest.approx(2 / 3, abs=1e-4)
    assert scores["found_share"] == scores["iou_median"] == pytest.approx(1 / 3, abs=1e-4)


def test_the_blind_guess_does_not_know_left_from_right():
    boxes = np.array([[0, 0, 10, 10], [100, 100, 120, 140.0]])
    points = np.full((2, 24, 2), np.nan)
    left, right = KEYPOINTS.index("EarL"), KEYPOINTS.index("EarR")
    points[:, left], points[:, right] = boxes[:, :2], boxes[:, 2:]
    guess = place_mean_pose(boxes, points)
    np.testing.assert_allclose(guess[:, left], [[5, 5], [110, 120]])
    np.testing.assert_allclose(guess[:, right], guess[:, left])


def test_swaps_need_both_sides():
    points = np.full((1, 24, 2), np.nan)
    assert measure_swaps(points, points, ("EarL", "EarR")) == {"swapped_share": None, "n": 0}


def test_a_box_beside_the_mouse_is_not_confirmed():
    rig = build_rig("paper", layout="paper", image_size=(400, 300), jitter=0, distortion=0)
    center = np.array([[0, 0, 2.0]] * 5)
    center[4] = np.nan
    at = np.stack([camera.project(center) for camera in rig.cameras.values()])
    boxes = np.concatenate([at - 20, at + 20, np.ones((*at.shape[:2], 1))], axis=-1)
    boxes[1, 0, :4] += 100
    boxes[1, 1] = np.nan
    boxes[1, 2] = [0, 0, 400, 300, 1]
    rows = judge_agreement(boxes, center, rig)
    assert rows[rig.views[1]]["confirmed_share"] == 0.25
    assert rows[rig.views[0]] == {
        "any_box_share": 0.8, "expected_share": 0.0, "confirmed_share": 1.0, "visible": 4,
        "unknown": 1,
    }  # fmt: skip


def test_what_moves_in_most_views_is_the_mouse():
    rig = build_rig("paper", layout={"a": 0, "b": 90, "c": 200, "top": None}, seed=3)
    truth = np.array([[x, 0.5 * x, 2.0] for x in (-6, -3, 0, 3, 6.0)])
    middles = []
    for camera in rig.cameras.values():
        pictures = np.full((len(truth), 448 // SHRINK, 448 // SHRINK, 3), 120, np.uint8)
        for picture, (x, y) in zip(pictures, camera.project(truth) / SHRINK, strict=True):
            picture[round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) + 4] = 10
        middles.append(find_moving(pictures))
    middles[1][:] = [400.0, 20.0]  # a person behind the glass
    np.testing.assert_allclose(locate_by_motion(middles, rig), truth, atol=0.8)


def test_the_variation_of_a_bone_is_that_of_its_length():
    world = np.full((50, 24, 3), np.nan)
    world[:, KEYPOINTS.index("Hip")] = [2, 0, 0]
    world[::2, KEYPOINTS.index("TailBase")] = [4.2, 0, 0]
    world[1::2, KEYPOINTS.index("TailBase")] = [3.8, 0, 0]
    assert measure_variation(world) == {"Hip-TailBase": pytest.approx(1.4826 * 0.2 / 2, abs=1e-4)}


def test_the_outline_of_a_mouse_ends_at_the_floor():
    background = np.full((200, 200, 3), 120, np.uint8)
    image = background.copy()
    image[80:120, 60:140] = 10
    image[120:150, 60:140] = 60  # its mirror image
    image[10:20, 10:20] = 0  # something else moved
    K = np.array([[100, 0, 100], [0, 100, 100], [0, 0, 1.0]])
    R = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0.0]])
    camera = Camera("front", K, np.zeros(5), R, np.array([0, 0, 10.0]), (200, 200))
    world = np.full((24, 3), np.nan)
    world[0], world[1] = [-2, 0, 1.0], [3, 0, 0.5]
    box = outline_mouse(image, background, world, camera)
    np.testing.assert_allclose(box[:3], [60, 80, 139], atol=2)
    assert box[3] < 125


@pytest.mark.real
def test_the_labels_of_the_cylinder_are_ours_and_split_by_time(shared_data):
    folder = shared_data / "dannce_cylinder_5cam"
    frames, rig = read_cylinder(folder), load_cylinder_rig(folder)
    trained, tested = split_frames(frames)
    assert len(trained) == len(tested) == 16
    assert max(frame.number for frame in tested) < FIRST_TRAINED <= trained[0].number
    for frame in frames:
        known = np.isfinite(frame.world).all(axis=1)
        assert set(np.array(KEYPOINTS)[known]) <= set(CYLINDER.values())
        for view, pixels in frame.pixels.items():
            seen = rig.cameras[view].project(frame.world)
            np.testing.assert_allclose(seen[known], pixels[known], atol=0.01)


@pytest.mark.real
def test_the_left_ear_is_on_the_left(shared_data):
    names = ("EarL", "EarR", "Snout")
    places = [KEYPOINTS.index(name) for name in names]
    n_told = 0
    for frame in read_cylinder(shared_data / "dannce_cylinder_5cam"):
        left, right, snout = frame.world[places]
        forward = snout - (left + right) / 2
        side = np.cross([0, 0, 1], forward) @ (left - right)
        n_told += bool(np.isfinite(side))
        assert not side < 0, frame.number
    assert n_told >= 10


def test_the_background_is_what_stays():
    pictures = [np.full((4, 4, 3), 50, np.uint8) for _ in range(3)]
    pictures[1][2, 2] = 200
    assert (find_background(pictures) == 50).all()


def test_without_networks_the_benchmark_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv(pose.DETECTOR, str(tmp_path / "none.onnx"))
    result = pose.measure(quick=True)
    assert result["n"] == 0
    assert pose.DETECTOR in result["skipped"]
