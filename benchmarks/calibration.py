"""Calibrating a rig from rendered boards against aniposelib and a chain of OpenCV's functions.

Cameras stand as in the paper; a ChArUco board is rendered before each and among all, and the sheet
of tags on the floor. All sides fit the same corners: those that we found. The peers have no sheet,
so their world is laid onto the truth by the best rotation and shift before it is compared; ours
stands where the sheet put it. aniposelib needs an interpreter of its own, named by
MOUSEGPT_ANIPOSE_PYTHON.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from mousegpt.core.arrays import ImageArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.geometry.detection import find_target
from mousegpt.geometry.rigging import RigFit, calibrate_rig, lay_world
from mousegpt.geometry.sheets import SHEET_SHOT
from mousegpt.geometry.targets import Charuco, MarkerSheet, Sighting, Target
from mousegpt.synthetic.board_pictures import render_boards
from mousegpt.synthetic.board_places import Place, place_boards, present_boards
from mousegpt.synthetic.boards import Board, draw_charuco, draw_marker_sheet
from mousegpt.synthetic.rig import arrange_views, build_rig

NAME = "calibration"
PEER_PYTHON = "MOUSEGPT_ANIPOSE_PYTHON"
FLOOR = np.eye(3)[None], np.zeros((1, 3))
VOLUME = np.stack(np.meshgrid([-6, 0, 6], [-6, 0, 6], [0, 4, 8]), -1).reshape(-1, 3)  # cm


def film(
    board: Board, target: Target, places: Place, camera: Camera, seed: int
) -> tuple[list[ImageArray], list[Sighting], float]:
    """Return the pictures, what is found in them (shots are numbers), and the seconds of that."""
    pictures, sightings, spent = [], [], 0.0
    for i, picture in enumerate(render_boards(board, *places, camera, seed=seed)):
        start = time.perf_counter()
        marks = find_target(picture, target)
        spent += time.perf_counter() - start
        pictures.append(picture)
        if marks:
            sightings.append(Sighting(camera.name, str(i), target, marks))
    return pictures, sightings, spent


def see_rig(rig: Calibration, n_own: int, n_shared: int) -> dict[str, object]:
    """Film board and sheet with all cameras."""
    board, sheet = draw_charuco(), draw_marker_sheet()
    among = place_boards(board, rig, n=n_shared)
    boards, sheets, pictures, spent, n = [], [], {}, 0.0, 0
    for number, (view, camera) in enumerate(rig.cameras.items()):
        own = present_boards(board, camera, n=n_own)
        for name, places in (("own", own), ("shared", among)):
            images, seen, s = film(board, Charuco(), places, camera, number)
            prefix = f"own {view}" if name == "own" else "shared"
            boards += [replace(found, shot=f"{prefix} {found.shot}") for found in seen]
            spent, n = spent + s, n + len(images)
        pictures[view], seen, _ = film(sheet, MarkerSheet(), FLOOR, camera, number)
        sheets += [replace(found, shot=SHEET_SHOT) for found in seen]
    return {"boards": boards, "sheets": sheets, "pictures": pictures, "find_s": spent, "n": n}


def judge(found: Calibration, truth: Calibration, *, align: bool) -> dict[str, float]:
    """Compare with the truth: places of cameras, their angles, and where they see the arena."""
    views = truth.views
    ours, right = (np.stack([c.cameras[v].center for v in views]) for c in (found, truth))
    turn, shift = np.eye(3), np.zeros(3)
    if align:
        left, _, other = np.linalg.svd((right - right.mean(0)).T @ (ours - ours.mean(0)))
        turn = left @ np.diag([1, 1, np.sign(np.linalg.det(left @ other))]) @ other
        shift = right.mean(0) - turn @ ours.mean(0)
    far = np.linalg.norm(ours @ turn.T + shift - right, axis=1)
    angles, miss = [], []
    for view in views:
        camera, true = found.cameras[view], truth.cameras[view]
        R = camera.R @ turn.T
        angles.append(np.arccos(np.clip((np.trace(R @ true.R.T) - 1) / 2, -1, 1)))
        moved = replace(camera, R=R, t=camera.t - R @ shift)
        miss.append(np.linalg.norm(moved.project(VOLUME) - true.project(VOLUME), axis=1))
    return {
        "center_max_mm": 10 * float(far.max()),
        "angle_max_deg": float(np.rad2deg(max(angles))),
        "arena_median_px": float(np.median(miss)),
    }


def run_aniposelib(
    boards: Sequence[Sighting], rig: Calibration
) -> tuple[Calibration, float, float] | None:
    """Calibrate with aniposelib, wall and CPU seconds; nothing when there is none."""
    python = os.environ.get(PEER_PYTHON)
    if not python:
        return None
    shots = {shot: i for i, shot in enumerate(dict.fromkeys(s.shot for s in boards))}
    corners = [
        np.column_stack([
            np.full(len(s.marks.ids), rig.views.index(s.view)),
            np.full(len(s.marks.ids), shots[s.shot]), s.marks.ids, s.marks.pixels,
        ])
        for s in boards
    ]  # fmt: skip
    board = Charuco()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.npz", Path(folder) / "out.npz"
        sizes = [camera.size for camera in rig.cameras.values()]
        np.savez(source, corners=np.concatenate(corners), sizes=sizes, squares=board.squares,
                 square=board.square_cm, marker=board.marker_cm)  # fmt: skip
        script = Path(__file__).with_name("_anipose_calibration.py")
        subprocess.run([python, script, source, target], check=True, capture_output=True)
        found = dict(np.load(target))
    lenses = [np.resize(np.append(lens.ravel(), np.zeros(5)), 5) for lens in found["lens"]]
    cameras = {
        view: Camera(view, found["K"][i], lenses[i], found["R"][i], found["t"][i].ravel(), sizes[i])
        for i, view in enumerate(rig.views)
    }
    return Calibration(cameras, "aniposelib"), float(found["s"]), float(found["cpu_s"])


def chain_opencv(boards: Sequence[Sighting], rig: Calibration) -> Calibration:
    """Calibrate each lens by OpenCV, then tie each camera by the pair that shares most corners."""
    seen = {view: {s.shot: s for s in boards if s.view == view} for view in rig.views}
    lenses = {}
    for view, mine in seen.items():
        points = [s.points.astype(np.float32) for s in mine.values()]
        pixels = [s.marks.pixels.astype(np.float32) for s in mine.values()]
        size = rig.cameras[view].size
        _, K, lens, _, _ = cv2.calibrateCamera(points, pixels, size, np.eye(3), np.zeros(5))
        lenses[view] = Camera(view, K, lens.ravel()[:5], np.eye(3), np.zeros(3), size)
    placed = {rig.views[0]: lenses[rig.views[0]]}
    while len(placed) < len(lenses):
        pairs = [(known, new) for known in placed for new in lenses if new not in placed]
        known, new = max(pairs, key=lambda pair: len(seen[pair[0]].keys() & seen[pair[1]].keys()))
        R, t = tie_opencv(lenses[known], lenses[new], seen[known], seen[new])
        base = placed[known]
        placed[new] = replace(lenses[new], R=R @ base.R, t=R @ base.t + t)
    return Calibration(placed, "OpenCV")


def tie_opencv(
    one: Camera, other: Camera, seen: dict[str, Sighting], seen_by_other: dict[str, Sighting]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pose of a camera in the frame of another by ``stereoCalibrate``."""
    points, pixels, other_pixels = [], [], []
    for shot in sorted(seen.keys() & seen_by_other.keys()):
        a, b = seen[shot], seen_by_other[shot]
        _, i, j = np.intersect1d(a.marks.ids, b.marks.ids, return_indices=True)
        if len(i) >= 6:
            points.append(a.points[i].astype(np.float32))
            pixels.append(a.marks.pixels[i].astype(np.float32))
            other_pixels.append(b.marks.pixels[j].astype(np.float32))
    lenses = [array.copy() for c in (one, other) for array in (c.K, c.distortion)]
    _, _, _, _, _, R, t, _, _ = cv2.stereoCalibrate(
        points, pixels, other_pixels, *lenses, one.size, flags=cv2.CALIB_FIX_INTRINSIC
    )
    return np.asarray(R), np.asarray(t).ravel()


