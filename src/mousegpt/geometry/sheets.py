"""Where the sheet of markers lies among calibrated cameras, and whether its size is the boards'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.calibration import Camera
from mousegpt.geometry.extrinsics import Pose, locate_board, measure_misses
from mousegpt.geometry.tags import align_tags
from mousegpt.geometry.targets import MarkerSheet, Sighting

SHEET_SHOT: Final = "sheet"
_LEAST_COMMON: Final = 4  # tags seen by several cameras, to measure the sheet
_SCALES: Final = 1.01 ** np.array(sorted(range(-50, 51), key=abs))
_REACH: Final = 0.035  # of the image's width: how far half a step of scale moves a flat sheet
_SEARCHED: Final = 2  # views that are asked for the scale
_LEAST_TAGS: Final = 3  # that must fit for a scale to be believed

Pictures = Mapping[str, Sequence[ImageArray]]


@dataclass(frozen=True, eq=False)
class SheetPlace:
    """Where the sheet lies in the world of the cameras, by whom it is seen, and how large it is.

    Parameters
    ----------
    scale
        Size of the sheet by the cameras' unit over what it should be; None when only one camera
        sees the sheet, which cannot tell its size from its distance.
    """

    pose: Pose
    sightings: tuple[Sighting, ...]
    scale: float | None


def find_sheet(
    cameras: Mapping[str, Camera],
    found: Sequence[Sighting],
    pictures: Pictures,
    sheet: MarkerSheet,
) -> SheetPlace:
    """Find the sheet in all pictures that show it, also where it is too flat to be read.

    Parameters
    ----------
    found
        Sightings of the sheet by the cameras that can read it; at least one.
    pictures
        View -> grey pictures of the sheet.
    """
    poses = [_to_world(cameras[s.view], locate_board(s, cameras[s.view])) for s in found]
    misses = [[measure_misses(s, cameras[s.view], pose) for s in found] for pose in poses]
    best = int(np.argmin(np.median(misses, axis=1)))
    guess = _fit_sheet(cameras, found, sheet)
    if guess is None:
        scale = _search_scale(cameras, found[best].view, poses[best], pictures, sheet)
        guess = _scale_pose(poses[best], cameras[found[best].view], scale), scale
    seen: Sequence[Sighting] = found
    for reach in (_REACH, _REACH / 4):
        seen = align_sheet(move_cameras(cameras, *guess), pictures, sheet, reach=reach) or seen
        fitted = _fit_sheet(cameras, seen, sheet)
        if fitted is None:
            return SheetPlace(poses[best], tuple(seen), None)
        guess = fitted
    return SheetPlace(guess[0], tuple(seen), guess[1])


def align_sheet(
    cameras: Mapping[str, Camera],
    pictures: Pictures,
    sheet: MarkerSheet,
    *,
    reach: Annotated[float, Field(gt=0)] = _REACH / 4,
) -> list[Sighting]:
    """Find the tags of the sheet, which is the cameras' world, in each picture.

    Parameters
    ----------
    reach
        How far off the cameras may be, in widths of the image.
    """
    seen = []
    for view, images in pictures.items():
        for image in images:
            reach_px = round(reach * max(image.shape))
            marks = align_tags(image, cameras[view], sheet, reach_px=reach_px)
            if marks is not None:
                seen.append(Sighting(view, SHEET_SHOT, sheet, marks))
    return seen


def measure_sheet(
    cameras: Mapping[str, Camera], sightings: Sequence[Sighting], sheet: MarkerSheet
) -> pd.DataFrame:
    """Measure the distances between tags of different corners of the sheet.

    Returns
    -------
    pd.DataFrame
        A row a pair of tags that two cameras or more see: ``one other expected_cm measured_cm``.

    Notes
    -----
    Source: Methods 4.1 (26.0 and 24.0 cm).
    """
    places = _locate_tags(cameras, sightings)
    rows = [
        {
            "one": one,
            "other": other,
            "expected_cm": float(np.linalg.norm(sheet.points[one] - sheet.points[other])),
            "measured_cm": float(np.linalg.norm(places[one] - places[other])),
        }
        for one in sorted(places)
        for other in sorted(places)
        if other // 2 > one // 2
    ]
    return pd.DataFrame(rows, columns=["one", "other", "expected_cm", "measured_cm"])


def move_cameras(
    cameras: Mapping[str, Camera], place: Pose, scale: float = 1.0
) -> dict[str, Camera]:
    """Make a place, in the world as it was, the new world, whose unit is so much larger."""
    R, t = place
    return {
        view: replace(camera, R=camera.R @ R, t=(camera.R @ t + camera.t) / scale)
        for view, camera in cameras.items()
    }


def _fit_sheet(
    cameras: Mapping[str, Camera], sightings: Sequence[Sighting], sheet: MarkerSheet
) -> tuple[Pose, float] | None:
    """Return place and scale of the sheet from the tags that several cameras see (Umeyama)."""
    places = _locate_tags(cameras, sightings)
    if len(places) < _LEAST_COMMON or len({number // 2 for number in places}) < 3:
        return None
    there = np.stack(list(places.values()))
    own = sheet.points[list(places)]
    off, own_off = there - there.mean(axis=0), own - own.mean(axis=0)
    left, stretch, right = np.linalg.svd(off.T @ own_off)
    mirror = np.diag([1, 1, np.sign(np.linalg.det(left @ right))])
    R = left @ mirror @ right
    scale = float(stretch @ mirror.diagonal() / (own_off**2).sum())
    return (R, there.mean(axis=0) - scale * R @ own.mean(axis=0)), scale


def _locate_tags(
    cameras: Mapping[str, Camera], sightings: Sequence[Sighting]
) -> dict[int, FloatArray]:
    """Return the places of the tags that two cameras or more see."""
    rays: dict[int, list[tuple[Camera, FloatArray]]] = {}
    for sighting in sightings:
        for number, pixel in zip(sighting.marks.ids, sighting.marks.pixels, strict=True):
            rays.setdefault(int(number), []).append((cameras[sighting.view], pixel))
    several = {n: seen for n, seen in rays.items() if len({c.name for c, _ in seen}) > 1}
    return {number: _meet(seen) for number, seen in several.items()}


def _meet(rays: Sequence[tuple[Camera, FloatArray]]) -> FloatArray:
    """Return the point nearest to the lines of sight to some pixels."""
    normal, target = np.zeros((3, 3)), np.zeros(3)
    for camera, pixel in rays:
        line = camera.R.T @ np.append(camera.undistort(pixel), 1)
        line /= np.linalg.norm(line)
        across = np.eye(3) - np.outer(line, line)
        normal += across
        target += across @ camera.center
    return np.asarray(np.linalg.solve(normal, target))


def _search_scale(
    cameras: Mapping[str, Camera],
    reader: str,
    pose: Pose,
    pictures: Pictures,
    sheet: MarkerSheet,
) -> float:
    """Return the scale at which cameras that cannot read the sheet find it; 1 when none does."""
    others = [view for view in pictures if view != reader]

    def fits(scale: float, views: Sequence[str]) -> bool:
        moved = move_cameras(cameras, _scale_pose(pose, cameras[reader], scale), scale)
        firsts = {view: pictures[view][:1] for view in views}
        seen = align_sheet(moved, firsts, sheet, reach=_REACH)
        return sum(len(sighting.marks.ids) for sighting in seen) >= _LEAST_TAGS

    if not others or fits(1.0, others):
        return 1.0
    return next((float(scale) for scale in _SCALES if fits(scale, others[:_SEARCHED])), 1.0)


def _scale_pose(pose: Pose, camera: Camera, scale: float) -> Pose:
    """Return where a sheet so much larger lies that looks the same to a camera."""
    R, t = pose
    return R, camera.center + scale * (t - camera.center)


def _to_world(camera: Camera, pose: Pose) -> Pose:
    return camera.R.T @ pose[0], camera.R.T @ (pose[1] - camera.t)
