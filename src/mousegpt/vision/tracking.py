"""Which box is which mouse: boxes of successive frames joined by their overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field
from scipy.optimize import linear_sum_assignment

from mousegpt.core.arrays import FloatArray
from mousegpt.vision.detection import measure_overlaps


def track_boxes(
    found: Sequence[FloatArray],
    n_mice: Annotated[int, Field(ge=1)],
    *,
    min_overlap: Annotated[float, Field(ge=0, le=1)] = 0.1,
    max_gap: Annotated[int, Field(ge=0)] = 30,
) -> FloatArray:
    """Give every mouse one row in every frame.

    Boxes go to the mice whose last boxes they overlap most (Hungarian method, IoU). What overlaps
    with none goes to a mouse that was not seen for more than ``max_gap`` frames, or never.

    Parameters
    ----------
    found
        Of each frame, shape (n_found, 5 or more): boxes and scores, as of `detect_mice`, and
        whatever shall go with them.
    min_overlap
        Boxes that overlap less are not the same mouse.
    max_gap
        For so many frames a mouse that is not found keeps its place.

    Returns
    -------
    FloatArray
        Shape (frame, n_mice, 5 or more); NaN where a mouse was not found.

    Notes
    -----
    Identities are as good as overlaps are: mice that meet may be exchanged.
    """
    n_columns = found[0].shape[1] if len(found) else 5
    tracks = np.full((len(found), n_mice, n_columns), np.nan)
    last = np.full((n_mice, 4), np.nan)
    seen_at = np.full(n_mice, -np.inf)
    for frame, boxes in enumerate(found):
        alive = frame - seen_at <= max_gap + 1
        overlaps = measure_overlaps(np.where(alive[:, None], last, 0.0), boxes[:, :4])
        mice, picked = linear_sum_assignment(-overlaps)
        same = overlaps[mice, picked] >= max(min_overlap, 1e-9)
        pairs = list(zip(mice[same].tolist(), picked[same].tolist(), strict=True))
        free = [mouse for mouse in range(n_mice) if not alive[mouse]]
        new = [box for box in range(len(boxes)) if box not in picked[same]]
        pairs += list(zip(free, new, strict=False))
        for mouse, box in pairs:
            tracks[frame, mouse] = boxes[box]
            last[mouse], seen_at[mouse] = boxes[box, :4], frame
    return tracks


def smooth_track(
    track: FloatArray, *, half_life: Annotated[float, Field(gt=0)] = 1.0
) -> FloatArray:
    """Smooth keypoints over time, both ways, each point by its confidence.

    Parameters
    ----------
    track
        Shape (time, keypoint, 3): x, y, confidence; NaN where unknown, which stays so.
    half_life
        Frames after which the weight of a neighbour has halved.
    """
    weight = np.where(np.isfinite(track[..., 0]), np.maximum(track[..., 2], 1e-6), 0.0)
    keep = 0.5 ** (1 / half_life)
    mass, moment = (
        _sum_both_ways(values, keep)
        for values in (weight, weight[..., None] * np.nan_to_num(track[..., :2]))
    )
    smooth = track.copy()
    with np.errstate(invalid="ignore", divide="ignore"):
        smooth[..., :2] = np.where(weight[..., None] > 0, moment / mass[..., None], np.nan)
    return smooth


def _sum_both_ways(values: FloatArray, keep: float) -> FloatArray:
    """Sum over time with weights that fall by ``keep`` a frame to either side."""
    forward, backward = values.astype(np.float64), values.astype(np.float64)
    for i in range(1, len(values)):
        forward[i] += keep * forward[i - 1]
        backward[-i - 1] += keep * backward[-i]
    return forward + backward - values
