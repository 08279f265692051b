"""Poses of known errors get the scores that follow from them."""

import numpy as np
import pytest

from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses, build_poses
from mousegpt.evaluation.poses import (
    COLUMNS,
    SPACE_VIEW,
    evaluate_poses,
    join_scores,
    measure_reprojection,
)
from mousegpt.evaluation.similarity import SIGMAS

NAMES = ("Snout", "EarL", "Hip", "TailBase")
BODY = np.array([[8.0, 0, 1], [6.5, 1, 2], [1.5, 0, 2], [0, 0, 1]])  # 8 cm long


def build(points: np.ndarray, unit: str = "cm", **changes: object) -> Poses:
    """Poses from points of shape (…, time, individual, keypoint, space)."""
    position = np.moveaxis(np.moveaxis(points, -1, -3), -2, -1)
    names = [f"m{k}" for k in range(points.shape[-3])]
    options: dict[str, object] = {"keypoints": NAMES, "fps": 30, "individuals": names}
    return build_poses(position, unit=unit, **options | changes)  # type: ignore[arg-type]


def stand(n_frames: int = 10, n_mice: int = 1) -> np.ndarray:
    apart = np.array([20.0, 0, 0])
    return np.stack([np.repeat(BODY[None] + k * apart, n_frames, 0) for k in range(n_mice)], axis=1)


def read(scores: object, table: str, **where: object) -> dict[str, object]:
    rows = getattr(scores, table)
    for name, value in where.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1
    return dict(rows.iloc[0])


def test_the_truth_has_full_marks() -> None:
    scores = evaluate_poses(build(stand()), build(stand()))
    row = read(scores, "summary")
    assert (row["view"], row["unit"], row["n_frames"], row["n_true"]) == (SPACE_VIEW, "mm", 10, 40)
    assert row["body_length"] == pytest.approx(80.0)
    for name in ("found", "oks", "ap", "ap_0.5", "ap_0.75", "pck_0.05", "pck_0.2"):
        assert row[name] == pytest.approx(1.0), name
    assert row["mpjpe"] == 0
    assert row["mpjpe_aligned"] == pytest.approx(0, abs=1e-6)
    for name, columns in COLUMNS.items():
        assert list(getattr(scores, name))[: len(columns)] == list(columns)


@pytest.mark.parametrize(("unit", "per_cm"), [("mm", 10), ("cm", 1), ("m", 0.01)])
def test_a_known_offset_is_told_in_millimetres(unit: str, per_cm: float) -> None:
    moved = stand() + np.array([0.3, 0, 0.4])
    row = read(
        evaluate_poses(build(moved * per_cm, unit), build(stand() * per_cm, unit)), "summary"
    )
    assert row["mpjpe"] == pytest.approx(5.0)
    assert row["mpjpe_aligned"] == pytest.approx(0, abs=1e-6)
    reach = np.array([8.0 * SIGMAS[name] for name in NAMES])
    assert row["oks"] == pytest.approx(np.exp(-0.25 / (2 * reach**2)).mean())
    assert (row["pck_0.05"], row["pck_0.1"]) == (0.0, 1.0)  # 0.5 of 8 cm is 0.0625


def test_keypoints_are_judged_one_by_one() -> None:
    predicted = stand()
    predicted[:5, 0, 1] += [1.0, 0, 0]
    predicted[:, 0, 2] = np.nan
    scores = evaluate_poses(build(predicted), build(stand()), fractions=(0.05,))
    ear, hip = (read(scores, "keypoints", keypoint=name) for name in ("EarL", "Hip"))
    assert (ear["n_true"], ear["found"], ear["mpjpe"], ear["pck_0.05"]) == (10, 1.0, 5.0, 0.5)
    assert (hip["n_true"], hip["found"], hip["pck_0.05"]) == (10, 0.0, 0.0)
    assert np.isnan(hip["error_median"])
    assert read(scores, "summary")["found"] == 0.75
    curve = read(scores, "curves", keypoint="EarL", fraction=0.125)
    assert curve["pck"] == 1.0  # 1 of 8 cm
    assert read(scores, "curves", keypoint="all", fraction=0.0)["pck"] == pytest.approx(25 / 40)


