"""How a tuned model comes back: merged, served, and named in mousegpt.toml."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass
from pathlib import Path

from mousegpt.training.tuning.recipes import TuningRecipe


@dataclass(frozen=True)
class ServingRecipe:
    """Lines to type, in the environment that each names, and the entry of mousegpt.toml."""

    merge: str
    lmdeploy: str
    vllm: str
    swift: str
    settings: str

    def write(self) -> str:
        """Write it for a person."""
        parts = [
            ("Merge the adapters (environment of ms-swift)", self.merge),
            ("Serve with LMDeploy, as the paper does (an environment of its own)", self.lmdeploy),
            ("or with vLLM (an environment of its own)", self.vllm),
            ("or with ms-swift itself", self.swift),
            ("Name it in mousegpt.toml, then run `mousegpt backends check`", self.settings),
        ]
        return "\n\n".join(f"# {title}\n{text}" for title, text in parts if text)


def plan_serving(
    recipe: TuningRecipe, checkpoint: Path, *, gpu_gib: float = 80.0, port: int = 8000
) -> ServingRecipe:
    """Write how the checkpoint of a recipe is served.

    Parameters
    ----------
    gpu_gib
        Memory of a GPU: the weights are divided among as many as hold them, with a third to spare
        for pictures and replies.

    Notes
    -----
    Source: Methods 4.3 (served with LMDeploy).
    """
    n_gpus = _count_gpus(recipe.base.total_b, gpu_gib)
    adapters = recipe.tuner == "lora"
    model = checkpoint.with_name(f"{checkpoint.name}-merged") if adapters else checkpoint
    path, name = shlex.quote(str(model)), f"mousegpt-{recipe.name}"
    merge = f"swift export --adapters {shlex.quote(str(checkpoint))} --merge_lora true"
    return ServingRecipe(
        merge=f"{merge} --output_dir {path}" if adapters else "",
        lmdeploy=f"lmdeploy serve api_server {path} --model-name {name} --tp {n_gpus} "
        f"--server-name 127.0.0.1 --server-port {port}",
        vllm=f"vllm serve {path} --served-model-name {name} --tensor-parallel-size {n_gpus} "
        f"--max-model-len {recipe.max_tokens} --trust-remote-code --host 127.0.0.1 --port {port}",
        swift=f"swift deploy --model {path} --infer_backend vllm --served_model_name {name} "
        f"--vllm_tensor_parallel_size {n_gpus} --max_length {recipe.max_tokens} --host 127.0.0.1 "
        f"--port {port}",
        settings=f'[backends]\ndescriber = "{name}"\n\n[endpoints.{name}]\n'
        f'url = "http://127.0.0.1:{port}/v1"\nmodel = "{name}"\nmax_tokens = 600',
    )


def _count_gpus(total_b: float, gpu_gib: float) -> int:
    """Return a power of two, as heads of attention are divided.

    >>> _count_gpus(76.3, 80.0), _count_gpus(8.1, 80.0)
    (4, 1)
    """
    needed = 2.0 * total_b * 1e9 / 2**30 / (0.67 * gpu_gib)
    return 1 << max(0, math.ceil(math.log2(needed)))
