"""Videos of three views to poses in space, against the same networks a frame at a time."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks._networks import find_files, open_networks
from benchmarks.machine import read_peak_memory

from mousegpt.geometry.triangulation import triangulate_poses
from mousegpt.io.calibration import load_calibration
from mousegpt.io.video import read_frames
from mousegpt.pipeline.demo import DEMO_STUDY
from mousegpt.pipeline.looking import count_cores
from mousegpt.pipeline.posing import estimate_views
from mousegpt.ports import Detector, PoseEstimator
from mousegpt.vision.detection import detect_mice, fit_picture
from mousegpt.vision.pose2d import cut_crop, decode_heatmaps, estimate_poses, frame_crop

NAME = "posing"

RIG = load_calibration(DEMO_STUDY / "calibration" / "rig.json")
PATHS = {v: DEMO_STUDY / f"videos/saline-1_{v}.mp4" for v in ("front", "side", "top")}
Networks = tuple[Detector, PoseEstimator]


def measure(quick: bool) -> dict[str, object]:
    """Measure pictures a second of the whole path, where the time goes, and what others take."""
    n = 32 if quick else 192
    with tempfile.TemporaryDirectory() as scratch:
        folder, trained = find_files(Path(scratch))
        networks = open_networks(folder, trained)
        _run(PATHS, networks, 8)  # compiles the triangulation
        growth = {size: _run(PATHS, networks, size) for size in (n // 4, n // 2)}
        half_mb = read_peak_memory()
        growth[n] = _run(PATHS, networks, n)
        peak_mb = read_peak_memory()
        one = {"side": PATHS["side"]}
        variants = {
            "every picture searched": _run(PATHS, networks, n, detect_every=1),
            "one worker, one thread": _run(PATHS, networks, n, workers=1),
            "one worker, threads of onnxruntime": _run(
                PATHS, open_networks(folder, trained, n_threads=count_cores()), n, workers=1
            ),
        }
        if all((folder / f"{kind}.exact.onnx").is_file() for kind in ("detector", "pose")):
            exact = open_networks(folder, trained, exact=True)
            variants["networks in floats"] = _run(PATHS, exact, n)
        peer = open_networks(folder, trained, batch=1, n_threads=count_cores())
        peer_s = _time(lambda: _look_one_by_one(peer, n))
        one_view_s = _run(one, networks, n)
        parts = _measure_parts(networks, min(n, 64))
    decode_s = _time(lambda: _decode(n))
    n_pictures = n * len(PATHS)
    return {
        "n": n_pictures,
        "ours_s": growth[n],
        "peer": "the same networks, a frame at a time, threads of onnxruntime",
        "peer_s": peer_s,
        "ratio": peer_s / growth[n],
        "peak_mb": peak_mb,
        "peak_mb_half_as_long": half_mb,
        "weights": "shipped" if trained else "stand-ins (preset small)",
        "networks": " ".join(network.name for network in networks),
        "pictures_per_s": n_pictures / growth[n],
        "frames_of_all_views_per_s": n / growth[n],
        "times_plain_decoding": growth[n] / decode_s,
        "decode_s": decode_s,
        "growth_s": growth,
        "one_view_s": one_view_s,
        "variants_pictures_per_s": {name: n_pictures / s for name, s in variants.items()},
        "parts_cpu_ms_per_picture": parts,
    }


def _run(videos: Mapping[str, Path], networks: Networks, n_frames: int, **options: Any) -> float:
    """Return the seconds from videos to 3-D poses, or to 2-D ones of a single view."""

    def look() -> None:
        poses = estimate_views(videos, *networks, frames=range(n_frames), **options).poses
        if len(videos) > 1:
            triangulate_poses(poses, RIG.select(tuple(videos)))

    return _time(look)


def _look_one_by_one(networks: Networks, n_frames: int) -> None:
    """Do what a first script does: read a frame, find the box, find the keypoints."""
    for path in PATHS.values():
        for _, image in read_frames(path, range(n_frames)):
            (boxes,) = detect_mice([image], networks[0])
            if len(boxes):
                estimate_poses([image], boxes[:, :4], networks[1])


def _decode(n_frames: int) -> None:
    for path in PATHS.values():
        for _ in read_frames(path, range(n_frames)):
            pass


def _measure_parts(networks: Networks, n: int) -> dict[str, float]:
    """Return milliseconds of processor a picture of each part, one after the other."""
    detector, estimator = networks
    images = [image for _, image in read_frames(PATHS["side"], range(n))]
    boxes = [np.array([150.0, 150, 300, 300])] * n
    ways = [frame_crop(box, estimator.size_px) for box in boxes]
    crops = np.stack(
        [cut_crop(i, way, estimator.size_px) for i, way in zip(images, ways, strict=True)]
    )
    squares = np.stack([fit_picture(image, detector.size_px)[0] for image in images])
    maps = estimator.predict_heatmaps(crops)
    poses = estimate_views(PATHS, *networks, frames=range(16)).poses
    many = poses.isel(time=np.resize(np.arange(16), 960))
    many = many.assign_coords(time=np.arange(960) / 20, frame=("time", np.arange(960)))
    parts: dict[str, Callable[[], object]] = {
        "decode": lambda: [None for _ in read_frames(PATHS["side"], range(n))],
        "fit into the detector's square": lambda: [
            fit_picture(i, detector.size_px) for i in images
        ],
        "detect": lambda: detector.predict_boxes(squares),
        "cut out": lambda: [
            cut_crop(i, way, estimator.size_px) for i, way in zip(images, ways, strict=True)
        ],
        "pose network": lambda: estimator.predict_heatmaps(crops),
        "read heat-maps": lambda: decode_heatmaps(maps),
    }
    times = {name: 1000 * _time(part, time.process_time) / n for name, part in parts.items()}
    solve_s = _time(lambda: triangulate_poses(many, RIG), time.process_time)
    return times | {"triangulate": 1000 * solve_s / many["position"].isel(space=0).size * 24}


def _time(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    start = clock()
    work()
    return clock() - start
