"""Networks judged on held-out synthetic scenes, in pictures and, from eight views, in space."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from benchmarks._pose_scenes import Scene
from benchmarks._pose_scores import (
    Estimate,
    estimate_pictures,
    measure_length,
    measure_swaps,
    place_mean_pose,
    score_boxes,
    score_pixels,
    score_space,
    tell,
    tell_quantile,
    triangulate_points,
    triangulate_resolved,
)
from benchmarks.triangulation import solve_svd

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.evaluation.distances import measure_body_length
from mousegpt.ports import Detector, PoseEstimator


@dataclass(frozen=True, eq=False)
class SceneEstimate:
    """What networks say of a scene, first in their own boxes, then in the true ones."""

    scene: Scene
    own: Estimate
    given: Estimate

    def shape(self, estimate: Estimate) -> FloatArray:
        """Return x, y and confidence, shape (view, moment, 24, 3)."""
        return estimate.points.reshape(*self.scene.visible.shape, 3)


def estimate_scene(scene: Scene, detector: Detector, estimator: PoseEstimator) -> SceneEstimate:
    n_views, n_moments = scene.visible.shape[:2]
    read = [partial(scene.read, v, m) for v in range(n_views) for m in range(n_moments)]
    boxes = scene.boxes.reshape(-1, 4)
    return SceneEstimate(
        scene,
        estimate_pictures(read, detector, estimator),
        estimate_pictures(read, detector, estimator, boxes=boxes),
    )


def judge_scenes(estimates: Sequence[SceneEstimate]) -> dict[str, Any]:
    """Score all scenes together; the result is what goes into the JSON."""
    truth = np.concatenate([_list_pixels(each.scene, hidden=True) for each in estimates])
    seen = np.concatenate([_list_pixels(each.scene, hidden=False) for each in estimates])
    boxes = np.concatenate([each.scene.boxes.reshape(-1, 4) for each in estimates])
    lengths = np.concatenate([measure_lengths(each.scene) for each in estimates])
    own, given = (
        np.concatenate([getattr(each, name).points[..., :2] for each in estimates])
        for name in ("own", "given")
    )
    blind = place_mean_pose(boxes, truth)
    visible, by_keypoint = score_pixels(own, seen, lengths)
    known, _ = score_pixels(own, truth, lengths)
    return {
        "detector": score_boxes(np.concatenate([each.own.boxes for each in estimates]), boxes),
        "visible_keypoints": visible,
        "all_keypoints": known,
        "visible_keypoints_true_boxes": score_pixels(given, seen, lengths)[0],
        "visible_keypoints_blind": score_pixels(blind, seen, lengths)[0],
        "hindpaws": measure_swaps(own, seen, ("HindpawL", "HindpawR")),
        "ears": measure_swaps(own, seen, ("EarL", "EarR")),
        "by_keypoint": by_keypoint,
        "body_length_px": tell_quantile(lengths),
        **judge_space(estimates),
    }


def judge_space(estimates: Sequence[SceneEstimate]) -> dict[str, Any]:
    """Triangulate, and do it again with the true boxes and with the plain linear solution."""
    world = np.concatenate([each.scene.world for each in estimates])
    body = np.concatenate([_repeat_body(each.scene.world) for each in estimates])
    begun = time.process_time()
    ours = [triangulate_points(each.shape(each.own), each.scene.rig) for each in estimates]
    middle = time.process_time()
    plain = [solve_plainly(each.shape(each.own), each.scene.rig) for each in estimates]
    ended = time.process_time()
    given = [triangulate_points(each.shape(each.given), each.scene.rig) for each in estimates]
    total, by_keypoint = score_space(np.concatenate(ours), world, body)
    resolved = [triangulate_resolved(each.shape(each.own), each.scene.rig) for each in estimates]
    sides, sides_by_keypoint = score_space(np.concatenate([s for s, _ in resolved]), world, body)
    exchanged = np.concatenate([mask.reshape(-1, len(KEYPOINTS)) for _, mask in resolved])
    return {
        "space": total,
        "space_true_boxes": score_space(np.concatenate(given), world, body)[0],
        "space_plain_dlt": score_space(np.concatenate(plain), world, body)[0],
        "space_by_keypoint": by_keypoint,
        "space_sides_resolved": sides,
        "space_sides_resolved_by_keypoint": sides_by_keypoint,
        "sides_exchanged_share": {
            name: tell(share)
            for name, share in zip(KEYPOINTS, exchanged.mean(axis=0), strict=True)
            if name.endswith("L")
        },
        "triangulation_s": middle - begun,
        "plain_dlt_s": ended - middle,
    }


def solve_plainly(points: FloatArray, rig: Calibration) -> FloatArray:
    """Solve the direct linear transform of all that was found, (time, 24, 3); NaN below 2 views."""
    pairs = zip(rig.cameras.values(), points[..., :2], strict=True)
    ideal = np.stack([camera.undistort(pixels) for camera, pixels in pairs])
    flat = ideal.reshape(len(ideal), -1, 2)
    solved = solve_svd(flat, rig)
    n_views = np.isfinite(flat).all(axis=-1).sum(axis=0)
    solved[n_views < 2] = np.nan
    return solved.reshape(*points.shape[1:-1], 3)


def measure_lengths(scene: Scene) -> FloatArray:
    """Return the body length in each picture, px, shape (view * moment,)."""
    body_cm = measure_body_length(scene.world, KEYPOINTS)
    cameras = scene.rig.cameras.values()
    return np.array(
        [measure_length(camera, world, body_cm) for camera in cameras for world in scene.world]
    )


def rank_pictures(estimates: Sequence[SceneEstimate]) -> list[tuple[float, int, int, int]]:
    """Return error, scene, view and moment of every picture, the worst first.

    The error is the mean over visible keypoints as a share of the body length; at most one each,
    so that one stray point does not decide.
    """
    ranked = []
    for place, each in enumerate(estimates):
        truth = np.where(each.scene.visible[..., None], each.scene.pixels, np.nan)
        lengths = measure_lengths(each.scene).reshape(truth.shape[:2])
        misses = np.linalg.norm(each.shape(each.own)[..., :2] - truth, axis=-1)
        relative = np.minimum(misses / lengths[..., None], 1.0)
        relative = np.where(each.scene.visible, np.nan_to_num(relative, nan=1.0), np.nan)
        for view, moment in np.argwhere(each.scene.visible.sum(axis=-1) > 2).tolist():
            ranked.append((float(np.nanmean(relative[view, moment])), place, view, moment))
    return sorted(ranked, reverse=True)


def _list_pixels(scene: Scene, *, hidden: bool) -> FloatArray:
    """Return true pixels, shape (view * moment, 24, 2); hidden ones only when wanted."""
    pixels = scene.pixels if hidden else np.where(scene.visible[..., None], scene.pixels, np.nan)
    return pixels.reshape(-1, *pixels.shape[2:])


def _repeat_body(world: FloatArray) -> FloatArray:
    return np.full(len(world), measure_body_length(world, KEYPOINTS))
