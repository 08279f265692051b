"""Stands for ms-swift: notes how it was called, writes checkpoints, may die on the way.

FAKE_SWIFT_CALLS: file that gets a line a call. FAKE_SWIFT_DIES_AT: step in whose checkpoint it is
killed, once; the checkpoint is then half written, and the state of the trainer is missing.
"""

import json
import os
import signal
import sys
from pathlib import Path


def main() -> None:
    words = sys.argv[2:]
    options = dict(zip(words[::2], words[1::2], strict=True))
    named = {name: os.environ.get(name) for name in ("NPROC_PER_NODE", "ROOT_IMAGE_DIR")}
    calls = Path(os.environ["FAKE_SWIFT_CALLS"])
    with calls.open("a") as file:
        file.write(json.dumps({"argv": sys.argv[1:], "environment": named}) + "\n")
    out, last = Path(options["--output_dir"]), options.get("--resume_from_checkpoint")
    start = int(last.rpartition("-")[2]) if last else 0
    dies_at = int(os.environ.get("FAKE_SWIFT_DIES_AT", "-1"))
    every = int(options["--save_steps"])
    for step in range(start + every, int(options["--max_steps"]) + 1, every):
        print(f"{{'loss': {1 / step:.4f}, 'global_step': {step}}}", flush=True)
        folder = out / f"checkpoint-{step}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.safetensors").write_text(f"step {step}")
        if step == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        (folder / "trainer_state.json").write_text(json.dumps({"global_step": step}))


if __name__ == "__main__":
    main()
