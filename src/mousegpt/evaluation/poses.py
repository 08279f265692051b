"""Predicted poses against true ones: scores of each view, keypoint and frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
import pandas as pd
from pydantic import Field
from scipy.optimize import linear_sum_assignment

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.errors import DataError
from mousegpt.core.poses import CM_PER_UNIT, Poses
from mousegpt.evaluation.distances import (
    align_procrustes,
    compute_mpjpe,
    measure_body_length,
    measure_distances,
)
from mousegpt.evaluation.similarity import THRESHOLDS, compute_average_precision, compute_oks
from mousegpt.evaluation.tabulation import (
    QUANTILES,
    ScoredView,
    summarize_view,
    tabulate_curves,
    tabulate_frames,
    tabulate_keypoints,
)

#: What stands in the column ``view`` for points in space.
SPACE_VIEW: Final = "3-D"

FRACTIONS: Final = (0.05, 0.1, 0.2)
#: The first columns of each table, in order.
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "summary": ("view", "unit", "body_length", "n_frames", "n_true", "found", "oks", "ap"),
    "keypoints": ("view", "unit", "keypoint", "n_true", "found", *QUANTILES),
    "frames": ("view", "frame", "individual", "n_true", "n_found", "oks", "error", "unit"),
    "precision": ("view", "threshold", "ap"),
    "curves": ("view", "keypoint", "fraction", "pck"),
}


@dataclass(frozen=True, eq=False)
class PoseScores:
    """How near predicted poses are to the truth; errors in px in a view, in mm in space.

    Parameters
    ----------
    summary
        A row a view: ``oks`` mean over the true animals; ``ap`` the mean of the ten average
        precisions (mAP), ``ap_0.5`` and ``ap_0.75`` two of them; ``found`` the share of the
        ``n_true`` true keypoints for which there is a prediction; ``pck_…``; ``mpjpe`` and, with
        each pose moved, turned and scaled onto the true one, ``mpjpe_aligned``.
    keypoints
        A row a view and keypoint: quantiles and mean of the error, and PCK.
    frames
        A row a view, frame and true animal: similarity and mean error, the worst first.
    precision
        A row a view and threshold of similarity.
    curves
        PCK at many fractions of the body length; the keypoint "all" stands for all together.
    """

    summary: pd.DataFrame
    keypoints: pd.DataFrame
    frames: pd.DataFrame
    precision: pd.DataFrame
    curves: pd.DataFrame


def evaluate_poses(
    predicted: Poses,
    truth: Poses,
    *,
    body_length: Annotated[float, Field(gt=0)] | None = None,
    fractions: Annotated[Sequence[float], Field(min_length=1)] = FRACTIONS,
) -> PoseScores:
    """Score predicted poses, view by view.

    Predicted individuals are matched to the true ones anew in each frame, by similarity: who is
    who is not judged here.

    Parameters
    ----------
    predicted, truth
        With the same frames, keypoints and views, in one unit (px, mm, cm or m).
    body_length
        In the unit of the poses; when None it is measured in the truth, view by view.
    fractions
        Of the body length: the thresholds of PCK.

    Raises
    ------
    DataError
        When the poses differ in frames, keypoints, views or dimensions, or no body length is known.

    Notes
    -----
    Source: Methods 4.2 (AP, mAP, PCK). The paper states neither constants nor thresholds; ours are
    in `mousegpt.evaluation.similarity` and ``fractions``.
    """
    _check_alike(predicted, truth)
    unit, factor = _choose_unit(truth)
    keypoints = tuple(str(name) for name in truth["keypoint"].values)
    individuals = [str(name) for name in truth["individual"].values]
    keys = pd.MultiIndex.from_product(
        [truth["frame"].values, individuals], names=["frame", "individual"]
    ).to_frame(index=False)
    views = _list_views(truth)
    true = {view: _pick(truth, view) * factor for view in views}
    lengths = dict.fromkeys(views, factor * (body_length or np.nan))
    if body_length is None:
        lengths = _measure_lengths(true, keypoints)
    parts = []
    for name in views:
        view = ScoredView(name, keypoints, lengths[name], tuple(fractions))
        sureness = _average_confidence(predicted, name)
        tables = _score_view(view, _pick(predicted, name) * factor, true[name], sureness)
        tables["frames"] = keys.join(tables["frames"]).query("n_true > 0")
        parts.append(PoseScores(**{n: table.assign(unit=unit) for n, table in tables.items()}))
    return join_scores(parts)


def join_scores(parts: Sequence[PoseScores]) -> PoseScores:
    """Join the scores of several views, or of pictures and of space."""
    joined = {}
    for name, columns in COLUMNS.items():
        table = pd.concat([getattr(part, name) for part in parts], ignore_index=True)
        rest = [column for column in table if column not in columns]
        joined[name] = table[[*columns, *rest]]
    frames = joined["frames"].sort_values(["oks", "error"], ascending=[True, False], kind="stable")
    return PoseScores(**joined | {"frames": frames.reset_index(drop=True)})


def measure_reprojection(seen: Poses, solid: Poses, calibration: Calibration) -> pd.DataFrame:
    """Measure how far points in space lie from the pixels of each view.

    Parameters
    ----------
    seen
        2-D poses with the dimension ``view``, px.
    solid
        3-D poses of the same frames, keypoints and individuals.

    Returns
    -------
    DataFrame
        A row a view and keypoint: ``view keypoint reprojection_px``, the median; NaN when unknown.
    """
    order = ("time", "individual", "keypoint", "space")
    world = solid["position"].transpose(*order).to_numpy() * CM_PER_UNIT[solid.attrs["unit"]]
    rows = []
    for view in _list_views(seen):
        pixels = seen["position"].sel(view=view).transpose(*order).to_numpy()
        misses = np.linalg.norm(calibration.cameras[view].project(world) - pixels, axis=-1)
        for place, name in enumerate(seen["keypoint"].to_numpy()):
            known = misses[..., place][np.isfinite(misses[..., place])]
            median = float(np.median(known)) if known.size else np.nan
            rows.append({"view": view, "keypoint": str(name), "reprojection_px": median})
    return pd.DataFrame(rows)


def _check_alike(predicted: Poses, truth: Poses) -> None:
    one, other = (
        {name: poses[name].values.tolist() for name in ("frame", "keypoint", "space")}
        | {"view": list(poses["view"].values) if "view" in poses.dims else []}
        | {"unit": poses.attrs["unit"]}
        for poses in (predicted, truth)
    )
    faults = [name for name in one if one[name] != other[name]]
    if faults:
        raise DataError(
            f"Expected predicted and true poses alike, found another {' and another '.join(faults)}"
            "; take what both have, in one order and unit."
        )


def _choose_unit(poses: Poses) -> tuple[str, float]:
    """Return the unit of the errors, and what the coordinates are multiplied by."""
    unit = str(poses.attrs["unit"])
    return ("mm", 10 * CM_PER_UNIT[unit]) if unit in CM_PER_UNIT else (unit, 1.0)


def _measure_lengths(true: Mapping[str, FloatArray], keypoints: Sequence[str]) -> dict[str, float]:
    """Return the body length in each view; where it is not known, the median of the other views."""
    lengths = {
        view: measure_body_length(points.reshape(-1, *points.shape[2:]), keypoints)
        for view, points in true.items()
    }
    known = [length for length in lengths.values() if length > 0]
    if not known:
        raise DataError(
            "Expected two true keypoints along the body, such as Snout and TailBase, found "
            f"{', '.join(keypoints)}; map them in a skeleton.csv, or give the body length."
        )
    return {
        view: length if length > 0 else float(np.median(known)) for view, length in lengths.items()
    }


def _list_views(poses: Poses) -> list[str]:
    if "view" in poses.dims:
        return [str(view) for view in poses["view"].values]
    return [SPACE_VIEW if poses.sizes["space"] == 3 else ""]


def _pick(poses: Poses, view: str) -> FloatArray:
    """Return the points of a view, shape (time, individual, keypoint, space)."""
    position = poses["position"].sel(view=view) if "view" in poses.dims else poses["position"]
    return np.asarray(position.transpose("time", "individual", "keypoint", "space"))


def _average_confidence(poses: Poses, view: str) -> FloatArray:
    """Return the mean over the keypoints, shape (time, individual); NaN where none is given."""
    given = poses["confidence"].sel(view=view) if "view" in poses.dims else poses["confidence"]
    mean = given.transpose("time", "individual", "keypoint").mean("keypoint", skipna=True)
    return np.asarray(mean)


def _score_view(
    view: ScoredView, predicted: FloatArray, truth: FloatArray, sureness: FloatArray
) -> dict[str, pd.DataFrame]:
    """Return tables by name: summary, keypoints, precision, curves and, without keys, frames."""
    distances = measure_distances(predicted[:, :, None], truth[:, None])
    similarity = compute_oks(distances, view.body_length, view.keypoints)
    similarity[np.isnan(predicted).any(axis=-1).all(axis=-1)] = np.nan
    n_true = int((~np.isnan(truth)).all(axis=-1).any(axis=-1).sum())
    precision = compute_average_precision(similarity, sureness, n_true)
    chosen = _match(similarity)[..., None, None]
    posed = np.take_along_axis(predicted, np.maximum(chosen, 0), axis=1)
    posed = np.where(chosen < 0, np.nan, posed)
    matched = measure_distances(posed, truth)
    oks = compute_oks(matched, view.body_length, view.keypoints)
    aligned = align_procrustes(posed, truth)
    flat = matched.reshape(-1, len(view.keypoints))
    tables = {
        "summary": summarize_view(view, flat, oks),
        "keypoints": tabulate_keypoints(view, flat),
        "frames": tabulate_frames(view, matched),
        "precision": pd.DataFrame({"threshold": THRESHOLDS, "ap": precision}),
        "curves": tabulate_curves(view, flat),
    }
    tables["summary"] = tables["summary"].assign(
        n_frames=len(truth),
        ap=precision.mean(),
        **{f"ap_{t:g}": precision[THRESHOLDS.index(t)] for t in (0.5, 0.75)},
        mpjpe_aligned=compute_mpjpe(np.linalg.norm(aligned - truth, axis=-1)),
    )
    return {name: table.assign(view=view.name) for name, table in tables.items()}


def _match(similarity: FloatArray) -> IntArray:
    """Return which prediction each true individual is given, shape (time, true); -1 for none."""
    chosen = np.full((similarity.shape[0], similarity.shape[2]), -1)
    for picture, alike in enumerate(similarity):
        rows, columns = linear_sum_assignment(np.nan_to_num(alike, nan=-1.0), maximize=True)
        real = ~np.isnan(alike[rows, columns])
        chosen[picture, columns[real]] = rows[real]
    return chosen
