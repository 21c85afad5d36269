"""How fast and how much may be asked: requests a minute, pauses, credits a month."""

from __future__ import annotations

from collections import deque

from bot.adapters.tokenmetrics.limits import PAUSE_MAX_S
from bot.adapters.tokenmetrics.ports import Clock, CreditLedger
from bot.domain.errors import RateLimitError, UnavailableError
from bot.domain.instants import format_instant

_MINUTE_S = 60.0


class PollDeadline:
    """The moment at which a poll must be over, whatever it still lacks."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.elapsed() + seconds

    def remaining_s(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self._end - self._clock.elapsed())

    def check(self) -> None:
        """Raise UnavailableError when no time is left."""
        if self.remaining_s() <= 0:
            raise UnavailableError("the time for this poll is used up")


class Throttle:
    """At most so many requests in any sixty seconds, and none during a pause.

    One throttle serves one key: a 429 pauses every request, not only the one that met it.
    """

    def __init__(self, clock: Clock, requests_per_minute: int) -> None:
        self._clock = clock
        self._sent: deque[float] = deque(maxlen=requests_per_minute)
        self._paused_until = clock.elapsed()

    def wait(self, deadline: PollDeadline) -> None:
        """Wait for the next request's turn.

        Raises RateLimitError at once where the turn comes after the deadline, UnavailableError
        where the deadline has passed.
        """
        deadline.check()
        now = self._clock.elapsed()
        delay = max(self._paused_until, self._next_free()) - now
        if delay >= deadline.remaining_s():
            raise RateLimitError(f"the next request may be sent in {delay:.0f} s, after the poll")
        if delay > 0:
            self._clock.sleep(delay)
        self._sent.append(self._clock.elapsed())

    def pause(self, seconds: float) -> None:
        """Send nothing for that long (bounded); a longer pause that runs already stays."""
        until = self._clock.elapsed() + min(seconds, PAUSE_MAX_S)
        self._paused_until = max(self._paused_until, until)

    def _next_free(self) -> float:
        if len(self._sent) < (self._sent.maxlen or 0):
            return self._paused_until
        return self._sent[0] + _MINUTE_S


class CreditBudget:
    """The month's requests: each one sent is counted, whatever comes back."""

    def __init__(self, clock: Clock, ledger: CreditLedger, per_month: int | None) -> None:
        """`per_month` None: count without a limit."""
        self._clock = clock
        self._ledger = ledger
        self._per_month = per_month

    def charge(self) -> None:
        """Count one request; raises RateLimitError instead where none is left."""
        month = self._month()
        if not self._ledger.charge(month, self._per_month):
            raise RateLimitError(f"all {self._per_month} requests of {month} are used")

    def spent(self) -> int:
        """Requests sent in the current month."""
        return self._ledger.spent(self._month())

    def left(self) -> int | None:
        """Requests left in the current month; None without a limit."""
        if self._per_month is None:
            return None
        return max(0, self._per_month - self.spent())

    def _month(self) -> str:
        return format_instant(self._clock.now())[:7]
