# ruff: noqa: E402  (imports follow the question whether torch is there)
"""The small model learns, goes on after a kill, and says in onnxruntime what it says in PyTorch."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is missing: pip install 'mousegpt[train]'")
pytest.importorskip("onnx", reason="onnx is missing: pip install 'mousegpt[train]'")

from mousegpt.backends.nano import NanoDescriber
from mousegpt.core.description import ELEMENTS
from mousegpt.core.errors import DataError, ProjectError
from mousegpt.core.facts import STATES
from mousegpt.core.moment import Moment
from mousegpt.core.query import FrameQuery
from mousegpt.training.augmentation import NO_AUGMENTATION
from mousegpt.training.checkpoints import FILE as CHECKPOINT
from mousegpt.training.checkpoints import LOG, load_checkpoint
from mousegpt.training.export import export_network
from mousegpt.training.hrnet import ARCHITECTURES, PoseNetwork
from mousegpt.training.loop import train_network
from mousegpt.training.nano import runs
from mousegpt.training.nano.export import export_nano
from mousegpt.training.nano.inputs import label_states, mirror_moment
from mousegpt.training.nano.network import Nano, draw_heatmaps, locate_peaks
from mousegpt.training.nano.packs import PackedMoments, save_moments
from mousegpt.training.nano.recipe import NanoRecipe, find_nano_recipe
from mousegpt.training.nano.runs import begin_with, train_nano
from mousegpt.training.nano.task import NanoTask
from mousegpt.training.nano.wording import build_wording
from mousegpt.training.samples import Sample, name_pack, save_pack


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def wording():
    return build_wording(n_texts=300)


def draw_moments(n, seed=0):
    """Coarse patterns, each with facts of its own: nothing to understand, all to remember."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        coarse = rng.integers(0, 256, (2, 3, 6, 6, 3), dtype=np.uint8)
        tiles = coarse.repeat(16, axis=2).repeat(16, axis=3)
        states = {s.name: str(rng.choice([*s.values, "unknown"])) for s in STATES}
        found.append(
            Moment(tiles, rng.uniform(10, 86, (2, 24, 2)), rng.random((2, 24)) > 0.3,
                   rng.normal(0, 8, 6), states)
        )  # fmt: skip
    return found


def make_recipe(**changes):
    plain = {
        "network": "w8-tiny", "size_px": 64, "batch": 16, "epochs": 2, "width": 64, "n_layers": 2,
        "n_heads": 4, "learning_rate": 3e-3, "ema": 0.9, "decay": "linear", "warm_up_steps": 20,
        "max_gradient": 1.0, "augmentation": NO_AUGMENTATION, "drop_view": 0, "drop_motion": 0,
        "drop_speeds": 0,
    }  # fmt: skip
    return NanoRecipe.model_validate(plain | changes)


def write_picture(moment, times, views):
    """Lay the tiles of a moment out as the mosaic that a describer is given."""
    tiles = moment.tiles[views][:, times]
    rows = [np.concatenate(list(tiles[:, t]), axis=1) for t in range(len(times))]
    grid = np.concatenate(rows, axis=0)[..., ::-1]
    return cv2.imencode(".jpg", grid, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()


def ask(moment, *, times=(0, 1, 2), views=(0, 1), speeds=None):
    query = FrameQuery(
        recording="r", individual="", frame=0, picture="a.jpg", picture_sha256="",
        n_views=len(views), speeds=speeds or (None,) * 6,
        moments_s=() if len(times) == 1 else tuple((-0.1, 0.0, 0.1)[t] for t in times),
    )  # fmt: skip
    return query, write_picture(moment, list(times), list(views))


@pytest.fixture(scope="module")
def model(tmp_path_factory, wording):
    """Export a model that knows nothing, but has opinions."""
    torch.manual_seed(3)
    recipe = make_recipe()
    network = Nano(recipe, len(wording.vocabulary)).eval()
    for parameter in network.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.05)
    path = tmp_path_factory.mktemp("model") / "nano.zip"
    assert export_nano(network, path, recipe, wording, name="tiny") < 1e-4
    return path, network, recipe


