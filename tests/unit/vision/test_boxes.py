import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.core.poses import build_poses
from mousegpt.vision.boxes import compute_background, compute_boxes, find_moving_box

KEYPOINTS = ("Snout", "Hip", "TailEnd")


def test_the_box_encloses_what_is_visible_with_padding() -> None:
    x, y = np.array([10.0, 50, 90]), np.array([20.0, 60, 5])
    position = np.stack([x, y])[None, :, :, None].repeat(4, axis=0)
    confidence = np.full((4, 3, 1), np.nan)
    confidence[1, 2] = 0.1  # doubtful tail
    position[2, 0, 0] = np.nan  # half a snout is no snout
    position[3] = np.nan
    poses = build_poses(position, confidence, keypoints=KEYPOINTS, fps=30, unit="px")
    boxes = compute_boxes(poses, padding_px=5)
    assert boxes.dims == ("time", "individual", "edge")
    assert list(boxes["edge"].values) == ["left", "top", "right", "bottom"]
    expected = [[5, 0, 95, 65], [5, 15, 55, 65], [45, 0, 95, 65], [np.nan] * 4]
    np.testing.assert_array_equal(boxes.values[:, 0], expected)
    np.testing.assert_array_equal(boxes["frame"], range(4))


def test_every_view_and_individual_has_its_own_box() -> None:
    position = np.random.default_rng(0).uniform(0, 100, (2, 5, 2, 3, 2))
    poses = build_poses(
        position, keypoints=KEYPOINTS, individuals=("a", "b"), views=("v", "w"), fps=30, unit="px"
    )
    boxes = compute_boxes(poses, padding_px=0)
    assert boxes.dims == ("view", "time", "individual", "edge")
    np.testing.assert_array_equal(boxes.sel(edge="left"), position[:, :, 0].min(axis=-2))
    np.testing.assert_array_equal(boxes.sel(edge="bottom"), position[:, :, 1].max(axis=-2))


def test_boxes_need_pixels() -> None:
    poses = build_poses(np.zeros((1, 3, 3, 1)), keypoints=KEYPOINTS, fps=30, unit="cm")
    with pytest.raises(DataError, match="2-D poses in px, found 3-D in cm"):
        compute_boxes(poses)


def draw(left: int, top: int, *, noise: int = 0) -> np.ndarray:
    """Draw a black mouse of 40 x 24 px in a light arena with a dark object."""
    image = np.full((200, 300, 3), 180, np.uint8)
    image[10:60, 220:290] = 30
    image[top : top + 24, left : left + 40] = 20
    rng = np.random.default_rng(left)
    return (image + rng.integers(-noise, noise + 1, image.shape)).clip(0, 255).astype(np.uint8)


def test_a_moving_mouse_is_found_without_poses() -> None:
    images = np.stack([draw(10 + 30 * i, 100 + 5 * i, noise=4) for i in range(7)])
    background = compute_background(images)
    assert background.shape == images.shape[1:]
    box = find_moving_box(images[2], background, padding_px=10)
    np.testing.assert_allclose(box, [60, 100, 120, 144], atol=5)


def test_noise_is_not_a_mouse() -> None:
    images = np.stack([draw(10 + 30 * i, 100, noise=4) for i in range(7)])
    background = compute_background(images)
    assert np.isnan(find_moving_box(background, background)).all()
    speck = background.copy()
    speck[150:155, 100:105] = 0
    assert np.isnan(find_moving_box(speck, background)).all()


def test_what_is_far_too_large_is_passed_over():
    background = np.full((200, 300, 3), 200, np.uint8)
    image = background.copy()
    image[20:180, 10:90] = 20  # a person behind the arena
    image[120:150, 200:240] = 20
    found = find_moving_box(image, background, size_px=35, padding_px=0)
    np.testing.assert_allclose(found, [200, 120, 240, 150], atol=6)
    largest = find_moving_box(image, background, padding_px=0)
    np.testing.assert_allclose(largest, [10, 20, 90, 180], atol=6)


def test_what_reaches_over_the_edge_gives_way_to_what_lies_inside():
    background = np.full((200, 300, 3), 200, np.uint8)
    image = background.copy()
    image[0:120, 10:60] = 20
    alone = find_moving_box(image, background, padding_px=0)
    np.testing.assert_allclose(alone, [10, 0, 60, 120], atol=6)
    image[130:160, 200:240] = 20
    found = find_moving_box(image, background, padding_px=0)
    np.testing.assert_allclose(found, [200, 130, 240, 160], atol=6)
