"""Adapters of low rank for the language model of a model that sees, by the library peft."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from mousegpt.core.errors import BackendError


def attach_adapters(model: Any, *, rank: int = 16) -> Any:
    """Freeze a model and give each linear layer of its language model an adapter.

    The eye, the projector and the table that turns tokens into words stay as they are.

    Raises
    ------
    BackendError
        When peft is missing.
    """
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise BackendError(
            f"Adapters need peft ({error}); install it with `pip install 'mousegpt[vlm]'`."
        ) from error
    names = list_language_layers(model)
    return get_peft_model(model, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=names))


def list_language_layers(model: Any) -> list[str]:
    """Return the names of the linear layers of the language model, whatever its family."""
    inside = {id(each) for each in model.get_decoder().modules() if isinstance(each, nn.Linear)}
    return [name for name, each in model.named_modules() if id(each) in inside]


def list_trained(model: nn.Module) -> dict[str, Tensor]:
    """Return the weights that learn, by name."""
    return {name: each for name, each in model.named_parameters() if each.requires_grad}


def save_adapters(model: Any, folder: Path) -> None:
    """Save the adapters alone, as peft reads them: complete or not at all."""
    part = _make_place(folder)
    model.save_pretrained(part)
    _put(part, folder)


def save_merged(model: Any, processor: Any, folder: Path) -> None:
    """Save the model with the adapters added to its weights, as `backends.transformers` reads it.

    The adapters are gone from ``model`` afterwards.
    """
    part = _make_place(folder)
    model.merge_and_unload().save_pretrained(part)
    processor.save_pretrained(part)
    _put(part, folder)


def _make_place(folder: Path) -> Path:
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    return part


def _put(part: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
