"""What refused candidates would have earned: the engine's own end of their brackets."""

from __future__ import annotations

from typing import Any

import pytest

from bot.app.gate_ledger import Candidate, Followed, follow_all, gate_document, verdict
from bot.app.judged_run import JudgedRun
from bot.app.machine import Machine
from bot.app.replay import replay
from bot.app.shadow import Outcome
from bot.domain.bar_table import history_of
from bot.domain.instants import DAY, HOUR, WEEK
from bot.domain.values import Record
from bot.market.inputs import slots_between
from tests.support.records import (
    bar,
    call,
    edge_record,
    levels,
    token,
    vector_strategy,
    when,
)

FIRST, LAST = when("09 01:00"), when("11 00:00")
TO_TARGET = {when("15:00"): "100 105 99.9 104"}
TO_STOP = {when("16:00"): "99 99.5 96 96.5"}
GAP = {when("13:00"): "96 97 95 96", when("14:00"): "96 97 95 96"}


def record(changed: dict[int, str]) -> Record:
    """The edge record with some bars replaced."""
    found = edge_record()
    found.bars = [bar(b.open_time, changed[b.open_time]) if b.open_time in changed else b
                  for b in found.bars]  # fmt: skip
    # Bullish to the end, so that only stop, target or time close what is open.
    found.signals += [call(when("12:00") + n * HOUR, 1) for n in range(1, 12)]
    return found


def judged(given: Record, extra: str = "") -> JudgedRun:
    loaded = vector_strategy(f'{extra}\nlatency = "0s"')
    history = history_of(given)
    slots = slots_between(FIRST, LAST, loaded.strategy.settle)
    decisions = [d for slot in replay(loaded, history, slots).busy for d in slot.decisions]
    return JudgedRun(
        loaded=loaded, history=history, slots=slots, decisions=decisions, machine=Machine()
    )  # fmt: skip


def followed(run: JudgedRun) -> list[Followed]:
    return follow_all(run.loaded, run.history, run.slots, run.decisions, run.machine)


def document(run: JudgedRun) -> Any:
    return gate_document(run.loaded, run.slots, followed(run))


def trade_r(given: Record, extra: str = "") -> float:
    """R of the one trade that the same record makes where nothing refuses it."""
    loaded = vector_strategy(f'{extra}\nlatency = "0s"')
    history = history_of(given)
    slots = slots_between(FIRST, LAST, loaded.strategy.settle)
    (trade,) = [t for slot in replay(loaded, history, slots).busy for t in slot.trades]
    return trade.realised / trade.risk


@pytest.mark.parametrize(("changed", "reason"), [(TO_TARGET, "TARGET"), (TO_STOP, "STOP")])
def test_a_refused_candidate_earns_what_it_earns_with_the_gate_off(
    changed: dict[int, str], reason: str
) -> None:
    given = record(changed)
    (one,) = followed(judged(given, "sharpe_min = 2\nsharpe_leave = 2"))
    assert one.candidate.failed == ("SHARPE_LOW",)
    assert not one.candidate.entered
    assert one.outcome is not None
    assert one.outcome.reason == reason
    assert one.outcome.r == pytest.approx(trade_r(given), rel=1e-12)


def test_a_candidate_refused_for_its_ratio_is_followed_without_that_rule() -> None:
    given = record(TO_TARGET)
    (one,) = followed(judged(given, "min_rr = 1.5"))
    assert one.candidate.failed == ("RR_BELOW_MIN",)
    assert one.outcome is not None
    assert one.outcome.r == pytest.approx(trade_r(given), rel=1e-12)


def test_three_slots_of_one_candidate_are_one_observation() -> None:
    run = judged(record(TO_TARGET), "sharpe_min = 2\nsharpe_leave = 2")
    assert sum(d.reason == "SHARPE_LOW" for d in run.decisions) == 3
    assert document(run)["refused"]["candidates"] == 1


def test_what_enters_later_in_its_life_is_not_among_the_refused() -> None:
    given = record(TO_TARGET)
    given.levels[:] = [levels(when("13:30"))]
    found = document(judged(given))
    assert (found["entered"]["candidates"], found["refused"]["candidates"]) == (1, 0)


def test_a_candidate_without_a_bracket_is_counted_and_has_no_result() -> None:
    given = record(TO_TARGET)
    given.levels[:] = [levels(when("09 05:40"), [("97.5", 4.0)])]
    (rule,) = document(judged(given))["first_reason"]
    assert rule["rule"] == "NO_RESISTANCE"
    assert (rule["candidates"], rule["no_bracket"], rule["n"], rule["mean_r"]) == (1, 1, 0, None)


def test_an_entry_that_its_fill_refuses_is_no_result_either() -> None:
    run = judged(record(GAP), "sharpe_min = 2\nsharpe_leave = 2")
    (one,) = followed(run)
    assert one.outcome is not None
    assert (one.outcome.fate, one.outcome.reason) == ("unfilled", "STOP_BREACHED_BEFORE_FILL")
    assert document(run)["refused"]["not_filled"] == 1


