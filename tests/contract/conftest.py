"""Networks that are small but real, made with training's export."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def tiny_networks(tmp_path_factory):
    """Return a folder with detector.onnx and pose.onnx of random weights."""
    torch = pytest.importorskip("torch", reason="PyTorch is missing: pip install 'mousegpt[train]'")
    pytest.importorskip("onnx", reason="onnx is missing: pip install 'mousegpt[train]'")
    from mousegpt.training.detector import Detector
    from mousegpt.training.export import export_network
    from mousegpt.training.hrnet import ARCHITECTURES, PoseNetwork

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("networks")
    anchors = np.array([8.0, 12, 16, 20, 28, 36, 44, 52, 60]).repeat(2).reshape(3, 3, 2)
    detector = Detector(anchors, depth=0.1, width=0.125)
    pose = PoseNetwork(ARCHITECTURES["w8-tiny"])
    torch.nn.init.normal_(pose.head.weight)
    export_network(detector, folder / "detector.onnx", name="tiny-detector", size_px=64)
    export_network(pose, folder / "pose.onnx", name="tiny-pose", size_px=64)
    return folder
