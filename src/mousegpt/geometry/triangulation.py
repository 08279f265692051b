"""Points in space from the pixels of several cameras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.skeleton import BONES

if TYPE_CHECKING:
    from mousegpt.geometry.solver import Points

_MAX_VIEWS: Final = 62  # they are bits of an integer
_LEAST_PX: Final = 1e-3  # noise that is assumed where there is none


def triangulate_poses(
    poses: Poses,
    calibration: Calibration,
    *,
    min_views: Annotated[int, Field(ge=2)] = 2,
    max_error_px: Annotated[float, Field(gt=0)] | None = None,
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.3,
    n_refinements: Annotated[int, Field(ge=1)] = 2,
    bone_prior: bool = False,
    motion_prior: bool = False,
) -> Poses:
    """Triangulate 2-D poses of several views, point by point.

    A linear solution, weighted by confidence, is refined by Gauss-Newton steps on the distance in
    pixels, lens and all. Where the views of a point do not agree, every pair of them proposes a
    point, and the largest set that agrees with one is used.

    Parameters
    ----------
    poses
        Pixels with the dimension ``view``; individuals are the same animal in every view.
    calibration
        A camera for each view.
    min_views
        Points seen, or agreed on, by fewer views stay unknown.
    max_error_px
        Greatest distance between a point and the pixel of a view that agrees with it. None: five
        times the noise of the keypoint, estimated from the poses, at most 40 px at a focal length
        of 1,500 px. Infinite: no view is left out.
    min_confidence
        Less confident detections do not count; those without a confidence count fully.
    n_refinements
        Most steps; they end when the next would move a point by less than 0.1 µm.
    bone_prior
        Move the points so that bones keep their length as well as they do in these poses. Use it
        where few views see a point.
    motion_prior
        Make tracks as smooth as their neighbourhood in time proves to be.

    Returns
    -------
    Poses
        3-D, in cm, NaN where unknown; ``confidence`` is the mean of the views used. More
        variables, of the shape of ``confidence``:

        - ``position_sd``: standard deviation of a coordinate in cm (root mean square over the
          three), from the noise of the keypoint and the views used. After smoothing that of the
          smoothed point.
        - ``reprojection_error``: mean distance in px over the views used, before bones and
          smoothing; of a refused point over all that see it; NaN where too few do.
        - ``n_views``: number of those views.

        And ``noise_px`` (keypoint): standard deviation of a detection that is no outlier; with
        ``motion_prior`` also ``noise`` (keypoint, individual), that of a coordinate before it.

    Raises
    ------
    DataError
        When the poses are not 2-D, or of one view only: that stays 2-D.
    CalibrationError
        When a view has no camera.

    Notes
    -----
    Source: Methods 4.2, Eq. 1. Departs from the paper: squared distances, weighted, and outlying
    views are left out. A point stays unknown where it is not clear who is right: if only two of
    more than three views agree; if another set of views, with at most one in common, is as large
    or lacks one only; if two or three views agree no better than by chance, that is, if their
    squared distances sum to more than one or two thirds of the greatest one allowed.
    """
    from mousegpt.geometry.lenses import stack_cameras  # these bring numba, which takes a second
    from mousegpt.geometry.points import Pixels, find_gates, solve_points
    from mousegpt.geometry.priors import move_to_bones
    from mousegpt.geometry.solver import Rules

    poses = _check(poses)
    rig = stack_cameras(calibration.select(tuple(poses["view"].values)))
    pixels = Pixels(*(np.ascontiguousarray(poses[n], float) for n in ("position", "confidence")))
    rules = Rules(np.empty(0), min_views, min_confidence, n_refinements)
    gates, noise_px = find_gates(pixels, rig, rules, max_error_px)
    found = solve_points(pixels, rig, rules._replace(gates=gates))
    covariance = found.covariance
    covariance *= np.fmax(noise_px, _LEAST_PX)[:, None] ** 2
    if bone_prior:
        names = [str(name) for name in poses["keypoint"].values]
        found = found._replace(position=move_to_bones(found.position, covariance, names, BONES))
    result = _label(found, poses).assign(noise_px=("keypoint", noise_px))
    return _smooth(result, covariance) if motion_prior else result


def _check(poses: Poses) -> Poses:
    """Return the poses in the order of dimensions that is solved."""
    if "view" not in poses.dims or poses.sizes["space"] != 2:
        raise DataError(
            f"Expected 2-D poses with the dimension view, found {dict(poses.sizes)}; give the "
            "poses of all views together."
        )
    names = [str(name) for name in poses["view"].values]
    if len(names) < 2:
        raise DataError(
            f"Expected poses of at least two views, found {', '.join(names) or 'none'}; one view "
            "stays 2-D: use its poses as they are."
        )
    if len(names) > _MAX_VIEWS:
        raise DataError(
            f"Expected at most {_MAX_VIEWS} views, found {len(names)}; leave some of them out."
        )
    return poses.transpose("view", "time", "space", "keypoint", "individual")


def _label(found: Points, poses: Poses) -> Poses:
    result = build_poses(
        found.position,
        found.confidence,
        keypoints=list(poses["keypoint"].values),
        individuals=list(poses["individual"].values),
        frames=poses["frame"].values,
        fps=poses.attrs["fps"],
        unit="cm",
        source_software=poses.attrs.get("source_software", ""),
    )
    dims = ("time", "keypoint", "individual")
    variance = found.covariance[:, [0, 3, 5]].mean(axis=1)
    return result.assign(
        position_sd=(dims, np.sqrt(variance)),
        reprojection_error=(dims, found.error),
        n_views=(dims, found.n_views),
    )


def _smooth(poses: Poses, covariance: FloatArray) -> Poses:
    from mousegpt.geometry.priors import smooth_tracks

    position, sd = smooth_tracks(poses["position"].values, covariance, poses["frame"].values)
    return poses.assign(
        position=(poses["position"].dims, position),
        position_sd=(poses["position_sd"].dims, sd),
        noise=poses["position_sd"].median("time"),
    )
