"""The provider client over real HTTP on this machine: questions, pages, batches, records."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.adapters.tokenmetrics.spans import Span
from bot.adapters.tokenmetrics.wire import PARSERS
from bot.adapters.tokenmetrics.wire_settings import WireSettings
from bot.domain.errors import BadPayloadError, ConfigError, RateLimitError
from bot.domain.instants import DAY, HOUR, format_instant, parse_instant
from tests.contract.fault_server import NO_ROWS, FaultServer, envelope, reply
from tests.contract.provider_fakes import KEY, NOW, bench

HOUR_START = NOW - NOW % HOUR


def signal_row(token_id: int, valid_time: int, signal: str = "1") -> dict[str, object]:
    return {
        "TIMESTAMP": format_instant(valid_time),
        "TOKEN_ID": token_id,
        "TOKEN_NAME": "A",
        "TOKEN_SYMBOL": "A",
        "CLOSE": 1.5,
        "SIGNAL": signal,
        "POSITION": signal,
    }


def bar_row(token_id: int, open_time: int, close: float = 10.1) -> dict[str, object]:
    row = {"TIMESTAMP": format_instant(open_time), "TOKEN_ID": token_id, "VOLUME": 5}
    return row | {"OPEN": 10, "HIGH": 11, "LOW": 9, "CLOSE": close}


def token_row(token_id: int, symbol: str, name: str) -> dict[str, object]:
    return {"token_id": token_id, "token_symbol": symbol, "token_name": name, "market_cap": 7}


def queries(server: FaultServer) -> list[dict[str, str]]:
    return [
        {name: values[0] for name, values in parse_qs(urlsplit(seen.target).query).items()}
        for seen in server.requests
    ]


def test_the_key_travels_in_its_header_and_nowhere_else() -> None:
    with FaultServer(reply(NO_ROWS, status=404)) as server, bench(server.url) as parts:
        parts.client.levels([3375])
        seen = server.requests[0]
    assert seen.headers["x-api-key"] == KEY
    assert KEY not in seen.target
    assert [value for value in seen.headers.values() if KEY in value] == [KEY]


def test_the_header_and_the_version_are_settings() -> None:
    with (
        FaultServer(reply(NO_ROWS, status=404)) as server,
        bench(server.url, key_header="api_key", version="v3") as parts,
    ):
        parts.client.levels([3375])
        seen = server.requests[0]
    assert seen.headers["api_key"] == KEY
    assert urlsplit(seen.target).path == "/v3/resistance-support"


def test_no_rows_is_an_answer_and_no_error() -> None:
    with FaultServer(reply(NO_ROWS, status=404)) as server, bench(server.url) as parts:
        answer = parts.client.quantmetrics([3375])
        assert answer.observations == ()
        assert parts.errors() == {}


def test_a_question_about_no_token_sends_no_request() -> None:
    with FaultServer(reply(NO_ROWS, status=404)) as server, bench(server.url) as parts:
        assert parts.client.levels([]).pages == ()
        assert parts.client.tokens_by_symbol([]).pages == ()
        assert server.requests == []


def test_token_ids_are_sent_in_ascending_batches_without_duplicates() -> None:
    with (
        FaultServer(reply(NO_ROWS, status=404)) as server,
        bench(server.url, batch_size=2) as parts,
    ):
        parts.client.grades([5, 3, 3, 9])
        assert [query["token_id"] for query in queries(server)] == ["3,5", "9"]


def test_pages_are_read_until_one_is_not_full() -> None:
    rows = [signal_row(token_id, HOUR_START - HOUR) for token_id in range(1, 131)]
    with (
        FaultServer(reply(envelope(*rows[:100])), reply(envelope(*rows[100:]))) as server,
        bench(server.url) as parts,
    ):
        answer = parts.client.daily_signals([1], Span(start=HOUR_START - DAY, end=HOUR_START))
        assert [query["page"] for query in queries(server)] == ["1", "2"]
        assert {query["limit"] for query in queries(server)} == {"100"}
    assert len(answer.observations) == 130
    assert [page.raw_id for page in answer.pages] == [1, 2]


def test_a_full_last_page_is_followed_by_one_without_rows() -> None:
    rows = [signal_row(token_id, HOUR_START) for token_id in range(1, 101)]
    with (
        FaultServer(reply(envelope(*rows)), reply(NO_ROWS, status=404)) as server,
        bench(server.url) as parts,
    ):
        answer = parts.client.daily_signals([1], Span(start=HOUR_START - DAY, end=HOUR_START))
        assert len(server.requests) == 2
    assert len(answer.observations) == 100


def test_newest_first_pages_end_at_the_wanted_instant() -> None:
    rows = [signal_row(1, HOUR_START - at * HOUR) for at in range(100)]
    with FaultServer(reply(envelope(*rows))) as server, bench(server.url) as parts:
        answer = parts.client.hourly_signals([1], since=HOUR_START - 5 * HOUR)
        assert len(server.requests) == 1
    assert len(answer.observations) == 100


def test_an_old_row_does_not_end_pages_that_are_not_newest_first() -> None:
    rows = [signal_row(1, HOUR_START - at * HOUR) for at in range(100)]
    rows[0], rows[50] = rows[50], rows[0]
    last = signal_row(2, HOUR_START)
    with (
        FaultServer(reply(envelope(*rows)), reply(envelope(last))) as server,
        bench(server.url) as parts,
    ):
        answer = parts.client.hourly_signals([1, 2], since=HOUR_START - 5 * HOUR)
    assert 2 in {found.token_id for found in answer.observations}


def test_a_repeated_page_fails_the_whole_set() -> None:
    rows = [signal_row(token_id, HOUR_START) for token_id in range(1, 101)]
    with FaultServer(reply(envelope(*rows))) as server, bench(server.url) as parts:
        with pytest.raises(BadPayloadError, match="repeats an earlier page"):
            parts.client.daily_signals([1], Span(start=HOUR_START - DAY, end=HOUR_START))
        assert len(server.requests) == 2
        assert parts.errors() == {"payload": 1}


def test_pages_without_end_stop_at_a_cap() -> None:
    pages = [
        reply(envelope(*[signal_row(page * 100 + at + 1, HOUR_START) for at in range(100)]))
        for page in range(20)
    ]
    with FaultServer(*pages) as server, bench(server.url) as parts:
        with pytest.raises(BadPayloadError, match="no end after"):
            parts.client.hourly_signals([1], since=HOUR_START - 3 * HOUR)
        assert len(server.requests) < 20


def test_a_row_on_two_pages_is_one_observation() -> None:
    rows = [signal_row(token_id, HOUR_START - HOUR) for token_id in range(1, 101)]
    again = envelope(rows[99], signal_row(101, HOUR_START - HOUR))
    with (
        FaultServer(reply(envelope(*rows)), reply(again)) as server,
        bench(server.url) as parts,
    ):
        answer = parts.client.daily_signals([1], Span(start=HOUR_START - DAY, end=HOUR_START))
    assert answer.rows == 102
    assert len(answer.observations) == 101


def test_a_long_span_is_asked_in_pieces_of_at_most_29_days() -> None:
    span = Span(start=parse_instant("2025-05-01"), end=parse_instant("2025-09-01"))
    with FaultServer(reply(NO_ROWS, status=404)) as server, bench(server.url) as parts:
        parts.client.hourly_ohlcv([1], span)
        asked = [(query["startDate"], query["endDate"]) for query in queries(server)]
    days = [
        day
        for start, end in asked
        for day in range(parse_instant(start), parse_instant(end) + DAY, DAY)
    ]
    assert days == list(range(span.start, span.end, DAY))
    assert max(parse_instant(end) - parse_instant(start) for start, end in asked) <= 28 * DAY


def test_a_poll_of_the_last_hours_does_not_read_the_whole_day() -> None:
    hours = [HOUR_START - at * HOUR for at in range(1, 5)]
    rows = [bar_row(token_id, hour) for hour in hours for token_id in range(1, 26)]
    with FaultServer(reply(envelope(*rows))) as server, bench(server.url) as parts:
        parts.client.hourly_ohlcv(range(1, 26), Span(start=HOUR_START - 2 * HOUR, end=HOUR_START))
        assert len(server.requests) == 1


def test_bars_are_exact_and_the_unfinished_one_is_counted_and_left_out() -> None:
    rows = [bar_row(1, HOUR_START, 10.5), bar_row(1, HOUR_START - HOUR, 10.1)]
    with FaultServer(reply(envelope(*rows))) as server, bench(server.url) as parts:
        answer = parts.client.hourly_ohlcv([1], Span(start=HOUR_START - DAY, end=HOUR_START))
    (bar,) = answer.observations
    assert (bar.close, bar.available_at) == (Decimal("10.1"), NOW)
    assert answer.unfinished == 1


def test_every_answer_is_kept_before_it_is_read() -> None:
    with (
        FaultServer(
            reply(b"<html>", status=502, content_type="text/html"),
            reply(b"not json", x_request_id="r-17"),
        ) as server,
        bench(server.url) as parts,
        pytest.raises(BadPayloadError),
    ):
        parts.client.prices([2, 1])
    first, second = parts.sink.kept
    assert (first.status, first.body) == (502, b"<html>")
    assert second.request_id == "r-17"
    assert second.endpoint == "price"
    assert second.params == "token_id=1,2"
    assert second.sha256 == hashlib.sha256(b"not json").hexdigest()


def test_a_stored_body_reads_again_to_the_same_observations() -> None:
    rows = [signal_row(1, HOUR_START - HOUR), signal_row(2, HOUR_START - HOUR, "0")]
    with FaultServer(reply(envelope(*rows))) as server, bench(server.url) as parts:
        answer = parts.client.hourly_signals([1, 2], since=HOUR_START - 3 * HOUR)
    (kept,) = parts.sink.kept
    again = PARSERS[Endpoint(kept.endpoint)](kept.body, kept.fetched_at, WireSettings())
    assert again.observations == answer.observations


def test_tokens_are_resolved_by_id_and_by_unambiguous_symbol() -> None:
    by_id = reply(envelope(token_row(3375, "BTC", "Bitcoin")))
    by_symbol = reply(envelope(token_row(3306, "eth", "Ethereum")))
    with FaultServer(by_id, by_symbol) as server, bench(server.url) as parts:
        found = parts.client.resolve([3375], ["ETH"])
    assert [token.token_id for token in found] == [3306, 3375]


def test_an_ambiguous_symbol_is_refused_with_its_candidates() -> None:
    rows = [token_row(3375, "BTC", "Bitcoin"), token_row(17528, "btc", "Bridged Bitcoin")]
    with (
        FaultServer(reply(envelope(*rows))) as server,
        bench(server.url) as parts,
        pytest.raises(ConfigError) as caught,
    ):
        parts.client.resolve([], ["BTC"])
    text = str(caught.value)
    assert "3375 Bitcoin (market cap 7)" in text
    assert "17528 Bridged Bitcoin" in text


def test_every_request_costs_a_credit_and_none_is_sent_beyond_the_budget() -> None:
    with (
        FaultServer(reply(NO_ROWS, status=404)) as server,
        bench(server.url, credits_per_month=2) as parts,
    ):
        parts.client.levels([1])
        parts.client.levels([1])
        with pytest.raises(RateLimitError, match="all 2 requests of 2025-09 are used"):
            parts.client.levels([1])
        assert len(server.requests) == 2
        statistics = parts.client.statistics()
    assert (statistics.credits_spent, statistics.credits_left) == (2, 0)


def test_a_budget_that_ends_within_a_set_fails_the_whole_set() -> None:
    rows = [{"TOKEN_ID": 1, "CURRENT_PRICE": 2}]
    with (
        FaultServer(reply(envelope(*rows))) as server,
        bench(server.url, batch_size=1, credits_per_month=1) as parts,
    ):
        with pytest.raises(RateLimitError):
            parts.client.prices([1, 2])
        assert len(server.requests) == 1


def test_no_minute_sees_more_requests_than_allowed() -> None:
    with (
        FaultServer(reply(NO_ROWS, status=404)) as server,
        bench(server.url, requests_per_minute=2) as parts,
    ):
        for _ in range(5):
            parts.client.levels([1])
    assert parts.clock.sleeps == [60.0, 60.0]


def test_latency_and_requests_are_told_by_endpoint() -> None:
    with FaultServer(reply(NO_ROWS, status=404)) as server, bench(server.url) as parts:
        parts.client.levels([1])
        parts.client.prices([1])
        parts.client.prices([1])
        found = {one.endpoint: one for one in parts.client.statistics().endpoints}
    assert found["price"].requests == 2
    assert found["resistance-support"].requests == 1
    assert found["price"].p50_ms is not None
    assert found["price"].p99_ms is not None
