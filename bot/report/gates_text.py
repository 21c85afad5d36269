"""The gate ledger for people: each rule, what it refused, what that would have earned."""

from __future__ import annotations

import textwrap
from typing import Any

from bot.report.tables import Column, Page, clean, minute_text, table_text

Document = dict[str, Any]
_WIDTH = 80
_VERDICTS = {
    "pays": "kept out losers",
    "costs": "kept out winners",
    "open": "cannot be told",
    "too few": "too few",
}


def gates_text(document: Document, page: Page) -> str:
    """All strategies of a document, one block each."""
    return "\n".join(strategy_text(one, page) for one in document["strategies"])


def strategy_text(one: Document, page: Page) -> str:
    """One strategy's gate ledger."""
    first, last = minute_text(one["from"]), minute_text(one["to"])
    head = (
        f"{clean(one['strategy'])}  {first} to {last} UTC, source={one['source']}\n"
        f"  {one['candidates']} candidates: {one['entered']['candidates']} entered, "
        f"{one['refused']['candidates']} refused"
    )
    if one["never_evaluated"]:
        head += f" ({one['never_evaluated']} of them before any gate)"
    both = _table(("all, in shadow",), [(name, one[name]) for name in ("entered", "refused")], page)
    by_first = _table(
        ("by the first rule that refused", "failed"),
        [(row["rule"], row) for row in one["first_reason"]], page,
    )  # fmt: skip
    alone = [(row["rule"], row) for row in one["only_reason"] if row["candidates"]]
    by_only = _table(("where only this rule refused",), alone, page)
    parts = [head + "\n", both, by_first, by_only, _notes(one, page)]
    return "\n".join(parts)


def _table(heads: tuple[str, ...], rows: list[tuple[str, Document]], page: Page) -> str:
    failed = [Column(head="failed", side="right", spare=3)] if len(heads) > 1 else []
    columns = [
        Column(head=heads[0]),
        *failed,
        Column(head="refused" if heads[0] != "all, in shadow" else "n", side="right"),
        Column(head="no bracket", side="right", spare=4),
        Column(head="no size", side="right", spare=6),
        Column(head="unfilled", side="right", spare=5),
        Column(head="open", side="right", spare=7),
        Column(head="ended", side="right"),
        Column(head="won", side="right", spare=2),
        Column(head="mean R", side="right"),
        Column(head="95%"),
        Column(head="sum R", side="right"),
        Column(head="it", spare=1),
    ]
    cells = [
        (
            f"  {name}",
            *([row["any"]] if failed else []),
            row["candidates"], row["no_bracket"], row["no_size"], row["not_filled"],
            row["still_open"], row["n"], row["won"], _signed(row["mean_r"]), _bounds(row),
            _sum(row), "" if name == "entered" else _VERDICTS[row["verdict"]],
        )
        for name, row in rows
    ]  # fmt: skip
    return table_text(columns, cells, page) if cells else f"{heads[0]}: none\n"


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
        f"95%: {drawn['draws']} draws of whole weeks, seed {drawn['seed']}. No verdict under "
        f"{one['least_n']} ended, and none on fewer than 8 weeks.",
        *one.get("notes", ()),
    ]
    width = min(page.width or _WIDTH, _WIDTH)
    return "\n".join(
        textwrap.fill(clean(line), width, initial_indent="  ", subsequent_indent="  ")
        for line in text
    ) + "\n"  # fmt: skip
