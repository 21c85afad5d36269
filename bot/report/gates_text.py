"""The gate ledger for people: each rule, what it refused, what that would have earned."""

from __future__ import annotations

import textwrap
from typing import Any

from bot.domain.plurals import counted
from bot.report.tables import Column, Page, clean, minute_text, table_text

Document = dict[str, Any]
_WIDTH = 80


def gates_text(document: Document, page: Page) -> str:
    """All strategies of a document, one block each."""
    return "\n".join(strategy_text(one, page) for one in document["strategies"])


def strategy_text(one: Document, page: Page) -> str:
    """One strategy's gate ledger."""
    first, last = minute_text(one["from"]), minute_text(one["to"])
    head = (
        f"{clean(one['strategy'])}  {first} to {last} UTC, source={one['source']}\n"
        f"  {counted(one['candidates'], 'candidate')}: {one['entered']['candidates']} entered, "
        f"{one['refused']['candidates']} refused"
    )
    if one["never_evaluated"]:
        head += f" ({one['never_evaluated']} of them before any gate)"
    rows = [(name, one[name]) for name in ("entered", "refused")]
    by_first = [(row["rule"], row) for row in one["first_reason"]]
    alone = [(row["rule"], row) for row in one["only_reason"] if row["candidates"]]
    parts = [
        head + "\n",
        _table("in shadow", rows, page),
        "By the first rule that refused:\n" + _table("rule", by_first, page),
        "Where one rule alone stood in the way:\n" + _table("only rule", alone, page),
        _notes(one, page),
    ]
    return "\n".join(parts)


def _table(head: str, rows: list[tuple[str, Document]], page: Page) -> str:
    if not rows:
        return "  none\n"
    any_ = [Column(head="failed it", side="right", spare=3)] if head == "rule" else []
    columns = [
        Column(head=head),
        Column(head="first" if any_ else "n", side="right"),
        *any_,
        Column(head="no bracket", side="right", spare=4),
        Column(head="no size", side="right", spare=6),
        Column(head="unfilled", side="right", spare=5),
        Column(head="open", side="right", spare=7),
        Column(head="ended", side="right"),
        Column(head="won", side="right", spare=2),
        Column(head="mean R", side="right"),
        Column(head="95%"),
        Column(head="sum R", side="right"),
        Column(head="verdict"),
    ]
    cells = [
        (
            name, row["candidates"], *([row["any"]] if any_ else []), row["no_bracket"],
            row["no_size"], row["not_filled"], row["still_open"], row["n"], row["won"],
            _signed(row["mean_r"]), _bounds(row), _sum(row),
            None if name == "entered" or not row["n"] else row["verdict"],
        )
        for name, row in rows
    ]  # fmt: skip
    return table_text(columns, cells, page)


def _signed(value: float | None) -> str | None:
    return None if value is None else f"{round(value, 3) + 0.0:+.3f}"


def _sum(row: Document) -> str | None:
    return f"{round(row['sum_r'], 1) + 0.0:+.1f}" if row["n"] else None


def _bounds(row: Document) -> str | None:
    return None if row["low"] is None else f"{row['low']:+.3f} to {row['high']:+.3f}"


def _notes(one: Document, page: Page) -> str:
    drawn = one["interval"]
    text = [
        "One observation per candidate, at its first evaluation. Its bracket is followed to its "
        "end by the engine's own matching, alone in a new account: fill at the next eligible "
        "open, all costs, stop, target, signal and time exits. R is the money at risk at the "
        "fill.",
        "A candidate whose stop or target could not be placed, or whose target pays less than "
        "the costs, is counted and has no R.",
        "verdict: pays, what the rule kept out would have lost; costs, it would have won; unclear, "
        "the interval holds both.",
        f"95%: {drawn['draws']} draws of whole weeks, seed {drawn['seed']}. No verdict under "
        f"{one['least_n']} ended, and none on fewer than 8 weeks.",
        *one.get("notes", ()),
    ]
    width = min(page.width or _WIDTH, _WIDTH)
    return "\n".join(
        textwrap.fill(clean(line), width, initial_indent="  ", subsequent_indent="  ")
        for line in text
    ) + "\n"  # fmt: skip
