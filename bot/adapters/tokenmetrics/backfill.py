"""Which bars are still missing, and which requests bring them, newest first within a budget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.adapters.tokenmetrics.limits import PAGE_ROWS
from bot.adapters.tokenmetrics.spans import Span, batches, pieces, tokens_per_request
from bot.domain.instants import DAY, HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSpan:
    """A token's bars from `first` to `last` (open times) are known, or were asked for in vain."""

    token_id: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRequest:
    """Bars of some tokens in a span; `requests` is what reading all its pages will cost."""

    token_ids: tuple[int, ...]
    span: Span
    requests: int


def missing_bars(
    token_ids: Iterable[int], known: Iterable[KnownSpan], wanted: Span, batch_size: int
) -> list[BackfillRequest]:
    """Everything still to be asked for, newest first; the same input gives the same list.

    `wanted` runs over open times of hourly bars. Several spans of a token may be known; what lies
    between them is missing. Resuming is calling again with what is known then.
    """
    spans: dict[int, list[KnownSpan]] = {}
    for one in known:
        spans.setdefault(one.token_id, []).append(one)
    by_piece: dict[Span, list[int]] = {}
    for token_id in sorted(set(token_ids)):
        for gap in _gaps(spans.get(token_id, []), wanted):
            for piece in pieces(gap):
                by_piece.setdefault(piece, []).append(token_id)
    newest_first = sorted(by_piece, key=lambda piece: (-piece.end, piece.start))
    return [
        request
        for piece in newest_first
        for request in _requests(tuple(by_piece[piece]), piece, batch_size)
    ]


def within_budget(requests: Iterable[BackfillRequest], allowed: int) -> list[BackfillRequest]:
    """The first requests whose cost together is not above what is allowed.

    Stops at the first that does not fit: an older piece never overtakes a newer one.
    """
    chosen: list[BackfillRequest] = []
    for request in requests:
        allowed -= request.requests
        if allowed < 0:
            break
        chosen.append(request)
    return chosen


def cost(requests: Iterable[BackfillRequest]) -> int:
    """Requests to send in all; with the throttle this says when the backfill will be done."""
    return sum(request.requests for request in requests)


def _gaps(known: list[KnownSpan], wanted: Span) -> list[Span]:
    found: list[Span] = []
    start = wanted.start
    for one in sorted(known, key=lambda span: span.first):
        if one.first > start:
            found.append(Span(start=start, end=min(one.first, wanted.end)))
        start = max(start, one.last + HOUR)
        if start >= wanted.end:
            break
    if start < wanted.end:
        found.append(Span(start=start, end=wanted.end))
    return found


def _requests(token_ids: tuple[int, ...], piece: Span, batch_size: int) -> list[BackfillRequest]:
    # A request by dates brings whole days, whatever part of them is missing.
    rows = piece.days * (DAY // HOUR)
    size = tokens_per_request(batch_size, rows)
    return [
        BackfillRequest(token_ids=batch, span=piece, requests=len(batch) * rows // PAGE_ROWS + 1)
        for batch in batches(token_ids, size)
    ]
