"""What is told of files that can be read but do not fit."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.recording import Recording
from mousegpt.core.skeleton_map import guess_skeleton_map
from mousegpt.io.draft import draft_manifest
from mousegpt.io.problems import Problem
from mousegpt.io.video import VideoInfo
from mousegpt.pipeline.checking import check_project
from mousegpt.pipeline.contents import Contents
from mousegpt.pipeline.file_checks import (
    check_calibration,
    check_picture,
    check_pose_lengths,
    check_synchrony,
    check_videos,
)
from mousegpt.pipeline.pose_checks import check_projection, check_units
from project_files import KEYPOINTS, build_rig, build_track, write_deeplabcut, write_manifest


def make_video(n_frames: int = 100, fps: float = 30.0, **changes: object) -> VideoInfo:
    facts: dict[str, object] = {
        "path": Path("m.mp4"), "n_frames": n_frames, "n_frames_promised": n_frames,
        "n_hidden": 0, "fps": fps,
        "nominal_fps": fps, "width": 640, "height": 480, "duration_s": n_frames / fps,
        "codec": "h264", "pixel_format": "yuv420p", "variable_rate": False, "rotation": 0,
        "complete": True, "fault": "",
    }  # fmt: skip
    return VideoInfo(**(facts | changes))  # type: ignore[arg-type]


def make_poses(points: np.ndarray, unit: str = "px", **changes: object) -> Poses:
    """Build poses from points of shape (time, keypoint, space)."""
    position = points.transpose(0, 2, 1)[..., None]
    return build_poses(position, keypoints=KEYPOINTS, fps=30, unit=unit, **changes)  # type: ignore[arg-type]


def make_contents(recording: dict[str, object] | None = None, **contents: object) -> Contents:
    row = Recording(id="r", subject="m", **(recording or {}))  # type: ignore[arg-type]
    return Contents(row, skeleton=guess_skeleton_map(KEYPOINTS), **contents)  # type: ignore[arg-type]


def list_severities(problems: object) -> list[str]:
    return [problem.severity for problem in problems]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"n_frames": 1}, ["error"]),
        ({"complete": False, "fault": "the end is missing"}, ["warning"]),
        ({"variable_rate": True}, ["warning"]),
        ({"n_hidden": 1}, ["warning"]),
        ({"fps": 29.97}, []),
        ({"fps": 25.0}, ["warning"]),
    ],
)
def test_a_video_is_whole_long_and_as_fast_as_declared(
    changes: dict[str, object], expected: list[str]
) -> None:
    contents = make_contents({"fps": 30}, videos={"top": make_video(**changes)})  # type: ignore[arg-type]
    assert list_severities(check_videos(contents)) == expected


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (make_video(1000), []),
        (make_video(1002), []),
        (make_video(1005), ["warning"]),
        (make_video(1050), ["error"]),
        (make_video(1000, 30.1), []),
        (make_video(1000, 60), ["error"]),
        (make_video(3, 60), ["error"]),  # for its length; three frames tell no rate
    ],
)
def test_views_have_one_rate_and_length(other: VideoInfo, expected: list[str]) -> None:
    contents = make_contents(videos={"top": make_video(1000), "side": other})
    assert list_severities(check_synchrony(contents)) == expected


@pytest.mark.parametrize(
    ("n_poses", "expected"),
    [(100, []), (102, []), (98, []), (103, ["error"]), (97, ["warning"])],
)
def test_poses_are_as_long_as_their_video(n_poses: int, expected: list[str]) -> None:
    poses = {"": make_poses(np.zeros((n_poses, 4, 2)))}
    contents = make_contents(videos={"top": make_video(100)}, poses=poses)
    assert list_severities(check_pose_lengths(contents)) == expected


def test_labelled_frames_need_not_reach_the_end() -> None:
    poses = {"": make_poses(np.zeros((3, 4, 2)), frames=np.array([4, 9, 30]))}
    contents = make_contents(videos={"top": make_video(100)}, poses=poses)
    assert list_severities(check_pose_lengths(contents)) == []


@pytest.mark.parametrize(("share", "expected"), [(0.04, []), (0.06, ["warning"])])
def test_few_points_may_lie_outside_the_picture(share: float, expected: list[str]) -> None:
    points = np.full((100, 4, 2), 200.0)
    points[: round(100 * share)] = 900
    contents = make_contents(videos={"top": make_video()}, poses={"": make_poses(points)})
    assert list_severities(check_picture(contents)) == expected


@pytest.mark.parametrize(
    ("factor", "unit", "px_per_cm", "expected"),
    [
        (1, "cm", None, []),
        (10, "mm", None, []),
        (0.01, "m", None, []),
        (10, "cm", None, ["warning"]),
        (1, "mm", None, ["warning"]),
        (20, "px", None, []),
        (20, "px", 20, []),
        (20, "px", 2, ["warning"]),
        (1, "body length", None, []),
    ],
)
def test_a_mouse_comes_out_in_mouse_size(
    factor: float, unit: str, px_per_cm: float | None, expected: list[str]
) -> None:
    points = factor * build_track()[..., : 2 if unit == "px" else 3]
    contents = make_contents({"px_per_cm": px_per_cm}, poses={"": make_poses(points, unit)})
    assert list_severities(check_units(contents)) == expected


def test_a_camera_of_unknown_size_is_accepted() -> None:
    rig = build_rig(["top"], size=(640, 480))
    assert list_severities(
        check_calibration(make_contents(calibration=rig, videos={"top": make_video()}))
    ) == []  # fmt: skip
    small = {"top": make_video(width=320, height=240)}
    assert list_severities(check_calibration(make_contents(calibration=rig, videos=small))) == [
        "error"
    ]


def look(noise_px: float = 0.0, shift: int = 0) -> dict[str, Poses]:
    """Return what the rig's cameras see; ``shift`` frames too late in the first view."""
    track = build_track(60, step_cm=0.5)
    noise = np.random.default_rng(0)
    views = {}
    for number, (view, camera) in enumerate(build_rig().cameras.items()):
        points = camera.project(np.roll(track, shift if number == 0 else 0, axis=0))
        views[view] = make_poses(points + noise.normal(0, noise_px, points.shape))
    return views


