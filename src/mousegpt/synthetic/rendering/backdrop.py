"""What a camera sees of the arena and the room without the mouse: drawn once per view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.synthetic.arena import SyntheticArena
from mousegpt.synthetic.looks import Look
from mousegpt.synthetic.rendering.context import bind_textures, build_program, set_uniforms
from mousegpt.synthetic.rendering.lens import trace_lens

if TYPE_CHECKING:
    import moderngl

_MAX_CAMERAS: Final = 16
_ROOM_TEXELS: Final = (1536, 512)  # azimuth, elevation
_TABLE_MARGIN_CM: Final = 5.0
_TABLE_ROUND: Final = 0.5  # share of looks with a round table


@dataclass(frozen=True, eq=False)
class Backdrop:
    """What one camera sees without the mouse.

    Attributes
    ----------
    bounds
        Least and greatest ideal coordinates of a pixel, shape (2, 2).
    lens, behind, before
        Textures: ideal coordinates of every pixel; colour behind the mouse, and share of the
        mirror image in the floor; light added in front of the mouse, and share that passes.
    passing
        The share that passes, shape (height, width).
    """

    camera: Camera
    bounds: FloatArray
    lens: moderngl.Texture
    behind: moderngl.Texture
    before: moderngl.Texture
    passing: FloatArray


def light_uniforms(look: Look) -> dict[str, ArrayLike]:
    """Return the uniforms of ``lights.glsl``."""
    return {name: np.array(value) for name, value in vars(look.lights).items()}


class Stage:
    """The arena in its room, ready to be seen by any of the cameras."""

    def __init__(
        self,
        context: moderngl.Context,
        arena: SyntheticArena,
        look: Look,
        calibration: Calibration,
        quad: moderngl.Buffer,
        *,
        n_samples: int,
    ) -> None:
        self._context = context
        self._calibration = calibration
        self._program = build_program(context, "quad.vert.glsl", "backdrop.frag.glsl")
        self._array = context.vertex_array(self._program, [(quad, "2f", "corner")])
        uniforms = _describe(arena, look)
        set_uniforms(self._program, {**light_uniforms(look), **uniforms, "n_samples": n_samples})
        self._room = self._draw_room(quad, uniforms)

    def see(self, view: str) -> tuple[Backdrop, FloatArray]:
        """Draw what a camera sees; the picture itself has shape (height, width, 3)."""
        camera = self._calibration.cameras[view]
        ideal = trace_lens(camera)
        lens = self._context.texture(camera.size, 2, ideal.tobytes(), dtype="f4")
        layers = [self._context.texture(camera.size, 4, dtype="f2") for _ in range(2)]
        frame = self._context.framebuffer(layers)
        frame.use()
        self._context.disable(self._context.DEPTH_TEST | self._context.CULL_FACE)
        set_uniforms(self._program, {"rotation": camera.R.T, "eye": camera.center})
        set_uniforms(self._program, self._place_others(view))
        bind_textures(self._program, {"lens": lens, "room": self._room})
        self._array.render(vertices=3)
        behind, before = (_read(layer) for layer in layers)
        frame.release()
        linear = behind[..., :3] * before[..., 3:] + before[..., :3]
        bounds = np.stack([ideal.min(axis=(0, 1)), ideal.max(axis=(0, 1))])
        passing = before[..., 3].copy()
        return Backdrop(camera, bounds, lens, layers[0], layers[1], passing), linear

    def _draw_room(
        self, quad: moderngl.Buffer, uniforms: Mapping[str, ArrayLike]
    ) -> moderngl.Texture:
        """Draw the room in all directions, once for all cameras."""
        program = build_program(self._context, "quad.vert.glsl", "room.frag.glsl")
        array = self._context.vertex_array(program, [(quad, "2f", "corner")])
        room = self._context.texture(_ROOM_TEXELS, 4, dtype="f2")
        room.repeat_y = False
        self._context.framebuffer([room]).use()
        set_uniforms(program, {**uniforms, "size": np.array(_ROOM_TEXELS)})
        array.render(vertices=3)
        return room

    def _place_others(self, view: str) -> Mapping[str, ArrayLike]:
        centers = [c.center for name, c in self._calibration.cameras.items() if name != view]
        padded = np.full((_MAX_CAMERAS, 3), 1e6)
        padded[: len(centers)] = np.array(centers[:_MAX_CAMERAS]).reshape(-1, 3)
        return {"n_cameras": min(len(centers), _MAX_CAMERAS), "camera_centers": padded.ravel()}


def _describe(arena: SyntheticArena, look: Look) -> dict[str, ArrayLike]:
    """Return the uniforms of arena, floor, room and walls."""
    rng = np.random.default_rng(look.seed)
    reach = float(arena.half.max() if arena.shape == "circle" else np.hypot(*arena.half))
    return {
        "round_arena": int(arena.shape == "circle"),
        "half_size": arena.half,
        "wall_height": 0.0 if arena.wall == "none" else arena.wall_height_cm,
        "opaque": int(arena.wall == "opaque"),
        "bedding": int(arena.floor == "bedding"),
        "round_table": int(rng.random() < _TABLE_ROUND and arena.shape == "circle"),
        "table_half": reach + _TABLE_MARGIN_CM * (1 + rng.exponential()),
        "seed": rng.uniform(0, 50),
        "glass": look.walls.glass,
        "smudges": look.walls.smudges,
        "wall_color": look.walls.color,
        "floor_color": look.ground.color,
        "table_color": look.ground.table,
        "floor_grain": look.ground.grain,
        "floor_dirt": look.ground.dirt,
        "floor_reflectivity": look.ground.reflectivity,
        "room_wall": look.room.wall,
        "room_panel": look.room.panel,
        "room_lamps": look.room.lamps,
        "room_clutter": look.room.clutter,
        "room_blur": look.room.blur,
    }


def _read(texture: moderngl.Texture) -> FloatArray:
    width, height = texture.size
    data = np.frombuffer(texture.read(alignment=1), dtype=np.float16)
    return data.reshape(height, width, -1).astype(np.float32)
