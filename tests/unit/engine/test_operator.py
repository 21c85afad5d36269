"""What the operator asks for: a market exit, a lifted guard, a lifted halt; recorded as inputs."""

from __future__ import annotations

from bot.engine import layout as at
from tests.support.engine_market import (
    CALM,
    HOUR,
    T0,
    VECTOR_PARAMS,
    Coin,
    Market,
    bullish_from,
    calm_coin,
    hold,
    points,
    story,
)

CLOSE = {at.C_OPERATOR: at.ASKED_CLOSE}
NOTHING = {at.C_OPERATOR: 0}


def asked_in(coin: Coin, slot: int, bits: int) -> Coin:
    coin.cells_at[slot] = {at.C_OPERATOR: bits}
    coin.cells_at[slot + 1] = dict(NOTHING)
    return coin


def test_a_close_sells_at_the_open_of_the_next_bar() -> None:
    coin = asked_in(bullish_from(calm_coin(), 2, 9), 5, at.ASKED_CLOSE)
    output = Market([coin]).run(1, 9)
    assert story(output) == ["2 ENTRY", "3 BUY", "5 EXIT ORDER MANUAL", "6 SELL MANUAL"]
    sold = [row for row in output.records if row[at.R_KIND] == at.FILL][-1]
    assert sold[at.R_ACTION] == at.ACT_EXIT
    assert sold[at.R_REF] == points("100", 2)


def test_after_a_close_only_a_new_edge_buys_again() -> None:
    coin = asked_in(bullish_from(calm_coin(), 2, 30), 5, at.ASKED_CLOSE)
    assert story(Market([coin]).run(1, 30))[-1] == "6 SELL MANUAL"


def test_a_close_takes_a_working_entry_off_the_book_for_good() -> None:
    coin = asked_in(bullish_from(calm_coin(), 2, 9).flat(2, 9, CALM, "0"), 3, at.ASKED_CLOSE)
    lines = story(Market([coin], VECTOR_PARAMS._replace(entry_ttl=9)).run(1, 9))
    assert lines == ["2 ENTRY", "3 EXIT ORDER MANUAL", "4 CANCEL MANUAL"]


def test_an_entry_that_ends_while_its_close_waits_does_not_come_back() -> None:
    coin = bullish_from(calm_coin(), 2, 9)
    del coin.bars[2]  # declared a hole three slots on, with the entry's only bar
    asked_in(coin, 3, at.ASKED_CLOSE)
    lines = story(Market([coin]).run(1, 9))
    assert lines == ["2 ENTRY", "3 EXIT ORDER MANUAL", "6 CANCEL ENTRY_TTL"]


def test_a_close_of_a_token_without_a_position_does_nothing() -> None:
    coin = asked_in(bullish_from(calm_coin(), 4, 9), 2, at.ASKED_CLOSE)
    assert story(Market([coin]).run(1, 5)) == ["4 ENTRY", "5 BUY"]


def test_a_bearish_signal_gives_the_reason_where_both_fall_in_one_slot() -> None:
    coin = asked_in(bullish_from(calm_coin(), 2, 5), 5, at.ASKED_CLOSE)
    coin.signals.append((5, 4, -1))
    assert story(Market([coin]).run(1, 6))[-1] == "6 SELL SIGNAL_EXIT"


def test_a_second_close_changes_nothing() -> None:
    coin = bullish_from(calm_coin(), 2, 9)
    coin.cells_at = {5: dict(CLOSE), 7: dict(NOTHING)}
    lines = story(Market([coin]).run(1, 9))
    assert lines == ["2 ENTRY", "3 BUY", "5 EXIT ORDER MANUAL", "6 SELL MANUAL"]


def test_acknowledging_a_price_jump_lets_the_token_in_again() -> None:
    coin = bullish_from(calm_coin(), 2, 9)
    coin.cells_at = {
        2: {at.C_JUMP: 1},
        3: {at.C_JUMP: 0},
        4: {at.C_OPERATOR: at.ASKED_ACK},
        5: dict(NOTHING),
    }
    lines = story(Market([coin]).run(1, 4))
    assert lines == ["2 ! PRICE_JUMP", "2 PRICE_JUMP", "3 PRICE_JUMP", "4 ENTRY"]


