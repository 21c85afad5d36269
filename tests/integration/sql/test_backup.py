"""Copies of the database: whole, checked and private; put back in one step, the old one kept."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.sql import drafts
from bot.adapters.sql.backup import backup_database, copy_database, name_of, older_backups
from bot.adapters.sql.engine import Database, open_database
from bot.adapters.sql.file_checks import check_start, faults_of, read_card
from bot.adapters.sql.migrate import create_database
from bot.adapters.sql.restore import restore_database
from bot.adapters.sql.schema import REVISIONS
from bot.domain.errors import DamageError, SchemaError, StorageError, UsageError
from bot.domain.instants import HOUR
from tests.integration.sql.support import STRATEGY, T0, busy_slot, commit, names, quiet_slot, start
from tests.support.small_disk import fill, small_disk
from tests.support.tampering import tamper


@pytest.fixture
def used(tmp_path: Path) -> Iterator[Database]:
    """A database with three slots, the last of them in its log."""
    (tmp_path / "home").mkdir()
    database, epoch = start(tmp_path / "home" / "a.db")
    for what in (quiet_slot(0), quiet_slot(1), busy_slot(2)):
        commit(database, epoch, what)
    yield database
    database.close()


@pytest.fixture
def backup(used: Database, tmp_path: Path) -> Path:
    """A backup of it, in another folder."""
    (tmp_path / "safe").mkdir()
    backup_database(used.path, tmp_path / "safe" / "b.db")
    return tmp_path / "safe" / "b.db"


def image(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names(folder)}


# Backup


def test_a_backup_holds_what_is_still_in_the_log_in_one_private_file(
    used: Database, tmp_path: Path
) -> None:
    previous = os.umask(0)
    try:
        size = backup_database(used.path, tmp_path / "b.db")
    finally:
        os.umask(previous)
    assert (used.path.with_name("a.db-wal")).stat().st_size > 0
    copy = tmp_path / "b.db"
    assert (size, copy.stat().st_mode & 0o777) == (copy.stat().st_size, 0o600)
    assert names(tmp_path) == {"home", "b.db"}  # no log, no draft
    assert read_card(copy) == read_card(used.path)
    assert read_card(copy).last_slot == T0 + 2 * HOUR
    assert faults_of(copy) == []


def test_a_backup_while_slots_are_written_is_one_instant_of_them(
    used: Database, tmp_path: Path
) -> None:
    begun, enough = threading.Event(), threading.Event()
    with closing(sqlite3.connect(used.path, timeout=30)) as filler:
        rows = [(f"k{number}", "v" * 3000) for number in range(1000)]  # so that copying takes time
        filler.executemany("INSERT INTO meta VALUES (?, ?)", rows)
        filler.commit()

    def write() -> None:
        with closing(sqlite3.connect(used.path, timeout=30)) as connection:
            number = 0
            while not enough.is_set():
                with connection:
                    connection.execute("INSERT INTO meta VALUES (?, 'left')", (f"l{number}",))
                    connection.execute("INSERT INTO meta VALUES (?, 'right')", (f"r{number}",))
                number += 1
                begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait(30)
    try:
        for number in range(3):
            backup_database(used.path, tmp_path / f"b{number}.db")
    finally:
        enough.set()
        writer.join()
    counts = []
    for number in range(3):
        with closing(sqlite3.connect(tmp_path / f"b{number}.db")) as connection:
            query = "SELECT sum(value = 'left'), sum(value = 'right') FROM meta"
            left, right = connection.execute(query).fetchone()
        assert left == right
        counts.append(left)
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_a_backup_never_takes_the_place_of_a_file(used: Database, tmp_path: Path) -> None:
    (tmp_path / "b.db").write_text("precious")
    with pytest.raises(UsageError, match="is there already"):
        backup_database(used.path, tmp_path / "b.db")
    assert (tmp_path / "b.db").read_text() == "precious"


def test_a_backup_never_takes_the_place_of_a_link_that_leads_nowhere(
    used: Database, tmp_path: Path
) -> None:
    (tmp_path / "b.db").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is there already"):
        backup_database(used.path, tmp_path / "b.db")
    assert not (tmp_path / "nowhere").exists()


def test_a_name_that_is_taken_while_the_copy_is_made_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "b.db"
    with drafts.drafting(target) as draft:
        draft.write_text("new")
        target.write_text("precious")
        with pytest.raises(StorageError, match="is there already"):
            drafts.publish(draft, target)
    assert target.read_text() == "precious"
    assert names(tmp_path) == {"b.db"}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE journal SET body = body || ' ' WHERE seq = 2", "entry 2 does not fit"),
        ("UPDATE journal SET prev_hash = hash WHERE seq = 3", "entry 3 does not fit"),
        ("DELETE FROM journal WHERE seq = 1", "entry 1 is missing"),
        ("DELETE FROM journal WHERE seq = 3", "ends at entry 2, but entry 3 was its last"),
        ("DELETE FROM \"order\"", "refers to a row of order that is not there"),
        ("UPDATE config_version SET body = body || ' '", "the configuration of .* its hash"),
        ("UPDATE account SET state = zeroblob(9)", "the account of .* no longer has its hash"),
        ("UPDATE slot_input SET body = substr(body, 1, 9)", "the inputs of .* at 2.*Z no longer"),
    ],
)  # fmt: skip
def test_no_backup_is_made_of_a_database_that_does_not_hold(
    used: Database, tmp_path: Path, change: str, fault: str
) -> None:
    used.close()
    tamper(used.path, change)
    with pytest.raises(DamageError, match=fault):
        backup_database(used.path, tmp_path / "b.db")
    assert names(tmp_path) == {"home"}


def test_a_backup_that_finds_no_room_says_so_and_leaves_nothing(
    used: Database, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 300) as disk:
        with pytest.raises(StorageError, match="are free, the copy needs"):
            backup_database(used.path, disk / "b.db")
        assert names(disk) == set()


def test_a_disk_that_fills_while_the_copy_is_made_leaves_nothing(
    used: Database, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 4000) as disk:
        source = disk / "a.db"
        used.close()
        shutil.copy(used.path, source)
        fill(disk, spare=200_000)
        with drafts.drafting(disk / "b.db") as draft, pytest.raises(StorageError, match="failed"):
            copy_database(source, draft)
        assert names(disk) == {"a.db", "ballast"}


def test_drafts_that_a_kill_left_are_removed_once_they_are_old(
    used: Database, tmp_path: Path
) -> None:
    old, fresh = tmp_path / ".b.db.0a.new", tmp_path / ".b.db.0b.new"
    other = tmp_path / ".c.db.0a.new"
    for path in (old, fresh, other):
        path.write_text("half")
    yesterday = time.time() - 25 * 3600
    for path in (old, other):
        os.utime(path, (yesterday, yesterday))
    backup_database(used.path, tmp_path / "b.db")
    assert names(tmp_path) == {"home", "b.db", fresh.name, other.name}


def test_names_carry_the_instant_and_only_those_are_counted(used: Database, tmp_path: Path) -> None:
    assert name_of(used.path, tmp_path).name.startswith("a.db.20")
    kept = ["a.db.20250510T130000Z.backup", "a.db.20250511T130000Z.backup"]
    others = ["a.db.20250101T130000Z.schema-0001.backup", "a.db.20250101T130000Z.replaced.backup",
              "b.db.20240101T000000Z.backup", "a.db.old.backup", "a.db"]  # fmt: skip
    for name in ["a.db.20250509T130000Z.backup", *kept, *others]:
        (tmp_path / name).touch()
    found = older_backups(used.path, tmp_path, 2)
    assert [path.name for path in found] == ["a.db.20250509T130000Z.backup"]
    assert older_backups(used.path, tmp_path, 7) == []


# Restore


def test_a_restored_database_is_the_backup_and_the_one_before_it_is_kept(
    used: Database, backup: Path
) -> None:
    epoch = 1
    commit(used, epoch, quiet_slot(3, equity=_equity_of(3)))
    later = read_card(used.path)
    used.close()
    done = restore_database(backup, used.path)
    assert done.card == read_card(used.path) == read_card(backup)
    assert done.before == later
    assert done.kept is not None
    assert read_card(done.kept) == later
    assert done.kept.name.startswith("a.db.20")
    assert done.kept.name.endswith("Z.replaced.backup")
    assert names(used.path.parent) == {"a.db", done.kept.name}
    assert used.path.stat().st_mode & 0o777 == 0o600
    with open_database(used.path).transaction() as connection:  # and it works
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def _equity_of(number: int) -> object:
    from dataclasses import replace

    return replace(busy_slot(2).equity, slot=T0 + number * HOUR)


def test_the_log_of_the_replaced_database_does_not_come_back(used: Database, backup: Path) -> None:
    commit(used, 1, quiet_slot(3, equity=_equity_of(3)))
    # As a killed daemon leaves it: the last slot is in the log and nowhere else.
    log = used.path.with_name("a.db-wal").read_bytes()
    main = used.path.read_bytes()
    used.close()
    used.path.write_bytes(main)
    used.path.with_name("a.db-wal").write_bytes(log)
    before = read_card(used.path)
    assert before.last_slot == T0 + 3 * HOUR
    done = restore_database(backup, used.path)
    assert read_card(used.path).last_slot == T0 + 2 * HOUR
    assert faults_of(used.path) == []
    assert done.kept is not None
    assert read_card(done.kept) == before  # nothing of the log was lost either


def test_a_database_that_is_gone_is_restored_without_the_log_that_it_left(
    used: Database, backup: Path
) -> None:
    used.close()
    used.path.unlink()
    stale = used.path.with_name("a.db-wal")
    shutil.copy(backup, stale)
    with pytest.raises(StorageError, match="is the log of a database that is gone"):
        create_database(used.path)
    done = restore_database(backup, used.path)
    assert (done.before, done.kept is not None) == (None, True)
    assert not stale.exists()
    assert len([name for name in names(used.path.parent) if name.endswith("backup-wal")]) == 1
    assert faults_of(used.path) == []


def test_a_damaged_database_is_kept_with_its_log_and_replaced(used: Database, backup: Path) -> None:
    used.close()
    used.path.write_bytes(b"SQLite format 3\0" + bytes(5000))
    done = restore_database(backup, used.path)
    assert done.before is None
    assert done.kept is not None
    assert done.kept.read_bytes() == b"SQLite format 3\0" + bytes(5000)
    check_start(open_database(used.path))


def write_newer(path: Path) -> None:
    tamper(path, "UPDATE alembic_version SET version_num = '9999'")


def write_foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8192])


def write_text(path: Path) -> None:
    path.write_text("no database at all " * 400)


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def flip_a_byte(path: Path) -> None:
    """In the middle of a journal entry's text, which no index and no check knows."""
    data = bytearray(path.read_bytes())
    place = data.index(b"slot 1\n")
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "error", "code"),
    [
        (write_newer, SchemaError, 78),
        (write_foreign, SchemaError, 78),
        (truncate, DamageError, 74),
        (write_text, DamageError, 74),
        (flip_a_byte, DamageError, 74),
        (Path.unlink, UsageError, 2),
        (make_folder, UsageError, 2),
    ],
)
def test_a_file_that_must_not_stand_there_changes_nothing(
    used: Database, backup: Path, spoil: object, error: type[StorageError], code: int
) -> None:
    used.close()
    spoil(backup)  # type: ignore[operator]
    before = image(used.path.parent)
    with pytest.raises(error) as told:
        restore_database(backup, used.path)
    assert told.value.exit_code == code
    said = str(told.value)
    assert said.count(str(backup)) == 1
    assert "keep it" not in said  # the way out for a database in use, not for a backup
    if error is DamageError:
        assert said.endswith("nothing was changed: name another backup")
    assert image(used.path.parent) == before


