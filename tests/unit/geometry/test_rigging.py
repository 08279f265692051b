"""A rig is recovered from the corners of boards whose places are known."""

from dataclasses import replace

import numpy as np
import pytest

from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.errors import CalibrationError, DataError
from mousegpt.geometry.rigging import calibrate_rig
from mousegpt.geometry.targets import Marks

from .boards import BOARD, RIG, SIZES, TURNABLE, measure_offsets, see_boards, turn_some

VIEW = RIG.views[0]


def change(sightings, view, edit):
    return [replace(s, marks=edit(s.marks)) if s.view == view else s for s in sightings]


def test_without_noise_the_rig_is_recovered_exactly():
    found = calibrate_rig(see_boards(), SIZES).calibration
    far, angle = measure_offsets(found)
    assert far < 1e-4
    assert angle < 1e-4
    for view, camera in RIG.cameras.items():
        np.testing.assert_allclose(found.cameras[view].K, camera.K, rtol=1e-5, atol=1e-2)


@pytest.mark.parametrize("place", range(5), ids=["k1", "k2", "p1", "p2", "k3"])
def test_each_number_of_the_lens_is_recovered(place):
    numbers = np.zeros(5)
    numbers[place] = (-0.2, 0.1, 0.004, -0.003, 0.1)[place]
    camera = replace(RIG.cameras[VIEW], distortion=numbers)
    alone = Calibration({VIEW: camera}, "planted")
    fit = calibrate_rig(see_boards(rig=alone), {VIEW: camera.size})
    bent = np.abs(camera.project(place_grid(camera)) - place_in(fit, camera))
    assert bent.max() < 1e-3  # k2 and k3 of a narrow lens are told apart by what they do
    np.testing.assert_allclose(fit.calibration.cameras[VIEW].distortion[:4], numbers[:4], atol=2e-3)


def place_grid(camera: Camera):
    """Points whose pictures fill the image."""
    pixels = np.stack(np.meshgrid(np.linspace(20, 620, 7), np.linspace(20, 490, 7)), -1)
    rays = camera.undistort(pixels.reshape(-1, 2))
    return (np.column_stack([rays, np.ones(len(rays))]) * 50 - camera.t) @ camera.R


def place_in(fit, camera):
    """Where the fitted lens sees those points from where the camera is."""
    seen = fit.calibration.cameras[VIEW]
    return replace(seen, R=camera.R, t=camera.t).project(place_grid(camera))


def test_a_lens_model_leaves_the_other_numbers_alone():
    fit = calibrate_rig(see_boards(noise_px=0.1), SIZES, lens="k1 k2")
    for camera in fit.calibration.cameras.values():
        assert camera.distortion[0] != 0
        np.testing.assert_array_equal(camera.distortion[2:], 0)


def test_errors_are_as_large_as_is_told():
    fit = calibrate_rig(see_boards(noise_px=0.3), SIZES)
    far, angle = measure_offsets(fit.calibration)
    assert 10 * far < 6 * fit.uncertainty["center_sd_mm"].max()
    assert angle < 6 * fit.uncertainty["angle_sd_deg"].max()
    errors = np.hypot(fit.points["du"], fit.points["dv"])
    assert np.median(errors) == pytest.approx(0.3 * np.sqrt(2 * np.log(2)), rel=0.1)


def test_wrong_corners_do_no_harm():
    rng = np.random.default_rng(4)

    def spoil(marks):
        wrong = rng.random(len(marks.ids)) < 0.05
        shift = np.where(wrong[:, None], rng.uniform(-25, 25, marks.pixels.shape), 0)
        return replace(marks, pixels=marks.pixels + shift)

    spoilt = [replace(s, marks=spoil(s.marks)) for s in see_boards(noise_px=0.05)]
    fit = calibrate_rig(spoilt, SIZES)
    far, angle = measure_offsets(fit.calibration)
    assert 10 * far < 6 * fit.uncertainty["center_sd_mm"].max()
    assert angle < 6 * fit.uncertainty["angle_sd_deg"].max()
    assert fit.uncertainty["angle_sd_deg"].max() < 0.3


def test_a_board_that_looks_the_same_turned_is_turned_to_agree():
    sightings = see_boards(TURNABLE)
    fit = calibrate_rig(turn_some(sightings), SIZES)
    assert measure_offsets(fit.calibration)[0] < 1e-4
    assert np.hypot(fit.points["du"], fit.points["dv"]).max() < 1e-3


def test_same_input_same_bytes():
    one, other = (calibrate_rig(see_boards(noise_px=0.1), SIZES).calibration for _ in range(2))
    for view in RIG.views:
        assert one.cameras[view].t.tobytes() == other.cameras[view].t.tobytes()


def test_a_camera_that_shares_no_board_is_named():
    apart = [s for s in see_boards() if s.view != VIEW or not s.shot.startswith("shared")]
    with pytest.raises(CalibrationError, match=f"'{VIEW}'.* no board at the same time"):
        calibrate_rig(apart, SIZES)


def test_a_camera_with_too_few_boards_is_named():
    few = [s for s in see_boards() if s.view != VIEW] + [s for s in see_boards() if s.view == VIEW][
        :2
    ]
    with pytest.raises(CalibrationError, match=f"'{VIEW}': expected 4 pictures .* found 2"):
        calibrate_rig(few, SIZES)


def test_a_mirrored_camera_is_named():
    columns, rows = BOARD.squares[0] - 1, BOARD.squares[1] - 1
    grid = np.arange(columns * rows).reshape(rows, columns)[:, ::-1].ravel()

    def mirror(marks):  # as a detector would count the corners of the mirrored picture
        pixels = marks.pixels * [-1, 1] + [SIZES[VIEW][0] - 1, 0]
        return Marks(grid[marks.ids], pixels)

    with pytest.raises(CalibrationError, match=f"'{VIEW}'.*mirrored"):
        calibrate_rig(change(see_boards(), VIEW, mirror), SIZES)


def test_views_with_exchanged_colours_are_mirrored():
    sightings = change(see_boards(TURNABLE), VIEW, lambda marks: replace(marks, inverted=True))
    with pytest.raises(CalibrationError, match=f"camera.* {VIEW} is the mirror image"):
        calibrate_rig(sightings, SIZES)


def test_pictures_of_other_moments_are_noticed():
    sightings = see_boards()
    mine = [s for s in sightings if s.view == VIEW and s.shot.startswith("shared")]
    shots = [s.shot for s in mine]
    late = dict(zip(shots, shots[1:] + shots[:1], strict=True))
    moved = [replace(s, shot=late[s.shot]) if s in mine else s for s in sightings]
    with pytest.raises(CalibrationError, match="contradict each other"):
        calibrate_rig(moved, SIZES)


def test_an_unknown_lens_model_is_refused():
    with pytest.raises(DataError, match="no lens model 'fisheye'; choose one of none, k1"):
        calibrate_rig(see_boards(), SIZES, lens="fisheye")
