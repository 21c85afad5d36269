"""The robustness table: each row is the run that a person would get by changing the file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.app.replay import Replay, replay
from bot.app.tally import EQUITY
from bot.app.variations import Result, verdict
from bot.domain.bar_table import history_of
from bot.domain.instants import HOUR
from bot.market.strategy import Strategy
from tests.support.random_records import Case, case
from tests.support.records import bar, edge_record, vector_strategy, when
from tests.support.replays import replay as replay_both


def run(of: Case, **changes: object) -> Replay:
    strategy: Strategy = replace(of.loaded.strategy, **changes)  # type: ignore[arg-type]
    loaded = replace(of.loaded, strategy=strategy)
    return replay(loaded, history_of(of.record), of.slots)


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("times", [0, 2])
def test_a_row_of_other_costs_is_the_run_with_these_costs_in_the_file(
    seed: int, times: int
) -> None:
    given = case(seed)
    s = given.loaded.strategy
    impact = s.impact * times if s.impact is not None and times else None
    named = run(given, k=s.k * times, taker=s.taker * times, maker=s.maker * times, impact=impact)
    row = run(given).variations[f"costs x{times}"]
    assert np.array_equal(row.marks(), named.tally.marks())
    assert np.array_equal(row.closed(), named.tally.closed())


def test_a_row_of_latency_is_the_run_with_an_hour_more_where_no_snapshot_ages() -> None:
    record = edge_record()
    loaded = vector_strategy()
    found = replay_both(loaded, record).bulk.variations["one bar of latency"]
    later = vector_strategy(f'latency = "{120 + 3600}s"')
    assert np.array_equal(found.marks(), replay_both(later, record).bulk.tally.marks())


def both_in_one_bar() -> Replay:
    record = edge_record()
    record.bars = [
        row if row.open_time != when("16:00") else bar(row.open_time, "100 111 90 100")
        for row in record.bars
    ]
    return replay_both(vector_strategy(), record).bulk


def test_a_bar_with_stop_and_target_is_counted_and_the_other_order_shown() -> None:
    found = both_in_one_bar()
    assert found.exits() == {"STOP": 1}
    assert found.ambiguous_bars == 1
    rows = {row.name: row for row in found.robustness()}
    assert rows["as configured"].total_return < 0 < rows["target first in a bar"].total_return
    words = verdict(rows["as configured"], [rows["target first in a bar"]])
    assert words == (
        "The sign of the result changes with: target first in a bar. "
        "Hourly bars cannot judge this strategy."
    )


def test_a_result_that_keeps_its_sign_has_no_verdict() -> None:
    assert verdict(Result("a", 0.1, 3), [Result("b", 0.2, 1), Result("c", 0.01, 9)]) == ""


@pytest.mark.parametrize("base", [0.1, -0.1])
def test_a_row_without_a_result_changes_no_sign(base: float) -> None:
    assert verdict(Result("a", base, 3), [Result("first half", 0.0, 0)]) == ""


def test_a_run_without_a_result_has_no_sign_to_change() -> None:
    assert verdict(Result("a", 0.0, 0), [Result("b", 0.2, 1), Result("c", -0.2, 1)]) == ""


def test_the_two_halves_together_are_the_run() -> None:
    found = run(case(2))
    rows = {row.name: row for row in found.robustness()}
    first, second = rows["first half"], rows["second half"]
    whole = (1 + first.total_return) * (1 + second.total_return) - 1
    assert whole == pytest.approx(rows["as configured"].total_return, abs=1e-12)
    assert first.trades + second.trades == rows["as configured"].trades
    assert int(found.tally.marks()[-1, EQUITY]) > 0
    assert found.slots[1].slot - found.slots[0].slot == HOUR
