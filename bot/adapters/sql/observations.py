"""How each kind of observation stands in its table, in both directions."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any

from sqlalchemy import Select, Table, select

from bot.adapters.sql.schema_record import (
    bar,
    content,
    grade,
    level_list,
    metric,
    signal,
    token_seen,
)
from bot.domain.decimals import canonical_price, plain
from bot.domain.values import Bar, Grade, Level, LevelList, Metrics, Signal, Token

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One observation table.

    `key` tells what a row describes. A row adds nothing where the latest row of its key (or, for
    snapshots, any row of its key) agrees in all columns of `same`: an unchanged bar is one fact,
    while each unchanged snapshot is a confirmation and differs in when it was seen.
    """

    name: str  # the field of Record
    table: Table
    key: tuple[str, ...]
    same: tuple[str, ...]
    is_snapshot: bool
    to_row: Callable[[Any], Row]
    from_row: Callable[[Any], Any]
    from_rows: Callable[[Iterable[Any]], Iterator[Any]] | None = None  # faster than one by one
    body: Callable[[Any], str] | None = None  # text that is kept once, by its hash

    @property
    def time(self) -> str | None:
        """The column of the time described; tokens have none."""
        return self.key[-1] if len(self.key) > 1 else None

    def values(self, rows: Iterable[Any]) -> Iterator[Any]:
        """What rows of `query` say, in their order."""
        return map(self.from_row, rows) if self.from_rows is None else self.from_rows(rows)

    def query(self) -> Select[Any]:
        """All rows with their text, in the order in which they came to be known."""
        if self.body is None:
            return select(self.table).order_by(self.table.c.id)
        joined = self.table.join(content, content.c.sha256 == self.table.c.content_sha256)
        return select(self.table, content.c.body).select_from(joined).order_by(self.table.c.id)


