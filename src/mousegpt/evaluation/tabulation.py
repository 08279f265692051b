"""Tables of what distances tell; NaN is no truth, infinite is not found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.evaluation.distances import compute_mpjpe, compute_pck
from mousegpt.evaluation.similarity import compute_oks

QUANTILES: Final = {"error_q25": 0.25, "error_median": 0.5, "error_q75": 0.75, "error_q95": 0.95}
_CURVE: Final = np.round(np.linspace(0, 0.3, 61), 3)


@dataclass(frozen=True)
class ScoredView:
    """What the tables of a view have in common."""

    name: str
    keypoints: tuple[str, ...]
    body_length: float
    fractions: tuple[float, ...]


def summarize_view(view: ScoredView, distances: FloatArray, oks: FloatArray) -> pd.DataFrame:
    """Return one row, of the distances (point, keypoint) and the similarity of each true animal."""
    n_true, found = _count(distances.reshape(-1))
    pck = {
        f"pck_{f:g}": compute_pck(distances.reshape(-1), view.body_length, f)
        for f in view.fractions
    }
    known = oks[~np.isnan(oks)]
    row = {
        "body_length": view.body_length,
        "n_true": int(n_true),
        "found": float(found),
        "oks": float(known.mean()) if known.size else np.nan,
        **{name: float(value) for name, value in pck.items()},
        "mpjpe": compute_mpjpe(distances),
    }
    return pd.DataFrame([row])


def tabulate_keypoints(view: ScoredView, distances: FloatArray) -> pd.DataFrame:
    """Return a row a keypoint."""
    n_true, found = _count(distances)
    rows = [
        {name: _find_quantile(column, q) for name, q in QUANTILES.items()}
        | {"mpjpe": compute_mpjpe(column)}
        for column in distances.T
    ]
    pck = {f"pck_{f:g}": compute_pck(distances, view.body_length, f) for f in view.fractions}
    counted = {"keypoint": view.keypoints, "n_true": n_true, "found": found}
    return pd.DataFrame(counted).assign(**pd.DataFrame(rows), **pck)


def _find_quantile(distances: FloatArray, q: float) -> float:
    found = distances[np.isfinite(distances)]
    return float(np.quantile(found, q)) if found.size else np.nan


def tabulate_frames(view: ScoredView, distances: FloatArray) -> pd.DataFrame:
    """Return a row a time and true animal, of distances (time, true, keypoint)."""
    finite = np.isfinite(distances)
    n_found = finite.sum(axis=-1)
    mean = np.where(finite, distances, 0.0).sum(axis=-1) / np.maximum(n_found, 1)
    return pd.DataFrame(
        {
            "n_true": (~np.isnan(distances)).sum(axis=-1).ravel(),
            "n_found": n_found.ravel(),
            "oks": compute_oks(distances, view.body_length, view.keypoints).ravel(),
            "error": np.where(n_found > 0, mean, np.nan).ravel(),
        }
    )


def tabulate_curves(view: ScoredView, distances: FloatArray) -> pd.DataFrame:
    """Return PCK at many fractions, of all keypoints together and of each."""
    curves = {"all": distances.reshape(-1), **dict(zip(view.keypoints, distances.T, strict=True))}
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "keypoint": name,
                    "fraction": _CURVE,
                    "pck": [float(compute_pck(d, view.body_length, f)) for f in _CURVE],
                }
            )
            for name, d in curves.items()
        ],
        ignore_index=True,
    )


def _count(distances: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return how many true points there are, and the share found, over the first dimension."""
    n_true = (~np.isnan(distances)).sum(axis=0)
    found = np.isfinite(distances).sum(axis=0) / np.maximum(n_true, 1)
    return n_true, np.where(n_true > 0, found, np.nan)
