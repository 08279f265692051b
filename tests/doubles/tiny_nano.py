"""A stand-in for MouseGPT-nano that says canned words."""

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
