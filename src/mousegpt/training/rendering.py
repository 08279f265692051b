"""Scenes rendered by several processes at once, one core each."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

Report = Callable[[int, int, str], None]  # done, total, message


def render_missing(
    work: Callable[[int], None],
    n_scenes: int,
    is_there: Callable[[int], bool],
    *,
    n_processes: int | None = None,
    report: Report = lambda done, total, message: None,
) -> None:
    """Do the work of every scene that is not there yet.

    Parameters
    ----------
    work
        Renders and saves the scene of a number.
    n_processes
        How many work at once; None takes all cores.
    """
    missing = [number for number in range(n_scenes) if not is_there(number)]
    n_processes = min(n_processes or os.cpu_count() or 1, max(len(missing), 1))
    with ProcessPoolExecutor(
        n_processes, mp_context=get_context("spawn"), initializer=_use_one_core
    ) as pool:
        running = [pool.submit(work, number) for number in missing]
        try:
            for done, future in enumerate(as_completed(running), n_scenes - len(missing) + 1):
                future.result()
                report(done, n_scenes, "")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _use_one_core() -> None:
    for name in ("OMP_NUM_THREADS", "LP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
