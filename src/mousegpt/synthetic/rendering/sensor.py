"""The camera behind the lens: from light to 8-bit pictures."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.synthetic.looks import Sensor
from mousegpt.synthetic.rendering.lens import Window

GAMMA: Final = 2.2
_GREY_OF_COLOR: Final = np.array([0.30, 0.55, 0.15], dtype=np.float32)
_SHOULDER: Final = 0.18  # bright light is compressed
_OFFSETS: Final = 64  # the noise of a frame is cut from a larger tile at one of 64 x 64 places


class Film:
    """The sensor of one camera, exposed to its backdrop once and to the mouse in every frame."""

    def __init__(self, sensor: Sensor, backdrop: FloatArray, seed: tuple[int, ...]) -> None:
        self._sensor = sensor
        self._vignette = _build_vignette(backdrop.shape[:2], sensor.vignetting)
        self._level = self._expose(backdrop, self._vignette)
        self._grain = self._measure_grain(self._level)
        height, width, n_channels = self._level.shape
        shape = (height + _OFFSETS, width + _OFFSETS, n_channels)
        self._noise = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)

    @property
    def margin_px(self) -> int:
        """How far the blur of the lens reaches."""
        return int(np.ceil(3 * self._sensor.blur_px)) + 1

    def develop(
        self, light: FloatArray | None, window: Window | None, seed: tuple[int, ...]
    ) -> ImageArray:
        """Return the picture, shape (height, width, 3), RGB.

        Parameters
        ----------
        light
            Linear colours in the window, shape (height, width, 3); elsewhere is the backdrop.
        seed
            Of the noise and the flicker of this frame.
        """
        rng = np.random.default_rng(seed)
        row, column = rng.integers(0, _OFFSETS, 2)
        height, width = self._level.shape[:2]
        noise = self._noise[row : row + height, column : column + width]
        flicker = float(np.exp(self._sensor.flicker * rng.standard_normal() / GAMMA))
        picture = _add_noise(self._level, self._grain, noise, flicker)
        if light is not None and window is not None:
            level = self._expose(light, self._vignette[window.slices])
            grain = self._measure_grain(level)
            picture[window.slices] = _add_noise(level, grain, noise[window.slices], flicker)
        picture = np.repeat(picture, 3 // picture.shape[2], axis=2)
        return _compress(picture, self._sensor.jpeg_quality)

    def _expose(self, light: FloatArray, vignette: FloatArray) -> FloatArray:
        """Return grey levels from 0 to 255, shape (height, width, 1 or 3), float32."""
        balance = np.asarray(self._sensor.white_balance, dtype=np.float32)
        exposed = light * (balance * np.float32(self._sensor.exposure))
        if self._sensor.monochrome:
            exposed = (exposed @ _GREY_OF_COLOR)[..., None]
        if self._sensor.blur_px > 0:
            blurred = cv2.GaussianBlur(exposed, (0, 0), self._sensor.blur_px)
            exposed = blurred.reshape(exposed.shape)
        exposed = np.maximum(exposed, 0) * vignette
        toned = np.minimum(exposed / (1 + _SHOULDER * exposed), 1)
        return 255 * np.asarray(cv2.pow(toned, 1 / GAMMA), dtype=np.float32).reshape(exposed.shape)

    def _measure_grain(self, level: FloatArray) -> FloatArray:
        """Return the standard deviation of the noise, in grey levels, where it is so bright.

        Photons and the amplifier add noise to the light; the tone curve stretches it in the dark.
        """
        light = (np.maximum(np.arange(256), 1) / 255) ** GAMMA
        slope = np.minimum(light ** (1 / GAMMA - 1) / GAMMA, 2)
        table = (255 * self._sensor.noise * slope * np.sqrt(0.25 + light)).astype(np.float32)
        return np.asarray(table[level.astype(np.uint8)])


def _add_noise(
    level: FloatArray, grain: FloatArray, noise: FloatArray, flicker: float
) -> ImageArray:
    noisy = cv2.multiply(noise, grain)
    shown = cv2.addWeighted(level, flicker, noisy.reshape(level.shape), 1, 0, dtype=cv2.CV_8U)
    return np.asarray(shown, dtype=np.uint8).reshape(level.shape)


def _build_vignette(shape: tuple[int, int], share: float) -> FloatArray:
    """Return the share of light that arrives, shape (height, width, 1)."""
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape)
    return np.asarray(1 - share * (y[:, None] ** 2 + x**2) / 2)[..., None]


def _compress(picture: ImageArray, quality: int | None) -> ImageArray:
    if quality is None:
        return picture
    _, packed = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    unpacked = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)
    return np.ascontiguousarray(unpacked[..., ::-1])
