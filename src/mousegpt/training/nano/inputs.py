"""What the small model is fed: moments changed at random, and what it shall say of them.

Pictures are shifted, turned, mirrored (left and right change places in the facts too), recoloured;
views, neighbours in time and speeds are left out at random, so that the model can do without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, Protocol

import cv2
import numpy as np

from mousegpt.core.arrays import FloatArray, ImageArray, IntArray
from mousegpt.core.facts import SPEEDS, STATES, UNKNOWN
from mousegpt.core.moment import TILE_MARGIN, Moment
from mousegpt.description.idiom import swap_sides
from mousegpt.training.augmentation import (
    NO_AUGMENTATION,
    Augmentation,
    chain_maps,
    draw_change,
    move_points,
    recolor,
)
from mousegpt.training.nano.recipe import NanoRecipe
from mousegpt.training.nano.wording import Wording
from mousegpt.vision.pose2d import mirror_points

N_VIEWS: Final = 2
_LABELS: Final = {s.name: {v: i for i, v in enumerate((*s.values, UNKNOWN))} for s in STATES}

Key = tuple[int, int, int]  # epoch (-1: unchanged), source, moment


class Moments(Protocol):
    """Anything that numbers moments."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...

    def __getitem__(self, i: int) -> Moment:
        """Return one; the same every time."""
        ...


class Item(NamedTuple):
    """One moment as the model is fed it.

    ``tiles``: shape (view, time, size, size, 3). ``views``: which views there are, shape (view,).
    ``moving``: whether the neighbours in time are known, shape (1,). ``speeds``: shape (6,), NaN
    where unknown. ``points``: shape (view, 24, 3): pixels, and 1 for those that count. ``labels``:
    the number of the value of each state, shape (state,). ``tokens``: what shall be said.
    """

    tiles: ImageArray
    views: FloatArray
    moving: FloatArray
    speeds: FloatArray
    points: FloatArray
    labels: IntArray
    tokens: IntArray


class NanoInputs:
    """Moments by epoch, source and number; the same key gives the same item."""

    def __init__(self, sources: Sequence[Moments], recipe: NanoRecipe, wording: Wording) -> None:
        self._sources, self._recipe, self._wording = sources, recipe, wording

    def __getitem__(self, key: Key) -> Item:
        """Return an item."""
        epoch, source, number = key
        recipe, moment = self._recipe, self._sources[source][number]
        rng = np.random.default_rng([recipe.seed, epoch + 1, source, number])
        learning = epoch >= 0
        settings = recipe.augmentation if learning else NO_AUGMENTATION
        if rng.random() < settings.flip:
            moment = mirror_moment(moment)
        tiles, points = self._show(moment, settings, rng)
        views, moving, speeds = np.zeros(N_VIEWS), np.ones(1), moment.speeds
        views[: len(tiles)] = 1
        if learning:
            order = rng.permutation(len(tiles))
            tiles, points = tiles[order], points[order]
            views[1] *= rng.random() >= recipe.drop_view
            moving[0] = rng.random() >= recipe.drop_motion
            speeds = _blur_speeds(speeds, recipe, rng)
        tiles, points = _fill(tiles, points, views)
        seed = int(rng.integers(2**31))
        return Item(
            tiles, views.astype(np.float32), moving.astype(np.float32), speeds.astype(np.float32),
            points.astype(np.float32), label_states(moment.states),
            np.array(self._wording.write(moment.states, seed=seed), dtype=np.int64),
        )  # fmt: skip

    def _show(
        self, moment: Moment, settings: Augmentation, rng: np.random.Generator
    ) -> tuple[ImageArray, FloatArray]:
        """Cut what the model sees out of the tiles of each view."""
        size = self._recipe.size_px
        tiles, points = [], []
        for view, (pictures, at) in enumerate(zip(moment.tiles, moment.points, strict=True)):
            before = pictures.shape[1]
            scale = TILE_MARGIN * size / before
            move = (size - scale * before) / 2 + (scale - 1) / 2
            change = chain_maps(
                np.array([[scale, 0, move], [0, scale, move]]), draw_change(size, settings, rng)
            )
            cut = [cv2.warpAffine(p, change, (size, size)) for p in pictures]
            stack = recolor(np.concatenate(cut), settings, rng)  # the camera's colours at all times
            tiles.append(stack.reshape(len(pictures), size, size, 3))
            moved = move_points(at, change)
            inside = ((moved >= 0) & (moved < size)).all(axis=1)
            weight = np.where(moment.visible[view], 1.0, 0.5) * inside
            points.append(np.column_stack([np.nan_to_num(moved), weight]))
        return np.stack(tiles), np.stack(points)


def label_states(states: Mapping[str, str]) -> IntArray:
    """Return the number of the value of each state, shape (state,)."""
    return np.array([_LABELS[s.name][states.get(s.name, UNKNOWN)] for s in STATES], dtype=np.int64)


def mirror_moment(moment: Moment) -> Moment:
    """Return the mirror image of a moment: left is right in pictures, keypoints, speeds, states."""
    tiles = np.ascontiguousarray(moment.tiles[..., ::-1, :])
    order = [SPEEDS.index(swap_sides(name.replace("_", " ")).replace(" ", "_")) for name in SPEEDS]
    together = np.concatenate([moment.points, moment.visible[..., None]], axis=-1)
    mirrored = mirror_points(together, tiles.shape[-2])
    states = {swap_sides(state): swap_sides(value) for state, value in moment.states.items()}
    return replace(
        moment, tiles=tiles, points=mirrored[..., :2], visible=mirrored[..., 2] > 0.5,
        speeds=moment.speeds[order], states=states,
    )  # fmt: skip


def _blur_speeds(speeds: FloatArray, recipe: NanoRecipe, rng: np.random.Generator) -> FloatArray:
    """Add the noise of measured poses; leave out all speeds, or some."""
    noisy = speeds * np.exp(rng.normal(0, 0.1, len(speeds))) + rng.normal(0, 0.5, len(speeds))
    lost = (rng.random() < recipe.drop_speeds) | (rng.random(len(speeds)) < 0.05)
    return np.where(lost, np.nan, noisy)


def _fill(
    tiles: ImageArray, points: FloatArray, views: FloatArray
) -> tuple[ImageArray, FloatArray]:
    """Put black tiles without keypoints where there is no view."""
    full = np.zeros((N_VIEWS, *tiles.shape[1:]), dtype=np.uint8)
    known = np.zeros((N_VIEWS, *points.shape[1:]))
    there = views[: len(tiles)] > 0
    full[: len(tiles)][there], known[: len(tiles)][there] = tiles[there], points[there]
    return full, known
