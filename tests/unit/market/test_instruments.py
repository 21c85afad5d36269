"""Ticks, lots and least orders: given, derived, coarsened."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.domain.errors import DataError
from bot.domain.values import Token
from bot.market.instruments import Instrument, coarsen, complete, default_lot, default_tick


@pytest.mark.parametrize(
    ("close", "tick"),
    [
        ("67123.45", "1"),
        ("99999.99", "1"),
        ("100000", "10"),
        ("733.01", "0.01"),
        ("1", "0.0001"),
        ("0.9999", "0.00001"),
        ("0.00001038", "0.000000001"),
        ("0.000000012", "0.000000000001"),
    ],
)
def test_a_tick_leaves_five_digits(close: str, tick: str) -> None:
    assert default_tick(Decimal(close)) == Decimal(tick)


@pytest.mark.parametrize(
    ("tick", "lot"),
    [("1", "1e-8"), ("10", "1e-9"), ("0.01", "1e-6"), ("1e-8", "1"), ("1e-12", "10000"),
     ("0.5", "1e-7"), ("0.25", "1e-6"), ("5", "1e-8")],
)  # fmt: skip
def test_a_derived_lot_is_the_smallest_whose_tick_is_whole_money(tick: str, lot: str) -> None:
    found = default_lot(Decimal(tick))
    assert found == Decimal(lot)
    money = Decimal(tick) * found * 10**8
    smaller = money / 10
    assert money == int(money) >= 1
    assert smaller != int(smaller) or smaller < 1


@pytest.mark.parametrize(
    ("name", "tick", "lot", "whole", "money"),
    [
        ("BTC", "0.01", "0.00001", "0.00001", 10),
        ("SHIB", "1e-8", "1", "1", 1),
        ("PEPE", "1e-10", "1", "100", 1),
        ("odd", "1e-8", "0.3", "1", 1),
        ("odd", "1e-8", "7", "7", 7),
        ("odd", "0.00025", "0.001", "0.001", 25),
    ],
)
def test_a_lot_is_coarsened_to_the_next_power_of_ten_only_where_it_must(
    name: str, tick: str, lot: str, whole: str, money: int
) -> None:
    assert coarsen(Decimal(tick), Decimal(lot)) == Decimal(whole)
    unit = complete(
        Token(token_id=1, symbol=name, tick=Decimal(tick), lot=Decimal(lot)), 10_000 * Decimal(tick)
    )
    assert (unit.lot, unit.unit) == (Decimal(whole), money)
    assert ("coarsened" in unit.note) == (lot != whole)


def test_what_is_given_is_kept_and_what_is_not_is_named() -> None:
    given = Token(
        token_id=1, symbol="A", tick=Decimal("0.01"), lot=Decimal("0.001"), min_notional=Decimal(7)
    )
    assert complete(given, Decimal(9)) == Instrument(
        token_id=1, tick=Decimal("0.01"), lot=Decimal("0.001"), min_notional=Decimal(7)
    )
    derived = complete(Token(token_id=1, symbol="A"), Decimal("67123.45"))
    assert derived.min_notional == 5
    assert derived.note == ("tick 1 derived; lot 0.00000001 derived; minimum notional 5 assumed")


def test_prices_that_do_not_fit_are_refused_and_levels_that_do_not_are_out_of_reach() -> None:
    unit = Instrument(
        token_id=3, tick=Decimal("0.01"), lot=Decimal("0.001"), min_notional=Decimal(5)
    )
    unit.check(Decimal(10_000_000))
    with pytest.raises(DataError, match=r"token 3: price 10000000\.01 is more than 1e9 ticks"):
        unit.check(Decimal("10000000.01"))
    heavy = Instrument(token_id=3, tick=Decimal(1), lot=Decimal(1), min_notional=Decimal(5))
    heavy.check(Decimal(89_999))
    with pytest.raises(DataError, match="one lot of 1 at 90000 is worth 90000 or more"):
        heavy.check(Decimal(90_000))
    assert [unit.is_in_reach(Decimal(p)) for p in ("0", "-1", "0.001", "1e7", "10000001")] == [
        False, False, True, True, False
    ]  # fmt: skip
    assert not heavy.is_in_reach(Decimal(90_000))
