"""A replay as a home: the record it read and the ledger a daemon would have written, in SQLite."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from bot.adapters.sql.ledger_bulk import BulkLedger
from bot.adapters.sql.ledger_rows import CycleCommit
from bot.adapters.whole_file import whole_file
from bot.app.account import Account
from bot.app.commit import open_positions, slot_commit, source_of
from bot.app.desk import instrument_row
from bot.app.slot_inputs import derived_in, inputs_of_slot
from bot.app.stepper import Stepper
from bot.app.strategy_files import LoadedStrategy
from bot.domain.bar_table import History
from bot.domain.errors import LedgerError, StorageError, UsageError
from bot.domain.instants import DAY
from bot.domain.records import SlotRecords
from bot.domain.values import Slot
from bot.market.inputs import MarketSlice, lags_of
from bot.market.truncation import known_by

DATABASE = "hourhand.db"  # where a home's settings look for it
STRATEGIES = "strategies"


def check_home(folder: Path) -> None:
    """Refuse a folder that has a database: it may be the ledger of a daemon."""
    path = folder / DATABASE
    if path.exists():
        raise UsageError(f"{path}: is there already: choose another folder for --out")


@contextmanager
def replay_ledger(
    folder: Path, loaded: LoadedStrategy, history: History, slots: list[Slot]
) -> Iterator[ReplayLedger]:
    """An observer of a replay of these slots; the folder is a home when the block has ended.

    Whatever interrupts the block leaves the folder as it was. Raises UsageError where it has a
    database already.
    """
    check_home(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as made:
            draft = Path(made)
            with closing(BulkLedger(draft / DATABASE)) as bulk:
                ledger = ReplayLedger(bulk, loaded, slots)
                # What only later slots could have seen is no part of this ledger's record.
                known = known_by(history, slots[-1].as_of, lags_of(loaded.strategy))
                bulk.add_record(known, slots)
                yield ledger
                ledger.finish()
            strategy = folder / STRATEGIES / f"{loaded.strategy.name}.toml"
            strategy.parent.mkdir(parents=True, exist_ok=True)
            if not strategy.exists():
                with whole_file(strategy) as copy:
                    copy.write_bytes(loaded.path.read_bytes())
            os.link(draft / DATABASE, folder / DATABASE)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written: {error.strerror}") from None


class ReplayLedger:
    """Told the records of a run piece by piece, it writes what a daemon would have written."""

    def __init__(self, bulk: BulkLedger, loaded: LoadedStrategy, slots: list[Slot]) -> None:
        self._bulk = bulk
        self._loaded = loaded
        self._plan = Stepper(loaded).plan
        self._slots = slots
        self._done = 0
        self._account: Account | None = None

    def take(self, made: MarketSlice, records: list[SlotRecords], account: Account) -> None:
        """Write the slots of a piece."""
        name = self._loaded.strategy.name
        derived = derived_in(made)
        self._bulk.add_derived(
            [
                instrument_row(unit, self._slots[self._done + derived[unit.token_id]].slot)
                for unit in made.derived
            ],
            name,
            {slot - slot % DAY: token_ids for slot, token_ids in made.universes},
        )
        self._bulk.add_slots(self._commits(made, records, derived))
        self._account = account

    def finish(self) -> None:
        """Close the ledger after its last slot."""
        if self._account is None or self._done != len(self._slots):
            raise LedgerError(f"only {self._done} of {len(self._slots)} slots were replayed")
        positions = open_positions(self._loaded.strategy.name, self._account)
        self._bulk.finish(self._account.to_bytes(), positions)

    def _commits(
        self, made: MarketSlice, records: list[SlotRecords], derived: dict[int, int]
    ) -> Iterator[CycleCommit]:
        source = source_of(self._loaded)
        for s, found in enumerate(records):
            slot = self._slots[self._done]
            if found.slot != slot.slot:
                raise LedgerError(f"slot {found.slot} came where {slot.slot} was due")
            seen = inputs_of_slot(_known_at(made, derived, s), self._plan, source, s)
            watermark = self._slots[self._done - 1].slot if self._done else None
            yield slot_commit(self._loaded, slot, found, watermark, seen)
            self._done += 1


def _known_at(made: MarketSlice, derived: dict[int, int], s: int) -> MarketSlice:
    """A slice without the units that only its later slots derived."""
    if all(index <= s for index in derived.values()):
        return made
    instruments = [
        None if derived.get(token_id, s) > s else unit
        for token_id, unit in zip(made.token_ids, made.instruments, strict=True)
    ]
    return replace(made, instruments=instruments)
