"""Triangulates with aniposelib: ``python _aniposelib.py IN.npz OUT.npz``.

It runs in an interpreter of its own, because aniposelib brings another OpenCV. The input holds the
cameras and, by name, pixels of shape (segment, view, time, keypoint, 2); the output the points,
shape (segment, time, keypoint, 3), and the seconds and CPU seconds of all segments.
"""

import sys
import time
import warnings

import cv2
import numpy as np
from aniposelib.cameras import Camera, CameraGroup

warnings.simplefilter("ignore")
source, target = sys.argv[1:]
given = dict(np.load(source))
rig = zip(given.pop("K"), given.pop("lens"), given.pop("R"), given.pop("t"), strict=True)
group = CameraGroup(
    [
        Camera(matrix=K, dist=lens, rvec=cv2.Rodrigues(R)[0].ravel(), tvec=t, name=str(i))
        for i, (K, lens, R, t) in enumerate(rig)
    ]
)
group.triangulate_optim(next(iter(given.values()))[0])  # compiles

found = {}
for name, segments in given.items():
    wall, cpu = time.perf_counter(), time.process_time()
    found[name] = np.stack([group.triangulate_optim(pixels) for pixels in segments])
    found[f"{name}_s"] = time.perf_counter() - wall
    found[f"{name}_cpu_s"] = time.process_time() - cpu
np.savez(target, **found)
