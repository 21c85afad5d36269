"""Which tokens a strategy may enter, and when that is resolved."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import ConfigError
from bot.domain.instants import HOUR
from bot.domain.values import Record, Slot, Token
from bot.engine import layout as at
from bot.market.inputs import Market
from bot.market.rules import build_rules
from bot.market.strategy import Universe
from bot.market.token_rows import TokenRows
from bot.market.universe import resolve, tokens_as_of
from tests.support.records import bars, vector_strategy, when

TOKENS = {
    row.token_id: row
    for row in (
        Token(token_id=1, symbol="BTC", name="Bitcoin", category="Layer 1",
              market_cap=Decimal(900)),
        Token(token_id=2, symbol="ETH", name="Ethereum", category="Layer 1;Smart Contracts",
              market_cap=Decimal(300)),
        Token(token_id=3, symbol="USDT", name="Tether", category="Stablecoin",
              market_cap=Decimal(500)),
        Token(token_id=4, symbol="WBTC", name="Wrapped", category="DeFi; Wrapped Tokens",
              market_cap=Decimal(100)),
        Token(token_id=5, symbol="eth", name="Bridged Ethereum", market_cap=Decimal(2)),
        Token(token_id=6, symbol="NEW", name="New"),
    )
}  # fmt: skip


def found(**wanted: object) -> set[int]:
    return set(resolve(Universe(**wanted), TOKENS))  # type: ignore[arg-type]


def test_nothing_named_means_every_token_that_is_not_excluded() -> None:
    assert found() == {1, 2, 5, 6}
    assert found(exclude_categories=()) == {1, 2, 3, 4, 5, 6}


def test_ids_symbols_and_categories_add_up_and_any_spelling_of_them_counts() -> None:
    assert found(token_ids=(6,), symbols=("btc",)) == {1, 6}
    assert found(categories=("layer-1",)) == {1, 2}
    assert found(categories=("Smart Contract",), token_ids=(5,)) == {2, 5}


def test_a_token_named_by_id_or_symbol_stays_though_its_category_is_excluded() -> None:
    assert found(token_ids=(3,)) == {3}
    assert found(symbols=("WBTC",)) == {4}
    assert found(categories=("DeFi",)) == set()


def test_an_id_that_no_list_holds_yet_is_in_the_universe() -> None:
    assert found(token_ids=(77,)) == {77}


def test_an_ambiguous_symbol_is_refused_with_its_candidates() -> None:
    with pytest.raises(ConfigError) as caught:
        found(symbols=("ETH", "NOPE"))
    assert caught.value.faults == [
        "universe.symbols: 'ETH' is the symbol of several tokens: 2 (Ethereum, market value 300), "
        "5 (Bridged Ethereum, market value 2); name the one you mean in universe.token_ids",
        "universe.symbols: no token has the symbol 'NOPE'",
    ]


def test_top_takes_the_greatest_market_values_and_ids_where_they_are_equal() -> None:
    assert found(top=2) == {1, 2}
    assert found(top=3, exclude_categories=()) == {1, 2, 3}
    assert found(top=100) == {1, 2, 5, 6}
    equal = {n: replace(row, market_cap=Decimal(1)) for n, row in TOKENS.items()}
    assert resolve(Universe(top=2), equal) == {1, 2}


def test_top_without_any_market_value_is_refused_with_what_to_do() -> None:
    none = {n: replace(row, market_cap=None) for n, row in TOKENS.items()}
    with pytest.raises(ConfigError, match=r"universe\.top: no token has a market value"):
        resolve(Universe(top=2), none)
    assert resolve(Universe(top=2), {}) == frozenset()


def test_the_newest_row_seen_holds_and_of_one_instant_the_greater_text() -> None:
    rows = [
        Token(token_id=1, symbol="A", sector="old"),
        Token(token_id=1, symbol="A", sector="x", available_at=when("12:00")),
        Token(token_id=1, symbol="A", sector="y", available_at=when("12:00")),
        Token(token_id=1, symbol="A", sector="late", available_at=when("13:00")),
    ]
    for order in (rows, rows[::-1]):
        sectors = [
            tokens_as_of(order, when(f"{text}"))[1].sector
            for text in ("11:59:59.999", "12:00", "13:00")
        ]
        assert sectors == ["old", "y", "late"]


def test_slots_are_cut_where_a_sector_or_a_volume_unit_changes_and_nowhere_else() -> None:
    rows = TokenRows()
    rows.push(Token(token_id=1, symbol="A", sector="l1"))
    rows.push(Token(token_id=1, symbol="A", sector="l1", market_cap=Decimal(5),
                    available_at=when("10:00")))  # fmt: skip
    rows.push(Token(token_id=1, symbol="A", sector="l2", available_at=when("12:02:00.001")))
    rows.push(Token(token_id=2, symbol="B", volume_unit="quote", available_at=when("14:00")))
    slots = [Slot(slot=when(f"{h}:00"), as_of=when(f"{h}:02")) for h in range(10, 16)]
    pieces = [[(row.slot - when("00:00")) // HOUR for row in one] for one in rows.stretches(slots)]
    assert pieces == [[10, 11, 12], [13], [14, 15]]


def universes(rows: list[Token], first: int, hours: int, extra: str = "") -> list[tuple[int, ...]]:
    """The tokens of the universe in each slot."""
    strategy = vector_strategy(extra).strategy
    market = Market(strategy, build_rules(strategy)[1])
    market.push(Record(tokens=rows, bars=bars(when("09 00:00"), when("11 00:00"), token_id=9)))
    slots = [Slot(slot=first + n * HOUR, as_of=first + n * HOUR + 120_000) for n in range(hours)]
    made = market.build(slots, 3 * HOUR)
    return [
        tuple(i for i, cell in zip(made.token_ids, row, strict=True) if cell[at.C_UNIVERSE])
        for row in made.inputs.cells.tolist()
    ]


def test_it_is_resolved_in_the_first_slot_and_at_midnight_only() -> None:
    rows = [
        Token(token_id=1, symbol="A"),
        Token(token_id=2, symbol="B", available_at=when("10 21:30")),
        Token(token_id=3, symbol="C", available_at=when("11 00:02:00.001")),
    ]
    seen = universes(rows, when("10 21:00"), 28)
    assert seen[:3] == [(1, 9)] * 3  # 21:00 to 23:00
    assert seen[3:27] == [(1, 2, 9)] * 24
    assert seen[27] == (1, 2, 3, 9)


def test_a_token_that_only_bars_name_belongs_to_it_once_a_bar_is_known() -> None:
    assert universes([Token(token_id=1, symbol="A")], when("08 23:00"), 3) == [(1,), (1,), (1,)]
    assert universes([Token(token_id=1, symbol="A")], when("09 23:00"), 1) == [(1, 9)]


def test_top_by_market_value_moves_with_the_day() -> None:
    rows = [
        Token(token_id=1, symbol="A", market_cap=Decimal(5)),
        Token(token_id=2, symbol="B", market_cap=Decimal(4)),
        Token(token_id=2, symbol="B", market_cap=Decimal(6), available_at=when("09 22:00")),
    ]
    seen = universes(rows, when("10 00:00") - 3 * HOUR, 4, "[universe]\ntop = 1")
    assert seen == [(1,), (1,), (1,), (2,)]
