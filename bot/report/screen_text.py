"""A screen as a table; the document is that of `--json`."""

from __future__ import annotations

import textwrap
from typing import Any

from bot.market.column_names import HEADINGS
from bot.report.tables import (
    Column,
    Page,
    clean,
    minute_text,
    percent_shown,
    short_name,
    table_text,
)

Document = dict[str, Any]
_DIGITS = 4
_PIPE_WIDTH = 80
# What is shown beside the rank: what people decide by, as far as the width goes.
_SHOWN = (
    "close", "sharpe", "sortino", "max_drawdown", "volatility", "grade", "support_away",
    "resistance_away", "trend",
)  # fmt: skip
_SHARES = frozenset({"max_drawdown", "volatility", "support_away", "resistance_away", "level_away"})
_TRENDS = {1.0: "up", -1.0: "down"}


def screen_text(document: Document, page: Page) -> str:
    """The best tokens, and of what they are the best."""
    rows = document["tokens"]
    known = f"{document['matching']} of {document['known']} tokens match"
    if document["without_rank"]:
        known += f", {document['without_rank']} of them without {clean(document['by'])}"
    seen = "no slot yet: the provider's numbers only"
    if document["strategy"] is not None:
        slot = minute_text(document["slot"])
        seen = f"numbers of {document['strategy']} in slot {slot}, metrics the newest"
    if not rows:
        return f"No token.\n{_foot(known, seen, page)}"
    by = document["by"]
    names = [name for name in _SHOWN if name != by]
    names = [name for name in names if any(row["columns"].get(name) is not None for row in rows)]
    columns = [
        Column(head="#", side="right"),
        Column(head=HEADINGS["symbol"], brief=short_name),
        Column(head=HEADINGS.get(by, clean(by)), side="right"),
        *(
            Column(head=HEADINGS.get(name, name), side="right", spare=n)
            for n, name in enumerate(names, start=1)
        ),
        Column(head="id", side="right", spare=len(names) + 1),
    ]
    cells = [
        (
            row["rank"],
            clean(row["columns"].get("symbol") or str(row["token_id"])),
            _cell(by, row["by"]),
            *(_cell(name, row["columns"].get(name)) for name in names),
            row["token_id"],
        )
        for row in rows
    ]
    return f"{table_text(columns, cells, page)}{_foot(known, seen, page)}"


def _foot(known: str, seen: str, page: Page) -> str:
    return textwrap.fill(f"{known}; {seen}", page.width or _PIPE_WIDTH) + "\n"


def _cell(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if name == "trend":
        return _TRENDS.get(value, "-")
    if name in _SHARES:
        return percent_shown(value)
    text = f"{value:.{_DIGITS}g}"
    return f"{value:.0f}" if "e" in text and abs(value) >= 1 else text
