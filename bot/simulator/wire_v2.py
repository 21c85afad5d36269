"""Rows in the words of the provider's second version: upper-case keys."""

from __future__ import annotations

from decimal import Decimal

from bot.domain.values import Bar, LevelList, Metrics, Token
from bot.simulator.facts import DailyCall, GradeNow, HourlyCall
from bot.simulator.shapes import (
    Json,
    day_text,
    finite,
    grade_word,
    instant_text,
    momentum_word,
    number_text,
    slug,
)

LINK = "https://app.tokenmetrics.com/"

# The names of a record's metrics are the wire's in lower case.
METRICS = (
    "volatility", "all_time_return", "cagr", "sharpe", "sortino", "max_drawdown", "skew",
    "tail_ratio", "risk_reward_ratio", "profit_factor", "kurtosis", "daily_value_at_risk",
    "daily_return_avg", "daily_return_std",
)  # fmt: skip


def _who(token: Token) -> dict[str, Json]:
    return {
        "TOKEN_ID": token.token_id,
        "TOKEN_NAME": token.name or token.symbol,
        "TOKEN_SYMBOL": token.symbol,
    }


def token_row(token: Token, price: Decimal | None) -> dict[str, Json]:
    """A row of /tokens; this version shows neither price nor market value."""
    del price
    return _who(token) | {
        "EXCHANGE_LIST": [],
        "CATEGORY_LIST": categories(token),
        "CONTRACT_ADDRESS": {},
        "TM_LINK": LINK + slug(token.name or token.symbol),
    }


def categories(token: Token) -> list[Json]:
    """The list of a token's categories; ids are made up from the name and stable."""
    names = [name.strip() for name in token.category.split(";") if name.strip()]
    return [
        {
            "category_id": sum(name.encode()),
            "category_name": name,
            "category_slug": slug(name),
        }
        for name in names
    ]


def price_row(token: Token, price: Decimal | None, now: int) -> dict[str, Json]:
    """A row of /price, which in this version does not say when."""
    del now
    return _who(token) | {"CURRENT_PRICE": price}


def _prices(bar: Bar) -> dict[str, Json]:
    return {
        "OPEN": bar.open,
        "HIGH": bar.high,
        "LOW": bar.low,
        "CLOSE": bar.close,
        "VOLUME": bar.volume,
    }


def hourly_bar_row(token: Token, bar: Bar) -> dict[str, Json]:
    """A row of /hourly-ohlcv, stamped with the hour's start."""
    return _who(token) | {"TIMESTAMP": instant_text(bar.open_time)} | _prices(bar)


def daily_bar_row(token: Token, bar: Bar) -> dict[str, Json]:
    """A row of /daily-ohlcv, whose time has another key than the hourly one."""
    return _who(token) | {"DATE": instant_text(bar.open_time)} | _prices(bar)


def hourly_signal_row(token: Token, call: HourlyCall) -> dict[str, Json]:
    """A row of /hourly-trading-signals; signal and position are text."""
    return {
        "TIMESTAMP": instant_text(call.time),
        **_who(token),
        "CLOSE": call.close,
        "SIGNAL": call.signal,
        "POSITION": str(call.position),
    }


def daily_signal_row(token: Token, call: DailyCall) -> dict[str, Json]:
    """A row of /trading-signals; signal and trend are whole numbers."""
    return _who(token) | {
        "DATE": instant_text(call.time),
        "TRADING_SIGNAL": call.signal,
        "TOKEN_TREND": call.trend,
        "TRADING_SIGNALS_RETURNS": call.following,
        "HOLDING_RETURNS": call.holding,
        "tm_link": slug(token.name or token.symbol),
        "TM_TRADER_GRADE": call.grade,
        "TM_INVESTOR_GRADE": None,
        "TM_LINK": LINK + "undefined",
    }


def levels_row(token: Token, seen: LevelList) -> dict[str, Json]:
    """A row of /resistance-support: one mixed list, without side or strength."""
    levels: list[Json] = [
        {
            "date": day_text(seen.seen_at if level.level_date is None else level.level_date),
            "level": level.price,
        }
        for level in seen.levels
    ]
    return _who(token) | {
        "DATE": day_text(seen.seen_at),
        "HISTORICAL_RESISTANCE_SUPPORT_LEVELS": levels,
    }


def metrics_row(token: Token, metrics: Metrics) -> dict[str, Json]:
    """A row of /quantmetrics; the drawdown, positive in a record, is negative here."""
    values = dict(metrics.values)
    row = _who(token) | {"DATE": day_text(metrics.valid_time)}
    for name in METRICS:
        value = finite(values.get(name))
        row[name.upper()] = -value if name == "max_drawdown" and value else value
    return row


def grade_row(token: Token, grade: GradeNow) -> dict[str, Json]:
    """A row of /tm-grade: numbers as text, and no date."""
    return _who(token) | {
        "TM_GRADE": number_text(grade.grade),
        "TM_GRADE_24h_PCT_CHANGE": number_text(grade.change_percent),
        "TM_TRADER_GRADE_24H_CHANGE": number_text(grade.change),
        "QUANT_GRADE": None,
        "TM_GRADE_SIGNAL": None if grade.grade is None else grade_word(grade.grade),
        "MOMENTUM": momentum_word(grade.change),
    }
