"""The exact command of ms-swift, and whether ms-swift knows every word of it."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from mousegpt.training.tuning.recipes import TuningRecipe

#: Version of ms-swift whose options are listed in swift_options.txt.
SWIFT_VERSION: Final = "4.6.0"
KEPT_CHECKPOINTS: Final = 2
_RENAMED: Final = {"train_type": "tuner_type", "sft_type": "tuner_type"}  # of older versions


@dataclass(frozen=True)
class Command:
    """Words and environment of a command; it is run without a shell."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]

    def write(self) -> str:
        """Write it as it would be typed, one option a line."""
        lines = [f"{name}={shlex.quote(value)}" for name, value in self.environment.items()]
        words = [shlex.quote(word) for word in self.argv]
        line = " ".join(words[:2])
        for word in words[2:]:
            if word.startswith("--"):
                lines.append(line)
                line = f"    {word}"
            else:
                line += f" {word}"
        return " \\\n".join([*lines, line])


def build_command(
    recipe: TuningRecipe,
    *,
    train: Path,
    validation: Path | None,
    pictures: Path,
    out: Path,
    n_gpus: int,
    n_nodes: int = 1,
    n_steps: int | None = None,
    swift: str = "swift",
) -> Command:
    """Write the command that trains a recipe on records.

    Parameters
    ----------
    pictures
        Folder that paths of pictures are relative to.
    n_gpus
        Of all machines together.
    n_nodes
        Machines; each runs the command, with its own NODE_RANK and the same MASTER_ADDR.
    n_steps
        The paper's when None.

    Notes
    -----
    ``--strict true`` makes ms-swift stop at a faulty record, which it would skip otherwise;
    ``--add_version false`` keeps checkpoints where the next run finds them.
    """
    n_steps = n_steps or recipe.iterations
    options = {
        **_list_model(recipe),
        "dataset": str(train),
        **({"val_dataset": str(validation)} if validation else {}),
        "split_dataset_ratio": "0",
        "strict": "true",
        "max_length": str(recipe.max_tokens),
        "truncation_strategy": "delete",
        "max_steps": str(n_steps),
        **_list_optimizer(recipe, n_gpus),
        **_list_checkpoints(recipe, n_steps, validates=validation is not None),
        "output_dir": str(out),
        "add_version": "false",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    environment = {"NPROC_PER_NODE": str(n_gpus // n_nodes), "ROOT_IMAGE_DIR": str(pictures)}
    if n_nodes > 1:
        environment["NNODES"] = str(n_nodes)
    if recipe.base.family == "internvl":
        environment |= {"INPUT_SIZE": "448", "MAX_NUM": "12"}
    return Command((swift, "sft", *words), environment)


def _list_model(recipe: TuningRecipe) -> dict[str, str]:
    return {
        "model": recipe.base.model,
        "use_hf": "true",
        "tuner_type": recipe.tuner,
        "torch_dtype": recipe.precision,
        "attn_impl": recipe.attention,
        "freeze_vit": _tell(recipe.freeze_vision),
        "freeze_aligner": "false",
    }


def _list_optimizer(recipe: TuningRecipe, n_gpus: int) -> dict[str, str]:
    return {
        "per_device_train_batch_size": str(recipe.batch),
        "per_device_eval_batch_size": str(recipe.batch),
        "gradient_accumulation_steps": str(recipe.accumulate(n_gpus)),
        "optim": "adamw_torch",
        "learning_rate": f"{recipe.learning_rate:g}",
        "lr_scheduler_type": recipe.schedule,
        "warmup_ratio": f"{recipe.warmup_ratio:g}",
        "weight_decay": f"{recipe.weight_decay:g}",
        **(_list_lora(recipe) if recipe.tuner == "lora" else {}),
        "gradient_checkpointing": "true",
        "deepspeed": recipe.deepspeed,
    }


def _list_checkpoints(recipe: TuningRecipe, n_steps: int, *, validates: bool) -> dict[str, str]:
    every = str(recipe.space_saves(n_steps))
    return {
        "save_strategy": "steps",
        "save_steps": every,
        "eval_strategy": "steps" if validates else "no",
        "eval_steps": every,
        "save_total_limit": str(KEPT_CHECKPOINTS),
        "save_only_model": "false",
        "logging_steps": "10",
        "seed": str(recipe.seed),
        "data_seed": str(recipe.seed),
    }


def check_options(argv: Sequence[str]) -> list[str]:
    """Name the options of a command that ms-swift does not know, and values that it refuses.

    Parameters
    ----------
    argv
        ``swift``, the name of the command, its options.

    Examples
    --------
    >>> check_options(["swift", "sft", "--train_type", "lora", "--deepspeed", "zero4"])
    ['swift sft 4.6.0 has no option --train_type (tuner_type?)', \
'--deepspeed is zero4, not one of zero0, zero1, zero2, zero3, zero2_offload, zero3_offload']
    """
    name = argv[1] if len(argv) > 1 else ""
    known = load_options().get(name)
    if known is None:
        return [f"the options of `swift {name}` are not listed"]
    faults = []
    for place, word in enumerate(argv[2:], 2):
        option = word.removeprefix("--")
        if not word.startswith("--"):
            continue
        if option not in known:
            near = [_RENAMED[option]] if option in _RENAMED else _find_near(option, known)
            hint = f" ({near[0]}?)" if near else ""
            faults.append(f"swift {name} {SWIFT_VERSION} has no option --{option}{hint}")
            continue
        value = argv[place + 1] if place + 1 < len(argv) else ""
        if known[option] and value not in known[option]:
            faults.append(f"--{option} is {value}, not one of {', '.join(known[option])}")
    return faults


@cache
def load_options() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return the options of each command of ms-swift, with the values that are listed.

    >>> load_options()["sft"]["tuner_type"][:2]
    ('lora', 'full')
    """
    text = (files(__package__) / "swift_options.txt").read_text("utf-8")
    commands: dict[str, dict[str, tuple[str, ...]]] = {}
    for line in text.splitlines():
        if header := re.fullmatch(r"\[(\w+)\]", line):
            commands[header[1]] = {}
        elif line and not line.startswith("#"):
            name, _, values = line.partition(" = ")
            commands[next(reversed(commands))][name] = tuple(values.split())
    return commands


def _find_near(option: str, known: Mapping[str, object]) -> list[str]:
    return difflib.get_close_matches(option, known, n=1)


def _list_lora(recipe: TuningRecipe) -> dict[str, str]:
    rank = recipe.lora_rank
    return {
        "lora_rank": str(rank),
        "lora_alpha": str(2 * rank),
        "target_modules": "all-linear",
    }


def _tell(flag: bool) -> str:
    return "true" if flag else "false"
