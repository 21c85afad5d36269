"""Whether a process holds the database's lock, for people who ask; it changes nothing."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path

_NOTE_MAX_BYTES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds the lock, as it noted itself; pid None where the note cannot be read."""

    pid: int | None
    since: str


def lock_holder(database: Path) -> Holder | None:
    """The process that holds the lock of this database; None where nobody does.

    The lock is shared for an instant to find out. A daemon that starts in that very instant is
    told that the database is in use, and its supervisor starts it again.
    """
    real = Path(os.path.realpath(database))
    try:
        descriptor = os.open(real.with_name(real.name + ".lock"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None  # nobody ever locked it, or it belongs to another user
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _holder(os.pread(descriptor, _NOTE_MAX_BYTES, 0))
    finally:
        os.close(descriptor)
    return None


def _holder(note: bytes) -> Holder:
    try:
        found = json.loads(note)
        return Holder(pid=int(found["pid"]), since=str(found["since"]))
    except (ValueError, KeyError, TypeError):
        return Holder(pid=None, since="")
