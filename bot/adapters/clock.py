"""Clocks: the machine's, and one shared with a simulator over HTTP."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

from bot.domain.errors import ConfigError, UnavailableError
from bot.domain.instants import SECOND

_NANOSECONDS = 1_000_000
_TIMEOUT_S = 30.0
_TRIES = 5


class StoppedError(Exception):
    """The process was asked to stop while it waited: whatever is half done is left undone."""


def heeding(stop: threading.Event) -> Callable[[], None]:
    """What a wait that is no clock's calls now and then; raises StoppedError once `stop` is set."""

    def heed() -> None:
        if stop.is_set():
            raise StoppedError

    return heed


class Clock(Protocol):
    """Time as the daemon sees it: for due slots, polls and waits."""

    def now(self) -> int:
        """The instant, UTC milliseconds."""
        ...

    def elapsed(self) -> float:
        """Seconds since any fixed moment; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let that much of this clock's time pass; StoppedError when asked to stop."""
        ...

    def wait_until(self, instant: int) -> None:
        """Return at the instant, or earlier when asked to stop."""
        ...

    def close(self) -> None:
        """Let go of what it holds open."""
        ...


class SystemClock:
    """The machine's clock; waits end early when `stop` is set."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def now(self) -> int:
        """Wall clock, UTC milliseconds."""
        return time.time_ns() // _NANOSECONDS

    def elapsed(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; a stop ends the wait with StoppedError."""
        if self._stop.wait(max(0.0, seconds)):
            raise StoppedError

    def wait_until(self, instant: int) -> None:
        """Wait for the wall clock."""
        self._stop.wait(max(0.0, (instant - self.now()) / SECOND))

    def close(self) -> None:
        """Nothing is open."""


class SharedClock:
    """The clock of a simulator; it moves when someone asks for a later instant, or by itself."""

    def __init__(self, url: str, stop: threading.Event) -> None:
        if urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise ConfigError(["clock_url: must be a simulator's address on this machine"])
        parts = urlsplit(url)
        self._url = url.rstrip("/")
        self._connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=_TIMEOUT_S
        )
        self._stop = stop

    def now(self) -> int:
        """The simulated now."""
        return self._ask("/_clock", None)

    def elapsed(self) -> float:
        """Simulated seconds."""
        return self.now() / SECOND

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass; a stop ends the wait with StoppedError."""
        self.wait_until(self.now() + int(seconds * SECOND))
        if self._stop.is_set():
            raise StoppedError

    def wait_until(self, instant: int) -> None:
        """Ask for the instant until it has come or someone stops us."""
        while not self._stop.is_set() and self._ask("/_clock/advance", instant) < instant:
            pass

    def close(self) -> None:
        """Close the connection; a later question opens it anew."""
        self._connection.close()

    def _ask(self, path: str, to: int | None) -> int:
        body = None if to is None else json.dumps({"to": to})
        method = "GET" if to is None else "POST"
        for attempt in range(_TRIES):
            try:
                self._connection.request(method, path, body, {"content-type": "application/json"})
                return int(json.loads(self._connection.getresponse().read())["now"])
            except (http.client.HTTPException, OSError) as error:
                self._connection.close()  # the next request opens it anew
                if attempt == _TRIES - 1:
                    raise self._away(str(error)) from None
                self._stop.wait(0.1 * attempt)
        raise self._away("no answer")

    def _away(self, cause: str) -> UnavailableError:
        return UnavailableError(
            f"{self._url}: the simulator that this home works against (`clock_url`) does not "
            f"answer: {cause}: start one with `hourhand simulate`, or take base_url and clock_url "
            f"out of config/hourhand.toml to work with the provider"
        )
