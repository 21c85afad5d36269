"""A home opened for reading: one steady view of its database, and the names that people use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bot.adapters.sql import ledger_read, overview, slot_store
from bot.adapters.sql.engine import Database, open_database, open_readonly
from bot.adapters.sql.file_checks import blaming_damage
from bot.app.bootstrap import database_at, wall_ms
from bot.app.settings import Settings, load_settings
from bot.domain.decimals import plain
from bot.domain.errors import UsageError
from bot.domain.instants import format_instant
from bot.domain.records import Scale
from bot.domain.values import Token
from bot.report.tables import clean

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """One transaction on a home's database, with the tokens and units that it knows."""

    settings: Settings
    path: Path
    connection: Connection
    tokens: dict[int, Token]
    scales: dict[int, Scale]

    def symbol(self, token_id: int) -> str:
        """The token's symbol, its id where none is known."""
        token = self.tokens.get(token_id)
        return token.symbol if token is not None and token.symbol else str(token_id)

    def scale(self, token_id: int) -> Scale:
        """Tick and lot; every token with an order has them."""
        return self.scales[token_id]

    def strategies(self, wanted: str | None) -> list[str]:
        """The strategies with an account, or the one that is wanted.

        Raises UsageError where there is none of that name.
        """
        known = ledger_read.strategies(self.connection)
        if wanted is None:
            return known
        if wanted not in known:
            there = ", ".join(known) or "none yet: no slot has been done"
            raise UsageError(f"no strategy {wanted!r} in the ledger; there: {there}")
        return [wanted]

    def now(self) -> int:
        """The machine's instant; with a simulator's clock, when something was last heard."""
        return now_of(self.settings, self.connection)

    def find_token(self, text: str) -> int:
        """The token of an id or of an unambiguous symbol; UsageError lists the candidates."""
        if text.isascii() and text.isdigit() and int(text) in self.tokens:
            return int(text)
        same = [t for t in self.tokens.values() if t.symbol.casefold() == text.casefold()]
        if len(same) == 1:
            return same[0].token_id
        if same:
            lines = [_described(token) for token in sorted(same, key=lambda t: t.token_id)]
            raise UsageError(
                f"{text!r} is the symbol of {len(same)} tokens; name one by its id:\n"
                + "\n".join(f"  {line}" for line in lines)
            )
        raise UsageError(f"{text!r} is neither the id nor the symbol of a recorded token")


def now_of(settings: Settings, connection: Connection) -> int:
    """The machine's instant; with a simulator's clock, when something was last heard."""
    if settings.clock_url is None:
        return wall_ms()
    slots = overview.last_slots(connection, 1)
    heard = [overview.last_fetch(connection) or 0, *(slot.as_of for slot in slots)]
    lease = overview.lease_of(connection)
    if lease is not None:
        heard.append(lease.heartbeat)
    return max(heard) or wall_ms()


@contextmanager
def reading(home: Path) -> Iterator[Reader]:
    """The home's database, read-only, seen at one instant.

    Raises UsageError where there is no database yet, ConfigError for wrong settings.
    """
    settings = load_settings(home)
    with _reader(settings, open_readonly(database_at(home, settings))) as reader:
        yield reader


@contextmanager
def writing(settings: Settings) -> Iterator[Reader]:
    """The same with the write lock held, for a command that a running daemon need not wait for.

    All or nothing: an error rolls back. Raises StorageError where the lock is not to be had.
    """
    with _reader(settings, open_database(database_at(settings.home, settings))) as reader:
        yield reader


@contextmanager
def _reader(settings: Settings, database: Database) -> Iterator[Reader]:
    try:
        with blaming_damage(database.path), database.transaction() as connection:
            yield Reader(
                settings,
                database.path,
                connection,
                overview.newest_tokens(connection),
                {
                    row.token_id: Scale(tick=row.tick, lot=row.lot)
                    for row in slot_store.instruments(connection)
                },
            )
    finally:
        database.close()


def instant_text(instant: int | None) -> str | None:
    """ISO text, None for none."""
    return None if instant is None else format_instant(instant)


def _described(token: Token) -> str:
    value = f", market value {plain(token.market_cap)}" if token.market_cap is not None else ""
    return f"{token.token_id}  {clean(token.symbol)}  {clean(token.name)}{value}"
