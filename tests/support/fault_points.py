"""Points at which a process under test is struck: its SQL statements and its commits, counted.

Loaded in the process that is to be struck, before it runs any of the product's code.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

RETURNED = "-- the connection was given back after a COMMIT"


@dataclass(slots=True)
class Points:
    """Counts what passes in threads of one name, and strikes before number `at` (0: never)."""

    at: int
    strike: Callable[[], None]
    thread: str
    note: Callable[[str], None]
    passed: int = 0
    _lock: Any = field(default_factory=threading.Lock)

    def reach(self, what: str) -> None:
        """One more point."""
        if not threading.current_thread().name.startswith(self.thread):
            return
        with self._lock:
            self.passed += 1
            passed = self.passed
        self.note(what)
        if passed == self.at:
            self.strike()


def strike_of(effect: str) -> Callable[[], None]:
    """A signal to this process, as `SIGKILL`, several as `SIGTERM*2`, or an error, as `error`."""
    if effect == "error":
        return _fail
    name, _, times = effect.partition("*")

    def send() -> None:
        for _ in range(int(times or 1)):
            os.kill(os.getpid(), signal.Signals[name])

    return send


def _fail() -> None:
    raise sqlite3.OperationalError("disk I/O error")


def watch_statements(points: Points) -> None:
    """Every statement of every SQLite connection that this process opens is a point.

    It is reached before SQLite runs it, COMMIT and the statements of triggers included, and once
    for each row of a bulk insert. The return of a connection to its pool is a point of its own:
    the COMMIT before it is done, and nobody who waits for it knows yet.
    """
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    def watched(connection: sqlite3.Connection) -> None:
        connection.set_trace_callback(points.reach)

    _at_connect(sqlite3.Connection, watched)
    event.listen(Pool, "checkin", lambda *_: points.reach(RETURNED))


def watch_commits(points: Points) -> None:
    """Every commit is a point, reached when it is done and before its caller is told."""

    class Reporting(sqlite3.Connection):
        def commit(self) -> None:
            inside = self.in_transaction
            super().commit()
            if inside:
                points.reach("COMMIT")

    _at_connect(Reporting, lambda _: None)


def _at_connect(
    factory: type[sqlite3.Connection], then: Callable[[sqlite3.Connection], None]
) -> None:
    connect = sqlite3.connect

    def watched(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, factory=factory, **options)
        then(connection)
        return connection

    sqlite3.connect = watched  # type: ignore[assignment]