def measure_growth(
    boards: Sequence[Sighting], sizes: dict[str, tuple[int, int]]
) -> dict[int, float]:
    """Return the seconds of the fit by the number of sightings, all of each share of the shots."""
    growth = {}
    for share in (2, 1):
        kept = [s for s in boards if int(s.shot.split()[-1]) % share == 0]
        start = time.perf_counter()
        calibrate_rig(kept, sizes)
        growth[len(kept)] = time.perf_counter() - start
    return growth


def describe_residuals(fit: RigFit) -> dict[str, float]:
    errors = np.hypot(fit.points["du"], fit.points["dv"])
    return {"median_px": float(np.median(errors)), "p95_px": float(np.percentile(errors, 95))}


def measure(quick: bool) -> dict[str, object]:
    """Measure the fit of corners, and how far each side is from the truth."""
    size, layout, n = ((640, 512), arrange_views(3), (8, 14)) if quick else (
        (1280, 1024), "paper", (15, 30))  # fmt: skip
    rig = build_rig("paper", layout=layout, image_size=size)
    seen = see_rig(rig, *n)
    boards, sizes = seen["boards"], {view: c.size for view, c in rig.cameras.items()}
    wall, cpu = time.perf_counter(), time.process_time()
    fit = calibrate_rig(boards, sizes)
    ours = {"s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    wall = time.perf_counter()
    fit = lay_world(fit, seen["sheets"], seen["pictures"], MarkerSheet())
    world_s = time.perf_counter() - wall
    wall = time.perf_counter()
    chain = chain_opencv(boards, rig)
    chain_s = time.perf_counter() - wall
    theirs = run_aniposelib(boards, rig)
    growth = measure_growth(boards, sizes)
    (few, few_s), (many, many_s) = growth.items()
    return {
        "n": f"{len(sizes)} views, {size[0]} x {size[1]}, {len(boards)} boards found, "
        f"{seen['n']} pictures",
        "ours_s": ours["s"],
        "ours_cpu_s": ours["cpu_s"],
        "find_s": seen["find_s"],
        "world_s": world_s,
        "peer": "aniposelib calibrate_rows, the same corners" if theirs
        else f"aniposelib is absent: name an interpreter that has it in {PEER_PYTHON}",
        "peer_s": theirs[1] if theirs else None,
        "peer_cpu_s": theirs[2] if theirs else None,
        "ratio": theirs[1] / ours["s"] if theirs else None,
        "ratio_cpu": theirs[2] / ours["cpu_s"] if theirs else None,
        "opencv_s": chain_s,
        "residuals": describe_residuals(fit),
        "ours, world of the sheet": judge(fit.calibration, rig, align=False),
        "ours, laid onto the truth": judge(fit.calibration, rig, align=True),
        "aniposelib, laid onto the truth": judge(theirs[0], rig, align=True) if theirs else None,
        "OpenCV chain, laid onto the truth": judge(chain, rig, align=True),
        "sheet_scale": fit.sheet_scale,
        "growth_s": growth,
        "growth_exponent": float(np.log(many_s / few_s) / np.log(many / few)),
    }  # fmt: skip