def test_sixteen_moments_are_learnt_by_heart(tmp_path, wording):
    moments = [
        replace(moment, states={state: moment.states[state] for state in ("pace", "trunk_pitch")})
        for moment in draw_moments(16)
    ]  # few facts, short sentences
    recipe = make_recipe(
        epochs=14, learning_rate=6e-3, text_share=1, text_weight=1, points_weight=0, width=32,
        n_layers=1,
    )  # fmt: skip
    task = NanoTask(recipe, [moments * 20], wording)
    state = train_network(task, recipe, tmp_path, lengths=[320])
    task.network.load_state_dict(state.average)
    task.network.eval()
    scores = task.measure(task.network, task.collate([task.inputs[-1, 0, i] for i in range(16)]))
    assert scores["attributes"].mean() > 0.9
    assert scores["hallucinated"].mean() < 0.1


def test_words_in_onnxruntime_are_those_of_pytorch_without_a_cache(model, wording):
    path, network, _ = model
    tiles, views, moving, speeds = (
        torch.from_numpy(each) for each in _prepare_all(path, draw_moments(3, seed=1))
    )
    begin = wording.vocabulary.numbers["<begin>"]
    describer = NanoDescriber(path, certainty=0, n_threads=1)
    given = {"tiles": tiles, "views": views, "moving": moving, "speeds": speeds}
    past = describer._eyes.run(None, {name: each.numpy() for name, each in given.items()})[0]
    said = torch.full((3, 1), begin)
    for place in range(40):
        with torch.no_grad():
            wanted = network(tiles, views, moving, speeds, said)[:, -1].numpy()
        step = {"tokens": said[:, -1:].numpy(), "place": np.array([place]), "past": past}
        scores, past = describer._words.run(None, step)
        assert np.abs(scores - wanted).max() < 0.05 * np.abs(wanted).max()  # weights of 8 bits
        said = torch.cat([said, torch.from_numpy(wanted.argmax(axis=1)[:, None])], dim=1)


def _prepare_all(path, moments):
    describer = NanoDescriber(path, n_threads=1)
    given = [describer._prepare(*ask(moment, speeds=(1.0, 2, 3, 4, 5, 6))) for moment in moments]
    return [np.stack(each) for each in zip(*given, strict=True)]


def test_the_cache_changes_nothing(model, wording):
    _, network, recipe = model
    task = NanoTask(recipe, [draw_moments(2)], wording)
    *seen, _, _, _, _ = task.collate([task.inputs[-1, 0, i] for i in range(2)])
    tokens = torch.tensor([[0, 5, 9, 30, 7], [0, 3, 3, 8, 1]])
    with torch.no_grad():
        whole = network(*seen, tokens)
        past = network.remember(network.see(*seen)[0])
        for place in range(tokens.shape[1]):
            step = tokens[:, place : place + 1]
            scores, past = network.speak(step, torch.tensor([place]), past)
            torch.testing.assert_close(scores, whole[:, place], rtol=1e-3, atol=1e-4)


def test_one_view_one_moment_and_unknown_speeds_are_described(model):
    describer = NanoDescriber(model[0], certainty=0, n_threads=1)
    moment = draw_moments(1)[0]
    for asked in (
        ask(moment, views=(0,)),
        ask(moment, times=(1,)),
        ask(moment, times=(1,), views=(1,)),
        ask(moment, speeds=(1.0, None, 2.0, 3.0, 4.0, None)),
    ):
        (reply,) = describer.describe([asked[0]], [asked[1]])
        assert reply.finish_reason in ("stop", "length")
        assert set(json.loads(reply.text)) <= set(ELEMENTS)
        again = describer.describe([asked[0]], [asked[1]], attempt=1)
        assert again == describer.describe([asked[0]], [asked[1]], attempt=1)


