"""`db`: backups by name, folder and number, restoring them, and schemas that do not fit."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command

from bot.adapters.sql.engine import open_for_migration
from bot.adapters.sql.lock import acquire
from bot.adapters.sql.migrate import alembic_config
from bot.adapters.sql.schema import REVISIONS
from bot.domain.instants import HOUR, format_instant
from bot.resources import resource_dir
from tests.support.command import Outcome, ask, run
from tests.support.ledger_home import START, make_home
from tests.support.released_database import unpack

RELEASED = Path(__file__).parents[1] / "fixtures" / "databases" / "0001.db.xz"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with five slots, and beside its database a backup of the first three."""
    home = tmp_path_factory.mktemp("made") / "home"
    make_home(home, hours=2)
    ask("db", "backup", home / "early.backup", "--home", home)
    later = tmp_path_factory.mktemp("made") / "later"
    make_home(later, hours=4)
    shutil.copy(home / "early.backup", later / "early.backup")
    return later


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """A copy of it, for a test to change."""
    return shutil.copytree(made, tmp_path / "home")


def image(home: Path) -> dict[str, bytes]:
    """The database and all that stands beside it, but for notes of who looked at it."""
    kept = [path for path in home.glob("*.db*") if path.suffix not in (".lock", ".db-shm")]
    return {path.name: path.read_bytes() for path in kept if path.stat().st_size}


def test_a_folder_gets_a_copy_with_the_instant_in_its_name(home: Path, tmp_path: Path) -> None:
    (tmp_path / "safe").mkdir()
    document = ask("db", "backup", tmp_path / "safe", "--home", home)
    made = Path(document["backup"])
    assert made.parent == tmp_path / "safe"
    assert made.name.startswith("hourhand.db.2")
    assert made.name.endswith("Z.backup")
    assert document["deleted"] == []


def test_keep_deletes_the_oldest_backups_of_that_form_and_nothing_else(
    home: Path, tmp_path: Path
) -> None:
    safe = tmp_path / "safe"
    safe.mkdir()
    old = [f"hourhand.db.2025010{day}T000000Z.backup" for day in (1, 2, 3)]
    spared = ["hourhand.db.20250101T000000Z.schema-0001.backup", "notes.txt", "other.backup"]
    for name in (*old, *spared):
        (safe / name).write_text("old")
    document = ask("db", "backup", safe, "--keep", 2, "--home", home)
    assert [Path(path).name for path in document["deleted"]] == old[:2]
    assert {path.name for path in safe.iterdir()} == {
        old[2], *spared, Path(document["backup"]).name,
    }  # fmt: skip


def test_keep_goes_with_names_of_that_form_only(home: Path, tmp_path: Path) -> None:
    outcome = run("db", "backup", tmp_path / "named.backup", "--keep", 2, "--home", home)
    assert outcome.code == 2
    assert "--keep goes with a folder" in outcome.error
    assert not (tmp_path / "named.backup").exists()
    assert run("db", "backup", "--keep", 0, "--home", home).code == 2


def test_a_restore_puts_the_backup_in_place_and_says_what_comes_next(home: Path) -> None:
    before = ask("status", "--home", home)["strategies"][0]
    outcome = run("db", "restore", home / "early.backup", "--home", home)
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[0].endswith(f"restored, last slot {format_instant(START + 2 * HOUR)}")
    kept = Path(lines[1].removeprefix("the database before it: "))
    assert "another ledger" in lines[2]  # two daemons made the two
    now = ask("status", "--home", home)["strategies"][0]
    assert now["slot"] == format_instant(START + 2 * HOUR)
    assert ask("audit", "--home", home)["ok"]
    # And back again: what was replaced is a backup like any other.
    document = ask("db", "restore", kept, "--home", home)
    assert document["last_slot"] == before["slot"]
    assert (
        ask("status", "--home", home)["strategies"][0]["ledger_sha256"] == before["ledger_sha256"]
    )


def test_a_restore_of_an_earlier_state_tells_which_hours_are_done_again(home: Path) -> None:
    ask("db", "backup", home / "now.backup", "--home", home)
    path = home / "hourhand.db"
    # The same ledger two hours on, as far as its identity goes.
    ledger_id = ask("db", "info", "--home", home)["ledger_id"]
    with closing(sqlite3.connect(home / "early.backup")) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'ledger_id'", (ledger_id,))
        connection.commit()
    notes = ask("db", "restore", home / "early.backup", "--home", home)["notes"]
    assert notes == [
        "the last 2 hours are done again at the next start, as missed: exits, but no entries"
    ]
    assert path.exists()


def test_nothing_is_restored_while_a_process_works_on_the_database(home: Path) -> None:
    before = image(home)
    with acquire(home / "hourhand.db"):
        outcome = run("db", "restore", home / "early.backup", "--home", home)
    assert outcome.code == 75
    assert "already in use by process" in outcome.error
    assert image(home) == before


