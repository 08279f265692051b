import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.io.video import probe_video, read_frames, write_video
from mousegpt.io.video_parts import join_videos


def paint(number, size=64):
    """Encode a number as a bright column, so that every frame can be told."""
    image = np.zeros((size, size, 3), np.uint8)
    image[:, number % size] = 255
    return image


def write_parts(folder, lengths, fps=30, size=64):
    paths, first = [], 0
    for i, n in enumerate(lengths):
        paths.append(folder / f"{i}.mp4")
        write_video(paths[-1], [paint(k, size) for k in range(first, first + n)], fps)
        first += n
    return paths


def test_every_frame_of_every_part_is_there_in_order_and_evenly_spaced(tmp_path):
    parts = write_parts(tmp_path, [7, 1, 40, 12])
    join_videos(parts, tmp_path / "whole.mp4")
    info = probe_video(tmp_path / "whole.mp4")
    assert (info.n_frames, info.n_hidden, info.variable_rate, info.complete) == (60, 0, False, True)
    assert info.fps == pytest.approx(30)
    for frame, image in read_frames(tmp_path / "whole.mp4", range(60)):
        assert image.sum(axis=(0, 2)).argmax() == frame


def test_parts_of_different_sizes_are_refused_and_nothing_is_written(tmp_path):
    small = write_parts(tmp_path, [3])
    large = tmp_path / "large.mp4"
    write_video(large, [paint(0, 128)] * 3, 30)
    with pytest.raises(DataError, match="make them again"):
        join_videos([*small, large], tmp_path / "whole.mp4")
    assert not (tmp_path / "whole.mp4").exists()


def test_no_part_is_refused(tmp_path):
    with pytest.raises(DataError, match="found none"):
        join_videos([], tmp_path / "whole.mp4")
