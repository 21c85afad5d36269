"""Series of a report, on runs small enough to work out by hand."""

from __future__ import annotations

import numpy as np

from bot.app.performance_equity import DailyPoints, Equity
from bot.app.report_series import band_table, month_rows, price_table, share_table
from bot.domain.bar_table import NONE, BarTable
from bot.domain.instants import DAY, HOUR, parse_instant

UNIT = 10**8


def equity_of(start: str, values: list[float], held: list[float] | None = None) -> Equity:
    first = parse_instant(start)
    return Equity(
        slot=first + HOUR * np.arange(len(values), dtype=np.int64),
        equity=(np.array(values) * UNIT).astype(np.int64),
        value=(np.array(held or [0.0] * len(values)) * UNIT).astype(np.int64),
        cash=100 * UNIT,
    )


def test_a_slot_at_midnight_of_the_first_ends_the_month_before() -> None:
    rows = month_rows(equity_of("2024-01-31T23:00:00Z", [110, 120, 90, 60]))
    (year,) = rows
    assert year["year"] == 2024
    assert year["months"][:3] == [0.2, -0.5, None]
    assert year["total"] == -0.4


def test_each_year_begins_where_the_last_one_ended() -> None:
    rows = month_rows(equity_of("2023-12-31T23:00:00Z", [200, 200, 100]))
    assert [(row["year"], row["total"]) for row in rows] == [(2023, 1.0), (2024, -0.5)]


def test_a_ruined_account_has_no_return_after_it() -> None:
    rows = month_rows(equity_of("2024-01-31T23:00:00Z", [0, 0, 0]))
    assert rows[0]["months"][:2] == [-1.0, None]


def test_a_short_run_is_shown_by_the_hour_and_falls_count_from_the_starting_cash() -> None:
    found = share_table(equity_of("2024-01-01T01:00:00Z", [80, 120, 90], [20, 0, 45]))
    assert [row[1:] for row in found["rows"]] == [[-0.2, 0.25], [0.0, 0.0], [-0.25, 0.5]]


def test_a_long_run_shows_the_deepest_hour_and_the_mean_share_of_a_day() -> None:
    values = [100.0] * (46 * 24)
    held = [0.0] * len(values)
    values[24 + 5] = 50.0  # of the second day, whose slots are 01:00 to 24:00
    held[24:30] = [0.0, 0.0, 0.0, 0.0, 0.0, 25.0]
    found = share_table(equity_of("2024-01-01T01:00:00Z", values, held))
    assert len(found["rows"]) == 46
    assert found["rows"][1] == [parse_instant("2024-01-03T00:00:00Z"), -0.5, round(0.5 / 24, 5)]
    assert found["rows"][2][1:] == [0.0, 0.0]


def test_the_band_reaches_over_all_runs_and_the_run_itself() -> None:
    daily = DailyPoints(instants=np.array([0, DAY], dtype=np.int64), equity=np.array([100.0, 90.0]))
    found = band_table(daily, {"better": [100.0, 120.0], "like it": [100.0, 95.0]})
    assert found["rows"] == [[0, 100.0, 100.0], [DAY, 90.0, 120.0]]
    assert band_table(daily, {})["rows"] == []


def test_days_of_prices_keep_their_extremes_and_their_last_close() -> None:
    hours = 46 * 24
    prices = np.tile(np.array([10, 12, 9, 11]), (hours, 1))
    prices[30] = (10, 99, 1, 11)  # in the second day
    prices[47, 3] = 12  # its last close
    bars = BarTable(
        token_id=1, decimals=1, volume_decimals=0,
        open_time=HOUR * np.arange(hours, dtype=np.int64), prices=prices,
        volume=np.full(hours, NONE), available_at=np.full(hours, NONE),
    )  # fmt: skip
    found = price_table(bars, HOUR, hours * HOUR)
    assert found["rows"][:2] == [[DAY, 0.9, 1.2, 1.1], [2 * DAY, 0.1, 9.9, 1.2]]
    assert price_table(bars, 90 * DAY, 150 * DAY)["rows"] == []
