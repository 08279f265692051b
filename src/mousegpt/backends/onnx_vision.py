"""Our detector and pose network in onnxruntime: on the CPU, on a CUDA GPU where there is one.

Colours are normalised and boxes decoded inside the graph, so that a file of weights needs no
other. Its header says what it is, for which size, and for which keypoints.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.errors import BackendError
from mousegpt.core.skeleton import KEYPOINTS

_PREFERRED: Final = ("CUDAExecutionProvider", "CPUExecutionProvider")


class OnnxNetwork:
    """A network in a file.

    Parameters
    ----------
    kind
        "detector" or "pose": what the file must hold.
    batch
        Pictures that go through the network at once.
    n_threads
        On the CPU, of one call. One is best where several calls run at once, as they do in
        `mousegpt.pipeline.posing`.

    Raises
    ------
    BackendError
        When the file is missing, unreadable, or holds something else.
    """

    def __init__(
        self,
        path: str | Path,
        kind: str,
        *,
        batch: Annotated[int, Field(ge=1)] = 8,
        n_threads: Annotated[int, Field(ge=1)] = 1,
    ) -> None:
        path = Path(path)
        if not path.is_file():
            raise BackendError(f"There is no network {path}; train one or correct the path.")
        content = path.read_bytes()
        self._batch = batch
        self._session = _open_session(content, path, n_threads)
        about = self._session.get_modelmeta().custom_metadata_map
        if about.get("kind") != kind:
            raise BackendError(
                f"Expected a {kind} network of mousegpt in {path}, found "
                f"{about.get('kind', 'something else')}; export it with mousegpt train {kind}."
            )
        if kind == "pose" and tuple(json.loads(about["keypoints"])) != KEYPOINTS:
            raise BackendError(
                f"The network {path} knows other keypoints than ours; train it anew."
            )
        self._name = f"{about['name']}-{sha256(content).hexdigest()[:8]}"
        self._size_px = int(about["size_px"])

    @property
    def name(self) -> str:
        """Name of the architecture and the start of the checksum of the file."""
        return self._name

    @property
    def size_px(self) -> int:
        """Edge of the pictures it takes."""
        return self._size_px

    @property
    def provider(self) -> str:
        """What it runs on, in onnxruntime's words."""
        return str(self._session.get_providers()[0])

    def _predict(self, pictures: ImageArray) -> FloatArray:
        if not len(pictures):  # onnxruntime cannot reshape what is empty
            return self._predict(np.zeros((1, *pictures.shape[1:]), dtype=np.uint8))[:0]
        parts = [
            self._session.run(None, {"picture": pictures[start : start + self._batch]})[0]
            for start in range(0, len(pictures), self._batch)
        ]
        return np.concatenate(parts)


class OnnxDetector(OnnxNetwork):
    """Proposes boxes (port `Detector`)."""

    def __init__(self, path: str | Path, *, batch: int = 8, n_threads: int = 1) -> None:
        super().__init__(path, "detector", batch=batch, n_threads=n_threads)

    def predict_boxes(self, squares: ImageArray) -> FloatArray:
        """Return proposals, shape (n, proposal, 5): box in pixels and score."""
        return self._predict(squares)


class OnnxPoseEstimator(OnnxNetwork):
    """Draws heat-maps (port `PoseEstimator`)."""

    def __init__(self, path: str | Path, *, batch: int = 8, n_threads: int = 1) -> None:
        super().__init__(path, "pose", batch=batch, n_threads=n_threads)

    def predict_heatmaps(self, crops: ImageArray) -> FloatArray:
        """Return heat-maps, shape (n, 24, cells, cells)."""
        return self._predict(crops)


def _open_session(content: bytes, path: Path, n_threads: int) -> Any:
    from onnxruntime import InferenceSession, SessionOptions, get_available_providers

    options = SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = n_threads, 1
    options.log_severity_level = 3
    there = [name for name in _PREFERRED if name in get_available_providers()]
    try:
        return InferenceSession(content, options, providers=there)
    except Exception as error:  # onnxruntime raises classes of its own, one per fault
        raise BackendError(
            f"The file {path} is no network that onnxruntime can read ({error}); export it again."
        ) from error
