"""What was asked from outside, for people: a command that was given, and what holds or waits."""

from __future__ import annotations

import textwrap
from typing import Any

from bot.domain.plurals import counted
from bot.report.tables import Page, clean, minute_text

Document = dict[str, Any]
_WIDTH = 80
ASKED_WORDS = {
    "CLOSE": "a market exit",
    "ACK": "its price jump is acknowledged",
    "WRITE_OFF": "a sale for one tick where no bar comes",
}
_WHAT = {
    "PAUSE": "no entries of {whom}; exits go on",
    "RESUME": "entries of {whom} are allowed again",
    "CLOSE": "{whom}: a market exit of {about} at the next eligible open",
    "WRITE_OFF": "{whom}: {about} is sold for one tick in the first hour without a bar",
    "ACK": "{whom}: acknowledged: {about}",
}


def command_text(document: Document, _page: Page) -> str:
    """One line per command, one per note."""
    lines = [_line(one) for one in document["recorded"]]
    lines += [clean(note) for note in document["notes"]]
    return "\n".join(lines) + "\n"


def _line(one: Document) -> str:
    if one["source"].startswith("put-back "):
        return f"acknowledged: the ledger was put back (lost: {clean(one['source'][9:])}...)"
    whom = clean(one["strategy"] or "every strategy")
    about = "the drawdown halt"
    if one["token_id"] is not None:
        about = f"{clean(one['symbol'])} (id {one['token_id']})"
    what = _WHAT[one["kind"]].format(whom=whom, about=about)
    return f"{what}: counts in the first slot frozen from {one['at']} on"


def held_lines(held: list[Document], waiting: list[Document]) -> list[str]:
    """Who holds a strategy's entries back, and what its next slot will be the first to see."""
    lines = [f"no entries since {minute_text(one['since'])}: {clean(one['words'])}" for one in held]
    for one in waiting:
        about = f" {clean(one['symbol'])}" if one["symbol"] is not None else ""
        note = f" ({clean(one['note'])})" if one["note"] else ""
        lines.append(f"not seen by a slot yet: {one['kind']}{about}, given {one['at']}{note}")
    return _folded(lines)


def managed_lines(managed: Document) -> list[str]:
    """That a strategy is only managed to its end, and what is still open."""
    return _folded(
        [
            f"{managed['words']}; {counted(managed['open_positions'], 'open position')}, "
            f"{counted(managed['working_entries'], 'working entry', 'working entries')}, "
            f"under configuration {managed['config_sha256'][:16]}"
        ]
    )


def conflict_lines(conflict: Document) -> list[str]:
    """A conflict that nobody has acknowledged."""
    return [
        f"conflict {conflict['id']}  {clean(conflict['strategy'])}, slot "
        f"{minute_text(conflict['slot'])}: decided twice; the first result stands",
        *_folded([f"in the ledger: {conflict['expected']}", f"second try: {conflict['found']}",
                  f"no entries until `hourhand ack conflict {conflict['id']}`"]),
    ]  # fmt: skip


def _folded(lines: list[str]) -> list[str]:
    return [
        part
        for line in lines
        for part in textwrap.wrap(line, _WIDTH, initial_indent="  ", subsequent_indent="    ")
    ]
