"""Spans cut for requests by dates."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.tokenmetrics.limits import PAGE_ROWS, PAGES_MAX
from bot.adapters.tokenmetrics.spans import Span, batches, pieces, tokens_per_request
from bot.domain.instants import HOUR, parse_instant

START = parse_instant("2024-01-01")


@given(offset=st.integers(0, 20_000), hours=st.integers(1, 5_000))
def test_pieces_tile_a_span_and_touch_at_most_29_days(offset: int, hours: int) -> None:
    span = Span(start=START + offset * HOUR, end=START + (offset + hours) * HOUR)
    found = pieces(span)
    assert found[0].start == span.start
    assert found[-1].end == span.end
    assert all(before.end == after.start for before, after in itertools.pairwise(found))
    assert all(piece.days <= 29 for piece in found)


def test_no_day_is_asked_for_in_two_pieces() -> None:
    span = Span(start=START, end=START + 2_000 * HOUR)
    dates = [piece.params() for piece in pieces(span)]
    assert all(
        before["endDate"] < after["startDate"] for before, after in itertools.pairwise(dates)
    )


def test_an_end_at_midnight_does_not_ask_for_the_day_it_opens() -> None:
    span = Span(start=START, end=START + 24 * HOUR)
    assert span.params() == {"startDate": "2024-01-01", "endDate": "2024-01-01"}
    assert pieces(Span(start=START, end=START)) == []


@given(size=st.integers(1, 500), rows=st.integers(0, 3_000))
def test_a_shared_request_stays_within_half_of_its_pages(size: int, rows: int) -> None:
    shared = tokens_per_request(size, rows)
    assert 1 <= shared <= size
    assert shared == 1 or shared * rows <= PAGE_ROWS * PAGES_MAX // 2


def test_batches_hold_every_id_once() -> None:
    assert batches((5, 1, 5, 3), 2) == [(1, 3), (5,)]
    assert batches((), 2) == []
