"""`mousegpt train`: what is wrong is said in one sentence, before anything is loaded."""

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from mousegpt.cli import train_commands
from mousegpt.cli.main import app
from mousegpt.core.errors import BackendError, DataError, UsageError
from mousegpt.core.poses import build_poses
from mousegpt.io.poses import save_poses
from mousegpt.training.samples import list_packs


def run(*arguments):
    return CliRunner().invoke(app, ["train", *map(str, arguments)])


def test_labels_are_packed(tmp_path):
    points = np.random.default_rng(0).uniform(5, 55, (3, 2, 3, 1))
    labels = build_poses(points, keypoints=["nose", "left_ear", "tailbase"], fps=1.0, unit="px")
    save_poses(labels, tmp_path / "labels.parquet")
    (tmp_path / "pictures").mkdir()
    for i in range(3):
        cv2.imwrite(str(tmp_path / f"pictures/{i}.png"), np.zeros((60, 60, 3), np.uint8))
    done = run("pack", tmp_path / "packs", "--labels", tmp_path / "labels.parquet",
               "--pictures", tmp_path / "pictures")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "Labelled pictures: 3" in done.output
    assert len(list_packs(tmp_path / "packs")) == 1


@pytest.mark.parametrize(
    ("arguments", "fault", "words"),
    [
        (["pack", "packs"], UsageError, "something to pack"),
        (["pack", "packs", "--labels", "a.json"], UsageError, "--pictures together"),
        (["pose", "--data", "p", "--out", "o", "--epochs", "0"], UsageError, "--epochs"),
        (["pose", "--data", "p", "--out", "o", "--preset", "no"], DataError, "choose one of paper"),
    ],
)
def test_wrong_use_is_named(arguments, fault, words, monkeypatch):
    monkeypatch.setattr(train_commands, "find_spec", lambda name: name)
    done = run(*arguments)
    assert isinstance(done.exception, fault)
    assert words in str(done.exception)


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr(train_commands, "find_spec", lambda name: None)
    done = run("detector", "--data", "p", "--out", "o")
    assert isinstance(done.exception, BackendError)
    assert "mousegpt[train]" in str(done.exception)
