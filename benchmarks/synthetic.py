"""The synthetic mouse: a study as tables, and pictures a second against MuJoCo's own renderer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.machine import read_peak_memory

from mousegpt.core.arrays import BoolArray, FloatArray
from mousegpt.core.errors import BackendError
from mousegpt.core.skeleton import BONES, KEYPOINTS
from mousegpt.io.rodent import RODENT, TREE_FILE
from mousegpt.pipeline.synthesis.acting import act_recording
from mousegpt.pipeline.synthesis.filming import check_rendering, film_part
from mousegpt.pipeline.synthesis.running import synthesize_study
from mousegpt.pipeline.synthesis.settings import PART_FRAMES, SynthesisSettings
from mousegpt.synthetic.anatomy import PAWS

NAME = "synthetic"
PEER = "MUJOCO_PYTHON"  # an interpreter that has mujoco (pip install mujoco)
VIEW = "side1"
#: keypoints that one bone joins; a joint, the scapula or a bending tail lies between the others
RIGID = [
    (a, b) for a, b in BONES
    if not {a, b} & {"TailMid", "TailEnd"} and {a, b} not in
    ({"EarL", "SpineF"}, {"EarR", "SpineF"}, {"Hip", "KneeL"}, {"Hip", "KneeR"})
]  # fmt: skip

#: what a user would otherwise do: the same rodent, drawn by MuJoCo with shadow and antialiasing
_PEER_SCRIPT = """
import json, sys, time
import mujoco
path, width, height, n = sys.argv[1], *map(int, sys.argv[2:])
spec = mujoco.MjSpec.from_file(path)
spec.visual.quality.shadowsize = 1024  # as our own; the default of 4096 is slow without a GPU
spec.visual.global_.offwidth, spec.visual.global_.offheight = width, height
spec.worldbody.add_light(pos=[0, 0, 2], dir=[0, 0, -1], castshadow=True)
spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[1, 1, 0.1])
spec.worldbody.add_camera(name="look", pos=[0.4, 0, 0.1], xyaxes=[0, 1, 0, -0.2, 0, 1])
model = spec.compile()
data = mujoco.MjData(model)
renderer = mujoco.Renderer(model, height, width)
def draw():
    data.qpos[7:] += 0.001
    mujoco.mj_forward(model, data)
    renderer.update_scene(data, camera="look")
    return renderer.render()
image = draw()
start = time.perf_counter()
for _ in range(n):
    image = draw()
