"""Sectors of tokens as they could be known at an instant, for the audit's own sums."""

from __future__ import annotations

from sqlalchemy import Connection

from bot.app.audit_file import rows

NONE = "unknown"  # tokens without a label are one sector


class Sectors:
    """Labels by token, moved forwards in time."""

    def __init__(self, connection: Connection) -> None:
        query = (
            "SELECT coalesce(available_at, 0), token_id, sector FROM token_seen "
            "ORDER BY coalesce(available_at, 0) DESC, id DESC"
        )
        self._coming = rows(connection, query)
        self._labels: dict[int, str] = {}

    def as_of(self, instant: int) -> dict[int, str]:
        """Token id -> label; instants must not go back."""
        while self._coming and self._coming[-1][0] <= instant:
            _, token_id, sector = self._coming.pop()
            self._labels[token_id] = sector or NONE
        return self._labels
