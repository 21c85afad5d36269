"""What holds for every test: nothing is written into the user's own folders.

It stands here since pytest-alembic takes a conftest.py in the tests' folder for its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A trial registry of this session; commands started by tests inherit it."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HOURHAND_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        yield
