"""Videos whose frames carry their number as a bar code, so that every frame proves itself."""

import warnings
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.io.video import probe_video, read_frames, write_video

BITS, N = 8, 60
WIDTH, HEIGHT = 16 * BITS, 32

X264 = {"g": "12", "threads": "1"}
KINDS = {
    "b_frames.mp4": ("libx264", {**X264, "bf": "3"}),
    "open_gop.mp4": ("libx264", {"x264-params": "open-gop=1:bframes=3:keyint=12:scenecut=0"}),
    "intra_refresh.mp4": ("libx264", {"x264-params": "intra-refresh=1:keyint=12:bframes=0"}),
    "tiny_gop.mov": ("libx264", {"g": "2", "bf": "0"}),
    "b_frames.mkv": ("libx264", {**X264, "bf": "3"}),
    "b_frames.avi": ("libx264", {**X264, "bf": "3"}),
    "b_frames.ts": ("libx264", {**X264, "bf": "3"}),
    "raw.h264": ("libx264", {**X264, "bf": "3"}),
    "mpeg4.avi": ("mpeg4", {"g": "12"}),
    "mpeg4_b.avi": ("mpeg4", {"g": "12", "bf": "2"}),
    "mpeg2.mpg": ("mpeg2video", {"g": "12", "bf": "2"}),
    "hidden_references.webm": ("libvpx-vp9", {"g": "12", "lag-in-frames": "10", "cpu-used": "8"}),
    "motion_jpeg.avi": ("mjpeg", {}),
    "lossless.mkv": ("ffv1", {}),
}


