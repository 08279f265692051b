"""How functions are compiled: by numba, when they are first called.

Kernels keep their machine code beside their source or, where that place cannot be written, in the
user's cache; where neither can be, every process compiles anew. numba notices a change of the
kernel's own file, not of the parts that it takes from others: save the kernel's file again then.

numba takes a second to import: import this module, and those that do, where they are used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])
T = TypeVar("T")


def compile_part(function: F) -> F:
    """Compile a function as part of those that call it."""
    return cast(F, numba.njit(function, error_model="numpy", forceinline=True))


def compile_kernel(function: F) -> F:
    """Compile a function when it is first called, and keep the code for the next process."""
    try:
        return cast(F, numba.njit(function, cache=True, nogil=True, error_model="numpy"))
    except RuntimeError:  # no place to keep it
        return cast(F, numba.njit(function, nogil=True, error_model="numpy"))


def run_parallel(work: Callable[[T], None], parts: Iterable[T]) -> None:
    """Run work on every part, on all cores this process may use; kernels let others run."""
    usable = getattr(os, "sched_getaffinity", None)
    n_cores = len(usable(0)) if usable else os.cpu_count() or 1
    with ThreadPoolExecutor(n_cores) as pool:
        for _ in pool.map(work, parts):
            pass
