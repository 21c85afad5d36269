"""Years of recorded bars as columns, without a value for each bar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from sqlalchemy import Connection

from bot.adapters.sql.observations import SERIES
from bot.adapters.sql.record_store import load
from bot.adapters.sql.schema_record import bar
from bot.domain.bar_table import DECIMALS_MAX, NONE, BarTable, History
from bot.domain.instants import LATEST
from bot.domain.values import Bar

_HOURLY = (
    "SELECT token_id, open_time, available_at, volume, open, high, low, close FROM bar "
    "WHERE interval = '1h' ORDER BY token_id, open_time, id"
)


def read_history(connection: Connection) -> History:
    """Everything that is known, as `history_of` an exported record, in a tenth of its time."""
    record, _ = load(connection, bars_from=LATEST)
    tables: list[BarTable] = []
    others: list[Bar] = []
    rows = connection.exec_driver_sql(_HOURLY)
    for token_id, group in groupby(rows, key=itemgetter(0)):
        table = _table(token_id, list(group))
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
    prices = [text for row in rows for text in row[4:8]]
    volumes = [row[3] for row in rows]
    decimals = max(map(_decimals, prices))
    volume_decimals = max((_decimals(text) for text in volumes if text is not None), default=0)
    points = _scaled(prices, decimals)
    amounts = _scaled(("0" if text is None else text for text in volumes), volume_decimals)
    largest = max(max(points), -min(points), max(amounts))
    if largest >= 1 << 62 or max(decimals, volume_decimals) > DECIMALS_MAX or min(amounts) < 0:
        return None
    volume = np.array(amounts, dtype=np.int64)
    volume[[text is None for text in volumes]] = NONE
    return BarTable(
        token_id=token_id,
        decimals=decimals,
        volume_decimals=volume_decimals,
        open_time=np.array([row[1] for row in rows], dtype=np.int64),
        prices=np.array(points, dtype=np.int64).reshape(-1, 4),
        volume=volume,
        available_at=np.array([NONE if row[2] is None else row[2] for row in rows], np.int64),
    )


def _decimals(text: str) -> int:
    """Digits after the point; stored text is plain and has no zeros at its end."""
    point = text.find(".")
    return 0 if point < 0 else len(text) - point - 1


def _scaled(texts: Iterable[str], decimals: int) -> list[int]:
    zeros = "0" * decimals
    found = []
    for text in texts:
        whole, _, part = text.partition(".")
        found.append(int(whole + part + zeros[len(part) :]))
    return found
