"""Boards are judged by what OpenCV finds in their pictures."""

import cv2
import numpy as np
import pytest

from mousegpt.core.calibration import Camera
from mousegpt.core.errors import DataError
from mousegpt.synthetic import board_pictures
from mousegpt.synthetic.board_pictures import render_boards
from mousegpt.synthetic.board_places import place_boards, present_boards
from mousegpt.synthetic.boards import (
    draw_charuco,
    draw_checkerboard,
    draw_marker_sheet,
    measure_incidence,
    see_board,
)
from mousegpt.synthetic.rig import build_rig

SIZES = [(896, 896), pytest.param((1280, 1024), marks=pytest.mark.slow)]
FLAT = np.eye(3)[None], np.zeros((1, 3))  # on the floor, in the middle


def find_checkerboard(image):
    """Corners in the order of the board; OpenCV cannot tell it from itself turned by 180°."""
    found, corners = cv2.findChessboardCornersSB(image, (21, 13), flags=cv2.CALIB_CB_ACCURACY)
    assert found
    return corners.reshape(-1, 2)


def find_charuco(image):
    tags = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    detector = cv2.aruco.CharucoDetector(cv2.aruco.CharucoBoard((11, 7), 1.6, 1.2, tags))
    corners, ids, _, _ = detector.detectBoard(image)
    return corners.reshape(-1, 2), ids.ravel()


def find_tags(image):
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    tags = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h11)
    corners, ids, _ = cv2.aruco.ArucoDetector(tags, parameters).detectMarkers(image)
    return np.stack(corners)[np.argsort(ids.ravel())].reshape(-1, 4, 2), np.sort(ids.ravel())


def measure_errors(found, truth):
    """Distances in px, whichever way round the board was found."""
    return min((np.linalg.norm(found[::s] - truth, axis=1) for s in (1, -1)), key=np.median)


