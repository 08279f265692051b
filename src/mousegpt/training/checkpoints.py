"""Where a training stands: weights, their average, optimiser, step and log, in one file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from mousegpt.core.errors import ProjectError
from mousegpt.io.atomic import write_atomically
from mousegpt.training.recipes import Recipe

FILE = "checkpoint.pt"
LOG = "log.csv"


@dataclass(eq=False)
class State:
    """What changes while a network is trained.

    ``average`` is the exponential moving average of the weights, by name; ``running`` the sum of
    losses and their number in the epoch under way; ``rows`` the log, one an epoch.
    """

    network: nn.Module
    optimizer: torch.optim.Optimizer
    average: dict[str, Tensor]
    step: int = 0
    running: list[float] = field(default_factory=lambda: [0.0, 0.0])
    rows: list[dict[str, float]] = field(default_factory=list)


def begin(network: nn.Module, recipe: Recipe) -> State:
    """Return the state before the first step."""
    optimizer: torch.optim.Optimizer
    if recipe.optimizer == "sgd":
        optimizer = torch.optim.SGD(
            _group_weights(network, recipe.weight_decay),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            nesterov=True,
        )
    else:
        optimizer = torch.optim.Adam(
            _group_weights(network, recipe.weight_decay), lr=recipe.learning_rate
        )
    average = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
    return State(network, optimizer, average)


def save_state(state: State, recipe: Recipe, folder: Path) -> None:
    """Save where a training stands, complete or not at all, and its log as a table."""
    content = {
        "recipe": recipe.model_dump(mode="json"),
        "network": state.network.state_dict(),
        "average": state.average,
        "optimizer": state.optimizer.state_dict(),
        "step": state.step,
        "running": state.running,
        "rows": state.rows,
    }
    write_atomically(folder / FILE, lambda part: torch.save(content, part))
    if state.rows:
        table = pd.DataFrame(state.rows).to_csv(index=False, lineterminator="\n")
        write_atomically(folder / LOG, table.encode())


def restore_state(state: State, recipe: Recipe, folder: Path) -> None:
    """Go on where a training was saved.

    Raises
    ------
    ProjectError
        When the folder holds a training with another recipe.
    """
    content = load_checkpoint(folder / FILE)
    wanted = recipe.model_dump(mode="json")
    differing = [name for name, value in wanted.items() if content["recipe"].get(name) != value]
    if differing:
        raise ProjectError(
            f"{folder} holds a training with another {', '.join(differing)}; give the same to go "
            "on with it, or name another folder."
        )
    state.network.load_state_dict(content["network"])
    state.optimizer.load_state_dict(content["optimizer"])
    average = content["average"]
    for name, tensor in state.average.items():
        tensor.copy_(average[name])
    state.step, state.running, state.rows = content["step"], content["running"], content["rows"]


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Load a checkpoint; nothing in it is executed.

    Raises
    ------
    ProjectError
        When it is missing or damaged.
    """
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ProjectError(f"There is no checkpoint {path}; train first.") from error
    except Exception as error:  # torch raises anything on damaged bytes
        raise ProjectError(f"{path} is no checkpoint of a training ({error}).") from error
    return content


def load_matching(network: nn.Module, weights: dict[str, Tensor]) -> int:
    """Begin with the weights of another training where names and shapes agree; return how many.

    Raises
    ------
    ProjectError
        When none does.
    """
    own = network.state_dict()
    fitting = {n: w for n, w in weights.items() if n in own and own[n].shape == w.shape}
    if not fitting:
        raise ProjectError("The weights to begin with are of another network; name its preset.")
    network.load_state_dict({**own, **fitting})
    return len(fitting)


def _group_weights(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Only the weights of convolutions decay, not biases and scales."""
    decaying = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return [
        {"params": decaying, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
