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
    """Write a network with weights and activations of 8 bits: a quarter of the size, faster.

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

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._waiting = iter(pictures)

        def get_next(self) -> dict[str, ImageArray] | None:
            picture = next(self._waiting, None)
            return None if picture is None else {"picture": picture[None]}

    def write(part: Path) -> None:
        quantize_static(
            source, part, Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
            op_types_to_quantize=["Conv"], weight_type=QuantType.QInt8,
        )  # fmt: skip

    write_atomically(target, write)


def _convert(deployed: nn.Module, pictures: Tensor) -> bytes:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of itself
        path = Path(folder) / "network.onnx"
        torch.onnx.export(
            deployed, (pictures,), str(path), input_names=["picture"], output_names=["answer"],
            dynamic_axes={"picture": {0: "n"}, "answer": {0: "n"}},
            opset_version=_OPSET, dynamo=False,
        )  # fmt: skip
        return path.read_bytes()


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
