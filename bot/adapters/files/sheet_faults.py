"""Why a table file cannot be read, in words that name the line: the libraries seldom say."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import IO, cast

from bot.domain.errors import DataError

HEADER_CHARS_MAX = 1 << 20
COLUMNS_MAX = 2_000
ROW_BYTES_MAX = 1 << 22
_SHOWN_CHARS = 300


def unreadable(path: Path, error: Exception) -> DataError:
    """The error to show for a file at which a library gave up."""
    if isinstance(error, UnicodeDecodeError) or "UTF8" in str(error):
        return _not_utf8(path) or _as_told(path, error)
    if "straddling" in str(error):
        return _endless_row(path) or _as_told(path, error)
    if isinstance(error, csv.Error):
        return DataError(f"{path}, row 1: the header cannot be read: {error}")
    return _as_told(path, error)


def check_header(path: Path, header: list[str] | None, text: str) -> list[str]:
    """The names of the columns; `text` is the beginning of the file that they were read from.

    Raises DataError for a header that is absent, absurdly long or holds NUL.
    """
    if not header:
        raise DataError(f"{path}: the file is empty: expected a header line first")
    if len(header) > COLUMNS_MAX or (len(text) == HEADER_CHARS_MAX and "\n" not in text):
        raise DataError(
            f"{path}, row 1: the header names {len(header)} columns or more, at most "
            f"{COLUMNS_MAX} are read: is this a table of text with one line for each row?"
        )
    if any("\0" in name for name in header):
        raise DataError(f"{path}, row 1: holds NUL characters: save the file as UTF-8 text")
    return header


def shown(text: str) -> str:
    """A problem in its length fit for a message, without signs that a terminal would obey."""
    cut = text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]} ..."
    return "".join(sign if sign.isprintable() else " " for sign in cut)


def _as_told(path: Path, error: Exception) -> DataError:
    return DataError(f"{path}: cannot be read: {shown(str(error).strip())}")


def _not_utf8(path: Path) -> DataError | None:
    with _open_bytes(path) as stream:
        number = 0
        while line := stream.readline(ROW_BYTES_MAX):
            number += 1
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                if error.reason == "unexpected end of data" and len(line) == ROW_BYTES_MAX:
                    return None  # a row cut by the limit, not by its writer
                byte = line[error.start]
                return DataError(
                    f"{path}, row {number}: is not UTF-8 text (byte 0x{byte:02x} at place "
                    f"{error.start + 1}): save the file as UTF-8"
                )
    return None


def _endless_row(path: Path) -> DataError | None:
    """A row that does not end: most often a quote that was opened and not closed."""
    with _open_bytes(path) as stream:
        number, opened = 0, 0
        while line := stream.readline(ROW_BYTES_MAX):
            number += 1
            if len(line) == ROW_BYTES_MAX:
                return DataError(f"{path}, row {number}: is longer than {ROW_BYTES_MAX >> 20} MiB")
            if line.count(b'"') % 2:
                opened = 0 if opened else number
    if not opened:
        return None
    return DataError(f"{path}, row {opened}: a quote is opened and never closed")


def _open_bytes(path: Path) -> IO[bytes]:
    if path.name.lower().endswith(".gz"):
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")
