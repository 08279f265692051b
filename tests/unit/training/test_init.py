# ruff: noqa: E402  (imports follow the question whether torch is there)
"""A training begins with the weights of an exported network, and goes on from there."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is missing: pip install 'mousegpt[train]'")
pytest.importorskip("onnx", reason="onnx is missing: pip install 'mousegpt[train]'")

from typer.testing import CliRunner

from mousegpt.backends import registry
from mousegpt.backends.onnx_vision import OnnxDetector, OnnxPoseEstimator
from mousegpt.cli.main import app
from mousegpt.core.errors import BackendError, ProjectError
from mousegpt.training import recipes, runs
from mousegpt.training.augmentation import NO_AUGMENTATION
from mousegpt.training.checkpoints import FILE, load_checkpoint
from mousegpt.training.detector import Detector
from mousegpt.training.export import (
    export_network,
    halve_network,
    load_exported,
    quantize_network,
    read_header,
)
from mousegpt.training.hrnet import ARCHITECTURES, PoseNetwork
from mousegpt.training.recipes import Recipe
from mousegpt.training.samples import Sample, enclose_points, name_pack, save_pack

ANCHORS = np.array([8.0, 12, 16, 20, 28, 36, 44, 52, 61]).repeat(2).reshape(3, 3, 2)
NETWORKS = {"pose": ("w8-tiny", "hrnet"), "detector": ("0.1x0.125", "yolo")}


FORMS = ("half", "rounded")


def predict(kind, path, pictures):
    if kind == "pose":
        return OnnxPoseEstimator(path).predict_heatmaps(pictures)
    return OnnxDetector(path).predict_boxes(pictures)


def make_network(kind):
    """Return a small network whose weights differ, as after a training."""
    torch.manual_seed(1)
    network = (
        PoseNetwork(ARCHITECTURES["w8-tiny"])
        if kind == "pose"
        else Detector(ANCHORS, depth=0.1, width=0.125)
    )
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if tensor.ndim == 1:
                tensor.uniform_(0.8, 1.2) if "var" in name else tensor.uniform_(-0.5, 0.5)
        if kind == "pose":  # branches that are added have biases that stay equal
            network.stem[2].past[1].bias.copy_(network.stem[2].body[2][1].bias)
    return network


def make_recipe(kind, **changes):
    plain = {"kind": kind, "network": NETWORKS[kind][0], "size_px": 64, "batch": 2, "epochs": 1,
             "augmentation": NO_AUGMENTATION, "warm_up_steps": 0}  # fmt: skip
    return Recipe.model_validate(plain | changes)


def export(kind, path):
    network = make_network(kind)
    name = runs.name_network(make_recipe(kind))
    export_network(network, path, name=name, size_px=64)
    return network


@pytest.fixture
def packs(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(2):
        points = rng.uniform(10, 80, (1, 24, 2))
        seen = np.ones((1, 24), dtype=bool)
        image = rng.integers(0, 256, (96, 96, 3), dtype=np.uint8)
        sample = Sample(image, enclose_points(points, seen), points, seen)
        save_pack(name_pack(tmp_path / "packs", "toy", number), [sample] * 2)
    return tmp_path / "packs"


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """Ship the small networks, of a preset of their own."""
    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(registry, "WEIGHTS", tmp_path / "weights")
    presets = {
        kind: {"small": make_recipe(kind, size_px=96), "tiny": make_recipe(kind)}
        for kind in NETWORKS
    }
    monkeypatch.setattr(recipes, "PRESETS", presets)
    monkeypatch.setattr(runs, "PRESETS", presets)
    return {kind: export(kind, tmp_path / f"weights/{kind}.onnx") for kind in NETWORKS}


@pytest.mark.parametrize("kind", NETWORKS)
def test_an_exported_network_gives_back_every_weight(kind, tmp_path):
    network = export(kind, tmp_path / "net.onnx")
    weights = load_exported(tmp_path / "net.onnx")
    for name, tensor in network.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            assert torch.equal(weights[name], tensor), name


@pytest.mark.parametrize("kind", NETWORKS)
def test_convolutions_of_16_bits_are_rounded_as_such_and_the_rest_is_exact(kind, tmp_path):
    network = export(kind, tmp_path / "net.onnx")
    halve_network(tmp_path / "net.onnx", tmp_path / "half.onnx")
    weights = load_exported(tmp_path / "half.onnx")
    assert weights.keys() == load_exported(tmp_path / "net.onnx").keys()
    rounded = 0
    for name, tensor in network.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        assert weights[name].dtype == torch.float32
        if name == "anchors" or tensor.ndim < 2:
            assert torch.equal(weights[name], tensor), name
        else:
            bound = (tensor.abs() * 2.0**-11).clamp(min=2.0**-25)
            assert (weights[name] - tensor).abs().le(bound).all(), name
            rounded += not torch.equal(weights[name], tensor)
    assert rounded > 10
    assert read_header(tmp_path / "half.onnx") == read_header(tmp_path / "net.onnx")
    halve_network(tmp_path / "half.onnx", tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == (tmp_path / "half.onnx").read_bytes()


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_network_of_16_bits_is_smaller_and_runs(kind, tmp_path):
    """It answers as a network that holds the rounded weights in 32 bits."""
    network = export(kind, tmp_path / "net.onnx")
    halve_network(tmp_path / "net.onnx", tmp_path / "half.onnx")
    network.load_state_dict(load_exported(tmp_path / "half.onnx"), strict=False)
    export_network(network, tmp_path / "rounded.onnx", name="rounded", size_px=64)
    pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    half, rounded = (predict(kind, tmp_path / f"{name}.onnx", pictures) for name in FORMS)
    assert np.allclose(half, rounded, rtol=0, atol=1e-4 * np.abs(rounded).max())
    sizes = [(tmp_path / f"{name}.onnx").stat().st_size for name in FORMS]
    assert sizes[0] < 0.8 * sizes[1]


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_training_begins_with_the_shipped_weights_and_changes_them(
    kind, shipped, packs, tmp_path
):
    def train(folder, rate):
        done = CliRunner().invoke(
            app, ["train", kind, "--data", str(packs), "--out", str(tmp_path / folder),
                  "--init", "shipped", "--epochs", "1", "--rate", str(rate)],
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        return load_checkpoint(tmp_path / folder / FILE)["network"]

    before = shipped[kind].state_dict()
    parameters = {name for name, _ in shipped[kind].named_parameters()}
    still, moved = train("still", 1e-30), train("moved", 1e-2)
    assert all(torch.equal(still[name], before[name]) for name in parameters)
    assert not any(torch.equal(moved[name], before[name]) for name in parameters)
    if kind == "detector":
        assert torch.equal(moved["anchors"], before["anchors"])


def test_a_network_of_no_preset_is_named(tmp_path):
    export("pose", tmp_path / "net.onnx")
    with pytest.raises(ProjectError, match="found hrnet-w8-tiny-64; name the preset"):
        runs.find_preset("pose", tmp_path / "net.onnx")


@pytest.mark.filterwarnings("ignore")
def test_an_8_bit_network_cannot_be_trained(tmp_path):
    export("pose", tmp_path / "net.onnx")
    pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    quantize_network(tmp_path / "net.onnx", tmp_path / "small.onnx", list(pictures))
    with pytest.raises(BackendError, match="before it was made 8-bit"):
        load_exported(tmp_path / "small.onnx")
    (tmp_path / "no.onnx").write_bytes(b"nonsense")
    with pytest.raises(BackendError, match="no network that was exported"):
        load_exported(tmp_path / "no.onnx")
