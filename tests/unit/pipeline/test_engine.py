"""The engine on a toy chain: double the numbers of each recording, then add all up."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from mousegpt.core.errors import DataError, UsageError
from mousegpt.core.recording import Recording
from mousegpt.io.tables import load_table
from mousegpt.pipeline.chain import Event, Job, Output, Step
from mousegpt.pipeline.engine import Engine
from mousegpt.pipeline.project import STUDY, Project
from mousegpt.pipeline.provenance import load_provenance


def scale_numbers(numbers: list[float], *, factor: float = 2.0) -> list[float]:
    return [factor * number for number in numbers]


def _make_scaled(job: Job) -> Output:
    numbers = [float(line) for line in job.recording.poses[""].read_text().split()]
    if any(number < 0 for number in numbers):
        raise DataError("Expected numbers from 0 up, but found a negative one; correct the file.")
    table = pd.DataFrame({"value": scale_numbers(numbers, **job.options(scale_numbers))})
    return Output(table, notes={"n": len(table)}, files={f"out/{job.unit}.txt": b"scaled"})


def _make_total(job: Job) -> Output:
    return Output(pd.DataFrame({"total": [job.load("scaled")["value"].sum()]}))


STEPS = (
    Step(
        "scaled",
        "recording",
        "Scale.",
        _make_scaled,
        functions=(scale_numbers,),
        reads=lambda project, recording: list(recording.poses.values()),
        applies=lambda recording: None if recording.poses else "no poses",
    ),
    Step("total", "study", "Add up.", _make_total, needs=("scaled",)),
)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    paths = {name: tmp_path / f"{name}.txt" for name in ("a", "b")}
    paths["a"].write_text("1 2")
    paths["b"].write_text("3")
    return paths


@pytest.fixture
def run(tmp_path: Path, files: dict[str, Path]) -> Callable[..., list[tuple[str, str, str]]]:
    """Run the chain and return the events but "started"."""

    def run_chain(overrides: dict | None = None, **options: object) -> list[tuple[str, str, str]]:
        events: list[Event] = []
        make_engine(tmp_path, files, overrides).run(events.append, **options)
        return [(e.kind, e.step, e.unit) for e in events if e.kind != "started"]

    return run_chain


def make_engine(
    folder: Path, files: dict[str, Path], overrides: dict | None = None, steps=STEPS
) -> Engine:
    recordings = [Recording(id=name, subject=name, poses={"": p}) for name, p in files.items()]
    recordings.append(Recording(id="pixels", subject="c"))
    return Engine(Project(folder), steps, tuple(recordings), overrides or {}, {}, lambda p, r: None)


def total(folder: Path) -> float:
    return float(load_table(folder / "tables" / "total" / "study.parquet")["total"].item())


def test_chain_computes_every_unit_to_which_it_applies(run, tmp_path):
    assert run() == [
        ("done", "scaled", "a"),
        ("done", "scaled", "b"),
        ("done", "total", STUDY),
    ]
    assert total(tmp_path) == 12.0


def test_second_run_does_nothing(run):
    run()
    assert {kind for kind, _, _ in run()} == {"skipped"}


@pytest.mark.parametrize(
    ("change", "repeated"),
    [
        (lambda folder, files: files["b"].write_text("4"), {"b", STUDY}),
        (lambda folder, files: (folder / "tables/scaled/a.parquet").unlink(), {"a"}),
        (lambda folder, files: (folder / "tables/scaled/a.json").unlink(), {"a"}),
        (lambda folder, files: (folder / "tables/scaled/a.json").write_text("{"), {"a"}),
        (lambda folder, files: (folder / "tables/scaled/a.parquet").write_bytes(b"x"), {"a"}),
        (lambda folder, files: (folder / "out/a.txt").unlink(), {"a"}),
        (lambda folder, files: files["a"].touch(), set()),
    ],
    ids=["input changed", "table gone", "record gone", "record cut", "table damaged"]
    + ["written file gone", "touched only"],
)
def test_only_what_changed_is_made_again(run, tmp_path, files, change, repeated):
    run()
    change(tmp_path, files)
    assert {unit for kind, _, unit in run() if kind == "done"} == repeated


def test_override_makes_again_and_is_recorded(run, tmp_path):
    run()
    assert ("done", "scaled", "a") in run({"scaled": {"factor": 3.0}})
    assert total(tmp_path) == 18.0


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"scaled": {"facto": 3.0}}, "no option 'facto'; it has factor"),
        ({"scaled": {"factor": "much"}}, "scaled.factor cannot be 'much'"),
        ({"scald": {}}, "no step 'scald'; the steps are scaled, total"),
    ],
)
def test_wrong_override_names_what_exists(run, overrides, words):
    with pytest.raises(UsageError, match=words):
        run(overrides)


def test_provenance_names_inputs_options_and_outputs_by_their_bytes(run, tmp_path, files):
    run({"scaled": {"factor": 3.0}})
    record = load_provenance(tmp_path / "tables/scaled/a.json")
    assert record is not None
    assert record.inputs["file/a/0 a.txt"] == hashlib.sha256(b"1 2").hexdigest()
    assert record.options == {"scale_numbers": {"factor": 3.0}}
    assert record.outputs["out/a.txt"] == hashlib.sha256(b"scaled").hexdigest()
    assert record.notes == {"n": 2}


def test_failure_of_one_recording_spares_the_others(run, files, tmp_path):
    files["a"].write_text("-1")
    assert run() == [
        ("failed", "scaled", "a"),
        ("done", "scaled", "b"),
        ("blocked", "total", STUDY),
    ]


def test_until_runs_only_what_it_needs(run):
    assert run(until="scaled") == [("done", "scaled", "a"), ("done", "scaled", "b")]


def test_only_leaves_other_recordings_alone(run):
    assert run(only=["b"]) == [("done", "scaled", "b"), ("blocked", "total", STUDY)]


def test_unknown_names_are_wrong_use(run):
    with pytest.raises(UsageError, match="no step 'x'"):
        run(until="x")
    with pytest.raises(UsageError, match="no recording 'x'"):
        run(only=["x"])


def test_state_of_every_unit(run, tmp_path, files):
    engine = make_engine(tmp_path, files)
    assert engine.inspect(STEPS[0], "a") == "missing"
    run()
    engine = make_engine(tmp_path, files, {"scaled": {"factor": 5.0}})
    assert engine.inspect(STEPS[0], "a") == "stale"
    assert engine.list_units(STEPS[0]) == ("a", "b")


def add_numbers(numbers: list[float], *, offset: float = 10.0, factor: float = 1.0) -> list[float]:
    return [factor * number + offset for number in numbers]


def _make_added(job: Job) -> Output:
    numbers = [float(line) for line in job.recording.poses[""].read_text().split()]
    return Output(pd.DataFrame({"value": add_numbers(numbers, **job.options(add_numbers))}))


def test_a_recording_is_worked_on_in_the_way_that_fits_it(tmp_path, files):
    applies = [lambda r: None if r.id == "b" else "another way", lambda r: "never"]
    added = replace(
        STEPS[0], compute=_make_added, functions=(add_numbers,), applies=applies[0],
        defaults={"offset": 20.0},
    )  # fmt: skip
    never = replace(added, applies=applies[1])
    steps = (replace(STEPS[0], variants=(never, added)), STEPS[1])

    def work(overrides):
        engine = make_engine(tmp_path, files, overrides, steps)
        events = []
        assert engine.run(events.append)
        tables = [load_table(Project(tmp_path).table("scaled", unit)) for unit in ("a", "b")]
        made = [e.unit for e in events if e.kind == "done" and e.step == "scaled"]
        return made, *(table["value"].tolist() for table in tables)

    assert work({}) == (["a", "b"], [2.0, 4.0], [23.0])
    assert work({"scaled": {"offset": 1.0}}) == (["b"], [2.0, 4.0], [4.0])  # not an option of a
    assert work({"scaled": {"factor": 3.0}}) == (["a", "b"], [3.0, 6.0], [29.0])
    with pytest.raises(UsageError, match="no option 'ofset'"):
        work({"scaled": {"ofset": 1.0}})


def test_what_a_step_finds_can_change_what_the_later_ones_do(tmp_path, files):
    """Once the number of b is scaled it is found wanting, and has no part in what follows."""
    project = Project(tmp_path)

    def revise(recording):
        wanting = recording.id == "b" and project.table("scaled", "b").exists()
        return recording.model_copy(update={"poses": {}}) if wanting else recording

    engine = replace(make_engine(tmp_path, files), revise=revise)
    assert engine.run(lambda event: None)
    assert total(tmp_path) == 6.0
