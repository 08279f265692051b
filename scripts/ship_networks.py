"""Put trained networks where mousegpt ships them, the pose network in 8 bits if that costs little.

    python scripts/ship_networks.py DETECTOR.onnx POSE.onnx PACKS [--max-loss 0.01]

The ranges of the 8-bit numbers are measured on pictures of training packs; what they cost is
measured on held-out ones, as the share of visible keypoints within 5 % of the crop's edge. If more
than ``--max-loss`` of it is lost, the pose network is shipped in floats.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np

from mousegpt.backends.onnx_vision import OnnxPoseEstimator
from mousegpt.backends.registry import WEIGHTS
from mousegpt.training.augmentation import NO_AUGMENTATION
from mousegpt.training.batches import PoseInputs
from mousegpt.training.export import load_exported, quantize_network
from mousegpt.training.samples import PackedSamples, list_packs, split_packs
from mousegpt.vision.pose2d import decode_heatmaps

N_RANGES, N_HELD = 64, 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("detector", type=Path)
    parser.add_argument("pose", type=Path)
    parser.add_argument("packs", type=Path)
    parser.add_argument("--max-loss", type=float, default=0.01)
    asked = parser.parse_args()
    for network in (asked.detector, asked.pose):
        load_exported(network)  # raises unless it can be trained on
    WEIGHTS.mkdir(exist_ok=True)
    shutil.copy(asked.detector, WEIGHTS / "detector.onnx")
    exact = OnnxPoseEstimator(asked.pose)
    train, held = (
        draw_crops(packs, exact.size_px) for packs in split_packs(list_packs(asked.packs))
    )
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "pose.onnx"
        quantize_network(asked.pose, small, [crop for crop, _, _ in train[:N_RANGES]])
        floats, bits = (score(estimator, held) for estimator in (exact, OnnxPoseEstimator(small)))
        for name, (share, error_px) in {"floats": floats, "8 bits": bits}.items():
            print(f"{name}: PCK@0.05 of held-out crops {share:.4f}, median error {error_px:.2f} px")
        (WEIGHTS / "pose.exact.onnx").unlink(missing_ok=True)
        if floats[0] - bits[0] <= asked.max_loss:
            shutil.copy(small, WEIGHTS / "pose.onnx")
            shutil.copy(asked.pose, WEIGHTS / "pose.exact.onnx")
        else:
            shutil.copy(asked.pose, WEIGHTS / "pose.onnx")
    for path in sorted(WEIGHTS.iterdir()):
        print(f"{path.stat().st_size / 1e6:8.1f} MB  {path}")


def draw_crops(packs, size_px):
    """Return crop, heat-maps and weights of pictures spread over the packs."""
    samples = PackedSamples(packs)
    inputs = PoseInputs([samples], size_px=size_px, augmentation=NO_AUGMENTATION)
    chosen = np.linspace(0, len(samples) - 1, min(len(samples), N_HELD)).astype(int)
    return [inputs[-1, 0, int(i)] for i in chosen]


def score(estimator, held):
    """Return the share of visible keypoints within 5 % of the crop, and the median error in px."""
    found, _ = decode_heatmaps(estimator.predict_heatmaps(np.stack([crop for crop, _, _ in held])))
    truth, peaks = decode_heatmaps(np.stack([maps for _, maps, _ in held]))
    there = (np.stack([weights for _, _, weights in held]) == 1) & (peaks > 0.5)
    n_cells = held[0][1].shape[-1]
    away = np.linalg.norm(found - truth, axis=-1)[there] / n_cells
    return float((away < 0.05).mean()), float(np.median(away) * estimator.size_px)


if __name__ == "__main__":
    main()
