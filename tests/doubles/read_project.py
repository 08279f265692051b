"""A project with words, poses and pictures written by hand: three recordings of one mouse each.

In "a" every second description says of the head what is not so; "b" has no fault; "c" has no poses.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mousegpt.core.facts import STATES
from mousegpt.io.tables import save_table
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.provenance import Provenance, save_provenance

PICTURE = b"\xff\xd8 a picture"
N = 6
_DESCRIBERS = {"a": "kinematic", "b": "nano-1", "c": "nano-1"}


def write_project(folder: Path, *, picture: bytes = PICTURE) -> Project:
    """Write the tables; frame 1 of "a" has a picture."""
    project = Project(folder.resolve())
    (project.folder / "frames/a").mkdir(parents=True)
    rows = [f"{name},{name},{name}.csv\n" for name in _DESCRIBERS]
    project.manifest.write_text("".join(["recording,subject,poses\n", *rows]))
    for name, describer in _DESCRIBERS.items():
        (project.folder / f"{name}.csv").write_text("")
        save_table(_write_words(name), project.table("descriptions", name))
        record = project.provenance("descriptions", name)
        save_provenance(_make_record(name, describer), record)
        if name != "c":
            save_table(_make_posture(name), project.table("posture", name))
    (project.folder / "frames/a/000001-m.jpg").write_bytes(picture)
    mosaic = {"recording": "a", "individual": "m", "frame": 1, "time_s": 0.1, "views": "top",
              "moments_s": "", "file": "frames/a/000001-m.jpg"}  # fmt: skip
    save_table(pd.DataFrame([mosaic]), project.table("mosaics", "a"))
    return project


def _list_keys(name: str) -> list[dict[str, object]]:
    return [{"recording": name, "individual": "m", "frame": f, "time_s": f / 10} for f in range(N)]


def _write_words(name: str) -> pd.DataFrame:
    rows = [
        {
            **key,
            "status": "ok",
            "overall": "The mouse is still, its fur is soft.",
            "head": f"The head points {'up' if name == 'a' and i % 2 else 'down'}.",
            "limb": "All four paws are on the ground.",
            "torso": "The trunk is horizontal.",
            "others": "It is in the open.",
            "keywords": "still, in the open",
        }
        for i, key in enumerate(_list_keys(name))
    ]
    return pd.DataFrame(rows)


def _make_posture(name: str) -> pd.DataFrame:
    shown = {"pace": "still", "head_pitch": "down", "trunk_pitch": "horizontal",
             "place": "in the open", "forepaw_left": "ground", "forepaw_right": "ground",
             "hindpaw_left": "ground", "hindpaw_right": "ground"}  # fmt: skip
    states = {f"state_{s.name}": shown.get(s.name, "unknown") for s in STATES}
    facts = {"head_pitch": -40.0, "head_pitch_sd": 2.0, "body_length": 8.0}
    return pd.DataFrame([{**key, **states, **facts} for key in _list_keys(name)])


def _make_record(name: str, describer: str) -> Provenance:
    return Provenance(
        step="descriptions", unit=name, fingerprint="", functions=(), options={}, inputs={},
        backends={}, outputs={}, notes={"described_by": describer}, versions={},
    )  # fmt: skip
