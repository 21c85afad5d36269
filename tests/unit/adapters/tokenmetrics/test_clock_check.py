"""How far the provider's clock is from ours, whatever its headers say."""

from __future__ import annotations

import pytest

from bot.adapters.tokenmetrics.clock_check import clock_error, skew_s
from bot.domain.instants import SECOND, parse_instant

NOON = parse_instant("2025-05-10T12:00:00Z")
DATE = "Sat, 10 May 2025 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "asked_s", "got_s", "skew"),
    [
        ({"date": DATE}, 0, 0, 0),
        ({"date": DATE}, -30, 30, 0),  # a slow answer says nothing
        ({"date": DATE}, -300, -120, 120),
        ({"date": DATE}, -300, -121, 121),
        ({"date": DATE}, 120, 125, -120),
        ({"date": DATE}, 121, 125, -121),
        ({"date": DATE, "age": "600"}, 600, 601, 0),  # kept for ten minutes on the way
        ({"date": DATE, "age": "-5"}, 0, 0, 0),
        ({"date": DATE, "age": "9" * 30}, 0, 0, 0),
        ({"date": "Sat, 10 May 2025 14:00:00 +0200"}, 0, 0, 0),
        ({"date": "Sat, 10 May 2025 12:00:00"}, 0, 0, 0),
        ({"date": "soon"}, 0, 0, None),
        ({"date": ""}, 0, 0, None),
        ({}, 0, 0, None),
    ],
)
def test_the_difference_is_what_no_delay_explains(
    headers: dict[str, str], asked_s: int, got_s: int, skew: int | None
) -> None:
    assert skew_s(headers, NOON + asked_s * SECOND, NOON + got_s * SECOND) == skew


@pytest.mark.parametrize(
    ("off_s", "words"),
    [(120, ""), (-120, ""), (121, "121 s behind ours"), (-121, "121 s ahead of ours")],
)
def test_two_minutes_are_allowed(off_s: int, words: str) -> None:
    now = NOON + off_s * SECOND
    error = clock_error({"date": DATE}, now, now)
    assert (words == "") == (error is None)
    assert error is None or words in str(error)
