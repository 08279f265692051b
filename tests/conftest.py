"""Fixtures shared by all tests."""

import os
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # two spinning threads starve a 2-core machine
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real recordings; skips the test when they are not on this machine."""
    named = os.environ.get("MOUSEGPT_SHARED_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real recordings not found in {folder}; set MOUSEGPT_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def egl() -> None:
    """Skip the test, with the reason, where nothing can be rendered."""
    from mousegpt.core.errors import BackendError
    from mousegpt.synthetic.rendering import open_context

    try:
        open_context().release()
    except BackendError as error:
        pytest.skip(str(error))
