"""What the loop trains: a network with its inputs, its loss and its score."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, Final, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.errors import DataError
from mousegpt.training.batches import DetectorInputs, PoseInputs
from mousegpt.training.detector import Detector
from mousegpt.training.efficient import EfficientDetector, EfficientPoseNetwork
from mousegpt.training.hrnet import PoseNetwork, compute_heatmap_loss, find_architecture
from mousegpt.training.proposals import compute_detection_loss
from mousegpt.training.recipes import EFFICIENT, Recipe
from mousegpt.training.samples import Samples
from mousegpt.vision.detection import measure_overlaps
from mousegpt.vision.pose2d import decode_heatmaps

#: mean and standard deviation of the colours that the pose network expects, of 255
MEAN, SPREAD = (123.7, 116.3, 103.5), (58.4, 57.1, 57.4)
#: the same by kind of network
COLORS: Final = MappingProxyType(
    {"pose": (MEAN, SPREAD), "detector": ((0.0, 0.0, 0.0), (255.0, 255.0, 255.0))}
)


class Task(Protocol):
    """A network to train."""

    @property
    def network(self) -> nn.Module:
        """The network; its weights change while it is trained."""
        ...

    @property
    def inputs(self) -> Any:
        """Inputs by epoch, source and sample (see `batches`)."""
        ...

    def collate(self, items: Sequence[Any]) -> tuple[Tensor, ...]:
        """Join inputs to a batch."""
        ...

    def compute_loss(self, network: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        """Return the loss of a batch."""
        ...

    def measure(self, network: nn.Module, batch: tuple[Tensor, ...]) -> dict[str, FloatArray]:
        """Return name -> values to average over; shown beside the loss of the validation."""
        ...


class PoseTask:
    """Train the pose network."""

    def __init__(self, recipe: Recipe, sources: Sequence[Samples]) -> None:
        self.network = build_pose_network(recipe.network)
        self.inputs = PoseInputs(
            sources, size_px=recipe.size_px, augmentation=recipe.augmentation, seed=recipe.seed
        )

    def collate(self, items: Sequence[tuple[ImageArray, FloatArray, FloatArray]]) -> Any:
        """Join crops, heat-maps and weights."""
        return tuple(torch.from_numpy(np.stack(each)) for each in zip(*items, strict=True))

    def compute_loss(self, network: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        """Return the error of the heat-maps."""
        pictures, maps, weights = batch
        return compute_heatmap_loss(network(normalize_colors(pictures)).float(), maps, weights)

    def measure(self, network: nn.Module, batch: tuple[Tensor, ...]) -> dict[str, FloatArray]:
        """Return the error of each visible keypoint as a share of the crop, and who is near."""
        pictures, maps, weights = batch
        found, _ = decode_heatmaps(network(normalize_colors(pictures)).float().cpu().numpy())
        wanted, peaks = decode_heatmaps(maps.cpu().numpy())
        there = (weights.cpu().numpy() == 1) & (peaks > 0.5)
        away = np.linalg.norm(found - wanted, axis=-1)[there] / maps.shape[-1]
        return {"error": away, "pck_0.05": (away < 0.05).astype(float)}


def build_detector(name: str, anchors: FloatArray) -> Detector:
    """Return the detector that a recipe names, its weights still random.

    Raises
    ------
    DataError
        When the name is none.
    """
    if name == EFFICIENT:
        return EfficientDetector(anchors)
    depth, _, width = name.partition("x")
    try:
        return Detector(anchors, depth=float(depth), width=float(width))
    except ValueError as error:
        raise DataError(
            f"Expected depth and width of the detector as 0.33x0.5, found {name}."
        ) from error


def build_pose_network(name: str) -> nn.Module:
    """Return the pose network that a recipe names, its weights still random."""
    if name == EFFICIENT:
        return EfficientPoseNetwork()
    return PoseNetwork(find_architecture(name))


class DetectorTask:
    """Train the detector; anchors must fit the boxes of its data."""

    def __init__(self, recipe: Recipe, sources: Sequence[Samples], anchors: FloatArray) -> None:
        self.network: nn.Module = build_detector(recipe.network, anchors)
        self.inputs = DetectorInputs(
            sources, size_px=recipe.size_px, augmentation=recipe.augmentation, seed=recipe.seed
        )

    def collate(self, items: Sequence[tuple[ImageArray, FloatArray]]) -> Any:
        """Join squares, and boxes with the number of their picture in front."""
        pictures = torch.from_numpy(np.stack([picture for picture, _ in items]))
        numbered = [
            np.column_stack([np.full(len(boxes), i), boxes]) for i, (_, boxes) in enumerate(items)
        ]
        return pictures, torch.from_numpy(np.concatenate(numbered).astype(np.float32))

    def compute_loss(self, network: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        """Return the error of boxes and scores."""
        pictures, boxes = batch
        raw = [values.float() for values in network(scale_colors(pictures))]
        assert isinstance(network, Detector)
        return compute_detection_loss(network, raw, boxes)

    def measure(self, network: nn.Module, batch: tuple[Tensor, ...]) -> dict[str, FloatArray]:
        """Return the overlap of the best proposal with each mouse, and how many are found."""
        pictures, boxes = batch
        assert isinstance(network, Detector)
        proposals = network.decode([v.float() for v in network(scale_colors(pictures))])
        best = proposals.cpu().numpy()
        truth = boxes.cpu().numpy()
        overlaps = []
        for picture, candidates in enumerate(best):
            mine = truth[truth[:, 0] == picture, 1:]
            top = candidates[[candidates[:, 4].argmax()]]
            if len(mine):
                overlaps.append(measure_overlaps(top[:, :4], mine).max())
        found = np.array(overlaps, dtype=np.float64)
        return {"iou": found, "found_0.5": (found > 0.5).astype(float)}


def normalize_colors(pictures: Tensor) -> Tensor:
    """Turn bytes, shape (n, height, width, 3), into what the pose network expects."""
    mean = torch.tensor(MEAN, device=pictures.device)
    spread = torch.tensor(SPREAD, device=pictures.device)
    return ((pictures.float() - mean) / spread).permute(0, 3, 1, 2)


def scale_colors(pictures: Tensor) -> Tensor:
    """Turn bytes, shape (n, height, width, 3), into what the detector expects."""
    return (pictures.float() / 255).permute(0, 3, 1, 2)
