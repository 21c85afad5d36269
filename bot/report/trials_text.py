"""Trials for people: where a run stands among all that were tried, and the list of them."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from typing import Any

from bot.domain.plurals import counted
from bot.report.tables import Column, Page, minute_text, table_text

Document = dict[str, Any]
_WIDTH = 80
_DAYS_PER_YEAR = 365
_SHA_SHOWN = 8


def standing_lines(document: Document) -> Iterator[str]:
    """How likely it is that a run's Sharpe ratio is more than the luck of the best of many."""
    n = document["n"]
    tried = f"{counted(n, 'trial')} on this data"
    found = document["deflated_sharpe"]
    if found is None:
        text = f"after {tried}, no probability that the Sharpe ratio is above chance: "
        text += document["why"] + "."
    else:
        text = (
            f"Sharpe {_yearly(document['sharpe']):.2f} a year after {tried}: probability "
            f"{100 * found:.1f} % that it is above chance (the best of {n} without skill would "
            f"show {_yearly(document['expected_max_sharpe']):.2f})."
        )
    yield from textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")


def _yearly(daily: float) -> float:
    return daily * math.sqrt(_DAYS_PER_YEAR)


def trials_text(document: Document, page: Page) -> str:
    """All trials, oldest first, and the file they stand in."""
    rows = document["trials"]
    if not rows:
        return f"No trials yet in {document['file']}.\n"
    columns = [
        Column(head="tried UTC", spare=3),
        Column(head="data"),
        Column(head="strategy"),
        Column(head="config"),
        Column(head="from", spare=2),
        Column(head="to", spare=1),
        Column(head="days", side="right"),
        Column(head="Sharpe a year", side="right"),
        Column(head="return", side="right"),
    ]
    cells = [
        (
            minute_text(row["tried_at"]),
            row["data_sha256"][:_SHA_SHOWN],
            row["strategy"],
            row["config_sha256"][:_SHA_SHOWN],
            row["from"][:10],
            row["to"][:10],
            row["days"],
            None if row["sharpe"] is None else f"{_yearly(row['sharpe']):.2f}",
            f"{100 * row['total_return']:+.2f}%",
        )
        for row in rows
    ]
    tried = counted(document["n"], "trial")
    return table_text(columns, cells, page) + f"{tried} in {document['file']}\n"
