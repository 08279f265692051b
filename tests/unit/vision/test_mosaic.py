import numpy as np
import pytest

from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.errors import CalibrationError, DataError
from mousegpt.vision.mosaic import estimate_up, make_mosaic, select_orthogonal_views


def look(azimuth_deg: float, elevation_deg: float) -> Camera:
    """Build a camera that looks at the origin from above by an elevation, upright."""
    azimuth, elevation = np.deg2rad([azimuth_deg, elevation_deg])
    outward = np.array(
        [np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation),
         np.sin(elevation)]
    )  # fmt: skip
    right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    R = np.stack([right, np.cross(-outward, right), -outward])
    return Camera("c", np.diag([1000.0, 1000, 1]), np.zeros(5), R, -R @ outward * 75, (640, 480))


def build_rig(**angles: tuple[float, float]) -> Calibration:
    return Calibration({view: look(*pair) for view, pair in angles.items()})


def test_the_paper_s_ring_gives_two_perpendicular_side_views() -> None:
    ring = {f"side{i}": (45.0 * i, 5.0) for i in range(7)}
    rig = build_rig(top=(0, 89), **ring)
    pair = select_orthogonal_views(rig)
    one, other = (rig.cameras[view].direction for view in pair)
    assert abs(one @ other) < 0.01
    assert "top" not in pair


def test_a_side_view_goes_before_a_more_perpendicular_top_view() -> None:
    rig = build_rig(front=(0, 10), top=(0, 85), side=(70, 10), back=(200, 10))
    assert select_orthogonal_views(rig) == ("front", "side")
    assert "top" in select_orthogonal_views(rig.select(("front", "top", "back")),
                                            max_elevation_deg=90)  # fmt: skip


def test_a_known_floor_goes_before_the_pictures() -> None:
    rig = build_rig(a=(0, 0), b=(90, 0), top=(0, 80))
    assert select_orthogonal_views(rig, up=np.array([0, 0, 2.0])) == ("a", "b")
    assert select_orthogonal_views(rig, up=np.array([0, 1.0, 0])) == ("a", "top")


def test_up_is_what_most_pictures_show_as_up() -> None:
    rig = build_rig(a=(0, 20), b=(90, 10), c=(200, 25), top=(0, 88))
    np.testing.assert_allclose(estimate_up(rig), [0, 0, 1], atol=0.3)


def test_one_camera_is_not_enough() -> None:
    with pytest.raises(CalibrationError, match="Two views are needed"):
        select_orthogonal_views(build_rig(only=(0, 0)))


@pytest.fixture
def image() -> np.ndarray:
    """Grey, with a red mouse of 40 x 20 px at (100, 60)."""
    image = np.full((200, 300, 3), 100, np.uint8)
    image[60:80, 100:140] = (200, 0, 0)
    return image


BOX = np.array([100.0, 60.0, 140.0, 80.0])


def test_two_views_lie_side_by_side_each_with_the_mouse_in_the_middle(image: np.ndarray) -> None:
    mosaic = make_mosaic(image, BOX, 255 - image, BOX)
    assert mosaic.shape == (448, 896, 3)
    assert mosaic.dtype == np.uint8
    np.testing.assert_allclose(mosaic[:, 448:], 255.0 - mosaic[:, :448], atol=1)
    red = mosaic[:, :448, 0] > 150
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    assert (columns[0], columns[-1]) == (0, 447)  # the longer side of the box fills the tile
    assert rows[0] == pytest.approx(112, abs=6)
    assert rows[-1] == pytest.approx(335, abs=6)


def test_one_view_is_one_tile(image: np.ndarray) -> None:
    tile = make_mosaic(image, BOX)
    assert tile.shape == (448, 448, 3)
    np.testing.assert_array_equal(tile, make_mosaic(image, BOX, image, BOX)[:, :448])


def test_beyond_the_edge_it_is_black(image: np.ndarray) -> None:
    tile = make_mosaic(image, np.array([-50.0, -50, 50, 50]), width=200, height=100)
    assert (tile[:48, :48] == 0).all()
    assert (tile[52:, 52:] == 100).all()
    outside = make_mosaic(image, np.array([400.0, 0, 440, 40]))
    assert (outside == 0).all()


def test_without_a_mouse_the_whole_picture_is_shown(image: np.ndarray) -> None:
    tile = make_mosaic(image, np.full(4, np.nan), width=600, height=300)
    assert (tile[:45] == 0).all()  # 300 x 200 in a square: black above and below
    assert (tile[-45:] == 0).all()
    assert ((tile[55:-55] == 100).all(axis=-1) | (tile[55:-55, :, 0] > 100)).all()


def test_tiles_may_have_another_shape(image: np.ndarray) -> None:
    tile = make_mosaic(image, BOX, width=160, height=40)
    assert tile.shape == (40, 80, 3)
    assert (tile == (200, 0, 0)).all()


def test_a_degenerate_box_is_still_a_picture(image: np.ndarray) -> None:
    assert make_mosaic(image, np.array([120.0, 70, 120, 70])).shape == (448, 448, 3)


def test_halves_must_fit(image: np.ndarray) -> None:
    with pytest.raises(DataError, match="even width"):
        make_mosaic(image, BOX, width=895)
    with pytest.raises(DataError, match="box for each picture"):
        make_mosaic(image, BOX, image)
