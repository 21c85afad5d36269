"""Bars as a slot knew them, read from the record by plain SQL for the audit's own arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import Connection

from bot.adapters.sql.ledger_rows import CycleRow
from bot.app.audit_file import rows
from bot.domain.instants import HOUR, MINUTE

SPANS = {"1h": HOUR, "5m": 5 * MINUTE, "1m": MINUTE}
_REACH = 4096  # rows of the index that a search for the newest bar goes back, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBar:
    """One version of a bar, exact."""

    open_time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None

    @property
    def is_possible(self) -> bool:
        """Whether a market can have made it; an impossible bar counts as absent."""
        within = self.low <= min(self.open, self.close) and self.high >= max(self.open, self.close)
        return within and self.low > 0


class BarBook:
    """Looks bars up by what a slot could know."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.at = lru_cache(maxsize=4096)(self._at)

    def _at(
        self, token_id: int, interval: str, open_time: int, known_at: int, lag: int
    ) -> StoredBar | None:
        """The newest version of a bar that could be had by an instant; None where there is none."""
        close = open_time + SPANS[interval]
        query = (
            "SELECT open_time, open, high, low, close, volume, "
            "CASE WHEN available_at IS NULL THEN ? ELSE max(available_at, ?) END AS visible "
            "FROM bar WHERE token_id = ? AND interval = ? AND open_time = ? AND visible <= ? "
            "ORDER BY visible DESC, id DESC"
        )
        found = rows(
            self._connection, query, close + lag, close, token_id, interval, open_time, known_at
        )
        return next((bar for bar in map(_bar, found) if bar.is_possible), None)

    def newest(self, token_id: int, cycle: CycleRow, lag: int) -> StoredBar | None:
        """The newest hourly bar that had closed by a slot and was known in it."""
        query = (
            "SELECT DISTINCT open_time FROM bar WHERE token_id = ? AND interval = '1h' "
            "AND open_time <= ? ORDER BY open_time DESC LIMIT ?"
        )
        cursor = self._connection.exec_driver_sql(query, (token_id, cycle.slot - HOUR, _REACH))
        for (open_time,) in cursor:
            bar = self.at(token_id, "1h", open_time, cycle.as_of, lag)
            if bar is not None:
                cursor.close()
                return bar
        return None


def _bar(row: tuple[object, ...]) -> StoredBar:
    opened, *prices, volume, _ = row
    exact = [Decimal(str(price)) for price in prices]
    return StoredBar(
        open_time=int(str(opened)), open=exact[0], high=exact[1], low=exact[2], close=exact[3],
        volume=None if volume is None else Decimal(str(volume)),
    )  # fmt: skip
