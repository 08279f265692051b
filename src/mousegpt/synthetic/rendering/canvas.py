"""Textures to draw on, made as large as they were ever needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mousegpt.core.arrays import FloatArray

if TYPE_CHECKING:
    import moderngl

_STEP: Final = 64


class Canvas:
    """A colour texture with or without a depth texture; drawn on from its first corner."""

    def __init__(self, context: moderngl.Context, *, dtype: str = "f2", depth: bool = False):
        self._context = context
        self._dtype = dtype
        self._has_depth = depth
        self.shape = (1, 1)
        self._size = (0, 0)
        self._frame: moderngl.Framebuffer | None = None
        self.texture: moderngl.Texture = context.texture((1, 1), 4, dtype=dtype)

    def begin(self, shape: tuple[int, int]) -> None:
        """Make the canvas the target, transparent, ``shape`` (width, height) of it."""
        if self._frame is None or min(np.subtract(self._size, shape)) < 0:
            self._grow(shape)
        assert self._frame is not None
        self.shape = shape
        self._frame.use()
        self._frame.viewport = (0, 0, *shape)
        self._frame.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)

    @property
    def part(self) -> FloatArray:
        """Share of the texture that was last drawn on, shape (2,)."""
        return np.divide(self.shape, self._size)

    def read(self) -> FloatArray:
        """Return what was last drawn, shape (height, width, 4), float32."""
        assert self._frame is not None
        width, height = self.shape
        data = self._frame.read((0, 0, width, height), components=4, dtype="f4", alignment=1)
        return np.frombuffer(data, dtype=np.float32).reshape(height, width, 4)

    def read_depth(self) -> FloatArray:
        """Return the depth of what was last drawn, 0 (near) to 1, shape (height, width)."""
        assert self._frame is not None
        width, height = self.shape
        data = self._frame.read(
            (0, 0, width, height), components=1, attachment=-1, dtype="f4", alignment=1
        )
        return np.frombuffer(data, dtype=np.float32).reshape(height, width)

    def _grow(self, shape: tuple[int, int]) -> None:
        width, height = np.maximum(self._size, -(-np.array(shape) // _STEP) * _STEP).tolist()
        if self._frame is not None:
            self._frame.release()
        self.texture.release()
        self._size = (width, height)
        self.texture = self._context.texture(self._size, 4, dtype=self._dtype)
        self.texture.repeat_x = self.texture.repeat_y = False
        depth = self._context.depth_texture(self._size) if self._has_depth else None
        self._frame = self._context.framebuffer([self.texture], depth)
