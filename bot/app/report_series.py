"""A run's equity as series to draw: curves by day, falls below the peak, share in the market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bot.app.history_notes import ended_early
from bot.app.performance import Performance
from bot.app.performance_equity import MONEY, DailyPoints, Equity, FloatColumn
from bot.domain.bar_table import BarTable, IntColumn
from bot.domain.instants import DAY, HOUR, format_instant, parse_instant

Document = dict[str, Any]
HOURLY_SLOTS = 45 * 24  # runs up to here are drawn hour by hour, longer ones by day
_CENTS = 2
_RATE_DECIMALS = 5
_PRICE_DIGITS = 6
_MONTHS = 12


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Document:
    """Rows under column names, written once."""
    return {"columns": list(columns), "rows": [list(row) for row in rows]}


def equity_table(equity: Equity, performance: Performance) -> Document:
    """Account and benchmarks in quote units: t, name, value."""
    instants, values = _account(equity)
    rows: list[tuple[int, str, float]] = _named(instants, values, "this strategy")
    seen: list[tuple[int, ...]] = []
    for one in performance.benchmarks:
        held = one.benchmark
        if held.token_ids not in seen:  # BTC is often the first token too
            seen.append(held.token_ids)
            instants = np.append(held.daily.instants, equity.end)
            rows += _named(instants, np.append(held.daily.equity, held.final), held.name)
    return table(("t", "name", "value"), rows)


def _named(instants: IntColumn, values: FloatColumn, name: str) -> list[tuple[int, str, float]]:
    return [
        (t, name, round(value, _CENTS))
        for t, value in zip(instants.tolist(), values.tolist(), strict=True)
    ]


def _account(equity: Equity) -> tuple[IntColumn, FloatColumn]:
    """Hourly points of a short run, daily ones of a long run; the last slot always."""
    if equity.n <= HOURLY_SLOTS:
        return np.concatenate(([equity.start - HOUR], equity.slot)), equity.points()
    daily = equity.daily()
    return (
        np.append(daily.instants, equity.end),
        np.append(daily.equity, equity.final / MONEY),
    )


def band_table(daily: DailyPoints, runs: Mapping[str, Sequence[float]]) -> Document:
    """Lowest and highest of the run and its variations at each daily point: t, low, high."""
    if not runs:
        return table(("t", "low", "high"), ())
    values = np.array([daily.equity, *runs.values()])
    rows = zip(
        daily.instants.tolist(),
        values.min(axis=0).round(_CENTS).tolist(),
        values.max(axis=0).round(_CENTS).tolist(),
        strict=True,
    )
    return table(("t", "low", "high"), list(rows))


def share_table(equity: Equity) -> Document:
    """How far below its peak and how much in the market: t, below, invested; fractions.

    A day shows its deepest hour and its mean share; a short run is shown hour by hour.
    """
    points = equity.points()
    peaks = np.maximum.accumulate(points)
    below = (points / peaks - 1.0)[1:]
    total = equity.equity.astype(np.float64)
    held = np.divide(equity.value, total, out=np.zeros(equity.n), where=total > 0)
    if equity.n <= HOURLY_SLOTS:
        instants = equity.slot
    else:
        # A slot at 00:00 ends its day.
        days = (equity.slot - 1) // DAY
        first = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
        counts = np.diff(np.append(first, equity.n))
        below = np.minimum.reduceat(below, first)
        held = np.add.reduceat(held, first) / counts
        instants = days[first] * DAY + DAY
    rows = zip(
        instants.tolist(),
        below.round(_RATE_DECIMALS).tolist(),
        held.round(_RATE_DECIMALS).tolist(),
        strict=True,
    )
    return table(("t", "below", "invested"), list(rows))


def month_rows(equity: Equity) -> list[Document]:
    """Returns by calendar month, a row a year; None for months outside the run."""
    # A slot at 00:00 on the first is the end of the month before.
    closed = np.maximum(equity.slot - 1, equity.slot[0])
    months = (closed.astype("datetime64[ms]").astype("datetime64[M]")).astype(np.int64)
    last = np.flatnonzero(np.diff(months, append=months[-1] + 1))
    ends = equity.equity[last] / MONEY
    starts = np.concatenate(([equity.cash / MONEY], ends[:-1]))
    found: dict[int, list[tuple[int, float, float]]] = {}
    for month, start, end in zip(
        months[last].tolist(), starts.tolist(), ends.tolist(), strict=True
    ):
        year, place = 1970 + month // _MONTHS, month % _MONTHS
        found.setdefault(year, []).append((place, start, end))
    return [_year(year, rows) for year, rows in found.items()]


def _year(year: int, rows: Sequence[tuple[int, float, float]]) -> Document:
    by_month = {place: _change(start, end) for place, start, end in rows}
    return {
        "year": year,
        "months": [by_month.get(place) for place in range(_MONTHS)],
        "total": _change(rows[0][1], rows[-1][2]),
    }


def _change(start: float, end: float) -> float | None:
    return round(end / start - 1.0, _RATE_DECIMALS) if start > 0 else None


def price_table(bars: BarTable, start: int, end: int) -> Document:
    """A token's daily low, high and close within a run: t, low, high, close; hourly if short."""
    inside = (bars.open_time >= start - HOUR) & (bars.open_time < end)
    times, prices = bars.open_time[inside], bars.prices[inside] * 10.0**-bars.decimals
    names = ("t", "low", "high", "close")
    if not len(times):
        return table(names, ())
    if end - start > HOURLY_SLOTS * HOUR:
        first = np.flatnonzero(np.diff(times // DAY, prepend=-1))
        last = np.append(first[1:], len(times)) - 1
        lows = np.minimum.reduceat(prices[:, 2], first)
        highs = np.maximum.reduceat(prices[:, 1], first)
        times, closes = times[last] + HOUR, prices[last, 3]
    else:
        times, lows, highs, closes = times + HOUR, prices[:, 2], prices[:, 1], prices[:, 3]
    columns = [[brief(price) for price in column.tolist()] for column in (lows, highs, closes)]
    return table(names, list(zip(times.tolist(), *columns, strict=True)))


def series_rows(bars: Mapping[int, BarTable], equity: Equity) -> list[Document]:
    """Each token's bars within the run: how many, from when to when, and hours without one."""
    rows = []
    for token_id, found in sorted(bars.items()):
        times = found.open_time
        inside = times[(times >= equity.start - HOUR) & (times < equity.end)]
        if len(inside):
            hours = (int(inside[-1]) - int(inside[0])) // HOUR + 1
            rows.append({
                "token_id": token_id,
                "bars": len(inside),
                "first": format_instant(int(inside[0])),
                "last": format_instant(int(inside[-1])),
                "absent": hours - len(np.unique(inside)),
            })  # fmt: skip
    return rows


def ended_rows(series: Sequence[Document], end: int) -> list[Document]:
    """Tokens whose bars end two days and more before the run does: since when, and for how long.

    Their prices stand still from there on, in the account as in the benchmarks.
    """
    last = [(row["symbol"], parse_instant(row["last"]) + HOUR) for row in series]
    return [
        {"from": format_instant(closed), "days": (end - closed) // DAY, "symbols": symbols}
        for closed, symbols in ended_early(last, end)
    ]


def brief(price: float) -> float:
    """A price for a picture: six significant digits.

    >>> brief(43210.123456), brief(0.0000123456789)
    (43210.1, 1.23457e-05)
    """
    return float(f"{price:.{_PRICE_DIGITS}g}")
