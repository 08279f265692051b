"""A ledger of its own for each test."""

import pytest

from mousegpt.pipeline.ledger import open_ledger


@pytest.fixture
def ledger(tmp_path):
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()
