"""The usual slips of calibrations, each with its repair: what fits after a repair was the cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Camera
from mousegpt.geometry.sightlines import Sight, find_median, measure_misses, meet_rays

_ZOOMS: Final = (0.25, 1 / 3, 0.5, 2 / 3, 0.75, 1.5, 2.0, 3.0, 4.0)
_UNITS: Final = (0.01, 0.1, 10.0, 100.0)
_N_PROMISING: Final = 3  # repairs of a view that are looked at in full
_FEWEST_VIEWS: Final = 4  # of which one can be left out and the others still disagree
_FARTHEST: Final = 0.5  # a camera is not knocked by more than this share of its distance
_MISFIT_REMEDY: Final = (
    "Its video, poses or calibration are likely of another camera, recording or day; check them, "
    "or leave the view out."
)
_FLIP: Final = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True, eq=False)
class Repair:
    """A view, or all of them, as it would be without a suspected fault.

    Parameters
    ----------
    kind
        Short name of the fault.
    views
        Numbers of the views that are repaired.
    sights
        All views, repaired.
    rank
        The fewer numbers a repair chooses freely, the lower.
    change
        What was done, to be read after "with".
    remedy
        The likely cause and what to do, one sentence.
    """

    kind: str
    views: tuple[int, ...]
    sights: tuple[Sight, ...]
    rank: int
    change: str
    remedy: str


@dataclass(frozen=True)
class _Slip:
    """A mistake without any free number; ``change`` names what is repaired, of {view}."""

    kind: str
    undo: Callable[[Sight], Sight]
    change: str
    remedy: str


def _turn(sight: Sight, R: FloatArray, t: FloatArray) -> Sight:
    return Sight(replace(sight.camera, R=R, t=t), sight.pixels)


def _undo_transposed(sight: Sight) -> Sight:
    return _turn(sight, sight.camera.R.T, sight.camera.t)


def _undo_inverse(sight: Sight) -> Sight:
    R, t = sight.camera.R, sight.camera.t
    return _turn(sight, R.T, -R.T @ t)


def _undo_position(sight: Sight) -> Sight:
    return _turn(sight, sight.camera.R, -sight.camera.R @ sight.camera.t)


def _undo_graphics(sight: Sight) -> Sight:
    return _turn(sight, _FLIP @ sight.camera.R, _FLIP @ sight.camera.t)


def _mirror(sight: Sight, *axes: int) -> Sight:
    size = np.array(sight.camera.size, dtype=np.float64)
    size = np.where(size > 0, size, 2 * sight.camera.K[:2, 2])
    pixels = sight.pixels.copy()
    pixels[:, list(axes)] = (size - 1 - pixels)[:, list(axes)]
    return Sight(sight.camera, pixels)


SLIPS: Final[tuple[_Slip, ...]] = (
    _Slip(
        "transposed",
        _undo_transposed,
        "the rotation of {view} transposed",
        "The rotation R was likely written row by row and read column by column (MATLAB); "
        "transpose it.",
    ),
    _Slip(
        "inverse",
        _undo_inverse,
        "the pose of {view} inverted",
        "R and t are likely those from camera to world; give world to camera: R' = Rᵀ, t' = -Rᵀ t.",
    ),
    _Slip(
        "position",
        _undo_position,
        "the translation of {view} read as the camera's position",
        "t is likely the camera's position C; give t = -R C.",
    ),
    _Slip(
        "graphics axes",
        _undo_graphics,
        "the axes y and z of {view} reversed",
        "The camera likely looks along -z (OpenGL, Blender); multiply the 2nd and 3rd row of R and "
        "t by -1.",
    ),
    _Slip(
        "mirrored",
        lambda sight: _mirror(sight, 0),
        "the picture of {view} mirrored left to right",
        "The video was likely mirrored after, or before, the calibration; mirror it back.",
    ),
    _Slip(
        "upside down",
        lambda sight: _mirror(sight, 1),
        "the picture of {view} mirrored top to bottom",
        "The points likely count from the lower edge of the picture; count from the upper edge.",
    ),
    _Slip(
        "turned around",
        lambda sight: _mirror(sight, 0, 1),
        "the picture of {view} turned by 180 degrees",
        "The video was likely turned after, or before, the calibration; turn it back.",
    ),
)


def suggest_repairs(sights: Sequence[Sight], *, tolerance_px: float) -> Iterator[Repair]:
    """Suggest repairs of single views and of all views at once.

    Of a single view only those are suggested that bring it closest to what the others see. Where
    there are four views or more, leaving one out is the last resort.
    """
    for number in range(len(sights)):
        yield from _repair_one(sights, number, tolerance_px)
        if len(sights) >= _FEWEST_VIEWS:
            rest = tuple(sight for place, sight in enumerate(sights) if place != number)
            change = f"'{sights[number].camera.name}' left out"
            yield Repair("misfit", (number,), rest, 6, change, _MISFIT_REMEDY)
    everyone = tuple(range(len(sights)))
    for slip in SLIPS:
        undone = tuple(slip.undo(sight) for sight in sights)
        change = slip.change.format(view="every view")
        yield Repair(slip.kind, everyone, undone, 1, change, slip.remedy)
    for zoom in _ZOOMS:
        resized = tuple(_resize(sight, zoom) for sight in sights)
        yield Repair("resized", everyone, resized, 2, *_tell_zoom("every view", zoom))


def _repair_one(sights: Sequence[Sight], number: int, tolerance_px: float) -> Iterator[Repair]:
    """Yield the most promising repairs of a view: discrete slips, then fitted numbers."""
    others = [sight for place, sight in enumerate(sights) if place != number]
    known = others if len(others) > 1 else list(sights)
    points = meet_rays(known, tolerance_px=tolerance_px)
    own, name = sights[number], f"'{sights[number].camera.name}'"
    tried: list[tuple[str, Sight, int, str, str]] = [
        (slip.kind, slip.undo(own), 1, slip.change.format(view=name), slip.remedy) for slip in SLIPS
    ]
    for factor in _UNITS:
        tried.append(
            ("unit", _turn(own, own.camera.R, own.camera.t * factor), 1, *_tell_unit(name, factor))
        )
    if len(others) > 1:
        tried += _fit_repairs(own, points, name)
        tried.sort(key=lambda each: _sort_key(find_median(measure_misses(each[1], points))))
        tried = [
            *tried[:_N_PROMISING],
            *[each for each in tried[_N_PROMISING:] if each[0] == "shifted"],
        ]
    for kind, repaired, rank, change, remedy in tried:
        whole = (*sights[:number], repaired, *sights[number + 1 :])
        yield Repair(kind, (number,), whole, rank, change, remedy)


def _sort_key(error: float) -> float:
    return error if np.isfinite(error) else np.inf


def _fit_repairs(
    own: Sight, points: FloatArray, name: str
) -> Iterator[tuple[str, Sight, int, str, str]]:
    """Yield repairs whose numbers are chosen so that the view fits the points of the others."""
    seen = own.camera.project(points)
    usable = np.isfinite(seen).all(axis=1) & np.isfinite(own.pixels).all(axis=1)
    if usable.sum() < 20:
        return
    seen, pixels = seen[usable], own.pixels[usable]
    x, y = np.median(pixels - seen, axis=0)
    yield (
        "shifted",
        Sight(_shift(own.camera, np.array([x, y])), own.pixels),
        2,
        f"the principal point of {name} shifted by {x:+.0f}, {y:+.0f} px",
        "Its picture was likely cropped, its principal point mistyped, or the camera turned a "
        "little; calibrate this camera again.",
    )
    zoom = float(np.median((pixels * seen).sum(axis=1) / (seen**2).sum(axis=1)))
    if zoom > 0:
        yield ("resized", _resize(own, zoom), 2, *_tell_zoom(name, zoom))
    center = own.camera.K[:2, 2]
    arm = seen - center
    focus = float(np.median(((pixels - center) * arm).sum(axis=1) / (arm**2).sum(axis=1)))
    if focus > 0:
        K = own.camera.K.copy()
        K[:2, :2] *= focus
        yield (
            "focal length",
            Sight(replace(own.camera, K=K), own.pixels),
            2,
            f"the focal length of {name} times {focus:.3g}",
            "Its lens was likely zoomed after the calibration; calibrate this camera again.",
        )
    moved = _locate(own.camera, points[usable], pixels)
    if moved is not None:
        distance = float(np.linalg.norm(moved.center - own.camera.center))
        cosine = (np.trace(moved.R @ own.camera.R.T) - 1) / 2
        away = find_median(np.linalg.norm(points - own.camera.center, axis=1))
        if distance > _FARTHEST * away:
            return
        angle = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
        yield (
            "moved",
            Sight(moved, own.pixels),
            4,
            f"{name} moved by {distance:.3g} cm and turned by {angle:.3g} degrees",
            "The camera was likely knocked after the calibration, or its R and t are those of "
            "another day; calibrate it again.",
        )


def _shift(camera: Camera, offset: FloatArray) -> Camera:
    K = camera.K.copy()
    K[:2, 2] += offset
    return replace(camera, K=K)


def _resize(sight: Sight, zoom: float) -> Sight:
    return Sight(sight.camera, sight.pixels / zoom)


def _locate(camera: Camera, points: FloatArray, pixels: FloatArray) -> Camera | None:
    """Return the camera placed where it sees these points; None when there is no such place."""
    chosen = np.unique(np.linspace(0, len(points) - 1, 600).round().astype(int))
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


def _tell_unit(name: str, factor: float) -> tuple[str, str]:
    return (
        f"the translation of {name} times {factor:g}",
        "Its translation is likely in another unit (mm, cm, m) than those of the other cameras; "
        "give all in one.",
    )


def _tell_zoom(name: str, zoom: float) -> tuple[str, str]:
    return (
        f"the pixels of {name} divided by {zoom:.3g}",
        "The video was likely resized after, or before, the calibration; give the calibration of "
        "this resolution.",
    )
