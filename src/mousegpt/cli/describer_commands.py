"""Commands that fine-tune a large describer: write records, check, train, tell how to serve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from mousegpt.cli.console import print_json, print_line, print_table, report_steps
from mousegpt.cli.options import JsonOption, ProjectOption
from mousegpt.core.errors import DataError, ProjectError, UsageError

if TYPE_CHECKING:
    from mousegpt.training.tuning.checks import Finding, Plan
    from mousegpt.training.tuning.recipes import TuningRecipe
    from mousegpt.training.tuning.serving import ServingRecipe

_STOPPED: Final = "Stopped; checkpoints are kept. Run the same command again to go on."


def write_records(
    out: Annotated[Path, typer.Argument(help="Folder of the records, new or to be made again.")],
    project: ProjectOption = Path(),
    descriptions: Annotated[
        list[Path] | None,
        typer.Option(help="Curated tables; may be given again. Else those of the project."),
    ] = None,
    validation: Annotated[float, typer.Option(help="Share of the animals.")] = 1 / 9,
    test: Annotated[float, typer.Option(help="Share of the animals, two at least.")] = 0.01,
    seed: Annotated[int, typer.Option(help="Another seed draws other animals.")] = 0,
) -> None:
    """Write curated descriptions and their pictures as records to fine-tune on, split by animal."""
    from mousegpt.pipeline.project import Project
    from mousegpt.pipeline.teaching import load_material
    from mousegpt.training.records import load_split, write_records
    from mousegpt.training.sft import select_examples
    from mousegpt.training.split import split_subjects

    if not (0 <= validation < 1 and 0 <= test < 1):
        raise UsageError("Expected shares from 0 to 1 for --validation and --test.")
    home = Project(project.expanduser().resolve())
    material = load_material(home, descriptions or ())
    selection = select_examples(
        material.descriptions, material.queries, material.subjects, material.groups
    )
    if not selection.examples:
        reasons = ", ".join(
            f"{n:,} ({why})" for why, n in selection.dropped["reason"].value_counts().items()
        )
        raise DataError(f"None of the descriptions can be taught: {reasons}.")
    taught = {example.subject: example.group for example in selection.examples}
    kept = load_split(out)
    parts = split_subjects(taught, kept, validation=validation, test=test, seed=seed)
    manifest = write_records(selection, {**kept, **parts}, out, pictures=home.folder)
    for line in manifest.split:
        print_line(line)
    for reason, n in manifest.dropped.items():
        print_line(f"left out: {n:,} ({reason})")
    print_line(f"Records: {', '.join(f'{n:,} {part}' for part, n in manifest.counts.items())}")


def train_describer(
    data: Annotated[Path, typer.Option(help="Records, as `mousegpt train records` writes them.")],
    out: Annotated[Path, typer.Option(help="Checkpoints, log, and how to serve them.")],
    recipe: Annotated[
        str, typer.Option(help="large (InternVL2 76B) or lite (MiniCPM-V 8B), as in the paper.")
    ] = "lite",
    trainer: Annotated[
        Literal["swift", "transformers"],
        typer.Option("--with", help="ms-swift on many GPUs, or adapters in this process."),
    ] = "swift",
    model: Annotated[
        str | None, typer.Option(help="Another base model; a folder --with transformers.")
    ] = None,
    tuner: Annotated[
        Literal["full", "lora"] | None, typer.Option(help="All weights, or adapters.")
    ] = None,
    gpus: Annotated[
        int | None, typer.Option(min=1, help="Of all machines together; else 8.")
    ] = None,
    nodes: Annotated[int, typer.Option(min=1, help="Machines.")] = 1,
    gpu_memory: Annotated[float, typer.Option(min=1, help="GiB of each GPU.")] = 80,
    steps: Annotated[int | None, typer.Option(min=1, help="Else as often as the paper.")] = None,
    rate: Annotated[
        float | None, typer.Option(min=1e-9, help="Learning rate; else the recipe's.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and print only.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Fine-tune a large describer; the same command goes on where it stopped."""
    from mousegpt.training.tuning.recipes import find_tuning_recipe

    if trainer == "transformers":
        base = _find_base(model, tuner, gpus, nodes)
        chosen = find_tuning_recipe(recipe, tuner="lora", rate=rate)
        _tune_here(chosen, base, data.resolve(), out.resolve(), steps, dry_run, as_json)
        return
    gpus = gpus or 8
    if gpus % nodes:
        raise UsageError(f"Expected as many GPUs on each machine, found {gpus} on {nodes}.")
    chosen = find_tuning_recipe(recipe, model=model, tuner=tuner, rate=rate)
    plan = _make_plan(chosen, data.resolve(), out.resolve(), gpus, nodes, gpu_memory, steps)
    _refuse_faults(_show_plan(plan, as_json))
    if not dry_run:
        _run(plan)


