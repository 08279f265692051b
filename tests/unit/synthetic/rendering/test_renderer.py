from dataclasses import replace

import cv2
import numpy as np
import pytest
from furry_egg import build_egg, pose_egg

from mousegpt.core.errors import DataError
from mousegpt.synthetic.arena import SyntheticArena, find_arena
from mousegpt.synthetic.looks import draw_look
from mousegpt.synthetic.rendering import Quality, Renderer

OPEN = SyntheticArena("open", "circle", 30.0, 30.0, 0.0, "none")
AT = (2.0, 3.0, 1.6)
LOOK = draw_look(0, variety=0)
BIG = 8  # pixels of the raster that judges, per pixel


def raster(surface, faces, camera):
    """Fill every triangle, projected through the lens, on a finer raster; share per pixel."""
    width, height = camera.size
    canvas = np.zeros((height * BIG, width * BIG), np.uint8)
    corners = (camera.project(surface.positions.astype(float)) + 0.5) * BIG - 0.5
    for triangle in np.round(corners[faces] * 16).astype(np.int32):
        cv2.fillPoly(canvas, [triangle], 1, shift=4)
    return canvas.reshape(height, BIG, width, BIG).mean(axis=(1, 3))


def find_center(mask):
    return np.argwhere(mask).mean(axis=0)


@pytest.mark.usefixtures("egl")
@pytest.mark.parametrize("view", ["barrel", "cushion"])
def test_the_mask_is_the_projected_mesh(bent_rig, view):
    skin = build_egg(fur=0.0)
    surface, camera = pose_egg(skin, AT), bent_rig.cameras[view]
    with Renderer(skin, OPEN, LOOK, bent_rig) as renderer:
        mask = renderer.render([surface], view).mask
    truth = raster(surface, skin.faces, camera) >= 0.5
    straight = raster(surface, skin.faces, replace(camera, distortion=np.zeros(5))) >= 0.5
    assert (mask & truth).sum() / (mask | truth).sum() > 0.98
    assert np.abs(find_center(mask) - find_center(truth)).max() < 0.15
    assert (straight & truth).sum() / (straight | truth).sum() < 0.95  # the lens matters


@pytest.mark.usefixtures("egl")
def test_fur_widens_the_mask_by_at_most_its_length(bent_rig):
    bald, furry = build_egg(fur=0.0), build_egg(fur=1.0)
    masks = []
    for skin in (bald, furry):
        with Renderer(skin, OPEN, LOOK, bent_rig) as renderer:
            masks.append(renderer.render([pose_egg(skin, AT)], "barrel").mask)
    assert masks[1].sum() > masks[0].sum()
    assert (masks[1] | ~masks[0]).mean() > 0.9999
    px_per_cm = 1000 / np.linalg.norm(bent_rig.cameras["barrel"].center - AT)
    reach = int(np.ceil(1.5 * LOOK.coat.length_cm * px_per_cm))
    grown = cv2.dilate(masks[0].astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8))
    assert not (masks[1] & (grown == 0)).any()


@pytest.mark.usefixtures("egl")
def test_the_near_side_is_seen_and_the_far_side_hidden(bent_rig):
    skin = build_egg()
    surface = pose_egg(skin, AT, yaw=0.0)
    eye = bent_rig.cameras["barrel"].center
    toward = np.array([0.0, *(eye - AT)[1:]])
    rim = np.array([0, 1.4, 1.3]) * toward / np.linalg.norm(toward)
    points = np.array([AT + rim, AT - rim, AT + 0.9 * rim, (500.0, 0, 0), -10 * eye])
    with Renderer(skin, OPEN, LOOK, bent_rig) as renderer:
        picture = renderer.render([surface], "barrel", keypoints=points)
        assert renderer.render([surface], "barrel").visible.shape == (0,)
    assert picture.visible.tolist() == [True, False, True, False, False]


@pytest.mark.usefixtures("egl")
def test_pictures_repeat_and_only_noise_differs_between_frames(bent_rig):
    skin = build_egg()
    pictures = []
    for seed in (1, 1, 2):
        with Renderer(skin, find_arena("paper"), LOOK, bent_rig) as renderer:
            pictures.append(renderer.render([pose_egg(skin, AT)], "cushion", seed=seed))
    first, same, other = pictures
    assert np.array_equal(first.image, same.image)
    assert np.array_equal(first.mask, other.mask)
    difference = np.abs(first.image.astype(int) - other.image)
    assert 0 < difference.mean() < 5


