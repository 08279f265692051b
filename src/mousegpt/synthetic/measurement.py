"""What a laboratory would have measured of a synthetic mouse: its keypoints with noise and gaps."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.skeleton import KEYPOINTS


def build_exact_poses(keypoints: FloatArray, *, fps: Annotated[float, Field(gt=0)]) -> Poses:
    """Put exact keypoints, shape (time, 24, 3) in cm, into the form of poses."""
    position = keypoints.transpose(0, 2, 1)[..., None]
    confidence = np.ones((len(keypoints), len(KEYPOINTS), 1))
    return build_poses(
        position,
        confidence,
        keypoints=KEYPOINTS,
        fps=fps,
        unit="cm",
        source_software="mousegpt synthetic",
    )


def measure_poses(
    exact: Poses,
    *,
    noise_cm: Annotated[float, Field(ge=0)] = 0.03,
    missing: Annotated[float, Field(ge=0, lt=1)] = 0.01,
    seed: int | tuple[int, ...] = 0,
) -> Poses:
    """Measure poses as a good network does.

    Parameters
    ----------
    noise_cm
        Standard deviation of every coordinate.
    missing
        Share of keypoints that are not found: NaN, with a confidence below 0.3.
    """
    rng = np.random.default_rng(seed)
    position, confidence = exact["position"], exact["confidence"]
    lost = rng.random(confidence.shape) < missing
    sure, unsure = rng.uniform(0.85, 1.0, lost.shape), rng.uniform(0.0, 0.3, lost.shape)
    noisy = position + noise_cm * rng.standard_normal(position.shape)
    gaps = confidence.copy(data=lost)
    return exact.assign(
        position=noisy.where(~gaps).transpose(*position.dims),
        confidence=confidence.copy(data=np.where(lost, unsure, sure)),
    )
