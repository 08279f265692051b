# ruff: noqa: E402  (imports follow the question whether torch is there)
"""The networks learn, go on after a kill, and answer the same in onnxruntime."""

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is missing: pip install 'mousegpt[train]'")
pytest.importorskip("onnx", reason="onnx is missing: pip install 'mousegpt[train]'")

from mousegpt.backends.onnx_vision import OnnxDetector, OnnxPoseEstimator
from mousegpt.core.errors import BackendError, ProjectError
from mousegpt.training.augmentation import NO_AUGMENTATION
from mousegpt.training.checkpoints import FILE, LOG, begin, load_checkpoint, load_matching
from mousegpt.training.detector import Detector
from mousegpt.training.export import export_network, quantize_network
from mousegpt.training.hrnet import ARCHITECTURES, PoseNetwork, compute_heatmap_loss
from mousegpt.training.loop import train_network
from mousegpt.training.proposals import compute_complete_iou, match_anchors
from mousegpt.training.recipes import Recipe
from mousegpt.training.runs import run_training
from mousegpt.training.samples import Sample, enclose_points, name_pack, save_pack
from mousegpt.training.tasks import DetectorTask, PoseTask
from mousegpt.vision.detection import detect_mice, measure_overlaps
from mousegpt.vision.pose2d import estimate_poses

ANCHORS = np.array([8.0, 12, 16, 20, 28, 36, 44, 52, 60]).repeat(2).reshape(3, 3, 2)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def draw_samples(n, size=96):
    """Blobs with a bright point for each keypoint: the place of each follows from the blob's."""
    rng = np.random.default_rng(0)
    spread = np.stack(np.meshgrid(np.arange(6), np.arange(4)), axis=-1).reshape(24, 2)
    samples = []
    for _ in range(n):
        image = np.full((size, size, 3), 90, dtype=np.uint8)
        corner, step = rng.integers(8, 40, 2), int(rng.integers(5, 9))
        points = corner + spread * step
        low, high = points.min(axis=0) - 3, points.max(axis=0) + 4
        image[low[1] : high[1], low[0] : high[0]] = rng.integers(150, 250, 3)
        image[points[:, 1], points[:, 0]] = 0
        at, seen = points[None].astype(float), np.ones((1, 24), dtype=bool)
        samples.append(Sample(image, enclose_points(at, seen), at, seen))
    return samples


def make_recipe(kind, **changes):
    network, size = ("w8-tiny", 64) if kind == "pose" else ("0.1x0.125", 64)
    plain = {"kind": kind, "network": network, "size_px": size, "batch": 4, "epochs": 10,
             "learning_rate": 0.005, "augmentation": NO_AUGMENTATION, "ema": 0.9}  # fmt: skip
    return Recipe.model_validate(plain | changes)


def test_the_networks_have_the_published_sizes():
    def count(network):
        return sum(p.numel() for p in network.parameters())

    assert count(Detector(ANCHORS)) == pytest.approx(7.02e6, rel=0.01)
    assert count(PoseNetwork(ARCHITECTURES["w32"])) == pytest.approx(28.5e6, rel=0.01)


def test_heatmaps_are_a_quarter_of_the_crop():
    maps = PoseNetwork(ARCHITECTURES["w8-tiny"])(torch.zeros(2, 3, 64, 64))
    assert maps.shape == (2, 24, 16, 16)


@pytest.mark.parametrize("kind", ["pose", "detector"])
def test_some_steps_lower_the_loss(kind, tmp_path):
    recipe, samples = make_recipe(kind, epochs=25), draw_samples(4)
    task = (
        PoseTask(recipe, [samples]) if kind == "pose" else DetectorTask(recipe, [samples], ANCHORS)
    )
    if kind == "detector":
        task.inputs._mosaic = 0
    state = train_network(task, recipe, tmp_path, lengths=[4], save_every=1000)
    losses = [row["loss"] for row in state.rows]
    assert np.mean(losses[-5:]) < 0.9 * losses[0]


