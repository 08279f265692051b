"""Stand-ins for MouseGPT-nano: a file with random weights, and one that says canned words."""

import json
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from mousegpt.core.chat import Reply
from mousegpt.core.description import FrameDescription

POSES = ("walking slowly", "standing still", "rearing", "grooming its face")


class CannedNano:
    """Fits the port `Describer`; what it says depends on the picture alone."""

    batch_size = 4
    asked: ClassVar[list] = []  # every query, of all there are

    def __init__(self, path):
        self.name = f"canned-{sha256(Path(path).read_bytes()).hexdigest()[:8]}"

    def describe(self, queries, pictures, *, attempt=0):
        self.asked.extend(queries)
        return [self._reply(picture) for picture in pictures]

    def _reply(self, picture):
        act = POSES[sha256(picture).digest()[0] % len(POSES)]
        words = {name: f"The {name} of a mouse {act}." for name in FrameDescription.model_fields}
        return Reply(json.dumps(words | {"keywords": act}), "stop", self.name)


def save_tiny_nano(path):
    """Export a model that knows nothing, but has opinions; needs torch and onnx."""
    import torch

    from mousegpt.training.nano.export import export_nano
    from mousegpt.training.nano.network import Nano
    from mousegpt.training.nano.recipe import NanoRecipe
    from mousegpt.training.nano.wording import build_wording

    wording = build_wording(n_texts=300)
    recipe = NanoRecipe(network="w8-tiny", size_px=64, width=32, n_layers=1, n_heads=2)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = Nano(recipe, len(wording.vocabulary)).eval()
        for parameter in network.parameters():
            if parameter.ndim > 1:
                torch.nn.init.normal_(parameter, std=0.05)
        export_nano(network, path, recipe, wording, name="tiny")
