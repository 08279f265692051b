"""Lets `pytest` alone find the benchmarks, as `python -m pytest` does."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
