"""When to ask again: which failures may pass, and how long to wait for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from bot.adapters.tokenmetrics.limits import BACKOFF_FIRST_S, BACKOFF_MAX_S

TOO_MANY_REQUESTS: Final = 429
PASSING_STATUSES: Final = frozenset({TOO_MANY_REQUESTS, 500, 502, 503, 504})
# Ten digits of seconds are three centuries; more digits are no answer to "when".
_DIGITS_MAX: Final = 10


def backoff_s(attempt: int, jitter: Callable[[], float]) -> float:
    """Full jitter: a random part (`jitter` gives 0 to 1) of a span that doubles; attempts from 1.

    >>> [backoff_s(attempt, lambda: 1.0) for attempt in (1, 2, 3, 9)]
    [1.0, 2.0, 4.0, 30.0]
    """
    return float(min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2 ** (attempt - 1)) * jitter())


def retry_after_s(value: str, server_date: str, now: int) -> float | None:
    """Seconds that a Retry-After header asks for; None where it is absent or unreadable.

    A date is compared with the server's own Date header where there is one, so that a wrong clock
    on either side does not matter; a date without a zone is UTC. `now` is UTC milliseconds.

    >>> retry_after_s("120", "", 0), retry_after_s("-1", "", 0), retry_after_s("1.5", "", 0)
    (120.0, None, None)
    """
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX:
        return float(text)
    until = http_date(text)
    if until is None:
        return None
    return max(0.0, (until - (http_date(server_date) or _instant(now))).total_seconds())


def http_date(text: str) -> datetime | None:
    """The instant of an HTTP date; None where the text is none."""
    try:
        moment = parsedate_to_datetime(text.strip())
        # Bound checks need the conversion to work; a date at the edge of the calendar may not.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)
