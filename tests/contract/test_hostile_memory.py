"""Peak memory of a whole question, from socket to record, against every hostile body.

`python -m tests.contract.test_hostile_memory` prints the table.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.contract.fault_server import FaultServer
from tests.contract.hostile_bodies import BODIES

ROOT = Path(__file__).parents[2]
# What one answer may take on top of an idle client, whatever its sender does.
EXTRA_MIB_MAX = 64
# Not hostile, or only long: these are read.
READ = {"an honest page: 50 tokens, 1000 levels each", "6 MB of blanks"}


class Asker:
    """The child process and its answers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, name: str) -> dict[str, Any]:
        """What the body of this name took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with FaultServer(BODIES[name]()) as server:
            self._process.stdin.write(server.url + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        assert line, f"{name}: the client's process ended"
        found: dict[str, Any] = json.loads(line)
        found["extra_mib"] = (found["peak"] - found["before"]) / 1024
        return found


@contextmanager
def started(deadline_s: float) -> Iterator[Asker]:
    """A child that waits for addresses; an attempt of it may take so long."""
    command = [sys.executable, "-m", "tests.contract.memory_child", str(deadline_s)]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield Asker(process)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="module")
def asker() -> Iterator[Asker]:
    if not Path("/proc/self/status").exists():
        pytest.skip("peak memory is read from /proc, which is not here")
    with started(1.0) as found:
        yield found


@pytest.mark.parametrize("name", sorted(BODIES))
def test_a_hostile_body_takes_bounded_memory_and_time(asker: Asker, name: str) -> None:
    found = asker.ask(name)
    assert found["extra_mib"] < EXTRA_MIB_MAX
    assert found["seconds"] < 15
    assert bool(found["error"]) is (name not in READ)


def main() -> None:
    """Print the table."""
    with started(10.0) as asker:
        print(f"{'body':<48}{'before MiB':>11}{'peak MiB':>10}{'extra':>8}{'s':>8}  outcome")
        for name in BODIES:
            found = asker.ask(name)
            before, peak = found["before"] / 1024, found["peak"] / 1024
            figures = f"{before:>11.1f}{peak:>10.1f}{found['extra_mib']:>8.1f}"
            print(f"{name:<48}{figures}{found['seconds']:>8.2f}  {found['error'] or 'read'}")


if __name__ == "__main__":
    main()
