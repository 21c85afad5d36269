"""Which bars the provider has not been asked for yet: the poller's list, and what status shows."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from bot.adapters.sql import slot_store
from bot.adapters.tokenmetrics.backfill import BackfillRequest, KnownSpan, missing_bars
from bot.adapters.tokenmetrics.spans import Span
from bot.domain.instants import HOUR


def missing_history(
    connection: Connection, token_ids: Iterable[int], wanted: Span, batch_size: int
) -> list[BackfillRequest]:
    """Requests for the hours of `wanted` not asked for yet, newest first.

    What was asked for is noted in the database newest first, so each token's span reaches to the
    end of `wanted`.
    """
    ids = sorted(set(token_ids))
    polls = slot_store.last_polls(connection)
    known = [
        KnownSpan(token_id=i, first=polls[poll_name(i)], last=wanted.end - HOUR)
        for i in ids
        if poll_name(i) in polls
    ]
    return missing_bars(ids, known, wanted, batch_size)


def poll_name(token_id: int) -> str:
    """Under which name the database notes how far back a token's bars were asked for."""
    return f"bars {token_id}"
