"""Line numbers of the keys of a TOML text, for messages only."""

from __future__ import annotations

import re

_TABLE = re.compile(r"\s*\[(\[)?\s*([A-Za-z0-9_.-]+)\s*\]?\]\s*(#.*)?")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(\.[A-Za-z0-9_-]+)?\s*=")


def places_of(text: str) -> dict[tuple[str | int, ...], int]:
    """Where each key and table begins, by its path; keys written over several lines by the first.

    >>> places_of('a = 1\\n[[gates]]\\nmin = 2')
    {('a',): 1, ('gates', 0): 2, ('gates', 0, 'min'): 3}
    """
    found: dict[tuple[str | int, ...], int] = {}
    counts: dict[str, int] = {}
    table: tuple[str | int, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header = _TABLE.fullmatch(line)
        if header is not None:
            table = (header[2],)
            if header[1]:
                table = (header[2], counts.get(header[2], 0))
                counts[header[2]] = counts.get(header[2], 0) + 1
            found.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key is not None:
            inner = (key[2][1:],) if key[2] else ()
            found.setdefault((*table, key[1].strip("\"'"), *inner), number)
    return found
