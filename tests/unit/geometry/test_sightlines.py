from dataclasses import replace

import numpy as np
import pytest

from mousegpt.geometry.sightlines import (
    Sight,
    find_median,
    measure_fit,
    measure_misses,
    measure_worst,
    meet_rays,
)

from .planted import RIG, VIEWS

POINTS = np.random.default_rng(0).uniform([-8, -8, 0], [8, 8, 6], (200, 3))


def look(points: np.ndarray = POINTS) -> list[Sight]:
    return [Sight(camera, camera.project(points)) for camera in RIG.cameras.values()]


def test_rays_lead_from_the_camera_to_the_point() -> None:
    for sight in look():
        offset = POINTS - sight.camera.center
        towards = offset / np.linalg.norm(offset, axis=1, keepdims=True)
        np.testing.assert_allclose(sight.rays, towards, atol=1e-9)


def test_lines_of_sight_meet_where_the_points_are() -> None:
    np.testing.assert_allclose(meet_rays(look(), tolerance_px=3.0), POINTS, atol=1e-6)
    np.testing.assert_allclose(meet_rays(look()[:2], tolerance_px=3.0), POINTS, atol=1e-4)


def test_bad_detections_count_little() -> None:
    sights = look()
    pixels = sights[2].pixels.copy()
    pixels[:40] += [150.0, -80.0]
    sights[2] = Sight(sights[2].camera, pixels)
    found = meet_rays(sights, tolerance_px=3.0)
    assert np.linalg.norm(found - POINTS, axis=1).max() < 0.02
    assert measure_worst(sights, tolerance_px=3.0) < 0.3


def test_a_point_seen_once_is_nowhere() -> None:
    sights = look()
    once = [Sight(s.camera, np.full_like(s.pixels, np.nan)) for s in sights[1:]]
    assert np.isnan(meet_rays([sights[0], *once], tolerance_px=3.0)).all()
    assert np.isnan(measure_fit([sights[0], *once], tolerance_px=3.0)).all()
    assert measure_worst([sights[0], *once], tolerance_px=3.0) == np.inf


def test_what_is_behind_a_camera_misses_by_any_measure() -> None:
    camera = RIG.cameras["side1"]
    away = replace(camera, t=camera.t - [0, 0, 1000.0])
    misses = measure_misses(Sight(away, camera.project(POINTS)), POINTS)
    assert (misses == np.inf).all()
    unseen = np.full((len(POINTS), 2), np.nan)
    assert np.isnan(measure_misses(Sight(away, unseen), POINTS)).all()


def test_a_shifted_view_misses_by_its_shift() -> None:
    sights = look()
    sights[0] = Sight(sights[0].camera, sights[0].pixels + [30.0, 40.0])
    fit = measure_fit(sights, tolerance_px=3.0)
    assert fit[0] == pytest.approx(50, abs=5)
    assert fit[1:].max() < 5
    assert len(fit) == len(VIEWS)


def test_the_median_is_of_what_is_known() -> None:
    assert find_median(np.array([1.0, np.nan, 3.0, np.inf])) == 3.0
    assert np.isnan(find_median(np.array([np.nan])))
