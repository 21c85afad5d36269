"""Readers of the provider's answers: pure functions of body, fetch instant and settings.

They read both spellings of the wire (v2 in upper case, v3 in lower) and the idealised form of the
provider's articles. The audit runs the same functions on stored bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.adapters.tokenmetrics.fields import Row, read_instant, read_number, read_text
from bot.adapters.tokenmetrics.parsed import (
    FaultCode,
    Observation,
    Parsed,
    Quote,
    RowRefusedError,
)
from bot.adapters.tokenmetrics.reading import Reading, read_rows
from bot.adapters.tokenmetrics.wire_levels import parse_levels
from bot.adapters.tokenmetrics.wire_settings import DrawdownForm, WireSettings
from bot.adapters.tokenmetrics.wire_vocabulary import (
    GRADE_KEYS,
    METRIC_NAMES,
    OHLCV_KEYS,
    PRICE_KEYS,
    QUANTMETRICS_KEYS,
    SIGNAL_KEYS,
    TOKEN_KEYS,
)
from bot.domain.decimals import plain
from bot.domain.instants import HOUR, floor_day
from bot.domain.values import Bar, Grade, Metrics, Signal, Token

Parser = Callable[[bytes, int, WireSettings], Parsed[Observation]]


def parse_tokens(body: bytes, fetched_at: int, settings: WireSettings) -> Parsed[Token]:
    """Tokens with their categories and, where sent, their market value."""
    return read_rows(body, _reading(fetched_at, settings), _token, TOKEN_KEYS)


def parse_hourly_ohlcv(body: bytes, fetched_at: int, settings: WireSettings) -> Parsed[Bar]:
    """Hourly bars that had closed when they were fetched; the label is the open of the hour."""
    return read_rows(body, _reading(fetched_at, settings), _hourly_bar, OHLCV_KEYS)


def parse_hourly_signals(body: bytes, fetched_at: int, settings: WireSettings) -> Parsed[Signal]:
    """Hourly calls, their text as sent."""
    return read_rows(body, _reading(fetched_at, settings), _hourly_signal, SIGNAL_KEYS)


def parse_daily_signals(body: bytes, fetched_at: int, settings: WireSettings) -> Parsed[Signal]:
    """Daily calls: the signal of that day, not the trend."""
    return read_rows(body, _reading(fetched_at, settings), _daily_signal, SIGNAL_KEYS)


def parse_quantmetrics(body: bytes, fetched_at: int, settings: WireSettings) -> Parsed[Metrics]:
    """Metrics by the day they are calculated for; a null is absent.

    A drawdown outside [0, 1] after the conversion is kept as it is: the gate names it.
    """
    return read_rows(body, _reading(fetched_at, settings), _metrics, QUANTMETRICS_KEYS)


def parse_grades(body: bytes, fetched_at: int, settings: WireSettings) -> Parsed[Grade]:
    """Current grades; without a date they describe the day in which they were seen."""
    return read_rows(body, _reading(fetched_at, settings), _grade, GRADE_KEYS)


def parse_prices(body: bytes, fetched_at: int, settings: WireSettings) -> Parsed[Quote]:
    """Last prices."""
    return read_rows(body, _reading(fetched_at, settings), _quote, PRICE_KEYS)


PARSERS: Final[Mapping[Endpoint, Parser]] = {
    Endpoint.TOKENS: parse_tokens,
    Endpoint.HOURLY_OHLCV: parse_hourly_ohlcv,
    Endpoint.HOURLY_SIGNALS: parse_hourly_signals,
    Endpoint.DAILY_SIGNALS: parse_daily_signals,
    Endpoint.LEVELS: parse_levels,
    Endpoint.QUANTMETRICS: parse_quantmetrics,
    Endpoint.GRADES: parse_grades,
    Endpoint.PRICE: parse_prices,
}


def _reading(fetched_at: int, settings: WireSettings) -> Reading:
    return Reading(fetched_at=fetched_at, settings=settings)


def _token(row: Row, reading: Reading) -> Token:
    return Token(
        token_id=row.token_id(),
        symbol=read_text(row.need("token_symbol", "symbol")),
        name=row.text("token_name", "name"),
        category=_categories(row, reading),
        market_cap=reading.optional_number(row, "market_cap"),
        available_at=reading.fetched_at,
    )


def _categories(row: Row, reading: Reading) -> str:
    listed = row.find("category_list")
    if listed is None:
        return ""
    if not isinstance(listed, list):
        reading.note(FaultCode.LIST_BAD, "category_list")
        return ""
    names = (_category(entry, reading) for entry in listed)
    return ";".join(sorted({name for name in names if name}))


def _category(entry: object, reading: Reading) -> str:
    try:
        name = entry if isinstance(entry, str) else Row(entry).find("category_name")
        return read_text(name).replace(";", ",")
    except RowRefusedError as refusal:
        reading.note(refusal.code, f"category_list: {refusal.detail}")
        return ""


def _hourly_bar(row: Row, reading: Reading) -> Bar | None:
    open_time = reading.timely(row.instant())
    if open_time % HOUR:
        raise RowRefusedError(FaultCode.TIME_BAD, f"{open_time} is not on the hour")
    bar = Bar(
        token_id=row.token_id(),
        open_time=open_time,
        open=row.price("open"),
        high=row.price("high"),
        low=row.price("low"),
        close=row.price("close"),
        volume=_volume(row),
        available_at=reading.fetched_at,
    )
    if open_time + HOUR <= reading.fetched_at:
        return bar
    reading.unfinished += 1
    return None


def _volume(row: Row) -> Decimal | None:
    raw = row.find("volume")
    if raw is None:
        return None
    volume = read_number(raw)
    if volume < 0:
        raise RowRefusedError(FaultCode.NUMBER_BAD, "a negative volume")
    return volume


def _hourly_signal(row: Row, reading: Reading) -> Signal:
    return _signal(row, reading, "hourly")


def _daily_signal(row: Row, reading: Reading) -> Signal:
    return _signal(row, reading, "daily")


def _signal(row: Row, reading: Reading, source: str) -> Signal:
    return Signal(
        token_id=row.token_id(),
        valid_time=reading.timely(row.instant()),
        signal=_call(row.need("signal", "trading_signal", "token_signal_str")),
        source=source,
        available_at=reading.fetched_at,
    )


def _call(raw: object) -> str:
    text = read_text(raw) if isinstance(raw, str) else plain(read_number(raw))
    if not text:
        raise RowRefusedError(FaultCode.TEXT_BAD, "an empty signal")
    return text


def _metrics(row: Row, reading: Reading) -> Metrics:
    token_id = row.token_id()
    valid_time = floor_day(reading.timely(row.instant_or(reading.fetched_at)))
    found = {name: reading.optional_number(row, name) for name in METRIC_NAMES}
    drawdown = found["max_drawdown"]
    if drawdown is not None:
        found["max_drawdown"] = _positive_fraction(drawdown, reading.settings.max_drawdown)
    values = ((name, float(value)) for name, value in found.items() if value is not None)
    return Metrics(
        token_id=token_id,
        valid_time=valid_time,
        values=tuple(sorted(values)),
        available_at=reading.fetched_at,
    )


def _positive_fraction(sent: Decimal, form: DrawdownForm) -> Decimal:
    value = -sent if form.sign == "negative" else sent
    return value / 100 if form.unit == "percent" else value


def _grade(row: Row, reading: Reading) -> Grade:
    token_id = row.token_id()
    raw = row.find("tm_grade")
    value = None if raw is None else read_number(raw)
    if value is not None and not 0 <= value <= 100:
        raise RowRefusedError(FaultCode.NUMBER_BAD, f"grade {value} lies outside 0 to 100")
    return Grade(
        token_id=token_id,
        valid_time=floor_day(reading.timely(row.instant_or(reading.fetched_at))),
        tm_grade=None if value is None else float(value),
        available_at=reading.fetched_at,
    )


def _quote(row: Row, reading: Reading) -> Quote:
    time = row.find("timestamp", "date")
    return Quote(
        token_id=row.token_id(),
        price=row.price("current_price", "close"),
        valid_time=None if time is None else reading.timely(read_instant(time)),
        available_at=reading.fetched_at,
    )
