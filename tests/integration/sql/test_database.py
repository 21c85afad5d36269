"""The database file: safe settings on every connection, clear words when it cannot be used."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import pytest

from bot.adapters.sql.engine import PRAGMAS, open_database, open_readonly
from bot.domain.errors import LedgerError, SchemaError, StorageError

READ_BACK = {
    "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000,
    "recursive_triggers": 1, "trusted_schema": 0, "cell_size_check": 1,
    "journal_size_limit": 67108864,
}  # fmt: skip


def test_every_connection_has_all_settings(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db", create=True)
    assert {pragma.partition("=")[0] for pragma in PRAGMAS} == set(READ_BACK)
    for _ in range(2):
        with database.transaction() as connection:
            for name, value in READ_BACK.items():
                assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == value, name
        database.engine.dispose()  # the next transaction gets a new connection


def test_a_writer_begins_at_once_and_commits_at_the_end(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db", create=True)
    trace: list[str] = []
    with database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_trace_callback(trace.append)
    with database.transaction() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM meta")
        connection.exec_driver_sql("INSERT INTO meta VALUES ('k', 'v')")
    words = [statement.split()[0:2] for statement in trace]
    assert [" ".join(pair) for pair in words] == [
        "BEGIN IMMEDIATE", "SELECT count(*)", "INSERT INTO", "COMMIT",
    ]  # fmt: skip


def test_an_error_rolls_the_whole_transaction_back(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db", create=True)
    rows = [("k", "v"), ("second", "v"), ("k", "again")]
    with pytest.raises(LedgerError), database.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO meta VALUES (?, ?)", rows)
    with database.transaction() as connection:
        found = connection.exec_driver_sql("SELECT * FROM meta WHERE value = 'v'").fetchall()
    assert found == []


def test_read_then_write_waits_for_the_other_writer(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    first, second = open_database(path, create=True), open_database(path)
    with first.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO meta VALUES ('n', '0')")

    def count(times: int) -> None:
        for _ in range(times):
            with second.transaction() as mine:
                found = mine.exec_driver_sql("SELECT value FROM meta WHERE key = 'n'").scalar_one()
                mine.exec_driver_sql("UPDATE meta SET value = ? WHERE key = 'n'",
                                     (str(int(found) + 1),))  # fmt: skip

    rival = threading.Thread(target=count, args=(50,))
    rival.start()
    for _ in range(50):
        with first.transaction() as mine:
            found = mine.exec_driver_sql("SELECT value FROM meta WHERE key = 'n'").scalar_one()
            mine.exec_driver_sql("UPDATE meta SET value = ? WHERE key = 'n'",
                                 (str(int(found) + 1),))  # fmt: skip
    rival.join()
    with first.transaction() as connection:
        query = "SELECT value FROM meta WHERE key = 'n'"
        assert connection.exec_driver_sql(query).scalar() == "100"


def test_a_database_held_by_another_program_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    database = open_database(path, create=True)
    with database.transaction() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")  # the same rule, a shorter wait
    foreign = sqlite3.connect(path, isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="another program keeps it locked"):  # noqa: SIM117
        with database.transaction():
            pass
    foreign.execute("COMMIT")
    foreign.close()
    with database.transaction() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM meta").scalar() == 3


def test_a_mistyped_path_is_not_created(tmp_path: Path) -> None:
    for opening in (open_database, open_readonly):
        with pytest.raises(StorageError, match="there is no such database"):
            opening(tmp_path / "typo.db")
    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_may_read_a_new_database(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        database = open_database(tmp_path / "sub" / "a.db", create=True)
        with database.transaction() as connection:
            connection.exec_driver_sql("INSERT INTO meta VALUES ('k', 'v')")
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "sub").iterdir()}
    finally:
        os.umask(previous)
    assert modes == {"a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600}


def test_a_path_with_odd_characters_works(tmp_path: Path) -> None:
    path = tmp_path / "a b?#%41.db"
    database = open_database(path, create=True)
    database.close()
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_reader_sees_but_cannot_write(tmp_path: Path) -> None:
    writer = open_database(tmp_path / "a.db", create=True)
    reader = open_readonly(tmp_path / "a.db")
    with reader.transaction() as view:
        before = view.exec_driver_sql("SELECT count(*) FROM meta").scalar()
        with writer.transaction() as connection:  # a reader does not hold a writer up
            connection.exec_driver_sql("INSERT INTO meta VALUES ('k', 'v')")
        assert view.exec_driver_sql("SELECT count(*) FROM meta").scalar() == before == 3
    with pytest.raises(StorageError, match="may not be written"), reader.transaction() as view:
        view.exec_driver_sql("INSERT INTO meta VALUES ('x', 'y')")


def test_files_that_are_no_databases_of_ours_are_refused(tmp_path: Path) -> None:
    noise, other, empty = (tmp_path / name for name in ("noise", "other", "empty"))
    noise.write_bytes(b"not a database at all" * 100)
    empty.touch()
    foreign = sqlite3.connect(other)
    foreign.execute("CREATE TABLE t (x)")
    foreign.close()
    with pytest.raises(StorageError, match="it is not a database"):
        open_database(noise)
    with pytest.raises(SchemaError, match="not a database of hourhand"):
        open_database(other)
    with pytest.raises(SchemaError, match=r"schema none is older.*hourhand db upgrade"):
        open_database(empty)


def test_a_constraint_is_named_when_it_refuses(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db", create=True)
    with pytest.raises(LedgerError, match="ck_meta_value"), database.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO meta VALUES ('k', '')")
