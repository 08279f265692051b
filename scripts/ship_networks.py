"""Put trained networks where mousegpt ships them, in 8 bits if that costs little.

    python scripts/ship_networks.py PACKS [--detector FILE] [--pose FILE] [--max-loss 0.01]

The ranges of the 8-bit numbers are measured on pictures of training packs; what they cost is
measured on held-out ones: of the detector as the share of pictures whose mouse the best box meets
(IoU 0.5), of the pose network as the share of visible keypoints within 5 % of the crop's edge. If
more than ``--max-loss`` of it is lost, the network is shipped in floats. Beside an 8-bit network
lie its exact weights, to train on; those of convolutions are stored in 16 bits.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np

from mousegpt.backends.onnx_vision import OnnxDetector, OnnxPoseEstimator
from mousegpt.backends.registry import WEIGHTS
from mousegpt.training.augmentation import NO_AUGMENTATION
from mousegpt.training.batches import DetectorInputs, PoseInputs
from mousegpt.training.export import halve_network, load_exported, quantize_network
from mousegpt.training.samples import PackedSamples, list_packs, split_packs
from mousegpt.vision.detection import measure_overlaps
from mousegpt.vision.pose2d import decode_heatmaps

N_RANGES, N_HELD = 64, 800


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packs", type=Path)
    parser.add_argument("--detector", type=Path)
    parser.add_argument("--pose", type=Path)
    parser.add_argument("--max-loss", type=float, default=0.01)
    asked = parser.parse_args()
    WEIGHTS.mkdir(exist_ok=True)
    train, held = (PackedSamples(packs) for packs in split_packs(list_packs(asked.packs)))
    for kind, network in (("detector", asked.detector), ("pose", asked.pose)):
        if network is not None:
            load_exported(network)  # raises unless it can be trained on
            ship(kind, network, train, held, asked.max_loss)
    for path in sorted(WEIGHTS.iterdir()):
        print(f"{path.stat().st_size / 1e6:8.1f} MB  {path}")


def ship(kind, network, train, held, max_loss):
    """Measure a network in 32, 16 and 8 bits, and ship what is small and good enough."""
    open_network, draw, score = KINDS[kind]
    size_px = open_network(network).size_px
    truth = draw(held, size_px, N_HELD)
    with tempfile.TemporaryDirectory() as folder:
        half, small = Path(folder) / "half.onnx", Path(folder) / "small.onnx"
        halve_network(network, half)
        ranges = [picture for picture, *_ in draw(train, size_px, N_RANGES)]
        quantize_network(network, small, ranges)
        good = {}
        for path, bits in ((network, 32), (half, 16), (small, 8)):
            good[bits], story = score(open_network(path), truth)
            print(f"{kind} in {bits:2} bits, {len(truth)} held-out pictures: {story}")
        exact = WEIGHTS / f"{kind}.exact.onnx"
        exact.unlink(missing_ok=True)
        if good[32] - good[8] <= max_loss:
            shutil.copy(half, exact)
            shutil.copy(small, WEIGHTS / f"{kind}.onnx")
        else:
            shutil.copy(half, WEIGHTS / f"{kind}.onnx")


def choose(samples, n):
    """Return numbers that are spread over the samples."""
    return np.linspace(0, len(samples) - 1, min(len(samples), n)).astype(int).tolist()


def draw_squares(samples, size_px, n):
    """Return squares and the boxes in them."""
    inputs = DetectorInputs([samples], size_px=size_px, augmentation=NO_AUGMENTATION)
    return [inputs[-1, 0, i] for i in choose(samples, n)]


def draw_crops(samples, size_px, n):
    """Return crops, heat-maps and weights."""
    inputs = PoseInputs([samples], size_px=size_px, augmentation=NO_AUGMENTATION)
    return [inputs[-1, 0, i] for i in choose(samples, n)]


def score_boxes(detector, truth):
    """Return the share of pictures with mice whose best box meets one, and its IoU."""
    found = predict(detector.predict_boxes, truth)
    overlaps = [
        measure_overlaps(proposals[[proposals[:, 4].argmax()], :4], boxes).max()
        for proposals, (_, boxes) in zip(found, truth, strict=True)
        if len(boxes)
    ]
    share = float(np.mean(np.greater_equal(overlaps, 0.5)))
    return share, f"{share:.4f} of {len(overlaps)} mice found, median IoU {np.median(overlaps):.3f}"


def score_keypoints(estimator, truth):
    """Return the share of visible keypoints within 5 % of the crop, and the median error."""
    found, _ = decode_heatmaps(predict(estimator.predict_heatmaps, truth))
    wanted, peaks = decode_heatmaps(np.stack([maps for _, maps, _ in truth]))
    there = (np.stack([weights for _, _, weights in truth]) == 1) & (peaks > 0.5)
    n_cells = truth[0][1].shape[-1]
    away = np.linalg.norm(found - wanted, axis=-1)[there] / n_cells
    share, error_px = float((away < 0.05).mean()), np.median(away) * estimator.size_px
    return share, f"PCK@0.05 {share:.4f}, median error {error_px:.2f} px"


def predict(network, truth):
    """Return the answers of a network to the pictures."""
    return network(np.stack([picture for picture, *_ in truth]))


KINDS = {
    "detector": (OnnxDetector, draw_squares, score_boxes),
    "pose": (OnnxPoseEstimator, draw_crops, score_keypoints),
}

if __name__ == "__main__":
    main()
