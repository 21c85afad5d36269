"""The provider's clock against ours: an answer whose time is another cannot be dated."""

from __future__ import annotations

from collections.abc import Mapping

from bot.adapters.tokenmetrics.limits import CLOCK_SKEW_MAX_S
from bot.adapters.tokenmetrics.retry import http_date
from bot.domain.errors import ClockError
from bot.domain.instants import SECOND, format_instant

_AGE_DIGITS_MAX = 9


def skew_s(headers: Mapping[str, str], asked: int, got: int) -> int | None:
    """How far the provider's clock is ahead of ours, in seconds; None without a Date header.

    The header's instant lies somewhere between the question and the answer (UTC ms), so that a
    slow answer is no difference; a stored answer's Age is added.

    >>> headers = {"date": "Sat, 10 May 2025 13:00:00 GMT"}
    >>> skew_s(headers, 1746882000000 - 9000, 1746882000000 + 9000), skew_s({}, 0, 0)
    (0, None)
    >>> skew_s(headers, 1746882000000 + 300_000, 1746882000000 + 300_500)
    -300
    """
    moment = http_date(headers.get("date", ""))
    if moment is None:
        return None
    age = headers.get("age", "").strip()
    added = int(age) if age.isascii() and age.isdigit() and len(age) <= _AGE_DIGITS_MAX else 0
    theirs = int(moment.timestamp()) * SECOND + added * SECOND
    if theirs > got:
        return (theirs - got) // SECOND
    return -(max(0, asked - theirs) // SECOND)


def clock_error(headers: Mapping[str, str], asked: int, got: int) -> ClockError | None:
    """The error where the clocks are further apart than the limit."""
    skew = skew_s(headers, asked, got)
    if skew is None or abs(skew) <= CLOCK_SKEW_MAX_S:
        return None
    way = "ahead of" if skew > 0 else "behind"
    return ClockError(
        f"the provider's clock is {abs(skew)} s {way} ours ({format_instant(got)}), more than "
        f"{CLOCK_SKEW_MAX_S} s: set this machine's clock"
    )
