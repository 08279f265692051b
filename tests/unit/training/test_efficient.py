"""The pose network on EfficientNet-Lite0: its weights' names, what is kept, how it learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install 'mousegpt[train]'")

from torch import Tensor  # noqa: E402

from mousegpt.core.errors import BackendError  # noqa: E402
from mousegpt.training.depthwise import DepthwiseConv2d  # noqa: E402
from mousegpt.training.efficient import (  # noqa: E402
    EfficientPoseNetwork,
    adapt_colors,
    find_pretrained,
    load_pretrained,
)
from mousegpt.training.recipes import find_recipe  # noqa: E402
from mousegpt.training.runs import find_preset, name_network  # noqa: E402
from mousegpt.training.tasks import build_detector  # noqa: E402


def test_heatmaps_are_a_quarter_of_the_crop() -> None:
    maps = EfficientPoseNetwork()(torch.zeros(2, 3, 64, 96))
    assert maps.shape == (2, 24, 16, 24)


def test_encoder_has_the_size_of_lite0_without_its_classifier() -> None:
    encoder = EfficientPoseNetwork().encoder
    # 4,652,008 weights of EfficientNet-Lite0 less a 320 x 1280 convolution with its scale, and
    # 1280 x 1000 + 1000 that classify.
    wanted = 4_652_008 - 320 * 1280 - 2 * 1280 - 1280 * 1000 - 1000
    assert sum(weights.numel() for weights in encoder.parameters()) == wanted


def test_training_leaves_what_the_encoder_knows_of_light() -> None:
    network = EfficientPoseNetwork().train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network(torch.rand(2, 3, 64, 64))
    after = network.state_dict()
    moved = {name for name, tensor in before.items() if not torch.equal(tensor, after[name])}
    assert moved and not any(name.startswith("encoder") for name in moved)


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 1), (5, 2)])
def test_depthwise_gradients_in_mixed_numbers_are_those_in_32_bits(
    kernel: int, stride: int
) -> None:
    generator = torch.Generator().manual_seed(0)
    layer = DepthwiseConv2d(8, kernel, stride)
    x = torch.randn(2, 8, 16, 16, generator=generator)

    def differentiate(mixed: bool) -> tuple[Tensor, Tensor, Tensor]:
        layer.zero_grad()
        seen = x.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            y = layer(seen)
        y.float().square().sum().backward()
        assert seen.grad is not None and layer.weight.grad is not None
        return y.detach().float(), seen.grad, layer.weight.grad.clone()

    for found, wanted in zip(differentiate(True), differentiate(False), strict=True):
        assert float((found - wanted).abs().max() / wanted.abs().max()) < 0.02


def test_weights_of_photographs_fill_the_encoder_and_nothing_else() -> None:
    try:
        path = find_pretrained()
    except BackendError as error:
        pytest.skip(str(error))
    weights = load_pretrained(path)
    own = EfficientPoseNetwork().state_dict()
    assert set(weights) == {name for name in own if name.startswith("encoder")}
    assert all(own[name].shape == tensor.shape for name, tensor in weights.items())
    assert find_preset("pose", path) == "pretrained"


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(b"nothing")
    with pytest.raises(BackendError, match="holds no weights of EfficientNet-Lite0"):
        load_pretrained(path)


def test_the_name_of_the_network_tells_its_family() -> None:
    assert name_network(find_recipe("pose", "pretrained")) == "efficientnet-lite0-192"


def test_the_detector_proposes_as_many_boxes_as_any_other() -> None:
    network = build_detector("lite0", np.ones((3, 3, 2)))
    raw = network(torch.zeros(2, 3, 64, 96))
    assert [tuple(level.shape) for level in raw] == [
        (2, 3, 8, 12, 5), (2, 3, 4, 6, 5), (2, 3, 2, 3, 5)
    ]  # fmt: skip
    assert network.decode(raw).shape == (2, 3 * (96 + 24 + 6), 5)


def test_colors_are_adapted_to_what_the_network_is_shown() -> None:
    generator = torch.Generator().manual_seed(0)
    bytes_ = torch.randint(0, 256, (1, 3, 16, 16), generator=generator).float()
    stem = EfficientPoseNetwork().encoder["stem"].eval()
    weights = {f"encoder.stem.{name}": tensor for name, tensor in stem.state_dict().items()}
    wanted = stem((bytes_ - 127) / 128)
    mean, spread = (100.0, 110.0, 120.0), (50.0, 60.0, 70.0)
    adapted = adapt_colors(weights, mean, spread)
    stem.load_state_dict({name.removeprefix("encoder.stem."): t for name, t in adapted.items()})
    shown = (bytes_ - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(spread).view(1, 3, 1, 1)
    inside = (..., slice(1, -1), slice(1, -1))  # beyond the edge there are no colours to adapt
    assert torch.allclose(stem(shown)[inside], wanted[inside], atol=1e-5)
