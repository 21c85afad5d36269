"""Which configuration each strategy runs under, and which of them are only managed to their end.

A position is managed under the configuration that it was opened with. So a strategy that has
something open goes on under the one stored with its last slot, without entries, where its file is
gone or says something else now; the file is taken into use, or the strategy ends, once it is flat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from bot.adapters.sql import ledger_read
from bot.adapters.sql.command_store import add_command, commands
from bot.adapters.sql.ledger_read import Span
from bot.adapters.sql.ledger_rows import ConfigVersion
from bot.app.account import Account
from bot.app.holds import FILE, holds
from bot.app.strategy_files import LoadedStrategy, fitting, from_strategy, strategy_from_canonical
from bot.domain.errors import LedgerError
from bot.domain.values import Command
from bot.engine import layout as at

REMOVED = "its file is gone: it is managed until nothing is open"
CHANGED = "its file has changed: it is managed as before until nothing is open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A strategy in the daemon: what it runs under, and what it takes up once it is flat."""

    runs: LoadedStrategy
    successor: LoadedStrategy | None = None
    removed: bool = False
    positions: int = 0
    entries: int = 0

    @property
    def managed_only(self) -> bool:
        """Whether it makes no entries, since its file is gone or says something else."""
        return self.removed or self.successor is not None

    @property
    def name(self) -> str:
        """The strategy's name."""
        return self.runs.strategy.name

    @property
    def words(self) -> str:
        """Why it is managed only; empty where it is not."""
        return REMOVED if self.removed else CHANGED if self.successor is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineup:
    """Every strategy with a place in the daemon, and those that have ended."""

    posts: tuple[Post, ...]
    ended: tuple[str, ...]

    @property
    def strategies(self) -> list[LoadedStrategy]:
        """All configurations that the next slots may be decided under."""
        found = [one for post in self.posts for one in (post.runs, post.successor)]
        return [one for one in found if one is not None]


def line_up(connection: Connection, loaded: Sequence[LoadedStrategy]) -> Lineup:
    """The files of a home against what its ledger holds.

    Raises LedgerError where a configuration that is still needed cannot be read.
    """
    files = {one.strategy.name: one for one in loaded}
    posts = [_post(connection, one) for one in loaded]
    ended = []
    for name in ledger_read.strategies(connection):
        if name in files:
            continue
        positions, entries = open_in(connection, name)
        if positions or entries:
            runs = last_configuration(connection, name)
            posts.append(Post(runs=runs, removed=True, positions=positions, entries=entries))
        else:
            ended.append(name)
    return Lineup(posts=tuple(posts), ended=tuple(ended))


def _post(connection: Connection, file: LoadedStrategy) -> Post:
    name = file.strategy.name
    positions, entries = open_in(connection, name)
    if (positions or entries) and _last_sha256(connection, name) != file.config_sha256:
        stored = last_configuration(connection, name)
        # What is told is no part of what a position was opened with: the file's own alerts hold.
        alerts = fitting(file.strategy.alert, stored.strategy)
        runs = replace(stored, strategy=replace(stored.strategy, alert=alerts))
        return Post(runs=runs, successor=file, positions=positions, entries=entries)
    return Post(runs=file, positions=positions, entries=entries)


def open_in(connection: Connection, name: str) -> tuple[int, int]:
    """Open positions and working entries of a strategy's account; none where it has no account."""
    stored = ledger_read.account(connection, name)
    if stored is None:
        return 0, 0
    rows = Account.from_bytes(stored.state).tokens.values()
    return sum(row[at.T_QTY] > 0 for row in rows), sum(row[at.T_REST] > 0 for row in rows)


def last_configuration(connection: Connection, name: str) -> LoadedStrategy:
    """What a strategy's last slot ran under; LedgerError where that cannot be read any more."""
    digest = _last_sha256(connection, name)
    found = [
        version for (sha256, _), version in ledger_read.configs(connection).items()
        if sha256 == digest
    ]  # fmt: skip
    if not found:
        raise LedgerError(f"{name}: configuration {digest} of its last slot is not in the ledger")
    return stored_strategy(found[-1])


def stored_strategy(version: ConfigVersion) -> LoadedStrategy:
    """A configuration of the ledger; LedgerError where its text stands for another one."""
    strategy = strategy_from_canonical(version.body)
    loaded = from_strategy(strategy, Path(f"{version.strategy}.toml"))
    if loaded.config_sha256 != version.config_sha256:
        raise LedgerError(
            f"configuration {version.config_sha256}: its text stands for {loaded.config_sha256}"
        )
    return loaded


def _last_sha256(connection: Connection, name: str) -> str | None:
    last = ledger_read.watermark(connection, name)
    if last is None:
        return None
    return ledger_read.cycles(connection, Span(strategy=name, start=last))[-1].config_sha256


def hold_entries(connection: Connection, name: str, now: int, note: str) -> bool:
    """Pause a strategy for the sake of its file, once; whether that was new."""
    if FILE in holds(commands(connection), name):
        return False
    pause = Command(at=now, kind="PAUSE", source=FILE, strategy=name, note=note)
    add_command(connection, pause)
    return True


def free_entries(connection: Connection, name: str, now: int) -> bool:
    """Lift that pause, where there is one; whether there was."""
    if FILE not in holds(commands(connection), name):
        return False
    note = "its file is in use from here on"
    add_command(connection, Command(at=now, kind="RESUME", source=FILE, strategy=name, note=note))
    return True
