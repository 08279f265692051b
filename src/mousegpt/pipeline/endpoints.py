"""Endpoints: what mousegpt.toml says of them, what they can do, and what is remembered of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pydantic import ValidationError

from mousegpt.core.errors import MouseGPTError, ProjectError
from mousegpt.io.atomic import write_atomically
from mousegpt.pipeline.pictures import encode_jpeg
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.settings import load_overrides

if TYPE_CHECKING:
    from mousegpt.backends.dialect import Dialect
    from mousegpt.backends.openai_compatible import Endpoint, OpenAICompatible

_RED: Final = (255, 0, 0)
#: What pydantic says in words of its own.
_FAULTS: Final = {
    "missing": "this setting is missing",
    "extra_forbidden": "there is no such setting",
    "model_type": "expected a table with url and model",
}


def read_endpoints(settings: Mapping[str, Any]) -> dict[str, Endpoint]:
    """Read the tables ``[endpoints.NAME]``.

    Raises
    ------
    ProjectError
        When a setting is unknown or impossible; a wrong value is never repeated, since it may be
        a key.
    """
    from mousegpt.backends.openai_compatible import Endpoint

    endpoints = {}
    for name, values in settings.items():
        try:
            endpoints[name] = Endpoint.model_validate(values)
        except ValidationError as error:
            fault = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(map(str, ("endpoints", name, *fault["loc"])))
            told = _FAULTS.get(fault["type"], fault["msg"].removeprefix("Value error, "))
            known = ", ".join(Endpoint.model_fields)
            raise ProjectError(
                f"In mousegpt.toml, {place}: {told}; an endpoint has {known}."
            ) from None
    return endpoints


def load_endpoints(project: Project) -> dict[str, Endpoint]:
    """Return the endpoints of a project."""
    return read_endpoints(load_overrides(project.settings).get("endpoints", {}))


def open_endpoint(project: Project, endpoint: Endpoint) -> OpenAICompatible:
    """Return the model of an endpoint, spoken to in the dialect that it understands."""
    from mousegpt.backends.openai_compatible import OpenAICompatible

    known = load_dialects(project).get(_place(endpoint))
    model = OpenAICompatible(endpoint, known)
    if known is None:
        find_dialect(project, endpoint, model)
    return model


def check_endpoint(project: Project, name: str, endpoint: Endpoint) -> dict[str, object]:
    """Ask an endpoint what it can do, remember it, and return a row about it; never raises."""
    from mousegpt.backends.openai_compatible import OpenAICompatible

    row: dict[str, object] = {"endpoint": name, "model": endpoint.model}
    try:
        model = OpenAICompatible(endpoint)
        try:
            offered = model.list_models()
            start = time.monotonic()
            dialect, answer = find_dialect(project, endpoint, model)
        finally:
            model.close()
    except MouseGPTError as error:
        return row | {"works": False, "message": str(error)}
    said = f"probed in {time.monotonic() - start:.1f} s"
    if offered and endpoint.model not in offered:
        said += f"; it offers {', '.join(offered[:5])}, and not this model"
    if not re.search(r"\bred\b", answer, re.IGNORECASE):
        said += f"; of a red picture it says '{answer[:60]}': it may not see pictures"
    return row | {"works": True, "structure": dialect.structure, "message": said}


def find_dialect(
    project: Project, endpoint: Endpoint, model: OpenAICompatible
) -> tuple[Dialect, str]:
    """Probe an endpoint and remember what it understands; return what it says of a red picture."""
    from mousegpt.backends.dialect import probe_dialect

    found, answer = probe_dialect(model, encode_jpeg(np.full((448, 448, 3), _RED, dtype=np.uint8)))
    known = load_dialects(project) | {_place(endpoint): found}
    content = {place: dialect.model_dump() for place, dialect in sorted(known.items())}
    write_atomically(_memory(project), json.dumps(content, indent=1).encode())
    return found, answer


def load_dialects(project: Project) -> dict[str, Dialect]:
    """Return what is remembered about endpoints; a damaged memory is an empty one."""
    from mousegpt.backends.dialect import Dialect

    try:
        content = json.loads(_memory(project).read_bytes())
        return {place: Dialect.model_validate(value) for place, value in content.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _memory(project: Project) -> Path:
    return project.cache / "endpoints.json"


def _place(endpoint: Endpoint) -> str:
    return f"{endpoint.model} at {endpoint.url}"
