"""Tables for people: whole on a terminal of any width, one plain line per row in a pipe."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal
from typing import Literal

from bot.domain.decimals import plain

Cell = str | int | float | None
Texts = list[list[str]]
_GAPS = (2, 1)  # blanks between columns: the usual, and where that is too wide
_PIPE_WIDTH = 100_000  # no row of a table is longer, so none is folded
_SHORT_DIGITS = 6
_WIDTH_MAX = 80
_NAME_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its head, its side, and what becomes of it where the width does not do.

    Cells are then shown through `brief`; if that is not enough, columns are left out, those with
    the greatest `spare` first, and the table says which. A column of `spare` 0 stays always.
    """

    head: str
    side: Literal["left", "right"] = "left"
    spare: int = 0
    brief: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Where text goes: so many cells wide, or None for a pipe; styles only on a terminal.

    Colours come on top of styles and are left out where NO_COLOR is set.
    """

    width: int | None = None
    styled: bool = False
    coloured: bool = False


PIPE = Page()


def clean(text: str) -> str:
    """A text from outside without control characters, line breaks and direction marks.

    >>> clean("SAFE\\x1b[31m\\u202eMOON\\n")
    'SAFE[31mMOON'
    """
    return "".join(c for c in text if c.isprintable())


_COLOURS = {"good": 32, "warning": 33, "bad": 31}


def coloured(text: str, meaning: Literal["good", "warning", "bad"], page: Page) -> str:
    """A text in the colour of what it means; as it is where the page has no colours.

    >>> coloured("healthy", "good", PIPE)
    'healthy'
    """
    return f"\x1b[{_COLOURS[meaning]}m{text}\x1b[0m" if page.coloured else text


def indented(text: str, page: Page) -> str:
    """A text in lines of at most 80 columns, two blanks before each."""
    width = min(page.width or _WIDTH_MAX, _WIDTH_MAX)
    lines = textwrap.wrap(clean(text), width, initial_indent="  ", subsequent_indent="  ")
    return "\n".join(lines) + "\n"


def r_shown(multiple: float | None) -> str | None:
    """A result in multiples of the risk.

    >>> r_shown(1.40625)
    '1.41'
    """
    return None if multiple is None else f"{multiple:.2f}"


def age_text(seconds: int | None) -> str | None:
    """How long ago, in the two largest units.

    >>> age_text(59), age_text(3_700), age_text(90_000)
    ('59 s', '1 h 1 min', '1 d 1 h')
    """
    if seconds is None:
        return None
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if minutes < 1:
        return f"{max(0, seconds)} s"
    if hours < 1:
        return f"{minutes} min"
    if days < 1:
        return f"{hours} h {minutes % 60} min"
    return f"{days} d {hours % 24} h"


def table_text(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], page: Page) -> str:
    """The table as lines, each ending in a newline; blanks at line ends are cut.

    On a page that is too narrow a line below says what is hidden or shortened.
    """
    layout = _fitting(columns, [[_shown(cell) for cell in row] for row in rows], page.width)
    width = page.width or _PIPE_WIDTH
    fits = _breadth(columns, layout.texts, layout.kept, layout.gap) <= width
    drawn = _plain_lines if fits and not page.styled else _rich_lines
    lines = [*drawn(columns, layout, page), *_left_out(columns, layout, width)]
    return "".join(line.rstrip() + "\n" for line in lines)


def _rich_lines(columns: Sequence[Column], layout: _Layout, page: Page) -> list[str]:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, layout.gap, 0, 0), pad_edge=False, header_style="bold")
    for n in layout.kept:
        table.add_column(Text(columns[n].head), justify=columns[n].side, overflow="fold")
    for row in layout.texts:
        table.add_row(*(Text(row[n]) for n in layout.kept))
    out = io.StringIO()
    console = Console(
        file=out, width=page.width or _PIPE_WIDTH, force_terminal=page.styled, highlight=False,
        color_system="standard" if page.styled else None, legacy_windows=False,
    )  # fmt: skip
    console.print(table)
    return out.getvalue().splitlines()


def _plain_lines(columns: Sequence[Column], layout: _Layout, page: Page) -> list[str]:
    """The same text where nothing is folded or styled; thousands of rows take no time."""
    del page
    drawn = []
    for n in layout.kept:
        cells = [columns[n].head, *(row[n] for row in layout.texts)]
        width = max(map(_cells_of, cells))
        drawn.append([_padded(cell.rstrip(), columns[n].side, width) for cell in cells])
    return [(" " * layout.gap).join(row) for row in zip(*drawn, strict=True)]


def _padded(cell: str, side: str, width: int) -> str:
    blanks = " " * (width - _cells_of(cell))
    return blanks + cell if side == "right" else cell + blanks


def _cells_of(text: str) -> int:
    """How many cells of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _shown(cell: Cell) -> str:
    return "-" if cell is None else clean(str(cell))


