"""How long a candidate lives, what ends it, and when a token may enter again (6a: S2 to S5)."""

from __future__ import annotations

from bot.engine import layout as at
from tests.support.engine_market import (
    CALM,
    HOUR,
    VECTOR_PARAMS,
    Coin,
    Market,
    bullish_from,
    calm_coin,
    story,
)

DEAD = ("100 100 100 100", "0")


def told(coin: Coin, first: int = 1, last: int = 12, **params: int) -> list[str]:
    return story(Market([coin], VECTOR_PARAMS._replace(**params)).run(first, last))


def test_a_cancelled_candidate_orders_again_in_the_slot_that_books_the_cancel() -> None:
    coin = bullish_from(calm_coin(), 2, 20)
    coin.bars[2] = DEAD
    assert told(coin) == ["2 ENTRY", "3 CANCEL ENTRY_TTL", "3 ENTRY", "4 BUY"]


def test_a_cancel_after_the_candidates_time_ends_it() -> None:
    coin = bullish_from(calm_coin(), 2, 20)
    coin.bars.update(dict.fromkeys((2, 3, 4), DEAD))
    assert told(coin, entry_ttl=3) == ["2 ENTRY", "5 CANCEL ENTRY_TTL", "5 CANDIDATE_EXPIRED"]


def test_the_time_to_live_runs_on_while_an_entry_works() -> None:
    coin = bullish_from(calm_coin(), 2, 20)
    coin.bars.update(dict.fromkeys((2, 3), DEAD))
    assert told(coin, entry_ttl=2) == ["2 ENTRY", "4 CANCEL ENTRY_TTL", "4 ENTRY", "5 BUY"]


def test_an_entry_with_any_fill_has_used_its_candidate_up() -> None:
    coin = bullish_from(calm_coin(), 2, 20)
    coin.bars[2] = (CALM, "1")  # a tenth of one unit is allowed to fill
    assert told(coin, 1, 6, part=100_000) == ["2 ENTRY", "3 BUY", "3 CANCEL ENTRY_TTL"]


def test_a_turn_to_bearish_ends_a_waiting_candidate() -> None:
    coin = calm_coin()
    coin.levels = []
    coin.signals = [(1, 0, -1), (2, 1, 1), (3, 2, -1)]
    assert told(coin) == ["2 NO_SUPPORT", "3 SIGNAL_REVERSED"]


def test_a_bearish_row_already_followed_by_a_bullish_one_closes_nothing() -> None:
    coin = calm_coin()
    coin.signals = [(1, 0, -1), (2, 1, 1), (5, 2, -1), (5, 3, 1)]
    assert told(coin, 1, 6) == ["2 ENTRY", "3 BUY", "5 ALREADY_OPEN", "6 ALREADY_OPEN"]


def test_a_new_edge_replaces_a_waiting_candidate_as_a_reversal() -> None:
    coin = calm_coin()
    coin.levels = []
    coin.signals = [(1, 0, -1), (2, 1, 1), (4, 2, -1), (4, 3, 1)]
    assert told(coin) == [
        "2 NO_SUPPORT", "3 NO_SUPPORT", "4 SIGNAL_REVERSED", "4 NO_SUPPORT", "5 NO_SUPPORT",
        "6 NO_SUPPORT", "7 CANDIDATE_EXPIRED",
    ]  # fmt: skip


def stopped(signals: list[tuple[int, int, int]] | None = None) -> Coin:
    """Bought at hour 2, stopped in hour 3, so out in slot 4 with a cooldown until 10."""
    coin = bullish_from(calm_coin(), 2, 5)
    coin.signals += signals if signals is not None else [(n, n - 1, 1) for n in range(5, 30)]
    coin.bars[3] = ("100 100.5 97 100", "1000")
    return coin


START = ["2 ENTRY", "3 BUY", "4 SELL STOP"]


def test_a_synthetic_candidate_arises_once_per_exit() -> None:
    coin = stopped()
    coin.values_at = {6: [0.5, 30.0, float("nan")]}  # a smaller ATR leaves the supports too far
    told_so = told(coin, 1, 20, while_bullish=1)
    assert told_so == [
        *START, "10 STOP_TOO_FAR", "11 STOP_TOO_FAR", "12 STOP_TOO_FAR", "13 CANDIDATE_EXPIRED",
    ]  # fmt: skip


def test_a_synthetic_candidate_waits_for_a_bullish_trend() -> None:
    # Bearish when the cooldown ends: the turn to Bullish is then a real edge.
    coin = stopped([(n, n - 1, -1) for n in range(5, 12)] + [(12, 11, 1)])
    assert told(coin, 1, 14, while_bullish=1) == [*START, "12 ENTRY", "13 BUY"]


