"""What the report says: gathered from the tables of a project and their provenance."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

import mousegpt
from mousegpt.core.description import ELEMENTS
from mousegpt.core.facts import STATE_PREFIX, UNKNOWN
from mousegpt.core.recording import Recording
from mousegpt.core.tables import KEY
from mousegpt.pipeline.chain import Job
from mousegpt.pipeline.choices import KINEMATIC
from mousegpt.pipeline.curating import STEP, count_reasons, draw_ratings, tell_ratings
from mousegpt.pipeline.describing_checks import check_words
from mousegpt.pipeline.figures import NO_GROUP
from mousegpt.pipeline.provenance import load_provenance
from mousegpt.pipeline.report_words import write_findings, write_methods, write_warnings
from mousegpt.pipeline.reporting import (
    Example,
    Figure,
    KeypointSource,
    ProvenanceRow,
    ReportContent,
    Share,
    Value,
)

_N_MOSAICS: Final = 12
_POSTURE_FIGURES: Final = ("postures", "fine_postures")


def gather_content(job: Job) -> ReportContent:
    """Gather all that the page tells; what a project does not have is left out."""
    notes = job.notes("poses")
    described = bool(job.members["behaviors"])
    words = job.load("descriptions") if described else pd.DataFrame(columns=[*KEY, "status"])
    behaviors = _load_behaviors(job, words) if described else words.assign(behavior=None)
    posture = job.load("posture") if described else pd.DataFrame()
    describers = _name_describers(job)
    rows = [
        {**_describe(job, recording, behaviors, notes), "described by": describers[recording.id]}
        for recording in job.recordings
    ]
    curated = job.load(STEP) if STEP in job.members else pd.DataFrame()
    return ReportContent(
        title=f"Behaviour in {job.project.folder.name}",
        version=mousegpt.__version__,
        overview=_sum_up(job, behaviors, describers),
        findings=write_findings(job) if described else [],
        warnings=write_warnings(job.recordings, notes, posture, job.load("mosaics"), words),
        figures=[*(_load_figures(job) if described else []), *draw_ratings(curated)],
        examples=_load_examples(job) if described else [],
        novelty_report=(job.project.folder / "novelty.md").read_text("utf-8") if described else "",
        recordings=rows,
        known_keypoints=_measure_keypoints(job),
        unknown_states=_measure_states(posture),
        word_check=check_words(words, posture),
        ratings=count_reasons(curated),
        rating_notes=tell_ratings(curated),
        mosaics=_load_mosaics(job),
        skeletons={name: _list_sources(note) for name, note in notes.items()},
        methods=write_methods(job, notes) if described else "",
        provenance=_list_provenance(job),
    )


def _load_behaviors(job: Job, words: pd.DataFrame) -> pd.DataFrame:
    """Load the behaviours of the frames that have a description."""
    said = words.loc[words["status"] == "ok", list(KEY)]
    return job.load("behaviors").merge(said, on=list(KEY))


def encode_picture(data: bytes) -> str:
    """Return a JPEG as a data URL."""
    return "data:image/jpeg;base64," + b64encode(data).decode()


def _sum_up(
    job: Job, behaviors: pd.DataFrame, describers: Mapping[str, str]
) -> list[tuple[str, Value]]:
    recordings = job.recordings
    groups = list(dict.fromkeys(r.group or NO_GROUP for r in recordings))
    overview: list[tuple[str, Value]] = [
        ("Recordings", len(recordings)),
        ("Animals", _count_animals(recordings, behaviors)),
        ("Groups", ", ".join(groups)),
        ("Frames described", len(behaviors)),
    ]
    if len(behaviors):
        overview += [
            ("Minutes described", round(float(_measure_minutes(behaviors)), 1)),
            ("Behaviours found", int(behaviors["behavior"].nunique())),
            ("Frames unassigned", f"{behaviors['behavior'].isna().mean():.1%}"),
            ("Words by", "; ".join(dict.fromkeys(describers.values()))),
        ]
    return overview


def _name_describers(job: Job) -> dict[str, str]:
    """Return who described each recording, from what."""
    said = {
        unit: "kinematic grammar (from poses)"
        if note["described_by"] == KINEMATIC
        else f"{note['described_by']} (from pictures)"
        for unit, note in job.notes("descriptions").items()
    }
    return {recording.id: said.get(recording.id, "nobody") for recording in job.recordings}


def _count_animals(recordings: tuple[Recording, ...], behaviors: pd.DataFrame) -> int:
    subjects = {r.id: r.subject for r in recordings}
    pairs = behaviors[["recording", "individual"]].drop_duplicates()
    seen = {(subjects[p["recording"]], p["individual"]) for p in pairs.to_dict("records")}
    undescribed = {subjects[r.id] for r in recordings if r.id not in set(pairs["recording"])}
    return len(seen) + len(undescribed)


def _measure_minutes(behaviors: pd.DataFrame) -> float:
    times = behaviors.groupby(["recording", "individual"])["time_s"]
    return float(((times.max() - times.min()) / 60).sum())


def _describe(
    job: Job, recording: Recording, behaviors: pd.DataFrame, notes: Mapping[str, Mapping[str, Any]]
) -> dict[str, Value]:
    """Return the row of a recording in the table of recordings."""
    mine = behaviors[behaviors["recording"] == recording.id]
    note = notes.get(recording.id, {})
    lengths = [v for v in note.get("body_length", {}).values() if np.isfinite(v)]
    unit = note.get("length_unit", "")
    return {
        "recording": recording.id,
        "subject": recording.subject,
        "group": recording.group,
        "frames described": len(mine),
        "minutes": round(_measure_minutes(mine), 2) if len(mine) else None,
        "unassigned": f"{mine['behavior'].isna().mean():.1%}" if len(mine) else None,
        "poses": note.get("source", "none"),
        "fps": note.get("fps"),
        "length unit": unit or None,
        "body length": ", ".join(f"{v:.2f}" for v in lengths) or None,
        "floor fit (r.m.s.)": f"{note['floor_residual']:.2f} {unit}"
        if "floor_residual" in note
        else None,
        "views": ", ".join(recording.videos) or None,
    }


def _load_figures(job: Job) -> list[Figure]:
    rows = job.load("figures").to_dict("records")
    return [
        Figure(
            row["name"],
            row["title"],
            row["caption"],
            (job.project.folder / f"figures/{row['name']}.svg").read_text("utf-8"),
            "postures" if row["name"] in _POSTURE_FIGURES else "time",
        )
        for row in rows
    ]


def _load_examples(job: Job) -> list[Example]:
    examples = job.load("examples").merge(job.load("descriptions"), on=list(KEY), how="left")
    scores = job.load("novelty")[[*KEY, "score"]]
    return [
        Example(
            recording=row["recording"],
            individual=row["individual"],
            frame=row["frame"],
            time_s=float(row["time_s_x"]),
            behavior=row["behavior"] if isinstance(row["behavior"], str) else "unassigned",
            role=row["role"],
            picture=encode_picture((job.project.folder / row["file"]).read_bytes()),
            description={name: row[name] for name in ELEMENTS if isinstance(row[name], str)},
            score=float(row["score"]) if row["role"] == "rare" else None,
        )
        for row in examples.merge(scores, on=list(KEY), how="left").to_dict("records")
    ]


def _measure_keypoints(job: Job) -> dict[str, list[Share]]:
    shares = {}
    for unit in job.members["poses"]:
        table = job.load_unit("poses", unit)
        means = table.groupby("keypoint", sort=False)["known"].mean()
        shares[unit] = [(str(name), float(share)) for name, share in means.items()]
    return shares


def _measure_states(posture: pd.DataFrame) -> dict[str, list[Share]]:
    names = [name for name in posture.columns if name.startswith(STATE_PREFIX)]
    return {
        str(recording): [
            (
                name.removeprefix(STATE_PREFIX).replace("_", " "),
                float((rows[name] == UNKNOWN).mean()),
            )
            for name in names
        ]
        for recording, rows in (posture.groupby("recording", sort=False) if names else [])
    }


def _load_mosaics(job: Job) -> list[tuple[str, str]]:
    """Return evenly spaced mosaics of each recording, a dozen in all."""
    mosaics: list[tuple[str, str]] = []
    units = job.members["mosaics"]
    per_unit = max(1, _N_MOSAICS // max(len(units), 1))
    for unit in units[:_N_MOSAICS]:
        table = job.load_unit("mosaics", unit)
        places = np.unique(np.linspace(0, len(table) - 1, per_unit + 2)[1:-1].round().astype(int))
        for row in table.iloc[places].to_dict("records"):
            caption = f"{unit}, {row['individual']} frame {row['frame']} ({row['time_s']:.2f} s)"
            views = f"{row['views']} at {row['moments_s']} s" if row["moments_s"] else row["views"]
            data = (job.project.folder / row["file"]).read_bytes()
            mosaics.append((f"{caption}: {views}", encode_picture(data)))
    return mosaics


def _list_sources(note: Mapping[str, Any]) -> list[KeypointSource]:
    guessed = not note["skeleton_given"]
    return [KeypointSource(s, target or None, guessed) for s, target in note["skeleton"].items()]


def _list_provenance(job: Job) -> list[ProvenanceRow]:
    """Return how each step's tables were made; units of one step are made alike."""
    rows = []
    for step, units in job.members.items():
        records = [load_provenance(job.project.provenance(step, unit)) for unit in units]
        for record in [record for record in records if record][:1]:
            options = [
                f"{k} = {v}" for values in record.options.values() for k, v in values.items()
            ]
            versions = ", ".join(f"{name} {number}" for name, number in record.versions.items())
            rows.append(
                ProvenanceRow(
                    step,
                    ", ".join(record.functions),
                    "; ".join(options),
                    ", ".join(record.backends.values()),
                    versions,
                )
            )
    return rows
