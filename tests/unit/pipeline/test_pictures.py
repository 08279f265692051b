"""The mouse is cut out of its videos where the poses say it is."""

from pathlib import Path

import numpy as np
import pytest
from stickmouse.films import load_films as load

from mousegpt.io.poses import save_poses
from mousegpt.pipeline.pictures import choose_views, name_picture, picture_frames


def show(*keys):
    return {key: (key[1],) for key in keys}


def measure_darkness(tile: np.ndarray) -> float:
    """Return the share of dark pixels in the middle of a tile: where the mouse should be."""
    middle = tile[112:336, 112:336]
    return float((middle.max(axis=-1) < 110).mean())


def test_perpendicular_side_views_are_chosen(folder):
    assert choose_views(load(folder)) == ("front", "side")
    assert choose_views(load(folder, calibration=None)) == ("front", "side")
    only = {"top": folder / "top.mp4"}
    assert choose_views(load(folder, videos=only, calibration=None)) == ("top",)


@pytest.mark.parametrize("poses", ["poses.nc", None], ids=["by poses", "by motion"])
def test_both_tiles_show_the_mouse(folder, poses):
    contents = load(folder, poses={"": folder / poses} if poses else {})
    keys = show(("mouse", 15), ("mouse", 2))
    pictures = list(picture_frames(contents, keys, ("front", "side")))
    assert [key for key, _ in pictures] == [("mouse", 2), ("mouse", 15)]
    for _, image in pictures:
        assert image.shape == (448, 896, 3)
        assert min(measure_darkness(image[:, :448]), measure_darkness(image[:, 448:])) > 0.15


def test_frames_between_those_that_networks_looked_at_show_the_mouse(folder, session, tmp_path):
    sparse = tmp_path / "sparse.nc"
    save_poses(session.poses.isel(time=slice(0, None, 4)), sparse)
    keys = show(*(("mouse", frame) for frame in (4, 5, 6, 7, 8)))
    for estimated, shown in ((True, 5), (False, 2)):
        contents = load(folder, poses={"": sparse}, estimated=estimated)
        tiles = dict(picture_frames(contents, keys, ("side",)))
        assert sum(measure_darkness(tile) > 0.15 for tile in tiles.values()) == shown


def test_the_same_frame_gives_the_same_picture_in_any_company(folder):
    contents = load(folder)
    alone = dict(picture_frames(contents, show(("mouse", 7)), ("side",)))
    among = dict(picture_frames(contents, show(*(("mouse", k) for k in (3, 7, 12))), ("side",)))
    np.testing.assert_array_equal(alone["mouse", 7], among["mouse", 7])


@pytest.mark.parametrize("poses", ["poses.nc", None], ids=["by poses", "by motion"])
def test_moments_are_cut_with_one_box(folder, poses):
    contents = load(folder, poses={"": folder / poses} if poses else {})
    shown = {("mouse", 5): (1, 5, 9), ("mouse", 9): (5, 9, 13), ("mouse", 0): (0, 4)}
    pictures = dict(picture_frames(contents, shown, ("front", "side")))
    assert [picture.shape for picture in pictures.values()] == [(896, 896, 3)] + 2 * [
        (1344, 896, 3)
    ]
    alone = dict(picture_frames(contents, show(("mouse", 5), ("mouse", 9)), ("front", "side")))
    middle = pictures["mouse", 5][448:896]
    np.testing.assert_array_equal(middle, alone["mouse", 5])
    # the mouse walks: what stands still in one box does not in another
    later = pictures["mouse", 5][896:]
    assert not np.array_equal(later, alone["mouse", 9])
    floor = np.abs(middle.astype(int) - later).max(axis=-1)
    assert np.median(floor) <= 4  # most of the picture is what stands still


@pytest.mark.parametrize("name", ["../../etc", "a/b", "C:\\m", "名", "", "m\n"])
def test_no_name_leaves_the_folder(name):
    path = Path(name_picture("r", name, 3))
    assert path.parent == Path("frames/r")
    assert ".." not in path.parts
