"""Cameras around an arena, and what they see of the poses."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

import cv2
import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses, build_poses
from mousegpt.synthetic.arena import SyntheticArena, find_arena, trace_wall

_TARGET: Final = np.array([0.0, 0.0, 3.0])  # the back of a walking mouse
_BORDER: Final = 0.02  # share of the image that stays free on each side

#: share by which the terms k1, k2, k3 of a usual lens move a corner of the image: least, greatest
_RADIAL: Final = np.array([[-0.06, -0.015], [-0.006, 0.006], [-0.001, 0.001]])
_TANGENTIAL: Final = 0.002
_SHIFT_CM, _TURN_DEG, _OFF_CENTER, _ASPECT = 0.4, 0.4, 0.01, 1e-3  # of a jitter of 1


def arrange_views(n_side: int, *, with_top: bool = True) -> dict[str, float | None]:
    """Lay out a rig: view -> azimuth on the ring, degrees from +x towards +y; None for above.

    Examples
    --------
    >>> arrange_views(4)
    {'side1': 0.0, 'side2': 90.0, 'side3': 180.0, 'side4': 270.0, 'top': None}
    """
    ring: dict[str, float | None] = {f"side{i + 1}": 360.0 * i / n_side for i in range(n_side)}
    return {**ring, "top": None} if with_top else ring


#: the paper's rig, two perpendicular side views with one above, and a camera above only
LAYOUTS: Final[Mapping[str, Mapping[str, float | None]]] = MappingProxyType(
    {
        "paper": arrange_views(7),
        "pair": {"front": -90.0, "side": 0.0, "top": None},
        "top": {"top": None},
    }
)


def build_rig(
    arena: SyntheticArena | str = "paper",
    *,
    layout: str | Mapping[str, float | None] = "paper",
    image_size: tuple[int, int] = (448, 448),
    ring_diameter_cm: Annotated[float, Field(gt=0)] = 150.0,
    side_height_cm: Annotated[float, Field(ge=0)] = 7.0,
    top_height_cm: Annotated[float, Field(gt=0)] = 120.0,
    headroom_cm: Annotated[float, Field(gt=0)] = 12.0,
    margin_cm: Annotated[float, Field(ge=0)] = 1.0,
    distortion: Annotated[float, Field(ge=0, le=1.5)] = 1.0,
    jitter: Annotated[float, Field(ge=0, le=5)] = 1.0,
    seed: int = 0,
) -> Calibration:
    """Place cameras that look at an arena; each sees a mouse that rears anywhere in it.

    Parameters
    ----------
    layout
        A name of `LAYOUTS`, or view -> azimuth in degrees (None: above), as of `arrange_views`.
    image_size
        Width and height of every view, pixels.
    headroom_cm, margin_cm
        The focal length is the longest with which the space above the floor up to the headroom,
        grown by the margin on all sides, is in the image.
    distortion
        Strength of the lens distortion, times that of usual lenses; 0 makes ideal ones.
    jitter
        How far cameras stand and point from the plan, and principal points lie from the middle,
        times 0.4 cm, 0.4 degrees and 1 % of the image (standard deviations).

    Returns
    -------
    Calibration
        Each camera has a lens of its own. One camera's numbers do not depend on the others'.

    Raises
    ------
    DataError
        When a name is unknown or a camera would stand inside the arena.

    Notes
    -----
    Source: Methods 4.1 (ring of 1.5 m, seven cameras at the height of the floor, one above at
    1.2 m). Departs from the paper: the ring is 7 cm above the floor, because a camera at its
    height sees the floor as a line, and with it no paw behind another.
    """
    arena = find_arena(arena) if isinstance(arena, str) else arena
    volume = _outline_volume(arena, headroom_cm, margin_cm)
    cameras = {}
    for i, (view, azimuth) in enumerate(_find_layout(layout).items()):
        rng = np.random.default_rng([seed, i])
        if azimuth is None:
            center, up = np.array([0, 0, top_height_cm]), np.array([0.0, 1.0, 0.0])
        else:
            angle, radius = np.deg2rad(azimuth), ring_diameter_cm / 2
            center = np.array([radius * np.cos(angle), radius * np.sin(angle), side_height_cm])
            up = np.array([0.0, 0.0, 1.0])
        center = center + rng.normal(0, _SHIFT_CM, 3) * jitter
        R = _turn_slightly(rng, jitter) @ _look_at(center, up)
        cameras[view] = _fit_lens(view, R, center, volume, image_size, distortion, jitter, rng)
    return Calibration(cameras, "mousegpt synthetic")


def project_poses(
    poses: Poses,
    calibration: Calibration,
    *,
    noise_px: Annotated[float, Field(ge=0)] = 0.0,
    seed: int = 0,
) -> Poses:
    """See 3-D poses with every camera: 2-D poses with the dimension ``view``, in pixels."""
    points = poses["position"].transpose("time", "keypoint", "individual", "space").to_numpy()
    pixels = np.stack([camera.project(points) for camera in calibration.cameras.values()])
    if noise_px:
        pixels = pixels + np.random.default_rng(seed).normal(0, noise_px, pixels.shape)
    confidence = poses["confidence"].transpose("time", "keypoint", "individual").to_numpy()
    return build_poses(
        pixels.transpose(0, 1, 4, 2, 3),
        np.broadcast_to(confidence, pixels.shape[:-1]),
        keypoints=poses["keypoint"].to_numpy().tolist(),
        fps=poses.attrs["fps"],
        unit="px",
        individuals=poses["individual"].to_numpy().tolist(),
        views=calibration.views,
        frames=poses["frame"].to_numpy(),
        source_software=poses.attrs["source_software"],
    )


def _find_layout(layout: str | Mapping[str, float | None]) -> Mapping[str, float | None]:
    if not isinstance(layout, str):
        return layout
    if layout not in LAYOUTS:
        raise DataError(
            f"There is no layout '{layout}' of cameras; choose one of {', '.join(LAYOUTS)}, or "
            "give view -> azimuth."
        )
    return LAYOUTS[layout]


def _outline_volume(arena: SyntheticArena, headroom_cm: float, margin_cm: float) -> FloatArray:
    """Return points around the space in which a mouse moves, shape (n, 3)."""
    foot = trace_wall(arena, n_points=72) * (1 + margin_cm / arena.half)
    return np.concatenate(
        [np.insert(foot, 2, height, axis=1) for height in (-margin_cm, headroom_cm + margin_cm)]
    )


def _look_at(center: FloatArray, up: FloatArray) -> FloatArray:
    """Return the rotation, world to camera, that points from the centre to the target."""
    forward = (_TARGET - center) / np.linalg.norm(_TARGET - center)
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward])


def _turn_slightly(rng: np.random.Generator, jitter: float) -> FloatArray:
    return np.asarray(cv2.Rodrigues(np.deg2rad(rng.normal(0, _TURN_DEG, 3) * jitter))[0])


def _fit_lens(
    view: str,
    R: FloatArray,
    center: FloatArray,
    volume: FloatArray,
    size: tuple[int, int],
    distortion: float,
    jitter: float,
    rng: np.random.Generator,
) -> Camera:
    """Choose the lens and the longest focal length with which the volume is in the image."""
    pixels = np.array(size, dtype=np.float64)
    middle = (pixels - 1) / 2 + rng.normal(0, _OFF_CENTER, 2) * jitter * pixels
    aspect = np.array([1 + rng.normal(0, _ASPECT) * jitter, 1.0])
    shares, tangential = rng.uniform(*_RADIAL.T), rng.uniform(-_TANGENTIAL, _TANGENTIAL, 2)
    ideal = Camera(view, np.eye(3), np.zeros(5), R, -R @ center, size)
    corner = np.linalg.norm(pixels) / 2 / _find_focal(ideal, volume, middle, aspect)
    k1, k2, k3 = distortion * shares / corner ** np.array([2, 4, 6])
    lens = np.array([k1, k2, *distortion * tangential, k3])
    bent = Camera(view, np.eye(3), lens, R, -R @ center, size)
    K = np.eye(3)
    K[[0, 1], [0, 1]] = _find_focal(bent, volume, middle, aspect) * aspect
    K[:2, 2] = middle
    return Camera(view, K, lens, R, -R @ center, size)


def _find_focal(
    camera: Camera, volume: FloatArray, middle: FloatArray, aspect: FloatArray
) -> float:
    """Return the longest focal length, px, for a camera whose K is still the identity."""
    seen = camera.project(volume) * aspect
    if not np.isfinite(seen).all():
        raise DataError(
            f"Camera '{camera.name}' would stand inside the arena; expected it around or above, "
            "give a larger ring_diameter_cm or top_height_cm."
        )
    size = np.array(camera.size)
    least, greatest = size * _BORDER - middle, size * (1 - _BORDER) - 1 - middle
    with np.errstate(divide="ignore"):  # points in the middle leave all lengths open
        return float((np.where(seen < 0, -least, greatest) / np.abs(seen)).min())
