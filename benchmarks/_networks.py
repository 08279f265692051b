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

    It holds ``detector.onnx`` and ``pose.onnx``; stand-ins have ``pose.exact.onnx`` beside the
    8-bit one, as shipped networks may have.
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
    recipe = find_recipe("detector", "small")
    depth, _, width = recipe.network.partition("x")
    network = Network(sizes, depth=float(depth), width=float(width))
    name, size = "stand-in", recipe.size_px
    export_network(network, folder / "detector.onnx", name=name, size_px=size)
    recipe = find_recipe("pose", "small")
    pose, size = PoseNetwork(find_architecture(recipe.network)), recipe.size_px
    export_network(pose, folder / "pose.exact.onnx", name=name, size_px=size)
    pictures = np.random.default_rng(0).integers(0, 256, (_PICTURES, size, size, 3), dtype=np.uint8)
    quantize_network(folder / "pose.exact.onnx", folder / "pose.onnx", list(pictures))


def open_networks(
    folder: Path, trained: bool, *, exact: bool = False, batch: int = 8, n_threads: int = 1
) -> tuple[Detector, PoseEstimator]:
    """Return detector and pose network; ``exact`` takes the pose network in floats."""
    pose = folder / ("pose.exact.onnx" if exact else "pose.onnx")
    detector = OnnxDetector(folder / "detector.onnx", batch=batch, n_threads=n_threads)
    estimator = OnnxPoseEstimator(pose, batch=batch, n_threads=n_threads)
    return (detector if trained else Middle(detector)), estimator
