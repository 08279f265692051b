"""Keypoint names that live in a file beside the poses."""

from __future__ import annotations

import json
from itertools import takewhile
from pathlib import Path

from mousegpt.core.errors import DataError

_KEYS = ("keypoints", "joint_names", "node_names")


def find_keypoints(path: Path, count: int) -> list[str]:
    """Return the names from a json in the same folder that lists as many keypoints.

    Among several, the one whose name begins most like the file's wins, then the alphabet.

    Raises
    ------
    DataError
        When there is none.
    """
    candidates = []
    for sidecar in sorted(path.parent.glob("*.json")):
        try:
            content = json.loads(sidecar.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError):
            continue  # another program's file
        for key in _KEYS:
            names = content.get(key) if isinstance(content, dict) else None
            if isinstance(names, list) and len(names) == count:
                shared = _count_shared(sidecar.name, path.name)
                candidates.append((shared, [str(name) for name in names]))
    if not candidates:
        raise DataError(
            f"the file does not name its {count} keypoints; put a {path.stem}.json beside it: "
            '{"keypoints": ["snout", …]}.'
        )
    return max(candidates, key=lambda candidate: candidate[0])[1]


def _count_shared(first: str, second: str) -> int:
    """Count the characters that two names have in common at their beginning."""
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
    )
