"""One small ledger for all tests of the audit; each test that changes it works on a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.ledger_home import ALERTS, make_home


@pytest.fixture(scope="session")
def ledger_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home that the daemon left; to be read only."""
    return make_home(tmp_path_factory.mktemp("audited"), alerts=ALERTS).home


@pytest.fixture
def home(ledger_home: Path, tmp_path: Path) -> Path:
    """A copy of that home."""
    return Path(shutil.copytree(ledger_home, tmp_path / "home"))
