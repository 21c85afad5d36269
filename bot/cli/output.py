"""Standard output that ends quietly: no traceback where the reader has left or the disk is full."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, TextIO, cast

from bot.domain.errors import StorageError


class Output:
    """A text stream whose failures are errors of ours; everything else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, as the stream does; StorageError where it cannot."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        """Bring what was written to its reader; StorageError where that fails."""
        try:
            self._stream.flush()
        except OSError as error:
            self._give_up(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _give_up(self, error: OSError) -> None:
        # From here on nothing can fail: neither what is in the buffer nor what is still to come.
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
        # A reader that has left, as `head` does, is no fault: the command goes on to its end.
        if not isinstance(error, BrokenPipeError):
            raise StorageError(f"standard output: {error.strerror}") from None


class Aside(Output):
    """Standard error: where it fails, there is no place left to say so."""

    def _give_up(self, error: OSError) -> None:
        with suppress(StorageError):
            super()._give_up(error)


def prepare_output() -> None:
    """Make the standard streams quiet, and able to show any character whatever the locale."""
    sys.stdout = cast(TextIO, Output(_able(sys.stdout)))
    sys.stderr = cast(TextIO, Aside(_able(sys.stderr)))


def _able(stream: TextIO | None) -> TextIO:
    if stream is None:  # its descriptor was closed by the caller
        return open(os.devnull, "w", encoding="utf-8")
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    return stream
