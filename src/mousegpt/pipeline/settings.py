"""Tunables: a function's keyword-only parameters are the one home of their defaults.

``mousegpt.toml`` and ``--set step.name=value`` override them; a typo is an error that names what
exists; provenance records the values used.
"""

from __future__ import annotations

import inspect
import tomllib
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from mousegpt.core.errors import ProjectError, UsageError

Overrides = dict[str, dict[str, Any]]  # step -> name -> value


def build_schema(function: Callable[..., Any], exclude: Sequence[str] = ()) -> type[BaseModel]:
    """Build the schema of a function's tunables from its signature.

    Parameters
    ----------
    exclude
        Keyword-only parameters that carry data of the recording and so are not tunable.
    """
    hints = typing.get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {
        p.name: (hints[p.name], p.default)
        for p in inspect.signature(function).parameters.values()
        if p.kind is p.KEYWORD_ONLY and p.default is not p.empty and p.name not in exclude
    }
    name = getattr(function, "__name__", "options")
    return create_model(name, __config__=ConfigDict(extra="forbid"), **fields)


def load_overrides(path: Path) -> Overrides:
    """Read ``mousegpt.toml``; a missing file means no overrides.

    Raises
    ------
    ProjectError
        When the file is not TOML or an entry stands outside a ``[step]``.
    """
    if not path.exists():
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"Expected TOML in {path}, but {error}; correct that line.") from error
    loose = [name for name, value in content.items() if not isinstance(value, dict)]
    if loose:
        raise ProjectError(
            f"In {path} the entry '{loose[0]}' stands outside a [step]; put it under the name of "
            "its step, such as [behaviors]."
        )
    return content


def parse_assignments(assignments: Sequence[str]) -> Overrides:
    """Parse ``step.name=value``; the value is a TOML literal, else text.

    >>> parse_assignments(["behaviors.n_clusters=12", "poses.smoothing=none"])
    {'behaviors': {'n_clusters': 12}, 'poses': {'smoothing': 'none'}}

    Raises
    ------
    UsageError
        When the form is wrong.
    """
    overrides: Overrides = {}
    for assignment in assignments:
        target, equals, text = assignment.partition("=")
        step, dot, name = target.strip().partition(".")
        if not (equals and dot and step and name):
            raise UsageError(f"Expected --set step.name=value, but found '{assignment}'.")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        overrides.setdefault(step, {})[name] = value
    return overrides


def merge_overrides(base: Overrides, update: Overrides) -> Overrides:
    """Return both, the second winning."""
    return {
        step: {**base.get(step, {}), **update.get(step, {})} for step in sorted({*base, *update})
    }


def resolve_options(
    step: str,
    schemas: Mapping[str, type[BaseModel]],
    overrides: Mapping[str, Any],
) -> dict[str, dict[str, Any]]:
    """Return the value of every tunable of a step, by function.

    Raises
    ------
    UsageError
        When a name is unknown or a value is out of range; names what exists.
    """
    known = {name for schema in schemas.values() for name in schema.model_fields}
    unknown = sorted(set(overrides) - known)
    if unknown:
        raise UsageError(
            f"The step '{step}' has no option '{unknown[0]}'; it has "
            f"{', '.join(sorted(known)) or 'none'}."
        )
    resolved = {}
    for function, schema in schemas.items():
        given = {name: value for name, value in overrides.items() if name in schema.model_fields}
        try:
            model = schema(**given)
        except ValidationError as error:
            fault = error.errors()[0]
            name = ".".join(map(str, (step, *fault["loc"])))
            raise UsageError(
                f"The option {name} cannot be {fault['input']!r}: {fault['msg']}."
            ) from error
        resolved[function] = {name: getattr(model, name) for name in schema.model_fields}
    return resolved
