"""Time, keeping of answers and credits for tests of the provider client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr

from bot.adapters.tokenmetrics.client import ClientSettings, TokenMetricsClient
from bot.adapters.tokenmetrics.parsed import Observation, Parsed
from bot.adapters.tokenmetrics.ports import Ports, RawResponse
from bot.domain.instants import parse_instant

KEY = "tm-canary-0f3c9a57-key"
NOW = parse_instant("2025-09-01T15:00:05Z")


class StepClock:
    """Time that passes only by sleeping; remembers every sleep."""

    def __init__(self, now: int = NOW) -> None:
        self.ms = now
        self.sleeps: list[float] = []

    def now(self) -> int:
        return self.ms

    def elapsed(self) -> float:
        return self.ms / 1000

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.ms += round(seconds * 1000)


class MemorySink:
    """Keeps answers in a list; ids count from 1."""

    def __init__(self) -> None:
        self.kept: list[RawResponse] = []
        self.failures: list[tuple[str, str]] = []

    def store(self, response: RawResponse, parsed: Parsed[Observation] | None) -> int:
        self.kept.append(response)
        return len(self.kept)

    def note_failure(self, endpoint: str, cause: str, at: int) -> None:
        assert at > 0
        self.failures.append((endpoint, cause))


class MemoryCredits:
    """Counts by month."""

    def __init__(self) -> None:
        self.months: dict[str, int] = {}

    def spent(self, month: str) -> int:
        return self.months.get(month, 0)

    def charge(self, month: str, limit: int | None) -> bool:
        if limit is not None and self.spent(month) >= limit:
            return False
        self.months[month] = self.spent(month) + 1
        return True


class Bench:
    """A client on a server, and everything around it that a test wants to look at."""

    def __init__(self, settings: ClientSettings, key: str = KEY, now: int = NOW) -> None:
        self.clock = StepClock(now)
        self.sink = MemorySink()
        self.credits = MemoryCredits()
        ports = Ports(clock=self.clock, sink=self.sink, credits=self.credits)
        self.client = TokenMetricsClient(settings, SecretStr(key), ports, jitter=lambda: 1.0)

    def errors(self) -> dict[str, int]:
        """Failures by cause over all endpoints; those that no kept answer shows were noted."""
        found: dict[str, int] = {}
        for endpoint in self.client.statistics().endpoints:
            for cause, count in endpoint.errors:
                found[cause] = found.get(cause, 0) + count
        unseen = {cause: n for cause, n in found.items() if not cause.startswith("http_")}
        assert Counter(cause for _, cause in self.sink.failures) == unseen
        return found


@contextmanager
def bench(base_url: str, now: int = NOW, **settings: object) -> Iterator[Bench]:
    """A bench whose client is closed at the end; attempts may take 2 s."""
    limits: dict[str, object] = {"attempt_deadline_s": 2.0, "read_timeout_s": 1.0}
    built = Bench(
        ClientSettings(base_url=base_url, **(limits | settings)),  # type: ignore[arg-type]
        now=now,
    )
    try:
        yield built
    finally:
        built.client.close()
