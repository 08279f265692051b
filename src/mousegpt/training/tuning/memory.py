"""How much memory and disk a fine-tuning takes: an estimate, meant to be wrong by a quarter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mousegpt.training.tuning.recipes import TuningRecipe

_GIB: Final = 2**30
_BYTES_WEIGHT: Final = 2.0  # bf16
_BYTES_GRADIENT: Final = 2.0
_BYTES_OPTIMIZER: Final = 12.0  # AdamW: weight and two moments in 32 bits
_BYTES_LOGIT: Final = 12.0  # 16 bits, their copy in 32 bits, and its gradient
_LAYER_PEAK: Final = 34.0  # bytes a token and width of one layer that is computed anew
_OVERHEAD_GIB: Final = 4.0  # context, communication, fragments
_TARGETS_PER_LAYER: Final = 18.0  # widths in and out of a layer's linear maps, for adapters


@dataclass(frozen=True)
class MemoryEstimate:
    """GiB of each GPU, and of the disk for one checkpoint that can be resumed."""

    weights: float
    gradients: float
    optimizer: float
    activations: float
    checkpoint: float

    @property
    def total(self) -> float:
        """GiB of each GPU."""
        parts = self.weights + self.gradients + self.optimizer + self.activations
        return parts + _OVERHEAD_GIB


def estimate_memory(recipe: TuningRecipe, n_gpus: int, n_tokens: int) -> MemoryEstimate:
    """Estimate the memory of each GPU with ZeRO and recomputed activations.

    Parameters
    ----------
    n_tokens
        Of the longest example, picture included.

    Notes
    -----
    ZeRO-1 divides the optimizer among the GPUs, ZeRO-2 the gradients as well, ZeRO-3 also the
    weights. Kept activations are one vector a token and layer; one layer is computed anew.

    Examples
    --------
    The paper's 32 GPUs of 80 GiB hold the large model, 8 do not:

    >>> from mousegpt.training.tuning.recipes import find_tuning_recipe
    >>> [round(estimate_memory(find_tuning_recipe("large"), n, 1500).total) for n in (32, 8)]
    [45, 144]
    """
    base = recipe.base
    total = base.total_b * 1e9
    trained = _count_trained(recipe)
    stage = int(recipe.deepspeed[-1])
    layer = _LAYER_PEAK * base.width
    kept = 2.0 * base.width * base.layers
    tokens = float(n_tokens * recipe.batch)
    gathered = _BYTES_WEIGHT * 2 * base.language_b * 1e9 / base.layers if stage == 3 else 0.0
    return MemoryEstimate(
        weights=(_BYTES_WEIGHT * total / (n_gpus if stage == 3 else 1) + gathered) / _GIB,
        gradients=_BYTES_GRADIENT * trained / (n_gpus if stage >= 2 else 1) / _GIB,
        optimizer=_BYTES_OPTIMIZER * trained / n_gpus / _GIB,
        activations=tokens * (kept + layer + _BYTES_LOGIT * base.vocabulary) / _GIB,
        checkpoint=_measure_checkpoint(recipe, trained, total) / _GIB,
    )


def _count_trained(recipe: TuningRecipe) -> float:
    base = recipe.base
    if recipe.tuner == "lora":
        return recipe.lora_rank * _TARGETS_PER_LAYER * base.width * base.layers
    return (base.language_b if recipe.freeze_vision else base.total_b) * 1e9


def _measure_checkpoint(recipe: TuningRecipe, trained: float, total: float) -> float:
    """Return the bytes of one checkpoint: weights (of adapters alone) and the optimizer."""
    saved = trained if recipe.tuner == "lora" else total
    return _BYTES_WEIGHT * saved + _BYTES_OPTIMIZER * trained
