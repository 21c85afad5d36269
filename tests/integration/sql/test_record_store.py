"""The record in the database: append-only, told once, and read back as it was."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from bot.adapters.files.record_folder import read_record
from bot.adapters.files.record_writer import write_record
from bot.adapters.sql import record_store, slot_store
from bot.adapters.sql.engine import Database, open_database
from bot.adapters.sql.record_store import RawResponse
from bot.domain.errors import LedgerError
from bot.domain.instants import DAY, HOUR, parse_instant
from bot.domain.values import (
    Bar,
    Command,
    Grade,
    Level,
    LevelList,
    Metrics,
    Record,
    Signal,
    Slot,
    Token,
)

T0 = parse_instant("2025-05-10T13:00:00Z")
RAW = RawResponse(
    endpoint="/v2/hourly-ohlcv", params='{"token_id":1}', status=200, body=b'{"data":[]}' * 9,
    fetched_at=T0 + 5000, latency_ms=120, request_id="r-1",
)  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_database(tmp_path / "a.db", create=True)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path / "other.db", create=True)
    yield database
    database.close()


def _bar(hour: int, close: str = "1.5", seen: int | None = None) -> Bar:
    return Bar(
        token_id=1, open_time=T0 + hour * HOUR, open=Decimal(1), high=Decimal(2),
        low=Decimal("0.5"), close=Decimal(close), volume=Decimal("10.25"), available_at=seen,
    )  # fmt: skip


def _full() -> Record:
    return Record(
        tokens=[
            Token(token_id=2, symbol="B"),
            Token(token_id=1, symbol="A", name="n", sector="s", category="c;d",
                  tick=Decimal("0.01"), lot=Decimal("0.001"), min_notional=Decimal(5),
                  volume_unit="base", market_cap=Decimal("1e12"), available_at=T0),
            Token(token_id=2, symbol="B2"),
        ],
        bars=[_bar(1), _bar(0), _bar(1, "1.4", T0 + 3 * HOUR), _bar(1, "1.5", T0 + 4 * HOUR),
              dataclasses.replace(_bar(0), interval="5m", volume=None)],
        signals=[
            Signal(token_id=1, valid_time=T0, signal="1", available_at=T0 + HOUR),
            Signal(token_id=1, valid_time=T0, signal="1", source="daily"),
            Signal(token_id=1, valid_time=T0, signal=""),
        ],
        metrics=[
            Metrics(token_id=1, valid_time=T0, values=(("cagr", 0.1 + 0.2), ("sharpe", -1.0))),
            Metrics(token_id=1, valid_time=T0, values=(), available_at=T0),
        ],
        levels=[
            LevelList(token_id=1, seen_at=T0, levels=(
                Level(price=Decimal("95.5"), strength=2.5, level_date=T0 - DAY),
                Level(price=Decimal("0.00001234")))),
            LevelList(token_id=1, seen_at=T0 + HOUR, levels=()),
        ],
        grades=[Grade(token_id=1, valid_time=T0, tm_grade=87.1691069762),
                Grade(token_id=1, valid_time=T0 + DAY, tm_grade=None, available_at=T0 + DAY)],
        slots=[Slot(slot=T0, as_of=T0 + 600_000), Slot(slot=T0 + HOUR, as_of=T0 + 9 * HOUR,
                                                       missed=True)],
        commands=[Command(at=T0 + 3, kind="PAUSE", note="a look"),
                  Command(at=T0 + 4, kind="RESUME", source="conflict 1", strategy="mine"),
                  Command(at=T0 + 5, kind="CLOSE", strategy="mine", token_id=1)],
    )  # fmt: skip


def _import(database: Database, record: Record) -> dict[str, int]:
    with database.transaction() as connection:
        return record_store.import_record(connection, record)


def _export(database: Database) -> Record:
    with database.transaction() as connection:
        return record_store.export_record(connection)


def test_what_is_imported_is_exported_in_the_same_order(database: Database) -> None:
    _import(database, _full())
    assert _export(database) == _full()


def test_export_import_export_is_the_same_through_files_too(
    database: Database, other: Database, tmp_path: Path
) -> None:
    _import(database, _full())
    first = _export(database)
    write_record(first, tmp_path / "out", "csv.gz")
    _import(other, read_record(tmp_path / "out"))
    assert _export(other) == first


def test_importing_twice_adds_nothing(database: Database) -> None:
    record = dataclasses.replace(_full(), bars=[_bar(0), _bar(1)], tokens=_full().tokens[:2],
                                 signals=_full().signals[:2])  # fmt: skip
    assert sum(_import(database, record).values()) > 0
    assert set(_import(database, record).values()) == {0}
    assert _export(database) == record


def test_an_unchanged_bar_seen_again_is_one_fact_and_a_changed_one_two(
    database: Database,
) -> None:
    polls = [_bar(0, "1.5", T0), _bar(0, "1.50", T0 + 1), _bar(0, "1.4", T0 + 2),
             _bar(0, "1.4", T0 + 3), _bar(0, "1.5", T0 + 4)]  # fmt: skip
    added = [_import(database, Record(bars=[bar]))["bars"] for bar in polls]
    assert added == [1, 0, 1, 0, 1]
    assert _export(database).bars == [polls[0], polls[2], polls[4]]


def test_every_poll_of_an_unchanged_snapshot_is_a_confirmation(database: Database) -> None:
    for hour in range(3):
        seen = T0 + hour * HOUR
        levels = (Level(price=Decimal(95)),)
        _import(
            database,
            Record(
                levels=[LevelList(token_id=1, seen_at=seen, levels=levels)],
                metrics=[
                    Metrics(token_id=1, valid_time=T0, values=(("a", 1.0),), available_at=seen)
                ],
                grades=[Grade(token_id=1, valid_time=T0, tm_grade=5.0, available_at=seen)],
            ),
        )
    record = _export(database)
    assert [len(rows) for rows in (record.levels, record.metrics, record.grades)] == [3, 3, 3]
    with database.transaction() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM content").scalar() == 2


def test_noise_of_binary_floats_is_gone_from_prices(database: Database) -> None:
    noisy = dataclasses.replace(_bar(0), close=Decimal(0.1 + 0.2))
    _import(database, Record(bars=[noisy]))
    assert str(_export(database).bars[0].close) == "0.3"


def test_a_missing_metric_never_comes_back_as_a_number(database: Database) -> None:
    values = (("a", float("nan")), ("b", float("inf")), ("c", 1.0))
    _import(database, Record(metrics=[Metrics(token_id=1, valid_time=T0, values=values)]))
    assert _export(database).metrics[0].values == (("c", 1.0),)


def test_a_reader_goes_on_from_where_it_was(database: Database) -> None:
    _import(database, Record(bars=[_bar(0), _bar(1)], slots=[Slot(slot=T0, as_of=T0)]))
    with database.transaction() as connection:
        first, marks = record_store.load(connection, bars_from=T0 + HOUR)
    assert first.bars == [_bar(1)]
    _import(database, Record(bars=[_bar(2), _bar(0, "1.1")], tokens=[Token(token_id=1, symbol="A")],
                             slots=[Slot(slot=T0 + HOUR, as_of=T0 + HOUR)]))  # fmt: skip
    with database.transaction() as connection:
        second, marks = record_store.load(connection, marks)
        third, _ = record_store.load(connection, marks)
    assert second == Record(
        bars=[_bar(2), _bar(0, "1.1")], tokens=[Token(token_id=1, symbol="A")],
        slots=[Slot(slot=T0 + HOUR, as_of=T0 + HOUR)],
    )  # fmt: skip
    assert third == Record()


def test_observations_know_the_response_they_came_from(database: Database) -> None:
    with database.transaction() as connection:
        raw_id = record_store.add_raw(connection, RAW)
        record_store.add_observations(connection, Record(bars=[_bar(0)]), raw_id)
    _import(database, Record(bars=[_bar(1)]))
    with database.transaction() as connection:
        assert list(record_store.raw_responses(connection)) == [(raw_id, RAW)]
        assert list(record_store.raw_responses(connection, raw_id)) == []
        assert record_store.observations_of(connection, raw_id).bars == [_bar(0)]
        assert record_store.observations_of(connection, None).bars == [_bar(1)]


def test_a_changed_byte_in_a_stored_response_is_named(database: Database) -> None:
    with database.transaction() as connection:
        raw_id = record_store.add_raw(connection, RAW)
        connection.exec_driver_sql("DROP TRIGGER raw_body_no_update")
        body = zlib.compress(RAW.body + b" ")
        connection.exec_driver_sql("UPDATE raw_body SET body = ?", (body,))
    with database.transaction() as connection, pytest.raises(LedgerError) as told:
        list(record_store.raw_responses(connection))
    assert f"raw response {raw_id}: the body hashes to" in str(told.value)


def test_a_frozen_slot_stays_as_it_was_frozen(database: Database) -> None:
    frozen = Slot(slot=T0, as_of=T0 + 7_000)
    with database.transaction() as connection:
        assert record_store.add_slot(connection, frozen) == frozen
        later = Slot(slot=T0, as_of=T0 + 9_000, missed=True)
        assert record_store.add_slot(connection, later) == frozen


def test_units_and_universes_are_stored_once(database: Database) -> None:
    row = slot_store.InstrumentRow(
        token_id=1, tick=Decimal("0.01"), lot=Decimal("1e-5"), min_notional=Decimal(5),
        derived_at=T0,
    )  # fmt: skip
    coarser = dataclasses.replace(row, tick=Decimal(1))
    with database.transaction() as connection:
        assert slot_store.add_instrument(connection, row) == row
        assert slot_store.add_instrument(connection, coarser) == row
        assert slot_store.add_universe(connection, "s", T0 - 13 * HOUR, (3, 1)) == (1, 3)
        assert slot_store.add_universe(connection, "s", T0 - 13 * HOUR, (9,)) == (1, 3)
        assert slot_store.instruments(connection) == [row]


def test_polls_and_credits_are_counted(database: Database) -> None:
    with database.transaction() as connection:
        for at in (T0, T0 + HOUR):
            slot_store.note_poll(connection, "/v2/tokens", at)
        assert slot_store.last_polls(connection) == {"/v2/tokens": T0 + HOUR}
        assert slot_store.credits_spent(connection, "2025-05") == 0
        assert slot_store.charge_credit(connection, "2025-05")
        assert slot_store.charge_credit(connection, "2025-05", limit=2)
        assert not slot_store.charge_credit(connection, "2025-05", limit=2)
        assert not slot_store.charge_credit(connection, "2025-06", limit=0)
        assert slot_store.credits_spent(connection, "2025-05") == 2
        assert slot_store.credits_spent(connection, "2025-06") == 0
