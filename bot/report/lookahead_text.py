"""The look-ahead proof as lines for a terminal of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

_WIDTH = 80
_SHOWN = 300  # characters of a record


def lookahead_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """What was cut where and compared, and the first thing that changed, if any did."""
    text = (
        f"look-ahead: all that was not yet known taken out after {document['cuts']} random slots "
        f"(seed {document['seed']}): "
    )
    found = document["first_difference"]
    if found is None:
        text += (
            f"no record up to any of them changed, nor any number that the engine read "
            f"({document['token_slots']:,} token-slots compared)."
        )
    else:
        text += f"LOOK-AHEAD FOUND in {found['strategy']}."
    yield from _wrapped(text, "  ")
    if document["by_records_alone"]:
        ids = ", ".join(map(str, document["by_records_alone"]))
        yield from _wrapped(f"compared by records alone (prices of many digits): {ids}", "    ")
    if found is not None:
        yield from _difference(found)


def _difference(found: Mapping[str, Any]) -> Iterator[str]:
    yield from _wrapped(f"known until {found['as_of']} (cut after slot {found['cut']})", "    ")
    read, record = found["input"], found["record"]
    if read is not None:
        yield from _wrapped(
            f"slot {read['slot']}, token {read['token_id']} read another {read['name']}: "
            f"{_only(read['whole'], read['cut'])} with later data, "
            f"{_only(read['cut'], read['whole'])} without",
            "    ",
        )
    if record is None:
        yield from _wrapped("no record of these slots changed by it", "    ")
    else:
        yield from _wrapped(f"first record that changed, slot {record['slot']}:", "    ")
        yield from _wrapped(f"with later data: {_cut(record['whole'])}", "      ")
        yield from _wrapped(f"without: {_cut(record['cut'])}", "      ")
    if found["instruments"]:
        ids = ", ".join(map(str, found["instruments"]))
        yield from _wrapped(f"tick, lot or minimum came out otherwise: token {ids}", "    ")


def _only(text: str, other: str) -> str:
    """What of a list is not in another one; a single value as it is."""
    known = set(other.split(", "))
    return _cut(", ".join(part for part in text.split(", ") if part not in known))


def _cut(text: str) -> str:
    """A value or record at a length that can be read."""
    text = text or "nothing"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=indent, subsequent_indent=indent + "  ",
        break_on_hyphens=False,
    )  # fmt: skip
