"""NumPy archives (.npz), read without unpickling."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import numpy as np

from mousegpt.core.errors import DataError
from mousegpt.io.poses.raw import RawPoses, check_frames
from mousegpt.io.poses.registry import register_format
from mousegpt.io.poses.sidecar import find_keypoints

_POSITION: Final = (
    "xyz_mm", "xyz_cm", "xyz_m", "xyz", "xy_px", "xy", "positions", "position", "tracks",
)  # fmt: skip
_CONFIDENCE: Final = ("confidence", "confidences", "p_max", "likelihood", "scores", "score")
_FRAMES: Final = ("frame", "frames", "frame_idx")
_KEYPOINTS: Final = ("keypoints", "keypoint_names", "node_names")
_INDIVIDUALS: Final = ("individuals", "individual_names", "track_names")


@register_format("npz", "zip", (".npz",), lambda peek: bool(peek.keys & set(_POSITION)))
def read_npz(path: Path) -> RawPoses:
    """Read positions, shape (frame, keypoint, space) or (frame, individual, keypoint, space).

    Frames are the array ``frame`` when there is one, else the rows: ``sampleID`` counts samples of
    the recording clock. Names come from the array ``keypoints`` or a json beside the file.
    """
    with np.load(path, allow_pickle=False) as archive:
        content = {name: archive[name] for name in archive.files}
    name = next(name for name in _POSITION if name in content)
    position = np.asarray(content[name], dtype=np.float64)
    if position.ndim not in (3, 4) or position.shape[-1] not in (2, 3):
        raise DataError(
            f"expected '{name}' of shape (frame, keypoint, 2 or 3), found {position.shape}."
        )
    single = position.ndim == 3
    position = position[:, None] if single else position
    shape = position.shape[:-1]
    confidence = _pick(content, _CONFIDENCE)
    frames = _pick(content, _FRAMES)
    keypoints = _pick(content, _KEYPOINTS)
    individuals = _pick(content, _INDIVIDUALS)
    if individuals is None and not single:
        individuals = [f"individual_{number}" for number in range(shape[1])]
    unit = re.search(r"_(px|mm|cm|m)$", name)
    return RawPoses(
        np.moveaxis(position, (1, 2, 3), (3, 2, 1)),
        None if confidence is None else np.moveaxis(np.reshape(confidence, shape), 1, 2),
        find_keypoints(path, shape[2]) if keypoints is None else [str(k) for k in keypoints],
        "",
        None if individuals is None else [str(i) for i in individuals],
        frames=None if frames is None else check_frames(frames, range(len(frames))),
        fps=float(content["fps"]) if "fps" in content else None,
        unit=unit[1] if unit else None,
    )


def _pick(content: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((content[name] for name in names if name in content), None)
