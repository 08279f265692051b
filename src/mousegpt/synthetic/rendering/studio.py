"""The scene on the graphics device: a moment of the mouse as a camera sees it, in linear light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.synthetic.arena import SyntheticArena
from mousegpt.synthetic.looks import Look
from mousegpt.synthetic.rendering.backdrop import Backdrop, Stage, light_uniforms
from mousegpt.synthetic.rendering.canvas import Canvas
from mousegpt.synthetic.rendering.compositor import Compositor, Layer
from mousegpt.synthetic.rendering.context import open_context
from mousegpt.synthetic.rendering.fur import FurryMesh
from mousegpt.synthetic.rendering.lens import (
    Frame,
    Window,
    build_projection,
    fit_frame,
    fit_window,
)
from mousegpt.synthetic.rendering.shadows import (
    Contact,
    ShadowView,
    cast_on_floor,
    darken_floor,
    view_from_light,
)
from mousegpt.synthetic.rendering.visibility import DepthMap, measure_depth
from mousegpt.synthetic.surface import Skin, Surface

_MIRROR: Final = np.array([1.0, 1.0, -1.0])
_ENOUGH_TEXELS_PER_CM: Final = 48.0  # larger mice need less supersampling
_SHELLS_PER_TEXEL: Final = 0.75  # of the fur's length
_LEAST_MIRROR: Final = 0.03  # a floor that reflects less shows no mirror image
_EVERY: Final = 8  # n-th vertex shows where shadow and mirror image lie
_MIRROR_SAMPLING: Final = 0.75  # texels per pixel: mirror images are blurred


@dataclass(frozen=True)
class Quality:
    """How much work goes into a picture.

    ``shells`` is the greatest number of layers of fur (small mice get fewer), ``supersampling``
    the texels per pixel and axis of the mouse, ``backdrop_samples`` those of the rest.
    """

    shells: Annotated[int, Field(ge=0)] = 10
    supersampling: Annotated[float, Field(gt=0)] = 2.0
    backdrop_samples: Annotated[int, Field(ge=1)] = 2


@dataclass(frozen=True, eq=False)
class Moment:
    """A posed surface with what it does to the light on the floor."""

    points: FloatArray
    surface: Surface
    shadow: ShadowView
    contact: Contact


class Studio:
    """Arena, lights and mouse in an OpenGL context of their own."""

    def __init__(
        self,
        skin: Skin,
        arena: SyntheticArena,
        look: Look,
        calibration: Calibration,
        quality: Quality,
    ) -> None:
        self._look, self._quality = look, quality
        self._areas = _share_areas(skin)
        self._lights = light_uniforms(look)
        self._has_mirror = look.ground.reflectivity > _LEAST_MIRROR and arena.floor == "plain"
        self.context = open_context()
        quad = self.context.buffer(np.array([-1, -1, 3, -1, -1, 3], dtype=np.float32).tobytes())
        samples = quality.backdrop_samples
        self.stage = Stage(self.context, arena, look, calibration, quad, n_samples=samples)
        self._mesh = FurryMesh(self.context, skin, look.coat)
        self._compositor = Compositor(self.context, quad)
        self._canvas = Canvas(self.context, depth=True)
        self._mirror_canvas = Canvas(self.context, depth=True)

    def prepare(self, surface: Surface) -> Moment:
        """Find the shadows of a surface."""
        points = np.asarray(surface.positions, dtype=np.float64)
        shadow = view_from_light(points, self._look.lights.key)
        return Moment(points, surface, shadow, darken_floor(points, self._areas))

    def find_window(self, moment: Moment, camera: Camera, margin_px: float) -> Window | None:
        """Return the part of the picture that the mouse, its shadow or mirror image change."""
        some = moment.points[::_EVERY]  # enough for what is blurred
        cast = cast_on_floor(some, self._look.lights.key)
        parts = (moment.points, some * _MIRROR, cast, moment.contact.corners)
        return fit_window(camera, np.concatenate(parts), margin_px=margin_px)

    def shoot(
        self, moment: Moment, backdrop: Backdrop, window: Window
    ) -> tuple[FloatArray, DepthMap | None]:
        """Draw a window of a camera's picture.

        Returns
        -------
        light
            Shape (height, width, 4): linear colours, and the share of a pixel that is mouse.
        depth
            Of the mouse; none where the camera does not see it.
        """
        camera = backdrop.camera
        uniforms: dict[str, ArrayLike] = {
            **self._lights,
            "shadow_view": moment.shadow.matrix,
            "shadow_soft": moment.shadow.softness,
        }
        self._mesh.load(moment.surface, moment.shadow)
        self._mesh.light(camera.center, uniforms)
        mouse, depth = self._draw_mouse(moment, backdrop)
        light = self._compositor.compose(
            backdrop,
            window,
            mouse=mouse,
            mirrored=self._draw_mirrored(moment, backdrop),
            contact=moment.contact,
            shadow_map=self._mesh.shadow_map,
            uniforms=uniforms,
        )
        return light, depth

    def _draw_mouse(self, moment: Moment, backdrop: Backdrop) -> tuple[Layer, DepthMap | None]:
        camera, length_cm = backdrop.camera, self._look.coat.length_cm
        px_per_cm = _measure_scale(camera, moment.points)
        sampling = min(self._quality.supersampling, max(_ENOUGH_TEXELS_PER_CM / px_per_cm, 1))
        frame = self._fit(moment.points, backdrop, sampling)
        if frame is None:
            self._canvas.begin((1, 1))
            return Layer(self._canvas, None), None
        projection = build_projection(camera, frame, moment.points)
        self._canvas.begin(frame.shape)
        n_shells = round(_SHELLS_PER_TEXEL * length_cm * px_per_cm * sampling) + 1
        coarse = _measure_scale(camera, np.zeros((1, 3))) * sampling
        self._mesh.draw(
            projection, n_shells=min(n_shells, self._quality.shells), texels_per_cm=coarse
        )
        depth = measure_depth(self._canvas.read_depth(), projection, camera)
        return Layer(self._canvas, frame), DepthMap(depth, frame)

    def _draw_mirrored(self, moment: Moment, backdrop: Backdrop) -> Layer:
        points = moment.points * _MIRROR
        frame = self._fit(points, backdrop, _MIRROR_SAMPLING) if self._has_mirror else None
        self._mirror_canvas.begin((1, 1) if frame is None else frame.shape)
        if frame is not None:
            projection = build_projection(backdrop.camera, frame, points)
            self._mesh.draw(projection @ np.diag([*_MIRROR, 1]), n_shells=0, texels_per_cm=1)
        return Layer(self._mirror_canvas, frame)

    def _fit(self, points: FloatArray, backdrop: Backdrop, sampling: float) -> Frame | None:
        return fit_frame(
            backdrop.camera,
            points,
            backdrop.bounds,
            margin_cm=self._look.coat.length_cm,
            supersampling=sampling,
        )


def _measure_scale(camera: Camera, points: FloatArray) -> float:
    """Return how large things are in the middle of the points, px per cm."""
    depth = float(np.median(points @ camera.R[2] + camera.t[2]))
    return float(camera.K[0, 0]) / max(depth, 1.0)


def _share_areas(skin: Skin) -> FloatArray:
    """Return the area of the surface that belongs to every vertex at rest, cm², shape (V,)."""
    corners = skin.vertices[skin.faces]
    spans = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    areas = np.repeat(np.linalg.norm(spans, axis=1) / 6, 3)
    return np.bincount(skin.faces.ravel(), areas, len(skin.vertices)).astype(np.float64)
