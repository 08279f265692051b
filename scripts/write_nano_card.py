"""Write the model card of MouseGPT-nano from the benchmark's JSON and the folder of its training.

python scripts/write_nano_card.py describe_nano.json OUT/nano docs/model_card_nano.md
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

from mousegpt.core.attributes import ATTRIBUTES

_CARD = """# Model card: MouseGPT-nano

<!-- Written by scripts/write_nano_card.py from what `python -m benchmarks describe_nano` found. -->

A small vision-language model that describes one mouse in six elements, from one or two pictures of
it, three moments a tenth of a second apart if there are any, and its speeds if they are known. How
it works and how to make one: [nano.md](nano.md).

| | |
|---|---|
| model | `{model}` |
| file | {size_mb:.1f} MB, weights of 8 bits, onnxruntime |
| trained on | {sources}, {steps} steps; its eye before that as a [pose network](model_card.md) |
| speed | {frames_per_s:.1f} frames/s on {cores} cores |
| licence | that of this project (BSD-3-Clause) |

**For:** single mice seen from the side or obliquely from above, where no pose is known. **Not
for:** several mice in a box, measuring anything, and whatever cannot be checked. Where poses are
known the kinematic describer is better, and this model is not needed.

## How right it is

{n:,} moments of {n_scenes} synthetic scenes with other animals, arenas, lights and cameras than in
training; every behaviour equally likely. Share said rightly of what is known to be true; silence
counts as wrong. *Untrue*: share of all claims that differ from the truth, by however little.
*Hallucinated*: share of checkable clauses that the fact checker finds contradicted.

| | {heads} | mean | untrue | hallucinated |
|---|{dashes}|---|---|---|
{rows}

"Kinematic" has poses with a noise of 0.3 mm and leaves unsaid what is uncertain, which counts as
wrong here; it sees no picture. "Blind" always says the commonest value. Replies: {statuses}.

## What it cannot do

- Real mice are another matter than rendered ones: see what a reader found in [frames of a real
  mouse](real_mice.md). Don't believe it; read it as a first look, or find poses.
- It knows the words of our grammar and no others; it cannot be asked a question.
- From a single picture it cannot see motion: without speeds and neighbouring moments it guesses
  whether the mouse moves.
- Fast events (head twitches, shakes) last less than its three moments span.
- Left and right are exchanged most where the mouse is seen from the front or from behind.
"""


def main(benchmark: Path, training: Path, card: Path) -> None:
    """Write the card."""
    result = json.loads(benchmark.read_text("utf-8"))
    with zipfile.ZipFile(training / "nano.zip") as archive:
        about = json.loads(archive.read("about.json"))["about"]
    measured = {name: row for name, row in result.items() if _is_row(row)}
    rows = "\n".join(_write_row(name, row) for name, row in measured.items())
    card.write_text(
        _CARD.format(
            **{key: result[key] for key in ("model", "size_mb", "frames_per_s", "n", "n_scenes")},
            cores=result["machine"]["n_cores"],
            sources=about["sources"],
            steps=about["steps"],
            heads=" | ".join(ATTRIBUTES),
            dashes="|".join("---" for _ in ATTRIBUTES),
            rows=rows,
            statuses=", ".join(f"{n:,} {status}" for status, n in result["statuses"].items()),
        ),
        "utf-8",
    )


def _is_row(value: object) -> bool:
    return isinstance(value, dict) and "untrue" in value


def _write_row(name: str, row: dict[str, float]) -> str:
    cells = [_show(row.get(key)) for key in (*ATTRIBUTES, "mean", "untrue", "hallucinated")]
    return f"| {name} | {' | '.join(cells)} |"


def _show(value: float | None) -> str:
    return "" if value is None or value != value else f"{value:.2f}"


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
