"""Compare how the synthetic mouse moves and holds itself with a real 3-D track.

    python scripts/compare_synthetic_motion.py DATA FIGURE.png

DATA is the folder of the recordings, with ``dannce_markerless_6cam`` in it: 1,000 frames at 100 fps
of a free black mouse, predicted by a network (so: noisy), and 81 poses labelled by hand. The
synthetic mouse acts the same mixture of behaviours, with and without noise of the same size added.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d

from mousegpt.core.arrays import FloatArray
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.core.skeleton_map import apply_skeleton_map, guess_skeleton_map
from mousegpt.kinematics.floor import align_to_floor, estimate_floor
from mousegpt.kinematics.scale import scale_poses
from mousegpt.synthetic.anatomy import Body
from mousegpt.synthetic.arena import find_arena
from mousegpt.synthetic.behaviors import Bout, draw_lengths
from mousegpt.synthetic.body import pose_skeleton
from mousegpt.synthetic.motion import act

FPS, SMOOTH_S, NOISE_CM = 100, 0.03, 0.05
POINTS = ("Snout", "SpineF", "TailBase", "ForepawL", "HindpawL")
PARTS = (("Snout", "TailBase"), ("SpineF", "TailBase"), ("Snout", "EarL"))
HEIGHTS = ("Snout", "EarL", "SpineF", "TailBase", "ForepawL")
#: shares of time by eye in the real track; its mouse neither grooms nor runs
MIXTURE = {
    "rearing": 0.19, "supported rearing": 0.19, "sniffing": 0.30, "still": 0.08, "walking": 0.19,
    "turning": 0.05,
}  # fmt: skip


def load_real(folder: Path, name: str) -> FloatArray:
    """Load a track on its floor, cm, shape (time, 24, 3); NaN where it lacks a keypoint."""
    names = json.loads((folder / "mouse1_calibration.json").read_text())["keypoints"]
    with np.load(folder / name) as stored:
        xyz = stored["xyz_mm"].transpose(0, 2, 1)[..., None].astype(float)
    raw = build_poses(xyz, keypoints=names, fps=FPS, unit="mm")
    poses: Poses = scale_poses(apply_skeleton_map(raw, guess_skeleton_map(names)))
    poses = align_to_floor(poses, estimate_floor(poses))
    position = poses["position"].sel(keypoint=list(KEYPOINTS))
    return position.to_numpy()[..., 0].transpose(0, 2, 1)


def act_mixture(seconds: float, seed: int = 0) -> FloatArray:
    """Let the synthetic mouse act the mixture, cm, shape (time, 24, 3)."""
    rng = np.random.default_rng(seed)
    names = list(MIXTURE)
    means = np.array([draw_lengths(name, 500, rng).mean() for name in names])
    odds = np.array(list(MIXTURE.values())) / means
    drawn = rng.choice(names, size=int(3 * seconds), p=odds / odds.sum())
    script = [
        Bout(str(name), float(draw_lengths(str(name), 1, rng)[0]), side=int(rng.choice([-1, 1])))
        for name in drawn
    ]
    arena = find_arena("cylinder")
    played = act(script, Body(), arena, duration_s=seconds, fps=FPS, seed=seed)
    return pose_skeleton(played.stance, Body())


def measure_motion(keypoints: FloatArray) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Measure speed (cm/s) and acceleration (cm/s²) of some keypoints after smoothing."""
    smooth = gaussian_filter1d(keypoints, SMOOTH_S * FPS, axis=0)
    velocity = np.gradient(smooth, axis=0) * FPS
    acceleration = np.gradient(velocity, axis=0) * FPS
    return {
        name: (
            np.linalg.norm(velocity[:, KEYPOINTS.index(name)], axis=-1),
            np.linalg.norm(acceleration[:, KEYPOINTS.index(name)], axis=-1),
        )
        for name in POINTS
    }


