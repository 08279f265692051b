"""From the trained small model to one file that onnxruntime runs: weights of 8 bits, checked.

The file is a ZIP archive of two graphs and of what the model says about itself. ``eyes.onnx`` turns
tiles and speeds into the cache with which the words begin, ``words.onnx`` one token and a cache
into the scores of the next. Weights are stored in 8 bits, each row with its own scale, and become
floats when they are loaded: a description then depends on its own pictures alone, which sums in
8 bits, scaled by all that is in a batch, could not promise.
"""

from __future__ import annotations

import io
import json
import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from mousegpt.core.description import ELEMENTS
from mousegpt.core.errors import BackendError
from mousegpt.core.moment import MOMENTS_S
from mousegpt.io.atomic import write_atomically
from mousegpt.training.nano.inputs import N_VIEWS
from mousegpt.training.nano.network import Nano
from mousegpt.training.nano.recipe import NanoRecipe
from mousegpt.training.nano.wording import BEGIN, END, Wording

_OPSET: Final = 17
_LEAST: Final = 2048  # numbers in a weight that is worth 8 bits
_EYES_IN: Final = ("tiles", "views", "moving", "speeds")
_WORDS_IN: Final = ("tokens", "place", "past")


class Eyes(nn.Module):
    """What is done once for a moment."""

    def __init__(self, network: Nano) -> None:
        super().__init__()
        self.network = network

    def forward(self, tiles: Tensor, views: Tensor, moving: Tensor, speeds: Tensor) -> Tensor:
        """Return the cache with which the words begin."""
        return self.network.remember(self.network.see(tiles, views, moving, speeds)[0])


class Words(nn.Module):
    """What is done for each token."""

    def __init__(self, network: Nano) -> None:
        super().__init__()
        self.network = network

    def forward(self, tokens: Tensor, place: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores of the next token and the longer cache."""
        return self.network.speak(tokens, place, past)


def export_nano(
    network: Nano,
    path: Path,
    recipe: NanoRecipe,
    wording: Wording,
    *,
    name: str,
    about: Mapping[str, str] | None = None,
    tolerance: Annotated[float, Field(gt=0)] = 1e-3,
) -> float:
    """Write the model, and compare its answers with PyTorch's.

    Parameters
    ----------
    name
        Stands in the file.
    about
        More texts for the file, such as what it was trained on.
    tolerance
        Greatest difference of scores allowed before weights are made 8-bit, as a share of the
        greatest score.

    Returns
    -------
    float
        The greatest difference found, as such a share.

    Raises
    ------
    BackendError
        When the answers differ by more.
    """
    network = deepcopy(network).cpu().eval()  # the exporter folds scales into its weights
    example = _make_example(recipe)
    with torch.no_grad():
        past = network.remember(network.see(*example)[0])
        step = torch.ones(2, 1, dtype=torch.int64), torch.zeros(1, dtype=torch.int64), past
        wanted = network.speak(*step)[0].numpy()
    eyes = _convert(Eyes(network), example, _EYES_IN, ("past",), {"past": 2})
    words = _convert(
        Words(network), step, _WORDS_IN, ("scores", "longer"), {"past": 2, "longer": 2},
        growing=("past", "longer"),
    )  # fmt: skip
    begun = _run(eyes, dict(zip(_EYES_IN, example, strict=True)))
    found = _run(words, dict(zip(_WORDS_IN, (*step[:2], torch.from_numpy(begun)), strict=True)))
    difference = float(np.abs(found - wanted).max() / np.abs(wanted).max())
    if difference > tolerance:
        raise BackendError(
            f"Expected the exported model to answer as PyTorch does, found a difference of "
            f"{difference:.2g} of the greatest score; export with another version of torch."
        )
    header = _describe(recipe, wording, name) | {"about": dict(about or {})}
    content = _archive({"about.json": json.dumps(header, indent=1).encode(),
                        "eyes.onnx": _shrink(eyes), "words.onnx": _shrink(words)})  # fmt: skip
    write_atomically(path, content)
    return difference


def _describe(recipe: NanoRecipe, wording: Wording, name: str) -> dict[str, Any]:
    numbers = wording.vocabulary.numbers
    return {
        "kind": "nano",
        "name": name,
        "tile_px": recipe.size_px,
        "n_views": N_VIEWS,
        "moments_s": MOMENTS_S,
        "begin": numbers[BEGIN],
        "end": numbers[END],
        "elements": {element: numbers[f"<{element}>"] for element in ELEMENTS},
        "facts": wording.facts,
        "max_tokens": recipe.max_tokens,
        "tokens": wording.vocabulary.tokens,
    }


def _make_example(recipe: NanoRecipe) -> tuple[Tensor, ...]:
    rng = np.random.default_rng(0)
    size = recipe.size_px
    tiles = rng.integers(0, 256, (2, N_VIEWS, len(MOMENTS_S), size, size, 3), dtype=np.uint8)
    views = np.array([[1, 1], [1, 0]], dtype=np.float32)
    moving = np.array([[1], [0]], dtype=np.float32)
    speeds = np.array([[0, 1, -2, 3, 40, 5], [np.nan] * 6], dtype=np.float32)
    return tuple(map(torch.from_numpy, (tiles, views, moving, speeds)))


def _convert(
    module: nn.Module,
    example: tuple[Tensor, ...],
    given: tuple[str, ...],
    answers: tuple[str, ...],
    batch_axes: Mapping[str, int],
    *,
    growing: tuple[str, ...] = (),
) -> bytes:
    """Convert; ``batch_axes`` names the axis of the batch where it is not the first."""
    axes = {name: {batch_axes.get(name, 0): "n"} for name in (*given, *answers) if name != "place"}
    for name in growing:
        axes[name][4] = f"{name}_places"
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of itself
        path = Path(folder) / "graph.onnx"
        torch.onnx.export(
            module, example, str(path), input_names=list(given), output_names=list(answers),
            dynamic_axes=axes, opset_version=_OPSET, dynamo=False,
        )  # fmt: skip
        return path.read_bytes()


def _run(content: bytes, given: Mapping[str, Tensor]) -> Any:
    from onnxruntime import InferenceSession

    session = InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(None, {name: tensor.numpy() for name, tensor in given.items()})[0]


def _shrink(content: bytes) -> bytes:
    """Store large weights in 8 bits; they become floats again when the graph is loaded."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load_from_string(content)
    graph = model.graph
    nodes = []
    for tensor in list(graph.initializer):
        weights = numpy_helper.to_array(tensor)
        if weights.dtype != np.float32 or weights.ndim < 2 or weights.size < _LEAST:
            continue
        axis = 1 if weights.ndim == 2 else 0  # the outputs of a product, or of a convolution
        others = tuple(i for i in range(weights.ndim) if i != axis)
        scale = np.maximum(np.abs(weights).max(axis=others, keepdims=True), 1e-12) / 127
        small = np.round(weights / scale).astype(np.int8)
        name = tensor.name
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(small, f"{name}.small"))
        graph.initializer.append(numpy_helper.from_array(scale.astype(np.float32), f"{name}.scale"))
        nodes += [
            helper.make_node(
                "Cast", [f"{name}.small"], [f"{name}.wide"], to=onnx.TensorProto.FLOAT
            ),
            helper.make_node("Mul", [f"{name}.wide", f"{name}.scale"], [name]),
        ]
    kept = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *kept])
    serialized: bytes = model.SerializeToString(deterministic=True)
    return serialized


def _archive(files: Mapping[str, bytes]) -> bytes:
    """Join files; the same files make the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()
