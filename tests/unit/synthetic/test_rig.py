from dataclasses import replace

import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.synthetic.arena import ARENAS, trace_wall
from mousegpt.synthetic.rig import LAYOUTS, arrange_views, build_rig

SIZES = [(448, 448), (896, 896), (1280, 1024), (3840, 2160)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("arena", ARENAS)
@pytest.mark.parametrize("seed", [0, 7])
def test_every_view_has_the_floor_and_a_rearing_mouse_in_it(arena, layout, size, seed):
    foot = np.concatenate([k * trace_wall(ARENAS[arena]) for k in (1.0, 0.5)])
    space = np.concatenate([np.insert(foot, 2, z, axis=1) for z in (0.0, 11.0)])
    for camera in build_rig(arena, layout=layout, image_size=size, seed=seed).cameras.values():
        pixels = camera.project(space)
        free = np.minimum(pixels, np.array(size) - 1 - pixels).min()
        assert camera.size == size
        assert free > 0.01 * min(size)
        assert free < 0.12 * max(size)  # and the image is not wasted


@pytest.mark.parametrize("seed", range(4))
def test_every_lens_can_be_undone_up_to_the_corners(seed):
    u, v = np.meshgrid(np.linspace(-0.5, 447.5, 30), np.linspace(-0.5, 447.5, 30))
    pixels = np.stack([u, v], axis=-1)
    for camera in build_rig(seed=seed, distortion=1.5).cameras.values():
        rays = np.concatenate([camera.undistort(pixels), np.ones((30, 30, 1))], axis=-1)
        points = camera.center + 70 * rays @ camera.R
        assert np.allclose(camera.project(points), pixels, atol=1e-6)


def test_the_lenses_are_real_and_differ():
    rig = build_rig()
    lenses = np.stack([camera.distortion for camera in rig.cameras.values()])
    assert np.all(lenses != 0)
    assert len(np.unique(lenses)) == lenses.size
    wall = np.insert(trace_wall(ARENAS["paper"]), 2, 0, axis=1)
    for camera in rig.cameras.values():
        ideal = replace(camera, distortion=np.zeros(5))
        assert 1 < np.abs(camera.project(wall) - ideal.project(wall)).max() < 10


def test_the_paper_s_rig_stands_where_it_should():
    rig = build_rig()
    assert rig.views == ("side1", "side2", "side3", "side4", "side5", "side6", "side7", "top")
    centers = np.stack([camera.center for camera in rig.cameras.values()])
    assert np.allclose(np.linalg.norm(centers[:7, :2], axis=1), 75, atol=2)
    assert np.allclose(centers[:7, 2], 7, atol=2)
    assert np.allclose(centers[7], [0, 0, 120], atol=2)


def test_without_jitter_cameras_stand_and_look_exactly_as_planned():
    rig = build_rig(layout="pair", jitter=0, distortion=0)
    front, side, top = rig.cameras.values()
    assert front.direction[:2] @ side.direction[:2] == pytest.approx(0, abs=1e-12)
    assert np.allclose(front.center, [0, -75, 7]) and np.allclose(side.center, [75, 0, 7])
    for camera in rig.cameras.values():
        assert np.allclose(camera.project(np.array([0, 0, 3.0])), [223.5, 223.5])
        assert not camera.distortion.any()
    below, above = side.project(np.array([[0, 0, 0], [0, 0, 5.0]]))
    assert above[1] < below[1]  # upright
    assert front.project(np.array([5.0, 0, 3]))[0] > 224  # +x is right in front
    assert top.project(np.array([0, 5.0, 3]))[1] < 224  # +y is up from above


def test_jitter_moves_the_cameras_a_little():
    exact, real = build_rig(jitter=0), build_rig(jitter=1)
    for view in exact.views:
        moved = np.linalg.norm(real.cameras[view].center - exact.cameras[view].center)
        assert 0.02 < moved < 2
        cosine = real.cameras[view].direction @ exact.cameras[view].direction
        assert 0.02 < np.rad2deg(np.arccos(cosine)) < 2


def test_any_number_of_cameras_on_the_ring():
    rig = build_rig("cylinder", layout=arrange_views(3, with_top=False), jitter=0)
    assert rig.views == ("side1", "side2", "side3")
    azimuths = [np.rad2deg(np.arctan2(*c.center[1::-1])) % 360 for c in rig.cameras.values()]
    assert np.allclose(azimuths, [0, 120, 240])


def test_the_seed_decides_camera_by_camera():
    rig, again, other = build_rig(seed=1), build_rig(seed=1), build_rig(seed=2)
    alone = build_rig(layout=arrange_views(7, with_top=False), seed=1)
    for view in alone.views:
        for part in ("K", "distortion", "R", "t"):
            numbers = getattr(rig.cameras[view], part)
            assert np.array_equal(numbers, getattr(again.cameras[view], part))
            assert np.array_equal(numbers, getattr(alone.cameras[view], part))
            assert not np.array_equal(numbers, getattr(other.cameras[view], part))


def test_impossible_rigs_are_refused():
    with pytest.raises(DataError, match="choose one of paper"):
        build_rig(layout="sphere")
    with pytest.raises(DataError, match="inside the arena"):
        build_rig("open_field", ring_diameter_cm=35)
    with pytest.raises(DataError, match="inside the arena"):
        build_rig(top_height_cm=9)
