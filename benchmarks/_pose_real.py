"""Networks judged on real mice: labelled frames, and a clip of five views without labels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from benchmarks._pose_labels import (
    CYLINDER,
    PAWS,
    LabelledFrame,
    find_background,
    load_cylinder_rig,
    outline_mouse,
    read_cylinder,
    read_openfield,
    read_picture,
    split_frames,
)
from benchmarks._pose_motion import find_moving, locate_by_motion, shrink_picture
from benchmarks._pose_scores import (
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
)

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.skeleton import BONES, KEYPOINTS
from mousegpt.evaluation.distances import measure_body_length
from mousegpt.geometry.triangulation import triangulate_poses
from mousegpt.io.video import probe_video, read_frames
from mousegpt.pipeline.posing import Seen, estimate_views
from mousegpt.ports import Detector, PoseEstimator

BODY_CM: Final = 7.45  # snout to tail base of this mouse: the median of its labels
GROWN: Final = 0.1  # a box counts as around a point that lies so little outside of it
MOST_BODIES: Final = 3.0  # with the tail, a mouse is two bodies long


def judge_cylinder(
    folder: Path, detector: Detector, estimator: PoseEstimator, *, trained: bool = False
) -> dict[str, Any]:
    """Score the labelled frames of the test half (or, to see how much is learnt, the other)."""
    frames, rig = read_cylinder(folder), load_cylinder_rig(folder)
    chosen = split_frames(frames)[0 if trained else 1]
    keys = [(frame, view) for frame in chosen for view in sorted(frame.pictures)]
    read = [partial(frame.read, view) for frame, view in keys]
    truth = np.stack([frame.pixels[view] for frame, view in keys])
    boxes = outline_all(chosen, rig)
    lengths = np.array(
        [measure_length(rig.cameras[view], frame.world, BODY_CM) for frame, view in keys]
    )
    own = estimate_pictures(read, detector, estimator)
    given = estimate_pictures(read, detector, estimator, boxes=boxes)
    sure = _keep(truth, [name for name in CYLINDER.values() if name not in PAWS])
    total, by_keypoint = score_pixels(own.points[..., :2], truth, lengths)
    views = np.array([view for _, view in keys])
    return {
        "n_frames": len(chosen),
        "detector": score_boxes(own.boxes, boxes),
        "sure_keypoints": score_pixels(own.points[..., :2], sure, lengths)[0],
        "sure_keypoints_true_boxes": score_pixels(given.points[..., :2], sure, lengths)[0],
        "sure_keypoints_blind": score_pixels(place_mean_pose(boxes, truth), sure, lengths)[0],
        "with_paws": total,
        "by_keypoint": by_keypoint,
        "by_view": {
            str(view): score_pixels(
                own.points[views == view, :, :2], sure[views == view], lengths[views == view]
            )[0]
            for view in np.unique(views)
        },
        "ears": measure_swaps(own.points[..., :2], truth, ("EarL", "EarR")),
        **_judge_pairs(chosen, keys, own.points, rig),
    }


def outline_all(frames: Sequence[LabelledFrame], rig: Calibration) -> FloatArray:
    """Return the outline of the mouse in each picture, in order of frame and view."""
    views = sorted({view for frame in frames for view in frame.pictures})
    backgrounds = {
        view: find_background([frame.read(view) for frame in frames if view in frame.pictures])
        for view in views
    }
    return np.stack(
        [
            outline_mouse(frame.read(view), backgrounds[view], frame.world, rig.cameras[view])
            for frame in frames
            for view in sorted(frame.pictures)
        ]
    )


def _judge_pairs(
    frames: Sequence[LabelledFrame],
    keys: Sequence[tuple[LabelledFrame, str]],
    points: FloatArray,
    rig: Calibration,
) -> dict[str, Any]:
    """Triangulate the frames of which two views have a picture."""
    whole = [frame for frame in frames if len(frame.pictures) > 1]
    views = tuple(sorted(whole[0].pictures))
    found = {(frame.number, view): each for (frame, view), each in zip(keys, points, strict=True)}
    stacked = np.stack([[found[frame.number, view] for frame in whole] for view in views])
    truth = np.stack([frame.world for frame in whole])
    solid = triangulate_points(stacked, rig.select(views))
    total, by_keypoint = score_space(solid, truth, np.full(len(whole), BODY_CM))
    return {"space_two_views": total, "space_two_views_by_keypoint": by_keypoint}


def judge_openfield(
    folder: Path, detector: Detector, estimator: PoseEstimator, *, every: int = 1
) -> dict[str, Any]:
    """Score the labelled frames of another mouse, seen from above: four keypoints."""
    rows = read_openfield(folder)[::every]
    truth = np.stack([points for _, points in rows])
    own = estimate_pictures([partial(read_picture, path) for path, _ in rows], detector, estimator)
    lengths = np.full(len(rows), measure_body_length(truth, KEYPOINTS))
    total, by_keypoint = score_pixels(own.points[..., :2], truth, lengths)
    holding = [_encloses(box, points) for box, points in zip(own.boxes, truth, strict=True)]
    return {
        "n_frames": len(rows),
        "box_around_labels_share": tell(np.mean(holding)),
        "any_box_share": tell(np.isfinite(own.boxes[:, 0]).mean()),
        "keypoints": total,
        "by_keypoint": by_keypoint,
        "ears": measure_swaps(own.points[..., :2], truth, ("EarL", "EarR")),
    }


def judge_clip(
    folder: Path, detector: Detector, estimator: PoseEstimator, *, every: int = 25
) -> dict[str, Any]:
    """Look at every so-many-th frame of five views; judge by what the views say of each other."""
    rig = load_cylinder_rig(folder)
    videos = {view: folder / "videos" / f"{view}.mp4" for view in rig.views}
    frames = list(range(0, min(probe_video(path).n_frames for path in videos.values()), every))
    moving = [find_moving(_read_small(path, frames)) for path in videos.values()]
    center = locate_by_motion(moving, rig)
    look = partial(
        estimate_views, videos, detector, estimator, frames=frames, detect_every=1, rig=rig
    )
    alone, agreed = (_judge_views(look(agree=agree), center, rig) for agree in (False, True))
    return {"n_frames": len(frames), "every": every, **alone, "agreed": agreed}


def _read_small(path: Path, frames: Sequence[int]) -> ImageArray:
    return np.stack([shrink_picture(image) for _, image in read_frames(path, frames)])


def _judge_views(seen: Seen, center: FloatArray, rig: Calibration) -> dict[str, Any]:
    """Score boxes by where the mouse is, and keypoints by what they are in space."""
    solid = triangulate_poses(seen.poses, rig)
    position = np.moveaxis(solid["position"].to_numpy()[..., 0], 1, -1)
    error = solid["reprojection_error"].to_numpy()[..., 0]
    known = np.isfinite(position).all(axis=-1)
    variation = measure_variation(position)
    return {
        "views": judge_agreement(seen.boxes[:, :, 0], center, rig),
        "reprojection_median_px": tell_quantile(error[known]),
        "triangulated_share": tell(known.mean()),
        "views_used_median": tell_quantile(solid["n_views"].to_numpy()[..., 0][known]),
        "body_length_mm": tell_quantile(10 * _measure_bone(position, "Snout", "TailBase")),
        "bone_variation_median": tell_quantile(np.array(list(variation.values()))),
        "bone_variation": variation,
        "by_keypoint": {
            name: {
                "triangulated_share": tell(known[:, i].mean()),
                "reprojection_median_px": tell_quantile(error[known[:, i], i]),
            }
            for i, name in enumerate(KEYPOINTS)
        },
    }


def judge_agreement(
    boxes: FloatArray, center: FloatArray, rig: Calibration
) -> dict[str, dict[str, float | int | None]]:
    """Compare the box of each view with where the mouse is.

    Parameters
    ----------
    boxes
        Box and score, shape (view, time, 5).
    center
        cm, shape (time, 3); NaN where it is not known.

    Returns
    -------
    dict
        A row a view. ``confirmed_share``: of the frames in which the mouse is in the picture, the
        box is around its centre, and no longer than three bodies. ``expected_share``: boxes
        that only other views know of. ``unknown``: frames of which the place of the mouse is not
        known.
    """
    rows: dict[str, dict[str, float | int | None]] = {}
    for view, own in zip(rig.views, boxes, strict=True):
        camera = rig.cameras[view]
        at = camera.project(center)
        inside = ((at >= 0) & (at <= np.array(camera.size) - 1)).all(axis=1)
        right = np.array(
            [
                _encloses(box, point[None])
                and max(box[2:4] - box[:2]) < MOST_BODIES * measure_length(camera, where, BODY_CM)
                for box, point, where in zip(
                    own[inside], at[inside], center[inside, None], strict=True
                )
            ]
        )
        rows[view] = {
            "any_box_share": tell(np.isfinite(own[:, 0]).mean()),
            "expected_share": tell((np.isfinite(own[:, 0]) & np.isnan(own[:, 4])).mean()),
            "confirmed_share": tell(right.mean()) if len(right) else None,
            "visible": len(right),
            "unknown": int(np.isnan(at).any(axis=1).sum()),
        }
    return rows


def measure_variation(world: FloatArray) -> dict[str, float]:
    """Return the robust coefficient of variation of each bone: 1.4826 MAD / median."""
    rows = {}
    for one, other in BONES:
        length = _measure_bone(world, one, other)
        length = length[np.isfinite(length)]
        if len(length):
            middle = np.median(length)
            spread = 1.4826 * np.median(np.abs(length - middle))
            rows[f"{one}-{other}"] = round(float(spread / middle), 4)
    return rows


def _measure_bone(world: FloatArray, one: str, other: str) -> FloatArray:
    ends = world[:, KEYPOINTS.index(one)] - world[:, KEYPOINTS.index(other)]
    return np.asarray(np.linalg.norm(ends, axis=-1))


def _encloses(box: FloatArray, points: FloatArray) -> bool:
    """Return whether all known points lie in a box that is grown a little; False without a box."""
    points = points[np.isfinite(points).all(axis=1)]
    if not np.isfinite(box[0]):
        return False
    pad = GROWN * max(box[2] - box[0], box[3] - box[1])
    return bool(((points >= box[:2] - pad) & (points <= box[2:4] + pad)).all())


def _keep(points: FloatArray, names: Sequence[str]) -> FloatArray:
    kept = np.isin(KEYPOINTS, list(names))
    return np.where(kept[:, None], points, np.nan)
