"""One prepared home and its laboratories for all sweeps, and a word where strace cannot work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.crash_lab import Prepared, prepare
from tests.support.crash_sweep import at_call
from tests.support.forked import Forks, open_forks
from tests.support.memory import folder_in_memory


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """The process that has imported everything, of which commands are forks."""
    with open_forks() as found:
        yield found


@pytest.fixture(scope="session")
def memory() -> Iterator[Path]:
    """A folder for everything, in memory where there is room."""
    with folder_in_memory("crash") as found:
        yield found


@pytest.fixture
def tmp_path(memory: Path) -> Iterator[Path]:
    """A test's own folder there."""
    with TemporaryDirectory(dir=memory) as found:
        yield Path(found)


@pytest.fixture(scope="session")
def prepared(memory: Path, forks: Forks) -> Iterator[Prepared]:
    """A home before the busy slot; every test works on copies."""
    with prepare(memory / "lab", forks) as found:
        yield found


@pytest.fixture(scope="session")
def traceable(prepared: Prepared) -> Prepared:
    """The same, where system calls can be made to fail; a skip that says why elsewhere."""
    lab = prepared.labs[0]
    home = prepared.copy(lab, "probe")
    probe = lab.start(home, "status", calls=at_call("fdatasync", "", home / "calls.txt"))
    lab.wait(probe)
    if probe.untraceable:
        pytest.skip(f"no system call can be made to fail here: {probe.untraceable}")
    return prepared
