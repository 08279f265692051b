"""The OpenGL context, made without a window through EGL, and the programs that run in it."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike

from mousegpt.core.errors import BackendError

if TYPE_CHECKING:
    import moderngl

_INCLUDE: Final = re.compile(r'^#include "(\w+\.glsl)"$', re.MULTILINE)
_MAX_DEVICES: Final = 8


def open_context() -> moderngl.Context:
    """Open an OpenGL context: of a GPU when there is one that EGL knows, else of the CPU (Mesa).

    On the CPU, the environment variable ``LP_NUM_THREADS`` limits its threads; the environment
    variable ``GLCONTEXT_DEVICE_INDEX`` chooses a device.

    Raises
    ------
    BackendError
        When moderngl or EGL is not installed.
    """
    try:
        import moderngl
    except ImportError:
        raise BackendError(
            "Rendering needs the package moderngl, which is not installed; "
            "run: pip install 'mousegpt[synth]'."
        ) from None
    native: list[Any] = [{}]  # macOS has no EGL and needs none
    devices = [{"backend": "egl", "device_index": device} for device in range(_MAX_DEVICES)]
    for options in native if sys.platform == "darwin" else devices:  # GPUs come first
        try:
            context = moderngl.create_context(require=330, standalone=True, **options)
        except Exception as error:  # glcontext and moderngl raise no class of their own
            reason = str(error)
            if re.search(r"found \d+ devices|not loaded", reason):
                break
            continue
        return context
    raise BackendError(
        f"Rendering needs EGL, which does not work on this machine ({reason}); on Debian and "
        "Ubuntu run: apt install libegl1 libgl1-mesa-dri."
    )


def build_program(
    context: moderngl.Context, vertex: str, fragment: str | None = None, **options: Any
) -> moderngl.Program:
    """Compile a program from the shaders of these names in the folder ``shaders``."""
    return context.program(
        vertex_shader=read_shader(vertex),
        fragment_shader=None if fragment is None else read_shader(fragment),
        **options,
    )


def read_shader(name: str) -> str:
    """Read a shader and what it includes."""
    folder = files("mousegpt.synthetic.rendering") / "shaders"
    text = (folder / name).read_text(encoding="utf-8")
    return _INCLUDE.sub(lambda match: read_shader(match[1]), text)


def set_uniforms(program: moderngl.Program, values: Mapping[str, ArrayLike]) -> None:
    """Set the uniforms of a program; those that it does not use are passed over.

    Python's integers, alone or in a tuple, stay integers (samplers, counts); all else becomes
    float32. Matrices have their rows first, as numpy has them.
    """
    for name, value in values.items():
        uniform: Any = program.get(name, None)
        if uniform is None:
            continue
        if all(isinstance(part, int) for part in (value if isinstance(value, tuple) else [value])):
            uniform.value = value
        else:
            matrix = np.asarray(value, dtype=np.float32)
            uniform.write(np.ascontiguousarray(matrix if matrix.ndim != 2 else matrix.T).tobytes())


def bind_textures(
    program: moderngl.Program, textures: Mapping[str, moderngl.Texture | moderngl.Texture3D]
) -> None:
    """Bind textures to the samplers of these names."""
    for unit, (name, texture) in enumerate(textures.items()):
        texture.use(unit)
        set_uniforms(program, {name: unit})
