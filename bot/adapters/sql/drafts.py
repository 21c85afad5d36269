"""Files that appear whole or not at all: made beside their place, then given their name at once."""

from __future__ import annotations

import errno
import os
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.adapters.sql.engine import make_file
from bot.domain.errors import StorageError

_STALE_S = 24 * 3600  # nothing is in the making for so long: what is older was left by a kill
_STAMP = re.compile(r"\.\d{8}T\d{6}Z\.")  # in the names of copies
_PARTS = ("", "-wal", "-shm", "-journal")
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


@contextmanager
def drafting(target: Path) -> Iterator[Path]:
    """An empty file beside `target`, readable by its owner only; gone at the end in any case.

    Raises StorageError where the folder cannot be written.
    """
    _sweep(target)
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex}.new")
    make_file(draft)
    try:
        yield draft
    finally:
        # What cannot be removed now is removed later, and is no reason to fail.
        with suppress(OSError):
            remove_database(draft)


@contextmanager
def telling(path: Path, what: str) -> Iterator[None]:
    """Raise what the operating system refuses as a StorageError about `path`."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path}: {what}: {error.strerror or error}") from None


def publish(draft: Path, target: Path) -> None:
    """Give the draft its name, on disk when this returns; StorageError where the name is taken."""
    _check_folded(draft)
    with telling(target, "cannot be created"):
        try:
            sync(draft)
            _link(draft, target)
            sync(target.parent)
        except FileExistsError:
            raise StorageError(f"{target}: is there already: choose another name") from None


def replace(draft: Path, target: Path) -> None:
    """Put the draft into the place of `target` in one step, on disk when this returns."""
    _check_folded(draft)
    with telling(target, "cannot be replaced"):
        sync(draft)
        os.replace(draft, target)
        sync(target.parent)


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_database(path: Path) -> None:
    """Delete a database file and the logs beside it, as far as they are there."""
    for suffix in _PARTS:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def stamp(later_s: int = 0) -> str:
    """The instant, or so much later, as a file name can hold it, UTC: `20250510T130000Z`."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + later_s))


def _check_folded(draft: Path) -> None:
    """SQLite says nothing where closing could not fold the log in: the file alone is then not all.

    Raises StorageError, so that a file without its log never gets the name.
    """
    for suffix in ("-wal", "-journal"):
        log = draft.with_name(draft.name + suffix)
        if log.exists() and log.stat().st_size:
            raise StorageError(f"{draft.parent}: a write failed: the new file is not complete")


def _link(draft: Path, target: Path) -> None:
    try:
        os.link(draft, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without links, as on many sticks: there is no way to take a name only
        # where it is free, but to look first.
        if target.exists():
            raise FileExistsError from None
        os.rename(draft, target)


def _sweep(target: Path) -> None:
    """Remove drafts of this name, or of a copy made at any other time, that a kill left."""
    oldest = time.time() - _STALE_S
    family = _STAMP.split(target.name)[0]
    for path in target.parent.glob(f".{family}.*.new*"):
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()