@dataclass(frozen=True, slots=True)
class _Layout:
    """What fits: the texts, the places of the columns that stay, the blanks between them."""

    texts: Texts
    kept: list[int]
    gap: int
    is_brief: bool = False


def _fitting(columns: Sequence[Column], texts: Texts, width: int | None) -> _Layout:
    """The whole table closer and closer, then without the columns that can be spared.

    What cannot be left out stays and is folded.
    """
    every = list(range(len(columns)))
    wide, close = _GAPS
    if width is None:
        return _Layout(texts, every, wide)
    for gap in _GAPS:
        if _breadth(columns, texts, every, gap) <= width:
            return _Layout(texts, every, gap)
    short = [
        [column.brief(text) if column.brief else text
         for column, text in zip(columns, row, strict=True)]
        for row in texts
    ]  # fmt: skip
    kept = every
    while _breadth(columns, short, kept, close) > width:
        spare = [n for n in kept if columns[n].spare]
        if not spare:
            break
        first = max(spare, key=lambda n: columns[n].spare)
        kept = [n for n in kept if n != first]
    fits_whole = _breadth(columns, texts, kept, close) <= width
    shown = texts if fits_whole else short
    gap = wide if _breadth(columns, shown, kept, wide) <= width else close
    changed = any(short[r][n] != texts[r][n] for r in range(len(texts)) for n in kept)
    return _Layout(shown, kept, gap, is_brief=changed and not fits_whole)


def _breadth(columns: Sequence[Column], texts: Texts, kept: list[int], gap: int) -> int:
    cells = [[columns[n].head, *(row[n] for row in texts)] for n in kept]
    return sum(max(map(_cells_of, column)) + gap for column in cells) - gap


def _left_out(columns: Sequence[Column], layout: _Layout, width: int) -> list[str]:
    """A line for what a narrow page does not show, so that nobody takes it for absent."""
    hidden = [column.head for n, column in enumerate(columns) if n not in layout.kept]
    said = [f"hidden: {', '.join(hidden)}"] if hidden else []
    if layout.is_brief:
        said.append("some cells are shortened")
    if not said:
        return []
    return textwrap.wrap(
        f"({'; '.join(said)}: a wider terminal or --json shows all)", width,
        break_on_hyphens=False,
    )  # fmt: skip


def minute_text(instant: str | None) -> str | None:
    """An ISO instant as `2025-05-10 13:00`, UTC.

    >>> minute_text("2025-05-10T13:00:00Z")
    '2025-05-10 13:00'
    """
    return None if instant is None else instant[:16].replace("T", " ")


def without_year(minute: str) -> str:
    """A `minute_text` for narrow pages.

    >>> without_year("2025-05-10 13:00")
    '05-10 13:00'
    """
    return minute[5:]


def short_name(text: str) -> str:
    """A name from outside for narrow pages, which it must not fill alone.

    >>> short_name("BTC"), short_name("AVERYLONGNAMEOFATOKEN")
    ('BTC', 'AVERYLONG...')
    """
    return text if len(text) <= _NAME_LENGTH else text[: _NAME_LENGTH - 3] + "..."


def six_digits(text: str) -> str:
    """A decimal for narrow pages: digits after the sixth are cut off where they are decimals.

    >>> six_digits("6.45151257"), six_digits("181086240.4"), six_digits("0.00217065")
    ('6.45151', '181086240', '0.00217065')
    """
    try:
        exact = Decimal(text)
    except ArithmeticError:
        return text
    if not exact.is_finite():
        return text
    cut = Context(prec=_SHORT_DIGITS, rounding=ROUND_DOWN).plus(exact)
    whole = exact.to_integral_value(rounding=ROUND_DOWN)
    return plain(whole if abs(whole) > abs(cut) else cut)


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
