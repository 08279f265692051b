"""What a synthetic study says about itself: manifest, calibration, animals, planted events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pandas as pd

from mousegpt.core.errors import ProjectError
from mousegpt.io.atomic import write_atomically
from mousegpt.io.calibration import save_calibration
from mousegpt.io.tables import load_table
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.provenance import collect_versions, hash_room
from mousegpt.pipeline.synthesis.acting import plan_recordings
from mousegpt.pipeline.synthesis.filming import arrange_cameras
from mousegpt.pipeline.synthesis.settings import SynthesisFolder, SynthesisSettings
from mousegpt.synthetic.arena import find_arena
from mousegpt.synthetic.truth import list_event_frames

#: format -> its file or folder in the folder of calibrations; the manifest names the first
CALIBRATIONS: Final = {
    "JSON": "rig.json",
    "Anipose toml": "anipose.toml",
    "OpenCV yml": "opencv",
    "EasyMocap yml": "easymocap",
    "Label3D mat": "label3d.mat",
    "Metashape xml": "metashape.xml",
}
USUAL_WINDOW_S = 20.0  # of `proportions`

NOTICE = (
    "Synthetic mice: differences between groups were put in by hand and are never evidence about "
    "a drug, a strain or a treatment."
)


def claim_folder(folder: Path, settings: SynthesisSettings) -> None:
    """Take a new or empty folder for a study, or the one in which it was begun.

    Raises
    ------
    ProjectError
        When the folder holds something else, other settings, or the beginning of another version.
    """
    place = SynthesisFolder(folder)
    wanted = settings.model_dump(mode="json")
    made = {
        "notice": NOTICE,
        "settings": wanted,
        "source": hash_room("mousegpt.synthetic"),
        "versions": collect_versions(),
    }
    if not place.record.exists():
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ProjectError(
                f"Expected a new or empty folder, but {folder} holds other things; name another."
            )
        write_atomically(place.record, json.dumps(made, indent=1).encode())
        return
    begun = _load_record(place.record)
    differing = [name for name, value in wanted.items() if begun["settings"].get(name) != value]
    if differing:
        raise ProjectError(
            f"{folder} holds a study with another {', '.join(differing)}; give the same settings "
            "to go on with it (they are in synthesis.json), or name another folder."
        )
    if begun["source"] != made["source"]:
        raise ProjectError(
            f"{folder} was begun by another version of mousegpt, whose mice differ; go on with that"
            " version, or name another folder."
        )


def _load_record(path: Path) -> dict[str, dict[str, object]]:
    try:
        record = json.loads(path.read_text("utf-8"))
        return {"settings": dict(record["settings"]), "source": record["source"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"Expected the record of a synthetic study in {path}, found something else; remove the "
            "folder, or name another."
        ) from error


def write_records(folder: Path, settings: SynthesisSettings, *, videos: bool) -> None:
    """Write manifest, calibration in every format, animals and planted events."""
    place, calibration = SynthesisFolder(folder), arrange_cameras(settings)
    for form, name in CALIBRATIONS.items():
        save_calibration(calibration, place.calibration.parent / name, form=form)
    window_s = plan_recordings(settings).recordings[0].duration_s / 6
    if window_s < USUAL_WINDOW_S:
        short = f"# Short sessions need short windows.\n[proportions]\nwindow_s = {window_s:g}\n"
        write_atomically(Project(folder).settings, short.encode())
    write_atomically(place.manifest, list_recordings(settings, videos=videos).encode())
    for name, table in (
        ("animals", list_animals(settings)),
        ("events", list_events(folder, settings)),
    ):
        content = table.to_csv(index=False, lineterminator="\n").encode()
        write_atomically(folder / "truth" / f"{name}.csv", content)


def list_recordings(settings: SynthesisSettings, *, videos: bool) -> str:
    """Return the manifest; videos are in it only when they are there."""
    place, outline = SynthesisFolder(Path()), find_arena(settings.arena).outline
    rows = []
    for recording in plan_recordings(settings).recordings:
        name, treatment = recording.id, recording.animal.treatment
        row = {
            "recording": name,
            "subject": name,
            "group": treatment.name,
            "treatment": treatment.compound,
            "dose_mg_per_kg": treatment.dose_mg_per_kg,
        }
        views = arrange_cameras(settings).views if videos else ()
        row |= {f"video:{view}": place.video(name, view).as_posix() for view in views}
        row |= {
            "poses": place.poses(name).as_posix(),
            "calibration": place.calibration.as_posix(),
            "arena_shape": outline.shape,
            "arena_width_cm": outline.width_cm,
            "arena_length_cm": outline.length_cm,
            "meta:made_up": "yes",
        }
        rows.append(row)
    return pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")


def list_animals(settings: SynthesisSettings) -> pd.DataFrame:
    """Return what was drawn for each animal."""
    return pd.DataFrame(
        {
            "recording": recording.id,
            "group": recording.animal.treatment.name,
            "sensitivity": recording.animal.sensitivity,
            "vigor": recording.animal.vigor,
            "hunch_deg": recording.animal.hunch_deg,
            "left_share": recording.animal.left_share,
            "duration_s": recording.duration_s,
        }
        for recording in plan_recordings(settings).recordings
    )


def list_events(folder: Path, settings: SynthesisSettings) -> pd.DataFrame:
    """Return the planted events with the frames that show them, a row each."""
    place, rows = SynthesisFolder(folder), []
    for event in plan_recordings(settings).events:
        frames = load_table(place.truth(event.recording, "frames"))
        found = list_event_frames(frames, event.behavior)
        rows.append(found.assign(recording=event.recording, behavior=event.behavior))
    columns = ["recording", "behavior", "first_frame", "last_frame", "peak_frame"]
    return pd.concat(rows)[columns] if rows else pd.DataFrame(columns=columns)
