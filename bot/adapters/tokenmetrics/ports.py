"""What the client needs from outside: time, a place for raw answers and a count of credits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.adapters.tokenmetrics.parsed import Observation, Parsed

# The cause of a failure whose answer came, is kept, and says nothing that can be read.
UNREAD = "payload"


class Clock(Protocol):
    """The time in which polls are scheduled, throttled and stamped; a stepped one in tests."""

    def now(self) -> int:
        """The instant, UTC milliseconds."""
        ...

    def elapsed(self) -> float:
        """Seconds since any fixed moment; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let that much of this clock's time pass."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RawResponse:
    """One answer as it came; `body` is decoded, the key is blanked in it.

    `params` is canonical text: sorted `name=value`, joined by `&`.
    """

    endpoint: str
    params: str
    status: int
    body: bytes
    sha256: str
    fetched_at: int
    latency_ms: int
    request_id: str


class ResponseSink(Protocol):
    """Keeps every answer, so that readings can be repeated."""

    def store(self, response: RawResponse, parsed: Parsed[Observation] | None) -> int:
        """Keep one answer and what it says, None for one that says nothing; return its id.

        `parsed` is as of the response's `fetched_at`: a sink that dates it otherwise reads anew.
        """
        ...

    def note_failure(self, endpoint: str, cause: str, at: int) -> None:
        """Count a request that brought no answer to keep, or one that could not be read."""
        ...


class CreditLedger(Protocol):
    """Counts requests by calendar month (`2025-05`), across restarts."""

    def spent(self, month: str) -> int:
        """Requests sent in that month."""
        ...

    def charge(self, month: str, limit: int | None) -> bool:
        """Count one request, unless `limit` are counted; whether it was."""
        ...


class Secret(Protocol):
    """Text that shows itself only on request, such as pydantic's SecretStr."""

    def get_secret_value(self) -> str:
        """The text itself."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WireAnswer:
    """An HTTP answer of any status, read whole within the limits.

    `headers` have lower-case names and hold only what the client reads.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    latency_ms: int


class Transport(Protocol):
    """Sends one GET; raises TransportFault where no whole answer came."""

    def get(self, path: str, params: Mapping[str, str], timeout_s: float) -> WireAnswer:
        """Send the request with the key and read its answer within the time."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


def go_on() -> None:
    """For waits that nobody breaks off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The outside of one client."""

    clock: Clock
    sink: ResponseSink
    credits: CreditLedger
    # Called about once a second while an answer is awaited; raises to break the wait off.
    heed: Callable[[], None] = go_on
