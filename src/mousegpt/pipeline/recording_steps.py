"""The steps that work on one recording: load, call, hand over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from mousegpt.behavior.embedding import embed_descriptions
from mousegpt.behavior.keywords import extract_keywords
from mousegpt.core.arrays import FloatArray
from mousegpt.core.poses import Poses
from mousegpt.core.recording import Arena, Recording
from mousegpt.core.skeleton import KEYPOINTS, mirror_keypoint
from mousegpt.core.skeleton_map import SkeletonMap, apply_skeleton_map
from mousegpt.description.kinematic import describe_posture
from mousegpt.geometry.sides import can_resolve, resolve_sides
from mousegpt.geometry.triangulation import triangulate_poses
from mousegpt.io.poses import load_poses, save_poses
from mousegpt.kinematics.cleaning import clean_poses, estimate_noise
from mousegpt.kinematics.floor import align_arena, align_to_floor, estimate_floor
from mousegpt.kinematics.posture import compute_posture
from mousegpt.kinematics.scale import estimate_body_length, scale_arena, scale_poses
from mousegpt.kinematics.velocity import compute_speeds
from mousegpt.pipeline.chain import Job, Output
from mousegpt.pipeline.choices import KINEMATIC
from mousegpt.pipeline.contents import Contents, load_contents
from mousegpt.pipeline.pictures import locate_arrays
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.seeing import require_mouse

_NO_POSES = "it has no poses, and no networks that find them in videos"


def need_poses(recording: Recording) -> str | None:
    """Say why a recording cannot be described from poses; None when it can."""
    return None if recording.poses and not recording.unseen else _NO_POSES


def need_videos(recording: Recording) -> str | None:
    """Say why no pictures can be taken of a recording; None when they can."""
    return None if recording.videos else "it has no video"


def list_pose_files(project: Project, recording: Recording) -> tuple[Path, ...]:
    """Return the files that the poses of a recording depend on."""
    calibration = recording.calibration
    files = [calibration] if calibration else []
    if calibration and calibration.is_dir():  # one file per camera
        files = sorted(path for path in calibration.iterdir() if path.is_file())
    return (*recording.poses.values(), *files, project.skeleton)


def make_poses(job: Job) -> Output:
    """Bring the poses of a recording into one form: 24 keypoints, clean, to scale, on the floor."""
    require_mouse(job)
    contents = load_contents(job.recording, job.project.skeleton)
    assert contents.skeleton is not None  # there are poses, so it was given or guessed
    joined, source = join_views(contents, contents.skeleton, job)
    joined = fill_in(joined) if job.recording.estimated else joined
    cleaned = clean_poses(joined, **job.options(clean_poses))
    recording = job.recording
    scale, angle = recording.px_per_cm, recording.view_angle or "top"
    arena = recording.arena
    if arena is not None:
        unit = str(cleaned.attrs["unit"])
        arena = scale_arena(arena, unit=unit, px_per_cm=scale, view_angle=angle)
    poses = scale_poses(cleaned, px_per_cm=scale, view_angle=angle)
    notes: dict[str, object] = {
        "source": f"{source}, by networks" if recording.estimated else source,
        "skeleton": {name: target or "" for name, target in contents.skeleton.targets.items()},
        "skeleton_given": _is_certain(contents.skeleton, job.project.skeleton),
        "fps": float(poses.attrs["fps"]),
        "length_unit": str(poses.attrs["unit"]),
    }
    if poses.sizes["space"] == 3:
        floor = estimate_floor(poses, **job.options(estimate_floor))
        poses = align_to_floor(poses, floor)
        arena = align_arena(arena, floor) if arena is not None else None
        notes |= {
            "floor_normal": [round(float(value), 4) for value in floor.normal],
            "floor_residual": round(floor.residual, 4),
        }
    length = estimate_body_length(poses)
    notes["body_length"] = {
        str(i): _round(length.sel(individual=i)) for i in length["individual"].values
    }
    notes["arena"] = arena.model_dump() if arena is not None else None
    path = locate_arrays(job.project, job.unit).relative_to(job.project.folder).as_posix()
    return Output(
        measure_quality(joined, poses),
        files={path: lambda target: save_poses(poses, target)},
        notes=notes,
        message="" if notes["skeleton_given"] else f"guessed {_tell_skeleton(contents.skeleton)}",
    )


def _is_certain(skeleton: SkeletonMap, given: Path) -> bool:
    """Say whether nothing was guessed: a table was given, or the names are ours."""
    return given.exists() or all(name == target for name, target in skeleton.targets.items())


def _tell_skeleton(skeleton: SkeletonMap) -> str:
    pairs = [f"{name} = {target}" for name, target in skeleton.targets.items() if target]
    return f"{', '.join(pairs)} (correct it in skeleton.csv: `mousegpt check --write-skeleton`)"


def join_views(contents: Contents, skeleton: SkeletonMap, job: Job) -> tuple[Poses, str]:
    """Triangulate the views of a calibrated rig, or take the one file there is.

    Returns
    -------
    poses : Poses
        With the 24 keypoints.
    view : str
        "3-D", "triangulated from …", or the name of the only view used.
    """
    views = {name: apply_skeleton_map(poses, skeleton) for name, poses in contents.views.items()}
    if not views:
        (poses,) = contents.poses.values()
        return apply_skeleton_map(poses, skeleton), "3-D"
    names = choose_joined_views(contents, views)
    if not names or contents.calibration is None:
        name = choose_single_view(tuple(views))
        return views[name], name
    stacked = xr.concat(list(views.values()), pd.Index(names, name="view"), join="inner")
    calibration = contents.calibration.select(names)
    source = f"triangulated from {', '.join(names)}"
    if can_resolve(len(names), **job.options(can_resolve)):
        stacked = resolve_sides(stacked, calibration, **job.options(resolve_sides))
        source += tell_exchanged(stacked)
        stacked = stacked.drop_vars("exchanged")
    return triangulate_poses(stacked, calibration, **job.options(triangulate_poses)), source


def tell_exchanged(poses: Poses) -> str:
    """Say how many left and right keypoints changed their names; nothing when none did.

    >>> known = xr.Dataset(
    ...     {
    ...         "position": (("space", "view", "keypoint"), np.zeros((2, 2, 2))),
    ...         "exchanged": (("view", "keypoint"), [[True, True], [False, False]]),
    ...     },
    ...     coords={"keypoint": ["EarL", "EarR"]},
    ... )
    >>> tell_exchanged(known)
    '; left and right exchanged: 50.0 %'
    """
    paired = [name for name in poses["keypoint"].values if mirror_keypoint(name) != name]
    seen = poses.sel(keypoint=paired)
    known = seen["position"].notnull().all("space")
    share = float((seen["exchanged"] & known).sum() / max(int(known.sum()), 1))
    return f"; left and right exchanged: {share:.1%}".replace("%", " %") if share else ""


def choose_joined_views(contents: Contents, views: Mapping[str, Poses]) -> tuple[str, ...]:
    """Return the views to triangulate; none where there are no two, or no calibration.

    Of poses that were estimated from videos, views without a camera are left out, and those of
    several mice are not joined: nobody says which mouse of one view is which of another.
    """
    if contents.calibration is None:
        return ()
    names = tuple(views)
    if contents.recording.estimated:
        alone = len(contents.individuals) == 1
        names = tuple(name for name in names if alone and name in contents.calibration.views)
    return names if len(names) > 1 else ()


def fill_in(poses: Poses) -> Poses:
    """Draw straight lines between poses of every so-many-th frame; the noise is theirs.

    Gaps where the mouse was not found stay.
    """
    frames = poses["frame"].to_numpy()
    step = int(frames[1] - frames[0]) if len(frames) > 1 else 1
    if step == 1:
        return poses
    noise = estimate_noise(poses.assign_coords(frame=("time", frames // step)))
    poses = poses[["position", "confidence"]].transpose("time", ...)
    dense = np.arange(frames[0], frames[-1] + 1)
    filled = {
        name: (variable.dims, _draw_lines(variable.to_numpy(), step))
        for name, variable in poses.data_vars.items()
    }
    time = dense / float(poses.attrs["fps"])
    coords = {str(name): c for name, c in poses.coords.items() if "time" not in c.dims}
    coords |= {"time": time, "frame": ("time", dense)}
    return xr.Dataset(filled, coords=coords, attrs=poses.attrs).assign(noise=noise)


def _draw_lines(values: FloatArray, step: int) -> FloatArray:
    """Fill in ``step - 1`` values between any two along the first axis."""
    shares = np.arange(1, step).reshape(-1, *(1,) * (values.ndim - 1)) / step
    between = (1 - shares) * values[:-1, None] + shares * values[1:, None]
    lines = np.concatenate([values[:-1, None], between], axis=1)
    return np.concatenate([lines.reshape(-1, *values.shape[1:]), values[-1:]])


def choose_single_view(views: tuple[str, ...]) -> str:
    """Return the view to use where no calibration joins them: one from above, else the first."""
    return next((view for view in views if "top" in view.lower()), views[0])


def measure_quality(tracked: Poses, cleaned: Poses) -> pd.DataFrame:
    """Count, per individual and keypoint, the share of frames in which it is known.

    Returns
    -------
    pandas.DataFrame
        ``individual``, ``keypoint``, ``tracked`` and ``known`` (after cleaning), shares 0 to 1.
    """
    shares = {
        name: poses["position"].notnull().all("space").mean("time").transpose("individual", ...)
        for name, poses in {"tracked": tracked, "known": cleaned}.items()
    }
    individuals = [str(name) for name in tracked["individual"].to_numpy()]
    index = pd.MultiIndex.from_product([individuals, KEYPOINTS], names=["individual", "keypoint"])
    columns = {name: np.ravel(share.to_numpy()) for name, share in shares.items()}
    return pd.DataFrame(columns, index=index).reset_index()


def load_clean_poses(job: Job) -> Poses:
    """Load what the step "poses" left for this recording."""
    return load_poses(locate_arrays(job.project, job.unit))


def make_speeds(job: Job) -> Output:
    """Compute the speeds of six body parts at the full frame rate."""
    return Output(_name(job, compute_speeds(load_clean_poses(job), **job.options(compute_speeds))))


def make_posture(job: Job) -> Output:
    """Measure the posture facts of the sampled frames and the states they support."""
    stored = job.notes("poses")[job.unit]["arena"]
    arena = Arena.model_validate(stored) if stored else None
    table = compute_posture(load_clean_poses(job), arena=arena, **job.options(compute_posture))
    return Output(_name(job, table))


def make_descriptions(job: Job) -> Output:
    """Describe the sampled frames in words."""
    table = describe_posture(job.load("posture"), **job.options(describe_posture))
    return Output(table, notes={"described_by": KINEMATIC})


def make_embeddings(job: Job) -> Output:
    """Turn the descriptions into vectors."""
    options = job.options(embed_descriptions)
    return Output(embed_descriptions(job.load("descriptions"), job.backends["embedder"], **options))


def make_keywords(job: Job) -> Output:
    """Draw the info-card of every description."""
    return Output(extract_keywords(job.load("descriptions")))


def _name(job: Job, table: pd.DataFrame) -> pd.DataFrame:
    """Put the recording's id in front."""
    table = table.drop(columns="recording", errors="ignore")
    table.insert(0, "recording", job.recording.id)
    return table


def _round(value: object) -> float:
    return round(float(value), 3)  # type: ignore[arg-type]
