"""Level lists as they were known at the freeze of each day's 00:00 slot."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from bot.adapters.sql.schema_record import content, level_list, slot_input, slot_seen
from bot.domain.instants import DAY

_AT_ONCE = 1000


def midnight_lists(connection: Connection) -> Iterator[tuple[int, int, int, str]]:
    """(slot, token id, seen_at, sha256) of the newest list of each token known at each 00:00.

    Of two lists seen at one instant the one with the greater hash is meant.
    """
    columns = level_list.c
    query = select(columns.token_id, columns.seen_at, columns.content_sha256)
    seen = connection.execute(query.order_by(columns.seen_at, columns.content_sha256)).all()
    midnights = select(slot_seen).where(slot_seen.c.slot % DAY == 0).order_by(slot_seen.c.slot)
    newest: dict[int, tuple[int, str]] = {}
    at = 0
    for slot in connection.execute(midnights):
        while at < len(seen) and seen[at].seen_at <= slot.as_of:
            newest[seen[at].token_id] = (seen[at].seen_at, seen[at].content_sha256)
            at += 1
        for token_id in sorted(newest):
            yield slot.slot, token_id, *newest[token_id]


def level_contents(connection: Connection) -> Iterator[tuple[str, str]]:
    """(sha256, text) of every content that a level list has."""
    used = select(level_list.c.content_sha256)
    query = select(content.c.sha256, content.c.body).where(content.c.sha256.in_(used))
    for row in connection.execution_options(yield_per=_AT_ONCE).execute(query):
        yield row.sha256, row.body


def midnight_inputs(connection: Connection, strategy: str) -> Iterator[tuple[int, bytes]]:
    """Slot and packed inputs of a strategy's 00:00 slots, in order."""
    columns = slot_input.c
    query = select(columns.slot, columns.body).where(
        columns.strategy == strategy, columns.slot % DAY == 0
    )
    for row in connection.execute(query.order_by(columns.slot)):
        yield row.slot, row.body
