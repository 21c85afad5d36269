"""Making, copying and putting back the database, killed at any point: whole or not there at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.instants import MINUTE, SECOND
from tests.support.crash_lab import START, Lab, Prepared, ledger, said, succeed
from tests.support.crash_sweep import (
    at_call,
    at_point,
    calls_of,
    chosen,
    counts_of,
    is_full,
    points_of,
    was_struck,
)

FIRST_POLL = START + MINUTE + 5 * SECOND
STORAGE_EXIT = 74
# A kill leaves drafts under names of their own.
DRAFTS = ".*.new*"
FILE_CALLS = ("pwrite64", "fdatasync", "fsync", "link", "rename", "unlink")


def unborn(prepared: Prepared, lab: Lab, name: str) -> Path:
    """A home with settings and a strategy, without a database."""
    home = prepared.copy(lab, name)
    for path in home.glob("*hourhand.db*"):
        path.unlink()
    lab.clock.set(FIRST_POLL)
    return home


def database(home: Path) -> Path:
    return home / "hourhand.db"


def damage(path: Path) -> str:
    """What SQLite finds wrong with a file; empty for a sound one."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        (found,) = connection.execute("PRAGMA integrity_check").fetchone()
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    return "" if found == "ok" and not broken else f"{found} {broken}"


@pytest.fixture(scope="module")
def first_slot(prepared: Prepared) -> dict[str, list[dict[str, object]]]:
    lab = prepared.labs[0]
    home = unborn(prepared, lab, "born")
    succeed(home, lab.run(home, "once"))
    assert len(ledger(home)["cycle"]) == 1
    return ledger(home)


def check_born(
    prepared: Prepared,
    lab: Lab,
    home: Path,
    first_slot: dict[str, list[dict[str, object]]],
    point: str,
) -> None:
    """There is no database or a whole one, and the next run does the first slot."""
    if database(home).exists():
        assert not damage(database(home)), point
    lab.clock.set(FIRST_POLL)
    ended = lab.run(home, "once")
    assert ended.exit == 0, f"{point}: {ended}\n{said(home)}"
    prepared.audit(lab, home, point)
    assert ledger(home) == first_slot, point
    shutil.rmtree(home)


def test_a_first_start_killed_before_any_statement_leaves_no_half_database(
    prepared: Prepared, first_slot: dict[str, list[dict[str, object]]]
) -> None:
    lab = prepared.labs[0]
    statements = points_of(lab, unborn(prepared, lab, "birth"), "once")
    created = next(n for n, text in enumerate(statements) if text.startswith("INSERT INTO meta"))

    def strike(lab: Lab, number: int) -> None:
        home = unborn(prepared, lab, f"birth-{number}")
        ended = lab.run(home, "once", points=at_point(number))
        assert (ended.exit, ended.signal) == (None, 9), f"{number}: {ended}"
        check_born(prepared, lab, home, first_slot, f"{number}: {statements[number - 1]}")

    print(f"first start: {created + 5} statements")
    prepared.each(chosen(range(1, created + 6), 6), strike)


@pytest.mark.parametrize(
    "effect", ["signal=SIGKILL:when={}", "error=EIO:when={}", "error=ENOSPC:when={}+"]
)
def test_a_first_start_whose_system_calls_are_struck_leaves_no_half_database(
    traceable: Prepared, first_slot: dict[str, list[dict[str, object]]], effect: str
) -> None:
    lab = traceable.labs[0]
    home = unborn(traceable, lab, "birth")
    counts = counts_of(traceable, "birth", FILE_CALLS, home, "once")
    # The database is made by the first of them; a slot follows, which other sweeps strike too.
    made = {call: count if is_full() else min(count, 60) for call, count in counts.items()}
    points = [(call, n) for call in FILE_CALLS for n in chosen(range(1, made[call] + 1), 1)]

    def strike(lab: Lab, point: tuple[str, int]) -> None:
        call, number = point
        home = unborn(traceable, lab, f"birth-{call}-{number}")
        trace = home / "calls.txt"
        ended = lab.run(home, "once", calls=at_call(call, effect.format(number), trace))
        assert ended.signal == 9 or ended.exit in (0, STORAGE_EXIT), f"{point}: {said(home)}"
        assert "Traceback" not in said(home), point
        check_born(traceable, lab, home, first_slot, f"{effect} {point}")

    print(f"first start, {effect}: {traceable.each(points, strike)} system calls")


def check_backup(prepared: Prepared, lab: Lab, home: Path, point: object) -> None:
    """No copy or a whole one; the database is as it was; the next backup works."""
    copy = home / "copy.db"
    if copy.exists():
        assert not damage(copy), point
        copy.unlink()
    assert ledger(home) == ledger(prepared.home), point
    ended = lab.run(home, "db", "backup", copy)
    assert ended.exit == 0, f"{point}: {ended}\n{said(home)}"
    shutil.copy(copy, database(home))
    assert ledger(home) == ledger(prepared.home), point
    shutil.rmtree(home)