def test_a_training_that_was_stopped_ends_as_one_that_was_not(tmp_path, wording):
    recipe = make_recipe(epochs=3, batch=2, augmentation={}, drop_view=0.3, drop_motion=0.5,
                         drop_speeds=0.5)  # fmt: skip
    moments = draw_moments(5)

    def train(folder, stop_after=None):
        torch.manual_seed(1)
        task = NanoTask(recipe, [moments], wording)
        return train_network(task, recipe, folder, lengths=[5], stop_after=stop_after)

    whole = train(tmp_path / "whole")
    for step in (1, 4):
        train(tmp_path / "stopped", stop_after=step)
    resumed = train(tmp_path / "stopped")
    assert resumed.step == whole.step == 9
    for name, tensor in whole.average.items():
        assert torch.equal(tensor, resumed.average[name]), name


def test_a_run_leaves_model_vocabulary_log_and_curves(tmp_path):
    for number in range(10):
        save_moments(name_pack(tmp_path / "packs", "toy", number), draw_moments(2, seed=number))
    path = train_nano(make_recipe(epochs=1, batch=9), [tmp_path / "packs"], tmp_path / "out")
    log = pd.read_csv(tmp_path / "out" / LOG)
    assert {"loss", "validation_loss", "attributes", "hallucinated"} <= set(log.columns)
    assert (tmp_path / "out/curves.png").read_bytes().startswith(b"\x89PNG")
    assert NanoDescriber(path, n_threads=1).name.startswith("nano-w8-tiny-64-")
    (tmp_path / "out/vocabulary.json").write_text('["<end>"]')
    with pytest.raises(ProjectError, match="new folder"):
        train_nano(make_recipe(), [tmp_path / "packs"], tmp_path / "out")


def test_another_model_is_begun_with_in_its_own_words(tmp_path, monkeypatch):
    save_moments(tmp_path / "packs/a.pack.parquet", draw_moments(9))
    words = build_wording(n_texts=40)
    monkeypatch.setattr(runs, "build_wording", lambda: words)
    train_nano(make_recipe(epochs=1, batch=9), [tmp_path / "packs"], tmp_path / "one")
    monkeypatch.setattr(runs, "build_wording", lambda: build_wording(n_texts=300))
    init = tmp_path / "one/checkpoint.pt"
    train_nano(make_recipe(epochs=1, batch=9), [tmp_path / "packs"], tmp_path / "two", init=init)
    kept = (tmp_path / "two/vocabulary.json").read_bytes()
    assert kept == (tmp_path / "one/vocabulary.json").read_bytes()
    assert json.loads(kept) == list(words.vocabulary.tokens)


def test_the_eye_begins_with_a_pose_network(tmp_path, wording):
    pose = PoseNetwork(ARCHITECTURES["w8-tiny"])
    pose(torch.rand(2, 3, 64, 64))  # a network that has seen something
    torch.save({"recipe": {"kind": "pose"}, "average": pose.state_dict()}, tmp_path / CHECKPOINT)
    network = Nano(make_recipe(), len(wording.vocabulary))
    assert begin_with(network, tmp_path / CHECKPOINT) == len(pose.state_dict())
    assert torch.equal(network.eye.pose.head.weight, pose.head.weight)
    picture = torch.rand(1, 3, 64, 64)
    heatmaps = network.eval().eye(picture, torch.rand(1, 2, 64, 64))[1]
    assert torch.equal(heatmaps, pose.eval()(picture))
    export_network(pose, tmp_path / "pose.onnx", name="w8-tiny", size_px=64, tolerance=0.1)
    again = Nano(make_recipe(), len(wording.vocabulary))
    begin_with(again, tmp_path / "pose.onnx")
    torch.testing.assert_close(again.eye.pose.head.weight, pose.head.weight)
    other = Nano(make_recipe(network="w18-small"), len(wording.vocabulary))
    assert load_checkpoint(tmp_path / CHECKPOINT)["recipe"] == {"kind": "pose"}
    assert begin_with(other, tmp_path / CHECKPOINT) < len(pose.state_dict())


