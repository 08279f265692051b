"""docs/paper_map.md and the code name each other."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED = re.findall(r"`(mousegpt(?:\.\w+)+)`", (ROOT / "docs/paper_map.md").read_text("utf-8"))


def find_sourced():
    """Dotted paths of the public functions and classes whose docstring names a source."""
    found = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
        found += [
            f"{module}.{node.name}"
            for node in ast.parse(path.read_text("utf-8")).body
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and "Source:" in (ast.get_docstring(node) or "")
        ]
    return found


@pytest.mark.parametrize("name", sorted(set(NAMED)))
def test_every_named_function_exists(name):
    module, _, attribute = name.rpartition(".")
    assert hasattr(importlib.import_module(module), attribute)


def test_the_map_names_something():
    assert len(NAMED) > 20


@pytest.mark.parametrize("name", find_sourced())
def test_every_function_with_a_source_is_on_the_map(name):
    assert name in NAMED
