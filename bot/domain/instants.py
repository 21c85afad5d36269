"""Instants: UTC milliseconds inside, ISO 8601 with `Z` in text."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.domain.errors import DataError

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
MONDAY = 4 * DAY  # 1970-01-05, 00:00 UTC

# 2000-01-01 and 2100-01-01: an instant outside is a unit mistake, never a market.
EARLIEST = 946_684_800_000
LATEST = 4_102_444_800_000

_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)


def parse_instant(text: str) -> int:
    """Milliseconds of an ISO 8601 text; a date alone is its midnight, no zone means UTC.

    Raises DataError with the text and what was expected.

    >>> parse_instant("2025-05-10T13:00:00Z")
    1746882000000
    >>> parse_instant("2025-05-10")
    1746835200000
    """
    found = _ISO.fullmatch(text.strip())
    if found is None:
        raise DataError(f"{text!r} is not an instant: expected e.g. 2025-05-10T13:00:00Z")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
            tzinfo=UTC,
        )  # fmt: skip
    except ValueError as error:
        raise DataError(f"{text!r} is not an instant: {error}") from None
    ms = int(moment.timestamp()) * SECOND + int((fraction or "0").ljust(3, "0")[:3])
    return in_range(ms - _offset_ms(zone), text)


def _offset_ms(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    digits = zone[1:].replace(":", "")
    offset = int(digits[:2]) * HOUR + int(digits[2:]) * MINUTE
    return -offset if zone[0] == "-" else offset


def in_range(ms: int, shown: object) -> int:
    """The same instant, or DataError where it lies outside 2000 to 2100."""
    if not EARLIEST <= ms < LATEST:
        raise DataError(f"{shown!r} lies outside the years 2000 to 2100")
    return ms


def format_instant(ms: int) -> str:
    """ISO 8601 with `Z`, whole seconds unless there are milliseconds.

    >>> format_instant(1746882000000)
    '2025-05-10T13:00:00Z'
    >>> format_instant(1746882000250)
    '2025-05-10T13:00:00.250Z'
    """
    whole, part = divmod(ms, SECOND)
    text = datetime.fromtimestamp(whole, tz=UTC).isoformat()[:19]
    return f"{text}.{part:03d}Z" if part else f"{text}Z"


def floor_hour(ms: int) -> int:
    """The whole hour at or before an instant."""
    return ms - ms % HOUR


def floor_day(ms: int) -> int:
    """00:00 UTC of the instant's day."""
    return ms - ms % DAY
