"""Other pictures of the same mouse: cropped, turned, mirrored, recoloured, noisy, blurred.

Geometry is one affine map from the picture to what the network sees, so that pictures are
resampled once; keypoints follow it. Numpy and OpenCV only.
"""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.vision.pose2d import mirror_points


class Augmentation(BaseModel):
    """How far pictures are changed; all zeros change nothing.

    Notes
    -----
    Source: Methods 4.2 (random crop, horizontal flip, rotation, colour jitter). Ours are the
    amounts, and noise, blur, JPEG, patches that hide a part, and clutter.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shift: float = Field(default=0.12, ge=0, le=0.5)  # of the crop, either way
    scale: float = Field(default=0.25, ge=0, lt=1)  # smaller and larger by this share
    rotation_deg: float = Field(default=35.0, ge=0, le=180)
    flip: float = Field(default=0.5, ge=0, le=1)  # probability
    color: float = Field(default=1.0, ge=0, le=2)  # strength of brightness, contrast, tint
    grey: float = Field(default=0.15, ge=0, le=1)  # probability
    degrade: float = Field(default=0.3, ge=0, le=1)  # probability, each: noise, blur, JPEG
    hide: float = Field(default=0.25, ge=0, le=1)  # probability of a patch over the picture
    clutter: float = Field(default=0.0, ge=0, le=1)  # probability of things around the mice


NO_AUGMENTATION = Augmentation(
    shift=0, scale=0, rotation_deg=0, flip=0, color=0, grey=0, degrade=0, hide=0, clutter=0
)


def draw_change(size_px: int, settings: Augmentation, rng: np.random.Generator) -> FloatArray:
    """Draw a shift, scaling and rotation of a square about its centre, shape (2, 3)."""
    angle = rng.uniform(-1, 1) * settings.rotation_deg
    scale = np.exp(rng.uniform(-1, 1) * np.log1p(settings.scale))
    middle = (size_px - 1) / 2
    change = np.array(cv2.getRotationMatrix2D((middle, middle), angle, scale), np.float64)
    change[:, 2] += rng.uniform(-1, 1, 2) * settings.shift * size_px
    return change


def chain_maps(first: FloatArray, then: FloatArray) -> FloatArray:
    """Return the affine map that does one map and then another, shape (2, 3).

    Examples
    --------
    >>> shift, double = np.array([[1.0, 0, 3], [0, 1, 0]]), np.array([[2.0, 0, 0], [0, 2, 0]])
    >>> chain_maps(shift, double).tolist()
    [[2.0, 0.0, 6.0], [0.0, 2.0, 0.0]]
    """
    linear = then[:, :2] @ first[:, :2]
    return np.column_stack([linear, then[:, :2] @ first[:, 2] + then[:, 2]])


def move_points(points: FloatArray, change: FloatArray) -> FloatArray:
    """Map points, shape (..., 2)."""
    return points @ change[:, :2].T + change[:, 2]


def flip_sample(image: ImageArray, keypoints: FloatArray) -> tuple[ImageArray, FloatArray]:
    """Mirror a picture and its keypoints, shape (..., 24, 2 or more); left becomes right.

    Further numbers of a keypoint (weights) stay with its place in the picture.
    """
    return np.ascontiguousarray(image[:, ::-1]), mirror_points(keypoints, image.shape[1])


def recolor(image: ImageArray, settings: Augmentation, rng: np.random.Generator) -> ImageArray:
    """Change light, contrast and tint; hide a patch; add noise, blur and JPEG blocks."""
    light: FloatArray = image.astype(np.float32) / 255
    if settings.color:
        light = _change_light(light, settings.color, rng)
    if rng.random() < settings.grey:
        light = np.asarray(cv2.transform(light, np.full((3, 3), 1 / 3)))
    if rng.random() < settings.hide:
        light = _hide_patch(light, rng)
    if rng.random() < settings.degrade:
        light = _blur(light, rng)
    if rng.random() < settings.degrade:
        strength = np.float32(rng.uniform(0.005, 0.06))
        light = light + strength * rng.standard_normal(light.shape, dtype=np.float32)
    changed = np.asarray(np.clip(light * 255 + 0.5, 0, 255), dtype=np.uint8)
    if rng.random() < settings.degrade:
        quality = int(rng.integers(25, 90))
        _, content = cv2.imencode(".jpg", changed, [cv2.IMWRITE_JPEG_QUALITY, quality])
        changed = np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), dtype=np.uint8)
    return changed


def _change_light(light: FloatArray, strength: float, rng: np.random.Generator) -> FloatArray:
    gain = np.exp(strength * (rng.normal(0, 0.25) + rng.normal(0, 0.08, 3)))
    contrast, gamma, saturation = np.exp(strength * rng.normal(0, [0.2, 0.25, 0.3]))
    mix = saturation * np.eye(3) + (1 - saturation) / 3  # towards or away from grey
    tinted = np.asarray(cv2.transform(light, np.diag(gain) @ mix))  # in 32 bits, as all here
    middle = float(tinted.mean())
    leveled = np.clip((tinted - middle) * np.float32(contrast) + np.float32(middle), 0, 1)
    return np.asarray(cv2.pow(leveled, float(gamma)))


def _hide_patch(light: FloatArray, rng: np.random.Generator) -> FloatArray:
    height, width = light.shape[:2]
    size = (rng.uniform(0.05, 0.3, 2) * [width, height]).astype(int)
    left, top = (rng.uniform(0, 1, 2) * ([width, height] - size)).astype(int)
    covered = light.copy()
    color = rng.uniform(0, 1, 3) if rng.random() < 0.5 else light.mean(axis=(0, 1))
    covered[top : top + size[1], left : left + size[0]] = color
    return covered


def _blur(light: FloatArray, rng: np.random.Generator) -> FloatArray:
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(light, (0, 0), rng.uniform(0.4, 2.0)))
    length = int(rng.integers(3, 10))  # motion, along a line
    streak = np.zeros((length, length), np.float32)
    streak[length // 2] = 1
    middle = (length - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), rng.uniform(0, 180), 1)
    streak = np.asarray(cv2.warpAffine(streak, turn, (length, length)), np.float32)
    return np.asarray(cv2.filter2D(light, -1, streak / max(float(streak.sum()), 1e-6)))


def clip_boxes(
    boxes: FloatArray, size_px: int, *, min_kept: Annotated[float, Field(ge=0, le=1)] = 0.3
) -> FloatArray:
    """Cut boxes at the edges of a square; drop those of which less than ``min_kept`` is left."""
    clipped = np.clip(boxes, 0, size_px - 1)
    area, kept = (
        np.maximum(each[:, 2:] - each[:, :2], 0).prod(axis=1) for each in (boxes, clipped)
    )
    return np.asarray(clipped[(kept >= min_kept * area) & (kept > 9)])


def scatter_clutter(image: ImageArray, boxes: FloatArray, rng: np.random.Generator) -> ImageArray:
    """Put bars, cables, plates and textures around mice, as in rooms that are not tidied up.

    What lies in a box, shape (mouse, 4), stays; so do a few places without a mouse, lest a clean
    place betray a mouse.
    """
    height, width = image.shape[:2]
    cluttered = image.copy()
    for _ in range(int(rng.integers(2, 40))):
        _draw_thing(cluttered, rng)
    if rng.random() < 0.5:
        cluttered = np.asarray(cv2.GaussianBlur(cluttered, (0, 0), rng.uniform(0.4, 2)), np.uint8)
    kept = np.zeros((height, width), np.float32)
    for left, top, right, bottom in [*boxes, *_draw_decoys(boxes, (width, height), rng)]:
        pad = rng.uniform(0.0, 0.5, 4) * max(right - left, bottom - top)
        low = np.maximum([left - pad[0], top - pad[1]], 0).astype(int)
        high = np.maximum([right + pad[2], bottom + pad[3]], 0).astype(int) + 1
        kept[low[1] : high[1], low[0] : high[0]] = 1
    soft = np.asarray(cv2.GaussianBlur(kept, (0, 0), 2.0))[..., None]
    return np.asarray(soft * image + (1 - soft) * cluttered + 0.5, dtype=np.uint8)


def _draw_decoys(
    boxes: FloatArray, size: tuple[int, int], rng: np.random.Generator
) -> list[FloatArray]:
    sizes = boxes[:, 2:] - boxes[:, :2] if len(boxes) else np.full((1, 2), min(size) / 6)
    decoys = []
    for _ in range(int(rng.integers(0, 6))):
        extent = sizes[rng.integers(len(sizes))] * rng.uniform(0.6, 1.6, 2)
        corner = rng.uniform(0, 1, 2) * (np.array(size) - extent)
        decoys.append(np.concatenate([corner, corner + extent]))
    return decoys


def _draw_thing(image: ImageArray, rng: np.random.Generator) -> None:
    """Draw one thing into a picture."""
    height, width = image.shape[:2]
    points = (rng.uniform(-0.1, 1.1, (4, 2)) * [width, height]).astype(np.int32)
    extent = (rng.uniform(0.02, 0.35, 2) * [width, height]).astype(int) + 1
    shade = rng.uniform(0, 255)
    color = tuple(float(v) for v in np.clip(shade + rng.normal(0, 20, 3), 0, 255))
    kind = rng.integers(5)
    if kind == 0:  # bars
        thickness = int(rng.integers(1, max(width // 20, 2)))
        cv2.line(image, points[0].tolist(), points[1].tolist(), color, thickness)
    elif kind == 1:  # cables
        share = np.linspace(0, 1, 20)[:, None]
        bend = (1 - share) ** 2 * points[0] + 2 * share * (1 - share) * points[1]
        curve = np.round(bend + share**2 * points[2]).astype(np.int32)
        cv2.polylines(image, [curve], False, color, int(rng.integers(1, 5)))
    elif kind == 2:  # lamps, holes, stones, things of a mouse's shape
        angle = float(rng.uniform(0, 180))
        axes = (extent // 2 + 1).tolist()
        cv2.ellipse(image, points[0].tolist(), axes, angle, 0, 360, color, -1)
    elif kind == 3:  # plates
        cv2.fillConvexPoly(image, cv2.convexHull(points), color)
    else:  # textures
        left, top = np.maximum(points[0], 0)
        patch = image[top : top + extent[1], left : left + extent[0]]
        grain = int(rng.integers(2, 12))
        coarse = rng.normal(shade, rng.uniform(5, 60), (grain, grain, 1))
        if patch.size:
            fine = cv2.resize(coarse, patch.shape[1::-1], interpolation=int(rng.integers(0, 2)))
            patch[:] = np.clip(fine, 0, 255).astype(np.uint8)[..., None]