def test_a_real_edge_replaces_a_synthetic_candidate() -> None:
    coin = stopped([(n, n - 1, 1) for n in range(5, 11)] + [(11, 10, -1), (11, 10, 1)])
    coin.signals[-2:] = [(11, 10, -1), (12, 11, 1)]
    coin.levels = list(coin.levels)
    coin.values_at = {6: [0.5, 30.0, float("nan")]}
    assert told(coin, 1, 15, while_bullish=1) == [
        *START, "10 STOP_TOO_FAR", "11 SIGNAL_REVERSED", "12 STOP_TOO_FAR", "13 STOP_TOO_FAR",
        "14 STOP_TOO_FAR", "15 CANDIDATE_EXPIRED",
    ]  # fmt: skip


def test_a_real_edge_in_the_same_set_replaces_a_synthetic_candidate_in_place() -> None:
    coin = stopped([(n, n - 1, 1) for n in range(5, 10)] + [(11, 9, -1), (11, 10, 1)])
    coin.values_at = {6: [0.5, 30.0, float("nan")]}
    assert told(coin, 1, 14, while_bullish=1) == [
        *START, "10 STOP_TOO_FAR", "11 STOP_TOO_FAR", "12 STOP_TOO_FAR", "13 STOP_TOO_FAR",
        "14 CANDIDATE_EXPIRED",
    ]  # fmt: skip


def test_a_cooldown_after_another_exit_is_shorter() -> None:
    coin = bullish_from(calm_coin(), 2, 30)
    coin.bars[3] = ("100 105 99.5 100", "1000")
    assert told(coin, 1, 8, while_bullish=1)[2:] == ["4 SELL TARGET", "6 ENTRY", "7 BUY"]


def test_a_reversal_cancels_an_unfilled_entry_on_an_empty_bar() -> None:
    coin = bullish_from(calm_coin(), 2, 3)
    coin.signals.append((3, 2, -1))
    coin.bars.update(dict.fromkeys((2, 3), DEAD))
    assert told(coin, entry_ttl=9) == [
        "2 ENTRY", "3 EXIT ORDER SIGNAL_EXIT", "3 SIGNAL_REVERSED", "4 CANCEL SIGNAL_EXIT",
    ]  # fmt: skip


def test_a_reversal_cancels_an_unfilled_entry_on_a_missing_bar_when_it_counts_as_a_hole() -> None:
    coin = bullish_from(calm_coin(), 2, 3)
    coin.signals.append((3, 2, -1))
    coin.bars[2] = DEAD
    del coin.bars[3]
    # The hour that ends in slot 4 is declared a hole three slots later.
    assert told(coin, entry_ttl=9)[-1] == "7 CANCEL SIGNAL_EXIT"


def test_a_reversal_with_latency_sells_what_has_filled_by_then() -> None:
    coin = bullish_from(calm_coin(), 2, 3)
    coin.signals.append((3, 2, -1))
    # Decided in slot 2, the entry fills at hour 3; decided in slot 3, the exit acts at hour 4.
    assert told(coin, latency=120_000) == [
        "2 ENTRY", "3 EXIT ORDER SIGNAL_EXIT", "3 SIGNAL_REVERSED", "4 BUY", "5 SELL SIGNAL_EXIT",
    ]  # fmt: skip


def test_a_time_stop_counts_missing_bars() -> None:
    coin = bullish_from(calm_coin(), 2, 30)
    for hour in (4, 5, 6):
        del coin.bars[hour]
    # Bought at hour 2: five hours held in slot 7, whatever bars there were.
    told_so = told(coin, 1, 12, max_hold=5 * HOUR)
    assert told_so[2] == "7 EXIT ORDER TIME_STOP"
    assert told_so[3].endswith("SELL TIME_STOP")


def test_an_exit_on_bearish_has_precedence_over_the_time_stop() -> None:
    coin = bullish_from(calm_coin(), 2, 7)
    coin.signals.append((7, 6, -1))
    assert told(coin, 1, 9, max_hold=5 * HOUR)[2:] == [
        "7 EXIT ORDER SIGNAL_EXIT", "8 SELL SIGNAL_EXIT",
    ]  # fmt: skip


def test_outside_the_universe_an_edge_is_used_up_and_positions_go_on() -> None:
    coin = bullish_from(calm_coin(), 2, 30)
    coin.cells_at = {0: {at.C_UNIVERSE: 0}, 4: {at.C_UNIVERSE: 1}}
    assert told(coin) == []
    coin = bullish_from(calm_coin(), 2, 5)
    coin.signals.append((5, 4, -1))
    coin.cells_at = {3: {at.C_UNIVERSE: 0}}
    assert told(coin)[-1] == "6 SELL SIGNAL_EXIT"
