"""What each endpoint answers: which filters it knows, which rows it has and how one is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from bot.domain.instants import DAY
from bot.domain.values import Bar, LevelList, Metrics, Token
from bot.simulator import wire_v2, wire_v3
from bot.simulator.facts import DailyCall, Facts, GradeNow, HourlyCall, unfinished_bar
from bot.simulator.query import Window
from bot.simulator.shapes import Json
from bot.simulator.source import MarketSource, Series

# A key of a row: minus its time, the token and the row's index, so that sorting puts the newest
# first and interleaves the tokens. A negative index ~i is bar i as far as its hour has come.
Key = tuple[int, int, int]


class Wire(Protocol):
    """One version's way to write rows."""

    def token_row(self, token: Token, price: Decimal | None) -> dict[str, Json]: ...
    def price_row(self, token: Token, price: Decimal | None, now: int) -> dict[str, Json]: ...
    def hourly_bar_row(self, token: Token, bar: Bar) -> dict[str, Json]: ...
    def daily_bar_row(self, token: Token, bar: Bar) -> dict[str, Json]: ...
    def hourly_signal_row(self, token: Token, call: HourlyCall) -> dict[str, Json]: ...
    def daily_signal_row(self, token: Token, call: DailyCall) -> dict[str, Json]: ...
    def levels_row(self, token: Token, seen: LevelList) -> dict[str, Json]: ...
    def metrics_row(self, token: Token, metrics: Metrics) -> dict[str, Json]: ...
    def grade_row(self, token: Token, grade: GradeNow) -> dict[str, Json]: ...


