"""The write-ahead log's size: it grows without end while another program keeps reading."""

from __future__ import annotations

from pathlib import Path

LOG_BYTES_MAX = 64 << 20  # to which it is cut whenever it could be emptied


def overgrown_log(database: Path) -> str:
    """What is wrong with the size of a database's log, in words; empty for nothing."""
    log = database.with_name(database.name + "-wal")
    try:
        size = log.stat().st_size
    except OSError:
        return ""
    if size <= LOG_BYTES_MAX:
        return ""
    return (
        f"{log.name} has {size // 1_000_000} MB and grows: a program that has been reading the "
        f"database for long keeps it from being emptied"
    )
