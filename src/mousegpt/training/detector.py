"""The detector: CSPDarknet, SPPF and a PAFPN neck, three anchors a cell, one class.

The family is YOLOv5's, written anew in PyTorch; depth and width scale it (the paper's "s" is 0.33
and 0.5). It is anchor-based: anchors come from K-means over the sizes of the boxes, as in the
paper. Without classes a proposal is five numbers: place and size in its cell, and objectness.
"""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from mousegpt.core.arrays import FloatArray

STRIDES: Final = (8, 16, 32)
_MULTIPLE: Final = 8  # channels are multiples of it


class Detector(nn.Module):
    """A single-class detector.

    Parameters
    ----------
    anchors
        Width and height in pixels of the input, shape (3, 3, 2): level, anchor, size; small
        first, see `find_anchors`.
    depth, width
        Multipliers of the number of blocks and of channels.

    Notes
    -----
    Methods 4.2 (CSPDarknet, deepen 0.33, widen 0.5, PAFPN [256, 512, 1024]).
    """

    anchors: Tensor

    def __init__(
        self,
        anchors: FloatArray,
        *,
        depth: Annotated[float, Field(gt=0)] = 0.33,
        width: Annotated[float, Field(gt=0)] = 0.5,
    ) -> None:
        super().__init__()
        c = [_scale_channels(n, width) for n in (64, 128, 256, 512, 1024)]
        n = [max(round(blocks * depth), 1) for blocks in (3, 6, 9, 3)]
        self.widths = c
        self.stem = _convolve(3, c[0], 6, 2, 2)
        self.stages = nn.ModuleList(
            nn.Sequential(_convolve(c[i], c[i + 1], 3, 2), CrossStage(c[i + 1], c[i + 1], n[i]))
            for i in range(4)
        )
        self.pool = PyramidPooling(c[4])
        self.lateral = nn.ModuleList([_convolve(c[4], c[3]), _convolve(c[3], c[2])])
        self.down_merge = nn.ModuleList(
            [
                CrossStage(2 * c[3], c[3], n[0], shortcut=False),
                CrossStage(2 * c[2], c[2], n[0], shortcut=False),
            ]
        )
        self.shrink = nn.ModuleList([_convolve(c[2], c[2], 3, 2), _convolve(c[3], c[3], 3, 2)])
        self.up_merge = nn.ModuleList(
            [
                CrossStage(2 * c[2], c[3], n[0], shortcut=False),
                CrossStage(2 * c[3], c[4], n[0], shortcut=False),
            ]
        )
        self.heads = nn.ModuleList(nn.Conv2d(channels, 15, 1) for channels in c[2:])
        self.register_buffer("anchors", torch.as_tensor(np.array(anchors), dtype=torch.float32))
        self._expect_little()

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return raw proposals of each level, shape (n, 3, rows, columns, 5)."""
        fine, middle, deep = self.see(pictures)
        coarse = self.lateral[0](self.pool(deep))
        half = self.lateral[1](self.down_merge[0](torch.cat([_double(coarse), middle], 1)))
        first = self.down_merge[1](torch.cat([_double(half), fine], 1))
        second = self.up_merge[0](torch.cat([self.shrink[0](first), half], 1))
        third = self.up_merge[1](torch.cat([self.shrink[1](second), coarse], 1))
        levels = zip(self.heads, (first, second, third), strict=True)
        return [_split_anchors(head(features)) for head, features in levels]

    def see(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return features at 1/8, 1/16 and 1/32 of the extent."""
        fine = self.stages[1](self.stages[0](self.stem(pictures)))
        middle = self.stages[2](fine)
        return fine, middle, self.stages[3](middle)

    def decode(self, raw: list[Tensor]) -> Tensor:
        """Return proposals, shape (n, proposal, 5): left, top, right, bottom in px, and score."""
        found = []
        for level, values in enumerate(raw):
            center, size = self.place(values, level)
            boxes = torch.cat([center - size / 2, center + size / 2], -1)
            found.append(torch.cat([boxes, values[..., 4:].sigmoid()], -1).flatten(1, 3))
        return torch.cat(found, 1)

    def place(self, values: Tensor, level: int) -> tuple[Tensor, Tensor]:
        """Return centres and sizes in px of a level's raw proposals, shapes (n, 3, h, w, 2)."""
        rows, columns = values.shape[2:4]
        y, x = torch.meshgrid(
            torch.arange(rows, device=values.device),
            torch.arange(columns, device=values.device),
            indexing="ij",
        )
        cells = torch.stack([x, y], -1).to(values.dtype)
        center = (values[..., :2].sigmoid() * 2 - 0.5 + cells) * STRIDES[level] - 0.5
        size = (values[..., 2:4].sigmoid() * 2) ** 2 * self.anchors[level][None, :, None, None]
        return center, size

    def _expect_little(self) -> None:
        """Begin with few mice in a picture, so that the first steps do not only unlearn."""
        for head, stride in zip(self.heads, STRIDES, strict=True):
            assert isinstance(head, nn.Conv2d) and head.bias is not None
            prior = 8 / (640 / stride) ** 2
            with torch.no_grad():
                head.bias.view(3, 5)[:, 4] = float(np.log(prior / (1 - prior)))


class CrossStage(nn.Module):
    """Half of the channels pass through residual blocks, half go past them."""

    def __init__(self, n_in: int, n_out: int, n_blocks: int, *, shortcut: bool = True) -> None:
        super().__init__()
        half = n_out // 2
        self.through, self.past = _convolve(n_in, half), _convolve(n_in, half)
        self.blocks = nn.Sequential(*(Residual(half, shortcut) for _ in range(n_blocks)))
        self.join = _convolve(2 * half, n_out)

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same extent."""
        joined: Tensor = self.join(torch.cat([self.blocks(self.through(x)), self.past(x)], 1))
        return joined


class Residual(nn.Module):
    """A 1 x 1 and a 3 x 3 convolution, added to what came in."""

    def __init__(self, channels: int, shortcut: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(_convolve(channels, channels), _convolve(channels, channels, 3))
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same shape."""
        y: Tensor = self.body(x)
        return x + y if self.shortcut else y


class PyramidPooling(nn.Module):
    """See ever larger surroundings of a cell (SPPF)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.narrow = _convolve(channels, channels // 2)
        self.join = _convolve(channels * 2, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same shape."""
        seen = [self.narrow(x)]
        for _ in range(3):
            seen.append(functional.max_pool2d(seen[-1], 5, 1, 2))
        joined: Tensor = self.join(torch.cat(seen, 1))
        return joined


def _convolve(
    n_in: int, n_out: int, size: int = 1, stride: int = 1, padding: int | None = None
) -> nn.Sequential:
    padding = size // 2 if padding is None else padding
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, size, stride, padding, bias=False),
        nn.BatchNorm2d(n_out, eps=1e-3, momentum=0.03),
        nn.SiLU(inplace=True),
    )


def _double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


def _split_anchors(x: Tensor) -> Tensor:
    n, _, rows, columns = x.shape
    return x.view(n, 3, 5, rows, columns).permute(0, 1, 3, 4, 2)


def _scale_channels(channels: int, width: float) -> int:
    return max(_MULTIPLE, int(np.ceil(channels * width / _MULTIPLE)) * _MULTIPLE)
