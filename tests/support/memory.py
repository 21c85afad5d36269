"""Folders in memory, where a machine has room for them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_MEMORY = Path("/dev/shm")  # noqa: S108  a folder of our own is made there
_ROOM = 1 << 30


@contextmanager
def folder_in_memory(name: str) -> Iterator[Path]:
    """A new folder, in memory where there is room, until it is left.

    A process that is killed loses nothing that it gave to the system, on a disk or not; waiting for
    a disk thousands of times shows nothing more.
    """
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM
    with TemporaryDirectory(prefix=f"hourhand-{name}-", dir=_MEMORY if roomy else None) as found:
        yield Path(found)
