"""Held-out pictures: mice, coats, rooms and lights that no training draws, seen by eight cameras.

Trainings draw their scenes from small seeds; these come from another stream. All eight views show
the same moment, so that points can be triangulated. Rendered pictures are kept in a folder and
read from there the next time. The opaque arena is left out: its walls hide the mouse from beside.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from mousegpt.core.arrays import BoolArray, FloatArray, ImageArray
from mousegpt.core.calibration import Calibration
from mousegpt.io.rodent import load_rodent
from mousegpt.synthetic.anatomy import Body, draw_body
from mousegpt.synthetic.arena import find_arena
from mousegpt.synthetic.behaviors import BEHAVIORS, Bout
from mousegpt.synthetic.body import Stance, pose_figure, pose_skeleton
from mousegpt.synthetic.exposure import expose_stance
from mousegpt.synthetic.looks import draw_look
from mousegpt.synthetic.motion import act
from mousegpt.synthetic.rendering import Renderer
from mousegpt.synthetic.rig import build_rig
from mousegpt.synthetic.skin import fit_skin, pose_skin
from mousegpt.training.samples import enclose_points

FOLDER: Final = "MOUSEGPT_BENCHMARK_PICTURES"
ARENAS: Final = ("paper", "cylinder", "home_cage")
STREAM: Final = 7_301_959  # no training begins with it
FPS, BOUT_S, N_BETWEEN, SIZE = 60.0, 0.9, 3, (960, 720)
JPEG_QUALITY = 95


@dataclass(frozen=True, eq=False)
class Scene:
    """Moments of one mouse in one arena.

    Attributes
    ----------
    folder
        Of the pictures.
    world
        cm, shape (moment, 24, 3).
    visible
        Shape (view, moment, 24).
    """

    number: int
    folder: Path
    rig: Calibration
    world: FloatArray
    visible: BoolArray

    @property
    def pixels(self) -> FloatArray:
        """Return all keypoints, seen or hidden, shape (view, moment, 24, 2)."""
        return np.stack([camera.project(self.world) for camera in self.rig.cameras.values()])

    @property
    def boxes(self) -> FloatArray:
        """Return boxes as the training has them, shape (view, moment, 4); NaN where unseen."""
        pairs = zip(self.pixels, self.visible, strict=True)
        return np.stack([enclose_points(points, seen) for points, seen in pairs])

    def read(self, view: int, moment: int) -> ImageArray:
        """Return a picture, RGB."""
        image = cv2.imread(str(name_picture(self.folder, view, moment)))
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class Plan:
    """What a scene shows, before it is rendered."""

    arena: str
    body: Body
    rig: Calibration
    stance: Stance
    world: FloatArray
    frames: list[int]
    exposure_ms: float
    look_seed: int


def plan_scene(number: int, n_moments: int) -> Plan:
    """Draw a mouse, a rig and a script with as many behaviours as there are moments."""
    rng = np.random.default_rng([STREAM, number])
    arena = ARENAS[number % len(ARENAS)]
    body = draw_body(seed=int(rng.integers(2**31)))
    rig = build_rig(arena, image_size=SIZE, seed=int(rng.integers(2**31)))
    script = write_script(rng, n_moments)
    played = act(
        script, body, find_arena(arena), duration_s=len(script) * BOUT_S, fps=FPS,
        seed=int(rng.integers(2**31)),
    )  # fmt: skip
    world = pose_skeleton(played.stance, body)
    starts = N_BETWEEN + (1 + N_BETWEEN) * np.arange(n_moments)
    moments = (starts + rng.uniform(0.3, 0.9, n_moments)) * BOUT_S * FPS
    frames = np.minimum(np.round(moments).astype(int), len(world) - 1).tolist()
    exposure_ms = float(rng.uniform(1, 6))
    return Plan(arena, body, rig, played.stance, world, frames, exposure_ms,
                int(rng.integers(2**31)))  # fmt: skip


def write_script(rng: np.random.Generator, n_moments: int) -> list[Bout]:
    """Write a script: ever other behaviours to look at, and between them some that move on."""
    shown = rng.permutation(np.array(BEHAVIORS))
    script = []
    for i in range(n_moments):
        names = [*rng.choice(np.array(BEHAVIORS), N_BETWEEN), shown[i % len(shown)]]
        script += [Bout(str(name), BOUT_S, side=int(rng.choice([-1, 1]))) for name in names]
    return script


def render_plan(plan: Plan, folder: Path) -> BoolArray:
    """Render all pictures of a scene; return which keypoints are visible, (view, moment, 24)."""
    skin, look = fit_skin(load_rodent(), plan.body), draw_look(plan.look_seed, variety=1.0)
    arena = find_arena(plan.arena)
    visible = np.zeros((len(plan.rig.views), len(plan.frames), plan.world.shape[1]), dtype=bool)
    with Renderer(skin, arena, look, plan.rig) as renderer:
        for moment, frame in enumerate(plan.frames):
            stance = expose_stance(
                plan.stance, plan.world, frame, fps=FPS, exposure_ms=plan.exposure_ms
            )
            figure = pose_figure(stance, plan.body)
            surfaces = [pose_skin(skin, figure, i, arena=arena) for i in range(len(stance))]
            for view, name in enumerate(plan.rig.views):
                taken = renderer.render(surfaces, name, keypoints=plan.world[frame], seed=moment)
                visible[view, moment] = taken.visible
                bgr = cv2.cvtColor(taken.image, cv2.COLOR_RGB2BGR)
                quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
                cv2.imwrite(str(name_picture(folder, view, moment)), bgr, quality)
    return visible


def name_picture(folder: Path, view: int, moment: int) -> Path:
    return folder / f"view{view}-moment{moment:03d}.jpg"


def load_scene(number: int, n_moments: int) -> Scene:
    """Return a held-out scene; rendered when it is not there yet."""
    plan = plan_scene(number, n_moments)
    folder = find_folder() / f"scene{number}-{n_moments}"
    truth = folder / "visible.npy"
    if not truth.exists():
        folder.mkdir(parents=True, exist_ok=True)
        visible = render_plan(plan, folder)
        temporary = folder / f"visible-{os.getpid()}.npy"
        np.save(temporary, visible)
        temporary.replace(truth)  # the last to come: a scene that has it is complete
    return Scene(number, folder, plan.rig, plan.world[plan.frames], np.load(truth))


def find_folder() -> Path:
    """Return where rendered pictures are kept."""
    named = os.environ.get(FOLDER)
    return Path(named) if named else Path(tempfile.gettempdir()) / "mousegpt-benchmark-pictures"
