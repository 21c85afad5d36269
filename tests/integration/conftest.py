"""One simulated daemon run for all tests that read what it left."""

from __future__ import annotations

import pytest

from tests.support.reading_home import FilledHomes, fill_homes


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> FilledHomes:
    """Homes that are only read; a test that writes works on a copy."""
    return fill_homes(tmp_path_factory.mktemp("reading"))
