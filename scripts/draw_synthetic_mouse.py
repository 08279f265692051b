"""Draw the pictures of docs/synthetic_mouse.md: every behaviour, keypoints on pixels, looks.

    python scripts/draw_synthetic_mouse.py docs/img

Needs EGL. `--beside FOLDER` instead puts real frames of the five-camera recording beside ours, into
FOLDER: real pixels are not ours to publish.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.skeleton import BONES, KEYPOINTS
from mousegpt.io.rodent import load_rodent
from mousegpt.io.video import read_frames
from mousegpt.synthetic.anatomy import Body
from mousegpt.synthetic.arena import find_arena
from mousegpt.synthetic.behaviors import BEHAVIORS, Bout
from mousegpt.synthetic.body import pose_figure, pose_skeleton
from mousegpt.synthetic.exposure import expose_stance
from mousegpt.synthetic.looks import COATS, draw_look
from mousegpt.synthetic.motion import Performance, act
from mousegpt.synthetic.rendering import Picture, Renderer
from mousegpt.synthetic.rig import build_rig
from mousegpt.synthetic.skin import fit_skin, pose_skin
from mousegpt.synthetic.surface import Skin

FPS, TILE = 120, 420
VIEWS = ("side1", "side3")  # 103 degrees apart: what comes nearest to perpendicular on a ring of 7
SEEN, HIDDEN, OUTLINE = "#EE6677", "#66CCEE", "#CCBB44"


class Studio:
    """An arena, its cameras, and a mouse that can be photographed there."""

    def __init__(
        self,
        *,
        coat: str | None = "black",
        variety: float = 0.0,
        infrared: bool | None = False,
        size: int = 1280,
        seed: int = 1,
    ) -> None:
        self.arena, self.body = find_arena("paper"), Body()
        self.cameras: Calibration = build_rig(self.arena, image_size=(size, size))
        self.skin: Skin = fit_skin(load_rodent(), self.body)
        look = draw_look(seed, coat=coat, variety=variety, infrared=infrared)
        self.renderer = Renderer(self.skin, self.arena, look, self.cameras)


class Scene:
    """A mouse that acts in a studio."""

    def __init__(self, studio: Studio, behavior: str, *, seed: int = 1) -> None:
        self.arena, self.body, self.skin = studio.arena, studio.body, studio.skin
        self.cameras, self.renderer = studio.cameras, studio.renderer
        script = [Bout("still", 1.0), Bout(behavior, 2.0), Bout("still", 1.0)]
        self.played: Performance = act(
            script, self.body, self.arena, duration_s=6.0, fps=FPS, seed=seed
        )
        self.keypoints: FloatArray = pose_skeleton(self.played.stance, self.body)

    def find_frame(self, behavior: str) -> int:
        """Return the middle frame of a behaviour; of a jump the highest."""
        frames = np.flatnonzero(np.array(self.played.labels) == behavior)
        if behavior == "jumping":
            return int(frames[np.argmax(self.played.stance.carriage.lift[frames])])
        return int(frames[len(frames) // 2])

    def shoot(self, view: str, frame: int) -> Picture:
        """Take a picture as a camera with an exposure of 4 ms does."""
        stance = expose_stance(self.played.stance, self.keypoints, frame, fps=FPS)
        figure = pose_figure(stance, self.body)
        surfaces = [pose_skin(self.skin, figure, i, arena=self.arena) for i in range(len(stance))]
        return self.renderer.render(surfaces, view, keypoints=self.keypoints[frame], seed=frame)

    def crop(self, view: str, frame: int, *, side: int = TILE) -> ImageArray:
        """Return a square around the mouse."""
        image = self.shoot(view, frame).image
        center = np.nanmean(self.cameras.cameras[view].project(self.keypoints[frame, :8]), axis=0)
        corner = np.clip(center - side / 2, 0, np.array(image.shape[1::-1]) - side).astype(int)
        return image[corner[1] : corner[1] + side, corner[0] : corner[0] + side]


def draw_behaviors(path: Path) -> None:
    """Draw every behaviour from two sides."""
    n_columns = 3
    n_rows = -(-len(BEHAVIORS) // n_columns)
    figure, axes = plt.subplots(n_rows, n_columns, figsize=(16, 2.9 * n_rows))
    studio = Studio()
    for ax, behavior in zip(axes.flat, BEHAVIORS, strict=False):
        scene = Scene(studio, behavior)
        frame = scene.find_frame(behavior)
        ax.imshow(np.hstack([scene.crop(view, frame) for view in VIEWS]))
        ax.set_title(behavior, fontsize=12, loc="left", pad=3)
    save(figure, path)


def draw_overlay(path: Path) -> None:
    """Draw the 24 keypoints over the pixels of all eight cameras; hidden ones are open rings."""
    scene = Scene(Studio(size=896), "walking")
    frame = scene.find_frame("walking")
    figure, axes = plt.subplots(2, 4, figsize=(16, 8.4))
    for ax, view in zip(axes.flat, scene.cameras.views, strict=True):
        picture = scene.shoot(view, frame)
        pixels = scene.cameras.cameras[view].project(scene.keypoints[frame])
        ax.imshow(picture.image)
        for a, b in BONES:
            ax.plot(*pixels[[KEYPOINTS.index(a), KEYPOINTS.index(b)]].T, color="white", lw=0.6)
        ax.contour(picture.mask, [0.5], colors=[OUTLINE], linewidths=0.7)
        ax.scatter(*pixels[picture.visible].T, s=10, color=SEEN, zorder=3)
        hidden = pixels[~picture.visible].T
        ax.scatter(*hidden, s=10, facecolors="none", edgecolors=HIDDEN, lw=0.9, zorder=3)
        middle = np.nanmean(pixels, axis=0)
        ax.set(xlim=middle[0] + [-190, 190], ylim=middle[1] + [190, -190])
        ax.set_title(view, fontsize=12, loc="left")
    save(figure, path)


def draw_looks(path: Path) -> None:
    """Draw coats, infrared light and what domain randomisation makes of the scene."""
    tiles = [(f"{coat}, studio", shoot_once(coat=coat)) for coat in COATS]
    tiles.append(("black, infrared", shoot_once(infrared=True)))
    tiles += [
        (f"variety 1, seed {seed}", shoot_once(coat=None, variety=1.0, infrared=None, seed=seed))
        for seed in range(2, 14 - len(tiles))
    ]
    figure, axes = plt.subplots(3, 4, figsize=(16, 12.6))
    for ax, (title, image) in zip(axes.flat, tiles, strict=True):
        ax.imshow(image)
        ax.set_title(title, fontsize=12, loc="left")
    save(figure, path)


def shoot_once(
    *,
    coat: str | None = "black",
    variety: float = 0.0,
    infrared: bool | None = False,
    seed: int = 1,
) -> ImageArray:
    """Return one picture of a rearing mouse."""
    studio = Studio(coat=coat, variety=variety, infrared=infrared, size=448, seed=seed)
    scene = Scene(studio, "rearing")
    image = scene.shoot("side2", scene.find_frame("rearing")).image
    studio.renderer.close()
    return image


def draw_beside(folder: Path, recording: Path, frames: Sequence[int]) -> None:
    """Put real frames beside ours, for the eye alone."""
    figure, axes = plt.subplots(2, len(frames), figsize=(4 * len(frames), 8.4))
    video = next(recording.glob("videos/*E.mp4"))
    for ax, (_, image) in zip(axes[0], read_frames(video, frames), strict=True):
        ax.imshow(image[550:950, 350:950])
    scene = Scene(Studio(), "walking")
    for ax, frame in zip(axes[1], np.linspace(60, 600, len(frames)).astype(int), strict=True):
        ax.imshow(scene.crop("side1", frame, side=500))
    save(figure, folder / "beside_real.png")


def save(figure: plt.Figure, path: Path) -> None:
    """Save pictures side by side, without axes."""
    for ax in figure.axes:
        ax.axis("off")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.subplots_adjust(0.005, 0.005, 0.995, 0.97, wspace=0.02, hspace=0.09)
    figure.savefig(path, dpi=75)
    plt.close(figure)


def main() -> None:
    """Draw what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs/img"))
    parser.add_argument("--beside", type=Path, help="where to put real frames beside ours")
    recording = Path("../shared/data/dannce_cylinder_5cam")
    parser.add_argument("--recording", type=Path, default=recording)
    asked = parser.parse_args()
    if asked.beside:
        draw_beside(asked.beside, asked.recording, (100, 700, 1200, 1900, 2500))
        return
    draw_behaviors(asked.folder / "synthetic_behaviors.png")
    draw_overlay(asked.folder / "synthetic_keypoints.png")
    draw_looks(asked.folder / "synthetic_looks.png")


if __name__ == "__main__":
    main()
