"""What the detector shall say: which anchors stand for a box, and how wrong the proposals are."""

from __future__ import annotations

from typing import Annotated, Final

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from mousegpt.training.detector import STRIDES, Detector

_BALANCE: Final = (4.0, 1.0, 0.4)  # of objectness: fine levels have more, mostly empty, cells


def compute_detection_loss(
    detector: Detector,
    raw: list[Tensor],
    boxes: Tensor,
    *,
    objectness_weight: Annotated[float, Field(gt=0)] = 1.0,
    box_weight: Annotated[float, Field(gt=0)] = 0.05,
    max_ratio: Annotated[float, Field(gt=1)] = 4.0,
) -> Tensor:
    """Loss of raw proposals: complete IoU of the matched ones, cross-entropy of all scores.

    Parameters
    ----------
    boxes
        True boxes, shape (m, 5): number of the picture, left, top, right, bottom in px.
    max_ratio
        An anchor stands for a box when neither side differs by more than this factor.

    Notes
    -----
    Methods 4.2 (loss weights: objectness 1.0, box 0.05). Every anchor that fits stands
    for a box, in the cell of its centre and in the two nearest neighbours, at every level; the
    score it shall give is its IoU.
    """
    box_loss = objectness_loss = raw[0].new_zeros(())
    for level, values in enumerate(raw):
        matched = match_anchors(detector.anchors[level], STRIDES[level], values.shape, boxes,
                                max_ratio=max_ratio)  # fmt: skip
        wanted = torch.zeros_like(values[..., 4])
        if len(matched[0]):
            picture, anchor, row, column, owner = matched
            center, size = detector.place(values.float(), level)
            place = (picture, anchor, row, column)
            iou = compute_complete_iou(center[place], size[place], boxes[owner, 1:])
            box_loss = box_loss + (1 - iou).mean()
            wanted.index_put_(place, iou.detach().clamp(min=0).to(wanted.dtype))
        scores = functional.binary_cross_entropy_with_logits(values[..., 4], wanted)
        objectness_loss = objectness_loss + _BALANCE[level] * scores
    total: Tensor = box_weight * box_loss + objectness_weight * objectness_loss
    return total * raw[0].shape[0]


def match_anchors(
    anchors: Tensor,
    stride: int,
    shape: torch.Size,
    boxes: Tensor,
    *,
    max_ratio: Annotated[float, Field(gt=1)] = 4.0,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return picture, anchor, row, column and box of each match at a level, shapes (n_matches,).

    Parameters
    ----------
    anchors
        Of the level, shape (3, 2).
    shape
        Of its raw proposals: (n, 3, rows, columns, 5).
    """
    size = boxes[:, 3:5] - boxes[:, 1:3]
    ratio = size[:, None] / anchors[None].to(boxes.dtype)
    owner, anchor = torch.nonzero(
        torch.maximum(ratio, 1 / ratio.clamp(min=1e-6)).amax(-1) < max_ratio, as_tuple=True
    )
    at = ((boxes[owner, 1:3] + boxes[owner, 3:5]) / 2 + 0.5) / stride
    cell = at.floor()
    side = torch.where(at - cell < 0.5, -1.0, 1.0)
    none = torch.zeros_like(side[:, 0])
    steps = [torch.stack([none, none], 1), torch.stack([side[:, 0], none], 1),
             torch.stack([none, side[:, 1]], 1)]  # fmt: skip
    column, row = torch.cat([cell + step for step in steps]).long().unbind(1)
    owner, anchor = owner.repeat(3), anchor.repeat(3)
    inside = (row >= 0) & (row < shape[2]) & (column >= 0) & (column < shape[3])
    picture = boxes[owner, 0].long()
    return picture[inside], anchor[inside], row[inside], column[inside], owner[inside]


def compute_complete_iou(center: Tensor, size: Tensor, boxes: Tensor) -> Tensor:
    """Return the IoU less the distance of centres and the difference in shape (CIoU).

    Parameters
    ----------
    center, size
        Of the proposals, shape (n, 2).
    boxes
        Shape (n, 4): left, top, right, bottom.
    """
    low, high = center - size / 2, center + size / 2
    true_size = boxes[:, 2:] - boxes[:, :2]
    shared = (torch.minimum(high, boxes[:, 2:]) - torch.maximum(low, boxes[:, :2])).clamp(min=0)
    overlap = shared.prod(1)
    iou = overlap / (size.prod(1) + true_size.prod(1) - overlap + 1e-9)
    hull = torch.maximum(high, boxes[:, 2:]) - torch.minimum(low, boxes[:, :2])
    apart = torch.square(center - (boxes[:, :2] + boxes[:, 2:]) / 2).sum(1)
    slant = torch.atan(true_size[:, 0] / true_size[:, 1].clamp(min=1e-6)) - torch.atan(
        size[:, 0] / size[:, 1].clamp(min=1e-6)
    )
    unlike = 4 / torch.pi**2 * torch.square(slant)
    share = (unlike / (1 - iou + unlike + 1e-9)).detach()
    return iou - apart / (torch.square(hull).sum(1) + 1e-9) - share * unlike
