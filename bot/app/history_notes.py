"""What a person should know of a history before believing a run over it."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.bar_table import History
from bot.domain.instants import DAY, HOUR, format_instant

EARLY = 2 * DAY  # an end before that of the others is then no matter of an hour or a delay


def early_ends(history: History, until: int | None = None) -> list[str]:
    """A sentence for tokens whose bars end long before the run does: their prices stand still.

    `until` is where the run ends if that is not the data's end.
    """
    symbols = {token.token_id: token.symbol for token in history.rest.tokens}
    last = [
        (symbols.get(table.token_id) or str(table.token_id), int(table.open_time[-1]) + HOUR)
        for table in history.tables
        if len(table)
    ]
    end = max((closed for _, closed in last), default=0)
    if until is not None:
        end = min(end, until)
    return [
        f"no bars of {', '.join(names)} after {format_instant(closed)}, "
        f"{(end - closed) // DAY} days before the end: the run goes on without them"
        for closed, names in ended_early(last, end)
    ]


def ended_early(last: Iterable[tuple[str, int]], end: int) -> list[tuple[int, list[str]]]:
    """Of names with the instants at which they ended, those long before `end`, by instant."""
    found: dict[int, list[str]] = {}
    for name, closed in last:
        if end - closed > EARLY:
            found.setdefault(closed, []).append(name)
    return sorted(found.items())
