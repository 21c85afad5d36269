"""The stream that log lines go to: it follows a file that is moved away, and never fails."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


class PatientStream:
    """Writes lines to a descriptor that may be full or gone: such a line is lost, nothing else is.

    Nothing is kept back: what is written is written, and the next line that can be says how many
    were lost before it.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._lost = 0
        self._cut = False  # the last line ends in its middle

    def write(self, text: str) -> int:
        """Write a line, or count it as lost."""
        note = f'{{"event": "log.lost", "lines": {self._lost}}}\n' if self._lost else ""
        line = ("\n" if self._cut else "") + note + text
        if self._put(line.encode("utf-8", "backslashreplace")):
            self._lost = 0
        else:
            self._lost += 1
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""

    def _put(self, data: bytes) -> bool:
        try:
            while data:
                written = os.write(self.descriptor, data)
                data = data[written:]
                self._cut = bool(data)
        except OSError:
            return False
        return True


class FollowedFile(PatientStream):
    """A log file: where it is moved or deleted, as by log rotation, the next line makes it anew."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where the file cannot be opened now."""
        self._path = path
        super().__init__(_open(path))

    def write(self, text: str) -> int:
        """Write to the file that bears the name now."""
        if not self._is_same():
            with suppress(OSError):
                fresh = _open(self._path)
                os.close(self.descriptor)
                self.descriptor = fresh
        return super().write(text)

    def _is_same(self) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self.descriptor))
        except OSError:
            return False


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
