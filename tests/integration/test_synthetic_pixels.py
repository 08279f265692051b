"""What is written about the pixels of the synthetic mouse is what the pixels show."""

import cv2
import numpy as np
import pytest

from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.io.rodent import load_rodent
from mousegpt.synthetic.anatomy import draw_body
from mousegpt.synthetic.arena import find_arena
from mousegpt.synthetic.behaviors import BEHAVIORS, Bout
from mousegpt.synthetic.body import pose_figure, pose_skeleton
from mousegpt.synthetic.looks import draw_look
from mousegpt.synthetic.motion import act
from mousegpt.synthetic.rendering import Renderer
from mousegpt.synthetic.rig import build_rig
from mousegpt.synthetic.skin import fit_skin, pose_skin

FPS, N_FRAMES = 60, 42


@pytest.fixture(scope="module")
def scene():
    """A mouse that does everything, in the paper's arena, before its eight cameras."""
    body, arena = draw_body(seed=4), find_arena("paper")
    script = [Bout(behavior, 1.0) for behavior in BEHAVIORS]
    stance = act(script, body, arena, duration_s=30, fps=FPS, seed=2).stance
    return body, arena, stance, build_rig(arena, seed=3)


@pytest.fixture(scope="module")
def pictures(scene, egl):
    """Pictures of every camera at evenly spaced moments: (view, keypoints in 3-D, picture)."""
    body, arena, stance, rig = scene
    skin, keypoints = fit_skin(load_rodent(), body), pose_skeleton(stance, body)
    taken = []
    with Renderer(skin, arena, draw_look(variety=0), rig) as renderer:
        for frame in np.linspace(10, len(stance) - 1, N_FRAMES).astype(int):
            figure = pose_figure(stance.select(slice(frame, frame + 1)), body)
            surface = pose_skin(skin, figure, 0, arena=arena)
            for view in rig.views:
                picture = renderer.render([surface], view, keypoints=keypoints[frame], seed=frame)
                taken.append((view, keypoints[frame], picture))
    return taken


def measure_distance(picture, pixels):
    """Return how far from the mask each point lies, px."""
    away = cv2.distanceTransform((~picture.mask).astype(np.uint8), cv2.DIST_L2, 5)
    column, row = np.clip(np.round(pixels), 0, np.array(away.shape[::-1]) - 1).astype(int).T
    return away[row, column]


def test_every_camera_has_a_lens_that_bends(scene):
    assert all(np.abs(camera.distortion[:2]).min() > 0.01 for camera in scene[3].cameras.values())


def test_what_is_marked_visible_lies_on_the_mouse(scene, pictures):
    rig = scene[3]
    off = {view: [] for view in rig.views}
    for view, keypoints, picture in pictures:
        pixels = rig.cameras[view].project(keypoints)[picture.visible]
        off[view] += measure_distance(picture, pixels).tolist()
    for view, distances in off.items():
        assert len(distances) > 5 * N_FRAMES, view
        assert np.mean(np.array(distances) <= 2) >= 0.99, view


def test_every_keypoint_is_seen_by_some_camera_most_of_the_time(pictures):
    seen = np.stack([picture.visible for _, _, picture in pictures])
    by_frame = seen.reshape(N_FRAMES, -1, len(KEYPOINTS)).any(axis=1).mean(axis=0)
    hidden = [name for name, share in zip(KEYPOINTS, by_frame, strict=True) if share < 0.6]
    assert hidden == []


def test_boxes_and_masks_agree(pictures):
    for _, _, picture in pictures:
        rows, columns = np.nonzero(picture.mask)
        assert picture.box == (columns.min(), rows.min(), columns.max(), rows.max())
