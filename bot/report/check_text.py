"""The document of `check` for people: what each strategy means, and its last slot."""

from __future__ import annotations

import textwrap
from typing import Any

from bot.report.command_text import managed_lines
from bot.report.tables import Page, clean, minute_text

Document = dict[str, Any]
_PIPE_WIDTH = 80
_WIDTH_MAX = 100


def check_text(document: Document, page: Page) -> str:
    """Sentences, folded to the width."""
    width = min(page.width or _PIPE_WIDTH, _WIDTH_MAX)
    key = "" if document["key"] == "there" else "; no key yet"
    lines = [f"settings of {clean(document['home'])} are right{key}"]
    for strategy in document["strategies"]:
        lines += ["", f"{clean(strategy['name'])}  {clean(strategy['file'])}"]
        for sentence in strategy["meaning"]:
            lines += _folded(sentence, width)
        if "last_slot" in strategy:
            lines += _last_slot(strategy["last_slot"], document["last_slot"]["slot"], width)
    for managed in document.get("managed", []):
        lines += ["", clean(managed["name"]), *managed_lines(managed)]
    if "last_slot" in document:
        lines.append("")
        lines += textwrap.wrap(f"In the last slot {document['last_slot']['note']}.", width)
    return "\n".join(lines) + "\n"


def _folded(sentence: str, width: int) -> list[str]:
    return textwrap.wrap(
        clean(sentence), width, initial_indent="  ", subsequent_indent="    ",
        break_on_hyphens=False,
    )  # fmt: skip


def _last_slot(found: Document, slot: str, width: int) -> list[str]:
    when = minute_text(slot)
    if not found["decisions"]:
        return [f"  Last slot {when}: no token of its universe was Bullish."]
    lines = [f"  Last slot {when}:"]
    for one in found["decisions"]:
        what = "would enter" if one["outcome"] == "ENTER" else f"refused, {one['reason']}"
        others = [code for code in one["failed"] if code != one["reason"]]
        also = f" (also {', '.join(others)})" if others else ""
        lines += textwrap.wrap(
            f"{clean(one['symbol'])}: {what}{also}", width,
            initial_indent="    ", subsequent_indent="      ",
        )  # fmt: skip
    return lines
