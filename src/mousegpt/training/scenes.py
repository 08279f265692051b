"""Pictures of synthetic mice in ever other scenes, drawn on the fly: strong domain randomisation.

A scene is one mouse, coat, arena, light, room, floor, sensor and rig, all drawn at random; its
pictures show random moments of a script in which every behaviour is as likely as any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.calibration import Calibration
from mousegpt.io.rodent import load_rodent
from mousegpt.synthetic.anatomy import draw_body
from mousegpt.synthetic.arena import ARENAS, SyntheticArena
from mousegpt.synthetic.behaviors import BEHAVIORS, Bout
from mousegpt.synthetic.body import pose_figure, pose_skeleton
from mousegpt.synthetic.exposure import expose_stance
from mousegpt.synthetic.looks import draw_look
from mousegpt.synthetic.motion import act
from mousegpt.synthetic.rendering import Renderer
from mousegpt.synthetic.rig import build_rig
from mousegpt.synthetic.skin import fit_skin, pose_skin
from mousegpt.training.samples import Sample, enclose_points

_N_CAMERAS: Final = 3
_N_BOUTS: Final = 12
_BOUT_S: Final = 0.9
_FPS: Final = 60.0


def render_scene(
    number: int,
    *,
    n_pictures: Annotated[int, Field(ge=1)] = 24,
    size_px: Annotated[int, Field(ge=64)] = 768,
    seed: Annotated[int, Field(ge=0)] = 0,
) -> Iterator[Sample]:
    """Render the pictures of a scene.

    Parameters
    ----------
    number
        Of the scene; the same number and seed make the same pictures.
    size_px
        Longer edge of the pictures.

    Raises
    ------
    BackendError
        When this machine cannot render.
    """
    rng = np.random.default_rng([seed, number])
    arena = ARENAS[str(rng.choice(list(ARENAS)))]
    body = draw_body(seed=int(rng.integers(2**31)))
    look = draw_look(int(rng.integers(2**31)), variety=1.0)
    cameras = _place_cameras(rng, arena, size_px)
    performance = act(
        _write_script(rng), body, arena, duration_s=_N_BOUTS * _BOUT_S, fps=_FPS,
        seed=int(rng.integers(2**31)),
    )  # fmt: skip
    keypoints = pose_skeleton(performance.stance, body)
    exposure_ms = float(rng.uniform(0, 8))
    skin = fit_skin(load_rodent(), body)
    with Renderer(skin, arena, look, cameras) as renderer:
        for picture in range(n_pictures):
            frame = int(rng.integers(len(keypoints)))
            view = cameras.views[picture % len(cameras.views)]
            stance = expose_stance(
                performance.stance, keypoints, frame, fps=_FPS, exposure_ms=exposure_ms
            )
            figure = pose_figure(stance, body)
            surfaces = [pose_skin(skin, figure, i, arena=arena) for i in range(len(stance))]
            taken = renderer.render(surfaces, view, keypoints=keypoints[frame], seed=picture)
            points = cameras.cameras[view].project(keypoints[frame])[None]
            visible = taken.visible[None]
            boxes = enclose_points(points, visible)
            known = np.isfinite(boxes).all(axis=1)
            yield Sample(taken.image, boxes[known], points[known], visible[known])


def _place_cameras(rng: np.random.Generator, arena: SyntheticArena, size_px: int) -> Calibration:
    """Stand cameras around the arena, near or far, low or high, and often one above them."""
    reach = float(2 * np.hypot(*arena.half))
    layout: dict[str, float | None] = {
        f"side{i}": float(rng.uniform(0, 360)) for i in range(_N_CAMERAS)
    }
    hidden = arena.wall == "opaque"  # from beside, no mouse is seen
    if hidden or rng.random() < 0.6:
        layout["top"] = None
    low, high = rng.uniform(3, 12), rng.uniform(12, 60)
    height = float(rng.uniform(60, 110) if hidden else rng.choice([low, high]))
    aspect = float(rng.uniform(0.75, 1.0))
    return build_rig(
        arena,
        layout=layout,
        image_size=(size_px, round(size_px * aspect / 2) * 2),
        ring_diameter_cm=reach * float(rng.uniform(2.2, 5.0)),
        side_height_cm=height,
        top_height_cm=float(rng.uniform(90, 160)),
        headroom_cm=float(rng.uniform(8, 14)),
        distortion=float(rng.uniform(0, 1.5)),
        jitter=3.0,
        seed=int(rng.integers(2**31)),
    )


def _write_script(rng: np.random.Generator) -> list[Bout]:
    names = rng.choice(np.array(BEHAVIORS), _N_BOUTS)
    return [
        Bout(
            str(name),
            _BOUT_S,
            vigor=float(rng.uniform(0.7, 1.4)),
            side=int(rng.choice([-1, 1])),
            hunch=float(rng.normal(0, 6)),
            sway=float(rng.random() < 0.1),
        )
        for name in names
    ]
