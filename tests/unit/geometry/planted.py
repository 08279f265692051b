"""A small rig that sees a moving animal, and the faults that are planted into it."""

from dataclasses import replace

import numpy as np

from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.poses import Poses, build_poses
from mousegpt.synthetic.rig import arrange_views, build_rig

FPS = 30.0
RIG = build_rig(layout=arrange_views(4), image_size=(640, 512), seed=3)
VIEWS = RIG.views
WIDTH, HEIGHT = 640, 512


def walk(n_frames: int = 240) -> np.ndarray:
    """Eight points on a body that walks a winding path and rears, cm, shape (time, 8, 3)."""
    time = np.arange(n_frames) / FPS
    path = np.stack([6 * np.sin(1.9 * time), 5 * np.sin(1.3 * time + 1), 2 + 1.5 * np.sin(time)], 1)
    heading = np.unwrap(np.arctan2(np.gradient(path[:, 1]), np.gradient(path[:, 0])))
    body = np.random.default_rng(5).uniform([-4, -1, -1], [4, 1, 1], (8, 3))
    cosine, sine = np.cos(heading)[:, None], np.sin(heading)[:, None]
    x, y = body[:, 0] * cosine - body[:, 1] * sine, body[:, 0] * sine + body[:, 1] * cosine
    return path[:, None] + np.stack([x, y, np.broadcast_to(body[:, 2], x.shape)], axis=-1)


def see(
    rig: Calibration = RIG,
    points: np.ndarray | None = None,
    *,
    noise_px: float = 1.0,
    outliers: float = 0.08,
    missing: float = 0.1,
    seed: int = 0,
) -> Poses:
    """What the cameras see, with noise, bad detections anywhere in the picture, and gaps."""
    rng = np.random.default_rng(seed)
    points = walk() if points is None else points
    seen = np.stack([camera.project(points) for camera in rig.cameras.values()])
    seen = seen + rng.normal(0, noise_px, seen.shape)
    chance = rng.random(seen.shape[:-1])
    seen[chance < outliers] = rng.uniform(0, [WIDTH, HEIGHT], (int((chance < outliers).sum()), 2))
    seen[chance > 1 - missing] = np.nan
    return build_poses(
        np.moveaxis(seen, -1, 2)[..., None], keypoints=[f"k{i}" for i in range(seen.shape[2])],
        fps=FPS, unit="px", views=rig.views,
    )  # fmt: skip


def reorder(poses: Poses, order: list[str]) -> Poses:
    """Name the views anew: what ``order[0]`` saw is now called by the first view's name."""
    return poses.sel(view=order).assign_coords(view=list(poses["view"].values))


def change_pixels(poses: Poses, view: str, change) -> Poses:
    """Change the pixels of a view, shape (time, 2, keypoint, individual)."""
    position = poses["position"].values.copy()
    position[list(poses["view"].values).index(view)] = change(
        poses["position"].sel(view=view).values
    )
    return poses.assign(position=(poses["position"].dims, position))


def change_camera(rig: Calibration, view: str, change) -> Calibration:
    """Change the fields of a camera; ``change`` returns them."""
    cameras = dict(rig.cameras)
    camera: Camera = cameras[view]
    cameras[view] = replace(camera, **change(camera))
    return Calibration(cameras)


def delay(pixels: np.ndarray, n_frames: int, start: int = 0) -> np.ndarray:
    """Show from a frame on what was there some frames earlier; later, when negative."""
    source = np.arange(len(pixels)) - np.where(np.arange(len(pixels)) < start, 0, n_frames)
    known = (source >= 0) & (source < len(pixels))
    late = pixels[np.where(known, source, 0)]
    late[~known] = np.nan
    return late
