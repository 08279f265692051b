"""From a project folder to an engine with its steps, options and back ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mousegpt.backends.registry import (
    load_detector,
    load_embedder,
    load_labeler,
    load_pose_estimator,
)
from mousegpt.core.recording import Recording
from mousegpt.pipeline.cache import CachedEmbedder
from mousegpt.pipeline.chain import Event
from mousegpt.pipeline.checking import check_project
from mousegpt.pipeline.choices import (
    KINEMATIC,
    choose_backends,
    choose_model,
    identify_backends,
    plan_recording,
)
from mousegpt.pipeline.engine import Engine
from mousegpt.pipeline.judging import add_judge, choose_judge, picture_all
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.services import choose_describer
from mousegpt.pipeline.settings import load_overrides, merge_overrides, parse_assignments
from mousegpt.pipeline.steps import STEPS

_LOADERS: dict[str, Callable[[str], Any]] = {
    "embedder": load_embedder,
    "labeler": load_labeler,
    "detector": load_detector,
    "pose": load_pose_estimator,
}


def build_engine(project: Project, assignments: Sequence[str] = ()) -> Engine:
    """Bind the chain of steps to a project.

    Raises
    ------
    DataError
        When the manifest has faults.
    UsageError, ProjectError, BackendError
        When an override names nothing or has an impossible value.
    """
    overrides = merge_overrides(load_overrides(project.settings), parse_assignments(assignments))
    backends = choose_backends(project, overrides.pop("backends", {}))
    endpoints = overrides.pop("endpoints", {})
    model = choose_model(project, backends["describer"]) or KINEMATIC
    describer = choose_describer(project, model, endpoints)
    judge = choose_judge(project, backends["judge"], endpoints)
    identities = {"describer": describer.identity, "judge": judge.identity}
    services = {"describer": describer.load, "judge": judge.load}

    def plan(recording: Recording) -> Recording:
        return plan_recording(project, recording, backends)

    return Engine(
        project=project,
        steps=add_judge(STEPS, judge.name),
        recordings=tuple(map(plan, project.load_recordings())),
        overrides=picture_all(overrides, judge.name),
        backend_names=identify_backends(backends) | identities,
        load_backend=_BackendLoader(backends, project.cache / "embeddings.sqlite", services),
        revise=plan,
    )


class _BackendLoader:
    """Loads each back end once, when a unit of work first needs it."""

    def __init__(
        self, names: dict[str, str], cache: Path, services: Mapping[str, Callable[[], Any]]
    ) -> None:
        self._names = names
        self._cache = cache
        self._services = services
        self._loaded: dict[str, Any] = {}

    def __call__(self, port: str, report: Callable[[int, int], None]) -> Any:
        if port not in self._loaded:
            load = self._services.get(port) or partial(_LOADERS[port], self._names[port])
            self._loaded[port] = load()
        backend = self._loaded[port]
        return CachedEmbedder(backend, self._cache, report) if port == "embedder" else backend


def run_project(
    project: Project,
    listen: Callable[[Event], None],
    *,
    assignments: Sequence[str] = (),
    until: str | None = None,
    only: Sequence[str] = (),
) -> bool:
    """Check the project, then run what is missing or out of date; hold the lock meanwhile.

    Returns
    -------
    bool
        Whether everything asked for is done.

    Raises
    ------
    ProjectError
        When another process works on the project.
    DataError
        When the check finds an error in what is to be run.
    """
    with project.lock():
        engine = build_engine(project, assignments)
        check_project(project.folder, only=only).raise_errors()
        return engine.run(listen, until=until, only=only)
