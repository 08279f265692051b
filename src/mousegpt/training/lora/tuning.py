"""The loop that fine-tunes a describer: gradients added up, a log, and a way back after a kill.

::

    OUT/
      checkpoint.pt   where it stands: adapters, optimiser, step, log
      log.csv  curves.png
      adapter/        the adapters alone, as peft reads them
      merged/         the whole model, for describer = "transformers:OUT/merged" or a server

On a CPU, a training that was killed and resumed ends with the same adapters, to the last bit, as
one that was not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import torch
from torch import nn

from mousegpt.backends.transformers import hash_weights, load_folder
from mousegpt.core.errors import DataError, ProjectError
from mousegpt.io.atomic import write_atomically
from mousegpt.training.checkpoints import FILE, LOG, load_checkpoint
from mousegpt.training.curves import draw_curves
from mousegpt.training.lora.adapters import (
    attach_adapters,
    list_trained,
    save_adapters,
    save_merged,
)
from mousegpt.training.lora.lessons import Lesson, draw_lesson, encode_lesson, read_lessons
from mousegpt.training.schedule import decay_by_cosine, warm_up
from mousegpt.training.tuning.recipes import TuningRecipe
from mousegpt.training.tuning.running import hash_records

Report = Callable[[int, int, str], None]  # done, total, message

MERGED: Final = "merged"
_ADAPTER: Final = "adapter"
_MAX_GRADIENT: Final = 1.0  # as ms-swift
_MOST_VALIDATED: Final = 64
#: Settings of a recipe that mean something here.
_USED: Final = (
    "learning_rate",
    "warmup_ratio",
    "weight_decay",
    "lora_rank",
    "batch",
    "n_gpus",
    "seed",
)


@dataclass(eq=False)
class _Training:
    """A training under way; ``losses`` are those since the last line of the log."""

    processor: Any
    model: Any
    optimizer: torch.optim.Optimizer
    recipe: TuningRecipe
    n_steps: int
    lessons: Sequence[Lesson]
    held: Sequence[Lesson]
    settings: dict[str, Any]
    step: int = 0
    losses: list[float] = field(default_factory=list)
    rows: list[dict[str, float]] = field(default_factory=list)


def tune_describer(
    base: Path,
    data: Path,
    out: Path,
    recipe: TuningRecipe,
    *,
    n_steps: int | None = None,
    report: Report = lambda done, total, message: None,
) -> Path:
    """Fine-tune a model of a folder on records, or go on where it was stopped.

    Parameters
    ----------
    base
        The model, as `save_pretrained` leaves it.
    data
        Records, as `mousegpt train records` writes them.
    recipe
        Rate, schedule and effective batch; its base model and its way to divide work are not used.
    n_steps
        As often as the paper sees the data when None.
    report
        Told of every step.

    Returns
    -------
    Path
        The tuned model, adapters merged.

    Raises
    ------
    BackendError
        When a library is missing, or ``base`` holds no such model.
    DataError
        When the records are damaged.
    ProjectError
        When ``out`` holds a training with other settings, records or another base.

    Notes
    -----
    Source: Methods 4.3 (AdamW, cosine, warm-up 0.05, bf16, 32 examples a step). Departs from the
    paper: adapters instead of all weights, at the rate that is usual for them.
    """
    lessons, held = read_lessons(data, "train"), read_lessons(data, "validation")[:_MOST_VALIDATED]
    if not lessons:
        raise DataError(f"There is nothing to train on in {data}; write the records again.")
    n_steps = n_steps or recipe.plan_steps(len(lessons))
    files = [data / f"{part}.jsonl" for part in ("train", "validation")]
    settings = {
        **recipe.model_dump(mode="json", include=set(_USED)), "steps": n_steps,
        "records": hash_records(files), "base": hash_weights(base),
    }  # fmt: skip
    training = _begin(base, recipe, n_steps, lessons, held, settings)
    if (out / FILE).exists():
        _restore(training, out)
    _train(training, out, report)
    draw_curves(pd.DataFrame(training.rows), out / "curves.png")
    save_adapters(training.model, out / _ADAPTER)
    save_merged(training.model, training.processor, out / MERGED)
    return out / MERGED


def scale_rate(recipe: TuningRecipe, step: int, n_steps: int) -> float:
    """Return the learning rate at a step.

    Examples
    --------
    >>> from mousegpt.training.tuning.recipes import find_tuning_recipe
    >>> recipe = find_tuning_recipe("lite", tuner="lora")
    >>> [f"{scale_rate(recipe, step, 100):.1e}" for step in (0, 5, 100)]
    ['1.0e-07', '1.0e-04', '0.0e+00']
    """
    warming = math.ceil(recipe.warmup_ratio * n_steps)
    left = decay_by_cosine((step - warming) / max(n_steps - warming, 1))
    return recipe.learning_rate * warm_up(step, n_steps=warming) * left


def _begin(
    base: Path,
    recipe: TuningRecipe,
    n_steps: int,
    lessons: Sequence[Lesson],
    held: Sequence[Lesson],
    settings: dict[str, Any],
) -> _Training:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    processor, model = load_folder(base, dtype="bfloat16" if device == "cuda" else "float32")
    if model.supports_gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    torch.manual_seed(recipe.seed)
    model = attach_adapters(model, rank=recipe.lora_rank).to(device)
    optimizer = torch.optim.AdamW(
        list_trained(model).values(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    return _Training(processor, model, optimizer, recipe, n_steps, lessons, held, settings)


def _train(training: _Training, out: Path, report: Report) -> None:
    every = training.recipe.space_saves(training.n_steps)
    while training.step < training.n_steps:
        loss = _take_step(training)
        training.losses.append(loss)
        if training.step % every == 0 or training.step == training.n_steps:
            _write_row(training)
            _save(training, out)
        report(training.step, training.n_steps, f"loss {loss:.4g}")


def _take_step(training: _Training) -> float:
    """Add up the gradients of an effective batch, example by example, as a GPU each would."""
    recipe, step = training.recipe, training.step
    for group in training.optimizer.param_groups:
        group["lr"] = scale_rate(recipe, step, training.n_steps)
    torch.manual_seed(recipe.seed + step)  # of dropout, where a model has one
    training.model.train()
    losses = []
    for place in range(recipe.effective_batch):
        count = step * recipe.effective_batch + place
        number = draw_lesson(len(training.lessons), count, seed=recipe.seed)
        loss = _compute_loss(training, training.lessons[number])
        (loss / recipe.effective_batch).backward()
        losses.append(float(loss.detach()))
    nn.utils.clip_grad_norm_(list_trained(training.model).values(), _MAX_GRADIENT)
    training.optimizer.step()
    training.optimizer.zero_grad(set_to_none=True)
    training.step += 1
    return float(np.mean(losses))


def _compute_loss(training: _Training, lesson: Lesson) -> Any:
    """Return the mean loss of an answer's tokens."""
    device = training.model.device
    inputs = {n: t.to(device) for n, t in encode_lesson(training.processor, lesson).items()}
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        return training.model(**inputs, use_cache=False).loss


