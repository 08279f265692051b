"""Packs of every source show the mouse where its keypoints are."""

import cv2
import numpy as np
import pandas as pd
import pytest

from mousegpt.core.errors import DataError
from mousegpt.core.poses import build_poses
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.io.poses.exporting import save_coco, save_deeplabcut, save_sleap
from mousegpt.io.tables import save_table
from mousegpt.io.video import write_video
from mousegpt.training.packing import pack_labels, pack_scenes, pack_study
from mousegpt.training.samples import PackedSamples, list_packs
from mousegpt.training.scenes import render_scene


def check_sample(sample):
    """Ask what every sample must be, and return how bright it is at its keypoints."""
    height, width = sample.image.shape[:2]
    assert sample.boxes.shape == (len(sample.keypoints), 4)
    for box, points, visible in zip(sample.boxes, sample.keypoints, sample.visible, strict=True):
        seen = points[visible]
        assert (seen > -0.5).all()
        assert (seen < np.array([width, height]) - 0.5).all()
        assert (seen >= box[:2] - 1e-3).all()
        assert (seen <= box[2:] + 1e-3).all()


def draw_study(folder, n_frames):
    """A study of one view: a white cross at each of the 24 keypoints, which drift."""
    rng = np.random.default_rng(0)
    places = rng.uniform(10, 80, (24, 2))[None] + np.arange(n_frames)[:, None, None] * 0.5
    truth = {"frame": np.arange(n_frames)}
    for i, name in enumerate(KEYPOINTS):
        truth |= {f"{name}_x": places[:, i, 0], f"{name}_y": places[:, i, 1]}
        truth[f"{name}_visible"] = np.full(n_frames, name != "Snout")
    images = np.zeros((n_frames, 100, 128, 3), dtype=np.uint8)
    for image, points in zip(images, places, strict=True):
        for x, y in points.round().astype(int):
            image[y - 2 : y + 3, x - 2 : x + 3] = 255
    for part in ("truth", "videos"):
        (folder / part).mkdir(parents=True)
    save_table(pd.DataFrame(truth), folder / "truth" / "m_top.pixels.parquet")
    write_video(folder / "videos" / "m_top.mp4", images, 30.0, crf=5)
    return places


def test_every_so_many_th_frame_of_a_study_is_packed(tmp_path):
    places = draw_study(tmp_path / "study", 12)
    told = []
    pack_study(tmp_path / "study", tmp_path / "packs", every=5, report=lambda *d: told.append(d))
    samples = PackedSamples(list_packs(tmp_path / "packs"))
    assert told == [(1, 1, "m_top")]
    assert len(samples) == 3
    for i, frame in enumerate((0, 5, 10)):
        check_sample(samples[i])
        np.testing.assert_allclose(samples[i].keypoints[0], places[frame], atol=1e-3)
        assert samples[i].visible[0].sum() == 23
        x, y = places[frame].round().astype(int).T
        assert samples[i].image[y, x].mean() > 200
    before = list_packs(tmp_path / "packs")[0].read_bytes()
    (tmp_path / "study/videos/m_top.mp4").unlink()  # packs that are there are kept
    pack_study(tmp_path / "study", tmp_path / "packs", every=5)
    assert list_packs(tmp_path / "packs")[0].read_bytes() == before


def test_a_study_without_videos_says_how_to_make_them(tmp_path):
    with pytest.raises(DataError, match="mousegpt synth --videos"):
        pack_study(tmp_path, tmp_path / "packs")


@pytest.mark.slow
def test_a_scene_shows_its_mouse_and_is_the_same_again(egl):
    samples = list(render_scene(3, n_pictures=3, size_px=96))
    assert len(samples) == 3
    assert sum(len(sample.boxes) for sample in samples) >= 2
    for sample in samples:
        check_sample(sample)
        assert max(sample.image.shape) == 96
        assert sample.image.std() > 3
    (again,) = render_scene(3, n_pictures=1, size_px=96)
    np.testing.assert_array_equal(again.image, samples[0].image)
    np.testing.assert_array_equal(again.keypoints, samples[0].keypoints)
    other = next(render_scene(4, n_pictures=1, size_px=96))
    assert not np.array_equal(other.image, again.image)


