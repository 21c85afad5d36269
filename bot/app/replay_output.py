"""A replay's tables as files: those of `export --ledger`, all of them or none."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from pathlib import Path

from bot.adapters.files.layout import FORMATS, chosen_format
from bot.app.replay import Replay
from bot.domain.errors import StorageError, UsageError
from bot.domain.values import Token

LEDGER = "sqlite"  # no tables but a home, written as the run goes: `replay_ledger`


def check_format(form: str, folder: Path | None) -> None:
    """Refuse a form of output that there is none of, and a ledger that is to go nowhere."""
    if form not in (*FORMATS, LEDGER):
        raise UsageError(f"--format {form}: expected {', '.join(FORMATS)} or {LEDGER}")
    if form == LEDGER and folder is None:
        raise UsageError(f"--format {LEDGER}: needs --out DIR, a folder without a database")


def write_output(folder: Path, result: Replay, tokens: Iterable[Token], form: str = "csv") -> None:
    """Write a run's tables; an interruption leaves the folder as it was."""
    # Most replays write no tables, and what these need takes a third of a second to load.
    from bot.app.replay_rows import replay_tables
    from bot.app.table_files import write_tables

    chosen = chosen_format(form)
    tables = replay_tables(result, tokens)
    write_tables(folder, chosen, tables)
    try:
        for name, other in product(tables, set(FORMATS) - {chosen}):
            (folder / f"{name}.{other}").unlink(missing_ok=True)  # of an earlier run
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written: {error.strerror}") from None