@pytest.mark.slow
def test_the_pose_network_learns_four_pictures_by_heart(tmp_path):
    samples = draw_samples(4)
    recipe = make_recipe("pose", epochs=120)
    task = PoseTask(recipe, [samples])
    state = train_network(task, recipe, tmp_path, lengths=[4], save_every=1000)
    losses = [row["loss"] for row in state.rows]
    assert losses[-1] < 0.1 * losses[0]
    task.network.load_state_dict(state.average)
    export_network(task.network, tmp_path / "pose.onnx", name="tiny", size_px=64)
    boxes = np.concatenate([sample.boxes for sample in samples])
    estimator = OnnxPoseEstimator(tmp_path / "pose.onnx", n_threads=1)
    found = estimate_poses([sample.image for sample in samples], boxes, estimator)
    truth = np.concatenate([sample.keypoints for sample in samples])
    away = np.linalg.norm(found[..., :2] - truth, axis=-1)
    assert np.median(away) < 1.5
    assert np.median(found[..., 2]) > 0.5


@pytest.mark.slow
def test_the_detector_learns_four_pictures_by_heart(tmp_path):
    samples = draw_samples(4)
    recipe = make_recipe("detector", epochs=150, optimizer="sgd", learning_rate=0.02,
                         decay="linear", batch=4)  # fmt: skip
    task = DetectorTask(recipe, [samples], ANCHORS)
    task.inputs._mosaic = 0
    state = train_network(task, recipe, tmp_path, lengths=[4], save_every=1000)
    task.network.load_state_dict(state.average)
    export_network(task.network, tmp_path / "detector.onnx", name="tiny", size_px=64)
    detector = OnnxDetector(tmp_path / "detector.onnx", n_threads=1)
    found = detect_mice([sample.image for sample in samples], detector, min_score=0.1)
    for boxes, sample in zip(found, samples, strict=True):
        assert len(boxes) == 1
        assert measure_overlaps(boxes[:, :4], sample.boxes)[0, 0] > 0.7


@pytest.mark.parametrize("kind", ["pose", "detector"])
def test_a_training_that_was_stopped_ends_as_one_that_was_not(kind, tmp_path):
    recipe = make_recipe(kind, epochs=3, batch=2, augmentation={})
    samples = draw_samples(5)

    def train(folder, stop_after=None):
        torch.manual_seed(1)
        task = (
            PoseTask(recipe, [samples])
            if kind == "pose"
            else DetectorTask(recipe, [samples], ANCHORS)
        )
        return train_network(task, recipe, folder, lengths=[5], stop_after=stop_after)

    whole = train(tmp_path / "whole")
    for step in (1, 4, 7):  # in the middle of epochs of three steps
        train(tmp_path / "stopped", stop_after=step)
    resumed = train(tmp_path / "stopped")
    assert resumed.step == whole.step == 9
    for name, tensor in whole.average.items():
        assert torch.equal(tensor, resumed.average[name]), name
    log = [(tmp_path / folder / LOG).read_bytes() for folder in ("whole", "stopped")]
    assert log[0] == log[1]


def test_a_folder_with_another_recipe_is_refused(tmp_path):
    samples = draw_samples(2)
    for recipe in (make_recipe("pose", epochs=1), make_recipe("pose", epochs=2)):
        task = PoseTask(recipe, [samples])
        if recipe.epochs == 2:
            with pytest.raises(ProjectError, match="another epochs"):
                train_network(task, recipe, tmp_path, lengths=[2])
        else:
            train_network(task, recipe, tmp_path, lengths=[2])


def test_a_run_leaves_network_log_and_curves(tmp_path):
    for number in range(10):
        save_pack(name_pack(tmp_path / "packs", "toy", number), draw_samples(2))
    recipe = make_recipe("detector", epochs=2)
    path = run_training(recipe, [tmp_path / "packs"], tmp_path / "out")
    log = pd.read_csv(tmp_path / "out" / LOG)
    assert {"loss", "validation_loss", "iou"} <= set(log.columns)
    assert (tmp_path / "out/curves.png").read_bytes().startswith(b"\x89PNG")
    assert OnnxDetector(path, n_threads=1).name.startswith("yolo-0.1x0.125-64-")
    with pytest.raises(BackendError, match="Expected a pose network"):
        OnnxPoseEstimator(path)
    begun = run_training(
        make_recipe("detector", epochs=1), [tmp_path / "packs"], tmp_path / "next",
        init=tmp_path / "out" / FILE,
    )  # fmt: skip
    anchors = [load_checkpoint(tmp_path / f / FILE)["average"]["anchors"] for f in ("out", "next")]
    assert begun.exists()
    assert torch.equal(*anchors)


