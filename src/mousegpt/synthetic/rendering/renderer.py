"""Pictures of a mouse in an arena, as calibrated cameras take them, with exact masks."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Annotated, Self

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import BoolArray, FloatArray, ImageArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.errors import DataError
from mousegpt.synthetic.arena import SyntheticArena
from mousegpt.synthetic.looks import Look
from mousegpt.synthetic.rendering.backdrop import Backdrop
from mousegpt.synthetic.rendering.lens import Window, unite_windows
from mousegpt.synthetic.rendering.sensor import Film
from mousegpt.synthetic.rendering.studio import Quality, Studio
from mousegpt.synthetic.rendering.visibility import DepthMap, find_visible
from mousegpt.synthetic.surface import Skin, Surface

_MARGIN_PX = 4


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture of one camera.

    Attributes
    ----------
    image
        RGB, shape (height, width, 3), uint8.
    mask
        Where the mouse, fur included, covers at least half of a pixel, shape (height, width).
    box
        Left, top, right, bottom: the outermost pixels of the mask; NaN where the mouse is not
        in the picture.
    visible
        Which keypoints lie in the picture and are not hidden by the body or an opaque wall,
        shape (24,); empty without keypoints.
    """

    image: ImageArray
    mask: BoolArray
    box: tuple[float, float, float, float]
    visible: BoolArray


class Renderer:
    """Takes pictures of one mouse in one arena; keeps what does not change.

    Use it as a context manager, or call `close`. The first picture of a view takes longer: what
    the camera sees without the mouse is drawn then.

    Parameters
    ----------
    skin
        The mouse; the surfaces to render are its poses.

    Raises
    ------
    BackendError
        When this machine cannot render (see `open_context`).
    """

    def __init__(
        self,
        skin: Skin,
        arena: SyntheticArena,
        look: Look,
        calibration: Calibration,
        *,
        quality: Quality | None = None,
    ) -> None:
        self._look, self._calibration = look, calibration
        self._studio = Studio(skin, arena, look, calibration, quality or Quality())
        self._views: dict[str, tuple[Backdrop, Film]] = {}
        self._close = weakref.finalize(self, self._studio.context.release)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the graphics device back; the renderer cannot be used any more."""
        self._views.clear()
        self._close()

    def render(
        self,
        surfaces: Sequence[Surface],
        view: str,
        *,
        keypoints: FloatArray | None = None,
        seed: Annotated[int, Field(ge=0)] = 0,
    ) -> Picture:
        """Take a picture.

        Parameters
        ----------
        surfaces
            The mouse at moments evenly spread over the exposure; their pictures are averaged
            (motion blur).
        keypoints
            In the middle of the exposure, shape (24, 3), cm.
        seed
            Of noise and flicker; the frame's number makes them different in every frame.

        Raises
        ------
        DataError
            When there is no surface or no such view.
        """
        if not surfaces or view not in self._calibration.cameras:
            raise DataError(
                f"Expected at least one surface and one of the views "
                f"{', '.join(self._calibration.views)}; found {len(surfaces)} and '{view}'."
            )
        with self._studio.context:
            backdrop, film = self._see(view)
            window, light, depth = self._expose(surfaces, backdrop, film)
        mask = np.zeros(backdrop.passing.shape, dtype=bool)
        if window is not None:
            mask[window.slices] = light[..., 3] >= 0.5
        visible = np.zeros(0, dtype=bool)
        if keypoints is not None:
            surface = surfaces[len(surfaces) // 2].positions
            visible = find_visible(backdrop, keypoints, surface, depth)
        number = self._calibration.views.index(view)
        image = film.develop(light[..., :3], window, (self._look.seed, number, seed))
        return Picture(image, mask, _enclose(mask), visible)

    def _see(self, view: str) -> tuple[Backdrop, Film]:
        """Return what a camera sees without the mouse, drawn the first time."""
        if view not in self._views:
            backdrop, empty = self._studio.stage.see(view)
            seed = (self._look.seed, self._calibration.views.index(view))
            self._views[view] = backdrop, Film(self._look.sensor, empty, seed)
        return self._views[view]

    def _expose(
        self, surfaces: Sequence[Surface], backdrop: Backdrop, film: Film
    ) -> tuple[Window | None, FloatArray, DepthMap | None]:
        """Return the window that changes, its light on average, and the depth at mid-exposure."""
        margin = film.margin_px + _MARGIN_PX
        moments = [self._studio.prepare(surface) for surface in surfaces]
        windows = [self._studio.find_window(m, backdrop.camera, margin) for m in moments]
        window = unite_windows(windows)
        if window is None:
            return None, np.zeros((0, 0, 4)), None
        shots = [self._studio.shoot(moment, backdrop, window) for moment in moments]
        light = np.mean([light for light, _ in shots], axis=0, dtype=np.float32)
        return window, np.asarray(light), shots[len(shots) // 2][1]


def _enclose(mask: BoolArray) -> tuple[float, float, float, float]:
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not len(columns):
        return (np.nan,) * 4
    return float(columns[0]), float(rows[0]), float(columns[-1]), float(rows[-1])
