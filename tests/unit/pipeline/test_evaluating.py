"""Files of predictions against files of truths."""

import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mousegpt.cli.main import app
from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses, build_poses
from mousegpt.evaluation.poses import SPACE_VIEW
from mousegpt.io.calibration import save_calibration
from mousegpt.io.poses import save_poses
from mousegpt.pipeline.evaluating import evaluate_pose_files, picture_worst, write_evaluation
from project_files import KEYPOINTS, build_rig, build_track, write_deeplabcut, write_film

RIG = build_rig()


def save(path: Path, points: np.ndarray, unit: str, **changes: object) -> Path:
    """Save points of shape (…, time, keypoint, space)."""
    options: dict[str, object] = {"keypoints": KEYPOINTS, "fps": 30} | changes
    poses: Poses = build_poses(np.swapaxes(points, -1, -2)[..., None], unit=unit, **options)  # type: ignore[arg-type]
    save_poses(poses, path)
    return path


def see(points: np.ndarray) -> np.ndarray:
    return np.stack([camera.project(points) for camera in RIG.cameras.values()])


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """The same walk in space and in pixels; predictions are 3 mm, or 5 px, away."""
    track, views = build_track(), {"views": RIG.views}
    save_calibration(RIG, tmp_path / "rig.json")
    return {
        "rig": tmp_path / "rig.json",
        "truth": save(tmp_path / "truth.nc", track, "cm"),
        "solid": save(tmp_path / "solid.nc", 10 * track + [0, 0, 3.0], "mm"),
        "seen": save(tmp_path / "seen.nc", see(track), "px", **views),
        "flat": save(tmp_path / "flat.nc", see(track) + [3.0, 4.0], "px", **views),
    }


def read_errors(predicted: Path, truth: Path, rig: Path | None = None) -> dict[str, float]:
    summary = evaluate_pose_files(predicted, truth, calibration=rig).scores.summary
    return dict(zip(summary["view"], summary["mpjpe"], strict=True))


def test_points_in_space_are_compared_in_millimetres(files: dict[str, Path]) -> None:
    assert read_errors(files["solid"], files["truth"]) == {SPACE_VIEW: pytest.approx(3.0)}


def test_pictures_are_compared_in_pixels(files: dict[str, Path]) -> None:
    errors = read_errors(files["flat"], files["seen"])
    assert errors == {view: pytest.approx(5.0) for view in RIG.views}


def test_with_cameras_pixels_are_triangulated(files: dict[str, Path]) -> None:
    errors = read_errors(files["seen"], files["truth"], files["rig"])
    assert list(errors) == [*RIG.views, SPACE_VIEW]
    assert max(errors.values()) == pytest.approx(0, abs=1e-3)


def test_with_cameras_points_in_space_are_projected(files: dict[str, Path]) -> None:
    errors = read_errors(files["solid"], files["seen"], files["rig"])
    assert errors[SPACE_VIEW] == pytest.approx(3.0, abs=1e-3)
    higher = see(build_track() + [0, 0, 0.3]) - see(build_track())
    for view, moved in zip(RIG.views, higher, strict=True):
        assert errors[view] == pytest.approx(np.linalg.norm(moved, axis=-1).mean(), rel=1e-3)


def test_the_reprojection_error_of_each_keypoint_is_told(files: dict[str, Path]) -> None:
    scores = evaluate_pose_files(files["flat"], files["truth"], calibration=files["rig"]).scores
    told = scores.keypoints.set_index("view")["reprojection_px"]
    assert told[SPACE_VIEW:SPACE_VIEW].isna().all()
    # the views are moved as no point in space moves, so some of the 5 px is left over
    assert (told[list(RIG.views)] > 0.1).all()
    assert (told[list(RIG.views)] < 5).all()


def test_without_cameras_pixels_and_space_cannot_be_compared(files: dict[str, Path]) -> None:
    with pytest.raises(
        DataError, match=r"2-D poses of 3 views predicted and 3-D poses true.*--cal"
    ):
        evaluate_pose_files(files["seen"], files["truth"])