def test_the_worst_frames_come_first() -> None:
    predicted = stand()
    predicted[7] += [2.0, 0, 0]
    predicted[2] += [1.0, 0, 0]
    truth = stand()
    truth[9] = np.nan
    frames = evaluate_poses(
        build(predicted, frames=10 * np.arange(10)), build(truth, frames=10 * np.arange(10))
    ).frames
    assert frames["frame"].tolist()[:2] == [70, 20]
    assert frames["error"].tolist()[:2] == pytest.approx([20.0, 10.0])
    assert 90 not in frames["frame"].tolist()  # no truth


def test_individuals_are_matched_whatever_their_names() -> None:
    truth = stand(n_mice=2)
    scores = evaluate_poses(build(truth[:, ::-1]), build(truth))
    assert read(scores, "summary")["mpjpe"] == 0
    assert read(scores, "summary")["ap"] == pytest.approx(1.0)


def test_an_animal_too_many_costs_precision_and_one_missed_recall() -> None:
    truth, confidence = stand(n_mice=2), np.ones((10, 4, 2)) * [0.5, 0.9]
    only_first = truth.copy()
    only_first[:, 1] = np.nan
    missed = read(evaluate_poses(build(only_first), build(truth)), "summary")
    assert (missed["ap"], missed["found"]) == (pytest.approx(51 / 101), 0.5)
    too_many = evaluate_poses(build(truth, confidence=confidence), build(only_first))
    assert read(too_many, "summary")["ap"] == pytest.approx(0.5)  # surer of the false one
    assert read(too_many, "summary")["mpjpe"] == 0


def test_views_are_scored_one_by_one() -> None:
    truth = np.stack([stand()[..., :2] * 10, stand()[..., :2] * 20])
    predicted = truth + np.array([3.0, 4.0])
    views = {"views": ["top", "side"]}
    scores = evaluate_poses(build(predicted, "px", **views), build(truth, "px", **views))
    assert scores.summary["view"].tolist() == ["top", "side"]
    assert scores.summary["mpjpe"].tolist() == pytest.approx([5.0, 5.0])
    assert scores.summary["unit"].tolist() == ["px", "px"]
    assert scores.summary["body_length"].tolist() == pytest.approx([80.0, 160.0])
    assert scores.summary["oks"].is_monotonic_increasing
    both = join_scores([scores, evaluate_poses(build(stand()), build(stand()))])
    assert both.summary["view"].tolist() == ["top", "side", SPACE_VIEW]


def test_points_of_a_view_are_compared_with_points_in_space() -> None:
    K = np.array([[1000.0, 0, 320], [0, 1000, 240], [0, 0, 1]])
    camera = Camera("top", K, np.zeros(5), np.eye(3), np.array([0, 0, 50.0]), (640, 480))
    solid = build(stand())
    seen = camera.project(stand())[None] + np.array([3.0, 4.0])
    poses = build(seen, "px", views=["top"])
    found = measure_reprojection(poses, solid, Calibration({"top": camera}))
    assert found["keypoint"].tolist() == list(NAMES)
    assert found["reprojection_px"].tolist() == pytest.approx([5.0] * 4)


def test_a_given_body_length_is_used() -> None:
    row = read(evaluate_poses(build(stand()), build(stand()), body_length=10.0), "summary")
    assert row["body_length"] == 100.0


def test_a_view_without_a_length_takes_that_of_the_others() -> None:
    truth = np.stack([stand()[..., :2] * 10, stand()[..., :2] * 20])
    truth[1, :, :, [0, 1]] = np.nan  # snout and ear
    views = {"views": ["top", "side"]}
    scores = evaluate_poses(build(truth, "px", **views), build(truth, "px", **views))
    assert scores.summary["body_length"].tolist() == pytest.approx([80.0, 80.0])
    truth[0, :, :, [0, 1]] = np.nan
    with pytest.raises(DataError, match="two true keypoints along the body"):
        evaluate_poses(build(truth, "px", **views), build(truth, "px", **views))


def test_unlike_poses_are_refused() -> None:
    other = build(stand(), frames=np.arange(1, 11))
    with pytest.raises(DataError, match="found another frame;"):
        evaluate_poses(other, build(stand()))
    with pytest.raises(DataError, match="another space and another unit"):
        evaluate_poses(build(stand()[..., :2], "px"), build(stand()))


def test_the_same_poses_give_the_same_tables() -> None:
    noisy = stand() + np.random.default_rng(0).normal(size=stand().shape)
    one, other = (evaluate_poses(build(noisy), build(stand())) for _ in range(2))
    for name in COLUMNS:
        assert getattr(one, name).equals(getattr(other, name))
