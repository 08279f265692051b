"""Repairs with free numbers, chosen so that a view fits the points that the others see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Camera
from mousegpt.geometry.sightlines import Sight

_FEWEST_POINTS: Final = 20
_MOST_POINTS: Final = 600  # from which a camera is placed anew
_FARTHEST: Final = 0.5  # a camera is not knocked by more than this share of its distance


@dataclass(frozen=True, eq=False)
class Refit:
    """A view with numbers changed; the fields are those of a slip, and the rank of a repair."""

    kind: str
    sight: Sight
    rank: int
    change: str
    remedy: str


def refit_view(sight: Sight, points: FloatArray) -> Iterator[Refit]:
    """Yield repairs of a view: a shifted or resized picture, a zoomed lens, a camera that moved.

    Parameters
    ----------
    points
        World points that the other views see, cm, shape (n, 3); NaN where unknown.
    """
    seen = sight.camera.project(points)
    usable = np.isfinite(seen).all(axis=1) & np.isfinite(sight.pixels).all(axis=1)
    if usable.sum() < _FEWEST_POINTS:
        return
    points, seen, pixels = points[usable], seen[usable], sight.pixels[usable]
    yield _shift_center(sight, np.median(pixels - seen, axis=0))
    if (zoom := _find_ratio(pixels, seen)) > 0:
        yield resize_picture(sight, zoom)
    center = sight.camera.K[:2, 2]
    if (zoom := _find_ratio(pixels - center, seen - center)) > 0:
        yield _zoom_lens(sight, zoom)
    moved = _locate(sight.camera, points, pixels)
    if moved is not None:
        yield from _move(sight, moved, points)


def resize_picture(sight: Sight, zoom: float, name: str = "") -> Refit:
    """Undo the resizing of a picture; ``name`` is said instead of the view's own."""
    return Refit(
        "resized",
        Sight(sight.camera, sight.pixels / zoom),
        2,
        f"the pixels of {name or _quote(sight)} divided by {zoom:.3g}",
        "The video was likely resized after, or before, the calibration; give the calibration of "
        "this resolution.",
    )


def _shift_center(sight: Sight, offset: FloatArray) -> Refit:
    K = sight.camera.K.copy()
    K[:2, 2] += offset
    return Refit(
        "shifted",
        Sight(replace(sight.camera, K=K), sight.pixels),
        2,
        f"the principal point of {_quote(sight)} shifted by {offset[0]:+.0f}, {offset[1]:+.0f} px",
        "Its picture was likely cropped, its principal point mistyped, or the camera turned a "
        "little; calibrate this camera again.",
    )


def _zoom_lens(sight: Sight, zoom: float) -> Refit:
    K = sight.camera.K.copy()
    K[:2, :2] *= zoom
    return Refit(
        "focal length",
        Sight(replace(sight.camera, K=K), sight.pixels),
        2,
        f"the focal length of {_quote(sight)} times {zoom:.3g}",
        "Its lens was likely zoomed after the calibration; calibrate this camera again.",
    )


def _move(sight: Sight, moved: Camera, points: FloatArray) -> Iterator[Refit]:
    distance = float(np.linalg.norm(moved.center - sight.camera.center))
    away = float(np.median(np.linalg.norm(points - sight.camera.center, axis=1)))
    cosine = (np.trace(moved.R @ sight.camera.R.T) - 1) / 2
    angle = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    if distance < _FARTHEST * away:
        yield Refit(
            "moved",
            Sight(moved, sight.pixels),
            4,
            f"{_quote(sight)} moved by {distance:.3g} cm and turned by {angle:.3g} degrees",
            "The camera was likely knocked after the calibration, or its R and t are those of "
            "another day; calibrate it again.",
        )


def _find_ratio(pixels: FloatArray, seen: FloatArray) -> float:
    """Return by how much pixels lie farther out than they should, median over the points."""
    return float(np.median((pixels * seen).sum(axis=1) / ((seen**2).sum(axis=1) + 1e-9)))


def _locate(camera: Camera, points: FloatArray, pixels: FloatArray) -> Camera | None:
    """Return the camera placed where it sees these points; None when there is no such place."""
    chosen = np.unique(np.linspace(0, len(points) - 1, _MOST_POINTS).round().astype(int))
    world, seen = points[chosen], pixels[chosen]
    lens = camera.K, camera.distortion
    gate = 0.02 * camera.K[0, 2] + 4
    try:
        _, turn, shift, kept = cv2.solvePnPRansac(
            world, seen, *lens, reprojectionError=gate, flags=cv2.SOLVEPNP_SQPNP
        )
        turn, shift = cv2.solvePnPRefineLM(world[kept[:, 0]], seen[kept[:, 0]], *lens, turn, shift)
    except (cv2.error, TypeError):  # points too close together, or no place fits a few of them
        return None
    R, t = np.asarray(cv2.Rodrigues(turn)[0], np.float64), np.asarray(shift, np.float64).ravel()
    return replace(camera, R=R, t=t)


def _quote(sight: Sight) -> str:
    return f"'{sight.camera.name}'"
