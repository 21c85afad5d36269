"""A daemon that breaks in the way that its first argument names; the second is its home.

It is put together like any other, but for the provider's side, which does at every wake what the
test asks for.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

from bot.adapters.logging import configure_logging
from bot.adapters.sql.lock import acquire
from bot.app import daemon as product
from bot.app.bootstrap import build_daemon
from bot.app.settings import load_settings
from bot.domain.errors import HourhandError


class Breaking:
    """A poller that does something else when it is asked about the clock, at each wake's start."""

    def __init__(self, polls: Any, how: str) -> None:
        self._polls = polls
        self._how = how

    def __getattr__(self, name: str) -> Any:
        return getattr(self._polls, name)

    def check_clock(self, _late_slots: int) -> None:
        if self._how == "exit":
            raise SystemExit(0)
        if self._how == "assertion":
            raise AssertionError("two and two")
        if self._how == "bug":
            raise ValueError("five")
        if self._how == "memory":
            raise MemoryError


def main(how: str, home: Path) -> int:
    """Run it; the exit code that the command would have."""
    settings = load_settings(home)
    configure_logging("json", "info", None, ())
    stop = threading.Event()
    product._listen(stop)
    with acquire(settings.database_path):
        daemon = build_daemon(settings, stop)
        daemon.polls = Breaking(daemon.polls, how)  # type: ignore[assignment]
        try:
            product.serve(daemon, stop)
        except HourhandError as error:
            return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], Path(sys.argv[2])))
