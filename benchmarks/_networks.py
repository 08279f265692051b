"""The networks that are measured: the shipped ones, else stand-ins of the same shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mousegpt.backends.onnx_vision import OnnxDetector, OnnxPoseEstimator
from mousegpt.backends.registry import WEIGHTS
from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.ports import Detector, PoseEstimator

_PICTURES = 4  # that the ranges of 8-bit numbers are measured on


class Middle:
    """A detector without trained weights: takes its time, and says that the mouse is amid."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.name, self.size_px = detector.name, detector.size_px

    def predict_boxes(self, squares: ImageArray) -> FloatArray:
        """Return one box a picture, after the network has worked as long as it does."""
        self._detector.predict_boxes(squares)
        low, high = 0.35 * self.size_px, 0.65 * self.size_px
        return np.tile([low, low, high, high, 0.9], (len(squares), 1, 1))


def find_files(folder: Path) -> tuple[Path, bool]:
    """Return a folder with networks, and whether they are trained.

    It holds ``detector.onnx`` and ``pose.onnx``; beside an 8-bit one lies ``KIND.exact.onnx``.
    """
    if (WEIGHTS / "detector.onnx").is_file() and (WEIGHTS / "pose.onnx").is_file():
        return WEIGHTS, True
    build_stand_ins(folder)
    return folder, False


def build_stand_ins(folder: Path) -> None:
    """Export networks of the preset "small" with random weights; wants PyTorch."""
    import torch

    from mousegpt.training.detector import Detector as Network
    from mousegpt.training.export import export_network, quantize_network
    from mousegpt.training.hrnet import PoseNetwork, find_architecture
    from mousegpt.training.recipes import find_recipe

    torch.manual_seed(0)
    sizes = np.linspace(12, 200, 9).repeat(2).reshape(3, 3, 2)
    recipes = {kind: find_recipe(kind, "small") for kind in ("detector", "pose")}
    depth, _, width = recipes["detector"].network.partition("x")
    networks = {
        "detector": Network(sizes, depth=float(depth), width=float(width)),
        "pose": PoseNetwork(find_architecture(recipes["pose"].network)),
    }
    for kind, network in networks.items():
        size, exact = recipes[kind].size_px, folder / f"{kind}.exact.onnx"
        export_network(network, exact, name="stand-in", size_px=size)
        pictures = np.random.default_rng(0).integers(0, 256, (_PICTURES, size, size, 3), np.uint8)
        quantize_network(exact, folder / f"{kind}.onnx", list(pictures))


def open_networks(
    folder: Path, trained: bool, *, exact: bool = False, batch: int = 8, n_threads: int = 1
) -> tuple[Detector, PoseEstimator]:
    """Return detector and pose network; ``exact`` takes those in floats."""
    form = "exact.onnx" if exact else "onnx"
    detector = OnnxDetector(folder / f"detector.{form}", batch=batch, n_threads=n_threads)
    estimator = OnnxPoseEstimator(folder / f"pose.{form}", batch=batch, n_threads=n_threads)
    return (detector if trained else Middle(detector)), estimator
