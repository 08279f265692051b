"""The videos of a synthetic recording, in parts: what a kill costs is one part."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd

from mousegpt.core.arrays import ImageArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.masks import encode_mask
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.io.rodent import load_rodent
from mousegpt.io.tables import load_table, save_table
from mousegpt.io.video import write_video
from mousegpt.io.video_parts import join_videos
from mousegpt.pipeline.synthesis.acting import Act, act_recording, plan_recordings
from mousegpt.pipeline.synthesis.settings import (
    PART_FRAMES,
    SynthesisFolder,
    SynthesisSettings,
)
from mousegpt.synthetic.arena import find_arena
from mousegpt.synthetic.body import pose_figure
from mousegpt.synthetic.exposure import expose_stance
from mousegpt.synthetic.looks import Look, draw_look
from mousegpt.synthetic.rendering import Picture, Renderer, open_context
from mousegpt.synthetic.rig import arrange_views, build_rig
from mousegpt.synthetic.skin import fit_skin, pose_skin
from mousegpt.synthetic.surface import Skin


@lru_cache(maxsize=4)
def arrange_cameras(settings: SynthesisSettings) -> Calibration:
    """Return the cameras of a study: the same for all of its recordings."""
    layout = arrange_views(int(settings.rig)) if settings.rig.isdigit() else settings.rig
    return build_rig(
        settings.arena, layout=layout, image_size=settings.image_size, seed=settings.seed
    )


def choose_look(settings: SynthesisSettings, number: int) -> Look:
    """Draw coat, light and room of a recording; without variety they are those of all."""
    animal = plan_recordings(settings).recordings[number].animal
    return draw_look(
        seed=(settings.seed, animal.body_seed),
        coat=settings.coat,
        infrared=settings.infrared,
        variety=settings.variety,
    )


def check_rendering() -> None:
    """Raise the error that says what is missing when this machine cannot render."""
    load_rodent()
    open_context().release()


def count_parts(settings: SynthesisSettings, number: int) -> int:
    """Return the number of parts of each video of a recording."""
    duration_s = plan_recordings(settings).recordings[number].duration_s
    return ceil(round(duration_s * settings.fps) / PART_FRAMES)


def film_part(settings: SynthesisSettings, number: int, view: str, part: int, folder: Path) -> None:
    """Render one part of a video and the truth of its pixels."""
    played = act_recording(settings, number)
    path = SynthesisFolder(folder).part(played.recording.id, view, part)
    start = part * PART_FRAMES
    stop = min(start + PART_FRAMES, len(played.performance.stance))
    seen: list[pd.DataFrame] = []

    def draw() -> Iterator[ImageArray]:
        for frame in range(start, stop):
            picture = _take_picture(settings, number, view, frame, played)
            seen.append(_note_pixels(picture, frame, view, played, settings))
            yield picture.image

    write_video(path, draw(), settings.fps, crf=settings.crf)
    save_table(pd.concat(seen, ignore_index=True), path.with_suffix(".parquet"))


def join_parts(settings: SynthesisSettings, number: int, view: str, folder: Path) -> None:
    """Make the video and its truth of their parts, and remove these."""
    place, name = SynthesisFolder(folder), plan_recordings(settings).recordings[number].id
    parts = [place.part(name, view, part) for part in range(count_parts(settings, number))]
    tables = [load_table(part.with_suffix(".parquet")) for part in parts]
    save_table(pd.concat(tables, ignore_index=True), place.pixels(name, view))
    join_videos(parts, place.video(name, view))
    shutil.rmtree(parts[0].parent)
    with suppress(OSError):  # others are still in parts
        parts[0].parent.parent.rmdir()


def _take_picture(
    settings: SynthesisSettings, number: int, view: str, frame: int, played: Act
) -> Picture:
    stance = expose_stance(
        played.performance.stance,
        played.keypoints,
        frame,
        fps=settings.fps,
        exposure_ms=settings.exposure_ms,
    )
    renderer, skin = _open_studio(settings, number)
    figure = pose_figure(stance, played.body)
    arena = find_arena(settings.arena)
    surfaces = [pose_skin(skin, figure, i, arena=arena) for i in range(len(stance))]
    return renderer.render(surfaces, view, keypoints=played.keypoints[frame], seed=frame)


@lru_cache(maxsize=1)
def _open_studio(settings: SynthesisSettings, number: int) -> tuple[Renderer, Skin]:
    look = choose_look(settings, number)
    skin = fit_skin(load_rodent(), act_recording(settings, number).body)
    return Renderer(skin, find_arena(settings.arena), look, arrange_cameras(settings)), skin


def _note_pixels(
    picture: Picture, frame: int, view: str, played: Act, settings: SynthesisSettings
) -> pd.DataFrame:
    camera = arrange_cameras(settings).cameras[view]
    pixels = camera.project(played.keypoints[frame])
    columns: dict[str, object] = {"recording": played.recording.id, "view": view, "frame": frame}
    columns |= dict(zip(("left", "top", "right", "bottom"), picture.box, strict=True))
    for i, name in enumerate(KEYPOINTS):
        columns[f"{name}_x"], columns[f"{name}_y"] = pixels[i]
        columns[f"{name}_visible"] = bool(picture.visible[i])
    columns["mask"] = [encode_mask(picture.mask).astype(np.int32)]
    return pd.DataFrame(columns, index=[0])
