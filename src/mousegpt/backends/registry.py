"""Back ends by name. A new one is a class that fits a port of ``mousegpt.ports`` and a line here.

Classes are imported when they are asked for, so that listing them costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from mousegpt.core.errors import BackendError
from mousegpt.ports import Embedder, Labeler

EMBEDDERS: Final = {"bge-small": "mousegpt.backends.onnx:OnnxEmbedder"}
LABELERS: Final = {"rules": "mousegpt.backends.offline:RuleLabeler"}


def load_embedder(name: str = "bge-small") -> Embedder:
    """Return the text embedder of that name.

    Raises
    ------
    BackendError
        When there is none of that name, or its weights are missing.
    """
    embedder: Embedder = _load(name, EMBEDDERS, "text embedder")
    return embedder


def load_labeler(name: str = "rules") -> Labeler:
    """Return the labeler of that name.

    Examples
    --------
    >>> load_labeler().label_clusters([["walking", "slow pace"]])
    ['walking']
    """
    labeler: Labeler = _load(name, LABELERS, "labeler")
    return labeler


def _load(name: str, known: Mapping[str, str], kind: str) -> Any:
    if name not in known:
        raise BackendError(f"There is no {kind} '{name}'; choose one of: {', '.join(known)}.")
    module, _, attribute = known[name].partition(":")
    return getattr(import_module(module), attribute)()
