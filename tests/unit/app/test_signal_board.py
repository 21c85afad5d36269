"""The scoreboard over small records whose outcomes are known by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bot.app.judged_run import JudgedRun
from bot.app.level_board import LevelWatch, judge_levels
from bot.app.machine import Machine
from bot.app.price_panel import FALLING, RISING, UNKNOWN, price_panel
from bot.app.replay import replay
from bot.app.signal_board import round_trip_cost, signal_document
from bot.app.signal_scan import BEARISH, BULLISH, scan_signals
from bot.domain.bar_table import history_of
from bot.domain.instants import DAY, HOUR
from bot.domain.values import Bar, Grade, Record, Signal
from bot.market.inputs import slots_between
from tests.support.records import bar, call, levels, token, vector_strategy, when

START = when("09 00:00")
HOURS = 24 * 6
PERIOD = 12  # hours of one trend
OPTIONS = 'latency = "0s"'


def signals(token_id: int, shift: int = 0) -> list[Signal]:
    """Half a day Bearish, half a day Bullish, and so on."""
    return [
        call(START + n * HOUR, 1 if (n + shift) // PERIOD % 2 else -1, token_id=token_id)
        for n in range(HOURS)
    ]


def prices(token_id: int, rises: bool) -> list[Bar]:  # noqa: FBT001  which of two markets
    """One percent up an hour while Bullish and down while Bearish, or flat."""
    price, found = Decimal(1000), []
    for n in range(HOURS):
        # The signal of hour n is known at n + 1 and traded at the open of n + 1.
        up = (n - 1) // PERIOD % 2 == 1
        after = price * (Decimal("1.01") if up else 1 / Decimal("1.01")) if rises else price
        after = after.quantize(Decimal("0.01"))
        low, high = min(price, after), max(price, after)
        found.append(bar(START + n * HOUR, f"{price} {high} {low} {after}", token_id=token_id))
        price = after
    return found


def run_of(record: Record, extra: str = "") -> JudgedRun:
    loaded = vector_strategy(f"{OPTIONS}\n{extra}")
    history = history_of(record)
    slots = slots_between(START + HOUR, START + HOURS * HOUR, loaded.strategy.settle)
    decisions = [d for slot in replay(loaded, history, slots).busy for d in slot.decisions]
    return JudgedRun(
        loaded=loaded, history=history, slots=slots, decisions=decisions, machine=Machine()
    )  # fmt: skip


@pytest.fixture(scope="module")
def run() -> JudgedRun:
    return run_of(
        Record(
            tokens=[token(1, sector="a"), token(2, sector="b"), token(3, sector="b")],
            bars=[*prices(1, rises=True), *prices(2, rises=False), *prices(3, rises=True)],
            signals=[*signals(1), *signals(2), *signals(3)],
            grades=[Grade(token_id=1, valid_time=START + n * DAY, tm_grade=80.0,
                          available_at=START + n * DAY) for n in range(6)],
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def document(run: JudgedRun) -> Any:
    return signal_document(run)


def figure(document: Any, name: str, h: int, direction: str = "bullish") -> Any:
    (group,) = [g for g in document["groups"] if (g["name"], g["direction"]) == (name, direction)]
    return next(row for row in group["horizons"] if row["h"] == h)


def test_every_turn_is_one_edge_and_the_first_sight_is_none(run: JudgedRun) -> None:
    scan = scan_signals(run, lambda piece: None)
    bullish = [edge for edge in scan.edges if edge.direction == BULLISH]
    bearish = [edge for edge in scan.edges if edge.direction == BEARISH]
    assert [edge.slot for edge in bullish if edge.token == 0] == [
        START + (12 + 24 * n + 1) * HOUR for n in range(6)
    ]
    assert len(bearish) == 3 * 5
    assert scan.left_out == {"COLD_START": 3}


def test_a_trend_whose_signals_have_stopped_is_unknown() -> None:
    record = Record(tokens=[token()], bars=prices(1, rises=True), signals=signals(1)[:40])
    trends = scan_signals(run_of(record), lambda piece: None).trends[:, 0].tolist()
    # The row of hour 39 ends at 40 and is stale from 43 on; slots begin with hour 1.
    assert trends[37:43] == [1, 1, 1, 1, 1, 0]
    assert set(trends[42:]) == {0}


def test_the_edges_are_those_that_the_strategy_itself_saw(run: JudgedRun) -> None:
    scan = scan_signals(run, lambda piece: None)
    seen = {(d.token_id, d.edge_time) for d in run.decisions}
    bullish = [edge for edge in scan.edges if edge.direction == BULLISH]
    assert {(scan.token_ids[e.token], e.edge_time) for e in bullish} == seen


def test_a_token_that_follows_its_signal_hits_and_one_that_stands_still_does_not(
    document: Any,
) -> None:
    moving, still = figure(document, "T1", 4), figure(document, "T2", 4)
    assert (moving["hits"], moving["n"]) == (6, 6)
    assert moving["mean"] == pytest.approx(1.01**4 - 1, abs=1e-4)
    assert (still["hits"], still["mean"]) == (0, 0.0)


def test_the_base_rate_is_of_all_hours_of_the_same_tokens(document: Any) -> None:
    # Of 24 hours 12 are Bullish; the price 1 h later is up after those, down after the others.
    assert figure(document, "T1", 1)["base_rate"] == pytest.approx(0.5, abs=0.05)
    assert figure(document, "T2", 1)["base_rate"] == 0.0
    both = figure(document, "b", 1)
    assert both["base_rate"] == pytest.approx(0.25, abs=0.03)


def test_a_full_cycle_later_nothing_is_left_of_the_move(document: Any) -> None:
    assert figure(document, "T1", 24)["mean"] == pytest.approx(0.0, abs=1e-4)
    assert figure(document, "T1", 24)["hits"] == 0


def test_after_bearish_a_hit_is_a_fall(document: Any) -> None:
    found = figure(document, "all", 4, "bearish")
    assert (found["hits"], found["n"]) == (10, 15)


def test_edges_whose_later_price_is_beyond_the_run_are_left_out(document: Any) -> None:
    assert figure(document, "T1", 72)["edges"] == 6
    assert figure(document, "T1", 72)["n"] == 3


def test_fewer_than_thirty_carry_no_verdict(document: Any) -> None:
    rows = [row for group in document["groups"] for row in group["horizons"]]
    assert {row["verdict"] for row in rows} == {"too few"}


def test_entered_and_not_entered_are_all(document: Any) -> None:
    entered, others = figure(document, "entered", 1), figure(document, "not entered", 1)
    assert entered["n"] + others["n"] == figure(document, "all", 1)["n"]


def test_a_grade_is_calibrated_against_what_came(document: Any) -> None:
    found = {row["h"]: row for row in document["calibration"] if row["of"] == "grade"}
    # 0.8 said, and it came true each time, then never.
    assert found[4]["score"] == pytest.approx(0.04)
    assert found[24]["score"] == pytest.approx(0.64)
    assert found[4]["skill"] is None


def test_tokens_that_all_say_the_same_have_no_coefficient(document: Any) -> None:
    assert {row["n"] for row in document["coefficients"] if row["of"] == "trend"} == {0}


def test_a_preferred_token_that_rises_more_has_a_positive_coefficient() -> None:
    record = Record(
        tokens=[token(n) for n in (1, 2, 3)],
        bars=[*prices(1, rises=True), *prices(2, rises=False), *prices(3, rises=False)],
        signals=[*signals(1), *signals(2, 12), *signals(3, 12)],
    )
    found = signal_document(run_of(record))["coefficients"]
    assert found[0]["n"] > 100
    assert found[0]["mean"] > 0.9


def test_a_round_trip_pays_both_spreads_and_both_fees() -> None:
    strategy = vector_strategy().strategy
    assert round_trip_cost(strategy) == pytest.approx(1.0005 * 1.001 / (0.9995 * 0.999) - 1.0)


def test_the_regime_is_known_from_closes_before_the_slot() -> None:
    loaded = vector_strategy(OPTIONS)
    rows = [bar(START + n * HOUR, "100 100 100 100") for n in range(720)]
    rows += [bar(START + (720 + n) * HOUR, "100 120 100 120") for n in range(48)]
    rows += [bar(START + (768 + n) * HOUR, "120 120 80 80") for n in range(48)]
    slots = slots_between(START + HOUR, START + 816 * HOUR, loaded.strategy.settle)
    found = price_panel(history_of(Record(bars=rows)), [1], slots).regimes.tolist()
    assert set(found[:719]) == {UNKNOWN}
    # The slot at hour 721 is the first to know a bar 30 days after the first one.
    assert (found[719], found[720], found[767], found[768]) == (UNKNOWN, RISING, RISING, FALLING)


def level_run(seen: int) -> JudgedRun:
    """A price that falls to 100 and turns there on the 11th, and a level list of some instant."""
    rows = [bar(START + n * HOUR, "103 103 103 103") for n in range(60)]
    rows += [bar(START + 60 * HOUR, "103 103 100.02 100.3")]
    rows += [bar(START + n * HOUR, "101.5 102 101.2 101.5") for n in range(61, HOURS)]
    record = Record(
        tokens=[token()], bars=rows, signals=signals(1), levels=[levels(seen, [("100", 3.0)])]
    )
    return run_of(record, 'levels_stale = "30d"')


def judged_levels(run: JudgedRun) -> list[str]:
    watch = LevelWatch(run.loaded.strategy)
    scan_signals(run, watch.see)
    return [one.episode.result for one in judge_levels(watch, run)]


def test_q6_a_level_is_judged_from_the_snapshot_stored_before_the_episode() -> None:
    assert judged_levels(level_run(when("10 12:00"))) == ["HOLD"]


def test_q6_a_level_first_seen_on_the_day_of_its_episode_is_not_judged_by_it() -> None:
    assert judged_levels(level_run(when("11 06:00"))) == []
