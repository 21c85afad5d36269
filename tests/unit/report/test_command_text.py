"""Operator's commands as people read them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.report.command_text import command_text, conflict_lines, held_lines, managed_lines
from bot.report.tables import PIPE

AT = "2025-02-03T06:01:05.001Z"


def command(kind: str, **cells: Any) -> dict[str, Any]:
    return {
        "at": AT, "kind": kind, "source": "operator", "strategy": None, "token_id": None,
        "symbol": None, "note": "", **cells,
    }  # fmt: skip


def test_each_command_says_what_it_does_and_from_when() -> None:
    token = {"strategy": "easy", "token_id": 9001, "symbol": "DEMO1"}
    rows = [
        command("PAUSE"), command("RESUME", strategy="easy"), command("CLOSE", **token),
        command("WRITE_OFF", **token), command("ACK", **token), command("ACK", strategy="easy"),
    ]  # fmt: skip
    text = command_text({"recorded": rows, "notes": ["and this"]}, PIPE)
    end = f": counts in the first slot frozen from {AT} on"
    assert text.splitlines() == [
        f"no entries of every strategy; exits go on{end}",
        f"entries of easy are allowed again{end}",
        f"easy: a market exit of DEMO1 (id 9001) at the next eligible open{end}",
        f"easy: DEMO1 (id 9001) is sold for one tick in the first hour without a bar{end}",
        f"easy: acknowledged: DEMO1 (id 9001){end}",
        f"easy: acknowledged: the drawdown halt{end}",
        "and this",
    ]


def test_a_note_and_a_name_cannot_write_on_the_terminal() -> None:
    row = command("CLOSE", strategy="easy", token_id=1, symbol="A\x1b[2J", note="x\x1b[31m")
    lines = held_lines([], [row])
    assert "\x1b" not in "".join(lines) + command_text({"recorded": [row], "notes": []}, PIPE)


def test_every_line_of_status_fits_80_columns() -> None:
    held = [{"since": AT, "words": "paused by the operator (" + "why " * 30 + ")"}]
    managed = {
        "words": "its file is gone: it is managed until nothing is open", "open_positions": 2,
        "working_entries": 1, "config_sha256": "a" * 64,
    }  # fmt: skip
    conflict = {
        "id": 1, "strategy": "easy", "slot": "2025-02-03T06:00:00Z",
        "expected": f"lines_sha256={'a' * 64}", "found": f"lines_sha256={'b' * 64}",
    }  # fmt: skip
    lines = [
        *held_lines(held, [command("PAUSE", note="x" * 20)]), *managed_lines(managed),
        *conflict_lines(conflict),
    ]  # fmt: skip
    assert all(len(line) <= 80 for line in lines), lines
    assert "  no entries since 2025-02-03 06:01: paused by the operator" in lines[0]


@pytest.mark.parametrize(
    ("positions", "entries", "words"),
    [(1, 1, "1 open position, 1 working entry,"), (2, 0, "2 open positions, 0 working entries,")],
)
def test_one_is_no_plural(positions: int, entries: int, words: str) -> None:
    managed = {
        "words": "its file is gone", "open_positions": positions, "working_entries": entries,
        "config_sha256": "a" * 64,
    }  # fmt: skip
    assert words in " ".join(managed_lines(managed)[0].split())
