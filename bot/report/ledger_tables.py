"""Orders, positions and trades as tables; the documents are those of `--json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.domain.plurals import counted
from bot.report.tables import (
    Column,
    Page,
    minute_text,
    money_shown,
    r_shown,
    short_name,
    six_digits,
    table_text,
    without_year,
)

Document = dict[str, Any]


def orders_text(document: Document, page: Page) -> str:
    """Orders with their state; a pending one says from when on it may fill."""
    rows = document["orders"]
    if not rows:
        finished = document["total"] - document["working"]
        return f"No working orders; --all shows the {finished} finished ones.\n"
    columns = [
        Column(head="slot UTC", brief=without_year),
        Column(head="strategy", spare=7),
        Column(head="token", brief=short_name),
        Column(head="order"),
        Column(head="state", brief=_state_short),
        Column(head="quantity", side="right", spare=1, brief=six_digits),
        Column(head="filled", side="right", brief=six_digits),
        Column(head="price", side="right", spare=6),
        Column(head="stop", side="right"),
        Column(head="target", side="right"),
        Column(head="reason", spare=5),
        Column(head="eligible from", spare=8, brief=without_year),
        Column(head="id", spare=9),
    ]
    cells = [
        (
            minute_text(row["slot"]),
            row["strategy"],
            row["symbol"],
            row["action"],
            row["state"],
            row["quantity"],
            row["filled"],
            row.get("price", "market"),
            _leg_price(row, "stop"),
            _leg_price(row, "target"),
            _order_reason(row),
            minute_text(row["eligible_from"]),
            row["id"],
        )
        for row in rows
    ]
    body = table_text(columns, cells, page)
    return f"{body}{document['working']} working of {counted(document['total'], 'order')}\n"


def _leg_price(row: Document, leg: str) -> str | None:
    """An entry's stop or target; a leg's own price stands in its own column."""
    found: str | None = row.get("price") if row["action"] == leg.upper() else row.get(leg)
    return found


def _state_short(state: str) -> str:
    return "partly" if state == "partly filled" else state


def _order_reason(row: Document) -> str:
    """Why it ended where it ended without a fill, else why it was placed."""
    cancels = [event["reason"] for event in row["events"] if event["kind"] == "CANCEL"]
    return str(cancels[-1] if cancels else row["reason"])


def positions_text(document: Document, page: Page) -> str:
    """Open positions; mark is the newest close down to the tick, pnl what is unrealised at it."""
    rows = document["positions"]
    if not rows:
        return "No open positions.\n"
    columns = [
        Column(head="token", brief=short_name),
        Column(head="strategy", spare=4),
        Column(head="opened UTC", spare=3, brief=without_year),
        Column(head="quantity", side="right", brief=six_digits),
        Column(head="entry", side="right", brief=six_digits),
        Column(head="mark", side="right"),
        Column(head="stop", side="right"),
        Column(head="target", side="right"),
        Column(head="value", side="right", spare=2),
        Column(head="pnl", side="right"),
        Column(head="R", side="right", spare=1),
    ]
    cells = [
        (
            row["symbol"],
            row["strategy"],
            minute_text(row["opened"]),
            row["quantity"],
            row["entry"],
            row["mark"],
            row["stop"],
            row["target"],
            money_shown(row["value"]),
            money_shown(row["unrealised"]),
            r_shown(row["r"]),
        )
        for row in rows
    ]
    totals = f"value {money_shown(document['value'])}, " \
             f"unrealised {money_shown(document['unrealised'])}"  # fmt: skip
    return f"{table_text(columns, cells, page)}{len(rows)} open: {totals}\n"


def trades_text(document: Document, page: Page) -> str:
    """Closed round trips; pnl is net of all fees, R is pnl per money at risk at the stop."""
    rows = document["trades"]
    if not rows:
        return "No closed trades.\n"
    columns = [  # first to go is what the other columns tell as well; the result stays
        Column(head="trade"),
        Column(head="closed UTC", brief=without_year),
        Column(head="token", brief=short_name),
        Column(head="strategy", spare=6),
        Column(head="quantity", side="right", spare=5, brief=six_digits),
        Column(head="entry", side="right", spare=2, brief=six_digits),
        Column(head="exit", side="right", spare=1, brief=six_digits),
        Column(head="hours", side="right", spare=4),
        Column(head="fees", side="right", spare=3),
        Column(head="pnl", side="right"),
        Column(head="R", side="right"),
        Column(head="reason"),
    ]
    cells: Sequence[Sequence[Any]] = [
        (
            row["id"],
            minute_text(row["closed"]),
            row["symbol"],
            row["strategy"],
            row["quantity"],
            row["entry"],
            row["exit"],
            row["hours"],
            money_shown(row["fees"]),
            money_shown(row["pnl"]),
            r_shown(row["r"]),
            row["reason"],
        )
        for row in rows
    ]
    shown = "" if len(rows) == document["n"] else f"{len(rows)} shown; "
    summary = (
        f"{shown}n = {document['n']}, {document['won']} with a gain, "
        f"pnl {money_shown(document['pnl'])} after fees of {money_shown(document['fees'])}\n"
    )
    return table_text(columns, cells, page) + summary
