import numpy as np
import pytest

from mousegpt.geometry.checks import check_geometry

from .test_triangulation import build_ring, project


@pytest.fixture
def points() -> np.ndarray:
    return np.random.default_rng(0).uniform(-8, 8, (300, 5, 1, 3))


def test_a_rig_that_fits_is_said_to_fit(points: np.ndarray) -> None:
    rig = build_ring(4)
    verdict = check_geometry(project(points, rig), rig)
    assert verdict.fits
    assert verdict.fault == ""
    assert list(verdict.error_px) == list(rig.views)
    assert max(verdict.error_px.values()) < 1e-6


def test_swapped_views_are_noticed(points: np.ndarray) -> None:
    rig = build_ring(4)
    swapped = project(points, rig).assign_coords(view=["view1", "view0", "view2", "view3"])
    verdict = check_geometry(swapped, rig)
    assert not verdict.fits
    assert "Views and cameras do not fit" in verdict.fault


def test_a_view_that_sees_nothing_in_common_is_named(points: np.ndarray) -> None:
    rig = build_ring(3)
    poses = project(points, rig)
    blind = poses.assign(position=poses["position"].where(poses["view"] != "view2"))
    verdict = check_geometry(blind, rig)
    assert not verdict.fits
    assert "No point of view2" in verdict.fault
