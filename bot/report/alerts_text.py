"""Alerts as text; the document is that of `--json`."""

from __future__ import annotations

import textwrap
from typing import Any

from bot.report.tables import Column, Page, clean, minute_text, table_text, without_year

Document = dict[str, Any]


def alerts_text(document: Document, page: Page) -> str:
    """What is watched, what was told, and of levels how approaches ended."""
    rows = document["alerts"]
    if not rows:
        return (
            "No alert was in force in any slot. [[alert]] tables of a strategy file hold from the\n"
            "next slot of a running daemon on; `hourhand check` says what they mean.\n"
        )
    levels = [row for row in rows if "levels" in row]
    parts = [_told(rows, page), _meanings(rows, page)]
    if levels:
        parts.append(_levels(levels, page))
    return "\n".join(parts)


def _told(rows: list[Document], page: Page) -> str:
    columns = [
        Column(head="strategy"),
        Column(head="alert"),
        Column(head="on"),
        Column(head="told", side="right"),
        Column(head="kept back", side="right", spare=1),
        Column(head="tokens", side="right", spare=2),
        Column(head="since UTC", brief=without_year, spare=3),
        Column(head="last told UTC", brief=without_year),
    ]
    cells = [
        (
            row["strategy"], row["alert"], row["on"], row["told"], row["kept_back"],
            row["tokens"], minute_text(row["since"]), minute_text(row["last_told"]),
        )
        for row in rows
    ]  # fmt: skip
    return table_text(columns, cells, page)


def _meanings(rows: list[Document], page: Page) -> str:
    lines = []
    for row in rows:
        line = f"{row['alert']}: {clean(row['meaning'])}"
        width = page.width or 80
        lines += textwrap.wrap(line, width, subsequent_indent="  ", break_on_hyphens=False)
    return "".join(f"{line}\n" for line in lines)


def _levels(rows: list[Document], page: Page) -> str:
    columns = [
        Column(head="alert"),
        Column(head="approaches", side="right"),
        Column(head="touches", side="right"),
        Column(head="held", side="right"),
        Column(head="broken", side="right"),
        Column(head="turned", side="right", spare=2),
        Column(head="timed out", side="right", spare=3),
        Column(head="open", side="right", spare=1),
    ]
    names = ("approaches", "touches", "held", "broken", "turned", "timed_out", "open")
    cells = [(row["alert"], *(row["levels"][name] for name in names)) for row in rows]
    text = table_text(columns, cells, page)
    for row in rows:
        text += f"{row['alert']}: touched after an approach {_rate(row['levels']['precision'])}\n"
        text += f"{row['alert']}: held after a touch {_rate(row['levels']['hold_rate'])}\n"
    return text


def _rate(found: Document) -> str:
    if found["rate"] is None:
        return "- (n 0)"
    share = f"{found['rate']:.1%} (n {found['n']}, 95 % {found['low']:.1%} to {found['high']:.1%})"
    return share if found["verdict_allowed"] else f"{share},\n  too few for a verdict"