def _find_base(model: str | None, tuner: str | None, gpus: int | None, nodes: int) -> Path:
    """Return the folder to begin with."""
    if tuner == "full" or (gpus or 1) > 1 or nodes > 1:
        raise UsageError(
            "Expected adapters on one GPU --with transformers; for all weights or more GPUs, train "
            "--with swift."
        )
    if model is None or not Path(model).is_dir():
        raise UsageError(
            "Expected --model FOLDER --with transformers, where `hf download NAME --local-dir "
            "FOLDER` put the base model."
        )
    return Path(model).resolve()


def _tune_here(
    recipe: TuningRecipe,
    base: Path,
    data: Path,
    out: Path,
    steps: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Train adapters in this process and tell how to use them."""
    from dataclasses import asdict

    from mousegpt.training.lora.checks import check_tuning

    findings = check_tuning(base, data, recipe)
    rows = [asdict(finding) for finding in findings]
    if as_json:
        print_json({"findings": rows, "recipe": recipe.model_dump(exclude={"base", "deepspeed"})})
    else:
        print_table(rows, ["name", "grade", "message"])
    _refuse_faults(findings)
    if dry_run:
        return
    from mousegpt.training.lora.tuning import tune_describer
    from mousegpt.training.tuning.serving import plan_serving

    try:
        with report_steps("training", "describer") as report:
            merged = tune_describer(base, data, out, recipe, n_steps=steps, report=report)
    except KeyboardInterrupt as error:
        raise ProjectError(_STOPPED) from error
    _write_serving(plan_serving(recipe.model_copy(update={"tuner": "full"}), merged), out)
    print_line(f'In this process: describer = "transformers:{merged}"')


def _make_plan(
    recipe: TuningRecipe,
    data: Path,
    out: Path,
    gpus: int,
    nodes: int,
    gpu_memory: float,
    steps: int | None,
) -> Plan:
    from mousegpt.training.records import locate_pictures, read_manifest
    from mousegpt.training.tuning.checks import Plan
    from mousegpt.training.tuning.command import build_command
    from mousegpt.training.tuning.running import find_swift

    manifest = read_manifest(data)
    command = build_command(
        recipe,
        train=data / "train.jsonl",
        validation=data / "validation.jsonl" if manifest.counts["validation"] else None,
        pictures=locate_pictures(data, manifest),
        out=out,
        n_gpus=gpus,
        n_nodes=nodes,
        n_steps=steps or recipe.plan_steps(manifest.counts["train"]),
        swift=find_swift(),
    )
    return Plan(recipe, command, data, out, gpus, gpu_memory)


def _show_plan(plan: Plan, as_json: bool) -> list[Finding]:
    """Print what was checked and the command."""
    from dataclasses import asdict

    from mousegpt.training.tuning.checks import check_plan

    findings = check_plan(plan)
    rows = [asdict(finding) for finding in findings]
    if as_json:
        command = plan.command
        print_json(
            {
                "findings": rows,
                "command": command.argv,
                "environment": command.environment,
                "recipe": plan.recipe.model_dump(),
            }
        )
    else:
        print_table(rows, ["name", "grade", "message"])
        print_line(f"\n{plan.command.write()}\n")
    return findings


def _refuse_faults(findings: list[Finding]) -> None:
    faults = [finding for finding in findings if finding.grade == "fault"]
    if faults:
        raise ProjectError(f"Not ready: {'; '.join(f'{f.name}: {f.message}' for f in faults)}.")


def _run(plan: Plan) -> None:
    from mousegpt.training.tuning.running import hash_records, run_tuning
    from mousegpt.training.tuning.serving import plan_serving

    files = [plan.data / f"{part}.jsonl" for part in ("train", "validation")]
    try:
        last = run_tuning(
            plan.command, plan.out, data_sha256=hash_records(files), report=print_line
        )
    except KeyboardInterrupt as error:
        raise ProjectError(_STOPPED) from error
    print_line(f"\nCheckpoint: {last}")
    _write_serving(plan_serving(plan.recipe, last, gpu_gib=plan.gpu_gib), plan.out)


def _write_serving(serving: ServingRecipe, out: Path) -> None:
    """Write down how the model is served, and print it."""
    from mousegpt.io.atomic import write_atomically

    text = serving.write()
    write_atomically(out / "serving.txt", f"{text}\n".encode())
    print_line(f"\n{text}")
