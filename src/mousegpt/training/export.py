"""From trained weights to a file that onnxruntime runs anywhere, checked against PyTorch."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from mousegpt.core.arrays import ImageArray
from mousegpt.core.errors import BackendError
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.io.atomic import write_atomically
from mousegpt.training.detector import Detector
from mousegpt.training.tasks import normalize_colors, scale_colors

_OPSET: Final = 17
_OPERATIONS: Final = ["Conv", "Add", "Relu", "Clip"]  # made 8-bit
_PREFIX: Final = "network."  # of weights in the file; what follows is their name in PyTorch


class Deployed(nn.Module):
    """A network that takes bytes: colours are normalised and boxes decoded inside."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        """Return proposals or heat-maps of RGB pictures, shape (n, size_px, size_px, 3)."""
        if isinstance(self.network, Detector):
            return self.network.decode(self.network(scale_colors(pictures)))
        heatmaps: Tensor = self.network(normalize_colors(pictures))
        return heatmaps


def export_network(
    network: nn.Module,
    path: Path,
    *,
    name: str,
    size_px: Annotated[int, Field(ge=32)],
    about: Mapping[str, str] | None = None,
    tolerance: Annotated[float, Field(gt=0)] = 1e-3,
) -> float:
    """Write a network as ONNX, and compare its answers with PyTorch's.

    Parameters
    ----------
    name
        Of the architecture; stands in the header of the file.
    about
        More texts for the header, such as what it was trained on.
    tolerance
        Greatest difference allowed, as a share of the greatest answer.

    Returns
    -------
    float
        The greatest difference found, as such a share.

    Raises
    ------
    BackendError
        When the file's answers differ by more.
    """
    deployed = Deployed(network).cpu().eval()
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (2, size_px, size_px, 3), dtype=np.uint8)
    content = _convert(deployed, torch.from_numpy(pictures))
    kind = "detector" if isinstance(network, Detector) else "pose"
    header = {"kind": kind, "name": name, "size_px": str(size_px)}
    header |= {"keypoints": json.dumps(KEYPOINTS), **(about or {})}
    if isinstance(network, Detector):
        header["anchors"] = json.dumps(network.anchors.tolist())
    header["aliases"] = json.dumps(_find_aliases(network, content))
    content = _write_header(content, header)
    with torch.no_grad():
        wanted = deployed(torch.from_numpy(pictures)).numpy()
    found = _run(content, pictures)
    difference = float(np.abs(found - wanted).max() / np.abs(wanted).max())
    if difference > tolerance:
        raise BackendError(
            f"Expected the exported network to answer as PyTorch does, found a difference of "
            f"{difference:.2g} of the greatest answer; export with another version of torch."
        )
    write_atomically(path, content)
    return difference


def quantize_network(source: Path, target: Path, pictures: Sequence[ImageArray]) -> None:
    """Write a network with weights and activations of 8 bits: a third of the size, faster.

    Sums and rectifiers are of 8 bits too: else every convolution would be followed by a way back
    to floats, which costs what was gained. Activations are unsigned, since only these are fast on
    x86. What makes the answer (the head) stays as it is.

    Parameters
    ----------
    pictures
        As the network will see them, each (size_px, size_px, 3): the ranges of activations are
        measured on them. Some dozens are enough; check the accuracy afterwards.
    """
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._waiting = iter(pictures)

        def get_next(self) -> dict[str, ImageArray] | None:
            picture = next(self._waiting, None)
            return None if picture is None else {"picture": picture[None]}

    def write(part: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            fused = Path(folder) / "fused.onnx"
            quant_pre_process(str(source), str(fused), skip_symbolic_shape=True)
            quantize_static(
                fused, part, Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
                op_types_to_quantize=_OPERATIONS, nodes_to_exclude=_list_heads(fused),
                weight_type=QuantType.QInt8, activation_type=QuantType.QUInt8,
            )  # fmt: skip

    write_atomically(target, write)


def halve_network(source: Path, target: Path) -> None:
    """Write a network with convolutions of 16 bits: half the size, as fast, as good to train on.

    onnxruntime makes them 32-bit when it loads the file. Each weight is rounded by at most 2⁻¹¹ of
    itself, or by 2⁻²⁵ if that is more. Means, variances and biases stay: they are few, and their
    range may be wider.
    """
    from onnx import TensorProto
    from onnx.helper import make_node
    from onnx.numpy_helper import from_array, to_array

    model = _load_model(source)
    graph, widened = model.graph, {}
    for tensor in graph.initializer:
        weights = to_array(tensor)
        if tensor.name.startswith(_PREFIX) and weights.ndim > 1 and weights.dtype == np.float32:
            tensor.CopyFrom(from_array(weights.astype(np.float16), tensor.name))
            widened[tensor.name] = f"{tensor.name}.widened"
    casts = [make_node("Cast", [old], [new], to=TensorProto.FLOAT) for old, new in widened.items()]
    for node in graph.node:
        node.input[:] = [widened.get(name, name) for name in node.input]
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    write_atomically(target, model.SerializeToString(deterministic=True))


def load_exported(path: Path) -> dict[str, Tensor]:
    """Load the weights of an exported network by their names in PyTorch, to train on.

    Raises
    ------
    BackendError
        When the file has no such names: an 8-bit network, or one of another program.
    """
    from onnx.numpy_helper import to_array

    weights = {
        tensor.name.removeprefix(_PREFIX): torch.from_numpy(to_array(tensor).copy()).float()
        for tensor in _load_model(path).graph.initializer
        if tensor.name.startswith(_PREFIX)
    }
    if not any(name.endswith("running_var") for name in weights):
        raise BackendError(
            f"Expected a network exported by mousegpt train in {path}, found one without the names "
            "of its weights; begin with the network before it was made 8-bit, or a checkpoint.pt."
        )
    about = read_header(path)
    if "anchors" in about:
        weights["anchors"] = torch.tensor(json.loads(about["anchors"]))
    aliases = json.loads(about.get("aliases", "{}"))
    return weights | {name: weights[kept].clone() for name, kept in aliases.items()}


def read_header(path: Path) -> dict[str, str]:
    """Read what an exported network says of itself.

    Raises
    ------
    BackendError
        When the file is no network.
    """
    return {entry.key: entry.value for entry in _load_model(path).metadata_props}


def _load_model(path: Path) -> Any:
    import onnx

    try:
        return onnx.load(path)
    except Exception as error:  # protobuf raises classes of its own
        raise BackendError(f"{path} is no network that was exported ({error}).") from error


def _list_heads(path: Path) -> list[str]:
    """Return the names of what could be made 8-bit, but has no convolution behind it."""
    import onnx

    graph = onnx.load(path).graph
    before_convolution: set[str] = set()
    heads = []
    for node in reversed(graph.node):
        leads_on = any(name in before_convolution for name in node.output)
        if node.op_type in _OPERATIONS and not leads_on:
            heads.append(node.name)
        if node.op_type == "Conv" or leads_on:
            before_convolution.update(node.input)
    return heads


def _convert(deployed: nn.Module, pictures: Tensor) -> bytes:
    """Convert; scales stay apart from convolutions, so that weights keep their names."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of itself
        path = Path(folder) / "network.onnx"
        torch.onnx.export(
            deployed, (pictures,), str(path), input_names=["picture"], output_names=["answer"],
            dynamic_axes={"picture": {0: "n"}, "answer": {0: "n"}},
            opset_version=_OPSET, dynamo=False, training=torch.onnx.TrainingMode.PRESERVE,
        )  # fmt: skip
        return path.read_bytes()


def _find_aliases(network: nn.Module, content: bytes) -> dict[str, str]:
    """Return which weights stand in the file under the name of others that are equal.

    Two branches that are added have biases that begin equal and are moved alike; the exporter
    keeps one of them.
    """
    import onnx

    graph = onnx.load_from_string(content).graph
    stored = {tensor.name.removeprefix(_PREFIX) for tensor in graph.initializer}
    weights = {n: w for n, w in network.state_dict().items() if w.is_floating_point()}
    aliases: dict[str, str] = {}
    for name in [name for name in weights if name not in stored]:
        equal = [n for n in weights if n in stored and torch.equal(weights[n], weights[name])]
        if equal:
            aliases[name] = equal[0]
    return aliases


def _write_header(content: bytes, header: Mapping[str, str]) -> bytes:
    import onnx

    model = onnx.load_from_string(content)
    onnx.helper.set_model_props(model, dict(header))
    serialized: bytes = model.SerializeToString(deterministic=True)
    return serialized


def _run(content: bytes, pictures: ImageArray) -> Any:
    from onnxruntime import InferenceSession

    session = InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(None, {"picture": pictures})[0]
