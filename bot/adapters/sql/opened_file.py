"""The database file under its name: whether it is still the one that was opened."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bot.domain.errors import DamageError, StorageError


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file by device and inode; SQLite goes on writing into one that was deleted."""

    path: Path
    device: int
    inode: int

    def check(self) -> None:
        """Raise DamageError where another file, or none, bears the name now."""
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            raise DamageError(
                f"{self.path}: was deleted while in use: restore a backup by `hourhand db restore`"
            ) from None
        except OSError as error:
            raise StorageError(f"{self.path}: cannot be looked at: {error.strerror}") from None
        if (found.st_dev, found.st_ino) != (self.device, self.inode):
            raise DamageError(f"{self.path}: was replaced by another file while in use")


def opened_file(path: Path) -> OpenedFile:
    """The file that bears the name now; StorageError where there is none."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be looked at: {error.strerror}") from None
    return OpenedFile(path, found.st_dev, found.st_ino)
