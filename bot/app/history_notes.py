"""What a person should know of a history before believing a run over it."""

from __future__ import annotations

from bot.domain.bar_table import History
from bot.domain.instants import DAY, HOUR, format_instant

EARLY = 2 * DAY  # an end before that of the others is then no matter of an hour or a delay


def early_ends(history: History) -> list[str]:
    """A sentence for tokens whose bars end before the history does: their prices stand still."""
    last = {table.token_id: int(table.open_time[-1]) for table in history.tables if len(table)}
    end = max(last.values(), default=0)
    symbols = {token.token_id: token.symbol for token in history.rest.tokens}
    ended: dict[int, list[str]] = {}
    for token_id, opened in last.items():
        if end - opened > EARLY:
            ended.setdefault(opened, []).append(symbols.get(token_id) or str(token_id))
    return [
        f"no bars of {', '.join(names)} after {format_instant(opened + HOUR)}, "
        f"{(end - opened) // DAY} days before the data end: the run goes on without them"
        for opened, names in sorted(ended.items())
    ]
