"""One prepared home and its laboratories for all sweeps, and a word where strace cannot work."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.crash_lab import Prepared, prepare
from tests.support.crash_sweep import at_call
from tests.support.forked import Forks, open_forks

_MEMORY = Path("/dev/shm")  # noqa: S108  a folder of our own is made there
_ROOM = 1 << 30


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """The process that has imported everything, of which commands are forks."""
    with open_forks() as found:
        yield found


@pytest.fixture(scope="session")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where there is room for one.

    A process that is killed loses nothing that it gave to the system, on a disk or not; waiting for
    a disk thousands of times shows nothing more.
    """
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _ROOM:
        yield tmp_path_factory.mktemp("crash")
        return
    with TemporaryDirectory(prefix="hourhand-crash-", dir=_MEMORY) as found:
        yield Path(found)


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
