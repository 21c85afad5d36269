"""Years of recorded bars as columns, without a value for each bar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from sqlalchemy import Connection

from bot.adapters.sql.observations import SERIES
from bot.adapters.sql.record_store import CHUNK_ROWS, load
from bot.adapters.sql.schema_record import bar
from bot.domain.bar_table import DECIMALS_MAX, NONE, BarTable, History, IntColumn
from bot.domain.errors import DamageError
from bot.domain.instants import LATEST
from bot.domain.values import Bar

_DIGITS = 18  # a number of so many fits in 64 bits
_HOURLY = (
    "SELECT token_id, open_time, available_at, volume, open, high, low, close FROM bar "
    "WHERE interval = '1h' ORDER BY token_id, open_time, id"
)


def read_history(connection: Connection) -> History:
    """Everything that is known, as `history_of` an exported record, in a tenth of its time.

    Raises DamageError where a stored bar holds no numbers.
    """
    record, _ = load(connection, bars_from=LATEST)
    tables: list[BarTable] = []
    others: list[Bar] = []
    rows = connection.exec_driver_sql(_HOURLY, execution_options={"yield_per": CHUNK_ROWS})
    for token_id, group in groupby(rows, key=itemgetter(0)):
        try:
            table = _table(token_id, list(group))
        except (ValueError, TypeError) as error:
            raise DamageError(f"the bars of token {token_id} are damaged: {error}") from error
        if table is None:
            others += _bars(connection, (bar.c.token_id == token_id) & (bar.c.interval == "1h"))
        else:
            tables.append(table)
    finer = _bars(connection, bar.c.interval != "1h")
    record.bars = [*finer, *others]
    return History(tables=tables, rest=record)


def _bars(connection: Connection, which: Any) -> Iterator[Bar]:
    series = next(series for series in SERIES if series.name == "bars")
    yield from map(series.from_row, connection.execute(series.query().where(which)))


def _table(token_id: int, rows: list[Any]) -> BarTable | None:
    """The hourly bars of a token; None where one has too many digits for a table."""
    times, seen, volumes = ([row[n] for row in rows] for n in (1, 2, 3))
    prices = _column([text for row in rows for text in row[4:8]])
    amounts = _column(["0" if text is None else text for text in volumes])
    if prices is None or amounts is None or amounts.points.min() < 0:
        return None
    volume = amounts.points
    volume[[text is None for text in volumes]] = NONE
    return BarTable(
        token_id=token_id,
        decimals=prices.decimals,
        volume_decimals=amounts.decimals,
        open_time=np.array(times, dtype=np.int64),
        prices=prices.points.reshape(-1, 4),
        volume=volume,
        available_at=np.array([NONE if at is None else at for at in seen], np.int64),
    )


@dataclass(frozen=True, slots=True)
class _Column:
    """Numbers in units of 10^-decimals."""

    decimals: int
    points: IntColumn


def _column(texts: list[str]) -> _Column | None:
    """Plain decimal texts as whole numbers; None where a table cannot hold them exactly.

    Stored text has no zeros at its end, so the longest fraction gives the decimals.
    """
    joined = "\n".join(texts)
    places = _places(joined)
    decimals = int(places.max())
    if decimals > DECIMALS_MAX:
        return None
    digits = joined.replace(".", "").split("\n")
    if max(map(len, digits)) + decimals <= _DIGITS:
        points = np.array(list(map(int, digits)), dtype=np.int64) * 10 ** (decimals - places)
        return _Column(decimals, points)
    exact = [
        int(text) * 10 ** (decimals - place)
        for text, place in zip(digits, places.tolist(), strict=True)
    ]
    if max(max(exact), -min(exact)) >= 1 << 62:
        return None
    return _Column(decimals, np.array(exact, dtype=np.int64))


def _places(joined: str) -> IntColumn:
    """Digits after the point of every line; 0 where there is no point."""
    characters = np.frombuffer(joined.encode(), dtype=np.uint8)
    ends = np.append(np.flatnonzero(characters == ord("\n")), len(characters))
    points = np.flatnonzero(characters == ord("."))
    places = np.zeros(len(ends), dtype=np.int64)
    lines = np.searchsorted(ends, points)
    places[lines] = ends[lines] - points - 1
    return places
