"""A training from packs to a file of weights: split, anchors, loop, curves, export."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import ProjectError
from mousegpt.training.anchors import find_anchors
from mousegpt.training.checkpoints import FILE, load_checkpoint, load_matching
from mousegpt.training.curves import draw_curves
from mousegpt.training.efficient import PRETRAINED_SUFFIX, adapt_colors, load_pretrained
from mousegpt.training.export import export_network, load_exported, read_header
from mousegpt.training.loop import Report, train_network
from mousegpt.training.recipes import EFFICIENT, PRESETS, Kind, Recipe
from mousegpt.training.samples import PackedSamples, list_packs, split_packs
from mousegpt.training.tasks import COLORS, DetectorTask, PoseTask, Task


def run_training(
    recipe: Recipe,
    data: Sequence[Path],
    folder: Path,
    *,
    init: Path | None = None,
    n_workers: int | None = None,
    report: Report = lambda done, total, message: None,
) -> Path:
    """Train a network on packs and export it; an interrupted training goes on.

    Parameters
    ----------
    data
        Folders of packs; each is a source, and small ones are repeated (see `draw_epoch`).
    folder
        Gets the checkpoint, ``log.csv``, ``curves.png`` and the network as ONNX.
    init
        What to begin with: the ``checkpoint.pt`` of another training, an exported network, or the
        ``.pth`` of an EfficientNet-Lite0.
    n_workers
        Processes that prepare batches; on a GPU all cores but two when left out, else none.

    Returns
    -------
    Path
        The network: ``detector.onnx`` or ``pose.onnx``.
    """
    split = [split_packs(list_packs(source)) for source in data]
    max_px = round(1.25 * recipe.size_px) if recipe.kind == "detector" else None
    train = [PackedSamples(packs, max_px=max_px) for packs, _ in split]
    held = [PackedSamples(packs, max_px=max_px) for _, packs in split]
    anchors = _choose_anchors(recipe, train, folder, init)
    torch.manual_seed(recipe.seed)
    task = _make_task(recipe, train, anchors)
    validation = _make_task(recipe, held, anchors)
    if init is not None:
        load_matching(task.network, _load_weights(init, recipe.kind))
    if n_workers is None:
        n_workers = max((os.cpu_count() or 1) - 2, 0) if torch.cuda.is_available() else 0
    state = train_network(
        task, recipe, folder, lengths=[len(each) for each in train], validation=validation,
        validation_lengths=[len(each) for each in held], n_workers=n_workers, report=report,
    )  # fmt: skip
    if state.rows:
        draw_curves(pd.DataFrame(state.rows), folder / "curves.png")
    task.network.load_state_dict(state.average)
    path = folder / f"{recipe.kind}.onnx"
    about = {"steps": str(state.step), "sources": ", ".join(source.name for source in data)}
    name = name_network(recipe)
    export_network(task.network, path, name=name, size_px=recipe.size_px, about=about)
    return path


def name_network(recipe: Recipe) -> str:
    """Return what the header of an exported network says it is.

    Examples
    --------
    >>> name_network(PRESETS["pose"]["paper"])
    'hrnet-w48-256'
    """
    own = "yolo" if recipe.kind == "detector" else "hrnet"
    family = "efficientnet" if recipe.network == EFFICIENT else own
    return f"{family}-{recipe.network}-{recipe.size_px}"


def find_preset(kind: Kind, init: Path) -> str:
    """Return the preset of the network of that kind to begin with.

    Raises
    ------
    ProjectError
        When it is of none.
    """
    if init.suffix == PRETRAINED_SUFFIX:
        return "pretrained"
    if init.suffix == ".onnx":
        name = read_header(init).get("name", "of another program")
    else:
        name = name_network(Recipe.model_validate(load_checkpoint(init)["recipe"]))
    for preset, recipe in PRESETS[kind].items():
        if name_network(recipe) == name:
            return preset
    raise ProjectError(
        f"Expected a {kind} network of one of the presets {', '.join(PRESETS[kind])} in {init}, "
        f"found {name}; name the preset to train with --preset."
    )


def _make_task(recipe: Recipe, sources: Sequence[PackedSamples], anchors: FloatArray) -> Task:
    if recipe.kind == "pose":
        return PoseTask(recipe, sources)
    return DetectorTask(recipe, sources, anchors)


def _choose_anchors(
    recipe: Recipe, sources: Sequence[PackedSamples], folder: Path, init: Path | None
) -> FloatArray:
    """Take the anchors of what is gone on with or begun with; else find them."""
    begun = folder / FILE if (folder / FILE).exists() else init
    if recipe.kind == "pose":
        return np.ones((3, 3, 2))
    if begun is not None:
        weights = _load_weights(begun, recipe.kind)
        if "anchors" in weights:
            return np.asarray(weights["anchors"].numpy(), dtype=np.float64)
    sizes = np.concatenate([source.collect_boxes() for source in sources])
    return find_anchors(sizes * recipe.size_px, seed=recipe.seed)


def _load_weights(path: Path, kind: Kind) -> dict[str, Tensor]:
    """Load averaged weights; what is neither ONNX nor of photographs is taken for a checkpoint."""
    if path.suffix == PRETRAINED_SUFFIX:
        return adapt_colors(load_pretrained(path), *COLORS[kind])
    if path.suffix == ".onnx":
        return load_exported(path)
    average: dict[str, Tensor] = load_checkpoint(path)["average"]
    return average
