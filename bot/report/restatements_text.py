"""Restated history for people: how much was changed, which rows, and what it would have earned."""

from __future__ import annotations

from typing import Any

from bot.domain.plurals import counted
from bot.report.tables import (
    Column,
    Page,
    clean,
    minute_text,
    money_shown,
    percent_shown,
    table_text,
    without_year,
)

Document = dict[str, Any]


def restatements_text(document: Document, page: Page) -> str:
    """The counts, the newest rows, and the two replays where they were asked for."""
    text = "".join(f"{_count(kind, one)}\n" for kind, one in document["kinds"].items())
    if document["restated"]:
        text += "\n" + _rows(document["restated"], page)
        shown, total = len(document["restated"]), document["total"]
        text += f"{shown} of {total} shown; --limit N shows more\n" if shown < total else ""
    for gain in document.get("gains", ()):
        text += "\n" + _gain(gain)
    if document["total"] and "gains" not in document:
        text += "--gain replays with history as it stands today: what a naive backtest would show\n"
    return text


def _count(kind: str, one: Document) -> str:
    move = one["largest_move"]
    moved = f"; a close by {percent_shown(move)} at most" if move else ""
    return f"{kind}: {one['restated']} of {one['rows']} changed after they were first told{moved}"


def _rows(rows: list[Document], page: Page) -> str:
    columns = [
        Column(head="token"),
        Column(head="row"),
        Column(head="of UTC", brief=without_year),
        Column(head="first told", spare=2, brief=without_year),
        Column(head="changed by", brief=without_year),
        Column(head="what"),
        Column(head="from", side="right"),
        Column(head="to", side="right"),
    ]
    cells = [
        (
            row["symbol"], row["kind"].removesuffix("s"), minute_text(row["time"]),
            minute_text(row["first_known"]), minute_text(row["last_known"]), name, before, after,
        )
        for row in rows
        for name, (before, after) in (row["changed"] or {"nothing": (None, None)}).items()
    ]  # fmt: skip
    return table_text(columns, cells, page)


def _gain(gain: Document) -> str:
    known, naive = gain["as_known"], gain["as_it_stands"]
    return (
        f"{clean(gain['strategy'])}\n"
        f"  with what was known then    equity {money_shown(known['equity'])}, "
        f"{counted(known['trades'], 'trade')}\n"
        f"  with history as it is now   equity {money_shown(naive['equity'])}, "
        f"{counted(naive['trades'], 'trade')}\n"
        f"  a naive backtest is off by  {money_shown(gain['gain'])}\n"
    )