print(json.dumps({"s": (time.perf_counter() - start) / n, "brightness": float(image.std())}))
"""


def measure(quick: bool) -> dict[str, Any]:
    """Measure tables for studies of growing length, and pictures on one and on two cores."""
    return (
        {"name": NAME} | _measure_tables(quick) | _measure_motion(quick) | _measure_pictures(quick)
    )


def _measure_tables(quick: bool) -> dict[str, Any]:
    lengths = (0.25, 0.5) if quick else (5.0, 20.0)
    growth = {}
    for minutes in lengths:
        settings = SynthesisSettings(design="demo" if quick else "drugs", minutes=minutes)
        with tempfile.TemporaryDirectory() as folder:
            growth[minutes] = _time(
                partial(synthesize_study, Path(folder) / "study", settings, lambda event: None)
            )
    return {
        "tables_study": f"{'4' if quick else '31'} mice x {lengths[-1]:g} min at 60 fps",
        "tables_s": round(growth[lengths[-1]], 1),
        "tables_growth_s": {f"{key:g} min": round(value, 1) for key, value in growth.items()},
    }


def _measure_motion(quick: bool) -> dict[str, Any]:
    """Measure whether paws slide, bones stretch or anything dips through the floor."""
    minutes, numbers = (0.5, (0, 3)) if quick else (20.0, (0, 10, 16, 25))
    design = "demo" if quick else "drugs"
    slides, spread, lowest = [], 0.0, 0.0
    for number in numbers:
        played = act_recording(SynthesisSettings(design=design, minutes=minutes), number)
        for i, paw in enumerate(PAWS):
            place = played.keypoints[:, KEYPOINTS.index(paw), :2]
            slides.append(_measure_slide(place, played.performance.contacts[:, i]))
        for a, b in RIGID:
            ends = [played.keypoints[:, KEYPOINTS.index(name)] for name in (a, b)]
            length = np.linalg.norm(ends[0] - ends[1], axis=-1)
            spread = max(spread, float(length.std() / length.mean()))
        lowest = min(lowest, float(played.keypoints[..., 2].min()))
    slid = np.concatenate(slides)
    return {
        "motion_of": f"{len(numbers)} mice x {minutes:g} min",
        "stance_frames_within_2_mm": round(float((slid < 0.2).mean()), 5),
        "bone_length_variation": spread,
        "deepest_keypoint_mm": round(-10 * lowest, 2),
    }


def _measure_slide(place: FloatArray, stands: BoolArray) -> FloatArray:
    """Return how far a standing paw is from where it came down, cm, of every stance frame."""
    begins = stands & ~np.concatenate([[False], stands[:-1]])
    landing = np.maximum.accumulate(np.where(begins, np.arange(len(stands)), 0))
    return np.asarray(np.linalg.norm(place - place[landing], axis=-1)[stands])


def _measure_pictures(quick: bool) -> dict[str, Any]:
    try:
        check_rendering()
    except BackendError as error:
        return {"rendering": str(error)}
    sizes = {"448x448": (448, 448), "1280x1024": (1280, 1024)}
    cores = sorted({1, min(2, os.cpu_count() or 1), os.cpu_count() or 1})
    rates = {
        name: {f"{n} processes": round(_film(size, n, quick), 1) for n in cores}
        for name, size in sizes.items()
    }
    ours_s, peer_s = 1 / rates["448x448"]["1 processes"], _time_peer(448, 448, quick)
    return {
        "frames_per_s": rates,
        "n": PART_FRAMES,
        "ours_s": round(ours_s, 4),
        "peer": "MuJoCo's renderer, the rodent with shadow, 448x448",
        "peer_s": peer_s and round(peer_s, 4),
        "ratio": peer_s and round(peer_s / ours_s, 2),
        "rendering_peak_mb": read_peak_memory(),
    }


def _film(size: tuple[int, int], n_processes: int, quick: bool) -> float:
    """Return the frames per second of all processes together, everything included but starting."""
    settings = SynthesisSettings(design="demo", minutes=0.5, image_size=size)
    context = get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(n_processes, mp_context=context, initializer=_use_one_core) as pool,
    ):
        jobs = [(settings, part, Path(folder)) for part in range(1 if quick else n_processes)]
        list(pool.map(_warm, [settings] * n_processes, range(n_processes), [folder] * n_processes))
        start = time.perf_counter()
        list(pool.map(_film_part, jobs))
        return len(jobs) * PART_FRAMES / (time.perf_counter() - start)


def _warm(settings: SynthesisSettings, number: int, folder: str) -> None:
    act_recording(settings, 0)
    film_part(
        settings.model_copy(update={"minutes": 0.04, "fps": 5.0}),
        0,
        VIEW,
        0,
        Path(folder) / f"w{number}",
    )
    time.sleep(0.5)  # so that every process gets one


def _film_part(job: tuple[SynthesisSettings, int, Path]) -> None:
    settings, part, folder = job
    film_part(settings, 0, VIEW, part, folder)


def _use_one_core() -> None:
    os.environ["OMP_NUM_THREADS"] = os.environ["LP_NUM_THREADS"] = "1"


def _time(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _time_peer(width: int, height: int, quick: bool) -> float | None:
    """Time MuJoCo per picture; None where the peer is not installed."""
    python = os.environ.get(PEER, sys.executable)
    environment = os.environ | {"MUJOCO_GL": "egl", "LP_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    rodent = str(RODENT / TREE_FILE)
    n = "10" if quick else "60"
    command = [python, "-c", _PEER_SCRIPT, rodent, str(width), str(height), n]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return float(json.loads(done.stdout)["s"]) if done.returncode == 0 else None
