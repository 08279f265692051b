"""From sightings of boards to a calibrated rig, and to the world of the sheet of markers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import pandas as pd

from mousegpt.core.arrays import BoolArray, ImageArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.errors import CalibrationError
from mousegpt.geometry.bundle import Adjustment, adjust_bundle
from mousegpt.geometry.extrinsics import Placement, Pose, place_cameras
from mousegpt.geometry.intrinsics import find_free_lens, guess_lens
from mousegpt.geometry.projection import Bundle, Corners
from mousegpt.geometry.sheets import SHEET_SHOT, align_sheet, find_sheet, move_cameras
from mousegpt.geometry.targets import Charuco, MarkerSheet, Sighting, Target

_SOURCE: Final = "mousegpt calibrate"
_SCALE_TOLERANCE: Final = 0.01


@dataclass(frozen=True, eq=False)
class RigFit:
    """A calibrated rig and how well it explains what was seen.

    Parameters
    ----------
    placement
        Cameras, boards and sightings.
    anchor
        The shot whose target is the world's origin.
    points
        A row a point seen: ``view shot point u v du dv`` (px; seen minus expected) and ``noise``,
        the standard deviation of its kind.
    uncertainty
        A row a view: ``center_sd_mm angle_sd_deg focal_sd_percent``, what the noise of the pixels
        leaves open, if it is independent from point to point.
    sheet_scale
        Size of the sheet by the boards over what it should be; None when nobody can tell.
    """

    placement: Placement
    anchor: str
    points: pd.DataFrame
    uncertainty: pd.DataFrame
    sheet_scale: float | None = None

    @property
    def calibration(self) -> Calibration:
        """The cameras."""
        return Calibration(self.placement.cameras, _SOURCE)


def calibrate_rig(
    sightings: Sequence[Sighting],
    sizes: Mapping[str, tuple[int, int]],
    *,
    lens: str = "k1 k2 p1 p2 k3",
) -> RigFit:
    """Calibrate lenses and places of cameras from boards; the first shared board is the world.

    Parameters
    ----------
    sightings
        Of boards, not of the sheet.
    sizes
        Width and height of each view's pictures.
    lens
        One of `LENS_MODELS`: which terms of the distortion are looked for.

    Raises
    ------
    CalibrationError
        When a camera has too few boards, cannot be tied to the others, or is mirrored.

    Notes
    -----
    Source: Methods 4.1 (f, cx, cy, k1 to k3, p1, p2; bundle adjustment).
    """
    free = find_free_lens(lens)
    check_mirrored(sightings)
    lenses = {
        view: guess_lens(view, [s for s in sightings if s.view == view], size)
        for view, size in sizes.items()
    }
    placement = place_cameras(lenses, sightings)
    shots = Counter(s.shot for s in sightings)
    anchor = min(shots, key=lambda shot: (shots[shot] == 1, shot))
    return _adjust(_move_world(placement, placement.boards[anchor]), anchor, free)


def lay_world(
    fit: RigFit,
    found: Sequence[Sighting],
    pictures: Mapping[str, Sequence[ImageArray]],
    sheet: MarkerSheet,
    *,
    lens: str = "k1 k2 p1 p2 k3",
    scale_by: Literal["boards", "sheet"] = "boards",
) -> RigFit:
    """Make the sheet of markers the world: origin at its dot, x along its long side, z up.

    Parameters
    ----------
    found
        Sightings of the sheet by the cameras that can read it; at least one.
    pictures
        View -> grey pictures of the sheet; views that cannot read it show it, too.
    scale_by
        Whose size is believed when two cameras or more see the sheet.

    Raises
    ------
    CalibrationError
        When the boards are to be believed, but contradict the sheet.

    Notes
    -----
    Source: Methods 4.1 (origin, axes and scale from the sheet).
    """
    place = find_sheet(fit.placement.cameras, found, pictures, sheet)
    scale = place.scale or 1.0
    if scale_by == "boards" and abs(scale - 1) > _SCALE_TOLERANCE:
        raise CalibrationError(_explain_scale(scale, fit.placement.sightings, sheet))
    kept = 1.0 if scale_by == "boards" else scale
    boards = _move_world(fit.placement, place.pose, kept)
    seen: Sequence[Sighting] = place.sightings
    for _ in range(2):  # the second time the tags are drawn as they should be seen
        placement = replace(
            boards,
            boards={**boards.boards, SHEET_SHOT: (np.eye(3), np.zeros(3))},
            sightings=[*boards.sightings, *seen],
        )
        fit = _adjust(placement, SHEET_SHOT, find_free_lens(lens))
        seen = align_sheet(fit.placement.cameras, pictures, sheet) or seen
    return replace(fit, sheet_scale=place.scale)


def _explain_scale(scale: float, sightings: Sequence[Sighting], sheet: MarkerSheet) -> str:
    width, height = (scale * span for span in sheet.span_cm)
    squares = {s.target.square_cm for s in sightings if not isinstance(s.target, MarkerSheet)}
    given = ", ".join(f"{size:g}" for size in sorted(squares))
    right = ", ".join(f"{size / scale:.3g}" for size in sorted(squares))
    return (
        f"By the boards the sheet measures {width:.1f} x {height:.1f} cm, expected "
        f"{sheet.span_cm[0]:g} x {sheet.span_cm[1]:g}; if the sheet is right, a square of the "
        f"board is {right} cm instead of {given}. Give the right size, or --scale sheet."
    )


def check_mirrored(sightings: Sequence[Sighting]) -> None:
    """Refuse views that show a board with the colours of the mirrored one.

    Raises
    ------
    CalibrationError
        When some views show it so and others do not.
    """
    inverted: dict[str, list[bool]] = {}
    for sighting in sightings:
        inverted.setdefault(sighting.view, []).append(sighting.marks.inverted)
    odd = [view for view, values in inverted.items() if np.mean(values) > 0.5]
    even = [view for view in inverted if view not in odd]
    if odd and even:
        few, many = sorted((odd, even), key=len)
        raise CalibrationError(
            f"The board of camera(s) {', '.join(few)} is the mirror image of that of "
            f"{', '.join(many)}; mirror the pictures back (recording software often flips)."
        )


def _adjust(placement: Placement, anchor: str, free_lens: BoolArray) -> RigFit:
    """Adjust everything while the board of one shot stays where it is."""
    views, shots = list(placement.cameras), list(placement.boards)
    order = sorted(placement.sightings, key=lambda s: (views.index(s.view), shots.index(s.shot)))
    corners, rows = _gather_corners(order, views, shots)
    result = adjust_bundle(
        _pack(placement), corners, free_lens=free_lens, fixed_board=shots.index(anchor)
    )
    points = rows.assign(du=result.residuals[:, 0], dv=result.residuals[:, 1], noise=result.noise)
    cameras = {view: _unpack(placement.cameras[view], result, i) for i, view in enumerate(views)}
    poses = zip(result.bundle.board_R, result.bundle.board_t, strict=True)
    boards = dict(zip(shots, poses, strict=True))
    return RigFit(
        Placement(cameras, boards, placement.sightings),
        anchor,
        points,
        _tell_uncertainty(cameras, result),
    )


def _pack(placement: Placement) -> Bundle:
    cameras = placement.cameras.values()
    focal = [camera.K[[0, 1, 0, 1], [0, 1, 2, 2]] for camera in cameras]
    lens = [camera.distortion for camera in cameras]
    return Bundle(
        np.concatenate([focal, lens], axis=1),
        np.stack([camera.R for camera in cameras]),
        np.stack([camera.t for camera in cameras]),
        np.stack([R for R, _ in placement.boards.values()]),
        np.stack([t for _, t in placement.boards.values()]),
    )


def _unpack(camera: Camera, result: Adjustment, i: int) -> Camera:
    lens, K = result.bundle.lenses[i], np.eye(3)
    K[[0, 1, 0, 1], [0, 1, 2, 2]] = lens[:4]
    pose = {"R": result.bundle.camera_R[i], "t": result.bundle.camera_t[i]}
    return replace(camera, K=K, distortion=lens[4:], **pose)


def _gather_corners(
    sightings: Sequence[Sighting], views: Sequence[str], shots: Sequence[str]
) -> tuple[Corners, pd.DataFrame]:
    counts = [len(s.marks.ids) for s in sightings]
    kinds = [s.target if s.shot == SHEET_SHOT else (s.view, s.target) for s in sightings]
    known = list(dict.fromkeys(kinds))

    def spread(numbers: Sequence[int]) -> np.ndarray:
        return np.repeat(np.array(numbers, dtype=int), counts)

    pixels = np.concatenate([s.marks.pixels for s in sightings])
    corners = Corners(
        spread([views.index(s.view) for s in sightings]),
        spread([shots.index(s.shot) for s in sightings]),
        np.concatenate([s.points for s in sightings]),
        pixels,
        spread([known.index(kind) for kind in kinds]),
    )
    rows = pd.DataFrame(
        {
            "view": np.repeat([s.view for s in sightings], counts),
            "shot": np.repeat([s.shot for s in sightings], counts),
            "point": np.concatenate([s.marks.ids for s in sightings]),
            "u": pixels[:, 0],
            "v": pixels[:, 1],
        }
    )
    return corners, rows


def _tell_uncertainty(cameras: Mapping[str, Camera], result: Adjustment) -> pd.DataFrame:
    rows = []
    for i, (view, camera) in enumerate(cameras.items()):
        x, y, z = camera.t
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        slope = camera.R.T @ np.concatenate([-cross, -np.eye(3)], axis=1)  # of the centre
        covariance = result.covariance[i]
        center = np.sqrt(np.trace(slope @ covariance @ slope.T))
        focal = result.lens_sd[i, :2] / result.bundle.lenses[i, :2]
        rows.append(
            {
                "view": view,
                "center_sd_mm": 10 * float(center),
                "angle_sd_deg": float(np.rad2deg(np.sqrt(np.trace(covariance[:3, :3])))),
                "focal_sd_percent": 100 * float(focal.max()),
            }
        )
    return pd.DataFrame(rows)


def _move_world(placement: Placement, place: Pose, scale: float = 1.0) -> Placement:
    """Make a place, in the world as it was, the new world, whose unit is so much larger."""
    R, t = place
    boards = {
        shot: (R.T @ own, R.T @ (at - t) / scale) for shot, (own, at) in placement.boards.items()
    }
    sightings = [replace(s, target=_resize(s.target, scale)) for s in placement.sightings]
    return Placement(move_cameras(placement.cameras, place, scale), boards, sightings)


def _resize(target: Target, scale: float) -> Target:
    if scale == 1 or isinstance(target, MarkerSheet):
        return target
    if isinstance(target, Charuco):
        target = replace(target, marker_cm=target.marker_cm / scale)
    return replace(target, square_cm=target.square_cm / scale)
