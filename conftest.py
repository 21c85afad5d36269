"""What holds for every test: nothing is written into the user's own folders.

It stands here since pytest-alembic takes a conftest.py in the tests' folder for its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of tests/simulation, tests/crash and the audit; pytest asks for them in this file."""
    group = parser.getgroup("simulation", "seeded simulation (tests/simulation)")
    group.addoption("--seed", type=int, help="run this seed only")
    group.addoption("--seeds", type=int, default=200, help="run seeds 0 to this one (200)")
    group.addoption("--hours", type=int, default=96, help="simulated hours of a seed (96)")
    group.addoption("--jobs", type=int, default=2, help="processes that run seeds (2)")
    group = parser.getgroup("crash", "kills and faults (tests/crash)")
    group.addoption(
        "--all-kill-points", action="store_true", help="every point of every sweep, not a choice"
    )
    group = parser.getgroup("audit", "random damage to a ledger (tests/integration/audit)")
    group.addoption("--tampers", type=int, default=2, help="random changes of each table (2)")


def pytest_configure(config: pytest.Config) -> None:
    """Modules of tests/crash choose their points when they are loaded."""
    if config.getoption("--all-kill-points"):
        os.environ["CRASH_SWEEP"] = "full"


@pytest.fixture(scope="session")
def machine_cache(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of machine code that the next session finds again, where pytest keeps one."""
    kept = getattr(pytestconfig, "cache", None)
    return Path(kept.mkdir("hourhand")) if kept else tmp_path_factory.mktemp("machine")


@pytest.fixture(scope="session", autouse=True)
def own_folders(machine_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Trials and machine code of this session; commands started by tests inherit them."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HOURHAND_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        environment.setenv("HOURHAND_CACHE_DIR", str(machine_cache))
        yield
