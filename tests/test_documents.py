"""The documents: links lead somewhere, commands exist, examples are true."""

import doctest
import re
from pathlib import Path

import pytest
from typer.main import get_command

from mousegpt.cli.main import app

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
COMMANDS = set(get_command(app).commands)


def name(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_to_files(document):
    text = document.read_text("utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    local = [target for target in targets if "://" not in target]
    missing = [target for target in local if not (document.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_commands_exist(document):
    code = re.findall(r"```.*?```|`[^`]+`", document.read_text("utf-8"), re.S)
    named = re.findall(r"(?:^|`|bin/)mousegpt ([a-z]+)", "\n".join(code), re.M)
    assert set(named) <= COMMANDS


def test_the_readme_names_every_command():
    text = (ROOT / "README.md").read_text("utf-8")
    assert [command for command in sorted(COMMANDS) if command not in text] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_examples_are_true(document):
    result = doctest.testfile(str(document), module_relative=False, encoding="utf-8")
    assert result.failed == 0


def test_every_decision_is_numbered_once():
    numbers = [path.name[:4] for path in sorted((ROOT / "docs/decisions").glob("*.md"))]
    assert numbers == [f"{i:04d}" for i in range(1, len(numbers) + 1)]


def test_every_make_target_of_the_readme_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    for document in DOCUMENTS:
        asked = re.findall(r"(?:^|`|&& )make ([a-z-]+)", document.read_text("utf-8"), re.M)
        assert set(asked) <= targets, document
