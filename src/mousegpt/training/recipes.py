"""What a training is made of: network, optimiser, schedule; the paper's, and smaller ones."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from mousegpt.core.errors import DataError
from mousegpt.training.augmentation import Augmentation
from mousegpt.training.schedule import decay_in_steps, decay_linearly, warm_up

Kind = Literal["detector", "pose"]
EFFICIENT: Final = "lite0"  # the pose network that is no HRNet


class Recipe(BaseModel):
    """Everything that a training depends on, but the data.

    ``network`` names an HRNet of `hrnet.ARCHITECTURES` or is "lite0" (`efficient`), or tells depth
    and width of the detector as "DEPTHxWIDTH". ``ema``: the share that the average of the weights
    keeps at each step. ``min_share``: what a small source is repeated to, as a share of the
    largest.

    Notes
    -----
    Source: Methods 4.2 (optimisers and schedules).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    network: str
    size_px: int = Field(ge=32, multiple_of=32)
    batch: int = Field(default=16, ge=1)
    epochs: int = Field(default=200, ge=1)
    optimizer: Literal["sgd", "adam"] = "adam"
    learning_rate: float = Field(default=5e-4, gt=0)
    momentum: float = Field(default=0.937, ge=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0)
    decay: Literal["linear", "steps"] = "steps"
    warm_up_steps: int = Field(default=500, ge=0)
    ema: float = Field(default=0.9995, ge=0, lt=1)
    max_gradient: float = Field(default=10.0, gt=0)
    min_share: float = Field(default=0.2, ge=0, le=0.5)
    augmentation: Augmentation = Augmentation()
    seed: int = Field(default=0, ge=0)

    def scale_rate(self, step: int, n_steps: int) -> float:
        """Return the learning rate at a step."""
        share = step / max(n_steps, 1)
        factor = decay_linearly(share) if self.decay == "linear" else decay_in_steps(share)
        start = min(self.warm_up_steps, n_steps // 5)  # short trainings warm up shortly
        return self.learning_rate * factor * warm_up(step, n_steps=start)


_DETECTOR: Final = Recipe(
    kind="detector", network="0.33x0.5", size_px=640, optimizer="sgd", learning_rate=1e-3,
    weight_decay=5e-4, decay="linear",
    augmentation=Augmentation(rotation_deg=10, scale=0.5, clutter=0.6),
)  # fmt: skip
_LIGHT_DETECTOR: Final = _DETECTOR.model_copy(
    update={
        "network": "0.33x0.25",
        "size_px": 320,
        "batch": 32,
        "epochs": 12,
        "optimizer": "adam",
        "weight_decay": 0.0,
        "warm_up_steps": 100,
        "ema": 0.998,
    }
)
_POSE: Final = Recipe(kind="pose", network="w48", size_px=256)
_LIGHT_POSE: Final = _POSE.model_copy(
    update={
        "network": "w16-light",
        "size_px": 192,
        "batch": 32,
        "epochs": 20,
        "learning_rate": 2e-3,
        "decay": "linear",
        "warm_up_steps": 200,
        "ema": 0.998,
        "min_share": 0.05,
    }
)

#: "paper" is the paper's; "small" is for minutes on a GPU; "light" learns in hours on a CPU,
#: "pretrained" too, from weights that know photographs (``--init imagenet``)
PRESETS: Final[Mapping[str, Mapping[str, Recipe]]] = MappingProxyType(
    {
        "detector": {
            "paper": _DETECTOR,
            "small": _DETECTOR.model_copy(
                update={
                    "network": "0.33x0.25",
                    "size_px": 320,
                    "epochs": 60,
                    "optimizer": "adam",
                    "learning_rate": 1e-3,
                    "weight_decay": 0.0,
                }
            ),
            "light": _LIGHT_DETECTOR,
            "pretrained": _LIGHT_DETECTOR.model_copy(
                update={"network": EFFICIENT, "epochs": 3, "min_share": 0.05}
            ),
        },
        "pose": {
            "paper": _POSE,
            "w32": _POSE.model_copy(update={"network": "w32"}),
            "small": _POSE.model_copy(
                update={"network": "w18-small", "learning_rate": 1e-3, "epochs": 60}
            ),
            "light": _LIGHT_POSE,
            "pretrained": _LIGHT_POSE.model_copy(
                update={"network": EFFICIENT, "epochs": 12, "learning_rate": 1e-3}
            ),
        },
    }
)


def find_recipe(kind: str, preset: str) -> Recipe:
    """Return the recipe of that name.

    Raises
    ------
    DataError
        When there is none.

    Examples
    --------
    >>> find_recipe("pose", "paper").learning_rate
    0.0005
    """
    known = PRESETS[kind]
    if preset not in known:
        raise DataError(f"There is no preset '{preset}'; choose one of {', '.join(known)}.")
    return known[preset]
