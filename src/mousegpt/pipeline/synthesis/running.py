"""Makes a synthetic study: what is there is kept, what is missing is made, on every core."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from mousegpt.pipeline.chain import Event
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.synthesis.acting import is_tabulated, plan_recordings, tabulate_recording
from mousegpt.pipeline.synthesis.boards import is_boarded, record_boards
from mousegpt.pipeline.synthesis.filming import (
    arrange_cameras,
    check_rendering,
    choose_look,
    count_parts,
    film_part,
    join_parts,
)
from mousegpt.pipeline.synthesis.records import claim_folder, write_records
from mousegpt.pipeline.synthesis.settings import SynthesisFolder, SynthesisSettings

Task = Callable[[], None]
Listener = Callable[[Event], None]


def synthesize_study(
    folder: Path,
    settings: SynthesisSettings,
    listen: Listener,
    *,
    videos: bool = False,
    boards: bool = False,
    n_processes: int | None = None,
) -> Project:
    """Make a study, or what is missing of it.

    Parameters
    ----------
    videos
        Whether to render the videos, too; this needs EGL.
    boards
        Whether to take pictures of calibration boards with the same cameras.
    n_processes
        How many work at once; None takes all cores.

    Raises
    ------
    ProjectError
        When the folder is in use for something else.
    BackendError
        When videos are wanted and this machine cannot render.
    """
    project = Project(folder.expanduser().resolve())
    n_recordings = len(plan_recordings(settings).recordings)  # names a wrong design at once
    views = arrange_cameras(settings).views
    choose_look(settings, 0)
    if videos:
        check_rendering()
    claim_folder(project.folder, settings)
    with project.lock():
        work = partial(_work, listen=listen, n_processes=n_processes or os.cpu_count() or 1)
        missing = [i for i in range(n_recordings) if not is_tabulated(settings, i, project.folder)]
        work("tables", [partial(tabulate_recording, settings, i, project.folder) for i in missing])
        if boards:
            unseen = [view for view in views if not is_boarded(view, project.folder)]
            work("boards", [partial(record_boards, settings, v, project.folder) for v in unseen])
        if videos:
            work("videos", _list_missing_parts(project.folder, settings, views))
            work("joining", [partial(join_parts, settings, i, view, project.folder)
                             for i in range(n_recordings) for view in views
                             if not _is_filmed(project.folder, settings, i, view)])  # fmt: skip
        write_records(project.folder, settings, videos=_all_filmed(project.folder, settings, views))
    return project


def _list_missing_parts(
    folder: Path, settings: SynthesisSettings, views: Sequence[str]
) -> list[Task]:
    place = SynthesisFolder(folder)
    return [
        partial(film_part, settings, number, view, part, folder)
        for number, recording in enumerate(plan_recordings(settings).recordings)
        for view in views
        if not _is_filmed(folder, settings, number, view)
        for part in range(count_parts(settings, number))
        if not place.part(recording.id, view, part).with_suffix(".parquet").exists()
    ]


def _is_filmed(folder: Path, settings: SynthesisSettings, number: int, view: str) -> bool:
    name = plan_recordings(settings).recordings[number].id
    return SynthesisFolder(folder).video(name, view).exists()


def _all_filmed(folder: Path, settings: SynthesisSettings, views: Sequence[str]) -> bool:
    numbers = range(len(plan_recordings(settings).recordings))
    return all(_is_filmed(folder, settings, i, view) for i in numbers for view in views)


def _work(step: str, tasks: Sequence[Task], *, listen: Listener, n_processes: int) -> None:
    """Do tasks side by side, and tell how far they are and how long the rest takes."""
    if not tasks:
        return
    begun, told = time.monotonic(), 0.0
    # new processes, not copies of this one: a copy would share its OpenGL and its threads
    with ProcessPoolExecutor(
        min(n_processes, len(tasks)), mp_context=get_context("spawn"), initializer=_use_one_core
    ) as pool:
        running = [pool.submit(task) for task in tasks]
        try:
            for done, future in enumerate(as_completed(running), 1):
                future.result()
                listen(Event("progress", step, "study", done=done, total=len(tasks)))
                now = time.monotonic()
                if now - told > 30 or done == len(tasks):
                    told = now
                    left = (now - begun) / done * (len(tasks) - done)
                    listen(Event("progress", step, "study", _say_left(left), done, len(tasks)))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _use_one_core() -> None:
    """Keep libraries from starting a thread a core in every process."""
    for name in ("OMP_NUM_THREADS", "LP_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _say_left(seconds: float) -> str:
    """Say how long it will take.

    >>> _say_left(40), _say_left(3000), _say_left(20000)
    ('about 40 s left', 'about 50 min left', 'about 5.6 h left')
    """
    if seconds < 90:
        return f"about {seconds:.0f} s left"
    return f"about {seconds / 60:.0f} min left" if seconds < 7200 else (
        f"about {seconds / 3600:.1f} h left"
    )  # fmt: skip
