"""The bounds of the client that no other test stands on: what is at the limit, and one beyond."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.adapters.tokenmetrics import limits
from bot.adapters.tokenmetrics.clock_check import clock_error
from bot.adapters.tokenmetrics.fields import read_number, read_text
from bot.adapters.tokenmetrics.parsed import RowRefusedError
from bot.adapters.tokenmetrics.retry import backoff_s
from bot.adapters.tokenmetrics.spans import Span, pieces
from bot.adapters.tokenmetrics.statistics import Tally
from bot.domain.instants import DAY, SECOND, parse_instant

DATE = {"date": "Sat, 10 May 2025 13:00:00 GMT"}
THEN = parse_instant("2025-05-10T13:00:00Z")


@pytest.mark.parametrize(
    ("exponent", "beyond"), [(limits.NUMBER_EXPONENT_MAX, 1), (limits.NUMBER_EXPONENT_MIN, -1)]
)
def test_a_number_has_an_exponent_of_a_market(exponent: int, beyond: int) -> None:
    assert read_number(Decimal(1).scaleb(exponent)) == Decimal(1).scaleb(exponent)
    with pytest.raises(RowRefusedError):
        read_number(Decimal(1).scaleb(exponent + beyond))


def test_a_text_is_short() -> None:
    assert read_text("x" * limits.TEXT_CHARS_MAX) == "x" * limits.TEXT_CHARS_MAX
    with pytest.raises(RowRefusedError):
        read_text("x" * (limits.TEXT_CHARS_MAX + 1))


@pytest.mark.parametrize("way", [1, -1])
def test_clocks_differ_by_no_more_than_the_limit(way: int) -> None:
    at = THEN + way * limits.CLOCK_SKEW_MAX_S * SECOND
    assert clock_error(DATE, at, at) is None
    beyond = at + way * SECOND
    assert clock_error(DATE, beyond, beyond) is not None


def test_no_request_asks_for_more_days_than_the_provider_gives() -> None:
    width = limits.SPAN_DAYS_MAX * DAY
    on_grid = THEN - THEN % width
    assert len(pieces(Span(start=on_grid, end=on_grid + width))) == 1
    found = pieces(Span(start=on_grid, end=on_grid + width + 1))
    assert [piece.days for piece in found] == [limits.SPAN_DAYS_MAX, 1]


def test_waits_between_attempts_are_bounded_and_so_are_the_attempts() -> None:
    assert backoff_s(1, lambda: 1.0) == limits.BACKOFF_FIRST_S
    assert backoff_s(60, lambda: 1.0) == limits.BACKOFF_MAX_S
    longest = sum(backoff_s(n, lambda: 1.0) for n in range(1, limits.ATTEMPTS_MAX))
    assert longest < limits.POLL_DEADLINE_S


def test_as_many_latencies_are_kept_as_the_limit_says() -> None:
    tally = Tally()
    tally.sent("a")
    tally.answered("a", 1_000_000)
    for _ in range(limits.LATENCIES_KEPT - 1):
        tally.answered("a", 1)
    assert tally.endpoints()[0].p99_ms == 1
    assert max(tally._latencies["a"]) == 1_000_000
    tally.answered("a", 1)
    assert max(tally._latencies["a"]) == 1
    assert len(tally._latencies["a"]) == limits.LATENCIES_KEPT


def test_time_limits_fit_into_each_other() -> None:
    parts = (limits.CONNECT_TIMEOUT_S, limits.READ_TIMEOUT_S, limits.WRITE_TIMEOUT_S)
    assert max(parts) < limits.ATTEMPT_DEADLINE_S < limits.POLL_DEADLINE_S
    assert limits.PAUSE_MAX_S <= limits.POLL_DEADLINE_S
