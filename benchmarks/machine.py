"""Runs a benchmark, and says where it ran and with what."""

from __future__ import annotations

import importlib
import os
import platform
import resource
import sys
from importlib import metadata
from pathlib import Path

LIBRARIES = (
    "mousegpt", "numba", "numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "umap-learn",
    "onnxruntime", "opencv-python-headless", "av",
)  # fmt: skip


def describe_machine() -> dict[str, object]:
    """Name the processor, the cores this process may use, the memory and the system."""
    usable = getattr(os, "sched_getaffinity", None)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": _name_processor(),
        "n_cores": len(usable(0)) if usable else os.cpu_count(),
        "memory_gb": round(memory / 1e9, 1),
        "system": platform.platform(terse=True),
        "load": round(os.getloadavg()[0], 2),
    }


def _name_processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def list_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that decide about speed."""
    return {"python": platform.python_version()} | {
        name: metadata.version(name) for name in LIBRARIES
    }


def read_peak_memory() -> float:
    """Return the greatest memory that this process has held so far, MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def run_benchmark(module: str, quick: bool) -> dict[str, object]:
    """Measure in this process; its peak memory is then that of the benchmark."""
    result = importlib.import_module(module).measure(quick)
    return {"peak_mb": read_peak_memory()} | result | {"process_peak_mb": read_peak_memory()}
