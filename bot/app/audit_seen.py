"""What a slot saw, as its stored inputs say it: one entry for each token of which it knew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from bot.adapters.sql.packed import unpacked
from bot.domain.instants import parse_instant


@dataclass(frozen=True, slots=True)
class Seen:
    """The inputs of one slot: where its columns come from, and the entries by token."""

    slot: int
    source: str
    tokens: dict[int, dict[str, Any]]

    def closes(self) -> dict[int, Decimal]:
        """The newest close that the slot knew, by token."""
        return {
            token_id: Decimal(entry["bar"]["close"])
            for token_id, entry in self.tokens.items()
            if "bar" in entry
        }


def bar_time(entry: dict[str, Any]) -> int | None:
    """When the newest bar of an entry opened; None where it knew of none."""
    return parse_instant(entry["bar"]["open_time"]) if "bar" in entry else None


def seen_slots(connection: Connection, strategy: str) -> Iterator[Seen]:
    """All slots of a strategy in their order, one at a time."""
    query = "SELECT slot, body FROM slot_input WHERE strategy = ? ORDER BY slot"
    for slot, body in connection.exec_driver_sql(query, (strategy,)):
        yield read_seen(slot, body)


def read_seen(slot: int, packed: bytes) -> Seen:
    """One slot's inputs from their compressed bytes."""
    found = json.loads(unpacked(packed))
    tokens = {int(token_id): entry for token_id, entry in found["tokens"].items()}
    return Seen(slot, str(found["source"]), tokens)