def test_the_database_itself_is_no_backup(used: Database) -> None:
    used.close()
    with pytest.raises(UsageError, match="is the database itself"):
        restore_database(used.path, used.path)


def test_a_restore_without_room_leaves_the_database_as_it_was(
    used: Database, backup: Path, tmp_path: Path
) -> None:
    used.close()
    with small_disk(tmp_path / "disk", 2000) as disk:
        shutil.copy(used.path, disk / "a.db")
        fill(disk, spare=100_000)
        before = image(disk)
        with pytest.raises(StorageError, match=r"a\.db|disk"):
            restore_database(backup, disk / "a.db")
        assert image(disk) == before


def test_messages_of_slots_that_were_told_are_not_sent_again_after_a_restore(
    used: Database, backup: Path
) -> None:
    sink = "INSERT INTO outbox_sink VALUES ('log', 1, 0, NULL)"
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute(sink)
        connection.commit()
        (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM outbox").fetchone()
    commit(used, 1, quiet_slot(3, equity=_equity_of(3)))
    used.close()
    restore_database(backup, used.path)
    with closing(sqlite3.connect(used.path)) as connection:
        found = connection.execute("SELECT since_id, quiet_until FROM outbox_sink").fetchone()
    assert found == (newest, T0 + 3 * HOUR)


# The start


@pytest.mark.parametrize("spoil", [truncate, write_text, flip_a_byte])
def test_a_start_refuses_a_damaged_database_and_names_the_way_out(
    used: Database, spoil: object
) -> None:
    used.close()
    path = used.path
    spoil(path)  # type: ignore[operator]
    with pytest.raises(DamageError, match=r"hourhand db restore|is not a database"):
        check_start(open_database(path))


def test_a_start_looks_at_the_end_of_the_journal_and_an_audit_at_all_of_it(
    tmp_path: Path,
) -> None:
    database, epoch = start(tmp_path / "a.db")
    for number in range(130):
        commit(database, epoch, quiet_slot(number))
    database.close()
    tamper(database.path, "UPDATE journal SET body = 'other' WHERE seq = 20")
    check_start(database)
    assert faults_of(database.path) == ["journal: entry 20 does not fit into the chain"]
    tamper(database.path, "UPDATE journal SET body = 'other' WHERE seq = 120")
    with pytest.raises(DamageError, match="entry 120 does not fit into the chain"):
        check_start(database)


def test_a_sound_card_names_revision_ledger_and_end(used: Database) -> None:
    card = read_card(used.path)
    assert (card.revision, card.number, card.is_newer) == (REVISIONS[-1], 3, False)
    with used.transaction() as connection:
        query = f"SELECT hash FROM journal WHERE strategy = '{STRATEGY}' ORDER BY seq DESC LIMIT 1"  # noqa: S608
        assert card.head == connection.exec_driver_sql(query).scalar()
