"""The tables of a run as files of a folder: all of them or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.adapters.files.layout import Column, FileFormat
from bot.adapters.files.table_writer import write_table
from bot.adapters.whole_file import sync
from bot.app.export_rows import Cells
from bot.domain.errors import LedgerError, StorageError

Table = tuple[Sequence[Column], Iterable[Cells]]


def write_tables(folder: Path, form: FileFormat, tables: Mapping[str, Table]) -> dict[str, int]:
    """Write each table under its name; returns the rows by table.

    Whatever interrupts that leaves the folder as it was. Raises StorageError where it cannot be
    written.
    """
    counts = {}
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as draft:
            made = Path(draft) / "tables"
            made.mkdir()
            for name, (columns, rows) in tables.items():
                path = made / f"{name}.{form}"
                counts[name] = write_table(path, form, columns, in_order(name, columns, rows))
                sync(path)
            _put(made, folder)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written: {error.strerror or error}") from None
    return counts


def _put(made: Path, folder: Path) -> None:
    """Give a new folder its name in one step; in one that is there, each file takes its place."""
    if not folder.exists():
        sync(made)
        os.rename(made, folder)
        sync(folder.parent)
        return
    for path in sorted(made.iterdir()):
        os.replace(path, folder / path.name)
    sync(folder)


def in_order(name: str, columns: Sequence[Column], rows: Iterable[Cells]) -> Iterator[list[Any]]:
    """The rows in the order of the columns; a cell without a column would be lost unseen."""
    order = [column.name for column in columns]
    known = set(order)
    for cells in rows:
        if not cells.keys() <= known:
            raise LedgerError(f"{name}: no column for {sorted(cells.keys() - known)}")
        yield [cells.get(each) for each in order]
