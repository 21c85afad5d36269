"""Each endpoint is asked only as often as its data changes, and only where it is needed."""

from __future__ import annotations

from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.adapters.tokenmetrics.poll_plan import Cadence, PollHistory, due_endpoints
from bot.domain.instants import DAY, HOUR, SECOND, parse_instant

SLOT = parse_instant("2025-09-01T12:00:00Z")
ALL = frozenset(Endpoint)
ASKED = (
    Endpoint.TOKENS,
    Endpoint.HOURLY_OHLCV,
    Endpoint.HOURLY_SIGNALS,
    Endpoint.DAILY_SIGNALS,
    Endpoint.LEVELS,
    Endpoint.QUANTMETRICS,
    Endpoint.GRADES,
)


def due(slot: int, last: int | None, needs: frozenset[Endpoint] = ALL) -> tuple[Endpoint, ...]:
    succeeded = {} if last is None else dict.fromkeys(Endpoint, last)
    return due_endpoints(slot, needs, PollHistory(succeeded=succeeded, refused={}), Cadence())


def test_everything_needed_is_asked_at_first() -> None:
    assert due(SLOT, None) == ASKED


def test_what_is_not_needed_is_never_asked() -> None:
    needs = frozenset({Endpoint.HOURLY_OHLCV, Endpoint.LEVELS})
    assert due(SLOT, None, needs) == (Endpoint.HOURLY_OHLCV, Endpoint.LEVELS)


def test_bars_and_hourly_signals_are_asked_once_a_slot() -> None:
    assert due(SLOT, SLOT + 9 * SECOND) == ()
    assert due(SLOT + HOUR, SLOT + 9 * SECOND) == (Endpoint.HOURLY_OHLCV, Endpoint.HOURLY_SIGNALS)


def test_daily_data_is_asked_every_six_hours_whatever_the_seconds() -> None:
    assert Endpoint.LEVELS not in due(SLOT + 5 * HOUR, SLOT + 9 * SECOND)
    assert Endpoint.LEVELS in due(SLOT + 6 * HOUR, SLOT + 9 * SECOND)
    assert Endpoint.LEVELS in due(SLOT + 6 * HOUR, SLOT + 50 * 60 * SECOND)


def test_tokens_are_asked_once_a_day() -> None:
    assert Endpoint.TOKENS not in due(SLOT + 23 * HOUR, SLOT)
    assert Endpoint.TOKENS in due(SLOT + 24 * HOUR, SLOT)


def test_what_failed_is_asked_again_in_the_next_slot() -> None:
    last = dict.fromkeys(Endpoint, SLOT)
    last[Endpoint.LEVELS] = SLOT - 7 * HOUR
    found = due_endpoints(SLOT + HOUR, ALL, PollHistory(succeeded=last, refused={}), Cadence())
    assert Endpoint.LEVELS in found


def test_what_the_plan_refuses_rests_for_a_day() -> None:
    history = PollHistory(succeeded={}, refused={Endpoint.LEVELS: SLOT})
    assert Endpoint.LEVELS not in due_endpoints(SLOT + DAY - HOUR, ALL, history, Cadence())
    assert Endpoint.LEVELS in due_endpoints(SLOT + DAY, ALL, history, Cadence())
