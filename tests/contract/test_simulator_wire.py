"""The simulator's answers have the shapes of the example payloads, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.domain.instants import DAY, HOUR, parse_instant
from bot.domain.values import Bar, Grade, Level, LevelList, Metrics, Record, Signal, Token
from bot.simulator import (
    MarketSource,
    Server,
    SimulatorOptions,
    SteppedClock,
    create_app,
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wire"
START = parse_instant("2025-09-01")
NOW = START + 3 * DAY + 14 * HOUR + 5 * 60_000
ONE, TWIN, TINY = 11, 12, 13
HEADERS = {"x-api-key": "tm-test"}


def record() -> Record:
    made = Record()
    made.tokens = [
        Token(token_id=ONE, symbol="AAA", name="Alpha", category="Layer 1;DeFi",
              market_cap=Decimal("5000000000.5")),
        Token(token_id=TWIN, symbol="aaa", name="Alpha Bridged", category="Wrapped Tokens"),
        Token(token_id=TINY, symbol="TNY", name="Tiny"),
    ]  # fmt: skip
    for hour in range(96):
        for token_id, price in ((ONE, Decimal("100.25")), (TWIN, Decimal("100.5"))):
            made.bars.append(bar(token_id, START + hour * HOUR, price + hour))
        made.bars.append(bar(TINY, START + hour * HOUR, Decimal("0.00000612")))
        made.signals.append(
            Signal(
                token_id=ONE, valid_time=START + hour * HOUR, signal=("Bearish", "0", "1")[hour % 3]
            )
        )
    for day, text in enumerate(("-1", "0", "1", "0")):
        at = START + day * DAY
        made.signals.append(Signal(token_id=ONE, valid_time=at, signal=text, source="daily"))
        values = (("max_drawdown", 0.77), ("sharpe", 1.15 + day), ("volatility", float("nan")))
        made.metrics.append(Metrics(token_id=ONE, valid_time=at, values=values))
        made.grades.append(Grade(token_id=ONE, valid_time=at, tm_grade=60.5 + day))
    levels = (
        Level(price=Decimal("0.69"), strength=3.0, level_date=parse_instant("2020-06-05")),
        Level(price=Decimal("9.90")),
    )
    made.levels = [
        LevelList(token_id=ONE, seen_at=START + DAY, levels=()),
        LevelList(token_id=ONE, seen_at=START + 2 * DAY, levels=levels),
        LevelList(token_id=TWIN, seen_at=START + 2 * DAY, levels=()),
    ]
    return made


def bar(token_id: int, open_time: int, price: Decimal) -> Bar:
    return Bar(
        token_id=token_id, open_time=open_time, open=price, high=price * 2, low=price / 2,
        close=price, volume=Decimal("12.5"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    app = create_app(MarketSource(record()), SteppedClock(NOW), SimulatorOptions())
    with Server(app) as server:
        yield server.url


@pytest.fixture
def get(url: str) -> Iterator[Any]:
    with httpx.Client(base_url=url, headers=HEADERS, trust_env=False) as client:

        def fetch(path: str, **params: str | int) -> list[dict[str, Any]]:
            answer = client.get(path, params=params)
            assert answer.status_code == 200, answer.text
            body = json.loads(answer.text, parse_float=Decimal)
            assert body["success"] is True
            assert body["message"] == "Data fetched successfully"
            assert body["length"] == len(body["data"])
            return body["data"]

        yield fetch


ENDPOINTS = (
    "tokens", "price", "hourly-ohlcv", "daily-ohlcv", "hourly-trading-signals",
    "trading-signals", "resistance-support", "quantmetrics", "tm-grade",
)  # fmt: skip

KIND = {int: "number", Decimal: "number", float: "number", str: "text", list: "list",
        dict: "object", bool: "bool"}  # fmt: skip


def kinds(rows: list[dict[str, Any]]) -> dict[str, set[str]]:
    """Per key the kinds of its values, null left out: it may stand anywhere."""
    seen: dict[str, set[str]] = {}
    for row in rows:
        for key, value in row.items():
            found = seen.setdefault(key, set())
            if value is not None:
                found.add(KIND[type(value)])
    return seen


@pytest.mark.parametrize("version", ["v2", "v3"])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_row_has_the_keys_and_types_of_the_example_payload(
    get: Any, version: str, endpoint: str
) -> None:
    example = FIXTURES / f"{version}_{endpoint.replace('-', '_')}.json"
    expected = kinds(json.loads(example.read_text(), parse_float=Decimal)["data"])
    given = kinds(get(f"/{version}/{endpoint}", token_id=ONE))
    assert given.keys() == expected.keys()
    for key, types in given.items():
        assert types <= expected[key] or not expected[key], key


def test_prices_keep_every_digit_and_take_no_exponent(url: str) -> None:
    answer = httpx.get(f"{url}/v2/hourly-ohlcv?token_id={TINY}&limit=1", headers=HEADERS)
    assert '"CLOSE":0.00000612,' in answer.text


def test_signals_are_text_and_words_of_the_record_become_numbers(get: Any) -> None:
    rows = get("/v2/hourly-trading-signals", token_id=ONE, limit=3)
    assert [row["SIGNAL"] for row in rows] == ["0", "-1", "1"]
    assert [row["POSITION"] for row in rows] == ["-1", "-1", "1"]
    assert rows[0]["TIMESTAMP"] == "2025-09-04T13:00:00.000Z"
    assert rows[0]["CLOSE"] == Decimal("185.25")


def test_a_daily_signal_tells_the_day_from_the_trend(get: Any) -> None:
    rows = get("/v2/trading-signals", token_id=ONE)
    assert [(row["DATE"][:10], row["TRADING_SIGNAL"], row["TOKEN_TREND"]) for row in rows] == [
        ("2025-09-03", 1, 1),
        ("2025-09-02", 0, -1),
        ("2025-09-01", -1, -1),
    ]
    assert rows[0]["TM_TRADER_GRADE"] == Decimal("62.5")
    only = get("/v2/trading-signals", token_id=ONE, signal=1)
    assert [row["DATE"][:10] for row in only] == ["2025-09-03"]


def test_drawdown_is_negative_and_what_is_missing_is_null(get: Any) -> None:
    (row,) = get("/v2/quantmetrics", token_id=ONE)
    assert row["DATE"] == "2025-09-03"
    assert row["SHARPE"] == Decimal("3.15")
    assert row["MAX_DRAWDOWN"] == Decimal("-0.77")
    assert row["VOLATILITY"] is None
    assert row["SKEW"] is None


def test_levels_are_the_newest_list_without_side_or_strength(get: Any) -> None:
    (row,) = get("/v2/resistance-support", token_id=ONE)
    assert row["HISTORICAL_RESISTANCE_SUPPORT_LEVELS"] == [
        {"date": "2020-06-05", "level": Decimal("0.69")},
        {"date": "2025-09-03", "level": Decimal("9.9")},
    ]


def test_an_empty_level_list_is_an_answer(get: Any) -> None:
    (row,) = get("/v2/resistance-support", token_id=TWIN)
    assert row["HISTORICAL_RESISTANCE_SUPPORT_LEVELS"] == []


def test_the_grade_is_text_with_its_change_since_the_day_before(get: Any) -> None:
    (row,) = get("/v2/tm-grade", token_id=ONE)
    assert row["TM_GRADE"] == "62.5"
    assert row["TM_TRADER_GRADE_24H_CHANGE"] == "1"
    assert row["TM_GRADE_24h_PCT_CHANGE"] == "1.63"
    assert row["TM_GRADE_SIGNAL"] == "Buy"


def test_a_daily_candle_is_made_of_its_hours_and_shown_after_its_day(get: Any) -> None:
    rows = get("/v2/daily-ohlcv", token_id=ONE)
    assert [row["DATE"][:10] for row in rows] == ["2025-09-03", "2025-09-02", "2025-09-01"]
    last = rows[-1]
    prices = (last["OPEN"], last["HIGH"], last["LOW"], last["CLOSE"], last["VOLUME"])
    assert prices == (
        Decimal("100.25"), Decimal("246.5"), Decimal("50.125"), Decimal("123.25"), Decimal(300),
    )  # fmt: skip


def test_the_price_is_the_newest_close(get: Any) -> None:
    rows = get("/v2/price", token_id=f"{ONE},{TINY}")
    assert [row["CURRENT_PRICE"] for row in rows] == [Decimal("185.25"), Decimal("0.00000612")]


def test_a_symbol_finds_all_its_tokens_whatever_its_case(get: Any) -> None:
    rows = get("/v2/tokens", symbol="Aaa")
    assert [row["TOKEN_ID"] for row in rows] == [ONE, TWIN]
    assert rows[0]["CATEGORY_LIST"][1]["category_slug"] == "defi"


def test_filters_narrow_each_other(get: Any, url: str) -> None:
    assert [r["TOKEN_ID"] for r in get("/v2/tokens", category="wrapped-tokens")] == [TWIN]
    assert [r["token_id"] for r in get("/v3/tokens", slug="alpha")] == [ONE]
    assert [r["token_id"] for r in get("/v3/tokens", marketcap=1000)] == [ONE]
    assert [r["TOKEN_ID"] for r in get("/v2/tokens", token_name="tiny,alpha")] == [ONE, TINY]
    answer = httpx.get(f"{url}/v2/tokens?symbol=TNY&token_id={ONE}", headers=HEADERS)
    assert answer.status_code == 404


def test_version_three_shows_market_value_and_lists_when_asked(get: Any) -> None:
    (plain,) = get("/v3/tokens", token_id=ONE)
    assert plain["market_cap"] == Decimal("5000000000.5")
    assert "category_list" not in plain
    (full,) = get("/v3/tokens", token_id=ONE, expand="exchange_list,category_list")
    assert [c["category_name"] for c in full["category_list"]] == ["Layer 1", "DeFi"]


def test_rows_come_newest_first_with_tokens_interleaved(get: Any) -> None:
    rows = get("/v2/hourly-ohlcv", token_id=f"{ONE},{TWIN}", limit=4)
    assert [(row["TIMESTAMP"][11:13], row["TOKEN_ID"]) for row in rows] == [
        ("13", ONE), ("13", TWIN), ("12", ONE), ("12", TWIN),
    ]  # fmt: skip


def test_pages_of_one_hundred_at_most_hold_every_row_once(get: Any) -> None:
    pages = [get("/v2/hourly-ohlcv", limit=1000, page=page) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [100, 100, 58]
    rows = {(row["TOKEN_ID"], row["TIMESTAMP"]) for page in pages for row in page}
    assert len(rows) == 3 * 86


def test_a_page_is_fifty_rows_and_page_zero_is_the_first(get: Any) -> None:
    assert len(get("/v2/hourly-ohlcv")) == 50
    assert get("/v2/hourly-ohlcv", page=0) == get("/v2/hourly-ohlcv", page=1)


def test_both_ends_of_a_range_are_included(get: Any) -> None:
    rows = get(
        "/v2/hourly-ohlcv", token_id=ONE, startDate="2025-09-01", endDate="2025-09-02", limit=100
    )
    assert len(rows) == 48
    assert rows[-1]["TIMESTAMP"] == "2025-09-01T00:00:00.000Z"
    assert rows[0]["TIMESTAMP"] == "2025-09-02T23:00:00.000Z"


def test_unknown_parameters_are_ignored(get: Any) -> None:
    assert len(get("/v2/hourly-ohlcv", token_id=ONE, start_date="2025-09-04", limit=100)) == 86


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v2/hourly-trading-signals", 422),
        ("/v2/hourly-ohlcv?token_id=abc", 400),
        ("/v2/hourly-ohlcv?startDate=01.09.2025", 400),
        ("/v2/hourly-ohlcv?startDate=2025-02-30", 400),
        ("/v2/hourly-ohlcv?startDate=2025-09-02&endDate=2025-09-01", 400),
        ("/v2/hourly-ohlcv?limit=0", 400),
        ("/v2/trading-signals?signal=2", 400),
        ("/v2/tokens?token_id=999", 404),
        ("/v2/hourly-ohlcv?token_id=11&startDate=2024-01-01&endDate=2024-01-02", 404),
        ("/v2/hourly-ohlcv?token_id=11&page=3&limit=100", 404),
        ("/v2/quantmetrics?token_id=13", 404),
        ("/v2/no-such-endpoint", 404),
        ("/v1/tokens", 404),
        ("/elsewhere", 404),
    ],
)
def test_a_refusal_has_its_status_and_the_envelope(url: str, path: str, status: int) -> None:
    answer = httpx.get(url + path, headers=HEADERS)
    assert answer.status_code == status
    body = answer.json()
    assert (body["success"], body["length"], body["data"]) == (False, 0, [])
    if status == 404:
        assert body == json.loads((FIXTURES / "error_404_no_rows.json").read_text())


def test_version_three_takes_hourly_signals_without_an_id(get: Any) -> None:
    rows = get("/v3/hourly-trading-signals", symbol="aaa", limit=1)
    assert rows[0]["signal"] == "0"
