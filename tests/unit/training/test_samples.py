"""Packs give back what was put in; augmentation moves keypoints with their pixels."""

import cv2
import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.core.poses import build_poses
from mousegpt.core.skeleton import KEYPOINTS, mirror_keypoint
from mousegpt.io.poses import save_poses
from mousegpt.training.anchors import find_anchors
from mousegpt.training.augmentation import (
    NO_AUGMENTATION,
    Augmentation,
    chain_maps,
    clip_boxes,
    draw_change,
    flip_sample,
    move_points,
    recolor,
    scatter_clutter,
)
from mousegpt.training.batches import DetectorInputs, PoseInputs
from mousegpt.training.packing import pack_labels
from mousegpt.training.recipes import find_recipe
from mousegpt.training.samples import (
    PackedSamples,
    Sample,
    draw_epoch,
    enclose_points,
    list_packs,
    name_pack,
    save_pack,
)
from mousegpt.vision.pose2d import decode_heatmaps, map_to_crop


def draw_sample(seed=0, size=(160, 120), n_mice=1):
    """A white disc at each keypoint, on black."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(25, 95, (n_mice, 24, 2))
    image = np.zeros((size[1], size[0], 3), dtype=np.uint8)
    for x, y in points.reshape(-1, 2):
        cv2.circle(image, (round(x * 16), round(y * 16)), 48, (255, 255, 255), -1, cv2.LINE_AA, 4)
    seen = np.ones((n_mice, 24), dtype=bool)
    return Sample(image, enclose_points(points, seen), points, seen)


def test_packs_give_back_what_was_put_in(tmp_path):
    samples = [draw_sample(0), draw_sample(1, n_mice=2)]
    samples[0].visible[0, 3] = False
    samples[0].keypoints[0, 5] = np.nan
    empty = Sample(
        samples[0].image, np.zeros((0, 4)), np.zeros((0, 24, 2)), np.zeros((0, 24), bool)
    )
    path = name_pack(tmp_path, "toy", 0)
    save_pack(path, [*samples, empty])
    packed = PackedSamples(list_packs(tmp_path))
    assert len(packed) == 3
    for before, after in zip([*samples, empty], [packed[i] for i in range(3)], strict=True):
        assert np.abs(before.image.astype(int) - after.image).mean() < 4
        np.testing.assert_allclose(after.boxes, before.boxes)
        np.testing.assert_allclose(after.keypoints, before.keypoints, atol=1e-4)
        assert (after.visible == before.visible).all()
    assert packed.collect_boxes().shape == (3, 2)


def test_large_pictures_are_shrunk_with_their_keypoints(tmp_path):
    sample = draw_sample(size=(400, 200))
    save_pack(name_pack(tmp_path, "toy", 0), [sample], max_px=200)
    small = PackedSamples(list_packs(tmp_path))[0]
    assert small.image.shape == (100, 200, 3)
    np.testing.assert_allclose((small.keypoints + 0.5) * 2 - 0.5, sample.keypoints, atol=1e-4)
    smaller = PackedSamples(list_packs(tmp_path), max_px=100)[0]
    assert smaller.image.shape == (50, 100, 3)
    np.testing.assert_allclose((smaller.boxes + 0.5) * 4 - 0.5, sample.boxes, atol=1e-4)


def test_a_folder_without_packs_says_how_to_make_them(tmp_path):
    with pytest.raises(DataError, match="mousegpt train pack"):
        list_packs(tmp_path)


def test_boxes_enclose_the_visible_and_need_three():
    points = np.zeros((2, 24, 2))
    points[0, :4] = [[10, 10], [30, 20], [20, 15], [99, 99]]
    visible = np.zeros((2, 24), dtype=bool)
    visible[0, :3] = visible[1, :2] = True
    boxes = enclose_points(points, visible, padding=0.1)
    assert boxes[0].tolist() == [8, 8, 32, 22]
    assert np.isnan(boxes[1]).all()


def test_flipping_swaps_the_names_of_the_sides():
    sample = draw_sample()
    image, points = flip_sample(sample.image, sample.keypoints)
    assert (image == sample.image[:, ::-1]).all()
    for i, name in enumerate(KEYPOINTS):
        other = KEYPOINTS.index(mirror_keypoint(name))
        x, y = sample.keypoints[0, other]
        assert points[0, i].tolist() == pytest.approx([sample.image.shape[1] - 1 - x, y])


def test_changes_chain():
    rng = np.random.default_rng(0)
    first, then = (draw_change(64, Augmentation(), rng) for _ in range(2))
    points = rng.uniform(0, 64, (5, 2))
    np.testing.assert_allclose(
        move_points(points, chain_maps(first, then)), move_points(move_points(points, first), then)
    )


@pytest.mark.parametrize("number", range(6))
def test_keypoints_follow_their_pixels_through_every_change(number):
    settings = NO_AUGMENTATION.model_copy(
        update={"shift": 0.1, "scale": 0.2, "rotation_deg": 90, "flip": 0.5}
    )
    inputs = PoseInputs([[draw_sample(number)]], size_px=128, augmentation=settings)
    crop, points, weights = inputs.cut((number, 0, 0))
    inside = ((points > 3) & (points < 124)).all(axis=1)
    assert inside.sum() > 10
    assert (weights == 1).all()
    for x, y in points[inside]:
        assert crop[round(y), round(x), 0] > 150


def test_heatmaps_show_the_keypoints_and_weights_what_is_known():
    sample = draw_sample()
    sample.keypoints[0, 1] = np.nan
    sample.visible[0, 2] = False
    inputs = PoseInputs([[sample]], size_px=128, augmentation=NO_AUGMENTATION)
    _, maps, weights = inputs[-1, 0, 0]
    _, points, _ = inputs.cut((-1, 0, 0))
    assert maps.shape == (24, 32, 32)
    assert weights[:4].tolist() == [1, 0, 0.5, 1]
    assert maps[1].max() == 0
    found, _ = decode_heatmaps(maps[None])
    np.testing.assert_allclose(map_to_crop(found[0, 2:], 4), points[2:], atol=0.1)


def test_the_same_key_gives_the_same_input_and_epochs_differ():
    sources = [[draw_sample(i) for i in range(4)]]
    for inputs in (PoseInputs(sources, size_px=64), DetectorInputs(sources, size_px=64)):
        once, again, later = (inputs[epoch, 0, 2][0] for epoch in (3, 3, 4))
        assert (once == again).all()
        assert (once != later).any()


@pytest.mark.parametrize("mosaic", [0.0, 1.0])
def test_boxes_of_the_detector_hold_their_mice(mosaic):
    sources = [[draw_sample(i) for i in range(4)]]
    settings = NO_AUGMENTATION.model_copy(update={"shift": 0.05, "flip": 0.5})
    inputs = DetectorInputs(sources, size_px=160, augmentation=settings, mosaic=mosaic)
    for epoch in range(4):
        square, boxes = inputs[epoch, 0, 0]
        assert len(boxes) in ((4, 9) if mosaic else (1,))
        covered = np.zeros(square.shape[:2], dtype=bool)
        for left, top, right, bottom in boxes.round().astype(int):
            covered[top : bottom + 1, left : right + 1] = True
            assert (square[top : bottom + 1, left : right + 1] > 200).any()
        assert not (square[~covered] > 200).any()


def test_clutter_surrounds_mice_and_leaves_them():
    image = np.full((200, 300, 3), 90, dtype=np.uint8)
    box = np.array([[100.0, 80, 160, 120]])
    changed = [scatter_clutter(image, box, np.random.default_rng(seed)) for seed in range(8)]
    assert (image == 90).all()
    for picture in changed:
        inside = picture[86:115, 106:155].astype(int)  # a soft edge lies around the box
        assert np.abs(inside - 90).max() <= 1
    assert sum((picture != 90).any() for picture in changed) >= 7


def test_boxes_are_cut_and_dropped_at_the_edge():
    boxes = np.array([[-10.0, 10, 50, 60], [-90, 10, 10, 60], [10, 10, 20, 20]])
    assert clip_boxes(boxes, 64).tolist() == [[0, 10, 50, 60], [10, 10, 20, 20]]


def test_colours_change_and_without_augmentation_do_not():
    image = draw_sample().image
    rng = np.random.default_rng(0)
    assert (recolor(image, NO_AUGMENTATION, rng) == image).all()
    wild = [recolor(image, Augmentation(degrade=1, hide=1), rng) for _ in range(3)]
    assert all(picture.shape == image.shape and picture.dtype == np.uint8 for picture in wild)
    assert all((picture != image).any() for picture in wild)


def test_an_epoch_holds_every_sample_and_repeats_small_sources():
    order = draw_epoch([50, 3], 0, min_share=0.2)
    large, small = (order[order[:, 0] == source, 1] for source in (0, 1))
    assert sorted(large.tolist()) == list(range(50))
    assert len(small) == 10
    assert set(small.tolist()) == {0, 1, 2}
    assert (draw_epoch([50, 3], 0) == order).all()
    assert (draw_epoch([50, 3], 1) != order).any()


def test_anchors_are_found_where_they_were_planted():
    planted = np.array([(w, h) for w in (20.0, 60, 180) for h in (20.0, 60, 180)])
    rng = np.random.default_rng(0)
    sizes = np.repeat(planted, 50, axis=0) * np.exp(rng.normal(0, 0.03, (450, 2)))
    found = find_anchors(sizes).reshape(9, 2)
    away = np.abs(np.log(found[:, None] / planted[None])).max(axis=-1)
    assert away.min(axis=0).max() < 0.03
    assert (np.diff(found.prod(axis=1)) >= -1e-9).all()
    with pytest.raises(DataError, match="none"):
        find_anchors(np.zeros((0, 2)))


@pytest.mark.parametrize("names", ["img{:04d}.png", "{}.png"])
def test_a_laboratorys_labels_become_packs(names, tmp_path):
    rng = np.random.default_rng(0)
    points = rng.uniform(10, 90, (10, 2, 3, 1))
    points[4, :, 1] = np.nan
    labels = build_poses(points, keypoints=["nose", "left_ear", "tailbase"], fps=1.0, unit="px",
                         frames=np.arange(10) * 7)  # fmt: skip
    save_poses(labels, tmp_path / "labels.parquet")
    (tmp_path / "pictures").mkdir()
    for i, frame in enumerate(range(0, 70, 7)):
        picture = np.full((100, 120, 3), 10 * i, dtype=np.uint8)
        cv2.imwrite(str(tmp_path / "pictures" / names.format(frame)), picture)
    assert pack_labels(tmp_path / "labels.parquet", tmp_path / "pictures", tmp_path / "packs") == 10
    packed = PackedSamples(list_packs(tmp_path / "packs"))
    assert len(list_packs(tmp_path / "packs")) == 2
    for i in range(10):
        sample = packed[i]
        assert abs(int(sample.image.mean()) - 10 * i) <= 1
        if i != 4:  # two keypoints make no box
            known = np.isfinite(sample.keypoints[0]).all(axis=1)
            assert [name for name, k in zip(KEYPOINTS, known, strict=True) if k] == [
                "EarL", "Snout", "TailBase"
            ]  # fmt: skip
            np.testing.assert_allclose(sample.keypoints[0, 2], points[i, :, 0, 0], atol=1e-4)


def test_labels_without_their_pictures_say_so(tmp_path):
    labels = build_poses(np.ones((2, 2, 1, 1)), keypoints=["nose"], fps=1.0, unit="px",
                         frames=np.array([5, 900]))  # fmt: skip
    save_poses(labels, tmp_path / "labels.parquet")
    (tmp_path / "pictures").mkdir()
    cv2.imwrite(str(tmp_path / "pictures/1.png"), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(DataError, match="a picture for each"):
        pack_labels(tmp_path / "labels.parquet", tmp_path / "pictures", tmp_path / "packs")


def test_the_papers_recipe():
    pose, detector = find_recipe("pose", "paper"), find_recipe("detector", "paper")
    assert (pose.network, pose.optimizer, pose.epochs) == ("w48", "adam", 200)
    assert (detector.learning_rate, detector.momentum, detector.weight_decay) == (1e-3, 0.937, 5e-4)
    assert pose.scale_rate(0, 100_000) == pytest.approx(5e-7)
    assert pose.scale_rate(500, 100_000) == pose.learning_rate
    assert pose.scale_rate(96_000, 100_000) == pytest.approx(5e-6)
    assert detector.scale_rate(100_000, 100_000) == pytest.approx(1e-5)
    with pytest.raises(DataError, match="choose one of paper"):
        find_recipe("detector", "huge")