def find_projection(views: dict[str, Poses]) -> list[Problem]:
    return list(check_projection(make_contents(poses=views, calibration=build_rig())))


def test_noisy_views_see_the_same_points() -> None:
    assert find_projection(look(noise_px=5)) == []


@pytest.mark.parametrize("pair", [("top", "side"), ("top", "front"), ("side", "front")])
def test_swapped_views_are_named(pair: tuple[str, str]) -> None:
    views = look(noise_px=1)
    one, other = pair
    views[one], views[other] = views[other], views[one]
    (problem,) = find_projection(views)
    assert problem.severity == "error"
    assert f"with '{one}' and '{other}' swapped" in problem.message


def test_views_of_another_rig_are_told_without_a_wrong_cause() -> None:
    views = {view: poses.assign(position=640 - poses["position"]) for view, poses in look().items()}
    views["top"] = views["top"].assign(position=views["top"]["position"] * 0.1)
    (problem,) = find_projection(views)
    assert "no swap of views" in problem.message


def test_several_individuals_may_be_named_otherwise_in_each_view() -> None:
    views = look()
    pairs = {}
    for number, (view, poses) in enumerate(views.items()):
        both = np.concatenate([poses["position"], poses["position"] + 150], axis=-1)
        both = both[..., ::-1] if number == 0 else both
        pairs[view] = build_poses(
            both, keypoints=KEYPOINTS, fps=30, unit="px", individuals=("a", "b")
        )
    assert [problem.severity for problem in find_projection(pairs)] in ([], ["warning"])


