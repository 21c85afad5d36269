"""Who holds a strategy's entries back, and what has not been looked at: a fold over commands."""

from __future__ import annotations

from collections.abc import Iterable

from bot.adapters.sql.command_store import conflict_number
from bot.domain.values import Command

OPERATOR = "operator"
FILE = "file"  # its file was removed, or has changed while something is open


def holds(
    commands: Iterable[Command], strategy: str, until: int | None = None
) -> dict[str, Command]:
    """Source -> the PAUSE by which it holds a strategy's entries back; by `until`, where given.

    "" as strategy gives what holds every strategy, also those to come.
    """
    found: dict[str, Command] = {}
    for one in commands:
        if one.strategy not in ("", strategy) or (until is not None and one.at > until):
            continue
        if one.kind == "PAUSE":
            found.setdefault(one.source, one)
        elif one.kind == "RESUME":
            found.pop(one.source, None)
    return found


def acknowledged(commands: Iterable[Command]) -> set[int]:
    """The conflicts that the operator has looked at: those whose pause was lifted."""
    numbers = (conflict_number(one.source) for one in commands if one.kind == "RESUME")
    return {number for number in numbers if number is not None}
