"""Everything that a training of the small model depends on, but the data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from pydantic import Field

from mousegpt.core.errors import DataError
from mousegpt.training.augmentation import Augmentation
from mousegpt.training.recipes import EFFICIENT, Recipe


class NanoRecipe(Recipe):
    """Eye, decoder, losses and schedule.

    ``network`` names the pose network that is the eye: "lite0" (`efficient`), or one of
    `hrnet.ARCHITECTURES`. The loss is the mean over facts
    of their cross-entropy, plus ``text_weight`` times that of the words, ``heads_weight`` times
    that of the facts read off the eye at once, and ``points_weight`` times the error of the
    keypoints' heat-maps: the last two tell the eye sooner than words can what it should see.
    Words are learnt from ``text_share`` of each batch, the first facts of all of it: words follow
    easily from facts, and cost as much as the eye. ``drop_*``: how often a view, the neighbours in
    time, or all speeds are left out.
    """

    kind: Literal["nano"] = "nano"  # type: ignore[assignment]
    width: int = Field(default=256, ge=16, multiple_of=16)
    n_layers: int = Field(default=4, ge=1)
    n_heads: int = Field(default=8, ge=1)
    max_tokens: int = Field(default=208, ge=32)
    text_weight: float = Field(default=0.3, ge=0)
    text_share: float = Field(default=0.25, gt=0, le=1)
    heads_weight: float = Field(default=0.5, ge=0)
    points_weight: float = Field(default=0.05, ge=0)
    drop_view: float = Field(default=0.2, ge=0, le=1)
    drop_motion: float = Field(default=0.35, ge=0, le=1)
    drop_speeds: float = Field(default=0.4, ge=0, le=1)


_NANO: Final = NanoRecipe(
    network=EFFICIENT, size_px=160, batch=32, epochs=16, learning_rate=1e-3, decay="linear",
    warm_up_steps=200, ema=0.998, max_gradient=1.0,
    augmentation=Augmentation(shift=0.05, scale=0.15, rotation_deg=8, hide=0.15),
)  # fmt: skip

#: "nano" is what we ship; "large" is for an hour on a GPU
NANO_PRESETS: Final[Mapping[str, NanoRecipe]] = MappingProxyType(
    {
        "nano": _NANO,
        "large": _NANO.model_copy(
            update={
                "network": "w32", "size_px": 224, "width": 384, "n_layers": 6, "batch": 128,
                "epochs": 30, "learning_rate": 5e-4, "ema": 0.9995,
            }
        ),
    }
)  # fmt: skip


def find_nano_recipe(preset: str) -> NanoRecipe:
    """Return the recipe of that name.

    Raises
    ------
    DataError
        When there is none.

    Examples
    --------
    >>> find_nano_recipe("nano").size_px
    160
    """
    if preset not in NANO_PRESETS:
        raise DataError(f"There is no preset '{preset}'; choose one of {', '.join(NANO_PRESETS)}.")
    return NANO_PRESETS[preset]
