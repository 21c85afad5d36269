"""The schema: migrations and metadata say the same, and SQLite itself refuses nonsense."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from pytest_alembic.tests import (  # noqa: F401 - collected by pytest
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_upgrade,
)
from sqlalchemy import Engine

from bot.adapters.sql.engine import (
    Database,
    make_file,
    open_database,
    open_for_migration,
    open_unchecked,
)
from bot.adapters.sql.migrate import alembic_config as make_config
from bot.adapters.sql.migrate import upgrade
from bot.adapters.sql.schema import APPEND_ONLY, REVISIONS, TRIGGERS, metadata
from bot.domain.errors import SchemaError, StorageError
from bot.resources import resource_dir
from tests.integration.sql.support import busy_slot, commit, start

Rows = list[tuple[Any, ...]]


@pytest.fixture
def alembic_config() -> Config:
    return make_config(resource_dir("migrations"))


@pytest.fixture
def alembic_engine(tmp_path: Path) -> Iterator[Engine]:
    make_file(tmp_path / "alembic.db")
    database = open_for_migration(tmp_path / "alembic.db")
    yield database.engine
    database.close()


@pytest.fixture
def used(tmp_path: Path) -> Iterator[Database]:
    """A database with a row in every table of a slot."""
    database, epoch = start(tmp_path / "used.db")
    commit(database, epoch, busy_slot(0))
    yield database
    database.close()


def _master(connection: Any) -> set[tuple[str, str, str]]:
    rows = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master")
    return {
        (kind, name, re.sub(r"[\s\"]+", " ", sql or "").replace(" ,", ",").strip())
        for kind, name, sql in rows
        if "alembic" not in name and not name.startswith("sqlite_sequence")
    }


def test_migrated_and_freshly_made_schemas_are_equal(tmp_path: Path) -> None:
    migrated = open_database(tmp_path / "migrated.db", create=True)
    make_file(tmp_path / "fresh.db")
    fresh = open_unchecked(tmp_path / "fresh.db")
    with fresh.transaction() as connection:
        metadata.create_all(connection)
        for trigger in TRIGGERS:
            connection.exec_driver_sql(trigger)
        expected = _master(connection)
    with migrated.transaction() as connection:
        assert _master(connection) == expected
    assert sum(kind == "trigger" for kind, _, _ in expected) == len(TRIGGERS)


def test_every_table_is_strict_and_every_rule_named(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db", create=True)
    with database.transaction() as connection:
        tables = [row for row in _master(connection) if row[0] == "table"]
    assert len(tables) == len(metadata.tables)
    for _, name, sql in tables:
        assert sql.endswith("STRICT"), name
        rules = sum(sql.count(word) for word in ("CHECK (", "PRIMARY KEY (", "FOREIGN KEY("))
        assert rules + sql.count("UNIQUE (") == sql.count("CONSTRAINT "), name
        assert "REAL" not in sql, name


def test_the_known_revisions_are_those_of_the_migrations() -> None:
    folder = resource_dir("migrations") / "versions"
    found = sorted(path.name.split("_")[0] for path in folder.glob("*.py"))
    assert tuple(found) == REVISIONS


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_rows_of_append_only_tables_cannot_be_changed_or_deleted(
    tmp_path: Path, table: str
) -> None:
    open_database(tmp_path / "a.db", create=True).close()
    raw = sqlite3.connect(tmp_path / "a.db")
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.execute("PRAGMA ignore_check_constraints = ON")
    columns = raw.execute(f'PRAGMA table_info("{table}")').fetchall()
    cells = {"INTEGER": "1", "TEXT": "'{}'", "BLOB": "x'00'"}
    if table == "journal":
        values = ["1", "'CYCLE'", "'s'", "3600000", "''", f"'{'0' * 64}'", f"'{'1' * 64}'"]
    else:
        values = [cells[column[2]] for column in columns]
    raw.execute(f'INSERT INTO "{table}" VALUES ({", ".join(values)})')  # noqa: S608
    name = columns[0][1]
    for statement in (
        f'UPDATE "{table}" SET "{name}" = "{name}"',  # noqa: S608
        f'DELETE FROM "{table}"',  # noqa: S608
        f'INSERT OR REPLACE INTO "{table}" VALUES ({", ".join(values)})',  # noqa: S608
    ):
        raw.execute("PRAGMA recursive_triggers = ON")
        with pytest.raises(sqlite3.IntegrityError, match=r"append-only|one chain"):
            raw.execute(statement)
    raw.close()


BAR = ("INSERT INTO bar (token_id, interval, open_time, open, high, low, close, volume) "
       "VALUES (1, '1h', 1746882000000, :p, '2', '1', '1', :v)")  # fmt: skip


@pytest.mark.parametrize(
    "price",
    ["1e5", "01", "1.0", "1.", ".5", "-0", "--1", "1-", "1.2.3", "abc", "", "nan", "inf",
     float("nan"), float("inf"), None, "+1", " 1", "-00.1"],
)  # fmt: skip
def test_only_canonical_decimals_are_prices(used: Database, price: object) -> None:
    with used.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        with pytest.raises(sqlite3.IntegrityError):
            raw.execute(BAR, {"p": price, "v": None})
        for lawful in ("1", "0.5", "100", "-3", "0", "0.000000000001", "-0.5"):
            raw.execute(BAR, {"p": lawful, "v": lawful})


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("INSERT INTO position SELECT 'second', strategy, token_id, status, opened_slot, "
         "closed_slot, quantity_lots, cost, entry_fee, realised, body FROM position",
         "position.strategy, position.token_id"),
        ("UPDATE position SET status = 'CLOSED'", "ck_position_open_or_closed"),
        ("UPDATE position SET quantity_lots = 0", "ck_position_open_or_closed"),
        ("UPDATE position SET cost = 200000000000000000", "ck_position_cost"),
        ("UPDATE account SET slot = slot", "the watermark only moves forward"),
        ("UPDATE account SET slot = slot + 1", "ck_account_slot"),
        ("UPDATE lease SET epoch = epoch - 1", "the epoch of the lease only rises"),
        ("INSERT INTO lease VALUES (2, 1, 'x', 1746882000000, 1746882000000)", "lease_one_row"),
        ("DELETE FROM position", "rows of position are kept"),
        ("DELETE FROM outbox", "outbox is append-only"),
        ("INSERT INTO equity SELECT strategy, slot + 3600000, cash, value, equity + 1, realised, "
         "unrealised, peak FROM equity", "ck_equity_identity"),
        ("INSERT INTO equity SELECT strategy, slot + 3600000, cash, value, equity, realised, "
         "unrealised, peak FROM equity", "FOREIGN KEY"),
        ("INSERT INTO equity SELECT strategy, slot + 3600000, 'x', value, equity, realised, "
         "unrealised, peak FROM equity", "INTEGER|datatype"),
        ("INSERT INTO journal SELECT seq + 2, kind, strategy, slot, body, hash, hash "
         "FROM journal", "one chain without gaps"),
        ("INSERT INTO journal SELECT seq + 1, kind, strategy, slot, body, prev_hash, hash "
         "FROM journal", "one chain without gaps"),
        ("INSERT INTO fill SELECT 'other', 'no such order', strategy, slot, 7, token_id, "
         "open_time, side, quantity_lots, price_ticks, notional, fee, reason, ref_points "
         "FROM fill", "FOREIGN KEY"),
        ("INSERT INTO fill SELECT 'other', order_id, strategy, slot, 7, token_id, open_time, "
         "'HOLD', quantity_lots, price_ticks, notional, fee, reason, ref_points FROM fill",
         "ck_fill_side"),
    ],
)  # fmt: skip
def test_the_database_itself_refuses_what_cannot_be(used: Database, change: str, rule: str) -> None:
    with used.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        with pytest.raises(sqlite3.Error, match=rule):
            raw.execute(change)


def _scripts(base: Path, second: str) -> Path:
    """This version's migrations and one more."""
    folder = base / "migrations"
    (folder / "versions").mkdir(parents=True)
    ours = resource_dir("migrations")
    for path in (ours / "env.py", *(ours / "versions").glob("0*")):
        target = folder / path.relative_to(ours)
        target.write_bytes(path.read_bytes())
    (folder / "versions" / "9999_next.py").write_text(
        f"from alembic import op\nrevision = '9999'\ndown_revision = '{REVISIONS[-1]}'\n"
        f"def upgrade():\n{second}"
    )
    return folder