def draw_number(number: int) -> np.ndarray:
    image = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    image[HEIGHT // 2 :] = np.random.default_rng(number).integers(0, 255, (1, WIDTH, 3))
    for bit in range(BITS):
        image[: HEIGHT // 2, 16 * bit : 16 * bit + 16] = 255 * (number >> bit & 1)
    return image


def read_number(image: np.ndarray) -> int:
    return sum(
        int(image[4:12, 16 * bit + 4 : 16 * bit + 12].mean() > 127) << bit for bit in range(BITS)
    )


def encode(
    path: Path,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    *,
    times_ms: list[int] | None = None,
    n_frames: int = N,
    container_options: dict[str, str] | None = None,
) -> Path:
    if codec not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {codec}")
    with av.open(path, "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=30, options=options or {})
        stream.width, stream.height = WIDTH, HEIGHT
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if times_ms:
            stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        for number in range(n_frames):
            frame = av.VideoFrame.from_ndarray(draw_number(number), format="rgb24")
            if times_ms:
                frame.pts, frame.time_base = times_ms[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return encode(tmp_path / "video.mp4", options={**X264, "bf": "3"})


@pytest.mark.parametrize("name", KINDS)
def test_every_frame_is_the_one_asked_for(name: str, tmp_path: Path) -> None:
    path = encode(tmp_path / name, *KINDS[name])
    info = probe_video(path)
    assert (info.n_frames, info.complete, info.variable_rate) == (N, True, False)
    assert info.fps == pytest.approx(30, rel=1e-3)
    assert info.duration_s == pytest.approx(2, abs=2e-3)
    assert (info.width, info.height) == (WIDTH, HEIGHT)
    in_order = [image for _, image in read_frames(path, range(N))]
    assert [read_number(image) for image in in_order] == list(range(N))
    asked = np.random.default_rng(0).integers(0, N, 25).tolist()
    for (number, image), frame in zip(read_frames(path, asked), asked, strict=True):
        assert number == frame
        np.testing.assert_array_equal(image, in_order[frame])


def test_frames_come_in_the_order_asked_also_repeated(video: Path) -> None:
    asked = [40, 3, 3, 59, 0, 41, 40]
    found = [(frame, read_number(image)) for frame, image in read_frames(video, asked)]
    assert found == [(frame, frame) for frame in asked]


def test_repeated_frames_do_not_share_memory(video: Path) -> None:
    (_, first), (_, second) = read_frames(video, [5, 5])
    first[:] = 0
    assert read_number(second) == 5


@pytest.mark.parametrize("frame", [-1, N])
def test_a_frame_beyond_the_end_is_refused_at_once(video: Path, frame: int) -> None:
    with pytest.raises(DataError, match=rf"frames 0 to {N - 1} of .*video\.mp4, but frame {frame}"):
        read_frames(video, [0, frame])


def test_a_one_frame_video_is_a_video(tmp_path: Path) -> None:
    path = encode(tmp_path / "one.mp4", n_frames=1)
    info = probe_video(path)
    assert (info.n_frames, info.fps, info.variable_rate, info.complete) == (1, 30.0, False, True)
    assert [read_number(image) for _, image in read_frames(path, [0])] == [0]


@pytest.mark.parametrize("name", ["uneven.mp4", "uneven.mkv"])
def test_uneven_times_are_told_and_frames_stay_exact(name: str, tmp_path: Path) -> None:
    times = (100 + np.cumsum(np.where(np.arange(N) % 3, 20, 70))).tolist()
    path = encode(tmp_path / name, options={**X264, "bf": "2"}, times_ms=times)
    info = probe_video(path)
    assert info.variable_rate
    assert info.fps == pytest.approx(1000 * (N - 1) / (times[-1] - times[0]), rel=1e-3)
    assert [read_number(image) for _, image in read_frames(path, [50, 7, 31])] == [50, 7, 31]


def test_a_dropped_frame_makes_the_rate_variable(tmp_path: Path) -> None:
    times = [40 * (i + (i > 30)) for i in range(N)]
    assert probe_video(encode(tmp_path / "gap.mkv", times_ms=times)).variable_rate


def test_rounded_times_are_not_variable(tmp_path: Path) -> None:
    times = [round(i * 1000 / 120) for i in range(N)]  # 8 and 9 ms
    assert {b - a for a, b in pairwise(times)} == {8, 9}
    assert not probe_video(encode(tmp_path / "fast.mkv", times_ms=times)).variable_rate


def test_missing_empty_and_foreign_files_are_refused(tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.mp4", tmp_path / "text.mp4"
    empty.touch()
    text.write_text("not a video\n" * 100)
    for path, match in [
        (tmp_path / "none.mp4", "no file"), (empty, "0 bytes"), (text, "cannot be read"),
    ]:  # fmt: skip
        with pytest.raises(DataError, match=match):
            probe_video(path)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(path, "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(DataError, match="no video stream"):
        probe_video(path)


def test_a_cut_mp4_without_its_directory_is_refused(video: Path) -> None:
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    with pytest.raises(DataError, match="copy it again"):
        probe_video(video)


@pytest.mark.parametrize(
    ("name", "options"),
    [("cut.mp4", {"movflags": "faststart"}), ("cut.mkv", {}), ("cut.avi", {})],
)
def test_a_cut_video_says_what_it_lacks(name: str, options: dict[str, str], tmp_path: Path) -> None:
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    path = encode(tmp_path / name, codec, {"g": "12"}, container_options=options)
    path.write_bytes(path.read_bytes()[: int(0.7 * path.stat().st_size)])
    info = probe_video(path)
    assert not info.complete
    assert "promises" in info.fault
    assert 0 < info.n_frames < N
    found = [read_number(image) for _, image in read_frames(path, range(info.n_frames))]
    assert found == list(range(info.n_frames))
    with pytest.raises(DataError, match="promises"):
        read_frames(path, [N - 1])


def damage(path: Path, packet_number: int = 30) -> None:
    """Overwrite the content of one packet, in place."""
    with av.open(path) as container:
        packet = list(container.demux(video=0))[packet_number]
        start, end = packet.pos + 16, packet.pos + packet.size
    content = bytearray(path.read_bytes())
    content[start:end] = np.random.default_rng(1).bytes(end - start)
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["b_frames.mp4", "b_frames.mkv", "open_gop.mp4", "mpeg4_b.avi"])
def test_damage_in_the_middle_never_shows_a_wrong_frame(name: str, tmp_path: Path) -> None:
    path = encode(tmp_path / name, *KINDS[name])
    damage(path)
    shown = []
    with pytest.raises(DataError, match=r"Frame \d+ of .* cannot be decoded"):
        for _, image in read_frames(path, range(probe_video(path).n_frames)):
            shown.append(read_number(image))
    assert 0 < len(shown) < N
    assert shown == list(range(len(shown)))


def test_frames_after_the_damage_can_be_read(video: Path) -> None:
    damage(video)
    assert [read_number(image) for _, image in read_frames(video, [59, 0])] == [59, 0]


def test_a_cut_never_shifts_the_numbers(tmp_path: Path) -> None:
    options = {"movflags": "faststart"}
    whole = encode(tmp_path / "whole.mp4", options=X264, container_options=options)
    content = whole.read_bytes()
    with av.open(whole) as container:
        ends = [packet.pos + packet.size for packet in container.demux(video=0) if packet.size]
    for end in ends[20:40]:  # after each packet of a group with B-frames
        path = tmp_path / "cut.mp4"
        path.write_bytes(content[:end])
        n_frames = probe_video(path).n_frames
        found = [read_number(image) for _, image in read_frames(path, range(n_frames))]
        assert found == list(range(n_frames))
        path.unlink()


def test_a_turned_video_is_shown_turned(video: Path) -> None:
    ((_, upright),) = read_frames(video, [9])
    content = bytearray(video.read_bytes())
    matrix = content.index(b"tkhd") + 44  # of version 0: a b u c d v x y w
    quarter = [0, 0x10000, 0, 0x100000000 - 0x10000, 0, 0, 0, 0, 0x40000000]
    content[matrix : matrix + 36] = b"".join(number.to_bytes(4, "big") for number in quarter)
    video.write_bytes(content)
    info = probe_video(video)
    assert (info.rotation % 360, info.width, info.height) == (270, HEIGHT, WIDTH)
    ((_, turned),) = read_frames(video, [9])
    np.testing.assert_array_equal(turned, np.rot90(upright, -1))  # clockwise, as players do


def test_written_videos_are_read_back_and_the_same_every_time(tmp_path: Path) -> None:
    images = [draw_number(number) for number in range(40)]
    for name in ("a.mp4", "b.mp4", "c.mkv"):
        write_video(tmp_path / name, images, 25)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    info = probe_video(tmp_path / "a.mp4")
    assert (info.n_frames, info.n_frames_promised, info.fps) == (40, 40, 25.0)
    found = [read_number(image) for _, image in read_frames(tmp_path / "c.mkv", range(40))]
    assert found == list(range(40))


@pytest.mark.parametrize(
    ("name", "sizes", "match"),
    [
        ("x.mp4", [], "at least one image"),
        ("x.mp4", [(31, 40)], "even size"),
        ("x.mp4", [(32, 40), (32, 42)], "even size"),
        ("x.gif", [(32, 40)], "ends in"),
    ],
)
def test_what_cannot_be_written_leaves_no_file(
    name: str, sizes: list[tuple[int, int]], match: str, tmp_path: Path
) -> None:
    images = [np.zeros((*size, 3), np.uint8) for size in sizes]
    with pytest.raises(DataError, match=match):
        write_video(tmp_path / name, images, 25)
    assert list(tmp_path.iterdir()) == []


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "again.mp4"
    write_video(path, [draw_number(1)] * 10, 25)
    assert probe_video(path).n_frames == 10
    write_video(path, [draw_number(1)] * 20, 25)
    assert probe_video(path).n_frames == 20


def test_reading_in_a_hurry_leaves_nothing_open(video: Path) -> None:
    frames = read_frames(video, range(N))
    next(frames)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del frames
    assert [read_number(image) for _, image in read_frames(video, [1])] == [1]
