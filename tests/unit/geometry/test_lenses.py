"""The compiled camera is the camera."""

from collections.abc import Callable

import numpy as np

from mousegpt.geometry.compilation import compile_kernel, run_parallel
from mousegpt.geometry.lenses import differentiate, project, stack_cameras, straighten

from .test_triangulation import build_ring

POINTS = np.random.default_rng(0).uniform(-10, 10, (50, 3))


def test_points_are_seen_where_the_camera_sees_them() -> None:
    rig = build_ring(3)
    for view, camera in enumerate(rig.cameras.values()):
        seen = [project(stack_cameras(rig), view, tuple(point)) for point in POINTS]
        np.testing.assert_allclose(seen, camera.project(POINTS), rtol=1e-12)


def test_nothing_is_seen_behind_the_camera() -> None:
    rig = build_ring(1)
    behind = 3 * next(iter(rig.cameras.values())).center
    assert np.isnan(project(stack_cameras(rig), 0, tuple(behind))).all()


def test_slopes_are_those_of_the_camera() -> None:
    rig = build_ring(2)
    for view, camera in enumerate(rig.cameras.values()):
        for point in POINTS:
            u, v, *slopes = differentiate(stack_cameras(rig), view, tuple(point))
            np.testing.assert_allclose((u, v), camera.project(point), rtol=1e-12)
            expected = camera.differentiate_projection(point)
            np.testing.assert_allclose(slopes, expected, rtol=1e-10, atol=1e-12)


def test_pixels_are_straightened_as_by_the_camera() -> None:
    rig = build_ring(2)
    for view, camera in enumerate(rig.cameras.values()):
        pixels = camera.project(POINTS)
        ideal = [straighten(stack_cameras(rig), view, u, v) for u, v in pixels]
        np.testing.assert_allclose(ideal, camera.undistort(pixels), atol=1e-9)
        assert np.isnan(straighten(stack_cameras(rig), view, 1e6, 1e6)).all()


def test_code_that_can_be_kept_nowhere_is_compiled_all_the_same() -> None:
    scope: dict[str, Callable[[int], int]] = {}
    exec("def double(x):\n    return 2 * x\n", scope)  # a function without a file
    assert compile_kernel(scope["double"])(21) == 42


def test_parallel_work_is_done_once_and_failures_are_heard() -> None:
    done: list[int] = []
    run_parallel(done.append, range(20))
    assert sorted(done) == list(range(20))
    try:
        run_parallel(lambda part: done[part], [100])
    except IndexError:
        return
    raise AssertionError("a failure was swallowed")
