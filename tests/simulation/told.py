"""What a strategy's alerts told, held against the closes of the record and what was told before."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

HOUR = 3_600_000
_MESSAGES = (
    "SELECT id, topic, body FROM outbox WHERE id > ? AND strategy = ? AND slot = ? "
    "AND topic LIKE 'alert.%' ORDER BY id"
)
_CLOSE = (
    "SELECT close FROM bar WHERE token_id = ? AND open_time <= ? AND available_at <= ? "
    "AND CAST(low AS REAL) <= CAST(high AS REAL) ORDER BY open_time DESC, available_at DESC LIMIT 1"
)


@dataclass(slots=True)
class Told:
    """Of one strategy, slot by slot, as far as the message `last`."""

    last: int = 0
    rules: Any = None
    side: str = ""  # of the limit, on which the close was last
    turns: dict[int, str] = field(default_factory=dict)
    levels: set[tuple[object, ...]] = field(default_factory=set)

    def check(
        self, connection: sqlite3.Connection, strategy: str, slot: int, as_of: int
    ) -> list[str]:
        """The topics of a slot's messages; AssertionError for one too many or too few."""
        where = f"{strategy} slot {slot}"
        moved, topics = [], []
        new = connection.execute(_MESSAGES, (self.last, strategy, slot)).fetchall()
        for identity, topic, text in new:
            self.last, body = identity, json.loads(text)
            topics.append(topic)
            if topic == "alert.rules":
                assert body["rules"] != self.rules, f"{where}: the same alerts are told anew"
                self.rules = body["rules"]
            elif topic == "alert.column":
                moved.append(body["event"])
            elif topic == "alert.signal":
                self._check_turn(where, body)
            else:
                self._check_level(where, body, slot)
        if self.rules and "moved" in self.rules:
            self._check_moved(connection, where, (slot, as_of), moved)
        return topics

    def _check_turn(self, where: str, body: dict[str, Any]) -> None:
        token_id, turn = body["token_id"], body["event"]
        assert self.turns.get(token_id) != turn, f"{where}: {token_id} turned {turn} twice"
        self.turns[token_id] = turn

    def _check_level(self, where: str, body: dict[str, Any], slot: int) -> None:
        key = tuple(body[name] for name in ("token_id", "side", "level", "event", "bar"))
        assert key not in self.levels, f"{where}: {key} was told before"
        self.levels.add(key)

    def _check_moved(
        self, connection: sqlite3.Connection, where: str, at: tuple[int, int], moved: list[str]
    ) -> None:
        """A close beyond the limit where the one before was not: told once, and nothing else."""
        slot, as_of = at
        rule = json.loads(self.rules["moved"])
        ((token_id,), limit) = rule["token_ids"], Decimal(str(rule["above"]))
        found = connection.execute(_CLOSE, (token_id, slot - HOUR, as_of)).fetchone()
        before = self.side
        if found is not None:
            self.side = "above" if Decimal(found[0]) > limit else "below"
        expected = [self.side] if before and self.side != before else []
        assert moved == expected, f"{where}: told {moved}, by the closes {expected}"
