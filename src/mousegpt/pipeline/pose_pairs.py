"""Predicted and true poses brought into one form, so that they can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from mousegpt.core.calibration import Calibration
from mousegpt.core.errors import DataError
from mousegpt.core.poses import CM_PER_UNIT, Poses, build_poses
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.core.skeleton_map import apply_skeleton_map, guess_skeleton_map
from mousegpt.geometry.triangulation import triangulate_poses
from mousegpt.io.poses import load_poses
from mousegpt.io.tables import load_skeleton_map


@dataclass(frozen=True, eq=False)
class Pairing:
    """Predicted and true poses with the same frames, keypoints and views; px or cm."""

    predicted: Poses
    truth: Poses


def load_mapped(path: Path, skeleton: Path | None) -> Poses:
    """Load poses with our keypoints, as far as they are there; in px, or in cm when 3-D."""
    poses = load_poses(path, fps=1.0)  # the frame rate does not matter here
    names = [str(name) for name in poses["keypoint"].values]
    given = load_skeleton_map(skeleton) if skeleton else guess_skeleton_map(names)
    mapped = apply_skeleton_map(poses, given)
    present = [name for name in KEYPOINTS if given.find_sources(name)]
    mapped = mapped.sel(keypoint=present)
    if poses.sizes["space"] == 3:
        cm = CM_PER_UNIT[poses.attrs["unit"]]
        return mapped.assign(position=mapped["position"] * cm).assign_attrs(unit="cm")
    return mapped


def align_pair(predicted: Poses, truth: Poses) -> Pairing:
    """Keep the frames, keypoints and, where both have them, views of both."""
    pair = [predicted, truth]
    for name in ("frame", "keypoint", "view"):
        if not all(name in poses.coords and poses[name].ndim for poses in pair):
            continue
        common = [value for value in truth[name].values if value in predicted[name].values]
        if not common:
            one, other = (", ".join(map(str, poses[name].values[:8])) for poses in pair)
            raise DataError(
                f"Predicted and true poses have no {name} in common: {one} … against {other} …; "
                "give files of the same recording."
            )
        dim = "time" if name == "frame" else name
        pair = [poses.isel({dim: find_places(poses[name], common)}) for poses in pair]
    return Pairing(*pair)


def find_places(names: xr.DataArray, wanted: list[object]) -> list[int]:
    """Return where some values stand in a coordinate."""
    places = {value: place for place, value in enumerate(names.values.tolist())}
    return [places[value] for value in np.array(wanted).tolist()]


def has_views(poses: Poses) -> bool:
    """Say whether poses are of named views."""
    return "view" in poses.dims


def describe_poses(poses: Poses) -> str:
    """Say in words what kind of poses these are."""
    views = f" of {poses.sizes['view']} views" if has_views(poses) else ""
    return f"{poses.sizes['space']}-D poses{views}"


def find_flat(pair: Pairing, rig: Calibration | None) -> Pairing | None:
    """Return both in pixels; points in space are projected into the views there are."""
    poses = (pair.predicted, pair.truth)
    flat = [each for each in poses if each.sizes["space"] == 2]
    if len(flat) == 2 and has_views(flat[0]) == has_views(flat[1]):
        return pair
    if rig is None or not all(has_views(each) for each in flat):
        return None
    views = tuple(str(view) for view in flat[0]["view"].values) if flat else rig.views
    return Pairing(*(_project(each, rig.select(views)) for each in poses))


def find_solid(pair: Pairing, rig: Calibration | None) -> Pairing | None:
    """Return both in cm; pixels of several views are triangulated."""
    solid = []
    for poses in (pair.predicted, pair.truth):
        if poses.sizes["space"] == 3:
            solid.append(poses)
        elif rig is not None and has_views(poses) and poses.sizes["view"] > 1:
            solid.append(triangulate_poses(poses, rig))
        else:
            return None
    return Pairing(*solid)


def _project(poses: Poses, rig: Calibration) -> Poses:
    """Return poses as the cameras see them; those in pixels as they are."""
    if poses.sizes["space"] == 2:
        return poses
    world = poses["position"].transpose("time", "keypoint", "individual", "space").to_numpy()
    pixels = np.stack([camera.project(world) for camera in rig.cameras.values()])
    confidence = poses["confidence"].transpose("time", "keypoint", "individual").to_numpy()
    return build_poses(
        np.moveaxis(pixels, -1, 2),
        np.broadcast_to(confidence, pixels.shape[:-1]),
        keypoints=poses["keypoint"].values.tolist(),
        fps=poses.attrs["fps"],
        unit="px",
        individuals=poses["individual"].values.tolist(),
        views=rig.views,
        frames=poses["frame"].values,
    )