def test_only_what_both_have_is_compared(tmp_path: Path) -> None:
    track = build_track()[..., :2] * 20 + 50
    truth = save(tmp_path / "t.nc", track[::4], "px", frames=np.arange(0, 20, 4))
    names = ("tail_base", "nose", "hump")
    points = track[:, [3, 0, 1]] + [3.0, 4.0]
    predicted = write_deeplabcut(tmp_path / "p.csv", points[:10], names)
    row = evaluate_pose_files(predicted, truth).scores
    assert row.summary["n_frames"].tolist() == [3]
    assert row.keypoints["keypoint"].tolist() == ["Snout", "TailBase"]
    assert row.summary["mpjpe"].tolist() == pytest.approx([5.0])


def test_files_with_nothing_in_common_are_refused(tmp_path: Path) -> None:
    track = build_track()[..., :2] * 20
    one = save(tmp_path / "a.nc", track, "px")
    other = save(tmp_path / "b.nc", track, "px", frames=np.arange(100, 120))
    with pytest.raises(DataError, match="no frame in common: 0, 1, 2"):
        evaluate_pose_files(one, other)


def test_a_given_skeleton_goes_before_the_guess(tmp_path: Path) -> None:
    track = build_track()[..., :2] * 20
    path = save(tmp_path / "a.nc", track, "px")
    skeleton = tmp_path / "skeleton.csv"
    skeleton.write_text("source,keypoint\nnose,SpineF\ntail_base,TailBase\n")
    scores = evaluate_pose_files(path, path, skeleton=skeleton).scores
    assert scores.keypoints["keypoint"].tolist() == ["SpineF", "TailBase"]


def test_tables_figures_and_the_worst_frames_are_written(tmp_path: Path) -> None:
    track = build_track()[..., :2] * 4 + 10
    bad = track + [1.0, 0]
    bad[14] += [6.0, 0]
    truth, predicted = save(tmp_path / "t.nc", track, "px"), save(tmp_path / "p.nc", bad, "px")
    film = write_film(tmp_path / "m.mp4")
    evaluation = evaluate_pose_files(predicted, truth)
    folder = tmp_path / "out"
    files = write_evaluation(evaluation, folder, videos={"": film})
    assert sorted(files) == sorted(folder.iterdir())
    assert pd.read_csv(folder / "frames.csv")["frame"][0] == 14
    assert (folder / "errors_px.svg").read_text().startswith("<?xml")
    sheet = cv2.imread(str(folder / "worst_frames.jpg"))
    assert sheet.shape[1] > 2 * 320  # 14 first; of its neighbours none is shown
    again = {path: path.read_bytes() for path in files}
    write_evaluation(evaluate_pose_files(predicted, truth), folder, videos={"": film})
    assert {path: path.read_bytes() for path in files} == again


def test_a_video_of_another_view_is_refused(files: dict[str, Path], tmp_path: Path) -> None:
    evaluation = evaluate_pose_files(files["flat"], files["seen"])
    with pytest.raises(DataError, match=r"--video VIEW=FILE"):
        picture_worst(evaluation, {"rear": write_film(tmp_path / "m.mp4")})


def test_the_command_prints_scores(files: dict[str, Path], tmp_path: Path) -> None:
    run = CliRunner().invoke
    arguments = ["evaluate", "pose", str(files["solid"]), str(files["truth"])]
    shown = run(app, [*arguments, "--json"])
    assert shown.exit_code == 0, shown.output
    told = json.loads(shown.stdout)
    assert told["summary"][0]["mpjpe"] == pytest.approx(3.0)
    assert len(told["keypoints"]) == len(KEYPOINTS)
    wrote = run(app, [*arguments, "--out", str(tmp_path / "scores")])
    assert "3-D" in wrote.stdout
    assert (tmp_path / "scores" / "summary.csv").exists()
    refused = run(app, [*arguments, "--video", "m.mp4"])
    assert refused.exit_code != 0
