"""HTML that is nothing but what was meant: every text is escaped unless this module made it."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

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


def joined(pieces: Iterable[Child]) -> Markup:
    """Pieces one after the other."""
    return Markup("".join(escaped(piece) for piece in pieces))


def html_table(heads: Sequence[str], rows: Iterable[Sequence[Child]], numbers: int = 1) -> Markup:
    """A table that scrolls sideways on its own; columns from `numbers` on are aligned right."""

    def cells(kind: str, row: Sequence[Child]) -> Markup:
        return joined(
            tag(kind, cell, class_="n" if n >= numbers else None) for n, cell in enumerate(row)
        )

    head = tag("thead", tag("tr", cells("th", heads)))
    body = tag("tbody", joined(tag("tr", cells("td", row)) for row in rows))
    return tag("div", tag("table", head, body), class_="wide", tabindex=0)