def test_a_home_without_a_database_takes_a_backup(home: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    document = ask("db", "restore", home / "early.backup", "--home", empty)
    assert (document["kept"], document["last_slot_before"]) == (None, None)
    assert ask("db", "info", "--home", empty)["last_slot"] == format_instant(START + 2 * HOUR)


def test_an_old_backup_is_restored_and_then_upgraded(home: Path, tmp_path: Path) -> None:
    unpack(RELEASED, tmp_path / "old.backup")
    document = ask("db", "restore", tmp_path / "old.backup", "--home", home)
    assert document["revision"] == "0001"
    assert "its schema is 0001: run `hourhand db upgrade`" in document["notes"]
    assert run("status", "--home", home).code == 78
    assert ask("db", "upgrade", "--home", home)["revision"] == REVISIONS[-1]
    assert ask("audit", "--home", home)["ok"]


def refusals(home: Path, copy: Path) -> Iterator[tuple[tuple[object, ...], Outcome]]:
    """What commands of every kind say of a home's database, a restore of its copy among them."""
    commands = (
        ("db", "upgrade"), ("db", "backup"), ("db", "info"), ("status",), ("audit",), ("pause",),
        ("outbox",), ("db", "restore", shutil.copy(home / "hourhand.db", copy)),
    )  # fmt: skip
    for words in commands:
        yield words, run(*words, "--home", home)


@pytest.mark.parametrize("change", ["DELETE FROM {}", "INSERT INTO {} VALUES ('9999')"])
def test_a_schema_that_nothing_or_two_things_name_is_damage_to_every_command(
    home: Path, tmp_path: Path, change: str
) -> None:
    with closing(sqlite3.connect(home / "hourhand.db")) as connection:
        connection.execute(change.format("alembic_version"))
        connection.commit()
    before = image(home)
    for words, outcome in refusals(home, tmp_path / "odd"):
        assert outcome.code == 74, words
        assert "alembic_version, which says what schema it has" in outcome.error
        assert "backup" in outcome.error
    assert image(home) == before


def test_a_newer_schema_is_refused_by_every_command_with_what_to_do(
    home: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(home / "hourhand.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = image(home)
    for words, outcome in refusals(home, tmp_path / "newer"):
        assert outcome.code == 78, words
        assert "newer" in outcome.error
        assert "install" in outcome.error
    # A start sets up the log of its process, so it has one of its own.
    started = subprocess.run(
        [sys.executable, "-m", "bot.cli", "run", "--home", home],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert started.returncode == 78
    assert "newer" in started.stderr
    assert image(home) == before


def turn_a_bit_of_an_answer(path: Path) -> int:
    """In the middle of a packed body: no page, no index and no journal knows; the response's id."""
    with closing(sqlite3.connect(path)) as connection:
        (schema,) = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'raw_body_no_update'"
        ).fetchone()
        number, digest, body = connection.execute(
            "SELECT id, sha256, body FROM raw_body ORDER BY id DESC LIMIT 1"
        ).fetchone()
        turned = bytearray(body)
        turned[len(turned) // 2] ^= 1
        connection.execute("DROP TRIGGER raw_body_no_update")
        connection.execute("UPDATE raw_body SET body = ? WHERE id = ?", (bytes(turned), number))
        connection.execute(schema)
        connection.commit()
        query = "SELECT min(id) FROM raw_response WHERE sha256 = ?"
        return int(connection.execute(query, (digest,)).fetchone()[0])


def test_a_restored_backup_with_a_damaged_answer_is_told_and_leaves_with_1(home: Path) -> None:
    number = turn_a_bit_of_an_answer(home / "early.backup")
    outcome = run("db", "restore", home / "early.backup", "--home", home)
    assert outcome.code == 1
    assert "restored, last slot" in outcome.out
    assert f"damaged: the body of raw response {number} (" in outcome.error
    assert "no longer has its hash" in outcome.error
    assert "`hourhand audit`" in outcome.error
    assert f"raw response {number} " in run("audit", "--home", home).out
    assert "the body of raw response" in run("doctor", "--offline", "--home", home).out


def test_a_backup_of_a_damaged_answer_is_made_and_deletes_no_older_one(
    home: Path, tmp_path: Path
) -> None:
    number = turn_a_bit_of_an_answer(home / "hourhand.db")
    safe = tmp_path / "safe"
    safe.mkdir()
    old = safe / "hourhand.db.20250101T000000Z.backup"
    old.write_text("old")
    outcome = run("db", "backup", safe, "--keep", 1, "--home", home)
    assert outcome.code == 1
    assert "integrity answers damaged" in outcome.out
    assert f"damaged: the body of raw response {number} (" in outcome.error
    assert "no older backup was deleted" in outcome.error
    assert len(list(safe.iterdir())) == 2
    assert old.exists()


def test_a_path_that_names_no_backup_is_a_wrong_command_line(home: Path, tmp_path: Path) -> None:
    before = image(home)
    for path in (tmp_path / "none.backup", tmp_path, home / "hourhand.db"):
        outcome = run("db", "restore", path, "--home", home)
        assert outcome.code == 2, path
        assert str(path) in outcome.error
        assert "name a" in outcome.error
    for target in (home / "early.backup", tmp_path / "none" / "a.backup"):
        assert run("db", "backup", target, "--home", home).code == 2, target
    assert image(home) == before


def test_a_downgrade_is_refused(home: Path) -> None:
    database = open_for_migration(home / "hourhand.db")
    config = alembic_config(resource_dir("migrations"))
    config.attributes["connection"] = database.engine
    with pytest.raises(RuntimeError, match="restore a backup instead"):
        command.downgrade(config, REVISIONS[0])
    database.close()
    assert ask("db", "info", "--home", home)["revision"] == REVISIONS[-1]
    assert ask("audit", "--home", home)["ok"]
