"""Pictures of boards: which are of the same moment, what is kept of them, and what is refused."""

import os
from dataclasses import replace

import cv2
import numpy as np
import pytest

from mousegpt.core.errors import CalibrationError, DataError, ProjectError
from mousegpt.geometry.targets import Checkerboard, MarkerSheet, Marks
from mousegpt.io.video import write_video
from mousegpt.pipeline.calibration import seeking
from mousegpt.pipeline.calibration.calibrating import calibrate_folder
from mousegpt.pipeline.calibration.findings import Finding, FindingStore
from mousegpt.pipeline.calibration.footage import find_reels, read_frames
from mousegpt.pipeline.calibration.plan import BoardPlan

BOARD = Checkerboard((9, 6), 1.0)


def save_picture(path, grey=100, size=(64, 48)):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full(size[::-1], grey, np.uint8))


def list_names(folder, **options):
    reels = find_reels(folder, **options)
    return {(r.board_set, r.view): [frame.name for frame in r.frames] for r in reels}


def test_pictures_are_paired_by_their_last_number(tmp_path):
    for view, numbers in {"side": (2, 10), "top": (10, 11)}.items():
        for number in numbers:
            save_picture(tmp_path / f"shared/{view}/{view}_{number:04d}.png")
    save_picture(tmp_path / "own/top/any name.jpg")
    save_picture(tmp_path / "sheet/top/1.png")
    assert list_names(tmp_path) == {
        ("own", "top"): ["any name"],
        ("shared", "side"): ["2", "10"],
        ("shared", "top"): ["10", "11"],
        ("sheet", "top"): ["1"],
    }


def test_a_folder_of_views_is_shared(tmp_path):
    save_picture(tmp_path / "side/1.png")
    save_picture(tmp_path / "top/1.png")
    assert list_names(tmp_path) == {("shared", "side"): ["1"], ("shared", "top"): ["1"]}


def test_videos_of_views_are_read_at_the_same_frames(tmp_path):
    for view, n in {"side": 12, "top": 9}.items():
        frames = np.arange(n, dtype=np.uint8)[:, None, None, None] * 20
        write_video(tmp_path / f"{view}.mp4", np.broadcast_to(frames, (n, 48, 64, 3)), 30.0)
    assert list_names(tmp_path, max_frames=3) == {
        ("shared", "side"): ["1:0", "1:4", "1:8"],
        ("shared", "top"): ["1:0", "1:4", "1:8"],
    }
    side = find_reels(tmp_path, max_frames=3)[0]
    levels = [float(image.mean()) for _, image in read_frames(side.frames)]
    np.testing.assert_allclose(levels, [0, 80, 160], atol=6)


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(DataError, match="found none"):
        find_reels(tmp_path)
    with pytest.raises(DataError, match="there is no"):
        find_reels(tmp_path / "absent")


def test_a_damaged_picture_is_named(tmp_path):
    save_picture(tmp_path / "shared/top/1.png")
    (tmp_path / "shared/top/2.png").write_bytes(b"no picture")
    (reel,) = find_reels(tmp_path)
    with pytest.raises(DataError, match=r"2\.png cannot be read"):
        list(read_frames(reel.frames))


@pytest.fixture
def picture(tmp_path):
    save_picture(tmp_path / "1.png")
    return tmp_path / "1.png"


def test_findings_are_kept_to_the_last_bit(picture, tmp_path):
    rng = np.random.default_rng(0)
    marks = Marks(np.arange(5), rng.random((5, 2)), inverted=True)
    with FindingStore(tmp_path / "found.sqlite") as store:
        store.save(picture, 0, BOARD, Finding((64, 48), marks))
        store.save(picture, 7, BOARD, Finding((64, 48), None))
    with FindingStore(tmp_path / "found.sqlite") as store:
        known = store.load(picture, [0, 3, 7], BOARD)
        resized = store.load(picture, [0], replace(BOARD, square_cm=2.0))
        others = store.load(picture, [0], MarkerSheet())
    assert set(known) == {0, 7}
    assert known[7].marks is None
    assert known[0].size == (64, 48)
    assert known[0].marks.inverted
    np.testing.assert_array_equal(known[0].marks.ids, marks.ids)
    np.testing.assert_array_equal(known[0].marks.pixels, marks.pixels)
    assert set(resized) == {0}, "the size of a square changes no pixel"
    assert others == {}


def test_a_changed_picture_is_forgotten(picture, tmp_path):
    with FindingStore(tmp_path / "found.sqlite") as store:
        store.save(picture, 0, BOARD, Finding((64, 48), None))
        save_picture(picture, grey=30)
        os.utime(picture, (1, 1))
        assert store.load(picture, [0], BOARD) == {}


def test_a_damaged_store_is_thrown_away(picture, tmp_path):
    (tmp_path / "found.sqlite").write_bytes(b"this is no database" * 99)
    with FindingStore(tmp_path / "found.sqlite") as store:
        assert store.load(picture, [0], BOARD) == {}


def test_a_store_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "found.sqlite").mkdir()
    with pytest.raises(ProjectError, match=r"found\.sqlite"):
        FindingStore(tmp_path / "found.sqlite")


def calibrate(folder, board=BOARD):
    plan = BoardPlan(own=board, shared=board)
    return calibrate_folder(folder, plan, folder / "found.sqlite", lambda event: None)


def test_what_was_looked_at_is_not_looked_at_again(tmp_path, monkeypatch):
    for number in range(6):
        save_picture(tmp_path / f"shared/top/{number}.png")
    looked = []

    def look(image, target):
        if len(looked) == 3:
            raise KeyboardInterrupt
        looked.append(image)

    monkeypatch.setattr(seeking, "find_target", look)
    with pytest.raises(KeyboardInterrupt):
        calibrate(tmp_path)
    monkeypatch.setattr(seeking, "find_target", lambda image, target: looked.append(image))
    with pytest.raises(CalibrationError, match="Found no board in 6 pictures"):
        calibrate(tmp_path)
    n_looked = len(looked)
    with pytest.raises(CalibrationError, match="Found no board in 6 pictures"):
        calibrate(tmp_path)
    assert len(looked) == n_looked
    assert 6 <= n_looked < 9


def test_a_board_that_nobody_sees_is_named(tmp_path):
    save_picture(tmp_path / "shared/top/1.png")
    with pytest.raises(CalibrationError, match="a checkerboard of 9 x 6 squares"):
        calibrate(tmp_path)


def test_pictures_of_two_sizes_are_refused(tmp_path):
    save_picture(tmp_path / "shared/top/1.png")
    save_picture(tmp_path / "shared/top/2.png", size=(80, 60))
    with pytest.raises(CalibrationError, match=r"'top': .*2\.png measures 80 x 60, others 64 x 48"):
        calibrate(tmp_path)