@pytest.mark.parametrize(
    ("board", "n_points"),
    [(draw_checkerboard(), 21 * 13), (draw_charuco(), 10 * 6), (draw_marker_sheet(), 8 * 4)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_points_lie_where_the_texture_changes(board, n_points):
    assert board.points.shape == (n_points, 3) and board.ids.shape == (n_points,)
    height, width = board.texture.shape
    k = board.px_per_cm
    columns = np.rint(board.points[:, 0] * k + width / 2).astype(int)
    rows = np.rint(height / 2 - board.points[:, 1] * k).astype(int)
    for row, column in zip(rows, columns, strict=True):
        around = board.texture[row - 3 : row + 3, column - 3 : column + 3]
        quarters = [around[:3, :3], around[:3, 3:], around[3:, 3:], around[3:, :3]]
        assert all(len(np.unique(quarter)) == 1 for quarter in quarters)
        assert len(np.unique(around)) == 2


def test_the_sheet_has_the_paper_s_measures():
    sheet = draw_marker_sheet()
    pairs = sheet.points.reshape(4, 8, 3).mean(axis=1)
    assert np.allclose(pairs, [[-13, 12, 0], [13, 12, 0], [13, -12, 0], [-13, -12, 0]])
    middle = sheet.texture[1260:1660, 1240:1640] == 0  # 4 cm around the origin
    assert middle.sum() == pytest.approx(np.pi * 15**2, rel=0.02)
    rows, columns = np.nonzero(middle)
    assert rows.mean() == pytest.approx(199.5) and columns.mean() == pytest.approx(199.5)


def test_opencv_lays_out_its_charuco_board_in_the_same_way():
    tags = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    theirs = cv2.aruco.CharucoBoard((11, 7), 1.6, 1.2, tags).getChessboardCorners()
    ours = draw_charuco().points * [1, -1, 1] + [11 * 0.8, 7 * 0.8, 0]
    assert np.allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_checkerboard_corners_are_found(size):
    board, camera = draw_checkerboard(), build_rig(image_size=size).cameras["side5"]
    R, t = present_boards(board, camera, n=3, seed=2)
    for i, image in enumerate(render_boards(board, R, t, camera)):
        errors = measure_errors(find_checkerboard(image), see_board(board, R[i], t[i], camera))
        assert np.median(errors) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("size", [(896, 896), (1280, 1024)])
def test_checkerboards_calibrate_the_lens(size):
    board = draw_checkerboard()
    camera = build_rig(image_size=size, seed=4).cameras["side2"]
    R, t = present_boards(board, camera, n=15, seed=1)
    found = [find_checkerboard(image) for image in render_boards(board, R, t, camera)]
    points = [board.points.astype(np.float32)] * len(found)
    rms, K, lens, _, _ = cv2.calibrateCamera(points, found, size, None, None)
    assert rms < 0.15
    assert np.allclose(K[[0, 1], [0, 1]], camera.K[[0, 1], [0, 1]], rtol=3e-3)
    mine = Camera("found", K, lens.ravel(), camera.R, camera.t, size)
    grid = np.stack(np.meshgrid(*(np.linspace(-8, 8, 9),) * 2, [0.0, 8.0]), axis=-1)
    shift = mine.project(grid) - camera.project(grid)
    assert np.ptp(shift.reshape(-1, 2), axis=0).max() < 2  # a shift alone is a turn of the camera


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_charuco_corners_are_found_by_several_cameras(size):
    board, rig = draw_charuco(), build_rig(image_size=size, seed=2)
    R, t = place_boards(board, rig, n=4, seed=1)
    errors, n_views = [], np.zeros(4)
    for view in ("side1", "side3", "side5", "top"):
        camera = rig.cameras[view]
        for i, image in enumerate(render_boards(board, R, t, camera)):
            if measure_incidence(R[i], t[i], camera) < 0.5:
                continue
            corners, ids = find_charuco(image)
            truth = see_board(board, R[i], t[i], camera)[ids]
            errors.append(np.linalg.norm(corners - truth, axis=1))
            n_views[i] += len(ids) > 40
    assert np.median(np.concatenate(errors)) < 0.1
    assert n_views.max() >= 2


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_sheet_tells_the_camera_above_where_it_is(size):
    sheet, camera = draw_marker_sheet(), build_rig(image_size=size, seed=3).cameras["top"]
    (image,) = render_boards(sheet, *FLAT, camera)
    corners, ids = find_tags(image)
    assert ids.tolist() == list(range(8))
    truth = see_board(sheet, FLAT[0][0], FLAT[1][0], camera).reshape(8, 4, 2)
    # blur rounds the corners of a tag inwards, alike on all sides: its middle stays
    assert np.median(np.linalg.norm(corners - truth, axis=-1)) < 0.4
    assert np.median(np.linalg.norm((corners - truth).mean(axis=1), axis=-1)) < 0.1
    _, rvec, tvec = cv2.solvePnP(sheet.points, corners.reshape(-1, 2), camera.K, camera.distortion)
    center = -cv2.Rodrigues(rvec)[0].T @ tvec.ravel()
    assert np.linalg.norm(center - camera.center) < 0.15  # cm, from 120 cm above


@pytest.mark.parametrize("size", [(448, 448), (1280, 1024)])
def test_the_rays_of_pictures_are_the_camera_s(size):
    for camera in build_rig(image_size=size, distortion=1.5).cameras.values():
        rng = np.random.default_rng(0)
        column, row = rng.integers(0, size, (200, 2)).T
        rays = board_pictures._trace_rays(camera)[row, column]
        off = (rays - camera.undistort(np.stack([column, row], axis=1))) * camera.K[0, 0]
        assert np.abs(off).max() < 2e-4  # px, with single precision


def test_ideal_pictures_are_exact():
    """Without blur and noise, each square is as black or white as on the board."""
    board, camera = draw_checkerboard(), build_rig(jitter=0, distortion=0).cameras["top"]
    (image,) = render_boards(board, *FLAT, camera, blur_px=0, noise=0)
    corners = see_board(board, FLAT[0][0], FLAT[1][0], camera)
    step = np.array([(corners[1] - corners[0])[0] / 2, (corners[21] - corners[0])[1] / 2])
    black = np.rint(corners + step * [1, 1]).astype(int)
    parity = (np.arange(273) // 21 + np.arange(273) % 21) % 2
    values = image[black[:, 1], black[:, 0]]
    assert values[parity == 0].max() < 30 and values[parity == 1].min() > 150


def test_boards_fit_their_pictures_and_cover_them():
    board, camera = draw_checkerboard(), build_rig().cameras["side1"]
    R, t = present_boards(board, camera, n=12, tilt_deg=(10.0, 45.0))
    seen = np.concatenate([see_board(board, *place, camera) for place in zip(R, t, strict=True)])
    assert np.isfinite(seen).all()
    cells = np.unique((seen / 448 * 4).astype(int) @ [4, 1])
    assert len(cells) == 16
    facing = -np.stack([rotation[:, 2] for rotation in R]) @ camera.direction
    tilts = np.rad2deg(np.arccos(facing))
    assert np.allclose(np.sort(tilts), np.linspace(10, 45, 12))
    assert np.allclose(np.linalg.det(R), 1)


def test_boards_in_the_middle_tie_all_cameras_together():
    board, rig = draw_checkerboard(), build_rig()
    R, t = place_boards(board, rig, n=24)
    seen = np.array(
        [
            [np.isfinite(see_board(board, *place, camera)).all() for camera in rig.cameras.values()]
            for place in zip(R, t, strict=True)
        ]
    ).astype(int)
    shared = seen.T @ seen
    assert shared.diagonal().min() >= 5
    assert all(shared[i, (i + 1) % 7] >= 2 for i in range(7))  # neighbours on the ring
    assert shared[-1, :-1].min() >= 1  # and each with the camera above
    corners = np.einsum("nij,kj->nki", R, board.outline) + t[:, None]
    assert corners[..., 2].min() > 0
    assert np.hypot(t[:, 0], t[:, 1]).max() <= 5


def test_the_back_of_a_board_shows_nothing():
    board, camera = draw_checkerboard(), build_rig().cameras["top"]
    back = np.diag([1.0, -1.0, -1.0])
    assert np.isnan(see_board(board, back, np.array([0, 0, 5.0]), camera)).all()
    (image,) = render_boards(board, back[None], np.array([[0, 0, 5.0]]), camera, noise=0)
    u, v = camera.project(np.array([0, 0, 5.0])).astype(int)
    assert np.ptp(image[v - 50 : v + 50, u - 50 : u + 50].astype(int)) < 15


def test_pictures_are_the_seed_s():
    board, camera = draw_charuco(), build_rig().cameras["side3"]
    places = present_boards(board, camera, n=2, seed=8)
    again = present_boards(board, camera, n=2, seed=8)
    assert all(np.array_equal(one, other) for one, other in zip(places, again, strict=True))
    first, second = render_boards(board, *places, camera, seed=1)
    assert first.dtype == np.uint8 and first.shape == (448, 448)
    repeated = next(render_boards(board, *places, camera, seed=1))
    assert np.array_equal(first, repeated)
    assert not np.array_equal(first, next(render_boards(board, *places, camera, seed=2)))
    assert not np.array_equal(first, second)


def test_a_board_that_fits_nowhere_is_refused():
    with pytest.raises(DataError, match="smaller squares"):
        place_boards(draw_checkerboard(square_cm=3.0, px_per_cm=10), build_rig())
