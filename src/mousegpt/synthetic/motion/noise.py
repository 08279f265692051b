"""Motion that never repeats: slow drifts as functions of continuous time."""

from __future__ import annotations

import numpy as np

from mousegpt.core.arrays import FloatArray


def drift(
    times: FloatArray,
    rng: np.random.Generator,
    *,
    band_hz: tuple[float, float] = (0.05, 0.6),
    n_waves: int = 8,
) -> FloatArray:
    """Add up sine waves of random frequency and phase; about N(0, 1), shape (time,).

    Sampled at another rate it is the same motion.
    """
    low, high = np.log(band_hz)
    frequencies = np.exp(rng.uniform(low, high, n_waves))
    phases = rng.uniform(0, 2 * np.pi, n_waves)
    total = np.zeros_like(times)
    for frequency, phase in zip(frequencies, phases, strict=True):
        total += np.sin(2 * np.pi * frequency * times + phase)
    return np.asarray(total * np.sqrt(2 / n_waves))


def beat(times: FloatArray, hz: float | FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the phase (radians) of a rhythm near ``hz`` that drifts by some tenths of a cycle.

    ``hz`` may change from bout to bout, where the phase jumps: open a gate only within bouts.
    """
    return np.asarray(
        2 * np.pi * hz * times + 1.2 * drift(times, rng, band_hz=(0.2, 0.9), n_waves=5)
    )
