"""Commands that no slot of a strategy has seen yet."""

from __future__ import annotations

from sqlalchemy import Connection

from bot.adapters.sql import ledger_read
from bot.adapters.sql.command_store import commands
from bot.adapters.sql.ledger_read import Span
from bot.domain.values import Command


def waiting(connection: Connection, strategy: str) -> list[Command]:
    """What the strategy's next slot will be the first to see, in the order given."""
    last = ledger_read.watermark(connection, strategy)
    as_of = 0
    if last is not None:
        as_of = ledger_read.cycles(connection, Span(strategy=strategy, start=last))[-1].as_of
    return [
        one for one in commands(connection)
        if one.at > as_of and one.strategy in ("", strategy)
    ]  # fmt: skip
