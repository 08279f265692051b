"""The loop: step by step, with an average of the weights, a log, and a way back after a kill.

On a CPU, a training that was killed and resumed ends with the same weights, to the last bit, as
one that was not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.utils.data import DataLoader

from mousegpt.training.checkpoints import FILE, State, begin, restore_state, save_state
from mousegpt.training.recipes import Recipe
from mousegpt.training.samples import draw_epoch
from mousegpt.training.tasks import Task

Report = Callable[[int, int, str], None]  # done, total, message


def train_network(
    task: Task,
    recipe: Recipe,
    folder: Path,
    *,
    lengths: Sequence[int],
    validation: Task | None = None,
    validation_lengths: Sequence[int] = (),
    n_workers: Annotated[int, Field(ge=0)] = 0,
    save_every: Annotated[int, Field(ge=1)] = 200,
    stop_after: int | None = None,
    report: Report = lambda done, total, message: None,
) -> State:
    """Train a network, or go on where it was stopped.

    Parameters
    ----------
    folder
        Gets the checkpoint and the log.
    lengths
        Number of samples of each source of the task's inputs.
    validation
        Gives inputs to measure the averaged weights on, after each epoch.
    n_workers
        Processes that prepare batches.
    save_every
        Steps after which the state is saved; what a kill costs.
    stop_after
        Stop, saved, after this step.
    report
        Told of every step.

    Returns
    -------
    State
        With the averaged weights in ``average``.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    task.network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = begin(task.network, recipe)
    if (folder / FILE).exists():
        restore_state(state, recipe, folder)
    per_epoch = math.ceil(len(draw_epoch(lengths, 0, min_share=recipe.min_share)) / recipe.batch)
    n_steps = recipe.epochs * per_epoch
    limit = n_steps if stop_after is None else min(stop_after, n_steps)
    plan = _plan_batches(recipe, lengths, state.step, limit, per_epoch)
    for batch in _load(task, plan, n_workers, device):
        loss = _take_step(task, recipe, state, batch, n_steps)
        ended = state.step % per_epoch == 0
        if ended:
            scores = _validate(validation, recipe, state, validation_lengths, device)
            _log_epoch(state, recipe.scale_rate(state.step - 1, n_steps), scores)
        if ended or state.step % save_every == 0 or state.step == limit:
            save_state(state, recipe, folder)
        report(state.step, n_steps, f"loss {loss:.4g}")
    return state


def _plan_batches(
    recipe: Recipe, lengths: Sequence[int], start: int, stop: int, per_epoch: int
) -> list[list[tuple[int, int, int]]]:
    plan: list[list[tuple[int, int, int]]] = []
    for epoch in range(start // per_epoch, math.ceil(stop / per_epoch)):
        order = draw_epoch(lengths, epoch, min_share=recipe.min_share, seed=recipe.seed)
        for i in range(per_epoch):
            if start <= epoch * per_epoch + i < stop:
                part = order[i * recipe.batch : (i + 1) * recipe.batch]
                plan.append([(epoch, int(source), int(number)) for source, number in part])
    return plan


def _load(
    task: Task, plan: list[list[tuple[int, int, int]]], n_workers: int, device: torch.device
) -> Iterator[tuple[Tensor, ...]]:
    if not plan:
        return
    loader: DataLoader[Any] = DataLoader(
        task.inputs,
        batch_sampler=plan,
        collate_fn=task.collate,
        num_workers=n_workers,
        pin_memory=device.type == "cuda",
    )
    for batch in loader:
        yield tuple(each.to(device, non_blocking=True) for each in batch)


def _take_step(
    task: Task, recipe: Recipe, state: State, batch: tuple[Tensor, ...], n_steps: int
) -> float:
    for group in state.optimizer.param_groups:
        group["lr"] = recipe.scale_rate(state.step, n_steps)
    state.network.train()
    device = batch[0].device.type
    with torch.autocast(device, torch.bfloat16, enabled=device == "cuda" or _has_fast_halves()):
        loss = task.compute_loss(state.network, batch)
    state.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(state.network.parameters(), recipe.max_gradient)
    state.optimizer.step()
    state.step += 1
    _update_average(state, recipe.ema)
    value = float(loss.detach())
    state.running = [state.running[0] + value, state.running[1] + 1]
    return value


def _has_fast_halves() -> bool:
    """Return whether this processor multiplies numbers of 16 bits faster than those of 32."""
    return bool(getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)())


@torch.no_grad()
def _update_average(state: State, ema: float) -> None:
    keep = min(ema, (1 + state.step) / (10 + state.step))  # young averages forget faster
    for name, tensor in state.network.state_dict().items():
        if tensor.is_floating_point():
            state.average[name].lerp_(tensor, 1 - keep)
        else:
            state.average[name].copy_(tensor)


@torch.no_grad()
def _validate(
    task: Task | None,
    recipe: Recipe,
    state: State,
    lengths: Sequence[int],
    device: torch.device,
) -> dict[str, float]:
    if task is None or not sum(lengths):
        return {}
    network = task.network.to(device)
    network.load_state_dict(state.average)
    network.eval()
    keys = [(-1, source, i) for source, length in enumerate(lengths) for i in range(length)]
    plan = [keys[i : i + recipe.batch] for i in range(0, len(keys), recipe.batch)]
    losses: list[float] = []
    scores: dict[str, list[np.ndarray[Any, Any]]] = {}
    for batch in _load(task, plan, 0, device):
        losses.append(float(task.compute_loss(network, batch)))
        for name, values in task.measure(network, batch).items():
            scores.setdefault(name, []).append(values)
    joined = {name: np.concatenate(values) for name, values in scores.items()}
    means = {name: float(v.mean()) if len(v) else math.nan for name, v in joined.items()}
    return {"validation_loss": float(np.mean(losses)), **means}


def _log_epoch(state: State, rate: float, scores: dict[str, float]) -> None:
    total, n = state.running
    row = {"epoch": float(len(state.rows) + 1), "step": float(state.step), "learning_rate": rate}
    state.rows = [*state.rows, {**row, "loss": total / max(n, 1), **scores}]
    state.running = [0.0, 0.0]
