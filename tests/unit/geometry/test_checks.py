"""Every planted fault is named; sound data raise no alarm."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from mousegpt.core.calibration import Calibration
from mousegpt.core.errors import CalibrationError, DataError
from mousegpt.core.poses import Poses, build_poses
from mousegpt.geometry.checks import check_cameras, check_geometry
from mousegpt.io.calibration import load_calibration
from mousegpt.io.poses import load_poses
from mousegpt.synthetic.rig import build_rig

from .planted import (
    HEIGHT,
    RIG,
    VIEWS,
    WIDTH,
    change_camera,
    change_pixels,
    delay,
    reorder,
    see,
    walk,
)

AXES = np.diag([1.0, -1.0, -1.0])
TURN = cv2.Rodrigues(np.array([0.05, 0.1, -0.05]))[0]

CAMERA_SLIPS: dict[str, Callable] = {
    "transposed": lambda c: {"R": c.R.T},
    "inverse": lambda c: {"R": c.R.T, "t": -c.R.T @ c.t},
    "position": lambda c: {"t": c.center},
    "graphics axes": lambda c: {"R": AXES @ c.R, "t": AXES @ c.t},
    "unit": lambda c: {"t": 10 * c.t},
    "focal length": lambda c: {"K": c.K * np.array([[1.3, 1, 1], [1, 1.3, 1], [1, 1, 1]])},
    "moved": lambda c: {"R": TURN @ c.R, "t": c.t + [3, -4, 5]},
    "shifted": lambda c: {"K": c.K + np.array([[0, 0, 20.0], [0, 0, -15.0], [0, 0, 0]])},
}

PICTURE_SLIPS: dict[str, Callable] = {
    "mirrored": lambda p: np.stack([WIDTH - 1 - p[:, 0], p[:, 1]], 1),
    "upside down": lambda p: np.stack([p[:, 0], HEIGHT - 1 - p[:, 1]], 1),
    "turned around": lambda p: np.stack([WIDTH - 1 - p[:, 0], HEIGHT - 1 - p[:, 1]], 1),
    "resized": lambda p: p / 2,
    "shifted": lambda p: p + np.array([-30.0, 0])[:, None, None],
}


#: Faults that must be named in whatever view; of the others one view stands for all.
EVERYWHERE = ("transposed", "shifted")


def pair_with_views(slips: dict[str, Callable]) -> list[tuple[str, str]]:
    return [(slip, v) for slip in slips for v in (VIEWS if slip in EVERYWHERE else VIEWS[2:3])]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("amount", [(0, 0, 0), (1, 0.08, 0.1), (3, 0.2, 0.2)])
def test_sound_data_raise_no_alarm(amount: tuple[float, float, float], seed: int) -> None:
    noise, outliers, missing = amount
    rig = build_rig(layout="pair", seed=seed) if seed else RIG
    check = check_geometry(
        see(rig, noise_px=noise, outliers=outliers, missing=missing, seed=seed), rig
    )
    assert check.fits, check.faults
    assert list(check.error_px) == list(rig.views)
    assert max(check.error_px.values()) < 0.01 + 3 * noise


def test_a_poor_calibration_is_no_lag() -> None:
    def bend(pixels: np.ndarray) -> np.ndarray:
        return pixels + 4 * np.sin(pixels[:, ::-1] / 60)

    poses = see()
    for view in VIEWS[:3]:
        poses = change_pixels(poses, view, bend)
    assert check_geometry(poses, RIG).fits


@pytest.mark.parametrize(("slip", "view"), pair_with_views(CAMERA_SLIPS))
def test_a_slip_in_one_camera_is_named(slip: str, view: str) -> None:
    R = RIG.cameras[view].R
    if slip == "transposed" and np.abs(R - R.T).max() < 0.1:
        pytest.skip("the rotation of this camera is nearly its own transpose")
    rig = change_camera(RIG, view, CAMERA_SLIPS[slip])
    (fault,) = check_geometry(see(), rig, max_frames=80).faults
    assert (fault.kind, fault.views, fault.grave) == (slip, (view,), True)
    assert f"'{view}'" in fault.message
    assert "px" in fault.message
    assert fault.remedy.endswith(".")


@pytest.mark.parametrize(("slip", "view"), pair_with_views(PICTURE_SLIPS))
def test_a_slip_in_one_picture_is_named(slip: str, view: str) -> None:
    poses = change_pixels(see(), view, PICTURE_SLIPS[slip])
    (fault,) = check_geometry(poses, RIG, max_frames=80).faults
    assert (fault.kind, fault.views) == (slip, (view,))


@pytest.mark.parametrize("slip", ["transposed", "inverse", "position", "graphics axes"])
def test_a_slip_in_all_cameras_is_named(slip: str) -> None:
    rig = RIG
    for view in VIEWS:
        rig = change_camera(rig, view, CAMERA_SLIPS[slip])
    (fault,) = check_geometry(see(), rig, max_frames=80).faults
    assert (fault.kind, fault.views) == (slip, VIEWS)
    assert "every view" in fault.message


def test_the_size_of_a_shift_is_told() -> None:
    rig = change_camera(RIG, "side2", CAMERA_SLIPS["shifted"])
    (fault,) = check_geometry(see(), rig).faults
    assert "shifted by -20, +15 px" in fault.message


@pytest.mark.parametrize(
    "pair", [(a, b) for i, a in enumerate(VIEWS) for b in VIEWS[i + 1 :]], ids="-".join
)
def test_swapped_views_are_named(pair: tuple[str, str]) -> None:
    order = [{pair[0]: pair[1], pair[1]: pair[0]}.get(view, view) for view in VIEWS]
    (fault,) = check_geometry(reorder(see(), order), RIG, max_frames=80).faults
    assert (fault.kind, fault.views) == ("swapped", pair)
    assert f"with '{pair[0]}' and '{pair[1]}' swapped it is" in fault.message


def test_the_order_of_permuted_views_is_told() -> None:
    order = ["side2", "top", "side3", "side4", "side1"]
    (fault,) = check_geometry(reorder(see(), order), RIG).faults
    assert (fault.kind, fault.views) == ("permuted", ("side1", "side2", "top"))
    # the first picture, called side1, is what side2 saw
    assert "what is called 'side1' is 'side2'" in fault.message
    assert "what is called 'side2' is 'top'" in fault.message
    assert "what is called 'top' is 'side1'" in fault.message


@pytest.mark.parametrize(
    ("view", "n_frames", "told"),
    [(view, 1, "1 frame late") for view in VIEWS]
    + [("side1", -1, "1 frame ahead"), ("top", 4, "4 frames late")],
)
def test_a_view_that_is_late_is_named(view: str, n_frames: int, told: str) -> None:
    poses = change_pixels(see(), view, lambda pixels: delay(pixels, n_frames))
    (fault,) = check_geometry(poses, RIG).faults
    assert (fault.kind, fault.views) == ("late", (view,))
    assert f"'{view}' is {told}" in fault.message


@pytest.mark.parametrize("view", VIEWS)
def test_a_dropped_frame_is_named_with_its_place(view: str) -> None:
    poses = change_pixels(see(), view, lambda pixels: delay(pixels, -1, start=90))
    (fault,) = check_geometry(poses, RIG).faults
    assert (fault.kind, fault.views) == ("late", (view,))
    place = int(fault.message.split("until about frame ")[1].split(",")[0])
    assert abs(place - 90) < 25
    assert "then 1 frame ahead of the others" in fault.message


def test_two_views_can_lose_frames() -> None:
    poses = change_pixels(see(), "side1", lambda pixels: delay(pixels, -1, start=70))
    poses = change_pixels(poses, "side3", lambda pixels: delay(pixels, -2, start=150))
    faults = check_geometry(poses, RIG).faults
    assert {fault.views for fault in faults} == {("side1",), ("side3",)}


def test_frames_apart_tell_no_lag() -> None:
    late = change_pixels(see(), "side1", lambda pixels: delay(pixels, 1))
    assert check_geometry(late.isel(time=slice(None, None, 5)), RIG).fits


@pytest.mark.parametrize("view", ["side1", "top"])
def test_a_view_of_something_else_is_named(view: str) -> None:
    other = see(points=walk()[::-1, :, [1, 2, 0]] + [2.0, 1.0, -3.0])
    poses = change_pixels(see(), view, lambda _: other["position"].sel(view=view).values)
    (fault,) = check_geometry(poses, RIG, max_frames=80).faults
    assert (fault.kind, fault.views) == ("misfit", (view,))
    assert f"with '{view}' left out" in fault.message


def test_what_nothing_explains_has_no_cause() -> None:
    noise = np.random.default_rng(0).uniform(0, [WIDTH, HEIGHT], (5, 60, 8, 2))
    poses = build_poses(
        np.moveaxis(noise, -1, 2)[..., None], keypoints=[f"k{i}" for i in range(8)],
        views=VIEWS, fps=30, unit="px",
    )  # fmt: skip
    (fault,) = check_geometry(poses, RIG).faults
    assert (fault.kind, fault.views) == ("unknown", ())
    assert "no other repair that was tried helps" in fault.message


def test_a_view_that_sees_nothing_in_common_is_named() -> None:
    poses = see()
    blind = poses.assign(position=poses["position"].where(poses["view"] != "side2"))
    (fault,) = check_geometry(blind, RIG).faults
    assert (fault.kind, fault.views) == ("alone", ("side2",))


def test_two_cameras_cannot_be_at_one_place() -> None:
    first = RIG.cameras["side1"]
    rig = change_camera(RIG, "side3", lambda _: {"R": first.R, "t": first.t})
    (fault,) = check_cameras(rig)
    assert (fault.kind, fault.views) == ("same place", ("side1", "side3"))
    assert "with the same direction" in fault.message
    assert check_geometry(see(), rig).faults == (fault,)
    forgotten = Calibration(
        {v: change_camera(RIG, v, lambda _: {"t": np.zeros(3)}).cameras[v] for v in VIEWS}
    )
    assert len(check_cameras(forgotten)) == 10


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda c: {"K": c.K.T}, "transposed intrinsics"),
        (lambda c: {"K": c.K * [[-1], [1], [1]]}, "mirrored"),
    ],
)  # fmt: skip
def test_impossible_intrinsics_are_named(change: Callable, kind: str) -> None:
    (fault,) = check_cameras(change_camera(RIG, "side2", change))
    assert (fault.kind, fault.views) == (kind, ("side2",))


def test_wrong_input_is_refused() -> None:
    with pytest.raises(DataError, match="dimension view"):
        check_geometry(see().isel(view=0, drop=True), RIG)
    with pytest.raises(CalibrationError, match="no camera"):
        check_geometry(see(), RIG.select(VIEWS[:3]))


def test_no_frames_raise_no_alarm() -> None:
    assert check_geometry(see().isel(time=slice(0, 0)), RIG).fits


def test_the_same_data_give_the_same_verdict() -> None:
    rig = change_camera(RIG, "side2", CAMERA_SLIPS["moved"])
    poses = see()
    before = poses.copy(deep=True)
    assert check_geometry(poses, rig) == check_geometry(poses, rig)
    assert poses.identical(before)


def load_centers(folder: Path) -> tuple[Poses, Calibration]:
    """The centre of a real mouse as five cameras detected it, each by itself."""
    rig = load_calibration(folder / "calibration.json")
    found = json.loads((folder / "com_first40_frames.json").read_text())
    seen = np.array([[frame["uv"][view] for frame in found.values()] for view in rig.views])
    return build_poses(
        seen[..., None, None].astype(float), keypoints=["center"], views=rig.views, fps=120,
        unit="px", frames=10 * np.arange(len(found)),
    ), rig  # fmt: skip


def load_labels(folder: Path) -> tuple[Poses, Calibration]:
    rig = load_calibration(folder / "mouse1_calibration.json")
    labels = np.load(folder / "mouse1_labels3d_and_com.npz")
    seen = np.stack([labels[f"uv_{view}"] for view in rig.views])
    return build_poses(
        seen.transpose(0, 1, 3, 2)[..., None], keypoints=[f"k{i}" for i in range(22)],
        views=rig.views, fps=100, unit="px", frames=labels["frame"].astype(int),
    ), rig  # fmt: skip


REAL: dict[str, Callable[[Path], tuple[Poses, Calibration]]] = {
    "five cameras": lambda data: load_centers(data / "dannce_cylinder_5cam"),
    "six cameras": lambda data: load_labels(data / "dannce_markerless_6cam"),
    "eight cameras": lambda data: (
        load_poses(data / "sleap_8cam" / "keypoints_2d.csv", fps=10),
        load_calibration(data / "sleap_8cam" / "calibration.toml"),
    ),
}


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_real_rigs_raise_no_alarm_and_real_slips_are_named(name: str, shared_data: Path) -> None:
    poses, rig = REAL[name](shared_data)
    assert check_geometry(poses, rig).fits
    views = [str(view) for view in poses["view"].values]
    order = [views[1], views[0], *views[2:]]
    (fault,) = check_geometry(reorder(poses, order), rig).faults
    assert (fault.kind, set(fault.views)) == ("swapped", set(views[:2]))
    for slip in ("transposed", "inverse", "shifted"):
        change = (
            CAMERA_SLIPS[slip]
            if slip != "shifted"
            else lambda c: {"K": c.K + np.array([[0, 0, 90.0], [0, 0, 0], [0, 0, 0]])}
        )
        (fault,) = check_geometry(poses, change_camera(rig, views[2], change)).faults
        assert (fault.kind, fault.views) == (slip, (views[2],))


@pytest.mark.real
def test_a_real_walk_shows_a_lag_and_feigns_none(shared_data: Path) -> None:
    folder = shared_data / "dannce_markerless_6cam"
    rig = load_calibration(folder / "mouse1_calibration.json")
    track = np.load(folder / "mouse1_dannce_pred_first1000frames.npz")["xyz_mm"] / 10.0
    poses = see(rig, track, noise_px=2.0)
    assert check_geometry(poses, rig).fits
    late = change_pixels(poses, "Camera3", lambda pixels: delay(pixels, 1))
    (fault,) = check_geometry(late, rig).faults
    assert "'Camera3' is 1 frame late" in fault.message
