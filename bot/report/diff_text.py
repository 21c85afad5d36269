"""The comparison of two strategies as text; the document is that of `--json`."""

from __future__ import annotations

import textwrap
from typing import Any

from bot.domain.plurals import counted
from bot.report.tables import (
    Column,
    Page,
    clean,
    minute_text,
    money_shown,
    table_text,
    without_year,
)

Document = dict[str, Any]
_WIDTH = 80
_MARKS = {"added": "+", "removed": "-", "changed": "~"}
# Rules that are no reason codes.
RULE_WORDS = {
    "STOP_LEVEL": "another stop", "TARGET_LEVEL": "another target", "SIZE": "another size",
    "ENTRY_FILL": "the entry filled otherwise", "EXIT": "another exit", "COSTS": "other costs",
    "position held": "the token was held already", "no candidate": "no turn that counts",
    "after another exit": "its last exit was another",
    "no exit before it": "a re-entry needs an exit",
}  # fmt: skip


def diff_text(document: Document, page: Page) -> str:
    """Both runs, the changed keys, the rules that moved trades, and the trades."""
    parts = [_runs(document, page), _keys(document, page), _counts(document, page)]
    if document["rules"]:
        parts.append(_rules(document["rules"], page))
    if document["trades"]:
        parts.append(_trades(document["trades"], page))
    return "\n".join(parts)


def _runs(document: Document, page: Page) -> str:
    columns = [
        Column(head=""),
        Column(head="strategy"),
        Column(head="from", spare=3),
        Column(head="to", spare=3),
        Column(head="trades", side="right"),
        Column(head="open", side="right", spare=2),
        Column(head="net", side="right"),
        Column(head="equity", side="right"),
        Column(head="ledger", spare=1),
    ]
    cells = [
        (
            side, row["strategy"], row["from"][:10], row["to"][:10], row["trades"], row["open"],
            money_shown(row["net"]), money_shown(row["equity"]["end"]), row["ledger_sha256"][:12],
        )
        for side, row in (("old", document["old"]), ("new", document["new"]))
    ]  # fmt: skip
    return table_text(columns, cells, page)


def _keys(document: Document, page: Page) -> str:
    if not document["keys"]:
        return "The files say the same, but for name, description and alerts.\n"
    lines = ["Changed keys:"]
    for row in document["keys"]:
        said = f"{clean(row['key'])}: {clean(row['old'])} -> {clean(row['new'])}"
        lines += textwrap.wrap(
            said, page.width or _WIDTH, initial_indent="  ", subsequent_indent="    ",
            break_on_hyphens=False,
        )  # fmt: skip
    return "\n".join(lines) + "\n"


def _counts(document: Document, page: Page) -> str:
    said = (
        f"{counted(document['added'], 'trade')} added, {document['removed']} removed, "
        f"{document['changed']} changed, {document['same']} the same."
    )
    return textwrap.fill(said, page.width or _WIDTH) + "\n"


def _rules(rows: list[Document], page: Page) -> str:
    columns = [
        Column(head="rule"),
        Column(head="added", side="right"),
        Column(head="removed", side="right"),
        Column(head="changed", side="right"),
        Column(head="net of new less old", side="right"),
        Column(head="meaning", spare=1),
    ]
    cells = [
        (row["rule"], row["added"], row["removed"], row["changed"], money_shown(row["net"]),
         _words(row["rule"]))
        for row in rows
    ]  # fmt: skip
    return table_text(columns, cells, page)


def _words(rule: str) -> str:
    from bot.report.reason_words import REASON_WORDS

    return RULE_WORDS.get(rule, REASON_WORDS.get(rule, ""))


def _trades(rows: list[Document], page: Page) -> str:
    columns = [
        Column(head=""),
        Column(head="decided UTC", brief=without_year),
        Column(head="token"),
        Column(head="net old", side="right"),
        Column(head="net new", side="right"),
        Column(head="rule"),
        Column(head="old", spare=2),
        Column(head="new", spare=2),
        Column(head="keys", spare=1),
    ]
    cells = [
        (
            _MARKS[row["change"]],
            minute_text(row["decided"]),
            clean(row["symbol"]) or row["token_id"],
            _net(row["old"]),
            _net(row["new"]),
            row["rule"]["rule"] + _gates(row["rule"].get("gates", [])),
            clean(row["rule"]["old"] or "-"),
            clean(row["rule"]["new"] or "-"),
            " ".join(clean(key) for key in row["keys"]) or None,
        )
        for row in rows
    ]
    return table_text(columns, cells, page)


def _net(position: Document | None) -> str | None:
    if position is None:
        return None
    return "open" if position["net"] is None else money_shown(position["net"])


def _gates(gates: list[Document]) -> str:
    """The first gate that was not passed: its value against the limit."""
    if not gates or "value" not in gates[0]:
        return ""
    gate = gates[0]
    sign, limit = ("<", gate["min"]) if "min" in gate else (">", gate.get("max", float("nan")))
    return f" {gate['value']:.6g} {sign} {limit:g}"
