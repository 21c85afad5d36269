"""Counts in words: one position, two positions."""

from __future__ import annotations


def counted(number: int, one: str, several: str = "") -> str:
    """A number with its noun; `several` where the plural is more than an s at the end.

    >>> counted(1, "open position"), counted(0, "trade"), counted(2, "entry", "entries")
    ('1 open position', '0 trades', '2 entries')
    """
    return f"{number} {one if number == 1 else several or one + 's'}"
