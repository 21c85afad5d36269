"""The account between slots as the ledger keeps it, and the hash over a strategy's slots.

Apart from the engine's arrays, so that who only looks at a ledger need not load the engine.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from bot.domain.errors import LedgerError
from bot.engine import layout as at


@dataclass(frozen=True, slots=True)
class Account:
    """The account after a slot: its own numbers and one row per token that has any."""

    numbers: tuple[int, ...]
    tokens: dict[int, tuple[int, ...]]

    @property
    def slot(self) -> int:
        """The last slot stepped, 0 for none."""
        return self.numbers[at.A_SLOT]

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        body = {"account": self.numbers, "tokens": {str(i): row for i, row in self.tokens.items()}}
        return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, body: bytes) -> Account:
        """The account that `to_bytes` wrote; LedgerError where it is something else."""
        try:
            found = json.loads(body)
            numbers = tuple(int(n) for n in found["account"])
            tokens = {int(i): tuple(map(int, row)) for i, row in found["tokens"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LedgerError(f"the stored account cannot be read: {error}") from None
        if len(numbers) != at.ACCOUNT_COLS or any(
            len(row) != at.TOKEN_COLS for row in tokens.values()
        ):
            raise LedgerError("the stored account has another shape: another version wrote it")
        return cls(numbers, tokens)

    def oldest_unmatched(self) -> int | None:
        """Open time of the oldest hour that working orders still have to meet."""
        cursors = [
            row[at.T_CURSOR]
            for row in self.tokens.values()
            if row[at.T_QTY] > 0 or row[at.T_REST] > 0
        ]
        return min(cursors, default=None)


class LedgerHash:
    """SHA-256 over the canonical lines of one strategy's slots, in order."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, lines: str) -> None:
        """Take the lines of the next slot."""
        self._digest.update(lines.encode())

    def text(self) -> str:
        """The hash so far."""
        return self._digest.hexdigest()
