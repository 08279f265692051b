"""`mousegpt train nano`: what is wrong is said in one sentence, before anything is loaded."""

import pytest
from typer.testing import CliRunner

from mousegpt.cli import nano_commands
from mousegpt.cli.main import app
from mousegpt.core.errors import BackendError, DataError, UsageError


def run(*arguments):
    return CliRunner().invoke(app, ["train", *arguments])


@pytest.mark.parametrize(
    ("arguments", "fault", "words"),
    [
        (["pack-descriptions", "p", "--scenes", "0"], UsageError, "at least one scene"),
        (["nano", "--data", "p", "--out", "o", "--epochs", "0"], UsageError, "--epochs"),
        (["nano", "--data", "p", "--out", "o", "--preset", "no"], DataError, "choose one of nano"),
    ],
)
def test_wrong_use_is_named(arguments, fault, words, monkeypatch):
    monkeypatch.setattr(nano_commands, "find_spec", lambda name: name)
    done = run(*arguments)
    assert isinstance(done.exception, fault)
    assert words in str(done.exception)


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr(nano_commands, "find_spec", lambda name: None)
    done = run("nano", "--data", "p", "--out", "o")
    assert isinstance(done.exception, BackendError)
    assert "mousegpt[train]" in str(done.exception)
