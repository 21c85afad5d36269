"""Expressions over columns: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

import pytest

from bot.market.where import LENGTH_MAX, Value, WhereError, parse_where

ROW: dict[str, Value] = {"a": 1.0, "b": 2.0, "gone": None, "symbol": "BTC"}


def judged(text: str) -> bool | None:
    return parse_where(text, ROW).judge(ROW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1", True), ("a == 1", True), ("a != 1", False), ("a < b", True), ("a >= 1", True),
        ("1 <= a", True), ("a > -1.5e0", True), ("a = 100%", True), ("b <= 150 %", False),
        # `and` binds closer than `or`, `not` closer than both.
        ("a = 1 or a = 2 and b = 3", True), ("(a = 1 or a = 2) and b = 3", False),
        ("not a = 2 and b = 2", True), ("not (a = 1 and b = 2)", False),
        ("NOT a = 2 AND b=2", True),
        ("not not a = 1", True),
        # Names are compared without regard to case, and never with numbers.
        ("symbol = 'btc'", True), ('symbol != "ETH"', True), ("symbol = 1", None),
        # What is missing is on no side, and neither is its opposite; what decides alone decides.
        ("gone > 0", None), ("not gone > 0", None), ("gone > 0 or a = 1", True),
        ("gone > 0 and a = 2", False), ("gone > 0 and a = 1", None), ("gone = gone", None),
    ],
)  # fmt: skip
def test_an_expression_holds_does_not_or_is_not_known(text: str, expected: object) -> None:
    assert judged(text) is expected


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", 0, "expected a column"),
        ("a", 1, "expected one of <"),
        ("a > 1 and", 9, "found the end"),
        ("a > 1 b", 6, "expected \"and\", \"or\" or the end, found 'b'"),
        ("(a > 1", 6, "expected \")\""),
        ("a > 1)", 5, "expected \"and\""),
        ("aa > 1", 0, "there are: a, b, gone, symbol"),
        ("symbl = 'x'", 0, "did you mean symbol?"),
        ("a > __import__('os')", 4, "no column '__import__'"),
        ("a > 1; b", 5, "';' means nothing here"),
        ("a.b > 1", 1, "'.' means nothing here"),
        ("symbol = 'x", 9, "means nothing here"),
        ("a < b < 3", 6, "expected \"and\""),
        ("(" * 60 + "a > 1" + ")" * 60, 51, "nested deeper"),
        ("not " * 60 + "a > 1", 204, "nested deeper"),
        ("a > 1 and " * 300 + "a > 1", LENGTH_MAX, "longer than"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text: str, place: int, words: str) -> None:
    with pytest.raises(WhereError) as problem:
        parse_where(text, ROW)
    assert words in str(problem.value)
    assert problem.value.place == place
