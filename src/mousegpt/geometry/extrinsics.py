"""Where cameras and boards are, as a first guess: camera after camera is tied to those known.

A board that looks the same turned by 180 degrees is turned so that all its pictures agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

import cv2
import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Camera
from mousegpt.core.errors import CalibrationError
from mousegpt.geometry.targets import Checkerboard, Marks, Sighting, drop_strays, turn_marks

Pose = tuple[FloatArray, FloatArray]  # R and t

_HALF_TURN: Final = np.diag([-1.0, -1.0, 1.0])  # of a board about its normal
_OTHER_PLACE: Final = 0.2  # radians between two ways to place a camera that are not the same


@dataclass(frozen=True, eq=False)
class Placement:
    """Cameras in a common world, the boards in it by shot, and the sightings turned to agree."""

    cameras: Mapping[str, Camera]
    boards: Mapping[str, Pose]
    sightings: Sequence[Sighting]


@dataclass(frozen=True, eq=False)
class _Located:
    """A sighting, and where its board is in the frame of the camera."""

    sighting: Sighting
    R: FloatArray
    t: FloatArray


@dataclass(frozen=True, eq=False)
class _Tie:
    """A way to place a camera, and how many shots agree with it."""

    camera: Camera
    n_agreeing: int


def place_cameras(
    lenses: Mapping[str, Camera],
    sightings: Sequence[Sighting],
    *,
    tolerance: Annotated[float, Field(gt=0)] = 0.01,
) -> Placement:
    """Place cameras by the boards that they see at the same time.

    Parameters
    ----------
    lenses
        Cameras whose place does not matter yet.
    sightings
        Of shots that several cameras see; others are placed, too.
    tolerance
        Shots agree when a board is seen at most so far from where it should be, in widths of the
        image; the tie with which the most shots agree wins.

    Returns
    -------
    Placement
        One of the cameras looks along z from the origin.

    Raises
    ------
    CalibrationError
        When a camera cannot be tied to the others.
    """
    seen = {
        view: [_locate(s, lens) for s in sightings if s.view == view]
        for view, lens in lenses.items()
    }
    placed: dict[str, Camera] = {}
    boards: dict[str, Pose] = {}
    turned: dict[str, list[Sighting]] = {}
    start = max(seen, key=lambda view: len(_list_shared(seen, view, set(seen) - {view})))
    next_camera: Camera | None = replace(lenses[start], R=np.eye(3), t=np.zeros(3))
    while next_camera:
        camera = placed[next_camera.name] = next_camera
        for located in seen[camera.name]:
            place = camera.R.T @ located.R, camera.R.T @ (located.t - camera.t)
            board = boards.setdefault(located.sighting.shot, place)
            fitting = _choose_turn(located.sighting, camera, board)
            turned.setdefault(camera.name, []).append(fitting)
        next_camera = _find_next(lenses, seen, placed, boards, tolerance)
    lost = [view for view in lenses if view not in placed]
    if lost:
        shared = _list_shared(seen, lost[0], placed)
        raise CalibrationError(_explain(lenses[lost[0]], shared, list(placed), boards, tolerance))
    ordered = [sighting for view in lenses for sighting in turned.get(view, ())]
    return Placement({view: placed[view] for view in lenses}, boards, ordered)


def locate_board(sighting: Sighting, camera: Camera) -> Pose:
    """Return the pose of a board in the frame of the camera that sees it."""
    sighting = drop_strays(sighting)
    pixels, lens = np.ascontiguousarray(sighting.marks.pixels), camera.distortion
    points = sighting.points
    _, turn, shift = cv2.solvePnP(points, pixels, camera.K, lens, flags=cv2.SOLVEPNP_IPPE)
    turn, shift = cv2.solvePnPRefineLM(points, pixels, camera.K, lens, turn, shift)
    return np.asarray(cv2.Rodrigues(turn)[0], np.float64), np.asarray(shift, np.float64).ravel()


def measure_misses(sighting: Sighting, camera: Camera, board: Pose) -> float:
    """Return the median distance of the marks from where they should be; infinite behind."""
    expected = camera.project(sighting.points @ board[0].T + board[1])
    miss = np.median(np.linalg.norm(expected - sighting.marks.pixels, axis=1))
    return float(miss) if np.isfinite(miss) else np.inf


def _locate(sighting: Sighting, camera: Camera) -> _Located:
    return _Located(sighting, *locate_board(sighting, camera))


def _list_shared(
    seen: Mapping[str, Sequence[_Located]], view: str, others: Iterable[str]
) -> list[_Located]:
    """Return what a view sees at the same time as others."""
    theirs = {located.sighting.shot for other in others for located in seen[other]}
    return [located for located in seen[view] if located.sighting.shot in theirs]


def _choose_turn(sighting: Sighting, camera: Camera, board: Pose) -> Sighting:
    """Turn a sighting so that it fits its board best."""
    if not sighting.target.is_ambiguous:
        return sighting
    other = replace(sighting, marks=turn_marks(sighting.marks, sighting.target))
    return min((sighting, other), key=lambda s: measure_misses(s, camera, board))


def _find_next(
    lenses: Mapping[str, Camera],
    seen: Mapping[str, Sequence[_Located]],
    placed: Mapping[str, Camera],
    boards: Mapping[str, Pose],
    tolerance: float,
) -> Camera | None:
    """Return the camera with the surest tie to those that are placed."""
    ties = [
        _tie_camera(lens, _list_shared(seen, view, placed), boards, tolerance)
        for view, lens in lenses.items()
        if view not in placed
    ]
    sure = [tie for tie in ties if tie]
    return max(sure, key=lambda tie: tie.n_agreeing).camera if sure else None


def _tie_camera(
    lens: Camera, shared: Sequence[_Located], boards: Mapping[str, Pose], tolerance: float
) -> _Tie | None:
    """Return the place of a camera with which the most shots agree; None when it is a guess."""
    limit, ties = tolerance * max(lens.size), []
    for located in shared:
        R, t = boards[located.sighting.shot]
        for turn in (np.eye(3), _HALF_TURN)[: 1 + located.sighting.target.is_ambiguous]:
            rotation = located.R @ turn @ R.T
            camera = replace(lens, R=rotation, t=located.t - rotation @ t)
            agreeing = [s for s in shared if _agrees(s.sighting, camera, boards, limit)]
            ties.append(_Tie(camera, len(agreeing)))
    if not ties:
        return None
    best = max(ties, key=lambda tie: tie.n_agreeing)
    rivals = [t for t in ties if _measure_turn(t.camera, best.camera) > _OTHER_PLACE]
    runner_up = max((tie.n_agreeing for tie in rivals), default=0)
    return best if best.n_agreeing > runner_up else None


def _agrees(sighting: Sighting, camera: Camera, boards: Mapping[str, Pose], limit: float) -> bool:
    board = boards[sighting.shot]
    return measure_misses(_choose_turn(sighting, camera, board), camera, board) <= limit


def _measure_turn(one: Camera, other: Camera) -> float:
    """Return the angle between two cameras, radians."""
    return float(np.arccos(np.clip((np.trace(one.R @ other.R.T) - 1) / 2, -1, 1)))


def _explain(
    lens: Camera,
    shared: Sequence[_Located],
    placed: Sequence[str],
    boards: Mapping[str, Pose],
    tolerance: float,
) -> str:
    """Say why a camera cannot be tied to the others, and what to do."""
    view, others = f"'{lens.name}'", ", ".join(f"'{name}'" for name in placed)
    if not shared:
        return (
            f"Camera {view} sees no board at the same time as {others}; film the board where both "
            "see it, tilted halfway between them, and give pictures of the same moment the same "
            "name."
        )
    mirrored = [_locate(_mirror(located.sighting, lens), lens) for located in shared]
    tie = _tie_camera(lens, mirrored, boards, tolerance)
    if tie and tie.n_agreeing >= max(2, len(shared) / 2):
        culprit = view if len(placed) > 1 else f"{view} (or {others})"
        return (
            f"Camera {culprit} agrees with the others only when its pictures are mirrored; mirror "
            "them back (recording software often flips), then calibrate again."
        )
    if len(shared) < 3 and shared[0].sighting.target.is_ambiguous:
        return (
            f"Camera {view} shares only {len(shared)} picture(s) with {others}, of a board that "
            "looks the same turned by 180 degrees; share three or more, or use a ChArUco board."
        )
    return (
        f"Camera {view} shares {len(shared)} pictures of a board with {others}, but they "
        "contradict each other; check that pictures of the same name are of the same moment and "
        "that the board did not move."
    )


def _mirror(sighting: Sighting, camera: Camera) -> Sighting:
    """Return what would be seen in the mirrored picture; its corners run the other way."""
    marks, ids = sighting.marks, sighting.marks.ids
    if isinstance(sighting.target, Checkerboard):
        columns, rows = sighting.target.squares
        grid = np.arange((columns - 1) * (rows - 1)).reshape(rows - 1, columns - 1)
        flipped = grid[:, ::-1] if columns % 2 or not rows % 2 else grid[::-1]  # keeps black black
        ids = flipped.ravel()[ids]
    pixels = marks.pixels * [-1, 1] + [camera.size[0] - 1, 0]
    return replace(sighting, marks=Marks(ids, pixels))
