"""The shipped networks look at a real mouse by five cameras; these agree on where it is."""

import numpy as np
import pytest

from mousegpt.backends.registry import WEIGHTS
from mousegpt.io.calibration import load_calibration
from mousegpt.pipeline.posing import estimate_views


@pytest.mark.slow
def test_every_view_of_a_real_mouse_has_a_box_around_it(shared_data):
    onnx_vision = pytest.importorskip("mousegpt.backends.onnx_vision")
    if not (WEIGHTS / "detector.onnx").is_file():
        pytest.skip("no networks are shipped in this tree")
    folder = shared_data / "dannce_cylinder_5cam"
    rig = load_calibration(folder / "calibration.json")
    seen = estimate_views(
        {view: folder / "videos" / f"{view}.mp4" for view in rig.views},
        onnx_vision.OnnxDetector(WEIGHTS / "detector.onnx"),
        onnx_vision.OnnxPoseEstimator(WEIGHTS / "pose.onnx"),
        frames=range(0, 2758, 350),
        rig=rig,
    )
    assert seen.sighting.views == rig.views
    assert (seen.sighting.n_views >= 3).all()
    boxes = seen.boxes[:, :, 0, :4]
    places = np.stack([camera.project(seen.sighting.place) for camera in rig.cameras.values()])
    assert ((places > boxes[..., :2]) & (places < boxes[..., 2:])).all()
