"""Back ends by name. A new one is a class that fits a port of ``mousegpt.ports`` and a line here.

Classes are imported when they are asked for, so that listing them costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal

from mousegpt.core.errors import BackendError
from mousegpt.ports import Detector, Embedder, Labeler, PoseEstimator

EMBEDDERS: Final = {"bge-small": "mousegpt.backends.onnx:OnnxEmbedder"}
LABELERS: Final = {"rules": "mousegpt.backends.offline:RuleLabeler"}

NetworkKind = Literal["detector", "pose"]

#: The networks that come with mousegpt, trained by scripts/train_shipped_networks.sh. A network
#: that runs in 8 bits has its exact weights beside it, to train on.
WEIGHTS: Final = Path(__file__).parent / "weights"
SHIPPED: Final = "shipped"


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


def find_network(kind: NetworkKind, name: str = SHIPPED, *, exact: bool = False) -> Path:
    """Return the file of a network: of the one that is shipped, or the file that is named.

    Parameters
    ----------
    exact
        The weights of the shipped one before they were made 8-bit, to train on.

    Raises
    ------
    BackendError
        When there is no such file.
    """
    path = WEIGHTS / f"{kind}.onnx" if name == SHIPPED else Path(name)
    if name == SHIPPED and exact and (WEIGHTS / f"{kind}.exact.onnx").is_file():
        path = WEIGHTS / f"{kind}.exact.onnx"
    if path.is_file():
        return path
    if name == SHIPPED:
        raise BackendError(
            f"This installation of mousegpt has no {kind} network ({path} is missing); train one "
            f"with `mousegpt train {kind}`, and name its file in mousegpt.toml: [backends] {kind} "
            "= 'FILE.onnx'."
        )
    raise BackendError(
        f"There is no {kind} network {path}; correct the path, or write '{SHIPPED}' for our own."
    )


def load_detector(name: str = SHIPPED) -> Detector:
    """Return the shipped detector, or the one in a file.

    Raises
    ------
    BackendError
        When the file is missing or holds something else.
    """
    from mousegpt.backends.onnx_vision import OnnxDetector

    return OnnxDetector(find_network("detector", name))


def load_pose_estimator(name: str = SHIPPED) -> PoseEstimator:
    """Return the shipped pose network, or the one in a file.

    Raises
    ------
    BackendError
        When the file is missing or holds something else.
    """
    from mousegpt.backends.onnx_vision import OnnxPoseEstimator

    return OnnxPoseEstimator(find_network("pose", name))


def _load(name: str, known: Mapping[str, str], kind: str) -> Any:
    if name not in known:
        raise BackendError(f"There is no {kind} '{name}'; choose one of: {', '.join(known)}.")
    module, _, attribute = known[name].partition(":")
    return getattr(import_module(module), attribute)()
