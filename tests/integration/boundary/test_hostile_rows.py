"""Some tokens' rows say anything; the slots go on, and the other tokens do not notice.

Every case is a token of its own beside two good ones, so that one run of real slots tries them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.domain.instants import HOUR, format_instant
from tests.support.boundary import EDGE, START, Provider, Way, bar_row, signal_row, way

TURN = START + HOUR
SLOT = format_instant(START + 2 * HOUR)  # the first that knows the turn
GOOD_ENTRIES = [(SLOT, 1, "ENTRY"), (SLOT, 2, "ENTRY")]
FIRST = 101  # the token of the first case

Row = dict[str, Any]
# What becomes of one row of a case's token: nothing, the row, or another one.
Change = Callable[[Row], object]


def outcomes(folder: Path, endpoint: str, cases: Mapping[str, Change], hours: int = 3) -> Row:
    """The first reason of each case, empty where nothing was decided; the good ones must enter."""
    provider = Provider([1, 2, *range(FIRST, FIRST + len(cases))], TURN)
    changes = dict(zip(range(FIRST, FIRST + len(cases)), cases.values(), strict=True))

    def change(asked: str, rows: list[Row]) -> list[object]:
        if asked != endpoint:
            return [*rows]
        return [changes.get(row["TOKEN_ID"], _same)(row) for row in rows]

    provider.change = change
    with way(folder, provider, EDGE) as (made, _):
        provider.clock = made.clock.now
        assert made.slots(hours) == hours
        found = made.decisions()
    assert [row for row in found if row[1] < FIRST] == GOOD_ENTRIES
    reasons: dict[int, str] = {}
    for _, token_id, reason in found:
        reasons.setdefault(token_id, reason)
    return {name: reasons.get(FIRST + n, "") for n, name in enumerate(cases)}


def _same(row: Row) -> Row:
    return row


def with_fields(**fields: object) -> Change:
    return lambda row: row | fields


def each_as(name: str, values: list[object]) -> dict[str, Change]:
    """One case a value, all of them in the field of this name."""
    return {repr(value)[:60]: with_fields(**{name: value}) for value in values}


def each_as_prices(values: list[object]) -> dict[str, Change]:
    names = ("OPEN", "HIGH", "LOW", "CLOSE")
    return {repr(value)[:60]: with_fields(**dict.fromkeys(names, value)) for value in values}


def test_what_is_good_enters(tmp_path: Path) -> None:
    found = outcomes(tmp_path, "quantmetrics", {"plain": _same, "more keys": with_fields(X=[[]])})
    assert found == {"plain": "ENTRY", "more keys": "ENTRY"}


def test_a_price_that_is_none_leaves_a_hole(tmp_path: Path) -> None:
    values: list[object] = [
        float("nan"), float("inf"), -float("inf"), 0, -0.0, -5, 1e-13, 4_000_000_000_100, 1e25,
        1e300, None, True, "", "1,234.5", "0x10", "NaN", "1e999", "\u0661\u0662", [], {}, [1],
        "1" * 65,
    ]  # fmt: skip
    found = outcomes(tmp_path, "hourly-ohlcv", each_as_prices(values))
    assert found == dict.fromkeys(found, "BAR_STALE")


def test_a_price_of_any_lawful_size_is_read(tmp_path: Path) -> None:
    values: list[object] = [1e-12, 2.5e-9, 1e9, 3.9e12, "1e2", "100.0", " 100 "]
    found = outcomes(tmp_path, "hourly-ohlcv", each_as_prices(values))
    assert [name for name, reason in found.items() if reason in {"", "BAR_STALE"}] == []
    assert found["'1e2'"] == found["'100.0'"] == "ENTRY"


def test_a_bar_that_contradicts_itself_is_absent(tmp_path: Path) -> None:
    cases = {
        "a volume below 0": (with_fields(VOLUME=-1), "BAR_STALE"),
        "a volume in words": (with_fields(VOLUME="much"), "BAR_STALE"),
        "a volume beyond all": (with_fields(VOLUME=1e29), "ENTRY"),
        "no volume": (with_fields(VOLUME=None), "ENTRY"),
        "a high below": (with_fields(HIGH=1), "BAR_STALE"),
        "a low above": (with_fields(LOW=1000), "BAR_STALE"),
        "a close outside": (with_fields(CLOSE=10_000), "BAR_STALE"),
    }
    found = outcomes(tmp_path, "hourly-ohlcv", {name: case for name, (case, _) in cases.items()})
    assert found == {name: reason for name, (_, reason) in cases.items()}


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [("tokens", ""), ("hourly-ohlcv", "BAR_STALE"), ("hourly-trading-signals", ""),
     ("quantmetrics", "METRIC_MISSING"), ("resistance-support", "NO_SUPPORT")],
)  # fmt: skip
def test_an_id_that_no_record_can_hold_is_nobodys(
    tmp_path: Path, endpoint: str, reason: str
) -> None:
    values: list[object] = [
        0, -3, 1.5, True, None, "", "x", 10**15 + 1, 2**53, 10**30, "3375,3306", [3], {"id": 3},
        float("nan"), 1e300,
    ]  # fmt: skip
    found = outcomes(tmp_path, endpoint, each_as("TOKEN_ID", values))
    assert found == dict.fromkeys(found, reason)


def test_an_unknown_call_moves_nothing(tmp_path: Path) -> None:
    values: list[object] = [
        2, "7", "maybe", "1.5", None, True, "", float("nan"), [], {}, "\u202e1", "a" * 300,
    ]  # fmt: skip
    cases = {
        repr(value)[:60]: lambda row, value=value: (
            row | {"SIGNAL": value} if row["SIGNAL"] == "1" else row
        )
        for value in values
    }
    found = outcomes(tmp_path, "hourly-trading-signals", cases)
    assert found == dict.fromkeys(found, "")


def at_the_turn(moment: object) -> Change:
    """The call of the turn comes under another time, and no call comes after it."""

    def change(row: Row) -> object:
        if row["TIMESTAMP"] < format_instant(TURN):
            return row
        return row | {"TIMESTAMP": moment}

    return change


def test_a_call_dated_in_the_future_is_not_used_before_its_hour_has_passed(tmp_path: Path) -> None:
    cases = {
        f"{hours} h ahead": at_the_turn(format_instant(TURN + hours * HOUR))
        for hours in (1, 5, 23, 24, 30, 24 * 365)
    }
    found = outcomes(tmp_path, "hourly-trading-signals", cases)
    assert found == dict.fromkeys(found, "")


def test_a_time_is_read_in_one_way_or_not_at_all(tmp_path: Path) -> None:
    read = [
        "2025-09-01T13:00:00", "2025-09-01T13:00:00Z", "2025-09-01T15:00:00+02:00",
        "2025-09-01T15:00:00+0200", "2025-09-01 13:00", "2025-09-01T13:00:00.000000001Z",
    ]  # fmt: skip
    refused: list[object] = [
        "2025-09-01T13:00:60Z", 1756731600, 1756731600000, "1756731600", "1756731600000000000",
        "1970-01-01T00:00:00Z", "9999-12-31T23:00:00Z", "2025-09-01T25:00:00Z", "2025-13-01",
        "2025-09-01T13:00:00+99:99", "2025-09-01T13:00:00 Europe/Berlin", "", None, True, [],
    ]  # fmt: skip
    cases = {repr(moment): at_the_turn(moment) for moment in [*read, *refused]}
    found = outcomes(tmp_path, "hourly-trading-signals", cases)
    assert found == {repr(m): "ENTRY" for m in read} | {repr(m): "" for m in refused}


def test_levels_of_every_shape_lead_to_a_bracket_or_to_a_reason(tmp_path: Path) -> None:
    cases: list[tuple[object, str]] = [
        ([{"level": 97.5}, {"level": 104}], "ENTRY"),
        ([{"level": 104}, {"level": 97.5}, {"level": 97.5}, {"level": 104}], "ENTRY"),
        ([{"level": "97.5"}, {"level": -1}, {"level": 104}, None, {"level": 1e29}, 7], "ENTRY"),
        ([{"level": 101}, {"level": 150}], "NO_SUPPORT"),
        ([{"level": 97.5}, {"level": 99}], "NO_RESISTANCE"),
        ([{"level": 100}], "NO_SUPPORT"),
        ([{"level": 100}, {"level": 100.0}, {"level": "1e2"}], "NO_SUPPORT"),
        ([{"level": 5}, {"level": 104}], "STOP_TOO_FAR"),
        ([{"level": 97.5}, {"level": 100}], "TARGET_NOT_PROFITABLE"),
        ([], "NO_SUPPORT"),
        (None, "NO_SUPPORT"),
        ([[]], "NO_SUPPORT"),
        ([[[]]], "NO_SUPPORT"),
        ([None], "NO_SUPPORT"),
        ([{}], "NO_SUPPORT"),
        ([{"level": 0}, {"level": -104}, {"level": float("nan")}], "NO_SUPPORT"),
        ("none", "NO_SUPPORT"),
        ({"level": 97.5}, "NO_SUPPORT"),
    ]
    key = "HISTORICAL_RESISTANCE_SUPPORT_LEVELS"
    named = {repr(listed): with_fields(**{key: listed}) for listed, _ in cases}
    found = outcomes(tmp_path, "resistance-support", named)
    assert found == {repr(listed): reason for listed, reason in cases}


def test_metrics_that_say_nothing_refuse_by_name(tmp_path: Path) -> None:
    cases: list[tuple[Row, str]] = [
        ({"SHARPE": None}, "METRIC_MISSING"),
        ({"SHARPE": "NaN"}, "METRIC_MISSING"),
        ({"SHARPE": True}, "METRIC_MISSING"),
        ({"SHARPE": "0x10"}, "METRIC_MISSING"),
        ({"SHARPE": 10**40}, "METRIC_MISSING"),
        ({"SHARPE": -1e9}, "SHARPE_LOW"),
        ({"SHARPE": "1.5"}, "ENTRY"),
        ({"VOLATILITY": 0}, "VOL_MISSING"),
        ({"VOLATILITY": -0.6}, "VOL_MISSING"),
        ({"VOLATILITY": None}, "VOL_MISSING"),
        ({"MAX_DRAWDOWN": 0.5}, "METRIC_OUT_OF_DOMAIN"),
        ({"MAX_DRAWDOWN": -62}, "METRIC_OUT_OF_DOMAIN"),
        ({"MAX_DRAWDOWN": -0.99}, "DRAWDOWN_HIGH"),
        # The age of a snapshot counts from when it was seen, and the day's row is rebuilt.
        ({"DATE": "2025-08-01"}, "ENTRY"),
        ({"DATE": "2025-09-02"}, "ENTRY"),
        ({"DATE": "2025-09-09"}, "METRIC_MISSING"),
        ({"DATE": 20250901}, "METRIC_MISSING"),
    ]
    named = {repr(fields): with_fields(**fields) for fields, _ in cases}
    found = outcomes(tmp_path, "quantmetrics", named)
    assert found == {repr(fields): reason for fields, reason in cases}


def test_a_symbol_is_text_or_the_token_is_not_listed(tmp_path: Path) -> None:
    listed = [
        "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "\u0627\u0644\u0633\u0648\u0642", "",
        "T1", "+1", "-1", "@SUM(A1)", "{0}", "%s", "'; DROP TABLE bar; --", "../../etc/passwd",
    ]  # fmt: skip
    absent: list[object] = [
        "a\x1b[31m", "a\nlevel=error", "\x00", "a\tb", "\x7f", "x" * 201, 7, None, [], "\ud800",
    ]  # fmt: skip
    cases = each_as("TOKEN_SYMBOL", [*listed, *absent])
    found = outcomes(tmp_path, "tokens", cases)
    lawful = {repr(name)[:60] for name in listed}
    assert found == {name: "ENTRY" if name in lawful else "" for name in cases}


def test_a_redenominated_token_opens_nothing_until_somebody_looked(tmp_path: Path) -> None:
    def moved(factor: float) -> Change:
        return lambda row: (
            row if row["TIMESTAMP"] < format_instant(START) else bar_row(
                row["TOKEN_ID"], TURN if row["TIMESTAMP"] >= format_instant(TURN) else START,
                100 * factor,
            )
        )  # fmt: skip

    cases = {"a thousandth": moved(0.001), "a tenth": moved(0.1), "a little": moved(0.99)}
    found = outcomes(tmp_path, "hourly-ohlcv", cases)
    assert found == {"a thousandth": "PRICE_JUMP", "a tenth": "PRICE_JUMP", "a little": "ENTRY"}


def run(folder: Path, change: Callable[[str, list[Row]], list[object]], hours: int) -> Way:
    """Three good tokens whose answers are changed; the way is closed, its database stays."""
    folder.mkdir(exist_ok=True)
    provider = Provider(range(1, 4), TURN)
    provider.change = change
    with way(folder, provider, EDGE) as (made, _):
        provider.clock = made.clock.now
        assert made.slots(hours) == hours
    return made


def test_two_calls_of_one_hour_that_disagree_are_told(tmp_path: Path) -> None:
    def change(endpoint: str, rows: list[Row]) -> list[object]:
        turned = any(row.get("SIGNAL") == "1" for row in rows)
        return [*rows, signal_row(3, TURN, "-1")] if turned else [*rows]

    found = run(tmp_path, change, 3)
    assert ("SIGNAL_AMBIGUOUS", 3) in found.rows("SELECT kind, token_id FROM notice")


def test_rows_twice_in_any_order_and_with_strange_fields_change_nothing(tmp_path: Path) -> None:
    def odd(_: str, rows: list[Row]) -> list[object]:
        extra = {"Vwap": [[]], "TM_LINK": "a", "tm_link": "b", "": None}
        return [None, *reversed(rows), 7, *(row | extra for row in rows), [[]]]

    plain = run(tmp_path / "plain", lambda _, rows: [*rows], 5)
    strange = run(tmp_path / "odd", odd, 5)
    query = "SELECT body FROM journal ORDER BY seq"
    assert plain.rows(query) == strange.rows(query)


def test_rows_about_a_token_that_no_list_names_are_told_and_bought_by_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(endpoint: str, rows: list[Row]) -> list[object]:
        foreign: list[object] = []
        if endpoint == "hourly-trading-signals":
            hours = [START + n * HOUR for n in range(-3, 3)]
            foreign = [signal_row(77, at, "1" if at >= TURN else "-1") for at in hours]
        if endpoint == "hourly-ohlcv":
            foreign = [bar_row(77, START - HOUR)]
        return [*rows, *foreign]

    found = run(tmp_path, change, 4).decisions()
    assert [row for row in found if row[1] == 77 and row[2] == "ENTRY"] == []
    assert found[:2] == GOOD_ENTRIES
    assert "answer.rows_not_asked_for" in capsys.readouterr().out
