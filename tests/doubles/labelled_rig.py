"""A rig filmed as folders of pictures, with predictions of which one is planted to be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from mousegpt.core.calibration import Calibration
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.io.calibration import save_calibration
from mousegpt.io.labels import LabelHeader, open_labels
from mousegpt.io.poses import save_poses
from mousegpt.pipeline.labelling.material import open_files
from mousegpt.pipeline.labelling.session import LabelSession
from mousegpt.synthetic.rig import arrange_views, build_rig

SIZE = (320, 256)
FIRST, N_FRAMES = 7, 6  # pictures are numbered 7 to 12
WRONG = ("Snout", 9, 40.0)  # in the first view the snout is predicted 40 px too far right


def make_rig(n_views: int = 3) -> Calibration:
    return build_rig(layout=arrange_views(n_views, with_top=False), image_size=SIZE, seed=3)


def place_points() -> np.ndarray:
    """24 points that walk along x, cm, shape (frame, 24, 3)."""
    body = np.random.default_rng(5).uniform([-4, -2, 0.5], [4, 2, 4], (len(KEYPOINTS), 3))
    return body + 0.8 * np.arange(N_FRAMES)[:, None, None] * [1.0, 0.3, 0.0]


def see_points(rig: Calibration) -> np.ndarray:
    """Where the cameras see them, px, shape (view, frame, 24, 2)."""
    return np.stack([camera.project(place_points()) for camera in rig.cameras.values()])


def predict(rig: Calibration) -> Poses:
    seen = see_points(rig)
    keypoint, frame, shift = WRONG
    seen[0, frame - FIRST, KEYPOINTS.index(keypoint), 0] += shift
    return build_poses(
        np.moveaxis(seen, 3, 2)[..., None], np.full((*seen.shape[:3], 1), 0.9),
        keypoints=KEYPOINTS, fps=1.0, unit="px", views=rig.views,
        frames=np.arange(FIRST, FIRST + N_FRAMES),
    )  # fmt: skip


def write_files(folder: Path, n_views: int = 3) -> dict[str, Path]:
    """Write pictures, poses and calibration; return the folder of each view."""
    rig = make_rig(n_views)
    seen = see_points(rig)
    folders = {}
    for view, points in zip(rig.views, seen, strict=True):
        folders[view] = folder / view
        folders[view].mkdir(parents=True)
        for number, of_frame in enumerate(points, FIRST):
            image = np.full((SIZE[1], SIZE[0], 3), 70, np.uint8)
            for x, y in of_frame:
                cv2.circle(image, (round(x), round(y)), 3, (180, 180, 180), -1)
            cv2.imwrite(str(folders[view] / f"img{number:04d}.png"), image)
    save_poses(predict(rig), folder / "poses.nc")
    save_calibration(rig, folder / "rig.json")
    return folders


@contextmanager
def open_session(folder: Path, n_views: int = 3, *, predicted: bool = True, calibrated: bool = True
                 ) -> Iterator[LabelSession]:  # fmt: skip
    """Open the session of such a rig; files that are there are kept."""
    rig = make_rig(n_views)
    films = folder / "films"
    if not films.exists():
        write_files(films, n_views)
    poses = [("", films / "poses.nc")] if predicted else []
    cameras = films / "rig.json" if calibrated else None
    pictures = {view: films / view for view in rig.views}
    material = open_files("made-up", pictures, poses, cameras)
    header = LabelHeader(
        recording=material.name, views=material.views,
        individuals=material.individuals, keypoints=material.keypoints,
    )  # fmt: skip
    with open_labels(folder / "labels", header) as labels:
        yield LabelSession(material, labels)
