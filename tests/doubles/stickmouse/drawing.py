"""A drawing of the mouse in its arena, as a camera sees it.

The body is balls along the bones, shaded from above, the farthest part first. It is pleasant to
look at and exactly in register with the poses; it is no training material for a detector.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import cv2
import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, ImageArray, IntArray
from mousegpt.core.calibration import Camera
from stickmouse.flesh import Flesh, build_flesh

ROOM: Final = (198, 203, 208)
FLOOR: Final = (231, 228, 221)
GLASS: Final = (158, 168, 176)
SHADOW: Final = (200, 200, 200)  # share of the light that is left, of 255
WALL_HEIGHT_CM: Final = 12.0
ZOOM: Final = 2  # drawn twice as large and scaled down, which smooths every edge
MARGIN_PX: Final = 6

#: passes of shading: share of the radius, shift towards the light, brightness
SHADES: Final = ((1.0, 0.0, 0.66), (0.85, 0.10, 0.86), (0.64, 0.22, 1.04), (0.36, 0.38, 1.25))
PLAIN: Final = ((1.0, 0.0, 0.76), (0.7, 0.2, 1.06))
FLAT: Final = ((1.0, 0.0, 1.0),)


@dataclass(frozen=True, eq=False)
class Disc:
    """Discs that draw one part: x, y, radius in pixels, shape (time, disc, 3), in drawing order."""

    circles: IntArray
    colors: list[tuple[float, ...]]
    depth: FloatArray


def render_view(
    skeleton: FloatArray,
    camera: Camera,
    frames: Sequence[int] | None = None,
    *,
    arena_radius_cm: Annotated[float, Field(gt=0)] = 12.5,
) -> Iterator[ImageArray]:
    """Draw the mouse in its arena, frame by frame.

    Parameters
    ----------
    skeleton
        Keypoints in cm, shape (time, 24, 3), in the order of ``KEYPOINTS``.
    frames
        Time points to draw; None draws all.

    Yields
    ------
    ImageArray
        RGB, shape (height, width, 3).
    """
    chosen = skeleton if frames is None else skeleton[np.asarray(frames)]
    large = _enlarge(camera)
    arena = _paint_arena(large, arena_radius_cm)
    backdrop = _shrink(arena, camera.size)
    flesh = build_flesh(chosen)
    discs = [_project(part, large) for part in flesh]
    order = np.argsort([-disc.depth for disc in discs], axis=0).T
    shadow = _cast_shadow(flesh[0], large)
    for time in range(len(chosen)):
        image = backdrop.copy()
        x0, y0, x1, y1 = _find_window(discs, time, camera.size)
        window = arena[ZOOM * y0 : ZOOM * y1, ZOOM * x0 : ZOOM * x1].copy()
        origin = np.array([ZOOM * x0, ZOOM * y0])
        _draw_shadow(window, shadow[time] - origin)
        for part in order[time]:
            _draw_part(window, discs[part], time, origin)
        image[y0:y1, x0:x1] = _shrink(window, (x1 - x0, y1 - y0))
        yield image


def _enlarge(camera: Camera) -> Camera:
    scale = np.diag([ZOOM, ZOOM, 1.0])
    width, height = camera.size
    size = (ZOOM * width, ZOOM * height)
    return Camera(camera.name, scale @ camera.K, camera.distortion, camera.R, camera.t, size)


def _shrink(image: ImageArray, size: tuple[int, int]) -> ImageArray:
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _paint_arena(camera: Camera, radius: float) -> ImageArray:
    width, height = camera.size
    shade = np.linspace(0.92, 1.05, height)[:, None, None]
    image = (np.ones((height, width, 3)) * shade * ROOM).astype(np.uint8)
    around = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    ring = radius * np.stack([np.cos(around), np.sin(around), np.zeros_like(around)], axis=-1)
    floor = camera.project(ring).round().astype(np.int32)
    rim = camera.project(ring + np.array([0, 0, WALL_HEIGHT_CM])).round().astype(np.int32)
    cv2.fillPoly(image, [floor], FLOOR, cv2.LINE_AA)
    for line in (floor, rim):
        cv2.polylines(image, [line], True, GLASS, ZOOM, cv2.LINE_AA)
    return image


def _project(part: Flesh, camera: Camera) -> Disc:
    depth = part.centers @ camera.R[2] + camera.t[2]
    radii = camera.K[0, 0] * part.radii / depth
    x, y = np.moveaxis(camera.project(part.centers), -1, 0)
    thickness = part.radii.max()
    shades = SHADES if thickness > 0.85 else PLAIN if thickness > 0.4 else FLAT
    circles, colors = [], []
    for share, shift, light in shades:
        circles.append(np.stack([x, y - shift * radii, np.maximum(share * radii, 1)], axis=-1))
        colors += [tuple(min(light * channel, 255.0) for channel in part.color)] * x.shape[1]
    rounded = np.concatenate(circles, axis=1).round().astype(np.int32)
    return Disc(rounded, colors, depth.mean(axis=1) - part.radii.max())


def _find_window(
    discs: Sequence[Disc], time: int, size: tuple[int, int]
) -> tuple[int, int, int, int]:
    circles = np.concatenate([disc.circles[time] for disc in discs])
    centers, radii = circles[:, :2], circles[:, 2:]
    low = (centers - radii).min(axis=0) // ZOOM - MARGIN_PX
    high = (centers + radii).max(axis=0) // ZOOM + MARGIN_PX
    x0, y0 = np.clip(low, 0, np.array(size) - 1)
    x1, y1 = np.clip(high, [x0 + 1, y0 + 1], size)
    return int(x0), int(y0), int(x1), int(y1)


def _cast_shadow(trunk: Flesh, camera: Camera) -> IntArray:
    """Outline of the trunk's shadow on the floor: pixels, shape (time, point, 2)."""
    around = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    circle = np.stack([np.cos(around), np.sin(around)], axis=-1)
    on_floor = trunk.centers[:, :, None, :2] + 0.9 * trunk.radii[:, None, None] * circle
    points = np.concatenate([on_floor, np.zeros_like(on_floor[..., :1])], axis=-1)
    pixels = camera.project(points.reshape(len(points), -1, 3))
    return np.asarray(pixels.round().astype(np.int32))


def _draw_shadow(window: ImageArray, points: IntArray) -> None:
    light = np.full_like(window, 255)
    cv2.fillConvexPoly(light, cv2.convexHull(points.astype(np.int32)), SHADOW)
    cv2.multiply(window, cv2.blur(light, (9, 9)), dst=window, scale=1 / 255)


def _draw_part(window: ImageArray, disc: Disc, time: int, origin: IntArray) -> None:
    circles = (disc.circles[time] - [*origin, 0]).tolist()
    for (x, y, radius), color in zip(circles, disc.colors, strict=True):
        cv2.circle(window, (x, y), radius, color, cv2.FILLED)
