"""Two peaks that run together are taken apart where they were drawn."""

import numpy as np
import pytest

from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.vision.parting import part_pairs
from mousegpt.vision.pose2d import decode_heatmaps, encode_heatmaps

EARS = [KEYPOINTS.index("EarL"), KEYPOINTS.index("EarR")]
CELLS = 48


def draw(left, right, share: float = 0.5) -> np.ndarray:
    """Maps of a network that sees both ears, and gives each map a share of either."""
    places = np.full((1, 24, 2), 10.0)
    places[0, EARS] = left, right
    maps = encode_heatmaps(places, CELLS).astype(float)
    one, other = maps[:, EARS[0]].copy(), maps[:, EARS[1]].copy()
    maps[:, EARS[0]] = share * one + (1 - share) * other
    maps[:, EARS[1]] = (1 - share) * one + share * other
    return maps


@pytest.mark.parametrize("distance", [3.0, 4.0, 6.0])
def test_one_broad_peak_becomes_two(distance):
    left, right = np.array([20.3, 24.6]), np.array([20.3 + 0.6 * distance, 24.6 + 0.8 * distance])
    maps = draw(left, right)
    points, _ = decode_heatmaps(maps)
    parted = part_pairs(maps, points)[0, EARS]
    found = parted[np.argsort(parted[:, 0])]
    np.testing.assert_allclose(found, [left, right], atol=0.4)
    blind = points[0, EARS]
    assert np.linalg.norm(blind[0] - blind[1]) < 1.0


def test_peaks_apart_and_other_keypoints_stay():
    maps = draw([12.0, 30.0], [24.0, 30.0], share=0.9)
    points, _ = decode_heatmaps(maps)
    np.testing.assert_array_equal(part_pairs(maps, points), points)


def test_an_empty_map_stays():
    maps, points = np.zeros((1, 24, CELLS, CELLS)), np.zeros((1, 24, 2))
    assert np.isfinite(part_pairs(maps, points)).all()
