"""Readers of the wire: the example payloads, and every way in which a row can be wrong."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.adapters.tokenmetrics.limits import LEVELS_MAX, ROWS_MAX
from bot.adapters.tokenmetrics.parsed import FaultCode, Observation, Parsed
from bot.adapters.tokenmetrics.wire import (
    PARSERS,
    parse_daily_signals,
    parse_grades,
    parse_hourly_ohlcv,
    parse_hourly_signals,
    parse_prices,
    parse_quantmetrics,
    parse_tokens,
)
from bot.adapters.tokenmetrics.wire_levels import parse_levels
from bot.adapters.tokenmetrics.wire_settings import DrawdownForm, WireSettings
from bot.domain.errors import BadPayloadError, ProviderError
from bot.domain.instants import DAY, floor_day, parse_instant
from bot.domain.values import Level

FIXTURES = Path(__file__).parents[3] / "fixtures" / "wire"
FETCHED = parse_instant("2025-09-01T15:00:05Z")
PLAIN = WireSettings()


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.json").read_bytes()


def body(*rows: object) -> bytes:
    return json.dumps({"success": True, "message": "", "data": rows}).encode()


def codes(parsed: Parsed[Observation]) -> list[FaultCode]:
    return [fault.code for fault in parsed.faults]


BAR = {
    "TOKEN_ID": 1,
    "TIMESTAMP": "2025-09-01T12:00:00.000Z",
    "OPEN": 10,
    "HIGH": 12,
    "LOW": 9,
    "CLOSE": 11,
    "VOLUME": 3,
}
SIGNAL = {"TOKEN_ID": 1, "TIMESTAMP": "2025-09-01T12:00:00.000Z", "SIGNAL": "1"}


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [
        ("tokens", Endpoint.TOKENS),
        ("hourly_ohlcv", Endpoint.HOURLY_OHLCV),
        ("hourly_trading_signals", Endpoint.HOURLY_SIGNALS),
        ("trading_signals", Endpoint.DAILY_SIGNALS),
        ("resistance_support", Endpoint.LEVELS),
        ("quantmetrics", Endpoint.QUANTMETRICS),
        ("tm_grade", Endpoint.GRADES),
    ],
)
@pytest.mark.parametrize("version", ["v2", "v3"])
def test_every_row_of_the_examples_is_read(version: str, name: str, endpoint: Endpoint) -> None:
    parsed = PARSERS[endpoint](fixture(f"{version}_{name}"), FETCHED, PLAIN)
    assert parsed.rows > 0
    assert len(parsed.observations) + parsed.unfinished == parsed.rows
    assert parsed.faults == ()
    assert parsed.unknown_keys == ()


@pytest.mark.parametrize("name", ["hourly_ohlcv", "hourly_trading_signals", "trading_signals"])
def test_both_versions_of_the_wire_say_the_same(name: str) -> None:
    endpoint = Endpoint(name.replace("_", "-"))
    older = PARSERS[endpoint](fixture(f"v2_{name}"), FETCHED, PLAIN)
    newer = PARSERS[endpoint](fixture(f"v3_{name}"), FETCHED, PLAIN)
    assert older.observations == newer.observations


def test_bars_are_exact_and_an_exponent_is_a_price() -> None:
    bars = parse_hourly_ohlcv(fixture("v2_hourly_ohlcv"), FETCHED, PLAIN).observations
    small = next(bar for bar in bars if bar.token_id == 4242)
    assert (small.open, small.high) == (Decimal("0.00000612"), Decimal("0.00000618"))
    assert small.open_time == parse_instant("2025-09-01T12:00:00Z")
    assert small.available_at == FETCHED
    assert small.volume == 912345678


def test_a_bar_is_read_from_the_instant_of_its_close() -> None:
    closed = parse_instant("2025-09-01T13:00:00Z")
    early = parse_hourly_ohlcv(body(BAR), closed - 1, PLAIN)
    assert (early.observations, early.unfinished, early.faults) == ((), 1, ())
    assert len(parse_hourly_ohlcv(body(BAR), closed, PLAIN).observations) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"TOKEN_ID": None}, FaultCode.FIELD_MISSING),
        ({"TOKEN_ID": True}, FaultCode.NUMBER_BAD),
        ({"CLOSE": None}, FaultCode.FIELD_MISSING),
        ({"CLOSE": "1,234.5"}, FaultCode.NUMBER_BAD),
        ({"CLOSE": float("nan")}, FaultCode.NUMBER_BAD),
        ({"CLOSE": float("inf")}, FaultCode.NUMBER_BAD),
        ({"CLOSE": True}, FaultCode.NUMBER_BAD),
        ({"CLOSE": 0}, FaultCode.NUMBER_BAD),
        ({"LOW": -1}, FaultCode.NUMBER_BAD),
        ({"VOLUME": -1}, FaultCode.NUMBER_BAD),
        ({"VOLUME": "much"}, FaultCode.NUMBER_BAD),
        ({"TIMESTAMP": None}, FaultCode.FIELD_MISSING),
        ({"TIMESTAMP": 1756728000}, FaultCode.TIME_BAD),
        ({"TIMESTAMP": "2025-09-01T12:30:00Z"}, FaultCode.TIME_BAD),
        ({"TIMESTAMP": "2025-09-02T16:00:00Z"}, FaultCode.TIME_BAD),
    ],
)
def test_a_bar_with_a_wrong_field_is_left_out_by_name_and_the_others_are_read(
    change: dict[str, object], code: FaultCode
) -> None:
    parsed = parse_hourly_ohlcv(body(BAR | change, BAR | {"TOKEN_ID": 2}), FETCHED, PLAIN)
    assert [bar.token_id for bar in parsed.observations] == [2]
    assert [(fault.row, fault.code) for fault in parsed.faults] == [(0, code)]


def test_a_number_beyond_all_bounds_spoils_its_own_row_only() -> None:
    text = body(BAR, BAR | {"TOKEN_ID": 2}).replace(b'"CLOSE": 11', b'"CLOSE": 1e999', 1)
    parsed = parse_hourly_ohlcv(text, FETCHED, PLAIN)
    assert [bar.token_id for bar in parsed.observations] == [2]
    assert codes(parsed) == [FaultCode.NUMBER_BAD]


def test_an_impossible_bar_is_kept_for_the_market_to_name() -> None:
    parsed = parse_hourly_ohlcv(body(BAR | {"HIGH": 5}), FETCHED, PLAIN)
    assert len(parsed.observations) == 1


def test_a_bar_without_a_volume_is_a_bar() -> None:
    row = {key: value for key, value in BAR.items() if key != "VOLUME"}
    (bar,) = parse_hourly_ohlcv(body(row), FETCHED, PLAIN).observations
    assert bar.volume is None


def test_a_row_twice_is_one_observation_and_a_contradiction_is_two() -> None:
    assert len(parse_hourly_ohlcv(body(BAR, BAR), FETCHED, PLAIN).observations) == 1
    assert (
        len(parse_hourly_ohlcv(body(BAR, BAR | {"CLOSE": 10.5}), FETCHED, PLAIN).observations) == 2
    )


def test_a_number_written_in_two_ways_is_one_observation() -> None:
    parsed = parse_hourly_ohlcv(body(BAR, BAR | {"CLOSE": "11.00"}), FETCHED, PLAIN)
    assert len(parsed.observations) == 1


@pytest.mark.parametrize("row", [None, 5, "row", [], [[]]])
def test_a_row_that_is_no_object_is_counted(row: object) -> None:
    parsed = parse_hourly_ohlcv(body(row, BAR), FETCHED, PLAIN)
    assert len(parsed.observations) == 1
    assert codes(parsed) == [FaultCode.ROW_NOT_OBJECT]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("1", "1"), (-1, "-1"), (0, "0"), (1.0, "1"), ("Bullish", "Bullish"), ("7", "7")],
)
def test_the_text_of_a_signal_is_kept_as_sent(sent: object, kept: str) -> None:
    (signal,) = parse_hourly_signals(body(SIGNAL | {"SIGNAL": sent}), FETCHED, PLAIN).observations
    assert (signal.signal, signal.source, signal.available_at) == (kept, "hourly", FETCHED)


@pytest.mark.parametrize("sent", [True, None, "", "  ", [], "a\nb", float("nan")])
def test_what_is_no_signal_is_left_out(sent: object) -> None:
    parsed = parse_hourly_signals(body(SIGNAL | {"SIGNAL": sent}), FETCHED, PLAIN)
    assert parsed.observations == ()
    assert len(parsed.faults) == 1


def test_a_daily_signal_is_that_of_the_day_and_not_the_trend() -> None:
    found = parse_daily_signals(fixture("v2_trading_signals"), FETCHED, PLAIN).observations
    day = parse_instant("2025-04-10")
    newest = {one.token_id: one for one in found if one.valid_time == day}
    assert (newest[3375].signal, newest[3375].source) == ("0", "daily")
    assert newest[3306].signal == "1"


def test_a_signal_a_day_ahead_is_refused() -> None:
    ahead = parse_instant("2025-09-01T12:00:00Z") - DAY
    assert codes(parse_hourly_signals(body(SIGNAL), ahead, PLAIN)) == [FaultCode.TIME_BAD]
    assert codes(parse_hourly_signals(body(SIGNAL), ahead + 1, PLAIN)) == []


def test_the_articles_names_of_a_signal_are_read() -> None:
    row = {"token_id": 1, "signal": "Bullish", "confidence": 0.9}
    row |= {"generated_at": "2025-09-01T12:00:00Z"}
    (signal,) = parse_hourly_signals(body(row), FETCHED, PLAIN).observations
    assert signal.valid_time == parse_instant("2025-09-01T12:00:00Z")


def test_levels_of_a_token_are_one_list_seen_at_the_fetch() -> None:
    found = {
        one.token_id: one
        for one in parse_levels(fixture("v2_resistance_support"), FETCHED, PLAIN).observations
    }
    assert found[3988].seen_at == FETCHED
    assert found[3988].levels == (
        Level(price=Decimal("0.69"), level_date=parse_instant("2020-06-05")),
        Level(price=Decimal("1.81"), level_date=parse_instant("2021-02-24")),
        Level(price=Decimal("9.9"), level_date=parse_instant("2021-02-12")),
    )
    assert found[3375].levels[-1].price == Decimal("124474")


def test_no_levels_is_knowledge_whether_the_list_is_empty_null_or_missing() -> None:
    rows = [{"TOKEN_ID": 1, "HISTORICAL_RESISTANCE_SUPPORT_LEVELS": []}]
    rows += [{"TOKEN_ID": 2, "HISTORICAL_RESISTANCE_SUPPORT_LEVELS": None}]
    rows += [{"TOKEN_ID": 3}]
    parsed = parse_levels(body(*rows), FETCHED, PLAIN)
    assert [(one.token_id, one.levels) for one in parsed.observations] == [
        (1, ()),
        (2, ()),
        (3, ()),
    ]
    assert parsed.faults == ()
    bare = parse_levels(fixture("v2_resistance_support_without_list"), FETCHED, PLAIN)
    assert [one.levels for one in bare.observations] == [()]


def test_the_two_lists_of_the_articles_are_read_with_their_strengths() -> None:
    (found,) = parse_levels(fixture("idealised_resistance_support"), FETCHED, PLAIN).observations
    assert [(level.price, level.strength) for level in found.levels] == [
        (Decimal("0.69"), 72.0),
        (Decimal("9.9"), 55.0),
    ]


@pytest.mark.parametrize(
    "entry",
    [None, [], {}, {"level": None}, {"level": 0}, {"level": -1}, {"level": "x"}, {"level": True},
     {"level": 1, "date": "soon"}, {"level": 1, "strength": "strong"}],
)  # fmt: skip
def test_a_level_that_cannot_be_read_is_counted_and_the_others_stay(entry: object) -> None:
    listed = [{"level": 5, "date": "2024-01-01"}, entry]
    row = {"TOKEN_ID": 1, "HISTORICAL_RESISTANCE_SUPPORT_LEVELS": listed}
    parsed = parse_levels(body(row), FETCHED, PLAIN)
    assert [level.price for level in parsed.observations[0].levels] == [5]
    assert codes(parsed) == [FaultCode.LEVEL_BAD]


@pytest.mark.parametrize("listed", ["none", {"level": 5}, 7])
def test_a_list_of_levels_that_is_none_is_no_empty_book(listed: object) -> None:
    row = {"TOKEN_ID": 1, "HISTORICAL_RESISTANCE_SUPPORT_LEVELS": listed}
    parsed = parse_levels(body(row), FETCHED, PLAIN)
    assert parsed.observations == ()
    assert codes(parsed) == [FaultCode.LIST_BAD]


def test_the_newest_of_a_tokens_lists_counts() -> None:
    older = {"TOKEN_ID": 1, "DATE": "2025-08-31", "SUPPORT": [{"price": 1}]}
    newer = {"TOKEN_ID": 1, "DATE": "2025-09-01", "SUPPORT": [{"price": 2}]}
    for rows in ([older, newer], [newer, older]):
        (found,) = parse_levels(body(*rows), FETCHED, PLAIN).observations
        assert found.levels == (Level(price=Decimal(2)),)


def test_two_lists_of_one_day_contradict_and_refuse_the_token() -> None:
    one = {"TOKEN_ID": 1, "DATE": "2025-09-01", "SUPPORT": [{"price": 1}]}
    other = {"TOKEN_ID": 1, "DATE": "2025-09-01", "SUPPORT": [{"price": 2}]}
    parsed = parse_levels(body(one, other, one | {"TOKEN_ID": 2}), FETCHED, PLAIN)
    assert [found.token_id for found in parsed.observations] == [2]
    assert codes(parsed) == [FaultCode.ROWS_CONTRADICT]


def test_metrics_are_named_and_a_null_is_absent() -> None:
    found = {
        one.token_id: one
        for one in parse_quantmetrics(fixture("v2_quantmetrics"), FETCHED, PLAIN).observations
    }
    assert dict(found[3375].values)["sharpe"] == 1.15
    assert dict(found[39111].values) == {"all_time_return": -1.0, "volatility": 2.88}
    assert found[3375].valid_time == parse_instant("2025-06-10")
    assert [name for name, _ in found[4242].values] == sorted(dict(found[4242].values))


@pytest.mark.parametrize(
    ("sign", "unit", "sent", "kept"),
    [
        ("negative", "fraction", -0.62, 0.62),
        ("negative", "percent", -62, 0.62),
        ("positive", "fraction", 0.62, 0.62),
        ("positive", "percent", 62, 0.62),
        # Out of [0, 1]: kept as it is, so that the gate can say METRIC_OUT_OF_DOMAIN.
        ("negative", "fraction", 0.62, -0.62),
        ("negative", "fraction", -62, 62.0),
        ("negative", "fraction", 0, 0.0),
    ],
)
def test_a_drawdown_is_read_by_its_setting_and_never_guessed(
    sign: str, unit: str, sent: float, kept: float
) -> None:
    settings = WireSettings(max_drawdown=DrawdownForm(sign=sign, unit=unit))  # type: ignore[arg-type]
    row = {"TOKEN_ID": 1, "DATE": "2025-09-01", "MAX_DRAWDOWN": sent}
    (found,) = parse_quantmetrics(body(row), FETCHED, settings).observations
    assert repr(found.values) == repr((("max_drawdown", kept),))


@pytest.mark.parametrize("sent", [float("nan"), True, "n/a", [], 10**40])
def test_a_metric_that_cannot_be_read_is_missing_by_name_and_the_others_stay(sent: object) -> None:
    row = {"TOKEN_ID": 1, "DATE": "2025-09-01", "SHARPE": sent, "SORTINO": 1.5}
    parsed = parse_quantmetrics(body(row), FETCHED, PLAIN)
    assert parsed.observations[0].values == (("sortino", 1.5),)
    assert codes(parsed) == [FaultCode.NUMBER_BAD]
    assert parsed.faults[0].detail.startswith("sharpe: ")


def test_a_snapshot_without_a_date_describes_the_day_it_was_seen() -> None:
    (metrics,) = parse_quantmetrics(body({"TOKEN_ID": 1}), FETCHED, PLAIN).observations
    (grade,) = parse_grades(body({"TOKEN_ID": 1, "TM_GRADE": "5"}), FETCHED, PLAIN).observations
    assert metrics.valid_time == grade.valid_time == floor_day(FETCHED)


def test_a_snapshot_of_tomorrow_is_lawful_and_one_beyond_is_not() -> None:
    row = {"TOKEN_ID": 1, "DATE": "2025-09-02"}
    assert len(parse_quantmetrics(body(row), FETCHED, PLAIN).observations) == 1
    early = parse_instant("2025-08-31T23:00:00Z")
    assert codes(parse_quantmetrics(body(row), early, PLAIN)) == [FaultCode.TIME_BAD]


def test_grades_are_read_from_text_and_from_numbers() -> None:
    found = parse_grades(fixture("v2_tm_grade"), FETCHED, PLAIN).observations
    assert {one.token_id: one.tm_grade for one in found} == {3375: 71.42, 3306: 18.0}
    first = parse_grades(fixture("v2_tm_grade_first_edition"), FETCHED, PLAIN)
    assert [one.tm_grade for one in first.observations] == [71.42]
    assert first.unknown_keys == ()


@pytest.mark.parametrize("sent", [101, -1, "A+", float("nan")])
def test_a_grade_outside_its_scale_is_left_out(sent: object) -> None:
    parsed = parse_grades(body({"TOKEN_ID": 1, "TM_GRADE": sent}), FETCHED, PLAIN)
    assert parsed.observations == ()
    assert codes(parsed) == [FaultCode.NUMBER_BAD]


def test_tokens_carry_categories_and_market_value() -> None:
    older = {
        one.token_id: one for one in parse_tokens(fixture("v2_tokens"), FETCHED, PLAIN).observations
    }
    assert older[3375].category == "Layer 1;Proof of Work"
    assert older[17528].symbol == "btc"
    newer = {
        one.token_id: one for one in parse_tokens(fixture("v3_tokens"), FETCHED, PLAIN).observations
    }
    assert newer[17528].market_cap == Decimal("1200500.25")
    assert newer[3306].market_cap is None


def test_prices_without_a_time_have_none_and_a_null_price_is_left_out() -> None:
    older = parse_prices(fixture("v2_price"), FETCHED, PLAIN)
    assert [quote.valid_time for quote in older.observations] == [None, None]
    newer = parse_prices(fixture("v3_price"), FETCHED, PLAIN)
    assert [quote.token_id for quote in newer.observations] == [3375]
    assert codes(newer) == [FaultCode.FIELD_MISSING]


def test_no_rows_reads_as_no_observations() -> None:
    for parse in PARSERS.values():
        parsed = parse(fixture("error_404_no_rows"), FETCHED, PLAIN)
        assert (parsed.observations, parsed.rows) == ((), 0)


@pytest.mark.parametrize(
    "name", ["error_200_not_success", "error_400", "error_401_key", "error_401_plan", "error_429"]
)
def test_the_body_of_an_error_is_never_read_as_rows(name: str) -> None:
    for parse in PARSERS.values():
        with pytest.raises(ProviderError):
            parse(fixture(name), FETCHED, PLAIN)


@pytest.mark.parametrize("text", [b"5", b'"x"', b"null", b'{"data": {}}', b'{"message": "x"}'])
def test_an_answer_without_a_list_of_rows_is_a_bad_payload(text: bytes) -> None:
    with pytest.raises(BadPayloadError):
        parse_prices(text, FETCHED, PLAIN)


@pytest.mark.parametrize("success", ["true", 1, None, "yes"])
def test_success_is_a_boolean_or_the_answer_failed(success: object) -> None:
    text = json.dumps({"success": success, "data": []}).encode()
    with pytest.raises(ProviderError):
        parse_prices(text, FETCHED, PLAIN)


def test_rows_without_an_envelope_are_read() -> None:
    row = {"token_id": 1, "current_price": 5}
    for text in (json.dumps([row]), json.dumps(row)):
        assert len(parse_prices(text.encode(), FETCHED, PLAIN).observations) == 1


def test_a_wrong_length_is_named_and_the_rows_are_read() -> None:
    text = json.dumps({"success": True, "length": 3, "data": [BAR]}).encode()
    parsed = parse_hourly_ohlcv(text, FETCHED, PLAIN)
    assert len(parsed.observations) == 1
    assert [(fault.row, fault.code) for fault in parsed.faults] == [(-1, FaultCode.LENGTH_DIFFERS)]


def test_keys_that_no_document_shows_are_named() -> None:
    parsed = parse_hourly_ohlcv(body(BAR | {"Vwap": 1}), FETCHED, PLAIN)
    assert len(parsed.observations) == 1
    assert parsed.unknown_keys == ("vwap",)


def test_as_many_rows_as_allowed_are_read_and_one_more_is_a_bad_payload() -> None:
    assert parse_prices(body(*[{}] * ROWS_MAX), FETCHED, PLAIN).rows == ROWS_MAX
    with pytest.raises(BadPayloadError, match="rows in one answer"):
        parse_prices(body(*[{}] * (ROWS_MAX + 1)), FETCHED, PLAIN)


def test_a_list_of_as_many_levels_as_allowed_is_read_and_a_longer_one_is_not() -> None:
    def parsed(count: int) -> Parsed[Observation]:
        return parse_levels(
            body({"TOKEN_ID": 1, "SUPPORT": [{"price": 1}] * count}), FETCHED, PLAIN
        )

    assert len(parsed(LEVELS_MAX).observations) == 1
    assert codes(parsed(LEVELS_MAX + 1)) == [FaultCode.LIST_BAD]
