"""The token list as it became known, row by row."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from bot.domain.values import Slot, Token
from bot.market.universe import tokens_as_of


class TokenRows:
    """All rows of the token list, of which a slot knows those that had been seen."""

    def __init__(self) -> None:
        self._rows: dict[int, list[Token]] = {}
        self._turns: list[int] | None = None

    def push(self, token: Token) -> None:
        """Add a row."""
        self._rows.setdefault(token.token_id, []).append(token)
        self._turns = None

    def all_as_of(self, as_of: int) -> dict[int, Token]:
        """The newest row of each token known at `as_of`."""
        return tokens_as_of((row for rows in self._rows.values() for row in rows), as_of)

    def as_of(self, token_id: int, as_of: int) -> Token:
        """One token's newest row known at `as_of`, one that says nothing where there is none."""
        known = tokens_as_of(self._rows.get(token_id, ()), as_of)
        return known.get(token_id, Token(token_id=token_id, symbol=""))

    def stretches(self, slots: list[Slot]) -> list[list[Slot]]:
        """Consecutive slots cut where a token changes its sector or its volume unit.

        The engine reads both once for all the slots that it is given.
        """
        if self._turns is None:
            self._turns = sorted(self._changes())
        found: list[list[Slot]] = []
        before = -1
        for slot in slots:
            at = bisect_right(self._turns, slot.as_of)
            if at != before:
                found.append([])
            found[-1].append(slot)
            before = at
        return found

    def _changes(self) -> Iterable[int]:
        """Instants at which what the engine reads of a token becomes something else."""
        for token_id, rows in self._rows.items():
            before = ("", "")
            for seen in sorted({row.available_at or 0 for row in rows}):
                row = self.as_of(token_id, seen)
                if (row.sector, row.volume_unit) != before:
                    yield seen
                before = (row.sector, row.volume_unit)
