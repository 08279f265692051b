"""A training of the small model, from packs of moments to a file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
import torch
from pydantic import Field

from mousegpt.core.errors import ProjectError
from mousegpt.core.vocabulary import Vocabulary
from mousegpt.io.atomic import write_atomically
from mousegpt.training.checkpoints import load_checkpoint, load_matching
from mousegpt.training.curves import draw_curves
from mousegpt.training.export import load_exported
from mousegpt.training.loop import Report, train_network
from mousegpt.training.nano.export import export_nano
from mousegpt.training.nano.network import Nano
from mousegpt.training.nano.packs import PackedMoments
from mousegpt.training.nano.recipe import NanoRecipe
from mousegpt.training.nano.task import NanoTask
from mousegpt.training.nano.wording import Wording, build_wording
from mousegpt.training.samples import list_packs, split_packs

FILE = "nano.zip"
_VOCABULARY = "vocabulary.json"


def train_nano(
    recipe: NanoRecipe,
    data: Sequence[Path],
    folder: Path,
    *,
    init: Path | None = None,
    n_validated: Annotated[int, Field(ge=0)] = 192,
    n_workers: int | None = None,
    stop_after: int | None = None,
    report: Report = lambda done, total, message: None,
) -> Path:
    """Train the small model on packs of moments and export it; what was interrupted goes on.

    Parameters
    ----------
    data
        Folders of packs (`packs.pack_descriptions`).
    folder
        Gets the checkpoint, ``log.csv``, ``curves.png``, the vocabulary and the model.
    init
        What to begin with: a pose network (``checkpoint.pt``, or the exact one as ONNX), whose
        weights the eye takes over, or the ``checkpoint.pt`` of another small model, whose
        vocabulary is kept.
    n_validated
        Moments that are described after each epoch; writing takes time.
    n_workers
        Processes that prepare batches; on a GPU all cores but two when left out, else none.
    stop_after
        Stop, saved, after this step.

    Returns
    -------
    Path
        The model, ``nano.zip``.
    """
    wording = _open_wording(folder, init)
    split = [split_packs(list_packs(source)) for source in data]
    train = [PackedMoments(packs) for packs, _ in split]
    held = [PackedMoments(packs) for _, packs in split]
    torch.manual_seed(recipe.seed)
    task, validation = (NanoTask(recipe, sources, wording) for sources in (train, held))
    assert isinstance(task.network, Nano)
    if init is not None:
        begin_with(task.network, init)
    if n_workers is None:
        n_workers = max((os.cpu_count() or 1) - 2, 0) if torch.cuda.is_available() else 0
    state = train_network(
        task, recipe, folder, lengths=[len(each) for each in train], validation=validation,
        validation_lengths=[min(len(each), n_validated) for each in held], n_workers=n_workers,
        stop_after=stop_after, report=report,
    )  # fmt: skip
    if state.rows:
        draw_curves(pd.DataFrame(state.rows), folder / "curves.png")
    task.network.load_state_dict(state.average)
    about = {"steps": str(state.step), "sources": ", ".join(source.name for source in data)}
    name = f"nano-{recipe.network}-{recipe.width}"
    export_nano(task.network, folder / FILE, recipe, wording, name=name, about=about)
    return folder / FILE


def begin_with(network: Nano, path: Path) -> int:
    """Begin with the weights of another training; return how many fit.

    Raises
    ------
    ProjectError
        When none does.
    """
    if path.suffix == ".onnx":
        return load_matching(network.eye.pose, load_exported(path))
    content = load_checkpoint(path)
    weights = content["average"]
    if content["recipe"].get("kind") == "pose":
        return load_matching(network.eye.pose, weights)
    return load_matching(network, weights)


def _open_wording(folder: Path, init: Path | None) -> Wording:
    """Take the vocabulary that the training, or the model it begins with, has; else learn one."""
    path = folder / _VOCABULARY
    earlier = init.with_name(_VOCABULARY) if init else path
    try:
        if not path.exists():
            tokens = json.loads(earlier.read_text("utf-8")) if earlier.exists() else None
            tokens = tokens or build_wording().vocabulary.tokens
            write_atomically(path, json.dumps(tokens).encode())
        wording = Wording(Vocabulary(tuple(json.loads(path.read_text("utf-8")))))
        _ = wording.facts
    except (ValueError, TypeError, KeyError) as error:
        raise ProjectError(
            f"Expected the vocabulary of this version in {path}, found another; train in a new "
            "folder."
        ) from error
    return wording
