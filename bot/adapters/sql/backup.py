"""A whole copy of the database while others write to it, checked before it gets its name."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

from bot.adapters.sql.drafts import drafting, publish, stamp, telling
from bot.adapters.sql.file_checks import RESTORE_HINT, faults_of, reading
from bot.domain.errors import DamageError, StorageError, UsageError

_ROOM = 1 << 20  # bytes beside the copy itself
_PAGES = 2048  # copied at a time: a signal is heard between


def backup_database(source: Path, target: Path) -> int:
    """Copy a database, its write-ahead log included; returns the copy's bytes.

    The copy is made beside its place and appears there whole, on disk and readable by its owner
    only. It is checked page by page, foreign keys, the journal's chain and the hashes of what
    slots are stepped from included. Raises UsageError where the target is there already or its
    folder is not, StorageError where it cannot be written, DamageError where the copy does not
    hold, which is then not kept.
    """
    with telling(target, "cannot be created"):
        if os.path.lexists(target):
            raise UsageError(f"{target}: is there already: choose another name")
        if not target.parent.is_dir():
            raise UsageError(f"{target.parent}: there is no such folder")
    _check_room(source, target)
    with drafting(target) as draft:
        copy_database(source, draft)
        faults = faults_of(draft)
        if faults:
            raise DamageError(
                f"{source}: is damaged, no backup was made: {faults[0]}: {RESTORE_HINT}"
            )
        publish(draft, target)
    return target.stat().st_size


def copy_database(source: Path, target: Path) -> None:
    """The database as it stands at one instant, in one file without a log beside it."""
    with reading(source) as origin:
        try:
            with closing(sqlite3.connect(target)) as copy:
                origin.execute("BEGIN")  # one view, however long it takes
                origin.backup(copy, pages=_PAGES)
                copy.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            raise StorageError(f"{target.parent}: copying {source} failed: {error}") from None


def name_of(database: Path, folder: Path, why: str = "") -> Path:
    """A free name for a copy: the database's, the instant in UTC and perhaps a word why.

    The next free second where one is taken, as by a command that was killed a moment ago.
    """
    middle = f".{why}" if why else ""
    names = (f"{database.name}.{stamp(later)}{middle}.backup" for later in count())
    return next(path for path in map(folder.joinpath, names) if not path.exists())


def older_backups(database: Path, folder: Path, keep: int) -> list[Path]:
    """The backups of this database in a folder but the `keep` newest, by the time in their names.

    Only names without a word: what an upgrade or a restore saved is not among them.
    """
    form = re.compile(re.escape(database.name) + r"\.\d{8}T\d{6}Z\.backup")
    found = sorted(path for path in folder.iterdir() if form.fullmatch(path.name))
    return found[: max(0, len(found) - keep)]


def _check_room(source: Path, target: Path) -> None:
    """A copy that cannot fit is refused before it fills the disk."""
    try:
        needed = source.stat().st_size + _ROOM
        free = shutil.disk_usage(target.parent).free
    except OSError as error:
        raise StorageError(f"{target}: cannot be created: {error.strerror}") from None
    if free < needed:
        raise StorageError(
            f"{target.parent}: {free // 1024} kB are free, the copy needs {needed // 1024} kB"
        )
