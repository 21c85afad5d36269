"""Which tokens matter to somebody: those that strategies may enter, and those that ledgers hold."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from bot.adapters.sql import ledger_read, slot_store
from bot.app.account import Account
from bot.domain.errors import ConfigError
from bot.domain.values import Token
from bot.engine import layout as at
from bot.market.strategy import Strategy
from bot.market.universe import resolve


def held_tokens(connection: Connection) -> frozenset[int]:
    """Tokens with an open position or an entry that still works, of every strategy there was."""
    found: set[int] = set()
    for name in ledger_read.strategies(connection):
        stored = ledger_read.account(connection, name)
        if stored is None:
            continue
        rows = Account.from_bytes(stored.state).tokens
        found |= {i for i, row in rows.items() if row[at.T_QTY] > 0 or row[at.T_REST] > 0}
    return frozenset(found)


def chosen_tokens(
    strategies: Iterable[Strategy], tokens: dict[int, Token], limit: int
) -> frozenset[int]:
    """The strategies' universes together.

    Raises ConfigError for a symbol that no token or several bear, and beyond the limit.
    """
    chosen = frozenset[int]().union(*(resolve(one.universe, tokens) for one in strategies))
    if len(chosen) > limit:
        raise ConfigError(
            [
                f"the strategies' universes come to {len(chosen)} tokens, tokens_max is {limit}: "
                f"name tokens in [universe], e.g. token_ids = [3375, 3306] for Bitcoin and Ethereum"
            ]
        )
    return chosen


def last_universe(connection: Connection, strategies: Iterable[Strategy]) -> frozenset[int] | None:
    """The universes in which the strategies' last slots were stepped; None before the first."""
    found: set[int] = set()
    for one in strategies:
        days = slot_store.universes(connection, one.name)
        if not days:
            return None
        found |= set(days[max(days)])
    return frozenset(found)
