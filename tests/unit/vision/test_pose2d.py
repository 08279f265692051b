"""Heat-maps: planted peaks are read back; crops and mirror images lead back to the picture."""

import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.vision.pose2d import (
    cut_crop,
    decode_heatmaps,
    encode_heatmaps,
    estimate_poses,
    frame_crop,
    map_to_cells,
    map_to_crop,
    merge_mirrored,
    mirror_points,
)


class SpotEstimator:
    """Sees the reddest pixel of the crop as the snout, the greenest as the left ear."""

    name, size_px = "spots", 96

    def predict_heatmaps(self, crops):
        points = np.full((len(crops), 24, 2), np.nan)
        for i, crop in enumerate(crops.astype(int)):
            for place, channel in ((2, 0), (0, 1)):
                row, column = np.unravel_index(crop[..., channel].argmax(), crop.shape[:2])
                points[i, place] = column, row
        return encode_heatmaps(map_to_cells(points, 4), 24)


@pytest.mark.parametrize("sigma", [1.5, 2.0, 3.0])
def test_planted_peaks_are_read_finer_than_a_tenth_of_a_pixel(sigma):
    points = np.random.default_rng(0).uniform(3, 60, (10, 24, 2))
    found, peaks = decode_heatmaps(encode_heatmaps(points, 64, sigma=sigma))
    assert np.abs(found - points).max() * 4 < 0.1
    assert peaks.min() > 0.8


def test_noise_moves_peaks_little():
    rng = np.random.default_rng(0)
    points = rng.uniform(5, 58, (10, 24, 2))
    noisy = encode_heatmaps(points, 64) + rng.normal(0, 0.01, (10, 24, 64, 64))
    found, _ = decode_heatmaps(noisy, blur=1.0)
    assert np.abs(found - points).mean() < 0.1


def test_peaks_at_the_edge_and_flat_maps_are_no_fault():
    points = np.array([[[0.2, 0.1], [63.4, 30], [np.nan, 2], [70.0, 3]]])
    found, peaks = decode_heatmaps(encode_heatmaps(points, 64))
    np.testing.assert_allclose(found[0, :2], [[0, 0], [63, 30]], atol=0.5)
    assert peaks[0, 2:].tolist() == [0, 0]
    assert np.isfinite(found).all()


def test_cells_and_pixels_of_the_crop_are_inverse():
    points = np.random.default_rng(0).uniform(0, 255, (24, 2))
    np.testing.assert_allclose(map_to_crop(map_to_cells(points, 4), 4), points)
    assert map_to_crop(np.array([0.0]), 4) == 1.5  # the middle of the first four pixels


@pytest.mark.parametrize("flip_test", [False, True])
def test_spots_are_found_in_the_picture(flip_test):
    image = np.zeros((300, 400, 3), dtype=np.uint8)
    image[118:123, 158:163, 0] = 255
    image[140:145, 198:203, 1] = 255
    boxes = np.array([[140.0, 100, 220, 170], [np.nan] * 4])
    found = estimate_poses([image, image], boxes, SpotEstimator(), flip_test=flip_test)
    assert found.shape == (2, 24, 3)
    np.testing.assert_allclose(found[0, 2, :2], [160, 120], atol=3)
    np.testing.assert_allclose(found[0, 0, :2], [200, 142], atol=3)
    assert np.isnan(found[1, :, :2]).all()
    assert (found[1, :, 2] == 0).all()


def test_every_box_needs_its_picture():
    with pytest.raises(DataError, match="box a picture"):
        estimate_poses([], np.zeros((2, 4)), SpotEstimator())


@pytest.mark.parametrize("side", [40, 900])
def test_crops_show_what_the_map_says(side):
    size = 1000
    image = np.zeros((size, size, 3), dtype=np.uint8)
    center = np.array([500.0, 420.0])
    radius = side / 20
    y, x = np.mgrid[:size, :size]
    image[np.hypot(x - center[0] - side / 5, y - center[1]) < radius] = 255
    box = np.array([*(center - side / 2), *(center + side / 2)])
    to_crop = frame_crop(box, 96)
    bright = cut_crop(image, to_crop, 96)[..., 0].astype(float)
    rows, columns = np.mgrid[:96, :96]
    seen = np.array([(bright * columns).sum(), (bright * rows).sum()]) / bright.sum()
    wanted = to_crop[:, :2] @ (center + [side / 5, 0]) + to_crop[:, 2]
    np.testing.assert_allclose(seen, wanted, atol=0.15)


def test_a_box_beyond_the_picture_is_black():
    image = np.full((100, 100, 3), 255, dtype=np.uint8)
    for box in ([500.0, 500, 520, 520], [-3000.0, -3000, -1000, -1000]):
        assert not cut_crop(image, frame_crop(np.array(box), 64), 64).any()


def test_mirroring_swaps_names_and_is_its_own_inverse():
    points = np.random.default_rng(0).uniform(0, 100, (24, 3))
    mirrored = mirror_points(points, 101)
    left, right = KEYPOINTS.index("ForepawL"), KEYPOINTS.index("ForepawR")
    assert mirrored[left, 0] == 100 - points[right, 0]
    assert mirrored[left, 1:].tolist() == points[right, 1:].tolist()
    snout = KEYPOINTS.index("Snout")
    assert mirrored[snout, 0] == 100 - points[snout, 0]
    np.testing.assert_allclose(mirror_points(mirrored, 101), points)


def test_mirrored_heatmaps_agree_with_the_plain_ones():
    points = np.random.default_rng(0).uniform(3, 60, (2, 24, 2))
    plain = encode_heatmaps(points, 64)
    mirrored = encode_heatmaps(mirror_points(points, 64), 64)
    np.testing.assert_allclose(merge_mirrored(plain, mirrored), plain, atol=1e-6)
