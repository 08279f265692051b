"""What `check` says of cameras and views that do not belong together."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mousegpt.core.calibration import Calibration
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.recording import Recording
from mousegpt.core.skeleton_map import guess_skeleton_map
from mousegpt.io.problems import Problem
from mousegpt.pipeline.contents import Contents
from mousegpt.pipeline.pose_checks import check_projection
from project_files import BODY_CM, KEYPOINTS, build_rig

RIG = build_rig()


def walk(n_frames: int = 300) -> np.ndarray:
    """The mouse of the test files on a winding path, cm, shape (time, keypoint, 3)."""
    time = np.arange(n_frames) / 30
    place = np.stack([4 * np.sin(2 * time), 4 * np.sin(1.3 * time + 1), 0 * time], axis=1)
    heading = 3 * np.sin(0.7 * time)
    cosine, sine = np.cos(heading)[:, None], np.sin(heading)[:, None]
    x, y = BODY_CM[:, 0] - 4, BODY_CM[:, 1]
    turned = [x * cosine - y * sine, x * sine + y * cosine, np.tile(BODY_CM[:, 2], (n_frames, 1))]
    return place[:, None] + np.stack(turned, axis=-1)


def see(
    rig: Calibration = RIG, *, delays: dict[str, int] | None = None, first: int = 0
) -> dict[str, Poses]:
    """What each camera sees, with 1 px noise; a delayed view shows earlier frames."""
    rng = np.random.default_rng(0)
    views = {}
    for view, camera in rig.cameras.items():
        delay = (delays or {}).get(view, 0)
        points = camera.project(walk()[10 - delay : 290 - delay])
        points = points + rng.normal(0, 1, points.shape)
        views[view] = build_poses(
            points.transpose(0, 2, 1)[..., None], keypoints=KEYPOINTS, fps=30, unit="px",
            frames=first + np.arange(len(points)),
        )  # fmt: skip
    return views


def find(views: dict[str, Poses], rig: Calibration = RIG) -> list[Problem]:
    row = Recording(id="r", subject="m")
    skeleton = guess_skeleton_map(KEYPOINTS)
    return list(check_projection(Contents(row, poses=views, calibration=rig, skeleton=skeleton)))


def change(view: str, how: Callable) -> Calibration:
    return Calibration(RIG.cameras | {view: replace(RIG.cameras[view], **how(RIG.cameras[view]))})


def test_sound_views_have_no_problem() -> None:
    assert find(see()) == []


def test_a_camera_is_named_with_cause_and_remedy() -> None:
    (problem,) = find(see(), change("side", lambda c: {"R": c.R.T}))
    assert (problem.column, problem.severity) == ("calibration", "error")
    assert "with the rotation of 'side' transposed it is" in problem.message
    assert "transpose it" in problem.remedy


def test_two_cameras_at_one_place_are_refused_without_any_poses() -> None:
    top = RIG.cameras["top"]
    rig = change("side", lambda _: {"R": top.R, "t": top.t})
    for views in ({}, see()):
        (problem,) = find(views, rig)
        assert problem.severity == "error"
        assert "'top' and 'side' are at the same place" in problem.message


@pytest.mark.parametrize("first", [0, 700])
def test_a_late_view_is_named(first: int) -> None:
    (problem,) = find(see(delays={"front": 5}, first=first))
    assert "'front' is 5 frames late" in problem.message
    assert problem.severity == "error"  # the misses are doubtful as well


def test_a_view_one_frame_late_is_only_warned_of() -> None:
    slow = {view: poses.isel(time=slice(0, 200)) for view, poses in see(delays={"top": 1}).items()}
    (problem,) = find(slow)
    assert "'top' is 1 frame late" in problem.message
    assert problem.severity == "warning"


@pytest.mark.parametrize(
    ("factor", "words"),
    [(10.0, "mm, read as cm"), (0.1, "cm, read as mm"), (100.0, "cm, read as m")],
)
def test_a_world_in_another_unit_is_refused(factor: float, words: str) -> None:
    cameras = {view: replace(camera, t=camera.t * factor) for view, camera in RIG.cameras.items()}
    (problem,) = find(see(), Calibration(cameras))
    assert problem.severity == "error"
    assert f"about {factor:g} times too large" in problem.message
    assert words in problem.remedy


def test_a_mouse_that_no_unit_explains_is_only_warned_of() -> None:
    cameras = {view: replace(camera, t=camera.t * 3) for view, camera in RIG.cameras.items()}
    (problem,) = find(see(), Calibration(cameras))
    assert problem.severity == "warning"
    assert "the mouse is 24 cm long" in problem.message


def test_long_recordings_are_looked_at_in_stretches() -> None:
    views = {}
    for view, poses in see(delays={"front": 2}).items():
        long = np.tile(poses["position"].values, (50, 1, 1, 1))
        views[view] = build_poses(long, keypoints=KEYPOINTS, fps=30, unit="px")
    (problem,) = find(views)
    assert "'front' is 2 frames late" in problem.message