def test_a_bracket_that_the_record_does_not_end_is_open() -> None:
    (one,) = followed(judged(record({}), "sharpe_min = 2\nsharpe_leave = 2"))
    assert one.outcome is not None
    assert one.outcome.fate == "open"


def test_gates_that_fail_together_count_for_the_first_and_for_none_alone() -> None:
    extra = "sharpe_min = 2\nsharpe_leave = 2\nmdd_max = 0.2\nmdd_leave = 0.2"
    found = document(judged(record(TO_TARGET), extra))
    first = {row["rule"]: (row["candidates"], row["any"]) for row in found["first_reason"]}
    assert first == {"SHARPE_LOW": (1, 1), "DRAWDOWN_HIGH": (0, 1)}
    assert all(row["candidates"] == 0 for row in found["only_reason"])


def test_a_turn_to_bearish_ends_a_bracket_in_shadow() -> None:
    given = record({})
    given.signals.append(call(when("18:00"), -1))
    given.signals = [s for s in given.signals if s.valid_time <= when("18:00")]
    given.signals = [s for s in given.signals if s.valid_time < when("18:00") or s.signal == "-1"]
    (one,) = followed(judged(given, "sharpe_min = 2\nsharpe_leave = 2"))
    assert one.outcome is not None
    assert (one.outcome.fate, one.outcome.reason) == ("closed", "SIGNAL_EXIT")


@pytest.mark.parametrize("hour", [12, 13, 14, 15, 16])
def test_a_bracket_goes_on_where_the_run_is_cut_into_pieces(hour: int) -> None:
    gate = "sharpe_min = 2\nsharpe_leave = 2"
    given = record(TO_STOP)
    whole = followed(judged(given, gate))
    # A token that changes its sector cuts the run in two: nothing else hangs on it here.
    given.tokens.append(token(sector="other", available_at=when(f"{hour}:00")))
    assert followed(judged(given, gate)) == whole


def test_a_late_bearish_row_ends_no_bracket_in_shadow() -> None:
    given = edge_record()
    given.signals = [row for row in given.signals if row.valid_time != when("10:00")]
    given.signals.append(call(when("10:00"), -1, when("14:01")))
    (one,) = followed(judged(given, "sharpe_min = 2\nsharpe_leave = 2"))
    assert one.outcome is not None
    assert one.outcome.fate == "open"


def test_entered_candidates_come_to_the_same_in_shadow_as_in_the_account() -> None:
    given = record(TO_TARGET)
    (one,) = followed(judged(given))
    assert one.candidate.entered
    assert one.outcome is not None
    assert one.outcome.r == pytest.approx(trade_r(given), rel=1e-12)


def test_few_results_carry_no_verdict() -> None:
    assert verdict(-0.5, None) == "too few"
    assert verdict(-0.5, 0.05) == "pays"
    assert verdict(0.5, 0.05) == "costs"
    assert verdict(-0.5, 0.051) == "unclear"


def lost(rule: str, mean: float, weeks: int = 20) -> list[Followed]:
    """Two results a week, of this mean and a spread of 0.8, of candidates that a rule refused."""
    return [
        Followed(
            candidate=Candidate(
                token_id=1, kind="edge", slot=FIRST + (3 * n + day) * DAY + week * WEEK,
                failed=(rule,), entered=False, bracket=None,
            ),
            outcome=Outcome(fate="closed", r=mean + 0.8 * (-1) ** (week // 2 + week)),
        )
        for week in range(weeks) for n, day in ((0, 0), (1, 1))
    ]  # fmt: skip


def test_a_rule_that_looks_good_alone_is_unclear_among_many() -> None:
    """Its interval is the same; what it is called answers for how many were asked."""
    run = judged(edge_record())
    slots = slots_between(FIRST, FIRST + 20 * WEEK, run.loaded.strategy.settle)
    good = lost("SHARPE_LOW", -0.3)
    alone = gate_document(run.loaded, slots, good)["first_reason"][0]
    assert alone["high"] < 0.0
    assert alone["verdict"] == "pays"
    others = ("DRAWDOWN_HIGH", "VOLATILITY_HIGH", "RR_BELOW_MIN", "METRIC_MISSING")
    found = gate_document(
        run.loaded, slots, [*good, *(one for name in others for one in lost(name, 0.0))]
    )
    among = next(row for row in found["first_reason"] if row["rule"] == "SHARPE_LOW")
    assert found["compared"] == 10  # five rules, in both tables
    assert among["p_adjusted"] == pytest.approx(10 * among["p"])
    assert (among["low"], among["high"]) == (alone["low"], alone["high"])
    assert among["verdict"] == "unclear"