def test_an_older_database_is_backed_up_and_upgraded(used: Database, tmp_path: Path) -> None:
    scripts = _scripts(tmp_path, "    op.execute('CREATE TABLE further (x INTEGER) STRICT')\n")
    used.close()
    backup = upgrade(used.path, scripts)
    assert backup is not None
    with open_database(backup).transaction() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM fill").scalar() == 1
    with open_unchecked(used.path).transaction() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM fill").scalar() == 1
        assert connection.exec_driver_sql("SELECT count(*) FROM further").scalar() == 0
    assert upgrade(used.path, scripts) is None
    with pytest.raises(SchemaError, match="schema 9999 was written by a newer version"):
        open_database(used.path)
    with pytest.raises(SchemaError, match=f"schema 9999 is newer than {REVISIONS[-1]}"):
        upgrade(used.path)


def test_a_failing_migration_leaves_the_old_schema_whole(used: Database, tmp_path: Path) -> None:
    steps = ("    op.execute('CREATE TABLE half (x INTEGER) STRICT')\n"
             "    op.execute('DROP TRIGGER fill_no_delete')\n"
             "    op.execute('CREATE TABLE half (x INTEGER) STRICT')\n")  # fmt: skip
    used.close()
    with pytest.raises(StorageError, match="the migration failed: table half already exists"):
        upgrade(used.path, _scripts(tmp_path, steps))
    with open_database(used.path).transaction() as connection:
        names = {name for _, name, _ in _master(connection)}
    assert "half" not in names
    assert "fill_no_delete" in names
