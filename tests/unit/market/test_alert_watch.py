"""Alerts slot by slot: crossings, turns and levels, armed again and throttled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.instants import HOUR, parse_instant
from bot.market.alert_memory import Memory
from bot.market.alert_rules import Alert
from bot.market.alert_watch import LevelSeen, Sight, watch
from bot.market.level_episode import Candle, Episode, follow, is_rearmed, whole_price
from bot.market.parameter_groups import StrategyFaults

T0 = parse_instant("2025-05-10")
TICK = whole_price("0.01")
SEEN = Sight(token_id=7, symbol="BTC", in_universe=True, numbers={})


def candle(hour: int, high: str, low: str, close: str) -> Candle:
    return Candle(T0 + hour * HOUR, *map(whole_price, (high, low, close)))


def told(alert: Alert, sights: Sequence[Sight], memory: Memory | None = None) -> list[str]:
    """The events of consecutive slots as `slot event`; the memory goes through its text."""
    kept = memory or Memory()
    found = []
    for n, sight in enumerate(sights):
        for event in watch([alert], kept, [sight], T0 + n * HOUR, 2500):
            found.append(f"{n} {event.facts['event']}" + (f" +{event.kept}" if event.kept else ""))
        kept = Memory.from_text(kept.to_text())
    return found


def column(**limits: Any) -> Alert:
    return Alert(name="a", on="column", column="sharpe", **{"throttle": 0, **limits})


def values(*numbers: float) -> list[Sight]:
    return [replace(SEEN, numbers={"sharpe": number}) for number in numbers]


@pytest.mark.parametrize(
    ("limits", "numbers", "expected"),
    [
        ({"above": Decimal("1.5")}, (1.4, 1.5, 1.6, 1.4, 1.6), ["1 above", "4 above"]),
        ({"below": Decimal("0")}, (1, 0, -1, 0.1, -1), ["1 below", "4 below"]),
        # First seen beyond the limit: nothing was crossed.
        ({"above": Decimal("1.5")}, (2, 3, 1, 2), ["3 above"]),
        # Inside the band it stays told; at its far end it is armed again.
        (
            {"above": Decimal("1.5"), "hysteresis": Decimal("0.2")},
            (1, 1.5, 1.4, 1.5, 1.3, 1.5),
            ["1 above", "5 above"],
        ),
        ({"above": Decimal("1.5"), "hysteresis": Decimal("0.2")}, (1.4, 1.5), ["1 above"]),
        # A number that is missing is on neither side.
        ({"above": Decimal("1.5")}, (1, math.nan, 2), ["2 above"]),
        ({"above": Decimal(2), "below": Decimal(1)}, (1.5, 2, 1, 2), [
            "1 above", "2 below", "3 above"]),
    ],
)  # fmt: skip
def test_a_column_is_told_when_it_crosses(
    limits: dict[str, Any], numbers: tuple[float, ...], expected: list[str]
) -> None:
    assert told(column(**limits), values(*numbers)) == expected


def test_the_throttle_keeps_messages_back_and_counts_them() -> None:
    alert = column(above=Decimal(1), throttle=3 * HOUR)
    assert told(alert, values(0, 1, 0, 1, 0, 1)) == ["1 above", "5 above +1"]


def test_only_a_turn_of_a_known_trend_is_told() -> None:
    sights = [replace(SEEN, trend=pair) for pair in ((0, 1), (1, 1), (1, -1), (-1, -1), (-1, 1))]
    alert = Alert(name="a", on="signal", throttle=0)
    assert told(alert, sights) == ["2 bearish", "4 bullish"]
    assert told(replace(alert, signal="bullish"), sights) == ["4 bullish"]


def test_tokens_are_those_of_the_universe_or_those_that_are_named() -> None:
    outside = [replace(sight, in_universe=False) for sight in values(0, 1)]
    alert = column(above=Decimal(1))
    assert told(alert, outside) == []
    assert told(replace(alert, symbols=("btc",)), outside) == ["1 above"]
    assert told(replace(alert, token_ids=(7,)), outside) == ["1 above"]
    assert told(replace(alert, token_ids=(8,)), values(0, 1)) == []


# Semantics Q5: support 100; high, low, close of each bar, and what becomes of it.
VECTOR = (("101.5", "100.9", "101"), ("101", "100.4", "100.6"), ("100.8", "100.03", "100.4"))
LEVEL = Alert(name="a", on="level", throttle=0)


@pytest.mark.parametrize(
    ("last", "end", "events"),
    [(("101.2", "100.2", "101.05"), "held", ()),
     (("101.2", "99.7", "99.75"), "broken", ("breakout",)),
     (("101.2", "99.7", "99.8"), "", ())],
)  # fmt: skip
@pytest.mark.parametrize("side", ["support", "resistance"])
def test_a_level_is_approached_touched_and_held_or_broken(
    side: str, last: tuple[str, str, str], end: str, events: tuple[str, ...]
) -> None:
    episode = Episode("100", side)
    phases, found = [], []
    for n, bar in enumerate((*VECTOR, last)):
        high, low, close = bar if side == "support" else mirrored(bar)
        turn = follow(episode, candle(n, high, low, close), TICK, LEVEL)
        episode = turn.episode
        phases.append(episode.phase)
        found.append(turn.events)
    assert phases[:3] == ["armed", "approached", "touched"]
    assert found == [(), ("approach",), ("touch",), events]
    assert turn.end == end


def mirrored(bar: tuple[str, str, str]) -> tuple[str, str, str]:
    """The same bar on the other side of 100."""
    high, low, close = (str(200 - Decimal(price)) for price in bar)
    return low, high, close


def test_an_approach_without_a_touch_turns_or_times_out() -> None:
    near = follow(Episode("100", "support"), candle(0, "101", "100.4", "100.6"), TICK, LEVEL)
    back = follow(near.episode, candle(1, "102", "100.7", "101"), TICK, LEVEL)
    assert (back.events, back.end) == ((), "turned")
    turn = near
    for hour in range(1, 25):
        assert turn.end == ""
        turn = follow(turn.episode, candle(hour, "100.8", "100.4", "100.6"), TICK, LEVEL)
    assert turn.end == "timed_out"


def test_a_level_that_is_over_is_quiet_until_a_close_is_farther_than_rearm() -> None:
    over = Episode("100", "support", "over", 3)
    assert follow(over, candle(0, "101", "99", "100"), TICK, LEVEL).events == ()
    assert not is_rearmed(over, whole_price("101"), LEVEL)
    assert is_rearmed(over, whole_price("101.01"), LEVEL)
    assert is_rearmed(over, whole_price("98.99"), LEVEL)


def seen(hour: int, bar: tuple[str, str, str], *book: str) -> Sight:
    """A slot that knows one more bar, and a book of these prices."""
    levels = tuple(LevelSeen(price, 0) for price in book)
    return replace(SEEN, bars=(candle(hour, *bar),), close=bar[2], tick=TICK, book=levels)


def test_a_level_is_held_only_against_bars_after_the_slot_that_knew_it() -> None:
    far, near = ("103", "102", "102.5"), ("101.2", "100.2", "101.5")
    # The book with 100 comes with the bar that approaches it: too late for that bar.
    assert told(LEVEL, [seen(0, far), seen(1, near, "100")]) == []
    assert told(LEVEL, [seen(0, far, "100"), seen(1, near, "100")]) == ["1 approach"]


def test_the_nearest_level_on_each_side_is_watched_unless_the_close_is_near_it() -> None:
    sights = [
        seen(0, ("103", "102", "102"), "90", "100", "105"),
        seen(1, ("104.9", "100.4", "102"), "90", "100", "105"),
    ]
    both = ["1 approach", "1 approach", "1 touch"]
    assert told(replace(LEVEL, touch=1000), sights) == both
    assert told(replace(LEVEL, side="support"), sights) == ["1 approach"]
    assert told(replace(LEVEL, min_strength=Decimal(1)), sights) == []
    # First seen with the price beside it: it did not come near.
    begun = [seen(0, ("101", "100", "100.4"), "100"), seen(1, ("101", "100", "100.4"), "100")]
    assert told(LEVEL, begun) == []


def test_a_level_that_moves_by_less_than_the_merge_width_is_told_once() -> None:
    bar = ("101", "100.2", "100.8")
    sights = [seen(0, ("103", "102", "102"), "100"), seen(1, bar, "100"), seen(2, bar, "100.1")]
    assert told(LEVEL, sights) == ["1 approach"]


def test_bars_seen_before_are_not_looked_at_again() -> None:
    bar = ("101", "100.2", "101.2")
    first = seen(0, ("103", "102", "102"), "100")
    twice = replace(seen(1, bar, "100"), bars=(candle(0, "103", "99", "102"), candle(1, *bar)))
    assert told(LEVEL, [first, twice]) == ["1 approach"]


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"on": "column"}, "column"),
        ({"on": "column", "column": "sharpe"}, "column"),
        ({"on": "signal", "above": Decimal(1)}, "above"),
        ({"on": "column", "column": "sharpe", "above": Decimal(1), "below": Decimal(1)}, "below"),
        ({"on": "level", "events": ()}, "events"),
        ({"on": "level", "touch": 6000}, "touch"),
        ({"on": "level", "rearm": 5000}, "rearm"),
    ],
)
def test_an_alert_that_could_tell_nothing_or_too_much_is_refused(
    given: dict[str, Any], key: str
) -> None:
    with pytest.raises(StrategyFaults) as problem:
        Alert(name="a", **given)
    assert problem.value.found[0].path == (key,)
