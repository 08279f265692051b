"""Commands that make the small vision-language model: render what it learns from, train it."""

from __future__ import annotations

from importlib.util import find_spec
from math import inf
from pathlib import Path
from typing import Annotated

import typer

from mousegpt.cli.console import print_line, report_steps
from mousegpt.cli.options import ProjectOption
from mousegpt.core.errors import BackendError, ProjectError, UsageError


def pack_descriptions(
    folder: Annotated[Path, typer.Argument(help="Folder of packs, new or to be added to.")],
    scenes: Annotated[int, typer.Option(help="Synthetic scenes: a mouse, an arena, lights.")] = 600,
    moments: Annotated[int, typer.Option(help="Of each scene, from two views.")] = 16,
    processes: Annotated[int | None, typer.Option(help="At once; all cores when left out.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes other scenes.")] = 0,
) -> None:
    """Render moments of synthetic mice with what is true of them, to train `nano` on."""
    from mousegpt.training.nano.packs import pack_descriptions

    if scenes < 1 or moments < 1:
        raise UsageError("Expected at least one scene and one moment.")
    with report_steps("moments", "scenes") as report:
        pack_descriptions(
            folder, scenes, n_moments=moments, seed=seed, n_processes=processes, report=report
        )
    print_line(f"Packs: {folder}")


def pack_recordings(
    folder: Annotated[Path, typer.Argument(help="Folder of packs, new or to be added to.")],
    project: ProjectOption = Path(),
    frames: Annotated[int, typer.Option(min=1, help="Of each recording, evenly spaced.")] = 400,
    pairs: Annotated[int, typer.Option(min=1, help="Of views, of each frame.")] = 2,
    learn: Annotated[
        float | None,
        typer.Option(min=0.5, help="Seconds to take before others are skipped."),
    ] = None,
    skip: Annotated[float, typer.Option(min=0, help="Seconds to leave out, to judge by.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws other views.")] = 0,
) -> None:
    """Cut moments out of a project's videos with what its poses say, to train `nano` on."""
    from mousegpt.pipeline.filming import film_moments, list_filmed
    from mousegpt.pipeline.project import Project
    from mousegpt.training.nano.packs import pack_moments

    home = Project(project.expanduser().resolve())
    for contents, posture in list_filmed(home):
        moments = film_moments(
            contents,
            posture,
            n_frames=frames,
            n_pairs=pairs,
            learn_s=learn or inf,
            skip_s=skip,
            seed=seed,
        )
        n = pack_moments(folder, contents.recording.id, moments)
        print_line(f"{contents.recording.id}: {n:,} moments")
    print_line(f"Packs: {folder}")


def train_nano(
    data: Annotated[
        list[Path], typer.Option(help="Packs of `train pack-descriptions`; may be given again.")
    ],
    out: Annotated[Path, typer.Option(help="Checkpoint, log, curves and model.")],
    preset: Annotated[str, typer.Option(help="nano, or large (GPU).")] = "nano",
    init: Annotated[
        str | None,
        typer.Option(
            help="For the eye: shipped, or the checkpoint.pt or .onnx of a pose network; or the "
            "checkpoint.pt of another nano."
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Else those of the preset.")] = None,
    batch: Annotated[int | None, typer.Option(help="Moments a step.")] = None,
    rate: Annotated[float | None, typer.Option(help="Highest learning rate.")] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Processes that prepare batches; with a GPU all cores but two."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of weights, order and augmentation.")] = 0,
) -> None:
    """Train MouseGPT-nano, our own describer; the same command goes on after an interruption."""
    from pydantic import ValidationError

    from mousegpt.training.nano.recipe import NanoRecipe, find_nano_recipe

    if find_spec("torch") is None or find_spec("onnx") is None:
        raise BackendError("Training needs PyTorch and onnx; run: pip install 'mousegpt[train]'.")
    given = {"epochs": epochs, "batch": batch, "learning_rate": rate, "seed": seed}
    changes = {name: value for name, value in given.items() if value is not None}
    try:
        recipe = NanoRecipe.model_validate({**find_nano_recipe(preset).model_dump(), **changes})
    except ValidationError as error:
        fault = error.errors()[0]
        raise UsageError(f"--{fault['loc'][0]}: {fault['msg']}, found {fault['input']}.") from error
    from mousegpt.backends.registry import SHIPPED, find_network
    from mousegpt.training.nano import runs

    begin = Path(init) if init else None
    begin = find_network("pose", exact=True) if init == SHIPPED else begin
    try:
        with report_steps("training", "nano") as report:
            path = runs.train_nano(recipe, data, out, init=begin, n_workers=workers, report=report)
    except KeyboardInterrupt as error:
        message = "Stopped; what was saved is kept. Run the same command again to go on."
        raise ProjectError(message) from error
    print_line(f"Model: {path}")
