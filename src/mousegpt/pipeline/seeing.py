"""The step that looks at videos: recordings without poses get 2-D poses of each view."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from mousegpt.core.arrays import BoolArray, FloatArray
from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses
from mousegpt.core.recording import Recording
from mousegpt.geometry.sighting import Sighting, locate_mouse
from mousegpt.io.calibration import load_calibration
from mousegpt.io.poses import save_poses
from mousegpt.pipeline.chain import Job, Output
from mousegpt.pipeline.chunks import KeptChunks
from mousegpt.pipeline.posing import estimate_views
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.provenance import hash_file, hash_room
from mousegpt.vision.boxes import EDGES

#: Parameters of `estimate_views` that the step fills in itself.
GIVEN: Final = ("fps", "frames", "rig", "locate", "kept", "report")

#: Options that change no number, but how fast it comes.
_INDIFFERENT: Final = ("workers", "half_life", "agree")

#: A view in which a mouse is found in fewer of the frames is not used: what is found there is
#: more likely something else.
LEAST_FOUND: Final = 0.2


def need_estimates(recording: Recording) -> str | None:
    """Say why a recording gets no poses from its videos; None when it does."""
    if recording.estimated:
        return None
    return "it has poses" if recording.poses else "it has no video, or there are no networks"


def list_videos(project: Project, recording: Recording) -> tuple[Path, ...]:
    """Return the videos of a recording, and the calibration by which their views agree."""
    rig = recording.calibration
    parts = sorted(path for path in rig.iterdir() if path.is_file()) if rig and rig.is_dir() else []
    return (*recording.videos.values(), *(parts or ([rig] if rig else [])))


def make_poses2d(job: Job) -> Output:
    """Find mouse and keypoints in every view; what was found before an interruption is kept."""
    recording, options = job.recording, job.options(estimate_views)
    detector, estimator = job.backends["detector"], job.backends["pose"]
    names = (detector.name, estimator.name)
    identities = _identify(recording, names, options)
    rig = load_calibration(recording.calibration) if recording.calibration else None
    locate = partial(locate_mouse, **job.options(locate_mouse))
    with KeptChunks(job.project.cache / "poses2d.sqlite", identities) as kept:
        poses, boxes, sighting = estimate_views(
            recording.videos, detector, estimator, fps=recording.fps, rig=rig, locate=locate,
            kept=kept, report=job.report, **options,
        )  # fmt: skip
    known, named = np.isfinite(boxes[..., 0]), list(recording.videos)
    shares = _share_frames(known, named)
    expected = _share_frames(known & np.isnan(boxes[..., 4]), named)
    seen = [view for view, share in shares.items() if share >= LEAST_FOUND]
    path = recording.poses[""].relative_to(job.project.folder).as_posix()
    chosen = poses.sel(view=seen or list(shares))
    return Output(
        tabulate_boxes(recording.id, poses, boxes),
        files={path: lambda target: save_poses(chosen, target)},
        notes={"found": shares, "views_used": seen, **_note_agreement(sighting, expected)},
        message=f"a mouse in {tell_found(shares)} of the frames{tell_expected(expected)}"
        f"{tell_distrust(sighting)}",
    )


def tell_found(shares: Mapping[str, float]) -> str:
    """Say in what share of its frames a mouse was found in each view."""
    return ", ".join(f"{share:.0%} ({view})" for view, share in shares.items())


def tell_expected(shares: Mapping[str, float]) -> str:
    """Say in what share of its frames a mouse was not found, but expected by the other views.

    >>> tell_expected({"top": 0.0, "side": 0.05})
    '; of these, only expected by other views: 5% (side)'
    """
    some = {view: share for view, share in shares.items() if share > 0}
    return f"; of these, only expected by other views: {tell_found(some)}" if some else ""


def require_mouse(job: Job) -> None:
    """Refuse a recording whose poses shall come from networks that found no mouse.

    Raises
    ------
    DataError
        When they found one in too few frames of every view.
    """
    notes = job.notes("poses2d").get(job.unit)
    if notes and not notes["views_used"]:
        raise DataError(
            f"Expected a mouse in the videos of {job.unit}, but the networks found one in "
            f"{tell_found(notes['found'])} of the frames; train them on frames of yours "
            "(docs/training_pose.md), or do without poses: [backends] pose = 'none' in "
            "mousegpt.toml."
        )


def _share_frames(marked: BoolArray, views: Sequence[str]) -> dict[str, float]:
    """Return the share of frames with a mouse that is marked, shape (view, time, individual)."""
    return dict(zip(views, marked.any(axis=2).mean(axis=1).round(4).tolist(), strict=True))


def _note_agreement(sighting: Sighting | None, expected: Mapping[str, float]) -> dict[str, Any]:
    """Return how often each view agreed with others on where the mouse is; None is unknown."""
    if sighting is None:
        return {}
    told = {v: None if np.isnan(a) else round(a, 4) for v, a in sighting.agreement.items()}
    return {"agreement": told, "views_agreeing": list(sighting.views), "expected": dict(expected)}


def tell_distrust(sighting: Sighting | None) -> str:
    """Say which views do not agree with the others on where the mouse is; nothing if all do."""
    if sighting is None or len(sighting.views) == len(sighting.agreement):
        return ""
    views = ", ".join(view for view in sighting.agreement if view not in sighting.views)
    return (
        f"; in {views} it was searched alone, since by the calibration it is not where other views "
        "see it: has a camera moved, are views exchanged, or is something else taken for it?"
    )


def _identify(
    recording: Recording, names: tuple[str, str], options: Mapping[str, Any]
) -> dict[str, str]:
    """Return all that the finds in each video depend on, but for the frames."""
    counting = {name: value for name, value in options.items() if name not in _INDIFFERENT}
    code = hash_room("mousegpt.vision.following")
    return {
        view: json.dumps([hash_file(path), *names, code, counting], sort_keys=True)
        for view, path in recording.videos.items()
    }


def tabulate_boxes(recording: str, poses: Poses, boxes: FloatArray) -> pd.DataFrame:
    """Return a row a view, individual and frame: box, its score, and the mean confidence.

    ``expected``: nothing was found there, but by the other views the mouse is; no score then.

    Parameters
    ----------
    boxes
        Shape (view, time, individual, 5), as of `estimate_views`.
    """
    individuals, views = poses["individual"].to_numpy(), poses["view"].to_numpy()
    frames = poses["frame"].to_numpy()
    confidence = poses["confidence"].mean("keypoint").transpose("view", "individual", "time")
    view, individual, time = (
        places.ravel() for places in np.indices((len(views), len(individuals), len(frames)))
    )
    columns = {
        "recording": recording,
        "individual": individuals[individual],
        "frame": frames[time],
        "time_s": frames[time] / poses.attrs["fps"],
        "view": views[view],
    }
    numbers = boxes.transpose(0, 2, 1, 3).reshape(-1, boxes.shape[-1])
    columns |= dict(zip((*EDGES, "score"), numbers.T, strict=True))
    columns["expected"] = np.isfinite(numbers[:, 0]) & np.isnan(numbers[:, 4])
    return pd.DataFrame({**columns, "confidence": confidence.to_numpy().ravel()})
