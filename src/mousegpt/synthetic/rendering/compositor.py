"""Put the mouse, its shadow and its mirror image into what a camera sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from mousegpt.core.arrays import FloatArray
from mousegpt.synthetic.rendering.backdrop import Backdrop
from mousegpt.synthetic.rendering.canvas import Canvas
from mousegpt.synthetic.rendering.context import bind_textures, build_program, set_uniforms
from mousegpt.synthetic.rendering.lens import Frame, Window
from mousegpt.synthetic.rendering.shadows import Contact

if TYPE_CHECKING:
    import moderngl


@dataclass(frozen=True, eq=False)
class Layer:
    """A canvas with a picture in ideal coordinates, and where these lie; no frame, no picture."""

    canvas: Canvas
    frame: Frame | None


class Compositor:
    """Draws windows of a camera's picture, in linear light."""

    def __init__(self, context: moderngl.Context, quad: moderngl.Buffer) -> None:
        self._context = context
        self._program = build_program(context, "quad.vert.glsl", "composite.frag.glsl")
        self._array = context.vertex_array(self._program, [(quad, "2f", "corner")])
        self._canvas = Canvas(context, dtype="f4")
        self._contact: moderngl.Texture | None = None

    def compose(
        self,
        backdrop: Backdrop,
        window: Window,
        *,
        mouse: Layer,
        mirrored: Layer,
        contact: Contact,
        shadow_map: moderngl.Texture,
        uniforms: dict[str, ArrayLike],
    ) -> FloatArray:
        """Return the window, shape (height, width, 4): colours, and the mouse's share of pixels."""
        self._canvas.begin((window.width, window.height))
        self._context.disable(self._context.DEPTH_TEST | self._context.CULL_FACE)
        bind_textures(
            self._program,
            {
                "lens": backdrop.lens,
                "behind": backdrop.behind,
                "before": backdrop.before,
                "mouse": mouse.canvas.texture,
                "mirrored": mirrored.canvas.texture,
                "contact": self._upload(contact),
                "shadow_map": shadow_map,
            },
        )
        set_uniforms(self._program, {**uniforms, **_place(mouse, "mouse")})
        set_uniforms(self._program, _place(mirrored, "mirror"))
        set_uniforms(
            self._program,
            {
                "window": (window.left, window.top),
                "contact_frame": contact.uniform,
                "rotation": backdrop.camera.R.T,
                "eye": backdrop.camera.center,
            },
        )
        self._array.render(vertices=3)
        return self._canvas.read()

    def _upload(self, contact: Contact) -> moderngl.Texture:
        data = np.ascontiguousarray(contact.share, dtype=np.float32).tobytes()
        if self._contact is None:
            self._contact = self._context.texture(contact.share.shape, 1, dtype="f4")
            self._contact.repeat_x = self._contact.repeat_y = False
        self._contact.write(data)
        return self._contact


def _place(layer: Layer, name: str) -> dict[str, ArrayLike]:
    if layer.frame is None:  # nowhere near any pixel
        return {f"{name}_frame": np.array([1e6, 1e6, 1.0, 1.0]), f"{name}_part": np.zeros(2)}
    return {f"{name}_frame": layer.frame.uniform, f"{name}_part": layer.canvas.part}
