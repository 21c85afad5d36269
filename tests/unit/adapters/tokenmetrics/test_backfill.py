"""The backfill asks for every missing hour once, newest first, within its budget, and resumes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.tokenmetrics.backfill import (
    BackfillRequest,
    KnownSpan,
    cost,
    missing_bars,
    within_budget,
)
from bot.adapters.tokenmetrics.spans import Span
from bot.domain.instants import DAY, HOUR, parse_instant

END = parse_instant("2025-09-01T15:00:00Z")
WANTED = Span(start=END - 90 * DAY, end=END)


def hours(requests: list[BackfillRequest], token_id: int) -> list[int]:
    return sorted(
        hour
        for request in requests
        if token_id in request.token_ids
        for hour in range(request.span.start, request.span.end, HOUR)
    )


def test_nothing_known_means_all_of_it_for_every_token() -> None:
    plan = missing_bars([2, 1], [], WANTED, 50)
    for token_id in (1, 2):
        assert hours(plan, token_id) == list(range(WANTED.start, WANTED.end, HOUR))


def test_newest_comes_first_and_tokens_share_requests() -> None:
    plan = missing_bars([1, 2], [], WANTED, 50)
    assert plan[0].span.end == END
    assert [request.span.end for request in plan] == sorted(
        (request.span.end for request in plan), reverse=True
    )
    assert {request.token_ids for request in plan} == {(1, 2)}
    assert max(request.span.days for request in plan) <= 29


def test_all_known_means_nothing_to_ask() -> None:
    known = [KnownSpan(token_id=1, first=WANTED.start - DAY, last=END - HOUR)]
    assert missing_bars([1], known, WANTED, 50) == []


def test_the_gap_after_an_outage_is_asked_for_all_tokens_at_once() -> None:
    known = [
        KnownSpan(token_id=token_id, first=WANTED.start, last=END - 6 * HOUR)
        for token_id in range(1, 11)
    ]
    (request,) = missing_bars(range(1, 11), known, WANTED, 50)
    assert request.span == Span(start=END - 5 * HOUR, end=END)
    assert request.token_ids == tuple(range(1, 11))
    # Ten tokens, one day of 24 rows: 240 rows on pages of 100.
    assert request.requests == 3


def test_a_budget_stops_at_the_first_request_that_does_not_fit() -> None:
    plan = missing_bars([1], [], WANTED, 50)
    few = within_budget(plan, plan[0].requests + 1)
    assert few == plan[:1]
    assert within_budget(plan, 0) == []
    assert within_budget(plan, cost(plan)) == plan


def test_a_request_never_needs_more_pages_than_a_set_may_have() -> None:
    plan = missing_bars(range(1, 500), [], WANTED, 500)
    assert max(request.requests for request in plan) <= 200


spans = st.lists(
    st.builds(
        lambda start, length: KnownSpan(
            token_id=1,
            first=WANTED.start + start * HOUR,
            last=WANTED.start + (start + length) * HOUR,
        ),
        st.integers(-100, 2300),
        st.integers(0, 1000),
    ),
    max_size=5,
)


@settings(deadline=None)
@given(known=spans)
def test_exactly_the_unknown_hours_are_asked_for_once(known: list[KnownSpan]) -> None:
    covered = {hour for one in known for hour in range(one.first, one.last + HOUR, HOUR)}
    expected = [hour for hour in range(WANTED.start, WANTED.end, HOUR) if hour not in covered]
    assert hours(missing_bars([1], known, WANTED, 50), 1) == expected


@settings(deadline=None)
@given(known=spans, allowed=st.integers(8, 40))
def test_resuming_with_what_is_known_by_then_ends(known: list[KnownSpan], allowed: int) -> None:
    rounds = 0
    while chosen := within_budget(missing_bars([1], known, WANTED, 50), allowed):
        known = known + [
            KnownSpan(token_id=1, first=request.span.start, last=request.span.end - HOUR)
            for request in chosen
        ]
        rounds += 1
    assert missing_bars([1], known, WANTED, 50) == []
    assert rounds <= 12
