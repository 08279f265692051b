"""What the networks are fed: samples, changed at random, with what they shall answer.

A picture's changes depend on the seed, the epoch and its place alone: workers, batches and
interruptions change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import cv2
import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.training.augmentation import (
    NO_AUGMENTATION,
    Augmentation,
    chain_maps,
    clip_boxes,
    draw_change,
    flip_sample,
    move_points,
    recolor,
    scatter_clutter,
)
from mousegpt.training.samples import Sample, Samples
from mousegpt.vision.detection import fit_picture
from mousegpt.vision.pose2d import cut_crop, encode_heatmaps, frame_crop, map_to_cells

_STRIDE: Final = 4
_HIDDEN_WEIGHT: Final = 0.5

Key = tuple[int, int, int]  # epoch (-1: unchanged), source, sample


class PoseInputs:
    """Crops around one mouse, with their heat-maps and the weights of these.

    Unknown keypoints weigh nothing, hidden ones half; what is known to lie outside the crop has
    an empty map.
    """

    def __init__(
        self,
        sources: Sequence[Samples],
        *,
        size_px: Annotated[int, Field(ge=32)] = 256,
        augmentation: Augmentation | None = None,
        sigma: Annotated[float, Field(gt=0)] = 2.0,
        margin: Annotated[float, Field(ge=1)] = 1.25,
        seed: int = 0,
    ) -> None:
        self._sources, self._size_px = sources, size_px
        self._augmentation = augmentation or Augmentation()
        self._sigma, self._margin, self._seed = sigma, margin, seed

    def __getitem__(self, key: Key) -> tuple[ImageArray, FloatArray, FloatArray]:
        """Return crop, heat-maps (24, cells, cells) and weights (24,)."""
        crop, points, weights = self.cut(key)
        cells = map_to_cells(points, _STRIDE)
        maps = encode_heatmaps(cells, self._size_px // _STRIDE, sigma=self._sigma)
        return crop, maps, weights

    def cut(self, key: Key) -> tuple[ImageArray, FloatArray, FloatArray]:
        """Return crop, keypoints (24, 2) in its pixels and weights (24,)."""
        epoch, source, number = key
        sample = self._sources[source][number]
        settings = self._augmentation if epoch >= 0 else NO_AUGMENTATION
        rng = np.random.default_rng([self._seed, epoch + 1, source, number])
        size = self._size_px
        if not len(sample.boxes):  # a picture without a mouse teaches emptiness
            weights = np.ones(24, dtype=np.float32)
            square, _ = fit_picture(sample.image, size)
            return recolor(square, settings, rng), np.full((24, 2), np.nan), weights
        mouse = int(rng.integers(len(sample.boxes)))
        to_crop = frame_crop(sample.boxes[mouse], size, margin=self._margin)
        to_crop = chain_maps(to_crop, draw_change(size, settings, rng))
        crop = cut_crop(sample.image, to_crop, size)
        points = move_points(sample.keypoints[mouse], to_crop)
        known = np.isfinite(points).all(axis=1)
        weights = np.where(sample.visible[mouse], 1.0, _HIDDEN_WEIGHT) * known
        together = np.column_stack([points, weights])
        if rng.random() < settings.flip:
            crop, together = flip_sample(crop, together)
        crop = recolor(crop, settings, rng)
        return crop, together[:, :2], together[:, 2].astype(np.float32)


class DetectorInputs:
    """Squares with any number of mice: one picture, or four or nine joined."""

    def __init__(
        self,
        sources: Sequence[Samples],
        *,
        size_px: Annotated[int, Field(ge=64)] = 640,
        augmentation: Augmentation | None = None,
        mosaic: Annotated[float, Field(ge=0, le=1)] = 0.5,
        seed: int = 0,
    ) -> None:
        self._sources, self._size_px = sources, size_px
        self._augmentation = augmentation or Augmentation(rotation_deg=10, scale=0.5)
        self._mosaic, self._seed = mosaic, seed

    def __getitem__(self, key: Key) -> tuple[ImageArray, FloatArray]:
        """Return square and boxes in its pixels, shape (mouse, 4)."""
        epoch, source, number = key
        settings = self._augmentation if epoch >= 0 else NO_AUGMENTATION
        rng = np.random.default_rng([self._seed, epoch + 1, source, number])
        sample = self._sources[source][number]
        if epoch >= 0 and rng.random() < self._mosaic:
            n_side = int(rng.integers(2, 4))
            others = rng.integers(len(self._sources[source]), size=n_side**2 - 1)
            parts = [sample, *(self._sources[source][int(i)] for i in others)]
            square, boxes = _join_parts(parts, self._size_px, n_side)
        else:
            square, boxes = _fit(sample, self._size_px)
        square, boxes = _change(square, boxes, settings, rng)
        if rng.random() < settings.clutter:
            square = scatter_clutter(square, boxes, rng)
        return recolor(square, settings, rng), boxes


def _fit(sample: Sample, size_px: int) -> tuple[ImageArray, FloatArray]:
    square, to_square = fit_picture(sample.image, size_px)
    corners = move_points(sample.boxes.reshape(-1, 2, 2), to_square)
    return square, corners.reshape(-1, 4)


def _join_parts(
    parts: Sequence[Sample], size_px: int, n_side: int
) -> tuple[ImageArray, FloatArray]:
    edge = size_px // n_side
    square = np.zeros((size_px, size_px, 3), dtype=np.uint8)
    boxes = []
    for i, part in enumerate(parts):
        left, top = edge * (i % n_side), edge * (i // n_side)
        small, inside = _fit(part, edge)
        square[top : top + edge, left : left + edge] = small
        boxes.append(inside + [left, top, left, top])
    return square, np.concatenate(boxes)


def _change(
    square: ImageArray, boxes: FloatArray, settings: Augmentation, rng: np.random.Generator
) -> tuple[ImageArray, FloatArray]:
    size = square.shape[0]
    change = draw_change(size, settings, rng)
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    moved = move_points(corners, change)
    square = np.asarray(cv2.warpAffine(square, change, (size, size)), dtype=np.uint8)
    boxes = np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1)
    if rng.random() < settings.flip:
        square = np.ascontiguousarray(square[:, ::-1])
        boxes = np.column_stack([size - 1 - boxes[:, 2], boxes[:, 1], size - 1 - boxes[:, 0],
                                 boxes[:, 3]])  # fmt: skip
    return square, clip_boxes(boxes, size)