def test_findings_tell_how_the_keypoints_are_read(tmp_path: Path) -> None:
    write_deeplabcut(tmp_path / "a.csv", keypoints=("nose", "eye_l", "hump", "tail_base"))
    write_manifest(tmp_path, {"recording": "a", "poses": "a.csv", "fps": 25})
    (found,) = check_project(tmp_path).to_dict()["findings"]
    assert (found["n_frames"], found["fps"], found["unit"]) == ("20", "25", "px")
    assert found["skeleton"] == (
        "nose → Snout, eye_l → not used, hump → not used, tail_base → TailBase"
    )


def test_a_skeleton_file_goes_before_the_guess(tmp_path: Path) -> None:
    write_deeplabcut(tmp_path / "a.csv", keypoints=("nose", "eye_l", "hump", "tail_base"))
    write_manifest(tmp_path, {"recording": "a", "poses": "a.csv", "fps": 25})
    (tmp_path / "skeleton.csv").write_text("source,keypoint\nhump,SpineG\ntail_base,TailBase\n")
    check = check_project(tmp_path)
    assert check.problems == ()
    assert "nose → not used" in check.findings["skeleton"][0]
    assert "hump → SpineG" in check.findings["skeleton"][0]


def test_only_the_wanted_recordings_are_opened(tmp_path: Path) -> None:
    write_deeplabcut(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text("x")
    rows = [{"recording": name, "poses": f"{name}.csv", "fps": 25} for name in "ab"]
    write_manifest(tmp_path, *rows)
    assert not check_project(tmp_path, only=["a"]).has_errors
    assert check_project(tmp_path).has_errors


def test_the_outcome_can_be_written_as_json_and_raised(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"recording": "a", "poses": "gone.csv", "fps": 25})
    check = check_project(tmp_path)
    (told,) = json.loads(json.dumps(check.to_dict()))["problems"]
    assert (told["recording"], told["column"], told["severity"]) == ("a", "poses", "error")
    with pytest.raises(DataError, match=r"^recordings\.csv: recording 'a', column 'poses'"):
        check.raise_errors()


@pytest.mark.real
def test_a_real_rig_of_five_cameras_has_no_problem(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "dannce_cylinder_5cam"
    text = draft_manifest([folder / "videos", folder / "calibration.json"], tmp_path)
    (tmp_path / "recordings.csv").write_text(text)
    check = check_project(tmp_path)
    assert check.problems == ()
    assert check.findings["resolution"].tolist() == ["1328x1048"]


@pytest.mark.real
def test_real_views_fit_and_swapped_ones_do_not(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "sleap_8cam"
    row = {
        "recording": "m",
        "poses": "a.csv",
        "fps": 10,
        "calibration": source / "calibration.toml",
    }
    write_manifest(tmp_path, row)
    text = (source / "keypoints_2d.csv").read_text()
    (tmp_path / "a.csv").write_text(text)
    assert check_project(tmp_path).problems == ()
    swapped = re.sub("(?m)^(side|mid),", lambda m: "mid," if m[1] == "side" else "side,", text)
    assert swapped != text
    (tmp_path / "a.csv").write_text(swapped)
    assert any("swapped" in str(problem) for problem in check_project(tmp_path).problems)


def test_copies_under_two_names_are_warned_of(tmp_path: Path) -> None:
    write_deeplabcut(tmp_path / "a.csv")
    write_deeplabcut(tmp_path / "b.csv")
    write_deeplabcut(tmp_path / "c.csv", build_track(21)[..., :2] * 2 + 10)
    rows = [{"recording": name, "fps": 30, "poses": f"{name}.csv"} for name in "abc"]
    write_manifest(tmp_path, *rows)
    problems = check_project(tmp_path).problems
    assert [(p.recording, p.severity) for p in problems] == [("b", "warning")]
    assert "copy of those of 'a'" in str(problems[0])
