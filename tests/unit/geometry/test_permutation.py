import numpy as np
import pytest

from mousegpt.geometry.permutation import find_permutations
from mousegpt.geometry.sightlines import Sight
from mousegpt.synthetic.rig import arrange_views, build_rig

from .planted import see


def mix(order: tuple[int, ...], seed: int = 0) -> list[Sight]:
    """Sights of a rig in which camera i has been given the picture ``order[i]``."""
    n_side = len(order) - 1
    rig = build_rig(layout=arrange_views(n_side), image_size=(640, 512), seed=seed)
    seen = see(rig)["position"].values[..., 0]
    pixels = np.moveaxis(seen, 2, -1).reshape(len(order), -1, 2)
    cameras = list(rig.cameras.values())
    return [Sight(camera, pixels[place]) for camera, place in zip(cameras, order, strict=True)]


@pytest.mark.parametrize(
    "order",
    [(1, 0), (0, 2, 1), (1, 2, 0), (3, 0, 1, 2), (1, 0, 3, 2, 4), (4, 3, 5, 1, 0, 2)],
)
def test_the_order_that_was_mixed_up_is_found(order: tuple[int, ...]) -> None:
    best = find_permutations(mix(order), tolerance_px=3.2)
    assert best[0] == tuple(int(place) for place in np.argsort(order))


def test_of_eight_views_any_order_is_found() -> None:
    order = (5, 2, 7, 0, 3, 1, 4, 6)
    best = find_permutations(mix(order), tolerance_px=3.2)
    assert best[0] == tuple(int(place) for place in np.argsort(order))


def test_of_many_views_exchanges_are_found() -> None:
    order = (0, 8, 2, 3, 6, 5, 4, 7, 1, 9)
    best = find_permutations(mix(order), tolerance_px=3.2)
    assert best[0] == order  # exchanges of two undo themselves
