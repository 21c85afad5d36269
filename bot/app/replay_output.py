"""A replay's records as files: CSV or Parquet, all of them or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from bot.adapters.whole_file import sync
from bot.app.replay import Replay
from bot.app.tally import (
    CASH,
    EQUITY,
    HALT_DAILY,
    HALT_DRAWDOWN,
    OPEN,
    PEAK,
    REALISED,
    SLOT,
    UNREALISED,
    VALUE,
)
from bot.domain.errors import StorageError, UsageError
from bot.report.run_tables import Row, equity_row, run_tables, write_csv, write_parquet

_SHOWN = [SLOT, CASH, VALUE, EQUITY, REALISED, UNREALISED, PEAK, OPEN]
_HALTS = {"HALT_DAILY_LOSS": HALT_DAILY, "HALT_DRAWDOWN": HALT_DRAWDOWN}
LEDGER = "sqlite"  # no tables but a home, written as the run goes: `replay_ledger`
_WRITERS = {"csv": write_csv, "parquet": write_parquet}


def check_format(form: str, folder: Path | None) -> None:
    """Refuse a form of output that there is none of, and a ledger that is to go nowhere."""
    if form not in (*_WRITERS, LEDGER):
        raise UsageError(f"--format {form}: expected {', '.join(_WRITERS)} or {LEDGER}")
    if form == LEDGER and folder is None:
        raise UsageError(f"--format {LEDGER}: needs --out DIR, a folder without a database")


def equity_rows(result: Replay) -> Iterator[Row]:
    """The account at every slot, as equity.csv shows it."""
    missed = {slot.slot for slot in result.slots if slot.missed}
    for row in result.tally.marks().tolist():
        halts = [name for name, column in _HALTS.items() if row[column]]
        yield equity_row([row[column] for column in _SHOWN], halts, row[SLOT] in missed)


def write_output(folder: Path, result: Replay, form: str = "csv") -> None:
    """Write a run's tables; an interruption leaves the folder as it was."""
    tables = run_tables(result.busy, equity_rows(result))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as draft:
            _WRITERS[form](Path(draft), tables)
            folder.mkdir(exist_ok=True)
            for path in sorted(Path(draft).iterdir()):
                sync(path)
                os.replace(path, folder / path.name)
            sync(folder)
            for name, other in product(tables, set(_WRITERS) - {form}):
                (folder / f"{name}.{other}").unlink(missing_ok=True)  # of an earlier run
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written: {error.strerror}") from None
