"""What a user of any released version has is taken over whole: data, schema and triggers."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.sql.engine import make_file, open_for_migration
from bot.adapters.sql.migrate import upgrade
from bot.adapters.sql.schema import REVISIONS, TRIGGERS, metadata
from bot.app.audit import audit_home
from bot.app.settings import load_settings
from tests.support.command import ask, run
from tests.support.released_database import unpack

FIXTURES = Path(__file__).parents[2] / "fixtures" / "databases"
RELEASED = sorted(path.name.removesuffix(".db.xz") for path in FIXTURES.glob("*.db.xz"))
COUNTED = ("raw_response", "bar", "signal", "slot", "cycle", "decision", "order", "fill",
           "order_event", "position", "cash_entry", "equity", "journal")  # fmt: skip


@pytest.fixture(params=RELEASED)
def released(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The database of a released version, in a home of its own."""
    path = tmp_path / "hourhand.db"
    unpack(FIXTURES / f"{request.param}.db.xz", path)
    return path


def counts(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as connection:
        return {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
            for name in COUNTED
        }


def master(path: Path) -> set[tuple[str, str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    return {
        (kind, name, re.sub(r"[\s\"]+", " ", sql or "").replace(" ,", ",").strip())
        for kind, name, sql in rows
    }


def fresh_schema(path: Path) -> set[tuple[str, str, str]]:
    """The schema as the metadata makes it, without a migration."""
    make_file(path)
    database = open_for_migration(path)
    with database.transaction() as connection:
        metadata.create_all(connection)
        for trigger in TRIGGERS:
            connection.exec_driver_sql(trigger)
    database.close()
    return master(path)


def test_there_is_a_database_of_every_released_schema_and_of_the_first() -> None:
    assert RELEASED[0] == "0001"
    assert set(RELEASED) <= set(REVISIONS)
    # The last one may still be in the making.
    assert set(REVISIONS[:-1]) <= set(RELEASED)


def test_a_released_database_holds_trades_to_lose(released: Path) -> None:
    found = counts(released)
    assert min(found.values()) > 0
    assert found["order"] >= 10
    with closing(sqlite3.connect(released)) as connection:
        states = dict(connection.execute("SELECT status, count(*) FROM position GROUP BY status"))
    assert states["OPEN"] >= 1
    assert states["CLOSED"] >= 1


def test_a_released_database_migrates_to_head_and_the_audit_finds_nothing(released: Path) -> None:
    before = counts(released)
    upgrade(released)
    assert counts(released) == before
    result = audit_home(load_settings(released.parent))
    assert [finding.text() for finding in result.findings] == []
    assert result.recomputed["responses"] == before["raw_response"]
    with closing(sqlite3.connect(released)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_migrated_schema_is_that_of_a_new_database_triggers_included(
    released: Path, tmp_path: Path
) -> None:
    upgrade(released)
    expected = fresh_schema(tmp_path / "fresh.db")
    mine = {row for row in master(released) if "alembic" not in row[1]}
    assert mine == {row for row in expected if "alembic" not in row[1]}
    assert sum(kind == "trigger" for kind, _, _ in mine) == len(TRIGGERS)


def test_the_upgrade_command_saves_the_database_as_it_was(released: Path) -> None:
    home = released.parent
    revision = released_revision(released)
    before = counts(released)
    refused = run("status", "--home", home)
    document = ask("db", "upgrade", "--home", home)
    assert document["revision"] == REVISIONS[-1]
    if revision == REVISIONS[-1]:
        assert document["backup"] is None
        return
    assert refused.code == 78
    assert "run `hourhand db upgrade`" in refused.error
    saved = Path(document["backup"])
    assert re.fullmatch(rf"hourhand\.db\.\d{{8}}T\d{{6}}Z\.schema-{revision}\.backup", saved.name)
    assert saved.stat().st_mode & 0o777 == 0o600
    assert released_revision(saved) == revision
    assert counts(saved) == before


def released_revision(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
