"""A whole ledger at once: the rows that slots would have written one by one, into a new database.

Only for a draft: nothing is safe on disk, and nothing can be taken back, before `finish`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table

from bot.adapters.sql import schema_ledger as ledger
from bot.adapters.sql.bar_bulk import add_new_bars
from bot.adapters.sql.command_store import import_commands
from bot.adapters.sql.engine import Database, open_draft
from bot.adapters.sql.evidence import JOURNAL, REPLAY, move_head, seal_imports, set_mode
from bot.adapters.sql.ledger_rows import CycleCommit, JournalEntry, PositionRow
from bot.adapters.sql.ledger_store import (
    account_cells,
    cells_of,
    cycle_cells,
    journal_entry,
    slot_rows,
)
from bot.adapters.sql.lock import take_lease
from bot.adapters.sql.migrate import create_database
from bot.adapters.sql.record_store import add_observations
from bot.adapters.sql.schema import GENESIS
from bot.adapters.sql.schema_record import slot_seen
from bot.adapters.sql.slot_store import InstrumentRow, add_instrument, add_universe
from bot.domain.bar_table import History
from bot.domain.errors import LedgerError, StorageError
from bot.domain.values import Slot

_SLOTS_AT_ONCE = 500


class BulkLedger:
    """The ledger of one strategy, written from its first slot to its last."""

    def __init__(self, path: Path) -> None:
        """A new database with this version's schema."""
        create_database(path)
        self._path = path
        self._database: Database = open_draft(path)
        self._last: JournalEntry | None = None
        self._commit: CycleCommit | None = None
        self._cash = 0

    def add_record(self, history: History, slots: Sequence[Slot]) -> None:
        """Store the point-in-time record, as the import does, and the slots that read it."""
        rows = [{**cells_of(slot), "missed": int(slot.missed)} for slot in slots]
        with self._database.transaction() as connection:
            _insert(connection, slot_seen, rows)
            for bars in history.tables:
                add_new_bars(connection, bars)
            add_observations(connection, history.rest)
            import_commands(connection, history.rest.commands)
            seal_imports(connection)
            set_mode(connection, REPLAY)

    def add_slots(self, commits: Iterable[CycleCommit]) -> None:
        """Append slots in order; their accounts are not looked at.

        Raises LedgerError where the fills do not come to the cash that the engine marked.
        """
        coming = iter(commits)
        with self._database.transaction() as connection:
            while chunk := list(islice(coming, _SLOTS_AT_ONCE)):
                self._write(connection, chunk)

    def add_derived(
        self, units: Sequence[InstrumentRow], strategy: str, universes: dict[int, tuple[int, ...]]
    ) -> None:
        """Store what the slots derived from the record: units, and universes by day."""
        with self._database.transaction() as connection:
            for unit in units:
                add_instrument(connection, unit)
            for day, token_ids in universes.items():
                add_universe(connection, strategy, day, token_ids)

    def finish(self, state: bytes, positions: Sequence[PositionRow]) -> None:
        """Store the account after the last slot, and bring the file safely to disk."""
        commit = self._commit
        if commit is None:
            raise LedgerError(f"{self._path}: there is no slot to write")
        with self._database.transaction() as connection:
            row = {"strategy": commit.strategy, **account_cells(commit.slot, state)}
            _insert(connection, ledger.account, [row])
            _insert(connection, ledger.position, [cells_of(position) for position in positions])
            if self._last is not None:
                move_head(connection, JOURNAL, self._last.seq, self._last.hash)
            epoch = take_lease(connection, commit.as_of)
            connection.exec_driver_sql(
                "INSERT INTO tenure SELECT strategy, slot, ? FROM cycle", (epoch,)
            )
        self.close()
        _settle(self._path)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _write(self, connection: Connection, commits: list[CycleCommit]) -> None:
        if self._commit is None:
            _insert(connection, ledger.config_version, [cells_of(commits[0].config)])
        rows: dict[Table, list[dict[str, Any]]] = {ledger.cycle: []}
        entries = []
        for commit in commits:
            rows[ledger.cycle].append(cycle_cells(commit.cycle_row()))
            for table, cells in slot_rows(commit):
                rows.setdefault(table, []).extend(cells)
            closed = [cells_of(position) for position in commit.positions]
            rows.setdefault(ledger.position, []).extend(closed)
            entries.append(cells_of(self._link(commit)))
            self._check_cash(commit)
        rows[ledger.journal] = entries
        for table, cells in rows.items():
            _insert(connection, table, cells)

    def _link(self, commit: CycleCommit) -> JournalEntry:
        before = self._last
        seq, digest = (before.seq + 1, before.hash) if before else (1, GENESIS)
        self._last = journal_entry(commit, seq, digest)
        self._commit = commit
        return self._last

    def _check_cash(self, commit: CycleCommit) -> None:
        legs = commit.cash_entries()
        self._cash += sum(leg.amount for leg in legs if leg.account == "CASH")
        rest = sum(leg.amount for leg in legs)
        if self._cash != commit.equity.cash or rest != 0:
            raise LedgerError(
                f"{commit.strategy}: cash by the fills is {self._cash}, by the engine "
                f"{commit.equity.cash}; the legs of the slot's movements sum to {rest}"
            )


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(table.insert(), rows)


def _settle(path: Path) -> None:
    """Give the file the daemon's kind of log, and wait until all of it is on disk."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"{path}: cannot be written: {error}") from None
