"""Detector and pose network on held-out synthetic scenes and on real mice, in pictures and space.

Judged are the networks that mousegpt ships, or the files that MOUSEGPT_DETECTOR and MOUSEGPT_POSE
name. MOUSEGPT_ZERO_SHOT and MOUSEGPT_FINETUNED may name folders of ``detector.onnx`` and
``pose.onnx`` that were trained without the real labels, or on them at last; both are judged on the
real recordings besides (in MOUSEGPT_SHARED_DATA or ../shared/data). The peer is the same with the
true boxes and the plain linear solution. Seconds are of CPU time.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._pose_real import judge_clip, judge_cylinder, judge_openfield
from benchmarks._pose_scenes import load_scene
from benchmarks._pose_synthetic import SceneEstimate, estimate_scene, judge_scenes

from mousegpt.backends.onnx_vision import OnnxDetector, OnnxPoseEstimator
from mousegpt.core.errors import BackendError

NAME = "pose"
DETECTOR, POSE, DATA = "MOUSEGPT_DETECTOR", "MOUSEGPT_POSE", "MOUSEGPT_SHARED_DATA"
OTHERS = {"zero_shot": "MOUSEGPT_ZERO_SHOT", "finetuned": "MOUSEGPT_FINETUNED"}
ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "src" / "mousegpt" / "backends" / "weights"
KINDS = ("detector", "pose")
N_THREADS = 1


@dataclass(frozen=True)
class Networks:
    """A detector and a pose network."""

    detector: OnnxDetector
    estimator: OnnxPoseEstimator


def find_files() -> tuple[Path, Path]:
    """Return the files of the networks to judge."""
    return (
        Path(os.environ.get(DETECTOR) or SHIPPED / "detector.onnx"),
        Path(os.environ.get(POSE) or SHIPPED / "pose.onnx"),
    )


def find_networks() -> Networks | None:
    """Open the networks to judge; None when none are named or shipped."""
    detector, pose = find_files()
    if not (detector.is_file() and pose.is_file()):
        return None
    return open_networks(detector, pose)


def read_about(path: Path) -> dict[str, str]:
    """Return what a network's file says of its training."""
    from onnxruntime import InferenceSession

    session = InferenceSession(path, providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    return {name: about[name] for name in ("sources", "steps", "size_px") if name in about}


def open_networks(detector: Path, pose: Path) -> Networks:
    return Networks(
        OnnxDetector(detector, n_threads=N_THREADS), OnnxPoseEstimator(pose, n_threads=N_THREADS)
    )


def find_data() -> Path | None:
    """Return the folder of the real recordings; None where they are not."""
    named = os.environ.get(DATA)
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


def estimate_scenes(networks: Networks, quick: bool) -> list[SceneEstimate]:
    n_scenes, n_moments = (1, 2) if quick else (6, 12)
    scenes = [load_scene(number, n_moments) for number in range(n_scenes)]
    return [estimate_scene(scene, networks.detector, networks.estimator) for scene in scenes]


def judge_real(folder: Path, networks: Networks, quick: bool) -> dict[str, Any]:
    """Score the real recordings that are there."""
    both = networks.detector, networks.estimator
    result: dict[str, Any] = {}
    cylinder, openfield = folder / "dannce_cylinder_5cam", folder / "dlc_openfield"
    if cylinder.is_dir():
        result["cylinder"] = judge_cylinder(cylinder, *both)
        result["clip"] = judge_clip(cylinder, *both, every=500 if quick else 25)
    if openfield.is_dir():
        result["openfield"] = judge_openfield(openfield, *both, every=20 if quick else 1)
    return result


def measure(quick: bool) -> dict[str, Any]:
    networks = find_networks()
    if networks is None:
        return _skip(
            f"no networks: none are shipped in this tree; name files in {DETECTOR}, {POSE}"
        )
    try:
        estimates = estimate_scenes(networks, quick)
    except BackendError as error:
        return _skip(str(error))
    synthetic = judge_scenes(estimates)
    n = sum(len(each.own.points) for each in estimates)
    result: dict[str, Any] = {
        "n": n,
        "ours_s": sum(each.own.seconds for each in estimates) + synthetic["triangulation_s"],
        "peer": "the same networks with true boxes and the plain DLT",
        "peer_s": sum(each.given.seconds for each in estimates) + synthetic["plain_dlt_s"],
        "detector": networks.detector.name,
        "pose": networks.estimator.name,
        **{
            f"{kind}_about": read_about(file)
            for kind, file in zip(KINDS, find_files(), strict=True)
        },
        "synthetic": synthetic,
    }
    result["ratio"] = result["peer_s"] / result["ours_s"]
    return result | _judge_all_real(networks, quick)


def _judge_all_real(networks: Networks, quick: bool) -> dict[str, Any]:
    folder = find_data()
    if folder is None:
        return {"real": f"skipped: no real recordings; name their folder in {DATA}"}
    result = {"real": judge_real(folder, networks, quick)}
    for name, variable in OTHERS.items():
        if os.environ.get(variable):
            place = Path(os.environ[variable])
            others = open_networks(place / "detector.onnx", place / "pose.onnx")
            result[f"real_{name}"] = judge_real(folder, others, quick)
    return result


def _skip(reason: str) -> dict[str, Any]:
    return {"n": 0, "ours_s": 0.0, "peer": "", "peer_s": 0.0, "ratio": 1.0, "skipped": reason}
