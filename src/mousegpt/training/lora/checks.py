"""What can be known about a base model before it is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from mousegpt.training.tuning.checks import Finding, check_data
from mousegpt.training.tuning.recipes import TuningRecipe

_LIBRARIES = ("torch", "transformers", "peft")


def check_tuning(base: Path, data: Path, recipe: TuningRecipe) -> list[Finding]:
    """Check records, the folder of the model and the libraries; loads nothing heavy.

    Returns
    -------
    list of Finding
        Each thing that was looked at, good or bad.
    """
    findings, _ = check_data(recipe, data)
    return [*findings, *_check_base(base), _check_libraries()]


def _check_base(base: Path) -> Iterator[Finding]:
    try:
        config = json.loads((base / "config.json").read_bytes())
    except (OSError, ValueError) as error:
        message = f"{base} has no configuration that can be read ({error}); name a model's folder"
        yield Finding("model", "fault", message)
        return
    size = sum(path.stat().st_size for path in base.glob("*.safetensors")) / 2**30
    if not size:
        yield Finding("model", "fault", f"{base} has no weights in safetensors")
    elif "auto_map" in config:
        message = (
            f"{base} may need code of its own, which is never run; else take the '-hf' version"
        )
        yield Finding("model", "warning", message)
    else:
        kind = config.get("model_type", "unknown")
        yield Finding("model", "ok", f"{kind}, {size:.2f} GiB of weights")


def _check_libraries() -> Finding:
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if not missing:
        return Finding("libraries", "ok", ", ".join(_LIBRARIES))
    told = f"{', '.join(missing)} missing; install them with `pip install 'mousegpt[vlm]'`"
    return Finding("libraries", "fault", told)
