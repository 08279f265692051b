"""A training from packs to a file of weights: split, anchors, loop, curves, export."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from mousegpt.core.arrays import FloatArray
from mousegpt.io.atomic import write_atomically
from mousegpt.plots.curves import plot_curves
from mousegpt.plots.style import publication_style
from mousegpt.training.anchors import find_anchors
from mousegpt.training.checkpoints import FILE, load_checkpoint, load_matching
from mousegpt.training.export import export_network
from mousegpt.training.loop import Report, train_network
from mousegpt.training.recipes import Recipe
from mousegpt.training.samples import PackedSamples, list_packs, split_packs
from mousegpt.training.tasks import DetectorTask, PoseTask, Task


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
        The checkpoint of another training to begin with.
    n_workers
        Processes that prepare batches; on a GPU all cores but two when left out, else none.

    Returns
    -------
    Path
        The network: ``detector.onnx`` or ``pose.onnx``.
    """
    split = [split_packs(list_packs(source)) for source in data]
    train = [PackedSamples(packs) for packs, _ in split]
    held = [PackedSamples(packs) for _, packs in split]
    anchors = _choose_anchors(recipe, train, folder, init)
    torch.manual_seed(recipe.seed)
    task = _make_task(recipe, train, anchors)
    validation = _make_task(recipe, held, anchors)
    if init is not None:
        load_matching(task.network, load_checkpoint(init)["average"])
    if n_workers is None:
        n_workers = max((os.cpu_count() or 1) - 2, 0) if torch.cuda.is_available() else 0
    state = train_network(
        task, recipe, folder, lengths=[len(each) for each in train], validation=validation,
        validation_lengths=[len(each) for each in held], n_workers=n_workers, report=report,
    )  # fmt: skip
    if state.rows:
        _draw_curves(pd.DataFrame(state.rows), folder / "curves.png")
    task.network.load_state_dict(state.average)
    path = folder / f"{recipe.kind}.onnx"
    about = {"steps": str(state.step), "sources": ", ".join(source.name for source in data)}
    name = f"{'yolo' if recipe.kind == 'detector' else 'hrnet'}-{recipe.network}-{recipe.size_px}"
    export_network(task.network, path, name=name, size_px=recipe.size_px, about=about)
    return path


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
        weights: dict[str, Any] = load_checkpoint(begun)["average"]
        if "anchors" in weights:
            return np.asarray(weights["anchors"].numpy(), dtype=np.float64)
    sizes = np.concatenate([source.collect_boxes() for source in sources])
    return find_anchors(sizes * recipe.size_px, seed=recipe.seed)


@publication_style()
def _draw_curves(log: pd.DataFrame, path: Path) -> None:
    stream = io.BytesIO()
    figure = plot_curves(log).figure
    figure.canvas.print_figure(stream, format="png", dpi=200, metadata={"Software": None})
    write_atomically(path, stream.getvalue())
