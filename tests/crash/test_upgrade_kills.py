"""An upgrade of the database killed or failing at any point: the old schema, or the new one."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.sql.schema import REVISIONS
from tests.crash.test_database_file_kills import damage
from tests.support.crash_lab import Lab, Prepared, said
from tests.support.crash_sweep import at_call, at_point, chosen, counts_of, points_of, was_struck
from tests.support.released_database import unpack

FIRST = Path(__file__).parents[1] / "fixtures" / "databases" / "0001.db.xz"
STORAGE_EXIT, OLDER_EXIT = 74, 78
CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "link", "unlink")
UPGRADE = ("db", "upgrade")


@pytest.fixture(scope="module")
def released(memory: Path) -> Path:
    path = memory / "released.db"
    unpack(FIRST, path)
    return path


def old_home(prepared: Prepared, lab: Lab, released: Path, name: str) -> Path:
    """A home with a database of the first released schema."""
    home = prepared.copy(lab, name)
    for path in home.glob("hourhand.db*"):
        path.unlink()
    (home / "hourhand.db").write_bytes(released.read_bytes())
    return home


def state(path: Path) -> tuple[str, set[str], list[tuple[str, str]]]:
    """The revision, the tables and triggers, and the chain of the journal."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        parts = connection.execute("SELECT type || ' ' || name FROM sqlite_master").fetchall()
        journal = connection.execute("SELECT hash, body FROM journal ORDER BY seq").fetchall()
    return revision, {name for (name,) in parts}, journal


def recovered(home: Path) -> Path:
    """A copy of the database as the next writer finds it: what was cut off is taken back."""
    folder = home / "looked-at"
    folder.mkdir()
    for path in home.glob("hourhand.db*"):
        if path.name in ("hourhand.db", "hourhand.db-journal", "hourhand.db-wal"):
            shutil.copy(path, folder)
    with closing(sqlite3.connect(folder / "hourhand.db")) as connection:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return folder / "hourhand.db"


def check_upgraded(prepared: Prepared, lab: Lab, home: Path, released: Path, point: str) -> None:
    """Nothing or all of it is done, the backup is whole, and the next upgrade finishes."""
    path, before = home / "hourhand.db", state(released)
    if path.with_name("hourhand.db-journal").exists():  # cut off within the switch to a log
        ended = lab.run(home, "status")
        # A journal whose head is on disk has to be played back, which a reader cannot do; before
        # that, the file is what it was, of the schema that it had.
        way_out = {STORAGE_EXIT: "`hourhand db upgrade` sets it right", OLDER_EXIT: "db upgrade`"}
        assert ended.exit in way_out, f"{point}\n{said(home)}"
        assert way_out[ended.exit] in said(home), f"{point}\n{said(home)}"
    looked_at = recovered(home)
    assert not damage(looked_at), point
    found = state(looked_at)
    assert found == before or found[0] == REVISIONS[-1], point
    assert found[2] == before[2], point
    for backup in home.glob("hourhand.db.*.backup"):
        assert not damage(backup), point
        assert state(backup) == before, point
    ended = lab.run(home, *UPGRADE)
    assert ended.exit == 0, f"{point}: {ended}\n{said(home)}"
    assert state(path)[0] == REVISIONS[-1]
    assert state(path)[2] == before[2]
    prepared.audit(lab, home, point)
    shutil.rmtree(home)


def test_an_upgrade_killed_before_any_statement_leaves_one_schema_whole(
    prepared: Prepared, released: Path
) -> None:
    lab = prepared.labs[0]
    statements = points_of(lab, old_home(prepared, lab, released, "upgrade"), *UPGRADE)
    assert any(text.startswith("CREATE TABLE") for text in statements)

    def strike(lab: Lab, number: int) -> None:
        home = old_home(prepared, lab, released, f"upgrade-{number}")
        ended = lab.run(home, *UPGRADE, points=at_point(number))
        assert (ended.exit, ended.signal) == (None, 9), f"{number}: {ended}"
        check_upgraded(prepared, lab, home, released, f"{number}: {statements[number - 1]}")

    points = chosen(range(1, len(statements) + 1), 6)
    print(f"upgrade: {len(statements)} statements, {prepared.each(points, strike)} struck")


@pytest.mark.parametrize(
    "effect", ["signal=SIGKILL:when={}", "error=EIO:when={}", "error=ENOSPC:when={}+"]
)
def test_an_upgrade_whose_system_calls_are_struck_leaves_one_schema_whole(
    traceable: Prepared, released: Path, effect: str
) -> None:
    lab = traceable.labs[0]
    counts = counts_of(
        traceable, "upgrade", CALLS, old_home(traceable, lab, released, "upgrade"), *UPGRADE
    )
    points = [(call, n) for call in CALLS for n in chosen(range(1, counts[call] + 1), 1)]

    def strike(lab: Lab, point: tuple[str, int]) -> None:
        call, number = point
        home = old_home(traceable, lab, released, f"upgrade-{call}-{number}")
        trace = home / "calls.txt"
        ended = lab.run(home, *UPGRADE, calls=at_call(call, effect.format(number), trace))
        assert ended.signal == 9 or ended.exit in (0, STORAGE_EXIT), f"{point}: {said(home)}"
        assert was_struck(trace), point
        assert "Traceback" not in said(home), f"{point}\n{said(home)}"
        check_upgraded(traceable, lab, home, released, f"{effect} {point}")

    print(f"upgrade, {effect}: {traceable.each(points, strike)} system calls")
