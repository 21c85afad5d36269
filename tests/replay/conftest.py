"""One compiled loop for all tests of a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.adapters.compiled.loop import CompiledRunner
from bot.market.bulk.row_columns import Loops
from tests.support.compiled_loop import kept_loops, kept_runner


@pytest.fixture(scope="session")
def compiled(machine_cache: Path) -> CompiledRunner:
    """The compiled loop: some 30 seconds the first time, nothing while the engine stays."""
    return kept_runner(machine_cache)


@pytest.fixture(scope="session")
def compiled_loops(machine_cache: Path) -> Loops:
    """The compiled loops over columns: some 10 seconds the first time."""
    return kept_loops(machine_cache)
