"""Doctests of modules that need torch are left out where it is missing."""

from importlib.util import find_spec
from pathlib import Path

collect_ignore = [
    str(path)
    for path in (Path(__file__).parent / "mousegpt/training").glob("*.py")
    if find_spec("torch") is None and "import torch" in path.read_text("utf-8")
]