def measure_posture(keypoints: FloatArray) -> dict[str, FloatArray]:
    """Measure lengths and heights (cm) that the two skeletons share."""
    at = {name: keypoints[:, i] for i, name in enumerate(KEYPOINTS)}
    lengths = {f"{a} to {b}": np.linalg.norm(at[a] - at[b], axis=-1) for a, b in PARTS}
    return lengths | {f"height of {name}": at[name][:, 2] for name in HEIGHTS}


#: colours that colour-blind eyes tell apart, and lines that grey prints do
STYLES = {
    "real track": {"color": "#222222"},
    "synthetic": {"color": "#D55E00", "linestyle": "--"},
    "synthetic with 0.5 mm noise": {"color": "#0072B2", "linestyle": "-."},
    "real, labelled by hand": {"color": "#222222", "linestyle": ":"},
}


def plot(sources: dict[str, FloatArray], labels: FloatArray, path: Path) -> None:
    """Draw distributions: speeds, accelerations, and postures."""
    figure, axes = plt.subplots(3, 5, figsize=(15, 8.5), constrained_layout=True)
    for name, keypoints in sources.items():
        motion = measure_motion(keypoints)
        for column, point in enumerate(POINTS):
            for row, what in enumerate(("speed, cm/s", "acceleration, cm/s²")):
                values = np.sort(motion[point][row])
                axes[row, column].plot(values, np.linspace(0, 1, len(values)), **STYLES[name])
                axes[row, column].set(xscale="log", xlabel=f"{point}: {what}", ylim=(0, 1))
                axes[row, column].set_xlim((0.3, 100) if row == 0 else (10, 5000))
    shown = ("Snout to TailBase", "SpineF to TailBase", "height of Snout", "height of SpineF",
             "height of TailBase")  # fmt: skip
    for name, keypoints in (sources | {"real, labelled by hand": labels}).items():
        if name.endswith("noise"):
            continue
        posture = measure_posture(keypoints)
        for column, what in enumerate(shown):
            values = np.sort(posture[what][np.isfinite(posture[what])])
            axes[2, column].plot(values, np.linspace(0, 1, len(values)), **STYLES[name])
            axes[2, column].set(xlabel=f"{what}, cm", ylim=(0, 1))
    for row in axes:
        row[0].set_ylabel("share of frames below")
    lines = [*axes[0, 0].lines, axes[2, 0].lines[-1]]
    names = [*sources, "real, labelled by hand"]
    figure.legend(lines, names, loc="outside upper center", ncols=4, frameon=False)
    figure.savefig(path, dpi=90)


def tabulate(sources: dict[str, FloatArray], labels: FloatArray) -> pd.DataFrame:
    """Tabulate the 10th, 50th and 90th percentiles of everything."""
    rows = []
    for name, keypoints in (sources | {"real, labelled by hand": labels}).items():
        values = measure_posture(keypoints)
        if name != "real, labelled by hand":
            for point, (speed, acceleration) in measure_motion(keypoints).items():
                values |= {f"speed of {point}": speed, f"acceleration of {point}": acceleration}
        for what, numbers in values.items():
            low, middle, high = np.nanpercentile(numbers, [10, 50, 90])
            rows.append((what, name, f"{low:.3g} | {middle:.3g} | {high:.3g}"))
    table = pd.DataFrame(rows, columns=["what", "source", "value"])
    return table.pivot(index="what", columns="source", values="value").fillna("")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("figure", type=Path)
    arguments = parser.parse_args()
    folder = arguments.data / "dannce_markerless_6cam"
    synthetic = act_mixture(120.0)
    noise = np.random.default_rng(1).normal(0, NOISE_CM, synthetic.shape)
    sources = {
        "real track": load_real(folder, "mouse1_dannce_pred_first1000frames.npz"),
        "synthetic": synthetic,
        "synthetic with 0.5 mm noise": synthetic + noise,
    }
    labels = load_real(folder, "mouse1_labels3d_and_com.npz")
    plot(sources, labels, arguments.figure)
    print(tabulate(sources, labels).to_string())


if __name__ == "__main__":
    main()
