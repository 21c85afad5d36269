"""One prepared home and its laboratories for all sweeps, and a word where strace cannot work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.crash_lab import Prepared, prepare
from tests.support.crash_sweep import at_call


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """A home before the busy slot; every test works on copies."""
    with prepare(tmp_path_factory.mktemp("crash") / "lab") as found:
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