def test_packs_keep_moments(tmp_path):
    (moment,) = draw_moments(1)
    save_moments(tmp_path / "a.pack.parquet", [moment], jpeg_quality=100)
    (kept,) = PackedMoments([tmp_path / "a.pack.parquet"])
    assert kept.states == moment.states
    np.testing.assert_allclose(kept.points, moment.points, atol=1e-4)
    np.testing.assert_array_equal(kept.visible, moment.visible)
    assert np.abs(kept.tiles.astype(int) - moment.tiles).mean() < 8
    with pytest.raises(DataError, match="render some"):
        save_moments(tmp_path / "b.pack.parquet", [])


def test_packs_of_another_kind_are_named(tmp_path):
    box, points = np.array([[0.0, 0, 9, 9]]), np.zeros((1, 24, 2))
    sample = Sample(np.zeros((64, 64, 3), np.uint8), box, points, points[..., 0] == 0)
    save_pack(tmp_path / "a.pack.parquet", [sample])
    with pytest.raises(DataError, match="pack-descriptions"):
        PackedMoments([tmp_path / "a.pack.parquet"])
    with pytest.raises(DataError, match="choose one of nano"):
        find_nano_recipe("giant")


def test_a_mirror_image_exchanges_left_and_right_and_twice_changes_nothing():
    (moment,) = draw_moments(1)
    states = {**moment.states, "head_yaw": "slightly left", "forepaw_left": "face",
              "forepaw_right": "ground"}  # fmt: skip
    moment = Moment(moment.tiles, moment.points, moment.visible, np.arange(6.0), states)
    mirrored = mirror_moment(moment)
    assert mirrored.states["head_yaw"] == "slightly right"
    assert mirrored.states["forepaw_right"] == "face"
    assert mirrored.speeds.tolist() == [0, 1, 3, 2, 5, 4]
    np.testing.assert_array_equal(mirrored.tiles[0, 1, :, 0], moment.tiles[0, 1, :, -1])
    again = mirror_moment(mirrored)
    np.testing.assert_allclose(again.points, moment.points)
    assert (label_states(again.states) == label_states(moment.states)).all()


def test_an_item_depends_on_its_key_alone(wording):
    recipe = make_recipe(augmentation={}, drop_view=1, drop_motion=1, drop_speeds=1)
    inputs = NanoTask(recipe, [draw_moments(2)], wording).inputs
    item, again = inputs[0, 0, 1], inputs[0, 0, 1]
    for one, two in zip(item, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert item.views.tolist() == [1, 0]
    assert not item.tiles[1].any()
    assert not item.points[1].any()
    assert np.isnan(item.speeds).all()
    assert item.moving.tolist() == [0]


def test_keypoints_stay_with_their_pixels(wording):
    (moment,) = draw_moments(1)
    tiles = np.zeros_like(moment.tiles)
    points = np.full((2, 24, 2), 40.0)
    tiles[:, :, 38:43, 38:43] = 255
    moment = Moment(tiles, points, moment.visible, moment.speeds, moment.states)
    item = NanoTask(make_recipe(), [[moment]], wording).inputs[-1, 0, 0]
    bright = np.argwhere(item.tiles[0, 1, :, :, 0] > 128).mean(axis=0)[::-1]
    np.testing.assert_allclose(item.points[0, 0, :2], bright, atol=0.6)


def test_peaks_of_heatmaps_are_where_they_were_drawn():
    points = torch.tensor([[[24.0, 30.0], [40.5, 33.0]]])
    maps = draw_heatmaps(points, 64)
    x0, x1, y0, y1, h0, _ = locate_peaks(maps)[0].tolist()
    found = [(value + 1) / 2 * 60 + 1.5 for value in (x0, y0, x1, y1)]  # centres of cells
    np.testing.assert_allclose(found, [24, 30, 40.5, 33], atol=0.3)
    assert h0 == pytest.approx(1, abs=0.05)
