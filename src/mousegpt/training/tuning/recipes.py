"""What a fine-tuning is made of: the paper's numbers, and what it leaves open."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from mousegpt.core.errors import DataError

Family = Literal["internvl", "minicpm", "qwen3-vl"]
Tuner = Literal["full", "lora"]

#: Descriptions that the paper trains on.
PAPER_EXAMPLES: Final = round(0.99 * 270_085)
_MOST_SAVES: Final = 20

#: What the paper's two rates mean under ms-swift: its own default for all weights is 1e-5, too.
LEARNING_RATES: Final[Mapping[Tuner, float]] = MappingProxyType({"full": 1e-5, "lora": 1e-4})


class BaseModelCard(BaseModel):
    """A model that can be tuned; sizes in billions of weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    family: Family
    vision_b: float = Field(ge=0)
    language_b: float = Field(gt=0)
    layers: int = Field(ge=1)
    width: int = Field(ge=1)
    vocabulary: int = Field(ge=1)

    @property
    def total_b(self) -> float:
        """All weights, in billions."""
        return self.vision_b + self.language_b


class TuningRecipe(BaseModel):
    """Everything a fine-tuning depends on, but the data and the machine.

    ``n_gpus`` and ``batch`` are the paper's; with other GPUs the effective batch is kept by
    accumulating gradients.

    Notes
    -----
    Source: Methods 4.3 (AdamW 1e-5, cosine, warm-up 0.05, bf16, flash attention, batch 1 on 32
    GPUs, 18,000 and 45,900 iterations). The paper names neither the DeepSpeed stage, nor whether
    all weights or adapters are trained: all, since 1e-5 is ms-swift's own rate for all, and 1e-4
    that for adapters. Weight decay and the frozen vision tower are ms-swift's defaults.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    base: BaseModelCard
    tuner: Tuner = "full"
    deepspeed: Literal["zero1", "zero2", "zero3"] = "zero3"
    learning_rate: float = Field(default=1e-5, gt=0)
    schedule: Literal["cosine"] = "cosine"
    warmup_ratio: float = Field(default=0.05, ge=0, lt=1)
    weight_decay: float = Field(default=0.1, ge=0)
    precision: Literal["bfloat16"] = "bfloat16"
    attention: Literal["flash_attn", "sdpa"] = "flash_attn"
    freeze_vision: bool = True
    lora_rank: int = Field(default=16, ge=1)
    batch: int = Field(default=1, ge=1)
    n_gpus: int = Field(default=32, ge=1)
    iterations: int = Field(ge=1)
    save_steps: int = Field(default=500, ge=1)
    max_tokens: int = Field(default=4096, ge=256)
    seed: int = Field(default=42, ge=0)

    @property
    def effective_batch(self) -> int:
        """Examples of one step."""
        return self.batch * self.n_gpus

    def accumulate(self, n_gpus: int) -> int:
        """Return how many gradients are added up so that a step sees as many examples.

        >>> find_tuning_recipe("lite").accumulate(8)
        4
        """
        return max(1, math.ceil(self.effective_batch / (self.batch * n_gpus)))

    def plan_steps(self, n_examples: int) -> int:
        """Return how many steps see the data as often as the paper does; at most its iterations.

        >>> recipe = find_tuning_recipe("large")
        >>> recipe.plan_steps(267_384), recipe.plan_steps(5_000)
        (18000, 337)
        """
        steps = math.ceil(self.iterations * n_examples / PAPER_EXAMPLES)
        return max(1, min(self.iterations, steps))

    def space_saves(self, n_steps: int) -> int:
        """Return the steps between two checkpoints: about twenty of a short training.

        >>> find_tuning_recipe("large").space_saves(337)
        17
        """
        return max(1, min(self.save_steps, math.ceil(n_steps / _MOST_SAVES)))


#: Architectures as published in the models' config.json; the first two are the paper's.
BASE_MODELS: Final[Mapping[str, BaseModelCard]] = MappingProxyType(
    {
        card.model: card
        for card in (
            BaseModelCard(
                model="OpenGVLab/InternVL2-Llama3-76B", family="internvl",
                vision_b=5.7, language_b=70.6, layers=80, width=8192, vocabulary=128_265,
            ),
            BaseModelCard(
                model="openbmb/MiniCPM-V-2_6", family="minicpm",
                vision_b=0.5, language_b=7.6, layers=28, width=3584, vocabulary=151_700,
            ),
            BaseModelCard(
                model="OpenGVLab/InternVL3-78B-hf", family="internvl",
                vision_b=5.7, language_b=72.7, layers=80, width=8192, vocabulary=151_674,
            ),
            BaseModelCard(
                model="OpenGVLab/InternVL3-8B-hf", family="internvl",
                vision_b=0.3, language_b=7.6, layers=28, width=3584, vocabulary=151_674,
            ),
            BaseModelCard(
                model="Qwen/Qwen3-VL-8B-Instruct", family="qwen3-vl",
                vision_b=0.6, language_b=8.2, layers=36, width=4096, vocabulary=151_936,
            ),
        )
    }
)  # fmt: skip

TUNING_RECIPES: Final[Mapping[str, TuningRecipe]] = MappingProxyType(
    {
        "large": TuningRecipe(
            name="large", base=BASE_MODELS["OpenGVLab/InternVL2-Llama3-76B"], iterations=18_000
        ),
        "lite": TuningRecipe(
            name="lite",
            base=BASE_MODELS["openbmb/MiniCPM-V-2_6"],
            iterations=45_900,
            deepspeed="zero2",
        ),
    }
)


def find_tuning_recipe(
    name: str,
    *,
    model: str | None = None,
    tuner: Tuner | None = None,
    rate: Annotated[float, Field(gt=0)] | None = None,
) -> TuningRecipe:
    """Return a recipe, with another base model or with adapters when asked for.

    Parameters
    ----------
    model
        One of `BASE_MODELS`; the recipe's own when None.
    tuner
        "lora" trains adapters at a higher rate; the base model is then held in bf16 only.
    rate
        Highest learning rate; that of the tuner when None.

    Raises
    ------
    DataError
        When there is no such recipe or model.

    Examples
    --------
    >>> find_tuning_recipe("large").iterations
    18000
    >>> find_tuning_recipe("lite", tuner="lora").learning_rate
    0.0001
    """
    if name not in TUNING_RECIPES:
        raise DataError(
            f"There is no recipe '{name}' for ms-swift; choose one of {', '.join(TUNING_RECIPES)}. "
            "The small model of our own is trained by `mousegpt train nano`."
        )
    if model is not None and model not in BASE_MODELS:
        raise DataError(
            f"The model '{model}' is not known; choose one of {', '.join(BASE_MODELS)}."
        )
    recipe = TUNING_RECIPES[name]
    changes: dict[str, object] = {} if model is None else {"base": BASE_MODELS[model]}
    if tuner is not None:
        changes |= {"tuner": tuner, "learning_rate": LEARNING_RATES[tuner]}
    if rate is not None:
        changes["learning_rate"] = rate
    return recipe.model_copy(update=changes)


def count_image_tokens(family: Family, width_px: int, height_px: int) -> int:
    """Return how many tokens a picture takes, as each family cuts it up.

    InternVL: tiles of 448 px (256 tokens each, at most 12) and an overview when there are several;
    MiniCPM-V: slices of 448 px (64 each, at most 9) and an overview; Qwen3-VL: squares of 32 px.

    Examples
    --------
    >>> [count_image_tokens(family, 896, 448) for family in ("internvl", "minicpm", "qwen3-vl")]
    [768, 192, 392]
    """
    if family == "qwen3-vl":
        return math.ceil(width_px / 32) * math.ceil(height_px / 32)
    if family == "minicpm":
        n = min(math.ceil(width_px * height_px / 448**2), 9)
        return 64 * (n + (n > 1))
    n = _count_tiles(width_px, height_px)
    return 256 * (n + (n > 1))


def _count_tiles(width_px: int, height_px: int, *, most: int = 12) -> int:
    """Return the tiles of the grid nearest in shape; of equals the largest that is half filled."""
    grids = [(i, j) for i in range(1, most + 1) for j in range(1, most + 1) if i * j <= most]
    shape = width_px / height_px
    best, nearest = (1, 1), math.inf
    for i, j in sorted(grids, key=lambda grid: grid[0] * grid[1]):
        distance = abs(shape - i / j)
        fills = width_px * height_px > 0.5 * 448**2 * i * j
        if distance < nearest or (distance == nearest and fills):
            best, nearest = (i, j), distance
    return best[0] * best[1]
