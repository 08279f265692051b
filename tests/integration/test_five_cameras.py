"""The five synchronised views of a real mouse, from the files to the mosaic."""

from pathlib import Path

import numpy as np
import pytest

from mousegpt.io.calibration import load_calibration
from mousegpt.io.video import probe_video, read_frames
from mousegpt.vision.boxes import compute_background, find_moving_box
from mousegpt.vision.mosaic import make_mosaic, select_orthogonal_views

VIEWS = ("CameraE", "CameraL", "CameraR", "CameraS", "CameraU")

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "dannce_cylinder_5cam"


def test_all_views_have_the_same_frames(folder: Path) -> None:
    for view in VIEWS:
        info = probe_video(folder / "videos" / f"{view}.mp4")
        assert (info.n_frames, info.n_frames_promised, info.fps) == (2758, 2758, 120.0)
        assert (info.width, info.height) == (1328, 1048)
        assert info.complete
        assert not info.variable_rate


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
def test_a_frame_read_alone_is_the_frame_read_in_passing(folder: Path, view: str) -> None:
    path = folder / "videos" / f"{view}.mp4"
    asked = np.random.default_rng(0).choice(2758, 15, replace=False).tolist()
    asked += [0, 2757, 249, 250, 251]
    passing = {n: image for n, image in read_frames(path, range(2758)) if n in asked}
    for frame, image in read_frames(path, asked):
        np.testing.assert_array_equal(image, passing[frame])


def test_the_mouse_is_shown_from_two_perpendicular_sides(folder: Path) -> None:
    rig = load_calibration(folder / "calibration.json")
    pair = select_orthogonal_views(rig)
    directions = [rig.cameras[view].direction for view in pair]
    assert np.rad2deg(np.arccos(directions[0] @ directions[1])) == pytest.approx(90, abs=10)
    pictures: list[np.ndarray] = []
    for view in pair:
        frames = dict(read_frames(folder / "videos" / f"{view}.mp4", range(0, 2758, 300)))
        box = find_moving_box(frames[1500], compute_background(np.stack(list(frames.values()))))
        assert 100 < box[2] - box[0] < 600
        pictures += [frames[1500], box]
    mosaic = make_mosaic(*pictures)
    assert mosaic.shape == (448, 896, 3)
    for tile in (mosaic[:, :448], mosaic[:, 448:]):
        assert (tile[124:324, 124:324].max(axis=-1) < 70).mean() > 0.15  # a black mouse
