"""Distances between views: zero where they agree, the planted one where they do not."""

import numpy as np
import pytest

from mousegpt.geometry.reprojection import measure_reprojection, project_poses, reconcile_views

from .planted import RIG, change_pixels, see, walk

POINTS = walk(12)


@pytest.fixture(scope="module")
def exact():
    return see(points=POINTS, noise_px=0, outliers=0, missing=0)


def test_what_is_projected_is_found_again(exact):
    solid = reconcile_views(exact, RIG)
    found = solid["position"].transpose("time", "keypoint", "individual", "space").to_numpy()
    np.testing.assert_allclose(found[:, :, 0], POINTS, atol=1e-6)
    errors = measure_reprojection(exact, project_poses(solid, RIG))
    assert errors.dims == ("view", "time", "keypoint", "individual")
    assert float(errors.max()) < 1e-4


def test_the_view_that_is_wrong_bears_the_whole_error(exact):
    shifted = change_pixels(exact, RIG.views[2], lambda pixels: pixels + [[[30.0]], [[40.0]]])
    errors = measure_reprojection(shifted, project_poses(reconcile_views(shifted, RIG), RIG))
    np.testing.assert_allclose(errors.sel(view=RIG.views[2]), 50.0, atol=1e-3)
    others = errors.sel(view=[view for view in RIG.views if view != RIG.views[2]])
    assert float(others.max()) < 1e-3


def test_two_views_that_contradict_each_other_are_both_in_doubt(exact):
    pair = change_pixels(exact, RIG.views[1], lambda pixels: pixels + 60.0).isel(view=[0, 1])
    rig = RIG.select(RIG.views[:2])
    solid = reconcile_views(pair, rig, max_error_px=5)
    assert bool(solid["position"].notnull().all())
    errors = measure_reprojection(pair, project_poses(solid, rig))
    assert float(errors.max("view").min()) > 5


def test_one_view_says_nothing_about_space(exact):
    alone = exact.where(exact["view"] == RIG.views[0])
    solid = reconcile_views(alone, RIG)
    assert bool(solid["position"].isnull().all())
    assert bool(measure_reprojection(alone, project_poses(solid, RIG)).isnull().all())
