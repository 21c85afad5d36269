"""The one table that all measurements fill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A figure, and what it is in multiples of."""

    what: str
    figure: str
    beside: str = ""
    ratio: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Lines that belong together, and words about what could not be measured."""

    title: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


def markdown(sections: Iterable[Section]) -> Iterator[str]:
    """The sections as one Markdown table, a row that names each, notes below."""
    notes: list[str] = []
    yield "| what | median (least to greatest) | beside | ratio |"
    yield "|---|---|---|---|"
    for section in sections:
        yield f"| **{section.title}** | | | |"
        for line in section.lines:
            yield f"| {line.what} | {line.figure} | {line.beside} | {line.ratio} |"
        notes += section.notes
    if notes:
        yield ""
        yield from (f"* {note}" for note in notes)
