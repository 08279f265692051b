"""Networks are found where they are shipped, or where a file is named."""

import pytest

from mousegpt.backends import registry
from mousegpt.backends.registry import find_network, load_detector
from mousegpt.core.errors import BackendError


@pytest.fixture
def weights(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "WEIGHTS", tmp_path)
    return tmp_path


def test_the_shipped_network_is_the_default(weights):
    (weights / "pose.onnx").write_bytes(b"eight bits")
    assert find_network("pose") == find_network("pose", exact=True) == weights / "pose.onnx"
    (weights / "pose.exact.onnx").write_bytes(b"floats")
    assert find_network("pose") == weights / "pose.onnx"
    assert find_network("pose", exact=True) == weights / "pose.exact.onnx"


def test_what_is_missing_is_named_with_its_remedy(weights):
    with pytest.raises(BackendError, match=r"no detector network .* `mousegpt train detector`"):
        load_detector()
    with pytest.raises(BackendError, match=r"There is no pose network mine\.onnx"):
        find_network("pose", "mine.onnx")


def test_what_is_no_network_is_refused(weights):
    (weights / "detector.onnx").write_bytes(b"nonsense")
    with pytest.raises(BackendError, match="no network that onnxruntime can read"):
        load_detector()
