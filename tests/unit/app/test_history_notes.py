"""What is said of a history whose tokens do not all end together."""

from __future__ import annotations

from bot.app.history_notes import early_ends
from bot.domain.bar_table import history_of
from bot.domain.instants import DAY, HOUR
from bot.domain.values import Record, Token
from tests.support.records import bars, when


def record(behind: int) -> Record:
    first, end = when("01 00:00"), when("20 00:00")
    return Record(
        tokens=[Token(token_id=1, symbol="AAA"), Token(token_id=2, symbol="BBB")],
        bars=bars(first, end) + bars(first, end - behind, token_id=2),
    )


def test_a_token_that_ends_days_before_the_others_is_named_with_its_end() -> None:
    assert early_ends(history_of(record(5 * DAY))) == [
        "no bars of BBB after 2025-05-15T01:00:00Z, 5 days before the end: "
        "the run goes on without them"
    ]


def test_a_token_that_ends_an_hour_before_the_others_is_not_worth_a_word() -> None:
    assert early_ends(history_of(record(HOUR))) == []


def test_a_run_that_ends_where_the_bars_do_misses_none() -> None:
    assert early_ends(history_of(record(5 * DAY)), when("15 02:00")) == []
