"""HTML that is nothing but what was meant: every text is escaped unless this module made it."""

from __future__ import annotations

import html
from collections.abc import Container, Iterable, Sequence

from bot.report.tables import clean

_EMPTY = frozenset({"meta", "br", "col"})


class Markup(str):
    """A piece of HTML that this module made."""

    __slots__ = ()


Child = str | int | float | None | Markup


def escaped(value: Child) -> Markup:
    """A text for a page, without control characters and direction marks; markup as it is.

    >>> escaped("<b>\\u202e&")
    '&lt;b&gt;&amp;'
    """
    if isinstance(value, Markup):
        return value
    return Markup("" if value is None else html.escape(clean(str(value))))


def tag(name: str, /, *children: Child, **attributes: str | int | None) -> Markup:
    """An element; a trailing underscore of an attribute goes, others become hyphens.

    >>> tag("td", "a<b", class_="n")
    '<td class="n">a&lt;b</td>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(escaped(child) for child in children)
    return Markup(f"<{name}{written}>" if name in _EMPTY else f"<{name}{written}>{inner}</{name}>")


def name_of(text: str) -> Markup:
    """A name from outside in a cell: one line, cut off where it is long, whole when pointed at."""
    return tag("span", text, class_="name", title=text)


def joined(pieces: Iterable[Child]) -> Markup:
    """Pieces one after the other."""
    return Markup("".join(escaped(piece) for piece in pieces))


def html_table(
    heads: Sequence[str], rows: Iterable[Sequence[Child]], right: Container[int] = range(1, 99)
) -> Markup:
    """A table that scrolls sideways on its own; `right` are the columns of numbers.

    A last column of words is the one whose lines are broken.
    """

    def cells(kind: str, row: Sequence[Child]) -> Markup:
        last = len(row) - 1
        return joined(
            tag(kind, cell, class_="n" if n in right else "w" if 0 < n == last else None)
            for n, cell in enumerate(row)
        )

    head = tag("thead", tag("tr", cells("th", heads)))
    body = tag("tbody", joined(tag("tr", cells("td", row)) for row in rows))
    return tag("div", tag("table", head, body), class_="wide", tabindex=0)