@pytest.mark.usefixtures("egl")
def test_two_renderers_do_not_disturb_each_other(bent_rig):
    skin = build_egg()
    surface = pose_egg(skin, AT)
    with Renderer(skin, OPEN, LOOK, bent_rig) as one, Renderer(skin, OPEN, LOOK, bent_rig) as two:
        before = one.render([surface], "barrel").image
        assert np.array_equal(two.render([surface], "barrel").image, before)
        two.close()
        assert np.array_equal(one.render([surface], "barrel").image, before)


@pytest.mark.usefixtures("egl")
def test_the_picture_is_dark_where_the_mouse_is_and_untouched_far_from_it(bent_rig):
    skin = build_egg()
    quiet = replace(LOOK, sensor=replace(LOOK.sensor, noise=0.0, flicker=0.0))
    with Renderer(skin, OPEN, quiet, bent_rig) as renderer:
        shown = renderer.render([pose_egg(skin, AT)], "barrel")
        empty = renderer.render([pose_egg(skin, (500.0, 500.0, 0.0))], "barrel")
    assert not empty.mask.any()
    assert np.isnan(empty.box).all()
    assert shown.image[shown.mask].mean() < 0.4 * empty.image[shown.mask].mean()
    left, top, right, bottom = (int(edge) for edge in shown.box)
    assert shown.mask[top : bottom + 1, left : right + 1].sum() == shown.mask.sum()
    assert shown.mask[top].any() and shown.mask[:, right].any()
    changed = np.abs(shown.image.astype(int) - empty.image).max(axis=2)
    assert changed[0].max() <= 1 and changed[-1].max() <= 1
    darker = empty.image.mean(axis=2) - shown.image.mean(axis=2)
    assert darker[~shown.mask].max() > 20  # its shadow


@pytest.mark.usefixtures("egl")
def test_what_covers_a_pixel_less_than_half_of_the_exposure_is_not_in_the_mask(bent_rig):
    skin = build_egg()
    apart = [pose_egg(skin, (x, 3.0, 1.6), yaw=np.pi / 2) for x in (-2.0, 2.0, 6.0)]
    close = [pose_egg(skin, (x, 3.0, 1.6), yaw=np.pi / 2) for x in (1.99, 2.0, 2.01)]
    with Renderer(skin, OPEN, LOOK, bent_rig) as renderer:
        assert not renderer.render(apart, "cushion").mask.any()
        blurred = renderer.render(close, "cushion").mask
        sharp = renderer.render(close[1:2], "cushion").mask
    assert (blurred & sharp).sum() / (blurred | sharp).sum() > 0.95


@pytest.mark.usefixtures("egl")
def test_an_opaque_wall_hides_the_mouse_and_glass_does_not(bent_rig):
    skin = build_egg()
    surface = pose_egg(skin, AT)
    points = np.array([[2.0, 3.0, 2.9]])
    found = {}
    for wall in ("opaque", "glass"):
        arena = SyntheticArena("box", "rectangle", 30.0, 30.0, 25.0, wall)
        with Renderer(skin, arena, LOOK, bent_rig) as renderer:
            picture = renderer.render([surface], "barrel", keypoints=points)
        found[wall] = (bool(picture.mask.any()), bool(picture.visible[0]))
    assert found == {"opaque": (False, False), "glass": (True, True)}


@pytest.mark.usefixtures("egl")
@pytest.mark.parametrize("name", ["paper", "open_field", "home_cage", "cylinder"])
def test_every_arena_and_look_can_be_rendered(bent_rig, name):
    skin = build_egg(n=16)
    for seed in range(2):
        look = draw_look(seed)
        quality = Quality(shells=2, supersampling=1.0, backdrop_samples=1)
        with Renderer(skin, find_arena(name), look, bent_rig, quality=quality) as renderer:
            image = renderer.render([pose_egg(skin, AT)], "cushion").image
        assert image.shape == (400, 448, 3)
        assert image.std() > 3
        if look.sensor.monochrome and look.sensor.jpeg_quality is None:
            assert np.ptp(image, axis=2).max() == 0


@pytest.mark.usefixtures("egl")
def test_an_unknown_view_or_no_surface_is_an_error(bent_rig):
    skin = build_egg(n=8)
    with Renderer(skin, OPEN, LOOK, bent_rig) as renderer:
        with pytest.raises(DataError, match="barrel, cushion"):
            renderer.render([pose_egg(skin)], "front")
        with pytest.raises(DataError, match="found 0"):
            renderer.render([], "barrel")