def test_a_jump_in_the_slot_of_its_acknowledgement_counts_anew() -> None:
    coin = bullish_from(calm_coin(), 2, 9)
    coin.cells_at = {
        2: {at.C_JUMP: 1},
        3: {at.C_JUMP: 1, at.C_OPERATOR: at.ASKED_ACK},
        4: {at.C_JUMP: 0, at.C_OPERATOR: 0},
    }
    lines = story(Market([coin]).run(1, 4))
    assert lines[-3:] == ["3 ! PRICE_JUMP", "3 PRICE_JUMP", "4 PRICE_JUMP"]


def test_an_acknowledged_drawdown_counts_from_the_equity_of_that_slot() -> None:
    held = calm_coin(3).flat(3, 20, "70 70.5 69.5 70")
    waiting = bullish_from(calm_coin(), 5, 9)
    params = VECTOR_PARAMS._replace(dd_halt=50_000)
    market = Market([held, waiting], params, acknowledged=frozenset({6}))
    state = market.account("10000")
    hold(state, 0, 30_000, 10_000, 1000, 0)
    output = market.run(1, 8, state)
    assert story(output, 1)[:2] == ["5 HALT_DRAWDOWN", "6 ENTRY"]
    assert output.marks[4:6, at.M_PEAK].tolist() == [points("10000", 8), points("9100", 8)]


def delisted() -> Coin:
    """Bought in the bar of hour 2; its last bar is that of hour 5."""
    coin = bullish_from(calm_coin(6), 2, 9)
    coin.signals = [row for row in coin.signals if row[0] < 9]
    return coin


def written_off(slot: int) -> dict[int, dict[int, int]]:
    return {slot: {at.C_OPERATOR: at.ASKED_CLOSE | at.ASKED_WRITE_OFF}, slot + 1: dict(NOTHING)}


def test_a_close_of_a_token_without_bars_waits_for_one() -> None:
    coin = asked_in(delisted(), 60, at.ASKED_CLOSE)
    assert story(Market([coin]).run(1, 90))[2:] == ["55 ! UNPRICED", "60 EXIT ORDER MANUAL"]


def test_a_written_off_token_is_sold_for_one_tick_in_the_first_hole() -> None:
    coin = delisted()
    coin.cells_at = written_off(60)
    output = Market([coin]).run(1, 90)
    assert story(output)[2:] == ["55 ! UNPRICED", "60 EXIT ORDER MANUAL", "64 SELL MANUAL"]
    sold = [row for row in output.records if row[at.R_KIND] == at.FILL][-1]
    assert (sold[at.R_PRICE], sold[at.R_REF], sold[at.R_BAR]) == (1, coin.tick, T0 + 60 * HOUR)
    assert sold[at.R_ACTION] == at.ACT_EXIT


def test_a_write_off_goes_through_an_exit_that_waits_already() -> None:
    coin = delisted()
    coin.signals = [*(row for row in coin.signals if row[0] < 7), (7, 6, -1)]
    coin.cells_at = written_off(60)
    lines = story(Market([coin]).run(1, 90))
    assert lines[2:] == ["7 EXIT ORDER SIGNAL_EXIT", "55 ! UNPRICED", "64 SELL MANUAL"]


def test_a_write_off_of_a_token_that_is_quoted_is_a_close() -> None:
    coin = bullish_from(calm_coin(), 2, 9)
    coin.cells_at = written_off(5)
    assert story(Market([coin]).run(1, 9))[2:] == ["5 EXIT ORDER MANUAL", "6 SELL MANUAL"]


def test_a_bar_that_comes_after_all_sells_at_its_open_and_lifts_the_write_off() -> None:
    coin = delisted()
    coin.cells_at = written_off(60)
    coin.flat(60, 62, "40 41 39 40")
    output = Market([coin]).run(1, 90)
    assert story(output)[-1] == "63 SELL MANUAL"  # the hour before it is a hole by then
    sold = [row for row in output.records if row[at.R_KIND] == at.FILL][-1]
    assert sold[at.R_REF] == points("40", 2)