def sha256_text(text: str) -> str:
    """Hex SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _exact(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _price(value: Decimal) -> str:
    return plain(canonical_price(value))


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _canonical(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _token_row(token: Token) -> Row:
    return {
        "token_id": token.token_id, "symbol": token.symbol, "name": token.name,
        "sector": token.sector, "category": token.category, "tick": _exact(token.tick),
        "lot": _exact(token.lot), "min_notional": _exact(token.min_notional),
        "volume_unit": token.volume_unit, "market_cap": _exact(token.market_cap),
        "available_at": token.available_at,
    }  # fmt: skip


def _token(row: Any) -> Token:
    return Token(
        token_id=row.token_id, symbol=row.symbol, name=row.name, sector=row.sector,
        category=row.category, tick=_decimal(row.tick), lot=_decimal(row.lot),
        min_notional=_decimal(row.min_notional), volume_unit=row.volume_unit,
        market_cap=_decimal(row.market_cap), available_at=row.available_at,
    )  # fmt: skip


def _bar_row(found: Bar) -> Row:
    return {
        "token_id": found.token_id, "interval": found.interval, "open_time": found.open_time,
        "open": _price(found.open), "high": _price(found.high), "low": _price(found.low),
        "close": _price(found.close), "volume": _exact(found.volume),
        "available_at": found.available_at,
    }  # fmt: skip


def _bar(row: Any) -> Bar:
    return Bar(
        token_id=row.token_id, interval=row.interval, open_time=row.open_time,
        open=Decimal(row.open), high=Decimal(row.high), low=Decimal(row.low),
        close=Decimal(row.close), volume=_decimal(row.volume), available_at=row.available_at,
    )  # fmt: skip


def _signal_row(found: Signal) -> Row:
    return {
        "token_id": found.token_id, "source": found.source, "valid_time": found.valid_time,
        "signal": found.signal, "available_at": found.available_at,
    }  # fmt: skip


def _signal(row: Any) -> Signal:
    return Signal(
        token_id=row.token_id, source=row.source, valid_time=row.valid_time, signal=row.signal,
        available_at=row.available_at,
    )  # fmt: skip


_SIGNAL_CELLS = itemgetter(
    *map(signal.c.keys().index, ("token_id", "source", "valid_time", "signal", "available_at"))
)


def _signals(rows: Iterable[Any]) -> Iterator[Signal]:
    """Every token has one for each hour: equal times and texts stand once in memory."""
    one: dict[Any, Any] = {}
    same = one.setdefault
    for token_id, source, valid_time, text, available_at in map(_SIGNAL_CELLS, rows):
        yield Signal(
            token_id=token_id, source=same(source, source), valid_time=same(valid_time, valid_time),
            signal=same(text, text), available_at=same(available_at, available_at),
        )  # fmt: skip


def _metric_body(found: Metrics) -> str:
    """Names and finite numbers; what is missing does not stand there."""
    values = {name: float(value) for name, value in found.values if math.isfinite(value)}
    return _canonical(dict(sorted(values.items())))


def _metric_row(found: Metrics) -> Row:
    return {
        "token_id": found.token_id, "valid_time": found.valid_time,
        "available_at": found.available_at,
    }  # fmt: skip


def _metric(row: Any) -> Metrics:
    return Metrics(
        token_id=row.token_id, valid_time=row.valid_time, available_at=row.available_at,
        values=tuple(json.loads(row.body).items()),
    )  # fmt: skip


def _level_body(found: LevelList) -> str:
    return _canonical(
        [[_price(level.price), level.strength, level.level_date] for level in found.levels]
    )


def _level_row(found: LevelList) -> Row:
    return {"token_id": found.token_id, "seen_at": found.seen_at}


def _level_list(row: Any) -> LevelList:
    return next(_level_lists([row]))


def _level_lists(rows: Iterable[Any]) -> Iterator[LevelList]:
    """A list differs little from the one before it: equal levels stand once in memory."""
    known: dict[tuple[str, str, int | None], Level] = {}
    for row in rows:
        levels = []
        for price, strength, date in json.loads(row.body):
            key = (price, repr(strength), date)  # 1 and 1.0 are equal, and are not the same text
            if key not in known:
                known[key] = Level(price=Decimal(price), strength=strength, level_date=date)
            levels.append(known[key])
        yield LevelList(token_id=row.token_id, seen_at=row.seen_at, levels=tuple(levels))


def _grade_row(found: Grade) -> Row:
    is_known = found.tm_grade is not None and math.isfinite(found.tm_grade)
    return {
        "token_id": found.token_id, "valid_time": found.valid_time,
        "tm_grade": repr(found.tm_grade) if is_known else None,
        "available_at": found.available_at,
    }  # fmt: skip


def _grade(row: Any) -> Grade:
    return Grade(
        token_id=row.token_id, valid_time=row.valid_time, available_at=row.available_at,
        tm_grade=None if row.tm_grade is None else float(row.tm_grade),
    )  # fmt: skip


SERIES: tuple[Series, ...] = (
    Series(
        name="tokens", table=token_seen, key=("token_id",), is_snapshot=False,
        same=("symbol", "name", "sector", "category", "tick", "lot", "min_notional",
              "volume_unit", "market_cap"),
        to_row=_token_row, from_row=_token,
    ),
    Series(
        name="bars", table=bar, key=("token_id", "interval", "open_time"), is_snapshot=False,
        same=("open", "high", "low", "close", "volume"),
        to_row=_bar_row, from_row=_bar,
    ),
    Series(
        name="signals", table=signal, key=("token_id", "source", "valid_time"),
        is_snapshot=False, same=("signal",), to_row=_signal_row, from_row=_signal,
        from_rows=_signals,
    ),
    Series(
        name="metrics", table=metric, key=("token_id", "valid_time"), is_snapshot=True,
        same=("content_sha256", "available_at"), to_row=_metric_row, from_row=_metric,
        body=_metric_body,
    ),
    Series(
        name="levels", table=level_list, key=("token_id", "seen_at"), is_snapshot=True,
        same=("content_sha256",), to_row=_level_row, from_row=_level_list, from_rows=_level_lists,
        body=_level_body,
    ),
    Series(
        name="grades", table=grade, key=("token_id", "valid_time"), is_snapshot=True,
        same=("tm_grade", "available_at"), to_row=_grade_row, from_row=_grade,
    ),
)  # fmt: skip