@pytest.mark.slow
def test_scenes_are_packed_once(egl, tmp_path):
    pack_scenes(tmp_path, 2, n_pictures=2, size_px=64, n_processes=1)
    packs = list_packs(tmp_path)
    assert len(PackedSamples(packs)) == 4
    before = [path.stat().st_mtime_ns for path in packs]
    told = []
    pack_scenes(tmp_path, 2, n_pictures=2, size_px=64, report=lambda *done: told.append(done))
    assert [path.stat().st_mtime_ns for path in list_packs(tmp_path)] == before
    assert told == []


def save_labels(kind, poses, folder):
    """Write labels as another program would; return the file."""
    pictures = [f"img{frame:04d}.png" for frame in poses["frame"].to_numpy()]
    if kind == "coco":
        save_coco(poses, folder / "labels.json", pictures=pictures, size=(120, 100))
        return folder / "labels.json"
    if kind == "deeplabcut":
        path = folder / "CollectedData_me.csv"
        save_deeplabcut(poses, path, pictures=pictures, folder="m1")
        return path
    save_sleap(poses, folder / "labels.slp", video=folder / "m1.mp4")
    return folder / "labels.slp"


@pytest.mark.parametrize("kind", ["coco", "deeplabcut", "sleap"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_labels_of_other_programs_become_packs(kind, tmp_path):
    rng = np.random.default_rng(0)
    frames = np.array([0, 3, 4])
    points = rng.uniform(10, 90, (3, 2, 4, 1)).round(2)
    points[1, :, 2] = np.nan
    names = ["nose", "left_ear", "right_ear", "tailbase"]
    poses = build_poses(points, keypoints=names, fps=1.0, unit="px", frames=frames)
    folder = tmp_path / "pictures"
    folder.mkdir()
    images = [np.full((100, 120, 3), 40 * frame, dtype=np.uint8) for frame in range(5)]
    write_video(folder / "m1.mp4", images, 10.0, crf=1)
    for frame in frames:
        cv2.imwrite(str(folder / f"img{frame:04d}.png"), images[frame])
    labels = save_labels(kind, poses, folder)
    source = folder / "m1.mp4" if kind == "sleap" else folder
    assert pack_labels(labels, source, tmp_path / "packs") == 3
    samples = PackedSamples(list_packs(tmp_path / "packs"))
    ours = [KEYPOINTS.index(name) for name in ("Snout", "EarL", "EarR", "TailBase")]
    for i, frame in enumerate(frames):
        check_sample(samples[i])
        assert abs(int(samples[i].image.mean()) - 40 * frame) <= 3
        np.testing.assert_allclose(samples[i].keypoints[0, ours], points[i, :, :, 0].T, atol=1e-2)
        assert np.isfinite(samples[i].keypoints[0]).all(axis=1).sum() == (3 if i == 1 else 4)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_views_whose_labels_have_one_name_do_not_overwrite_each_other(tmp_path):
    points = np.arange(16.0).reshape(1, 2, 8, 1) + 10
    names = ["nose", "left_ear", "right_ear", "tailbase", "tailmid", "tailend", "neck", "back"]
    poses = build_poses(points, keypoints=names, fps=1.0, unit="px", frames=np.array([0]))
    for view in ("left", "right"):
        folder = tmp_path / view
        folder.mkdir()
        cv2.imwrite(str(folder / "img0000.png"), np.full((60, 80, 3), 90, dtype=np.uint8))
        assert pack_labels(save_labels("coco", poses, folder), folder, tmp_path / "packs") == 1
    assert len(PackedSamples(list_packs(tmp_path / "packs"))) == 2
