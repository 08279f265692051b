"""Moments of synthetic mice as a describer sees them: tiles of two views, and what is true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.arrays import BoolArray, FloatArray, ImageArray, IntArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.facts import SPEEDS, STATES, UNKNOWN, state_column
from mousegpt.core.moment import MOMENTS_S, TILE_MARGIN, TILE_PX, Moment
from mousegpt.io.rodent import load_rodent
from mousegpt.kinematics.posture import compute_posture
from mousegpt.synthetic.anatomy import Body, draw_body
from mousegpt.synthetic.arena import ARENAS, SyntheticArena
from mousegpt.synthetic.behaviors import BEHAVIORS, Bout
from mousegpt.synthetic.body import pose_figure, pose_skeleton
from mousegpt.synthetic.exposure import expose_stance
from mousegpt.synthetic.looks import Look, draw_look
from mousegpt.synthetic.measurement import build_exact_poses
from mousegpt.synthetic.motion import Performance, act
from mousegpt.synthetic.rendering import Renderer
from mousegpt.synthetic.rig import build_rig
from mousegpt.synthetic.skin import fit_skin, pose_skin
from mousegpt.synthetic.surface import Skin
from mousegpt.synthetic.truth import build_truth, settle_states
from mousegpt.training.samples import enclose_points
from mousegpt.vision.mosaic import make_mosaic, square_box

_N_BOUTS: Final = 14
_BOUT_S: Final = 1.2
FPS: Final = 60.0
RATE_HZ: Final = 20.0
_SHARE_UNNAMED: Final = 0.1  # of the moments in which the mouse does nothing that has a name


@dataclass(frozen=True, eq=False)
class Scene:
    """One mouse, what it does in an arena, and the cameras around it.

    ``keypoints`` are exact, cm, shape (time, 24, 3), at 60 frames a second.
    """

    arena: SyntheticArena
    body: Body
    skin: Skin
    performance: Performance
    keypoints: FloatArray
    cameras: Calibration
    look: Look
    exposure_ms: float


def render_moments(
    number: int,
    *,
    n_moments: Annotated[int, Field(ge=1)] = 16,
    size_px: Annotated[int | None, Field(ge=64)] = None,
    tile_px: Annotated[int, Field(ge=32)] = TILE_PX,
    seed: Annotated[int, Field(ge=0)] = 0,
) -> Iterator[Moment]:
    """Render moments of one scene: a mouse, a coat, an arena, lights and two cameras.

    Parameters
    ----------
    number
        Of the scene; the same number and seed make the same moments.
    size_px, tile_px
        Longer edge of the pictures, drawn between 320 and 704 when left out (mice are as often
        small as large in real ones), and edge of the tiles cut out of them.

    Raises
    ------
    BackendError
        When this machine cannot render.
    """
    scene = draw_scene(number, size_px=size_px, seed=seed)
    posture = settle_scene(scene)
    rng = np.random.default_rng([seed, number, 8])
    chosen = posture.iloc[_choose(posture, n_moments, rng)]
    with Renderer(scene.skin, scene.arena, scene.look, scene.cameras) as renderer:
        for row in chosen.to_dict("records"):
            shown = [
                _cut(renderer, scene, view, int(row["frame"]), tile_px, rng)
                for view in scene.cameras.views
            ]
            tiles, points, visible = (np.stack(each) for each in zip(*shown, strict=True))
            speeds = np.array([row[name] for name in SPEEDS], dtype=np.float64)
            states = {state.name: str(row[state_column(state.name)]) for state in STATES}
            yield Moment(tiles, points, visible, speeds, states, int(row["frame"]))


def draw_scene(
    number: int,
    *,
    size_px: Annotated[int | None, Field(ge=64)] = None,
    seed: Annotated[int, Field(ge=0)] = 0,
) -> Scene:
    """Draw mouse, arena, script, looks and cameras of a scene at random."""
    rng = np.random.default_rng([seed, number, 7])
    size_px = size_px or 2 * int(rng.integers(160, 353))
    arena = ARENAS[str(rng.choice(list(ARENAS)))]
    body = draw_body(seed=int(rng.integers(2**31)))
    performance = act(
        _write_script(rng), body, arena, duration_s=_N_BOUTS * _BOUT_S, fps=FPS,
        seed=int(rng.integers(2**31)),
    )  # fmt: skip
    return Scene(
        arena=arena,
        body=body,
        skin=fit_skin(load_rodent(), body),
        performance=performance,
        keypoints=pose_skeleton(performance.stance, body),
        cameras=_place_cameras(rng, arena, size_px),
        look=draw_look(int(rng.integers(2**31)), variety=1.0),
        exposure_ms=float(rng.uniform(0, 8)),
    )


def settle_scene(scene: Scene) -> pd.DataFrame:
    """Return the true POSTURE_TABLE of the frames whose neighbours in time can be filmed."""
    truth = build_truth(scene.performance, scene.keypoints, scene.arena, fps=FPS)
    facts = compute_posture(
        build_exact_poses(scene.keypoints, fps=FPS),
        arena=scene.arena.outline, rate_hz=RATE_HZ, systematic_error=0.0, certainty=0.51,
    )  # fmt: skip
    posture = settle_states(facts, truth)
    reach = round(max(MOMENTS_S) * FPS)
    return posture[posture["frame"].between(reach, len(scene.keypoints) - 1 - reach)]


def _write_script(rng: np.random.Generator) -> list[Bout]:
    """Make every behaviour as likely as any other."""
    return [
        Bout(
            str(name),
            _BOUT_S,
            vigor=float(rng.uniform(0.7, 1.4)),
            side=int(rng.choice([-1, 1])),
            hunch=float(rng.normal(0, 6)),
        )
        for name in rng.choice(np.array(BEHAVIORS), _N_BOUTS)
    ]


def _place_cameras(rng: np.random.Generator, arena: SyntheticArena, size_px: int) -> Calibration:
    """Stand two cameras about a right angle apart, sometimes one of them above the arena."""
    first, apart = rng.uniform(0, 360), rng.choice([-1, 1]) * rng.normal(90, 12)
    layout: dict[str, float | None] = {"a": float(first), "b": float(first + apart)}
    if rng.random() < 0.2:
        layout["b"] = None
    hidden = arena.wall == "opaque"  # seen over the wall only
    low, high = rng.uniform(3, 12), rng.uniform(12, 50)
    steep = rng.uniform(1.2, 1.8) if hidden else 0.0  # 1: just over the wall at the middle
    height = 0.0 if hidden else float(rng.choice([low, high]))
    image_size = size_px, round(size_px * rng.uniform(0.75, 1.0) / 2) * 2
    away = float(np.hypot(*arena.half) * rng.uniform(2.2, 4.5))
    return build_rig(
        arena,
        layout=layout,
        image_size=image_size,
        ring_diameter_cm=2 * away,
        side_height_cm=height + steep * arena.wall_height_cm * away / min(arena.half),
        top_height_cm=float(rng.uniform(90, 160)),
        headroom_cm=float(rng.uniform(8, 14)),
        distortion=float(rng.uniform(0, 1.5)),
        jitter=3.0,
        seed=int(rng.integers(2**31)),
    )


def _choose(posture: pd.DataFrame, n: int, rng: np.random.Generator) -> IntArray:
    """Draw moments, each activity as often as any other."""
    activity = posture[state_column("activity")]
    weights = 1 / activity.map(activity.value_counts()).to_numpy(np.float64)
    weights[activity.isin([UNKNOWN, "shifting posture"])] *= _SHARE_UNNAMED * activity.nunique() / 2
    n = min(n, len(posture))
    return rng.choice(len(posture), n, replace=False, p=weights / weights.sum())


def _cut(
    renderer: Renderer,
    scene: Scene,
    view: str,
    frame: int,
    tile_px: int,
    rng: np.random.Generator,
) -> tuple[ImageArray, FloatArray, BoolArray]:
    """Cut the same region out of the pictures before, at and after a moment."""
    frames = [frame + round(offset * FPS) for offset in MOMENTS_S]
    points = scene.cameras.cameras[view].project(scene.keypoints[frame])
    square = _enclose(points, rng)
    tiles, visible = [], np.zeros(len(points), dtype=bool)
    for at in frames:
        exposure_ms = scene.exposure_ms if at == frame else 0.0  # neighbours show motion, sharply
        stance = expose_stance(
            scene.performance.stance, scene.keypoints, at, fps=FPS, exposure_ms=exposure_ms
        )
        figure = pose_figure(stance, scene.body)
        surfaces = [pose_skin(scene.skin, figure, i, arena=scene.arena) for i in range(len(stance))]
        taken = renderer.render(surfaces, view, keypoints=scene.keypoints[at], seed=at)
        tiles.append(make_mosaic(taken.image, square, width=2 * tile_px, height=tile_px))
        visible = taken.visible if at == frame else visible
    scale = tile_px / (square[2] - square[0])
    return np.stack(tiles), (points - square[:2] + 0.5) * scale - 0.5, visible


def _enclose(points: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return a square of whole pixels around the keypoints, a little off as boxes are."""
    there = np.asarray(np.isfinite(points[None]).all(axis=2))
    box = enclose_points(points[None], there)[0]
    shift = rng.uniform(-0.04, 0.04, 2) * TILE_MARGIN * float(np.max(box[2:] - box[:2]))
    return square_box(box + np.tile(shift, 2), margin=TILE_MARGIN)
