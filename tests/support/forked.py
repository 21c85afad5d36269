"""Commands as forks of one process that has imported everything, started and awaited by tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, or the signal that ended it."""

    exit: int | None
    signal: int | None
    points: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Started:
    """A command that runs; `untraceable` says why its system calls cannot be struck."""

    pid: int
    untraceable: str

    def is_alive(self) -> bool:
        """Whether the process runs; one that waits to be reaped does not."""
        try:
            text = Path(f"/proc/{self.pid}/stat").read_text()
        except FileNotFoundError:
            return False
        return text.rpartition(")")[2].split()[0] != "Z"


@dataclass(frozen=True, slots=True)
class Forks:
    """The process that forks; see fork_server for what it is asked."""

    server: subprocess.Popen[str]

    def start(
        self,
        argv: list[str],
        environment: dict[str, str],
        output: Path,
        points: dict[str, Any] | None = None,
        calls: dict[str, Any] | None = None,
    ) -> Started:
        """Start a command whose output goes to `output`.out and `output`.log."""
        return Started(
            **self._ask(
                {"argv": argv, "environment": environment, "output": str(output),
                 "points": points, "calls": calls}
            )
        )  # fmt: skip

    def wait(self, started: Started) -> Ended:
        """Wait for the end of a command."""
        return Ended(**self._ask({"wait": started.pid}))

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(json.dumps(request) + "\n")
        self.server.stdin.flush()
        answer = self.server.stdout.readline()
        assert answer, "the process that forks commands has ended"
        found: dict[str, Any] = json.loads(answer)
        return found


@contextmanager
def open_forks() -> Iterator[Forks]:
    """The process that forks while the `with` block lasts."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.fork_server"], cwd=Path(__file__).parents[2],
        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as server:  # fmt: skip
        try:
            yield Forks(server)
        finally:
            assert server.stdin is not None
            server.stdin.close()
            server.wait(30)


class Daemon:
    """A forked command with the words of `subprocess.Popen`."""

    def __init__(self, forks: Forks, started: Started) -> None:
        self.pid = started.pid
        self.returncode: int | None = None
        self._forks = forks
        self._started = started

    def poll(self) -> int | None:
        """Its exit code, or minus the signal that ended it; None while it runs."""
        if self.returncode is None and not self._started.is_alive():
            ended = self._forks.wait(self._started)
            self.returncode = ended.exit if ended.exit is not None else -(ended.signal or 0)
        return self.returncode

    def wait(self, timeout: float = 60.0) -> int:
        """The same, waited for; TimeoutExpired where it goes on."""
        end = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.005)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)