def check_restored(prepared: Prepared, lab: Lab, home: Path, point: object) -> None:
    """The database is the one of before or the backup's; the next restore works."""
    old, new = ledger(prepared.home), prepared.expected
    assert ledger(home) in (old, new), point
    ended = lab.run(home, "db", "restore", home / "copy.db")
    assert ended.exit == 0, f"{point}: {ended}\n{said(home)}"
    assert ledger(home) == new, point
    prepared.audit(lab, home, point)
    shutil.rmtree(home)


Check = Callable[[Prepared, Lab, Path, object], None]
COMMANDS = {"backup": check_backup, "restore": check_restored}


def ready(prepared: Prepared, lab: Lab, name: str, command: str) -> Path:
    """A home for a command, with the backup of another hour where there is one to put back."""
    home = prepared.copy(lab, name)
    if command == "restore":
        shutil.copy(database(prepared.folder / "undisturbed"), home / "copy.db")
    return home


@pytest.mark.parametrize("command", COMMANDS)
def test_a_backup_and_a_restore_killed_before_any_statement_change_all_or_nothing(
    prepared: Prepared, command: str
) -> None:
    lab = prepared.labs[0]
    home = ready(prepared, lab, command, command)
    statements = points_of(lab, home, "db", command, home / "copy.db")

    def strike(lab: Lab, number: int) -> None:
        home = ready(prepared, lab, f"{command}-{number}", command)
        ended = lab.run(home, "db", command, home / "copy.db", points=at_point(number))
        assert (ended.exit, ended.signal) == (None, 9), f"{number}: {ended}"
        COMMANDS[command](prepared, lab, home, f"{number}: {statements[number - 1]}")

    points = chosen(range(1, len(statements) + 1), 6)
    print(f"{command}: {len(statements)} statements, {prepared.each(points, strike)} struck")


@pytest.mark.parametrize(
    "effect", ["signal=SIGKILL:when={}", "error=EIO:when={}", "error=ENOSPC:when={}+"]
)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_backup_and_a_restore_whose_system_calls_are_struck_change_all_or_nothing(
    traceable: Prepared, command: str, effect: str
) -> None:
    lab = traceable.labs[0]
    home = ready(traceable, lab, command, command)
    counts = counts_of(traceable, command, FILE_CALLS, home, "db", command, home / "copy.db")
    points = [(call, n) for call in FILE_CALLS for n in chosen(range(1, counts[call] + 1), 1)]

    def strike(lab: Lab, point: tuple[str, int]) -> None:
        call, number = point
        home = ready(traceable, lab, f"{command}-{call}-{number}", command)
        trace = home / "calls.txt"
        calls = at_call(call, effect.format(number), trace)
        ended = lab.run(home, "db", command, home / "copy.db", calls=calls)
        assert ended.signal == 9 or ended.exit in (0, STORAGE_EXIT), f"{point}: {said(home)}"
        assert was_struck(trace), point
        assert "Traceback" not in said(home), f"{point}\n{said(home)}"
        COMMANDS[command](traceable, lab, home, f"{effect} {point}")

    print(f"{command}, {effect}: {traceable.each(points, strike)} system calls")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_new_file_is_on_disk_before_it_has_its_name_and_the_name_before_anyone_is_told(
    traceable: Prepared, command: str
) -> None:
    """No kill shows this, for what a process gave to the system outlives it; a power loss would."""
    lab = traceable.labs[0]
    home = ready(traceable, lab, f"synced-{command}", command)
    made = calls_of(lab, home, "fsync,link,rename", "db", command, home / "copy.db")
    named = next(n for n, call in enumerate(made) if '.new", "' in call)
    draft = made[named].split('"')[1]
    assert any("fsync(" in call and f"<{draft}>" in call for call in made[:named]), made
    assert any("fsync(" in call and f"<{home}>" in call for call in made[named + 1 :]), made


def test_what_a_killed_backup_left_is_removed_by_one_of_a_later_day(prepared: Prepared) -> None:
    lab = prepared.labs[0]
    home = prepared.copy(lab, "left")
    assert lab.run(home, "db", "backup", points=at_point(12)).signal == 9
    drafts = list(home.glob(DRAFTS))
    assert drafts
    for path in drafts:
        os.utime(path, (0, 0))
    succeed(home, lab.run(home, "db", "backup"))
    assert not list(home.glob(DRAFTS))
    assert len(list(home.glob("hourhand.db.*.backup"))) == 1
