"""Commands that train our networks, and pack what they are trained on."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mousegpt.cli.console import print_line, report_steps
from mousegpt.core.errors import BackendError, ProjectError, UsageError

if TYPE_CHECKING:
    from mousegpt.backends.registry import NetworkKind

app = typer.Typer(help="Train the detector and the pose network.", no_args_is_help=True)

_DataOption = Annotated[
    list[Path], typer.Option("--data", help="A folder of packs; may be given again.")
]
_OutOption = Annotated[Path, typer.Option("--out", help="Checkpoint, log, curves and network.")]
_InitOption = Annotated[
    str | None,
    typer.Option(
        "--init",
        help="Begin with: shipped, imagenet, or the checkpoint.pt or .onnx of a training.",
    ),
]
_EpochsOption = Annotated[int | None, typer.Option(help="Else those of the preset.")]
_BatchOption = Annotated[int | None, typer.Option(help="Pictures a step.")]
_RateOption = Annotated[float | None, typer.Option("--rate", help="Highest learning rate.")]
_WorkersOption = Annotated[
    int | None, typer.Option(help="Processes that prepare batches; with a GPU all cores but two.")
]
_SeedOption = Annotated[int, typer.Option(help="Of weights, order and augmentation.")]


@app.command("pack")
def pack_pictures(
    folder: Annotated[Path, typer.Argument(help="Folder of packs, new or to be added to.")],
    scenes: Annotated[int, typer.Option(help="Synthetic scenes to render, 24 pictures each.")] = 0,
    study: Annotated[
        Path | None, typer.Option(help="A study made with `mousegpt synth --videos`.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="Labelled frames: COCO, DeepLabCut, SLEAP or another format."),
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Of the labels: a video or a folder of pictures.")
    ] = None,
    skeleton: Annotated[
        Path | None, typer.Option(help="A skeleton.csv; guessed from the names when left out.")
    ] = None,
    size: Annotated[int, typer.Option(help="Longer edge of rendered pictures, px.")] = 768,
    processes: Annotated[int | None, typer.Option(help="At once; all cores when left out.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes other scenes.")] = 0,
) -> None:
    """Pack labelled pictures for training: rendered scenes, a study's videos, your labels."""
    from mousegpt.io.tables import load_skeleton_map
    from mousegpt.training.packing import pack_labels, pack_scenes, pack_study

    if not (scenes or study or labels):
        raise UsageError("Expected --scenes, --study or --labels: something to pack.")
    if (labels is None) != (pictures is None):
        raise UsageError("Expected --labels and --pictures together.")
    with report_steps("scenes", "pictures") as report:
        if scenes:
            pack_scenes(
                folder, scenes, size_px=size, seed=seed, n_processes=processes, report=report
            )
        if study:
            pack_study(study, folder, report=report)
    if labels and pictures:
        chosen = load_skeleton_map(skeleton) if skeleton else None
        n = pack_labels(labels, pictures, folder, skeleton=chosen)
        print_line(f"Labelled pictures: {n}")
    print_line(f"Packs: {folder}")


@app.command("detector")
def train_detector(
    data: _DataOption,
    out: _OutOption,
    preset: Annotated[
        str | None,
        typer.Option(
            help="paper (YOLOv5-s, 640 px), small, or for a CPU light or pretrained; else that of "
            "--init, else small."
        ),
    ] = None,
    init: _InitOption = None,
    epochs: _EpochsOption = None,
    batch: _BatchOption = None,
    rate: _RateOption = None,
    workers: _WorkersOption = None,
    seed: _SeedOption = 0,
) -> None:
    """Train the network that finds the mouse; the same command goes on after an interruption."""
    _train("detector", preset, data, out, init, epochs, batch, rate, workers, seed)


@app.command("pose")
def train_pose(
    data: _DataOption,
    out: _OutOption,
    preset: Annotated[
        str | None,
        typer.Option(
            help="paper (HRNet-w48), w32, small, or for a CPU light or pretrained; else that of "
            "--init, else small."
        ),
    ] = None,
    init: _InitOption = None,
    epochs: _EpochsOption = None,
    batch: _BatchOption = None,
    rate: _RateOption = None,
    workers: _WorkersOption = None,
    seed: _SeedOption = 0,
) -> None:
    """Train the network that finds the 24 keypoints; the same command goes on where it stopped."""
    _train("pose", preset, data, out, init, epochs, batch, rate, workers, seed)


def _train(
    kind: NetworkKind,
    preset: str | None,
    data: list[Path],
    out: Path,
    init: str | None,
    epochs: int | None,
    batch: int | None,
    rate: float | None,
    workers: int | None,
    seed: int,
) -> None:
    from pydantic import ValidationError

    from mousegpt.training.recipes import Recipe, find_recipe

    if find_spec("torch") is None or find_spec("onnx") is None:
        raise BackendError("Training needs PyTorch and onnx; run: pip install 'mousegpt[train]'.")
    begin = None if init is None else _find_init(kind, init)
    preset = preset or (_find_preset(kind, begin) if begin else "small")
    given = {"epochs": epochs, "batch": batch, "learning_rate": rate, "seed": seed}
    changes = {name: value for name, value in given.items() if value is not None}
    try:
        recipe = Recipe.model_validate({**find_recipe(kind, preset).model_dump(), **changes})
    except ValidationError as error:
        fault = error.errors()[0]
        raise UsageError(f"--{fault['loc'][0]}: {fault['msg']}, found {fault['input']}.") from error
    from mousegpt.training.runs import run_training

    try:
        with report_steps("training", kind) as report:
            path = run_training(recipe, data, out, init=begin, n_workers=workers, report=report)
    except KeyboardInterrupt as error:
        message = "Stopped; what was saved is kept. Run the same command again to go on."
        raise ProjectError(message) from error
    print_line(f"Network: {path}")


def _find_init(kind: NetworkKind, name: str) -> Path:
    from mousegpt.backends.registry import SHIPPED, find_network
    from mousegpt.training.efficient import find_pretrained

    if name == "imagenet":
        return find_pretrained()
    return find_network(kind, SHIPPED, exact=True) if name == SHIPPED else Path(name)


def _find_preset(kind: NetworkKind, init: Path) -> str:
    from mousegpt.training.runs import find_preset

    return find_preset(kind, init)
