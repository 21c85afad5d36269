"""The throttle and the budget on a clock that only sleeping moves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.tokenmetrics.limits import PAUSE_MAX_S
from bot.adapters.tokenmetrics.throttle import CreditBudget, PollDeadline, Throttle
from bot.domain.errors import RateLimitError, UnavailableError
from bot.domain.instants import parse_instant
from tests.contract.provider_fakes import MemoryCredits, StepClock


@given(per_minute=st.integers(1, 5), gaps=st.lists(st.floats(0, 40), max_size=25))
def test_any_sixty_seconds_see_at_most_the_allowed_requests(
    per_minute: int, gaps: list[float]
) -> None:
    clock = StepClock()
    throttle = Throttle(clock, per_minute)
    deadline = PollDeadline(clock, 1e6)
    sent: list[int] = []
    for gap in gaps:
        clock.sleep(gap)
        throttle.wait(deadline)
        sent.append(clock.ms)
    # The clock counts whole milliseconds, so a wait may end half of one early.
    late = zip(sent[per_minute:], sent, strict=False)
    assert all(later - earlier >= 59_999 for later, earlier in late)


def test_a_turn_after_the_deadline_is_refused_at_once() -> None:
    clock = StepClock()
    throttle = Throttle(clock, 1)
    throttle.wait(PollDeadline(clock, 30))
    with pytest.raises(RateLimitError, match="in 60 s"):
        throttle.wait(PollDeadline(clock, 30))
    assert clock.sleeps == []


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    clock = StepClock()
    throttle = Throttle(clock, 60)
    throttle.pause(20)
    throttle.pause(5)
    throttle.wait(PollDeadline(clock, 100))
    assert clock.sleeps == [20.0]


def test_a_pause_is_bounded_whatever_was_asked() -> None:
    clock = StepClock()
    throttle = Throttle(clock, 60)
    throttle.pause(1e9)
    throttle.wait(PollDeadline(clock, 2 * PAUSE_MAX_S))
    assert clock.sleeps == [PAUSE_MAX_S]


def test_after_its_deadline_a_poll_sends_nothing() -> None:
    clock = StepClock()
    deadline = PollDeadline(clock, 10)
    clock.sleep(10)
    with pytest.raises(UnavailableError, match="time for this poll"):
        Throttle(clock, 60).wait(deadline)


def test_a_new_month_has_its_whole_budget() -> None:
    clock = StepClock(parse_instant("2025-09-30T23:59:59Z"))
    budget = CreditBudget(clock, MemoryCredits(), 1)
    budget.charge()
    with pytest.raises(RateLimitError, match="2025-09"):
        budget.charge()
    clock.sleep(1)
    assert budget.left() == 1
    budget.charge()
    assert budget.left() == 0


def test_without_a_limit_requests_are_counted_all_the_same() -> None:
    budget = CreditBudget(StepClock(), MemoryCredits(), None)
    budget.charge()
    assert (budget.spent(), budget.left()) == (1, None)
