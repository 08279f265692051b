"""The mouse on the graphics device: its mesh, lit vertex by vertex, drawn as shells of fur."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike

from mousegpt.core.arrays import FloatArray
from mousegpt.synthetic.palette import Coat
from mousegpt.synthetic.rendering.coloring import paint_skin
from mousegpt.synthetic.rendering.context import bind_textures, build_program, set_uniforms
from mousegpt.synthetic.rendering.shadows import SHADOW_TEXELS, ShadowView
from mousegpt.synthetic.rendering.strands import CELLS, build_mottles, build_strands
from mousegpt.synthetic.surface import Skin, Surface

if TYPE_CHECKING:
    import moderngl

_FURRY: Final = 0.02  # less fur is not drawn
_POSED: Final = "3f 3f 3f"
_STRANDS_PER_CM: Final = (8.0, 22.0)  # least, greatest


class FurryMesh:
    """The mesh of one mouse; load a surface, light it for an eye, then draw it."""

    def __init__(self, context: moderngl.Context, skin: Skin, coat: Coat) -> None:
        self._context = context
        self._coat = coat
        n_vertices = len(skin.vertices)
        self._posed = context.buffer(reserve=n_vertices * 36)
        self._lit = context.buffer(reserve=n_vertices * 24)
        self._build_programs(skin)
        self._strands = context.texture3d(
            build_strands().shape[:3], 2, build_strands().tobytes(), alignment=1
        )
        self._strands.filter = (context.NEAREST, context.NEAREST)
        self._mottles = context.texture3d(build_mottles().shape, 1, build_mottles().tobytes())
        self.shadow_map = context.depth_texture((SHADOW_TEXELS, SHADOW_TEXELS))
        self.shadow_map.compare_func = ""
        self.shadow_map.filter = (context.NEAREST, context.NEAREST)
        self.shadow_map.repeat_x = self.shadow_map.repeat_y = False
        self._shadow_frame = context.framebuffer(depth_attachment=self.shadow_map)

    def load(self, surface: Surface, shadow: ShadowView) -> None:
        """Take a posed surface, and draw its shadow map."""
        parts = (surface.positions, surface.normals, surface.groom)
        self._posed.write(np.hstack(parts).astype(np.float32).tobytes())
        self._shadow_frame.use()
        self._shadow_frame.clear(depth=1.0)
        self._context.enable_only(self._context.DEPTH_TEST)
        set_uniforms(self._shade, {"shadow_view": shadow.matrix})
        self._shade_array.render()

    def light(self, eye: FloatArray, uniforms: dict[str, ArrayLike]) -> None:
        """Light the vertices as an eye at a place in the world sees them."""
        bind_textures(self._light, {"shadow_map": self.shadow_map})
        set_uniforms(self._light, {**uniforms, "eye": eye})
        self._light_array.transform(self._lit, self._context.POINTS)

    def draw(self, view: FloatArray, *, n_shells: int, texels_per_cm: float) -> None:
        """Draw on the current target: the skin, and shells above it where it is furry.

        Parameters
        ----------
        view
            World to clip space, shape (4, 4).
        n_shells
            Without the skin; 0 draws only that.
        texels_per_cm
            How large the mouse is; strands are no finer than the texels.
        """
        context = self._context
        context.enable_only(context.DEPTH_TEST | context.CULL_FACE)
        context.front_face = "cw" if np.linalg.det(view[[0, 1, 3], :3]) > 0 else "ccw"
        bind_textures(self._hair, {"strands": self._strands, "mottles": self._mottles})
        density = float(np.clip(texels_per_cm / 2.5, *_STRANDS_PER_CM))
        layers = n_shells + 1
        set_uniforms(self._hair, {"view": view, "strand_density": density, "n_shells": layers})
        if self._n_furry:
            self._hair_array.render(vertices=self._n_furry, instances=layers)
        if self._n_furry < self._hair_array.vertices:
            n_naked = self._hair_array.vertices - self._n_furry
            self._hair_array.render(vertices=n_naked, first=self._n_furry)

    def _build_programs(self, skin: Skin) -> None:
        context = self._context
        root, tip = paint_skin(skin, self._coat)
        share = np.stack([skin.fur, skin.ear, skin.eye], axis=1)
        colors = context.buffer(np.hstack([root, tip, share]).astype(np.float32).tobytes())
        rest = np.hstack([skin.vertices, skin.fur[:, None]]).astype(np.float32)
        static = context.buffer(rest.tobytes())
        hairy = (skin.fur[skin.faces] > _FURRY).any(axis=1)
        sorted_faces = np.concatenate([skin.faces[hairy], skin.faces[~hairy]]).astype(np.int32)
        faces = context.buffer(sorted_faces.tobytes())
        self._n_furry = 3 * int(hairy.sum())  # these come first
        self._light = build_program(context, "lit.vert.glsl", varyings=["lit_root", "lit_tip"])
        self._hair = build_program(context, "shell.vert.glsl", "shell.frag.glsl")
        self._shade = build_program(context, "shadow.vert.glsl", "shadow.frag.glsl")
        for program in (self._light, self._hair, self._shade):
            set_uniforms(program, {"fur_length": self._coat.length_cm})
        set_uniforms(self._light, {"sheen": self._coat.sheen})
        set_uniforms(self._hair, {"cells_per_tile": float(CELLS), "mottling": self._coat.mottling})
        self._light_array = context.vertex_array(
            self._light,
            [
                (self._posed, _POSED, "position", "normal", "groom"),
                (colors, "3f 3f 3f", "root", "tip", "share"),
            ],
        )
        self._shade_array = context.vertex_array(
            self._shade,
            [(self._posed, "3f 3f 12x", "position", "normal"), (static, "12x 1f", "fur")],
            faces,
        )
        hair = [
            (self._posed, _POSED, "position", "normal", "groom"),
            (self._lit, "3f 3f", "lit_root", "lit_tip"),
            (static, "3f 1f", "rest", "fur"),
        ]
        self._hair_array = context.vertex_array(self._hair, hair, faces)