WIRES: dict[str, Wire] = {"v2": wire_v2, "v3": wire_v3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A source and what can be said about its rows."""

    source: MarketSource
    facts: Facts


Keys = Callable[[Market, int, Window, int], Iterator[Key]]
RowMaker = Callable[[Market, Wire, Token, int, int], dict[str, Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`keys` are newest first, of one token; `row` makes the row of an index."""

    filters: frozenset[str]
    keys: Keys
    row: RowMaker
    dated: bool = False  # takes startDate and endDate
    fixed: bool = False  # a row's text never changes
    by_signal: bool = False  # takes the filter `signal`
    recent_withheld: bool = False  # the free plan withholds the newest rows
    needs_token_in: frozenset[str] = frozenset()  # versions in which token_id is required


def _history(series_of: Callable[[MarketSource], Mapping[int, Series[Any]]]) -> Keys:
    def keys(market: Market, token_id: int, window: Window, now: int) -> Iterator[Key]:
        series = series_of(market.source).get(token_id)
        if series is not None:
            for time, index in series.newest_first(now, window.start, window.end):
                yield -time, token_id, index

    return keys


def _newest(series_of: Callable[[MarketSource], Mapping[int, Series[Any]]]) -> Keys:
    def keys(market: Market, token_id: int, window: Window, now: int) -> Iterator[Key]:
        series = series_of(market.source).get(token_id)
        index = series.latest(now, min(window.end, now + DAY)) if series else None
        if index is not None:
            yield 0, token_id, index

    return keys


def _one_each(market: Market, token_id: int, window: Window, now: int) -> Iterator[Key]:
    del market, window, now
    yield 0, token_id, 0


def _priced(market: Market, token_id: int, window: Window, now: int) -> Iterator[Key]:
    del window
    if market.facts.last_close(token_id, now) is not None:
        yield 0, token_id, 0


def _token_row(m: Market, wire: Wire, token: Token, index: int, now: int) -> dict[str, Json]:
    del index
    return wire.token_row(token, m.facts.last_close(token.token_id, now))


def _price_row(m: Market, wire: Wire, token: Token, index: int, now: int) -> dict[str, Json]:
    del index
    return wire.price_row(token, m.facts.last_close(token.token_id, now), now)


def _hourly_bar(m: Market, wire: Wire, token: Token, index: int, now: int) -> dict[str, Json]:
    rows = m.source.hourly_bars[token.token_id].rows
    bar = rows[index] if index >= 0 else unfinished_bar(rows[~index], now)
    return wire.hourly_bar_row(token, bar)


def _daily_bar(m: Market, wire: Wire, token: Token, index: int, now: int) -> dict[str, Json]:
    del now
    return wire.daily_bar_row(token, m.source.daily_bars[token.token_id].rows[index])


def _hourly_signal(m: Market, wire: Wire, token: Token, index: int, now: int) -> dict[str, Json]:
    del now
    return wire.hourly_signal_row(token, m.facts.hourly_call(token.token_id, index))


def _daily_signal(m: Market, wire: Wire, token: Token, index: int, now: int) -> dict[str, Json]:
    del now
    return wire.daily_signal_row(token, m.facts.daily_call(token.token_id, index))


def _levels(m: Market, wire: Wire, token: Token, index: int, now: int) -> dict[str, Json]:
    del now
    return wire.levels_row(token, m.source.levels[token.token_id].rows[index])


def _metrics(m: Market, wire: Wire, token: Token, index: int, now: int) -> dict[str, Json]:
    del now
    return wire.metrics_row(token, m.source.metrics[token.token_id].rows[index])


def _grade(m: Market, wire: Wire, token: Token, index: int, now: int) -> dict[str, Json]:
    del now
    return wire.grade_row(token, m.facts.grade_now(token.token_id, index))


_WHO = frozenset({"token_id", "symbol"})
_NAMED = _WHO | {"token_name", "slug"}
_MARKET = frozenset({"category", "exchange", "marketcap"})

ENDPOINTS: dict[str, Endpoint] = {
    "tokens": Endpoint(filters=_NAMED | _MARKET, keys=_one_each, row=_token_row),
    "price": Endpoint(filters=_NAMED, keys=_priced, row=_price_row),
    "hourly-ohlcv": Endpoint(
        filters=_NAMED, keys=_history(lambda s: s.hourly_bars), row=_hourly_bar,
        dated=True, fixed=True,
    ),
    "daily-ohlcv": Endpoint(
        filters=_NAMED, keys=_history(lambda s: s.daily_bars), row=_daily_bar,
        dated=True, fixed=True,
    ),
    "hourly-trading-signals": Endpoint(
        filters=_NAMED, keys=_history(lambda s: s.hourly_signals), row=_hourly_signal,
        fixed=True, recent_withheld=True, needs_token_in=frozenset({"v2"}),
    ),
    "trading-signals": Endpoint(
        filters=_NAMED | _MARKET, keys=_history(lambda s: s.daily_signals), row=_daily_signal,
        dated=True, fixed=True, by_signal=True, recent_withheld=True,
    ),
    "resistance-support": Endpoint(
        filters=_NAMED, keys=_newest(lambda s: s.levels), row=_levels, fixed=True
    ),
    "quantmetrics": Endpoint(
        filters=_NAMED | _MARKET, keys=_newest(lambda s: s.metrics), row=_metrics, fixed=True
    ),
    "tm-grade": Endpoint(
        filters=_NAMED, keys=_newest(lambda s: s.grades), row=_grade,
        fixed=True, recent_withheld=True,
    ),
}  # fmt: skip

# Filters that only one version knows; the other ignores them.
ONLY_IN = {"slug": "v3"}
# In the second version the hourly signals can be asked for by id alone, and neither levels,
# metrics nor daily signals know a token's name.
_UNNAMED_IN_V2 = frozenset(
    {"trading-signals", "resistance-support", "quantmetrics", "price", "hourly-trading-signals"}
)


def filters_of(name: str, version: str) -> frozenset[str]:
    """The filters that an endpoint knows in a version."""
    known = {key for key in ENDPOINTS[name].filters if ONLY_IN.get(key, version) == version}
    if version == "v2" and name in _UNNAMED_IN_V2:
        known.discard("token_name")
    if version == "v2" and name in {"hourly-trading-signals", "price"}:
        known.discard("symbol")
    if version == "v2" and name == "tokens":
        known.discard("marketcap")
    return frozenset(known)
