"""The pose network: HRNet, which keeps a fine picture beside coarser ones, and a heat-map head.

Written anew in PyTorch after Sun et al. 2019. Branch k has 2**k times the channels of the first
and half the extent of the one before; branches exchange what they see after every module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from mousegpt.core.errors import DataError
from mousegpt.core.skeleton import KEYPOINTS

STRIDE: Final = 4  # pixels of the crop in one cell of a heat-map


@dataclass(frozen=True)
class Architecture:
    """Numbers that tell one HRNet from another.

    ``width``: channels of the finest branch. ``n_bottlenecks`` and ``n_stem``: blocks and
    channels before it forks. ``n_modules``: of the stages with two, three and four branches;
    ``n_blocks``: residual blocks of a branch in a module.
    """

    width: int
    n_bottlenecks: int = 4
    n_stem: int = 64
    n_modules: tuple[int, int, int] = (1, 4, 3)
    n_blocks: int = 4


#: The paper names w32 in its text, but the channels it prints, 48/96/192/384, are those of w48.
ARCHITECTURES: Final = MappingProxyType(
    {
        "w48": Architecture(48),
        "w32": Architecture(32),
        "w18-small": Architecture(18, 2, 64, (1, 3, 2), 2),
        "w16-light": Architecture(16, 1, 32, (1, 2, 1), 2),
        "w8-tiny": Architecture(8, 1, 16, (1, 1, 1), 1),
    }
)


def find_architecture(name: str) -> Architecture:
    """Return the architecture of that name.

    Raises
    ------
    DataError
        When there is none.
    """
    if name not in ARCHITECTURES:
        raise DataError(f"There is no HRNet '{name}'; choose one of {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[name]


class PoseNetwork(nn.Module):
    """Heat-maps of the 24 keypoints, at a quarter of the crop's extent.

    Notes
    -----
    Methods 4.2 (HRNet with a heat-map head of 24 channels).
    """

    def __init__(self, architecture: Architecture, *, n_keypoints: int = len(KEYPOINTS)) -> None:
        super().__init__()
        a = architecture
        self.stem = nn.Sequential(
            _convolve(3, a.n_stem, 3, 2),
            _convolve(a.n_stem, a.n_stem, 3, 2),
            *(Bottleneck(a.n_stem if i == 0 else 4 * a.n_stem, a.n_stem)
              for i in range(a.n_bottlenecks)),
        )  # fmt: skip
        widths = [a.width * 2**k for k in range(4)]
        before = [4 * a.n_stem]
        forks, stages = [], []
        for n_branches, n_modules in zip((2, 3, 4), a.n_modules, strict=True):
            forks.append(Fork(before, widths[:n_branches]))
            before = widths[:n_branches]
            last = n_branches == 4
            stages.append(
                nn.ModuleList(
                    Exchange(before, a.n_blocks, finest_only=last and i == n_modules - 1)
                    for i in range(n_modules)
                )
            )
        self.forks, self.stages = nn.ModuleList(forks), nn.ModuleList(stages)
        self.head = nn.Conv2d(a.width, n_keypoints, 1)
        nn.init.normal_(self.head.weight, std=0.001)

    def forward(self, crops: Tensor) -> Tensor:
        """Return heat-maps, shape (n, keypoint, rows / 4, columns / 4)."""
        branches = [self.stem(crops)]
        for fork, stage in zip(self.forks, self.stages, strict=True):
            branches = fork(branches)
            assert isinstance(stage, nn.ModuleList)
            for module in stage:
                branches = module(branches)
        heatmaps: Tensor = self.head(branches[0])
        return heatmaps


class Fork(nn.Module):
    """Give branches their channels, and add one of half the extent."""

    def __init__(self, before: Sequence[int], after: Sequence[int]) -> None:
        super().__init__()
        kept = [
            _convolve(n_in, n_out, 3) if n_in != n_out else nn.Identity()
            for n_in, n_out in zip(before, after, strict=False)
        ]
        self.paths = nn.ModuleList([*kept, _convolve(before[-1], after[-1], 3, 2)])

    def forward(self, branches: list[Tensor]) -> list[Tensor]:
        """Return one branch more."""
        return [path(x) for path, x in zip(self.paths, [*branches, branches[-1]], strict=True)]


class Exchange(nn.Module):
    """Residual blocks in every branch; then each branch adds up what all of them see."""

    def __init__(self, widths: Sequence[int], n_blocks: int, *, finest_only: bool = False) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(*(Block(width) for _ in range(n_blocks))) for width in widths
        )
        wanted = 1 if finest_only else len(widths)
        self.bridges = nn.ModuleList(
            nn.ModuleList(_bridge(widths, source, target) for source in range(len(widths)))
            for target in range(wanted)
        )

    def forward(self, branches: list[Tensor]) -> list[Tensor]:
        """Return the branches that are wanted."""
        seen = [branch(x) for branch, x in zip(self.branches, branches, strict=True)]
        merged = []
        for target, bridges in enumerate(self.bridges):
            assert isinstance(bridges, nn.ModuleList)
            extent = seen[target].shape[-2:]
            parts = [bridge(x) for bridge, x in zip(bridges, seen, strict=True)]
            total = parts[target]
            for source, part in enumerate(parts):
                if source > target:
                    part = functional.interpolate(part, size=extent, mode="nearest")
                if source != target:
                    total = total + part
            merged.append(functional.relu(total))
        return merged


class Block(nn.Module):
    """Two 3 x 3 convolutions, added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _convolve(width, width, 3), _convolve(width, width, 3, active=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same shape."""
        return functional.relu(x + self.body(x))


class Bottleneck(nn.Module):
    """A narrow 3 x 3 convolution between two of 1 x 1; four times the channels come out."""

    def __init__(self, n_in: int, narrow: int) -> None:
        super().__init__()
        n_out = 4 * narrow
        self.body = nn.Sequential(
            _convolve(n_in, narrow),
            _convolve(narrow, narrow, 3),
            _convolve(narrow, n_out, active=False),
        )
        self.past = nn.Identity() if n_in == n_out else _convolve(n_in, n_out, active=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same extent."""
        return functional.relu(self.past(x) + self.body(x))


def _bridge(widths: Sequence[int], source: int, target: int) -> nn.Module:
    """Bring one branch's channels, and its extent if it is finer, to those of another."""
    if source == target:
        return nn.Identity()
    if source > target:
        return _convolve(widths[source], widths[target], active=False)
    steps = [_convolve(widths[source], widths[source], 3, 2) for _ in range(target - source - 1)]
    return nn.Sequential(*steps, _convolve(widths[source], widths[target], 3, 2, active=False))


def _convolve(
    n_in: int, n_out: int, size: int = 1, stride: int = 1, *, active: bool = True
) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(n_in, n_out, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(n_out),
    ]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if active else nn.Sequential(*layers)


def compute_heatmap_loss(heatmaps: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Mean squared error of heat-maps.

    Parameters
    ----------
    heatmaps, targets
        Shape (n, keypoint, rows, columns).
    weights
        Shape (n, keypoint); 0 for unknown keypoints, which count for nothing.

    Notes
    -----
    Methods 4.2 (MSE on heat-maps). Departs from the paper: the sum over cells, not their
    mean, is averaged over keypoints, so that the size of the map does not change the loss.
    """
    per_map = torch.square(heatmaps - targets).sum(dim=(2, 3)) * weights
    return per_map.sum() / weights.sum().clamp(min=1)
