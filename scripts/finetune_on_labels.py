"""Fine-tunes networks on the later half of the labelled frames of a real mouse (five cameras).

    python -m scripts.finetune_on_labels pack OUT                    only makes the packs
    python -m scripts.finetune_on_labels train OUT --pose-init F --detector-init F --synthetic DIR

OUT gets ``real`` (packs of 32 pictures), ``synthetic`` (some packs of DIR, without which the net
forgets the keypoints that are not labelled here) and the networks. Interrupted, the same command
goes on. The recordings lie in $MOUSEGPT_SHARED_DATA, else in ../shared/data; nothing of them is
written anywhere else. The earlier half is for testing: see ``python -m benchmarks pose``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import numpy as np
from benchmarks._pose_labels import (
    LabelledFrame,
    find_background,
    load_cylinder_rig,
    outline_mouse,
    read_cylinder,
    split_frames,
)

from mousegpt.core.calibration import Calibration
from mousegpt.training.samples import Sample, list_packs, name_pack, save_pack

PER_PACK = 8
N_SYNTHETIC = 4  # packs


def find_data() -> Path:
    named = os.environ.get("MOUSEGPT_SHARED_DATA")
    return Path(named) if named else Path(__file__).parents[2] / "shared" / "data"


def make_samples(frames: list[LabelledFrame], rig: Calibration) -> Iterator[Sample]:
    """Yield a sample a picture; its box is the mouse's outline, its unknown keypoints are NaN."""
    views = sorted({view for frame in frames for view in frame.pictures})
    backgrounds = {
        view: find_background([frame.read(view) for frame in frames if view in frame.pictures])
        for view in views
    }
    for frame in frames:
        for view in frame.pictures:
            image, points = frame.read(view), frame.pixels[view]
            box = outline_mouse(image, backgrounds[view], frame.world, rig.cameras[view])
            known = np.isfinite(points).all(axis=1)
            yield Sample(image, box[None], points[None], known[None])


def pack_training_half(data: Path, folder: Path) -> Path:
    """Make packs of the later half of the labelled frames; renamed into place when complete."""
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    source = data / "dannce_cylinder_5cam"
    trained, _ = split_frames(read_cylinder(source))
    samples = make_samples(trained, load_cylinder_rig(source))
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        made = Path(temporary) / "packs"
        made.mkdir()
        for number in count():
            group = list(islice(samples, PER_PACK))
            if not group:
                break
            save_pack(name_pack(made, "cylinder", number), group)
        made.rename(folder)
    return folder


def copy_packs(source: Path, folder: Path, n_packs: int) -> Path:
    """Copy the first packs of a folder of synthetic ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for pack in list_packs(source)[:n_packs]:
        shutil.copy2(pack, folder / pack.name)
    return folder


def finetune(
    kind: str, init: Path, epochs: int, rate: float, sources: list[Path], out: Path
) -> None:
    data = [part for source in sources for part in ("--data", str(source))]
    command = [sys.executable, "-m", "mousegpt", "train", kind, *data, "--init", str(init),
               "--out", str(out), "--epochs", str(epochs), "--rate", str(rate)]  # fmt: skip
    subprocess.run(command, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=("pack", "train"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--pose-init", type=Path, help="checkpoint.pt, or shipped")
    parser.add_argument("--detector-init", type=Path, help="checkpoint.pt, or shipped")
    parser.add_argument("--synthetic", type=Path, help="folder of synthetic packs")
    parser.add_argument("--pose-epochs", type=int, default=12)
    parser.add_argument("--detector-epochs", type=int, default=12)
    parser.add_argument("--rate", type=float, default=3e-4)
    asked = parser.parse_args()
    sources = [pack_training_half(find_data(), asked.out / "real")]
    print(f"Packs: {sources[0]}")
    if asked.step == "pack":
        return
    if asked.synthetic:
        sources.append(copy_packs(asked.synthetic, asked.out / "synthetic", N_SYNTHETIC))
    for kind in ("detector", "pose"):
        init: Path | None = getattr(asked, f"{kind}_init")
        if init:
            epochs = getattr(asked, f"{kind}_epochs")
            finetune(kind, init, epochs, asked.rate, sources, asked.out / kind)


if __name__ == "__main__":
    main()