def test_a_pose_run_begins_with_the_weights_of_another():
    a, b = (PoseNetwork(ARCHITECTURES["w8-tiny"]) for _ in range(2))
    n = load_matching(b, a.state_dict())
    assert n == len(a.state_dict())
    assert torch.equal(a.head.weight, b.head.weight)
    with pytest.raises(ProjectError, match="another network"):
        load_matching(b, {"head.weight": torch.zeros(1)})


@pytest.mark.parametrize("kind", ["pose", "detector"])
def test_exported_networks_answer_as_torch_for_any_batch(kind, tmp_path):
    network = PoseNetwork(ARCHITECTURES["w8-tiny"]) if kind == "pose" else Detector(
        ANCHORS, depth=0.1, width=0.125
    )  # fmt: skip
    if kind == "pose":
        torch.nn.init.normal_(network.head.weight)
    path = tmp_path / "net.onnx"
    assert export_network(network, path, name="net", size_px=64) < 1e-5
    pictures = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), dtype=np.uint8)
    backend = (OnnxPoseEstimator if kind == "pose" else OnnxDetector)(path, batch=2, n_threads=1)
    predict = backend.predict_heatmaps if kind == "pose" else backend.predict_boxes
    one = np.concatenate([predict(picture[None]) for picture in pictures])
    np.testing.assert_allclose(predict(pictures), one, atol=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_eight_bits_answer_nearly_the_same(tmp_path):
    network = PoseNetwork(ARCHITECTURES["w8-tiny"])
    torch.nn.init.normal_(network.head.weight)
    export_network(network, tmp_path / "net.onnx", name="net", size_px=64)
    pictures = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    quantize_network(tmp_path / "net.onnx", tmp_path / "small.onnx", list(pictures))
    full, small = (
        OnnxPoseEstimator(tmp_path / name, n_threads=1).predict_heatmaps(pictures).ravel()
        for name in ("net.onnx", "small.onnx")
    )
    assert (tmp_path / "small.onnx").stat().st_size < 0.6 * (tmp_path / "net.onnx").stat().st_size
    assert np.corrcoef(full, small)[0, 1] > 0.95


def test_unknown_keypoints_count_for_nothing():
    maps, targets = torch.rand(1, 2, 4, 4), torch.zeros(1, 2, 4, 4)
    loss = compute_heatmap_loss(maps, targets, torch.tensor([[1.0, 0.0]]))
    assert loss.item() == pytest.approx(torch.square(maps[0, 0]).sum().item(), rel=1e-5)


def test_equal_boxes_have_no_loss_and_far_ones_more_than_one():
    boxes = torch.tensor([[10.0, 20, 30, 60], [0, 0, 10, 10]])
    center = torch.tensor([[20.0, 40], [100, 100]])
    size = torch.tensor([[20.0, 40], [10, 10]])
    iou = compute_complete_iou(center, size, boxes)
    assert iou[0].item() == pytest.approx(1, abs=1e-5)
    assert iou[1].item() < 0


def test_a_box_is_matched_in_its_cell_and_the_two_nearest():
    box = torch.tensor([[0, 35.0, 35, 45, 45]])  # its centre is in cell 5, 5 of 8 px, left and low
    shape = torch.Size([1, 3, 8, 8, 5])
    anchors = torch.tensor([[10.0, 10], [11, 9], [100, 100]])
    picture, anchor, row, column, owner = match_anchors(anchors, 8, shape, box)
    cells = set(zip(anchor.tolist(), column.tolist(), row.tolist(), strict=True))
    assert cells == {(a, *cell) for a in (0, 1) for cell in ((5, 5), (4, 5), (5, 4))}
    assert set(picture.tolist()) == set(owner.tolist()) == {0}


def test_a_missing_checkpoint_says_so(tmp_path):
    with pytest.raises(ProjectError, match="train first"):
        load_checkpoint(tmp_path / FILE)
    (tmp_path / FILE).write_bytes(b"nonsense")
    with pytest.raises(ProjectError, match="no checkpoint"):
        load_checkpoint(tmp_path / FILE)


def test_weights_of_scales_do_not_decay():
    state = begin(PoseNetwork(ARCHITECTURES["w8-tiny"]), make_recipe("pose", weight_decay=0.1))
    decays = {group["weight_decay"]: group["params"] for group in state.optimizer.param_groups}
    assert {p.ndim for p in decays[0.1]} == {4}
    assert {p.ndim for p in decays[0.0]} == {1}
