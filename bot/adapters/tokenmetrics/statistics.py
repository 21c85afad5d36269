"""What the polls cost and how they went: latency, failures by cause, credits."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

from bot.adapters.tokenmetrics.limits import LATENCIES_KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointStatistics:
    """One endpoint since the client was made; latencies in ms, None before the first answer."""

    endpoint: str
    requests: int
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None
    errors: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollStatistics:
    """All endpoints that were asked; `credits_left` is None without a monthly limit."""

    endpoints: tuple[EndpointStatistics, ...]
    credits_spent: int
    credits_left: int | None


class Tally:
    """Counts while the client works; keeps the newest latencies of each endpoint."""

    def __init__(self) -> None:
        self._requests: Counter[str] = Counter()
        self._latencies: dict[str, deque[int]] = {}
        self._errors: dict[str, Counter[str]] = {}

    def sent(self, endpoint: str) -> None:
        """A request leaves."""
        self._requests[endpoint] += 1

    def answered(self, endpoint: str, latency_ms: int) -> None:
        """An answer of any status came whole."""
        kept = self._latencies.setdefault(endpoint, deque(maxlen=LATENCIES_KEPT))
        kept.append(latency_ms)

    def failed(self, endpoint: str, cause: str) -> None:
        """One attempt failed; the cause is a fault's kind, `http_STATUS` or `payload`."""
        self._errors.setdefault(endpoint, Counter())[cause] += 1

    def good(self, endpoint: str) -> int:
        """Answers so far that came whole and could be read."""
        return self._requests[endpoint] - sum(self._errors.get(endpoint, Counter()).values())

    def endpoints(self) -> tuple[EndpointStatistics, ...]:
        """The counts so far, by endpoint."""
        return tuple(self._one(endpoint) for endpoint in sorted(self._requests))

    def _one(self, endpoint: str) -> EndpointStatistics:
        latencies = sorted(self._latencies.get(endpoint, ()))
        return EndpointStatistics(
            endpoint=endpoint,
            requests=self._requests[endpoint],
            p50_ms=percentile(latencies, 50),
            p95_ms=percentile(latencies, 95),
            p99_ms=percentile(latencies, 99),
            errors=tuple(sorted(self._errors.get(endpoint, Counter()).items())),
        )


def percentile(ascending: Sequence[int], percent: int) -> int | None:
    """The nearest-rank percentile of sorted values; None of none.

    >>> percentile([10, 20, 30, 40], 50), percentile([10, 20, 30, 40], 99), percentile([], 50)
    (20, 40, None)
    """
    if not ascending:
        return None
    rank = -(-len(ascending) * percent // 100)
    return ascending[max(rank, 1) - 1]