@torch.no_grad()
def _write_row(training: _Training) -> None:
    """Write a line of the log, with the loss on records that are not learnt."""
    training.model.eval()
    seen = training.step * training.recipe.effective_batch
    row = {
        "epoch": seen / len(training.lessons),
        "step": float(training.step),
        "learning_rate": scale_rate(training.recipe, training.step - 1, training.n_steps),
        "loss": float(np.mean(training.losses)),
    }
    if training.held:
        losses = [float(_compute_loss(training, lesson)) for lesson in training.held]
        row["validation_loss"] = float(np.mean(losses))
    training.rows, training.losses = [*training.rows, row], []


def _save(training: _Training, out: Path) -> None:
    content = {
        "settings": training.settings,
        "weights": list_trained(training.model),
        "optimizer": training.optimizer.state_dict(),
        "step": training.step,
        "rows": training.rows,
    }
    write_atomically(out / FILE, lambda part: torch.save(content, part))
    log = pd.DataFrame(training.rows).to_csv(index=False, lineterminator="\n")
    write_atomically(out / LOG, log.encode())


def _restore(training: _Training, out: Path) -> None:
    content = load_checkpoint(out / FILE)
    before, now = content.get("settings", {}), training.settings
    differing = [name for name, value in now.items() if before.get(name) != value]
    if differing:
        raise ProjectError(
            f"{out} holds a training with another {', '.join(differing)}; give the same to go on "
            "with it, or name another folder."
        )
    with torch.no_grad():
        for name, weight in list_trained(training.model).items():
            weight.copy_(content["weights"][name])
    training.optimizer.load_state_dict(content["optimizer"])
    training.step, training.rows = content["step"], content["rows"]
