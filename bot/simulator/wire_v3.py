"""Rows in the words of the provider's third version: lower-case keys and more of them."""

from __future__ import annotations

from decimal import Decimal

from bot.domain.values import Bar, LevelList, Metrics, Token
from bot.simulator import wire_v2
from bot.simulator.facts import DailyCall, GradeNow, HourlyCall
from bot.simulator.shapes import Json, instant_text, signal_word, slug, trend_word

LINK = "https://app.tokenmetrics.com/en/"

# The third version splits the digits from the letter behind them.
_RENAMED = {
    "tm_grade_24h_pct_change": "tm_grade_24_h_pct_change",
    "tm_trader_grade_24h_change": "tm_trader_grade_24_h_change",
}


def _slug(token: Token) -> str:
    return slug(token.name or token.symbol)


def _lower(token: Token, row: dict[str, Json]) -> dict[str, Json]:
    lower = {key.lower(): value for key, value in row.items()}
    return {_RENAMED.get(key, key): value for key, value in lower.items()} | {"slug": _slug(token)}


def _linked(token: Token, row: dict[str, Json]) -> dict[str, Json]:
    return _lower(token, row) | {"app_link": LINK + _slug(token)}


def token_row(token: Token, price: Decimal | None) -> dict[str, Json]:
    """A row of /tokens; what a record does not hold is null, as on the free plan."""
    return {
        "token_id": token.token_id,
        "token_name": token.name or token.symbol,
        "token_symbol": token.symbol,
        "slug": _slug(token),
        "current_price": price,
        "market_cap": token.market_cap,
        "total_volume": None,
        "fully_diluted_valuation": None,
        "circulating_supply": None,
        "total_supply": None,
        "max_supply": None,
        "high_24_h": None,
        "low_24_h": None,
        "price_change_percentage_24_h_in_currency": None,
        "app_link": LINK + _slug(token),
    }


def token_lists(token: Token) -> dict[str, Json]:
    """What `expand=exchange_list,category_list` can add to a row of /tokens."""
    return {"exchange_list": [], "category_list": wire_v2.categories(token)}


def price_row(token: Token, price: Decimal | None, now: int) -> dict[str, Json]:
    """A row of /price with its instant."""
    row = _lower(token, wire_v2.price_row(token, price, now))
    return row | {"timestamp": instant_text(now)}


def hourly_bar_row(token: Token, bar: Bar) -> dict[str, Json]:
    """A row of /hourly-ohlcv, stamped with the hour's start."""
    return _lower(token, wire_v2.hourly_bar_row(token, bar))


def daily_bar_row(token: Token, bar: Bar) -> dict[str, Json]:
    """A row of /daily-ohlcv, with the same key for the time as the hourly one."""
    return _lower(token, wire_v2.hourly_bar_row(token, bar))


def hourly_signal_row(token: Token, call: HourlyCall) -> dict[str, Json]:
    """A row of /hourly-trading-signals; signal and position are text."""
    return _lower(token, wire_v2.hourly_signal_row(token, call))


def daily_signal_row(token: Token, call: DailyCall) -> dict[str, Json]:
    """A row of /trading-signals, with words beside the numbers."""
    return {
        "token_id": token.token_id,
        "token_name": token.name or token.symbol,
        "token_symbol": token.symbol,
        "slug": _slug(token),
        "date": instant_text(call.time),
        "trading_signal": call.signal,
        "token_signal_str": signal_word(call.signal),
        "token_trend": call.trend,
        "token_trend_str": trend_word(call.trend),
        "trading_signals_returns": call.following,
        "holding_returns": call.holding,
        "app_link": LINK + _slug(token),
        "tm_grade": call.grade,
        "fundamental_grade": None,
    }


def levels_row(token: Token, seen: LevelList) -> dict[str, Json]:
    """A row of /resistance-support: one mixed list, without side or strength."""
    return _linked(token, wire_v2.levels_row(token, seen))


def metrics_row(token: Token, metrics: Metrics) -> dict[str, Json]:
    """A row of /quantmetrics; the drawdown is negative."""
    return _linked(token, wire_v2.metrics_row(token, metrics))


def grade_row(token: Token, grade: GradeNow) -> dict[str, Json]:
    """A row of /tm-grade: numbers as text, and no date."""
    return _lower(token, wire_v2.grade_row(token, grade))
