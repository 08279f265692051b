"""Whether views and cameras belong together, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses
from mousegpt.geometry.diagnosis import DOUBTFUL, WRONG, find_cause, list_names
from mousegpt.geometry.neighbors import Neighbors, gather_neighbors
from mousegpt.geometry.sightlines import Sight, measure_fit, measure_worst
from mousegpt.geometry.synchrony import Lag, find_lag, undo_lag

_AS_GOOD: Final = 1.25  # lags that leave so many times what another cause leaves are believed
_LAG_REMEDY: Final = (
    "Frames were likely dropped or the recordings started apart; align the videos, then track "
    "again."
)


@dataclass(frozen=True)
class GeometryFault:
    """What is wrong with a calibration or with the views.

    Parameters
    ----------
    kind
        Short name, such as "swapped" or "transposed".
    views
        The views that are to blame; () when that is unknown.
    message, remedy
        One sentence each.
    grave
        Whether points cannot be triangulated with it; a view that is one frame late spoils little.
    """

    kind: str
    views: tuple[str, ...]
    message: str
    remedy: str
    grave: bool = True


@dataclass(frozen=True)
class GeometryCheck:
    """Verdict on a calibration.

    Parameters
    ----------
    error_px
        Median distance between the pixels of each view and the triangulated points; NaN for a
        view that shares no point with another.
    faults
        Empty when poses and cameras agree.
    """

    error_px: Mapping[str, float]
    faults: tuple[GeometryFault, ...]

    @property
    def fits(self) -> bool:
        """Whether 2-D poses and cameras agree."""
        return not self.faults


def check_geometry(
    poses: Poses,
    calibration: Calibration,
    *,
    max_frames: Annotated[int, Field(gt=0)] = 500,
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.3,
) -> GeometryCheck:
    """Triangulate evenly spaced frames; where views and cameras disagree, look for the cause.

    Every usual slip is tried out: exchanged views, rotations that are transposed or from camera to
    world, mirrored, resized or shifted pictures, other units, cameras that moved. The cause is the
    simplest one without which the misses would be three times smaller. That no view is ahead of
    the others is checked in any case.

    Parameters
    ----------
    poses
        2-D poses with the dimension ``view``. Whether views are late is seen where the frames just
        before and after the looked-at ones are there as well.
    max_frames
        Times that are looked at.
    min_confidence
        Less confident points do not count; those without a confidence do.

    Raises
    ------
    DataError
        When the poses are not 2-D or have no views.
    CalibrationError
        When a view has no camera.
    """
    if "view" not in poses.dims or poses.sizes["space"] != 2:
        raise DataError(
            f"Expected 2-D poses with the dimension view, found {dict(poses.sizes)}; give the "
            "poses of all views together."
        )
    calibration = calibration.select(tuple(str(view) for view in poses["view"].values))
    faults = check_cameras(calibration)
    if faults or not poses.sizes["time"]:
        return GeometryCheck(dict.fromkeys(calibration.views, float("nan")), tuple(faults))
    neighbors = gather_neighbors(poses, max_frames=max_frames, min_confidence=min_confidence)
    cameras = list(calibration.cameras.values())
    sights = [Sight(*pair) for pair in zip(cameras, neighbors.now, strict=True)]
    width = max(camera.size[0] or 2 * camera.K[0, 2] for camera in cameras)
    fit = measure_fit(sights, tolerance_px=DOUBTFUL * width)
    errors = dict(zip(calibration.views, map(float, fit), strict=True))
    return GeometryCheck(errors, tuple(_find_faults(sights, neighbors, fit, width)))


def check_cameras(calibration: Calibration) -> list[GeometryFault]:
    """Find what no rig can be, whatever the poses are: two cameras at one place, transposed K."""
    faults = []
    for view, camera in calibration.cameras.items():
        if np.any(np.abs(camera.K[2] - [0, 0, 1]) > 1e-6):
            message = f"The intrinsic matrix of '{view}' ends with {camera.K[2]}, expected 0, 0, 1."
            remedy = "It was likely written row by row and read column by column; transpose it."
            faults.append(GeometryFault("transposed intrinsics", (view,), message, remedy))
        elif min(camera.K[0, 0], camera.K[1, 1]) <= 0:
            message = f"The focal lengths of '{view}' are {camera.K[0, 0]:g}, {camera.K[1, 1]:g}."
            remedy = "Expected positive ones; a mirrored picture must be mirrored back."
            faults.append(GeometryFault("mirrored", (view,), message, remedy))
    size = max(float(np.linalg.norm(camera.t)) for camera in calibration.cameras.values())
    for one, other in combinations(calibration.cameras.values(), 2):
        if np.linalg.norm(one.center - other.center) <= 1e-3 * size:
            copied = np.trace(one.R @ other.R.T) > 2.999
            message = f"The cameras '{one.name}' and '{other.name}' are at the same place"
            message += ", with the same direction." if copied else "."
            remedy = "Two cameras cannot be; is one entry a copy, or are translations missing?"
            faults.append(GeometryFault("same place", (one.name, other.name), message, remedy))
    return faults


def _find_faults(
    sights: Sequence[Sight], neighbors: Neighbors, fit: FloatArray, width: float
) -> list[GeometryFault]:
    names = [sight.camera.name for sight in sights]
    lonely = [name for name, error in zip(names, fit, strict=True) if np.isnan(error)]
    if lonely:
        message = f"No point of {list_names(lonely)} can be triangulated with another view."
        remedy = "Check that the poses of all views are of the same frames and keypoints."
        return [GeometryFault("alone", tuple(lonely), message, remedy)]
    worst, doubtful = float(fit.max()), DOUBTFUL * width
    lags, left = _find_lags(sights, neighbors, doubtful)
    if worst <= doubtful or (lags and left <= doubtful):
        return lags
    missed = (
        f"The views do not see the same points: '{names[int(np.argmax(fit))]}' misses them by "
        f"{worst:.1f} px (median; {doubtful:.1f} are good)"
    )
    cause = find_cause(sights, worst_px=worst, width_px=width)
    if cause is not None and not (lags and left <= _AS_GOOD * cause.error_px):
        message = f"{missed}; with {cause.change} it is {cause.error_px:.1f} px."
        views = tuple(names[view] for view in cause.views)
        return [GeometryFault(cause.kind, views, message, cause.remedy)]
    if lags or worst <= WRONG * width:
        return lags
    message = f"{missed}; no swap of views and no other repair that was tried helps."
    remedy = "Check that poses and calibration are of the same rig and day, and of one unit."
    return [GeometryFault("unknown", (), message, remedy)]


def _find_lags(
    sights: Sequence[Sight], neighbors: Neighbors, tolerance_px: float
) -> tuple[list[GeometryFault], float]:
    """Find views that are late or ahead, one after the other, and what they leave unexplained."""
    faults: list[GeometryFault] = []
    worst = measure_worst(sights, tolerance_px=tolerance_px)
    for _ in range(len(sights) - 1):
        lag = find_lag(sights, neighbors, tolerance_px=tolerance_px)
        if lag is None:
            break
        neighbors = undo_lag(neighbors, lag)
        sights = [Sight(s.camera, p) for s, p in zip(sights, neighbors.now, strict=True)]
        name, told = sights[lag.view].camera.name, _tell_lag(lag, neighbors.frames)
        message = f"The views do not show the same moment: '{name}' is {told}."
        faults.append(GeometryFault("late", (name,), message, _LAG_REMEDY, worst > tolerance_px))
        worst = measure_worst(sights, tolerance_px=tolerance_px)
    return faults, worst


def _tell_lag(lag: Lag, frames: IntArray) -> str:
    def tell(frames_late: int) -> str:
        if not frames_late:
            return "in time"
        count = f"{abs(frames_late)} frame" + ("s" if abs(frames_late) > 1 else "")
        return f"{count} late" if frames_late > 0 else f"{count} ahead of the others"

    if lag.start == 0:
        return tell(lag.after)
    return f"{tell(lag.before)} until about frame {frames[lag.start]}, then {tell(lag.after)}"
