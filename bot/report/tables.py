"""Tables for people: whole on a terminal of any width, one plain line per row in a pipe."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Cell = str | int | float | None
_GAP = 2  # blanks between columns
_PIPE_WIDTH = 100_000  # no row of a table is longer, so none is folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its head, its side, and how soon it is left out where the width does not do.

    Columns with the greatest `spare` go first; 0 stays always.
    """

    head: str
    side: Literal["left", "right"] = "left"
    spare: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Where text goes: so many cells wide, or None for a pipe; styles only on a terminal."""

    width: int | None = None
    styled: bool = False


PIPE = Page()


def clean(text: str) -> str:
    """A text from outside without control characters, line breaks and direction marks.

    >>> clean("SAFE\\x1b[31m\\u202eMOON\\n")
    'SAFE[31mMOON'
    """
    return "".join(c for c in text if c.isprintable())


def table_text(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], page: Page) -> str:
    """The table as lines, each ending in a newline; blanks at line ends are cut."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    texts = [[_shown(cell) for cell in row] for row in rows]
    kept = _fitting(columns, texts, page.width)
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    for n in kept:
        table.add_column(Text(columns[n].head), justify=columns[n].side, overflow="fold")
    for row in texts:
        table.add_row(*(Text(row[n]) for n in kept))
    out = io.StringIO()
    console = Console(
        file=out, width=page.width or _PIPE_WIDTH, force_terminal=page.styled, highlight=False,
        color_system="standard" if page.styled else None, legacy_windows=False,
    )  # fmt: skip
    console.print(table)
    return "".join(line.rstrip() + "\n" for line in out.getvalue().splitlines())


def _shown(cell: Cell) -> str:
    return "-" if cell is None else clean(str(cell))


def _fitting(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None
) -> list[int]:
    """Which columns fit the width; what cannot be left out stays and is folded."""
    from rich.cells import cell_len

    widths = [
        max(cell_len(text) for text in (column.head, *(row[n] for row in rows)))
        for n, column in enumerate(columns)
    ]
    kept = list(range(len(columns)))
    while width is not None and sum(widths[n] + _GAP for n in kept) - _GAP > width:
        spare = [n for n in kept if columns[n].spare]
        if not spare:
            break
        kept.remove(max(spare, key=lambda n: columns[n].spare))
    return kept


def minute_text(instant: str | None) -> str | None:
    """An ISO instant as `2025-05-10 13:00`, UTC.

    >>> minute_text("2025-05-10T13:00:00Z")
    '2025-05-10 13:00'
    """
    return None if instant is None else instant[:16].replace("T", " ")


def money_shown(text: str | None) -> str | None:
    """Money for people: two decimals, cut off; the exact text is in the JSON.

    >>> money_shown("-7.42364807"), money_shown("10000")
    ('-7.42', '10000.00')
    """
    if text is None:
        return None
    whole, _, part = text.partition(".")
    return f"{whole}.{part[:2]:0<2}"


def percent_shown(share: float | None) -> str | None:
    """A fraction as percent.

    >>> percent_shown(0.0008303)
    '0.08%'
    """
    return None if share is None else f"{share * 100:.2f}%"
