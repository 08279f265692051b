"""Calibrates with aniposelib: ``python _anipose_calibration.py IN.npz OUT.npz``.

It runs in an interpreter of its own, because aniposelib brings another OpenCV. The input holds the
board (squares, square, marker), image sizes, and rows of corners: view, shot, id, u, v, so that
both sides work on the same corners. The output holds ``K lens R t`` and the seconds.
"""

import sys
import time
import warnings

import cv2
import numpy as np
from aniposelib.boards import CharucoBoard
from aniposelib.cameras import Camera, CameraGroup

warnings.simplefilter("ignore")
source, target = sys.argv[1:]
given = np.load(source)
columns, rows = given["squares"]
board = CharucoBoard(int(columns), int(rows), float(given["square"]), float(given["marker"]),
                     marker_bits=4, dict_size=50)  # fmt: skip
seen = given["corners"]
cameras, detections = [], []
for view, size in enumerate(given["sizes"]):
    cameras.append(Camera(name=str(view), size=tuple(int(n) for n in size)))
    mine, found = seen[seen[:, 0] == view], []
    for shot in np.unique(mine[:, 1]):
        marks = mine[mine[:, 1] == shot]
        ids = marks[:, 2].astype(int)[:, None]
        corners = marks[:, 3:].reshape(-1, 1, 2)
        found.append({"framenum": (0, int(shot)), "corners": corners, "ids": ids,
                      "filled": board.fill_points(corners, ids)})  # fmt: skip
    detections.append(found)
group = CameraGroup(cameras)
wall, cpu = time.perf_counter(), time.process_time()
group.calibrate_rows(detections, board, verbose=False)
spent = time.perf_counter() - wall, time.process_time() - cpu
np.savez(
    target,
    K=[camera.get_camera_matrix() for camera in group.cameras],
    lens=[camera.get_distortions() for camera in group.cameras],
    R=[cv2.Rodrigues(camera.get_rotation())[0] for camera in group.cameras],
    t=[camera.get_translation() for camera in group.cameras],
    s=spent[0],
    cpu_s=spent[1],
)
