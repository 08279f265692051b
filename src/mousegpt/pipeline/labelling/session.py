"""A session of labelling: load a frame, save it, reconcile its views, suggest the next ones."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

import numpy as np

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.errors import DataError
from mousegpt.core.labels import FrameLabels, Label
from mousegpt.core.poses import Poses, build_poses
from mousegpt.geometry.reprojection import measure_reprojection, project_poses, reconcile_views
from mousegpt.io.labels import LabelFolder
from mousegpt.pipeline.labelling.material import Material
from mousegpt.pipeline.pictures import encode_jpeg
from mousegpt.vision.suggestions import suggest_frames

_CONFIDENCE: Final = {"visible": 1.0, "hidden": 0.5}
_FLAG_SHARE: Final = 1 / 200  # of a picture's longer edge: two labels of one point differ so much
_MOST_LOOKED_AT: Final = 3000  # frames from which suggestions are drawn
_CACHED: Final = 96  # pictures
_JPEG: Final = 93

Nested = dict[str, dict[str, dict[str, Any]]]  # view, individual, keypoint


@dataclass(eq=False)
class LabelSession:
    """What the page talks to.

    Parameters
    ----------
    max_error_px
        From this reprojection error on a point is flagged; None: 1/200 of the longest edge.
    """

    material: Material
    labels: LabelFolder
    max_error_px: float | None = None
    _pictures: OrderedDict[tuple[str, int], bytes] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def flag_px(self) -> float:
        """The reprojection error from which on a point is flagged."""
        return self.max_error_px or round(self.material.largest_px * _FLAG_SHARE, 1)

    @property
    def obstacle(self) -> str:
        """Why nothing can be triangulated; empty when it can."""
        if len(self.material.views) == 1:
            return "One view: points stay 2-D."
        if self.material.calibration is None:
            return "No calibration: points stay 2-D."
        missing = set(self.material.views) - set(self.material.calibration.views)
        names = ", ".join(sorted(missing))
        return f"Not calibrated, left out of triangulation: {names}." if missing else ""

    def describe(self) -> dict[str, Any]:
        """Return what stays the same from frame to frame."""
        material = self.material
        rig = material.calibration
        return {
            "name": material.name,
            "views": [
                {"name": name, "width": view.size[0], "height": view.size[1],
                 "calibrated": rig is not None and name in rig.views}
                for name, view in material.footage.items()
            ],
            "individuals": material.individuals,
            "keypoints": material.keypoints,
            "parts": {name: target or "" for name, target in material.skeleton.targets.items()},
            "bones": material.bones,
            "frames": _pack_frames(material.frames),
            "fps": next((view.fps for view in material.footage.values() if view.fps), None),
            "flag_px": self.flag_px,
            "triangulates": rig is not None,
            "obstacle": self.obstacle,
            "predicted": bool(material.predicted["position"].notnull().any()),
            "labelled": self.list_labelled(),
        }  # fmt: skip

    def list_labelled(self) -> list[dict[str, Any]]:
        """Return frame, number of labels and whether it is done, of every labelled frame."""
        return [
            {"frame": labels.frame, "n": labels.n_labels, "done": labels.done}
            for labels in self.labels.load_all()
        ]

    def load(self, frame: int) -> dict[str, Any]:
        """Return predictions, labels and what the views say together.

        Raises
        ------
        DataError
            When there is no such frame.
        """
        row = self._find_row(frame)
        return {
            "predicted": self._list_predictions(row),
            **self._answer(self.labels.load(frame)),
        }

    def save(self, labels: FrameLabels) -> dict[str, Any]:
        """Write the labels of a frame; see `LabelFolder.save` for what may go wrong."""
        self._find_row(labels.frame)
        self._check_names(labels)
        return self._answer(self.labels.save(labels))

    def picture(self, view: str, frame: int) -> bytes:
        """Return a frame of a view as JPEG.

        Raises
        ------
        DataError
            When there is no such view or frame, or it cannot be decoded.
        """
        if view not in self.material.footage:
            raise DataError(f"Expected one of {', '.join(self.material.views)}, found '{view}'.")
        self._find_row(frame)
        key = (view, frame)
        with self._lock:
            if key in self._pictures:
                self._pictures.move_to_end(key)
                return self._pictures[key]
        content = encode_jpeg(self.material.footage[view].read(frame), _JPEG)
        with self._lock:
            self._pictures[key] = content
            while len(self._pictures) > _CACHED:
                self._pictures.popitem(last=False)
        return content

    def suggest(self, n: int = 12) -> list[dict[str, Any]]:
        """Return ``frame``, ``score`` and ``reason`` of the frames to label next."""
        labelled = [labels.frame for labels in self.labels.load_all()]
        frames = self.material.frames
        rows = _look_at(len(frames), np.flatnonzero(np.isin(frames, labelled)))
        poses = self.material.predicted.isel(time=rows)
        errors = None
        if self.material.calibration is not None and poses["position"].notnull().any():
            known = poses.sel(view=list(self.material.calibration.views))
            solid = reconcile_views(known, self.material.calibration, max_error_px=self.flag_px)
            errors = measure_reprojection(known, project_poses(solid, self.material.calibration))
        table = suggest_frames(poses, errors, labelled, n=n, max_error_px=self.flag_px)
        return [dict(row) for row in table.to_dict("records")]  # type: ignore[arg-type]

    def _find_row(self, frame: int) -> int:
        row = int(np.searchsorted(self.material.frames, frame))
        if row == len(self.material.frames) or self.material.frames[row] != frame:
            raise DataError(
                f"Expected a frame that all views have, {self.material.frames[0]} to "
                f"{self.material.frames[-1]}, found {frame}."
            )
        return row

    def _check_names(self, labels: FrameLabels) -> None:
        known = (self.material.views, self.material.individuals, self.material.keypoints)
        for *names, _ in labels.list_labels():
            strange = [name for name, some in zip(names, known, strict=True) if name not in some]
            if strange:
                raise DataError(f"'{strange[0]}' is no view, animal or keypoint of this recording.")

    def _list_predictions(self, row: int) -> Nested:
        """Return [x, y, confidence or None] of what is predicted in a frame."""
        one = self.material.predicted.isel(time=row)
        points = one["position"].transpose("view", "individual", "keypoint", "space").to_numpy()
        confidence = one["confidence"].transpose("view", "individual", "keypoint").to_numpy()
        values = np.concatenate([points, confidence[..., None]], axis=-1)
        return self._name(values, self.material.views)

    def _name(self, values: FloatArray, views: tuple[str, ...]) -> Nested:
        """Return lists by view, individual and keypoint, without those that begin with NaN."""
        named: Nested = {}
        for view, of_view in zip(views, values, strict=True):
            named[view] = {}
            for individual, points in zip(self.material.individuals, of_view, strict=True):
                named[view][individual] = {
                    keypoint: [None if np.isnan(v) else round(float(v), 3) for v in point]
                    for keypoint, point in zip(self.material.keypoints, points, strict=True)
                    if np.isfinite(point[0])
                }
        return named

    def _answer(self, labels: FrameLabels) -> dict[str, Any]:
        """Return the labels, and in each view where the other views say that a point lies.

        ``ghosts`` are [x, y, error in px or None, whether from labels]: from the labels where two
        views have one, else from all that is shown.
        """
        answer: dict[str, Any] = {"labels": labels.model_dump(mode="json", exclude_none=True)}
        rig = self.material.calibration
        if rig is None:
            return answer | {"ghosts": {}, "points": {}}
        shown, sure = (
            self._merge(labels, only_labels).sel(view=list(rig.views))
            for only_labels in (False, True)
        )
        solid = reconcile_views(shown, rig, max_error_px=self.flag_px)
        trusted = reconcile_views(sure, rig, max_error_px=self.flag_px)
        by_hand = trusted["position"].notnull().all("space")
        solid = solid.assign(position=trusted["position"].fillna(solid["position"]))
        seen = project_poses(solid, rig)
        errors = measure_reprojection(shown, seen).isel(time=0)
        dims = ("view", "individual", "keypoint")
        columns = [
            seen["position"].isel(time=0).transpose(*dims, "space").to_numpy(),
            errors.transpose(*dims).to_numpy()[..., None],
            by_hand.isel(time=0)
            .expand_dims(view=seen["view"])
            .transpose(*dims)
            .to_numpy()[..., None],
        ]
        place = solid["position"].isel(time=0).transpose("individual", "keypoint", "space")
        return answer | {
            "ghosts": self._name(np.concatenate(columns, axis=-1), rig.views),
            "points": self._name(place.to_numpy()[None], ("cm",))["cm"],
        }

    def _merge(self, labels: FrameLabels, only_labels: bool) -> Poses:
        """Return the poses of one frame: labels over predictions, or labels alone.

        What was triangulated is no evidence for itself, and is left out where only labels count.
        """
        one = self.material.predicted.isel(time=[self._find_row(labels.frame)])
        order = ("view", "individual", "keypoint")
        position = one["position"].transpose(*order, "time", "space").to_numpy()[..., 0, :].copy()
        confidence = one["confidence"].transpose(*order, "time").to_numpy()[..., 0].copy()
        if only_labels:
            position[:], confidence[:] = np.nan, np.nan
        names = (self.material.views, self.material.individuals, self.material.keypoints)
        for *where, label in labels.list_labels():
            place = tuple(some.index(name) for some, name in zip(names, where, strict=True))
            if not (only_labels and label.origin == "triangulated"):
                position[place], confidence[place] = _read(label)
        return build_poses(
            position.transpose(0, 3, 2, 1)[:, None], confidence.transpose(0, 2, 1)[:, None],
            keypoints=names[2], individuals=names[1], views=names[0],
            frames=one["frame"].to_numpy(), fps=one.attrs["fps"], unit="px",
        )  # fmt: skip


def _read(label: Label) -> tuple[list[float], float]:
    if label.x is None or label.y is None:
        return [np.nan, np.nan], np.nan
    return [label.x, label.y], _CONFIDENCE[label.state]


def _pack_frames(frames: IntArray) -> dict[str, Any]:
    """Return a range where frames follow each other, else all of them."""
    first, last = int(frames[0]), int(frames[-1])
    if last - first + 1 == len(frames):
        return {"first": first, "n": len(frames)}
    return {"list": frames.tolist()}


def _look_at(n_frames: int, labelled: IntArray) -> IntArray:
    """Return the rows to look at: evenly spaced with their neighbours, and those labelled."""
    if n_frames <= _MOST_LOOKED_AT:
        return np.arange(n_frames)
    middle = np.linspace(1, n_frames - 2, _MOST_LOOKED_AT // 3).round().astype(int)
    return np.unique(np.concatenate([middle - 1, middle, middle + 1, labelled]))
