from dataclasses import replace

import numpy as np
import pytest

from mousegpt.synthetic.rendering.lens import (
    Window,
    build_projection,
    fit_frame,
    fit_window,
    project_ideal,
    trace_lens,
    unite_windows,
)
from mousegpt.synthetic.rendering.visibility import measure_depth

POINTS = np.array([[2.0, 3.0, 0.0], [3.0, 2.0, 1.0], [1.0, 4.0, 2.0]])


@pytest.mark.parametrize("view", ["barrel", "cushion"])
def test_rays_go_through_their_pixels(bent_rig, view):
    camera = bent_rig.cameras[view]
    ideal = trace_lens(camera).astype(float)
    rays = np.concatenate([ideal, np.ones_like(ideal[..., :1])], axis=-1)
    pixels = camera.project(camera.center + 50 * rays @ camera.R)
    x, y = np.meshgrid(np.arange(448), np.arange(400))
    assert np.abs(pixels - np.stack([x, y], axis=-1)).max() < 2e-3


def test_pixels_beyond_the_lens_take_the_nearest_ray(bent_rig):
    camera = bent_rig.cameras["barrel"]
    fisheye = replace(camera, distortion=np.array([-6.0, 0, 0, 0, 0]))
    assert np.isnan(fisheye.undistort(np.array([0.0, 0.0]))).all()
    assert np.isfinite(trace_lens(fisheye)).all()


def test_a_frame_maps_its_corners_to_the_corners_of_clip_space(bent_rig):
    camera = bent_rig.cameras["cushion"]
    bounds = np.array([[-1.0, -1.0], [1.0, 1.0]])
    frame = fit_frame(camera, POINTS, bounds, margin_cm=0.0, supersampling=2.0)
    projection = build_projection(camera, frame, POINTS)
    clip = np.column_stack([POINTS, np.ones(3)]) @ projection.T
    expected = (project_ideal(camera, POINTS) - frame.low) / frame.extent * 2 - 1
    np.testing.assert_allclose(clip[:, :2] / clip[:, 3:], expected, atol=1e-12)
    depth = measure_depth((clip[:, 2] / clip[:, 3] + 1) / 2, projection, camera)
    np.testing.assert_allclose(depth, POINTS @ camera.R[2] + camera.t[2])


def test_what_is_behind_or_beside_the_camera_has_no_window(bent_rig):
    camera = bent_rig.cameras["barrel"]
    behind = 2 * camera.center - POINTS
    bounds = np.array([[-1.0, -1.0], [1.0, 1.0]])
    assert fit_window(camera, behind, margin_px=3) is None
    assert fit_frame(camera, behind, bounds, margin_cm=0, supersampling=1) is None
    beside = POINTS + 100 * camera.R[0]
    assert fit_frame(camera, beside, bounds / 10, margin_cm=0, supersampling=1) is None


def test_windows_hold_their_points_and_unite(bent_rig):
    camera = bent_rig.cameras["barrel"]
    window = fit_window(camera, POINTS, margin_px=0)
    pixels = camera.project(POINTS)
    assert (pixels >= [window.left, window.top]).all()
    assert (pixels <= [window.left + window.width - 1, window.top + window.height - 1]).all()
    assert unite_windows([None, Window(1, 2, 3, 4), Window(0, 5, 2, 7)]) == Window(0, 2, 4, 10)
    assert unite_windows([None]) is None
