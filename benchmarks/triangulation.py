"""Triangulation of 8 views against aniposelib's ``optim`` and the plain batched SVD.

The made-up mouse walks, rears and rests in the paper's rig. A detection is off by normal noise of
2 px; an outlier besides by 30 to 300 px, in any direction. Images are 1920 x 1080: 2 px there are
about 0.5 mm, 4 px of the paper's 3840 x 2160. aniposelib needs an interpreter of its own, named by
MOUSEGPT_ANIPOSE_PYTHON; it is timed on some hundred frames, and its seconds are scaled up.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.skeleton import KEYPOINTS, mirror_keypoint
from mousegpt.geometry.triangulation import triangulate_poses
from mousegpt.synthetic.anatomy import Body
from mousegpt.synthetic.arena import find_arena
from mousegpt.synthetic.body import pose_skeleton
from mousegpt.synthetic.motion import act
from mousegpt.synthetic.rig import build_rig
from mousegpt.synthetic.script import draw_animal, write_script
from mousegpt.synthetic.treatments import find_treatment

NAME = "triangulation"
PEER_PYTHON = "MOUSEGPT_ANIPOSE_PYTHON"
FPS, NOISE_PX, N_SEGMENT = 60.0, 2.0, 60
MIRROR = [KEYPOINTS.index(mirror_keypoint(name)) for name in KEYPOINTS]

#: share of outliers, share missing, how outliers come
CONDITIONS = {
    "clean": (0.0, 0.0, "scattered"),
    "usual": (0.08, 0.10, "scattered"),
    "hard": (0.25, 0.20, "scattered"),
    "left and right swapped": (0.08, 0.10, "mirrored"),
    "whole view shifted": (0.08, 0.10, "shifted"),
}


def make_track(n_frames: int, seed: int = 0) -> FloatArray:
    """Let the mouse move; cm, shape (time, keypoint, 3)."""
    arena, seconds = find_arena("paper"), n_frames / FPS
    script = write_script(draw_animal(find_treatment("saline"), seed=seed), duration_s=seconds)
    played = act(script, Body(), arena, duration_s=seconds, fps=FPS, seed=seed)
    return pose_skeleton(played.stance, Body())


def see(track: FloatArray, rig: Calibration, condition: str, seed: int = 0) -> FloatArray:
    """Return detections, shape (view, time, keypoint, 2); NaN where missing."""
    outliers, missing, kind = CONDITIONS[condition]
    rng = np.random.default_rng(seed)
    pixels = np.stack([camera.project(track) for camera in rig.cameras.values()])
    for view in pixels:
        wrong = rng.random(view.shape[:2]) < outliers
        far, angle = rng.uniform(30, 300, wrong.shape), rng.uniform(0, 2 * np.pi, wrong.shape)
        if kind == "shifted":
            wrong, far, angle = wrong[:, :1], far[:, :1], angle[:, :1]
        shift = far[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        if kind == "mirrored":  # both sides of a pair at once
            wrong = wrong[:, np.minimum(MIRROR, np.arange(len(MIRROR)))]
            shift = view[:, MIRROR] - view
        view += np.where(wrong[..., None], shift, 0.0) + rng.normal(0, NOISE_PX, view.shape)
        view[rng.random(view.shape[:2]) < missing] = np.nan
    return pixels


def label(pixels: FloatArray, rig: Calibration) -> Poses:
    position = np.ascontiguousarray(np.moveaxis(pixels, -1, 2))[..., None]
    return build_poses(position, keypoints=KEYPOINTS, fps=FPS, unit="px", views=rig.views)


def triangulate(pixels: FloatArray, rig: Calibration, smooth: bool = False) -> FloatArray:
    found = triangulate_poses(label(pixels, rig), rig, motion_prior=smooth)
    return np.moveaxis(found["position"].values[..., 0], 1, -1)


def judge(found: FloatArray, track: FloatArray) -> dict[str, float]:
    """Compare with the truth: mm, and per cent of points."""
    error = 10 * np.linalg.norm(found - track, axis=-1)
    known = error[np.isfinite(error)]
    return {
        "median_mm": round(float(np.median(known)), 4),
        "mean_mm": round(float(known.mean()), 4),
        "p99_mm": round(float(np.percentile(known, 99)), 3),
        "wrong_percent": round(100 * float((known > 5).mean()), 5),
        "rejected_percent": round(100 * (1 - known.size / error.size), 4),
    }


def solve_svd(ideal: FloatArray, rig: Calibration, n_at_once: int = 50_000) -> FloatArray:
    """Solve the plain direct linear transform of undistorted pixels, (view, point, 2)."""
    matrices = np.stack([np.column_stack([c.R, c.t]) for c in rig.cameras.values()])[:, None]
    points = []
    for start in range(0, ideal.shape[1], n_at_once):
        seen = ideal[:, start : start + n_at_once, :, None]
        rows = np.nan_to_num(seen * matrices[..., 2:, :] - matrices[..., :2, :])
        stacked = np.moveaxis(rows, 0, 1).reshape(rows.shape[1], -1, 4)
        last = np.linalg.svd(stacked, full_matrices=False)[2][:, -1]
        points.append(last[:, :3] / last[:, 3:])
    return np.concatenate(points)


def time_svd(pixels: FloatArray, track: FloatArray, rig: Calibration) -> dict[str, object]:
    """Time it without undistorting, which is given to it."""
    ideal = np.stack([c.undistort(p) for c, p in zip(rig.cameras.values(), pixels, strict=True)])
    wall, cpu = time.perf_counter(), time.process_time()
    points = solve_svd(ideal.reshape(len(ideal), -1, 2), rig)
    spent = {"s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    return spent | judge(points.reshape(track.shape), track)


def run_aniposelib(segments: dict[str, FloatArray], rig: Calibration) -> dict[str, FloatArray]:
    """Triangulate with aniposelib; nothing when there is none."""
    python = os.environ.get(PEER_PYTHON)
    if not python:
        return {}
    cameras = rig.cameras.values()
    numbers = {
        "K": [c.K for c in cameras], "lens": [c.distortion for c in cameras],
        "R": [c.R for c in cameras], "t": [c.t for c in cameras],
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(source, **numbers, **segments)
        script = Path(__file__).with_name("_aniposelib.py")
        subprocess.run([python, script, source, target], check=True, capture_output=True)
        return dict(np.load(target))


def compare(
    seen: dict[str, FloatArray], track: FloatArray, rig: Calibration, n_segments: int
) -> dict[str, object]:
    """Compare with aniposelib on short segments of the track."""
    starts = np.linspace(0, len(track) - N_SEGMENT, n_segments).astype(int)
    parts = [slice(start, start + N_SEGMENT) for start in starts]
    truth = np.stack([track[part] for part in parts])
    segments = {name: np.stack([seen[name][:, p] for p in parts]) for name in ("clean", "usual")}
    theirs = run_aniposelib(segments, rig)
    result: dict[str, object] = {}
    for name, pixels in segments.items():
        ours = np.stack([triangulate(part, rig, smooth=True) for part in pixels])
        result[f"{name}, ours smooth"] = judge(ours, truth)
        result[f"{name}, aniposelib optim"] = judge(theirs[name], truth) if theirs else None
    scale = len(track) / (n_segments * N_SEGMENT)
    spent = {key: float(theirs[f"usual_{key}"]) * scale for key in ("s", "cpu_s")} if theirs else {}
    return {
        "peer": f"aniposelib triangulate_optim, {n_segments * N_SEGMENT} frames, scaled up"
        if theirs
        else f"aniposelib is absent: name an interpreter that has it in {PEER_PYTHON}",
        "peer_s": spent.get("s"),
        "peer_cpu_s": spent.get("cpu_s"),
        "segments": result,
    }


def measure(quick: bool) -> dict[str, object]:
    """Measure speed under usual conditions, and errors under all."""
    n_frames, n_segments = (1_200, 2) if quick else (72_000, 10)
    rig = build_rig("paper", image_size=(1920, 1080))
    track = make_track(n_frames)
    triangulate(see(track[:60], rig, "clean"), rig, smooth=True)  # compiles
    errors, seen = {}, {}
    for name in CONDITIONS:
        pixels = see(track, rig, name)
        if name in ("clean", "usual"):
            seen[name] = pixels
        poses = label(pixels, rig)
        wall, cpu = time.perf_counter(), time.process_time()
        found = triangulate_poses(poses, rig)
        spent = {"s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        points = np.moveaxis(found["position"].values[..., 0], 1, -1)
        errors[name] = judge(points, track) | {k: round(v, 3) for k, v in spent.items()}
        if name == "usual":
            ours = spent
            scatter = (points - track) / found["position_sd"].values[..., 0][..., None]
            tracemalloc.start()
            triangulate_poses(poses, rig)
            peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
            tracemalloc.stop()
    wall = time.perf_counter()
    smooth = triangulate(seen["clean"], rig, smooth=True)
    smooth_s = time.perf_counter() - wall
    fine = build_rig("paper", image_size=(3840, 2160))
    few = track[: min(n_frames, 6_000)]
    peer = compare(seen, track, rig, n_segments)
    svd = time_svd(seen["usual"], track, rig)
    return {
        "name": NAME,
        "n": n_frames,
        "n_views": len(rig.views),
        "n_keypoints": len(KEYPOINTS),
        "noise_px": NOISE_PX,
        "ours_s": ours["s"],
        "ours_cpu_s": ours["cpu_s"],
        "peer": peer["peer"],
        "peer_s": peer["peer_s"],
        "ratio": peer["peer_s"] / ours["s"] if peer["peer_s"] else None,
        "ratio_cpu": peer["peer_cpu_s"] / ours["cpu_s"] if peer["peer_s"] else None,
        "svd": svd,
        "ratio_svd": svd["s"] / ours["s"],
        "ratio_svd_cpu": svd["cpu_s"] / ours["cpu_s"],
        "peak_mb": peak_mb,
        "errors": errors,
        "errors_4k": {
            name: judge(triangulate(see(few, fine, name), fine), few) for name in ("clean", "usual")
        },
        "scatter_in_sd": float(np.sqrt(np.nanmean(scatter**2))),
        "smooth": judge(smooth, track) | {"s": smooth_s},
        "segments": peer["segments"],
    }
