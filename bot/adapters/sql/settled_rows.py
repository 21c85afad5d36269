"""The rows that somebody who goes on from an instant can still tell apart, and no others.

Of daily rows and level lists only the newest one known then, and newer ones, are ever read again;
of signals the last thousand times of each token, since a row that is told again is no news.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, select

from bot.adapters.sql.observations import Series
from bot.domain.instants import DAY, HOUR
from bot.market.signal_rows import REMEMBERED

# A row without a seen time is known at the latest so long after the time that it describes.
_KNOWN_AFTER = 10 * DAY
_PERIODS = {"hourly": HOUR, "daily": DAY}


def settled_rows(connection: Connection, series: Series, at: int) -> list[Row[Any]]:
    """The rows of a series that may matter to a reader who has seen all that was known at `at`.

    In the order in which they became known, like all rows of the series.
    """
    columns = series.table.c
    groups = [columns[name] for name in series.key[:-1]]
    found: list[Row[Any]] = []
    for group in connection.execute(select(*groups).distinct()).all():
        ours = [column == value for column, value in zip(groups, group, strict=True)]
        query = series.query().where(*ours)
        period = 1 if series.is_snapshot else _PERIODS[group.source]
        floor = connection.execute(_floor(series, at, period).where(*ours)).scalar()
        if floor is not None:
            query = query.where(columns[series.key[-1]] >= floor)
        found += connection.execute(query).all()
    return sorted(found, key=lambda row: row.id)


def _floor(series: Series, at: int, period: int) -> Select[tuple[int]]:
    """The beginning of the oldest period that counts; none where there are fewer of them."""
    columns = series.table.c
    time = columns[series.key[-1]]
    begin = time - time % period
    query = select(begin).distinct().where(time <= at - _KNOWN_AFTER).order_by(begin.desc())
    if "available_at" in columns:
        query = query.where((columns.available_at.is_(None)) | (columns.available_at <= at))
    return query.limit(1).offset(0 if series.is_snapshot else REMEMBERED)
