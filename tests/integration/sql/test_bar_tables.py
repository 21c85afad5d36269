"""The record read as columns is the record read row by row."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import numpy as np

from bot.adapters.sql.bar_tables import read_history
from bot.adapters.sql.engine import open_database
from bot.adapters.sql.record_store import export_record, import_record
from bot.domain.bar_table import BarTable, History, history_of
from bot.domain.instants import HOUR, MINUTE
from bot.domain.values import Bar, Record
from tests.support.records import bar, bars, quiet_record, when

START = when("09 00:00")


def awkward() -> Record:
    """Bars of every kind: corrected, out of order, finer, without volume, with many digits."""
    found = quiet_record()
    found.bars += bars(START, START + 5 * HOUR, "0.00001234 0.00001239 0.0000123 0.00001235",
                       "123456789.5", token_id=2)  # fmt: skip
    found.bars.append(bar(START + HOUR, "100 200 50 150", seen=START + 9 * HOUR))
    found.bars.append(bar(START + 30 * HOUR, volume=None, token_id=2))
    found.bars.append(bar(START - 9 * HOUR, "9 9.5 8.75 9", token_id=2, seen=START + 40 * HOUR))
    found.bars += bars(START, START + 3 * MINUTE, span=MINUTE)
    found.bars.append(bar(START, "1234567890123456789012 1234567890123456789013 1 2", token_id=3))
    return found


def same(left: BarTable, right: BarTable) -> bool:
    pairs = [(getattr(left, f.name), getattr(right, f.name)) for f in fields(BarTable)]
    return all(np.array_equal(a, b) for a, b in pairs)


def both(folder: Path, record: Record) -> tuple[History, History]:
    database = open_database(folder / "a.db", create=True)
    with database.transaction() as connection:
        import_record(connection, record)
    with database.transaction() as connection:
        found = read_history(connection), history_of(export_record(connection))
    database.close()
    return found


def key(one: Bar) -> tuple[int, str, int, Decimal]:
    return one.token_id, one.interval, one.open_time, one.close


def test_columns_hold_what_the_rows_say(tmp_path: Path) -> None:
    found, expected = both(tmp_path, awkward())
    assert [table.token_id for table in found.tables] == [1, 2]
    assert all(map(same, found.tables, expected.tables))


def test_bars_that_no_table_holds_stand_beside_them(tmp_path: Path) -> None:
    found, expected = both(tmp_path, awkward())
    assert sorted(found.rest.bars, key=key) == sorted(expected.rest.bars, key=key)
    assert {one.interval for one in found.rest.bars} == {"1m", "1h"}


def test_everything_else_is_the_record(tmp_path: Path) -> None:
    found, expected = both(tmp_path, awkward())
    found.rest.bars, expected.rest.bars = [], []
    assert found.rest == expected.rest


def test_an_empty_record_has_no_table(tmp_path: Path) -> None:
    found, _ = both(tmp_path, Record())
    assert found.tables == []
    assert found.rest == Record()
