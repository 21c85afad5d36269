"""What holds for every test: nothing is written into the user's own folders.

It stands here since pytest-alembic takes a conftest.py in the tests' folder for its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


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
