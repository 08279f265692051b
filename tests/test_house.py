"""The house keeps its floors, and its door is light."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = (
    "torch", "transformers", "onnxruntime", "tokenizers", "umap", "numba", "sklearn", "matplotlib",
    "cv2", "av", "pandas", "xarray", "numpy", "typer", "rich",
)  # fmt: skip
SOURCES = sorted((ROOT / "src/mousegpt").rglob("*.py"))


def run_python(code, folder, *options):
    done = subprocess.run(
        [sys.executable, *options, "-c", code], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_rooms_import_only_from_below():
    from importlinter.cli import lint_imports

    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None) == 0


def test_import_loads_nothing_heavy_and_writes_nothing(tmp_path):
    code = "import mousegpt, sys, json; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(run_python(code, tmp_path)))
    assert loaded.isdisjoint(HEAVY)
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_loads_no_model_library(tmp_path):
    code = "import mousegpt.cli.main, sys, json; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(run_python(code, tmp_path)))
    assert loaded.isdisjoint({"torch", "transformers", "onnxruntime", "umap", "numba"})
    assert list(tmp_path.iterdir()) == []


def test_every_room_says_what_it_is():
    for room in sorted((ROOT / "src/mousegpt").glob("*/__init__.py")):
        assert ast.get_docstring(ast.parse(room.read_text("utf-8"))), room


def test_files_are_short():
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    assert {path: n for path, n in lengths.items() if n > 400} == {}


def test_nothing_prints_but_the_command_line():
    printing = []
    for path in SOURCES:
        calls = (n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call))
        if any(isinstance(call.func, ast.Name) and call.func.id == "print" for call in calls):
            printing.append(path)
    assert printing == []


@pytest.mark.parametrize(
    "code",
    [
        "import mousegpt.io.manifest as m; import mousegpt.pipeline",
        "import mousegpt.kinematics.posture",
        "import mousegpt.synthetic.motion",
    ],
)
def test_rooms_can_be_entered_directly(code, tmp_path):
    run_python(code, tmp_path, "-W", "error")


def test_every_benchmark_can_be_imported():
    output = run_python("from benchmarks.__main__ import main; main(['list'])", ROOT, "-B")
    named = {line.split()[0] for line in output.splitlines()}
    assert {"factcheck", "ledger", "describe_nano", "pose"} <= named
