"""One working process per database: a file lock, and a lease that fences off a former holder."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.adapters.sql.schema_ledger import lease
from bot.domain.errors import AlreadyRunningError, StorageError
from bot.domain.instants import format_instant

_TRIES_MAX = 5
_NOTE_MAX_BYTES = 500
_RENEW = (
    update(lease)
    .where(lease.c.id == 1, lease.c.epoch == bindparam("ours"))
    .values(heartbeat=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class InstanceLock:
    """The held lock; it goes when the process ends, however it ends."""

    path: Path
    descriptor: int

    def release(self) -> None:
        """Let the next one in. The file stays: deleting it would let two in at once."""
        os.close(self.descriptor)

    def __enter__(self) -> InstanceLock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def acquire(database: Path) -> InstanceLock:
    """The lock of this database, whatever path leads to it.

    Raises AlreadyRunningError, naming the holder, where another process has it; StorageError where
    the file has a second name, under which another process would not see the lock.
    """
    real = Path(os.path.realpath(database))
    _check_names(real)
    path = real.with_name(real.name + ".lock")
    for _ in range(_TRIES_MAX):
        descriptor = _lock(path)
        if _is_still(path, descriptor):
            _write_note(descriptor)
            return InstanceLock(path, descriptor)
        os.close(descriptor)  # deleted and made anew between opening and locking
    raise StorageError(f"{path}: the lock file keeps being deleted")


def take_lease(connection: Connection, now_ms: int) -> int:
    """The next epoch, ours from now on; every write of an earlier holder is refused after it.

    `now_ms` is of the clock that the slots run on. A clock that was set back since leaves the last
    sign of life where it was: slots done before it stay in the past.
    """
    values = {"holder": f"pid {os.getpid()}", "started_at": now_ms}
    again = {"epoch": lease.c.epoch + 1, "heartbeat": func.max(lease.c.heartbeat, now_ms)}
    statement = (
        insert(lease)
        .values(id=1, epoch=1, heartbeat=now_ms, **values)
        .on_conflict_do_update(index_elements=["id"], set_={**values, **again})
        .returning(lease.c.epoch)
    )
    return int(connection.execute(statement).scalar_one())


def renew_lease(connection: Connection, epoch: int, now_ms: int) -> None:
    """Show life; raises AlreadyRunningError where another process took over meanwhile."""
    if connection.execute(_RENEW, {"ours": epoch, "now": now_ms}).rowcount == 1:
        return
    found = connection.execute(select(lease.c.holder, lease.c.started_at)).first()
    other = f"{found.holder}, since {format_instant(found.started_at)}" if found else "nobody"
    raise AlreadyRunningError(f"the database was taken over by another process ({other})")


def _lock(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(f"{path}: cannot be opened: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(descriptor, _NOTE_MAX_BYTES, 0)
        os.close(descriptor)
        if error.errno in (errno.EAGAIN, errno.EACCES):
            raise AlreadyRunningError(_who(path, holder)) from None
        raise StorageError(f"{path}: cannot be locked: {error.strerror}") from None
    return descriptor


def _check_names(database: Path) -> None:
    """SQLite's log and our lock stand beside a name: two names of one file would ruin it."""
    try:
        file = database.stat()
    except OSError:
        return  # it will be made, or opening it says why not
    if not stat.S_ISREG(file.st_mode):
        raise StorageError(f"{database}: is no file: name another one in `database`")
    if file.st_nlink < 2:
        return
    # A kill of a restore or an upgrade leaves names of its own beside it, which nobody opens.
    own = (f"{database.name}.", f".{database.name}.")
    left = [one.lstat() for one in database.parent.iterdir() if one.name.startswith(own)]
    if file.st_nlink - sum(os.path.samestat(file, one) for one in left) > 1:
        raise StorageError(
            f"{database}: the file has another name as well (a hard link, as `cp -l` makes), and a "
            f"program that works under that one would ruin it: put a real copy in its place "
            f"(`cp {database.name} copy && mv copy {database.name}`)"
        )


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _write_note(descriptor: int) -> None:
    """For people only: a pid proves nothing, the lock does, and a full disk does not matter."""
    note = {"pid": os.getpid(), "since": format_instant(time.time_ns() // 10**9 * 1000)}
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(note).encode(), 0)


def _who(path: Path, note: bytes) -> str:
    database = path.with_name(path.name.removesuffix(".lock"))
    try:
        found = json.loads(note)
        holder = f"process {int(found['pid'])}, since {found['since']}"
    except (ValueError, KeyError, TypeError):
        holder = "another process"
    return f"{database}: already in use by {holder}"
