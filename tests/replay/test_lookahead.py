"""Look-ahead proof: an honest run passes, and a leak of a single hour makes it fail (T14)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from bot.app.lookahead import Cuts, Proof, bulk_market, first_record_change, prove
from bot.app.machine import Machine
from bot.app.replay import history_slots, replay
from bot.app.strategy_files import LoadedStrategy
from bot.app.sweep import SeesSlots
from bot.domain.bar_table import History, history_of
from bot.domain.errors import UsageError
from bot.domain.instants import DAY, HOUR, parse_instant
from bot.domain.values import Bar, Record, Slot
from bot.engine import layout as at
from bot.engine.tables import Buffers, Inputs, Output, Rules, State, run_slots
from bot.engine.types import FloatArray, Ints, Row
from bot.market.bulk.row_columns import Loops
from bot.market.inputs import MarketSlice
from bot.market.rules import ColumnPlan
from bot.market.truncation import known_by
from bot.report.lookahead_text import lookahead_lines
from tests.support import random_records
from tests.support.compiled_loop import kept_loops
from tests.support.random_records import Case, case
from tests.support.records import load

# Everything local, and loose enough that a few months bring orders; books need 180 days of bars.
STRATEGY = """
name = "local"
signals = "local"
levels = "local"
volume_unit = "base"
sharpe_column = "sharpe_30d"
sharpe_min = -50
mdd_column = "mdd_30d"
mdd_max = 0.9
sortino_column = "sortino_30d"
stop_min_strength = 0
target_min_strength = 0
strong = "off"
stop_max_pct = 0.5
stop_max_atr = 50
target_fallback = 1
min_rr = 0.1
"""
START = parse_instant("2024-01-01T00:00:00Z")
DAYS = 188
CUTS = Cuts(count=4, seed=3)


@cache
def strategy() -> LoadedStrategy:
    return load(STRATEGY)


@cache
def history() -> History:
    """Two tokens with swings, so that trends turn and pivots stand apart."""
    bars: list[Bar] = []
    for token_id in (1, 2):
        rng = Random(token_id)
        price = 1000.0 * token_id
        for hour in range(DAYS * 24):
            swing = 0.004 * np.sin(hour / 37.0 + token_id)
            opened, price = price, price * (1.0 + swing + rng.gauss(0.0, 0.006))
            high = max(opened, price) * (1.0 + abs(rng.gauss(0.0, 0.003)))
            low = min(opened, price) * (1.0 - abs(rng.gauss(0.0, 0.003)))
            o, h, lo, c = (Decimal(f"{p:.2f}") for p in (opened, high, low, price))
            bars.append(
                Bar(
                    token_id=token_id, open_time=START + hour * HOUR, open=o, high=max(h, o, c),
                    low=min(lo, o, c), close=c, volume=Decimal(rng.randrange(500, 5000)),
                )
            )  # fmt: skip
    return history_of(Record(bars=bars))


def last_days() -> list[Slot]:
    """The slots of the days in which books are there."""
    first = START + (DAYS - 7) * DAY
    return [slot for slot in history_slots(history(), strategy().strategy.settle)
            if slot.slot >= first]  # fmt: skip


@pytest.fixture(scope="module")
def loops(machine_cache: Path) -> Loops:
    return kept_loops(machine_cache)


def proof(loops: Loops, market: Callable[..., SeesSlots] = bulk_market) -> Proof:
    return prove(strategy(), history(), last_days(), Machine(loops=loops), CUTS, market)


def test_a_strategy_on_local_columns_reads_nothing_ahead(loops: Loops) -> None:
    machine = Machine(loops=loops)
    found = proof(loops)
    plain = replay(strategy(), history(), last_days(), machine)
    assert found.ok
    assert len(found.cuts) == CUTS.count
    assert found.ledger_sha256 == plain.ledger_sha256
    assert any(slot.fills for slot in plain.busy)
    assert any(slot.decisions for slot in plain.busy)


@pytest.mark.parametrize("seed", range(4))
def test_an_untidy_record_is_read_slot_by_slot_and_nothing_ahead(seed: int) -> None:
    given = case(seed)
    found = prove(given.loaded, history_of(given.record), given.slots, Machine(), Cuts(count=4))
    assert found.first_difference is None
    assert found.ledger_sha256 == given.replay().ledger_sha256


def test_a_history_is_cut_to_the_rows_that_could_be_known() -> None:
    given: Case = case(2)
    instant = given.slots[60].as_of
    cut = known_by(history_of(given.record), instant, given.lags)
    expected = random_records.known_by(given.record, instant, given.lags)
    whole = Record(
        **{name: getattr(cut.rest, name)
           for name in ("tokens", "signals", "metrics", "levels", "grades")},
        bars=[bar for table in cut.tables for bar in table.bars()] + cut.rest.bars,
    )  # fmt: skip
    assert whole.tokens == expected.tokens
    assert whole.signals == expected.signals
    assert whole.metrics == expected.metrics
    assert whole.levels == expected.levels
    assert whole.grades == expected.grades
    assert Counter(whole.bars) == Counter(expected.bars)
    assert len(whole.bars) < len(given.record.bars)


def leaking_ratio(honest: Callable[..., int], *given: Any) -> int:
    """Tomorrow's ratio today."""
    count = honest(*given)
    out: Row = given[-1]
    out[:-1] = out[1:].copy()
    return count


def leaking_pivots(honest: Callable[..., int], *given: Any) -> int:
    """A pivot that is known when it happens, before later bars have confirmed it."""
    count = honest(*given)
    rows: Ints = given[-3]
    rows[:count] -= strategy().strategy.pivot_k
    return count


def leaking_atr(honest: Callable[..., int], *given: Any) -> int:
    """A window that ends one bar later."""
    bars = [np.append(column[1:], column[-1]) for column in given[:3]]
    return honest(*bars, *given[3:])


def test_a_metric_of_tomorrow_is_found(loops: Loops) -> None:
    leaking = loops._replace(ratio_rows=partial(leaking_ratio, loops.ratio_rows))
    found = proof(leaking).first_difference
    assert found is not None
    assert found.input is not None
    assert found.input.name in {"sharpe_30d", "mdd_30d", "sortino_30d"}


def test_a_pivot_known_before_its_confirmation_is_found(loops: Loops) -> None:
    leaking = loops._replace(find_pivots=partial(leaking_pivots, loops.find_pivots))
    found = proof(leaking).first_difference
    assert found is not None
    assert found.input is not None
    assert found.input.name == "level book"


def test_an_average_true_range_of_the_next_bar_is_found(loops: Loops) -> None:
    leaking = loops._replace(atr_rows=partial(leaking_atr, loops.atr_rows))
    found = proof(leaking).first_difference
    assert found is not None
    assert found.input is not None
    assert found.input.name == "atr"
    assert found.input.slot == found.cut


@dataclass(frozen=True, slots=True)
class Leaking:
    """A market whose pieces are changed with a view of what comes next."""

    market: SeesSlots
    leak: Callable[[MarketSlice], MarketSlice]

    def stretches(self, slots: list[Slot]) -> list[list[Slot]]:
        return self.market.stretches(slots)

    def build(self, slots: list[Slot], reach: int) -> MarketSlice:
        return self.leak(self.market.build(slots, reach))


def volume_of_the_next_bar(made: MarketSlice) -> MarketSlice:
    """What a fill may take part in, an hour early."""
    bars = made.inputs.bars.copy()
    bars[:-1, at.B_VOLUME] = bars[1:, at.B_VOLUME]
    return replace(made, inputs=made.inputs._replace(bars=bars))


def daily_volume_of_tomorrow(made: MarketSlice) -> MarketSlice:
    values: FloatArray = made.inputs.values.copy()
    values[:-24, :, at.X_ADV] = values[24:, :, at.X_ADV]
    return replace(made, inputs=made.inputs._replace(values=values))


def leaking_market(
    leak: Callable[[MarketSlice], MarketSlice],
    loaded: LoadedStrategy, plan: ColumnPlan, history: History, slots: list[Slot], machine: Machine,
) -> SeesSlots:  # fmt: skip
    return Leaking(bulk_market(loaded, plan, history, slots, machine), leak)


def test_the_volume_of_the_next_bar_is_found(loops: Loops) -> None:
    found = proof(loops, partial(leaking_market, volume_of_the_next_bar)).first_difference
    assert found is not None
    assert found.input is not None
    assert found.input.name == "volume"


def test_the_daily_volume_of_tomorrow_is_found(loops: Loops) -> None:
    found = proof(loops, partial(leaking_market, daily_volume_of_tomorrow)).first_difference
    assert found is not None
    assert found.input is not None
    assert found.input.name == "adv"


def instruments_by_all_bars(made: MarketSlice) -> MarketSlice:
    count = len(made.inputs.bars)
    derived = [replace(unit, min_notional=Decimal(count)) for unit in made.derived]
    return replace(made, derived=derived)


def test_an_instrument_derived_from_later_bars_is_found(loops: Loops) -> None:
    found = proof(loops, partial(leaking_market, instruments_by_all_bars)).first_difference
    assert found is not None
    assert found.instruments == [1, 2]
    assert (found.input, found.record) == (None, None)


def cash_by_all_bars(
    inputs: Inputs, rules: Rules, state: State, buffers: Buffers, first: int, stop: int
) -> tuple[int, Output]:
    """An engine that looks past what its slots point to."""
    reached, output = run_slots(inputs, rules, state, buffers, first, stop)
    output.marks[:, at.M_CASH] += len(inputs.bars)
    return reached, output


def test_an_engine_that_reads_ahead_is_found_by_its_records(loops: Loops) -> None:
    machine = Machine(runner=cash_by_all_bars, loops=loops)
    found = prove(strategy(), history(), last_days(), machine, CUTS)
    assert found.first_difference is not None
    assert found.first_difference.input is None
    record = found.first_difference.record
    assert record is not None
    assert json.loads(record.whole)["record"] == "equity"
    text = "\n".join(lookahead_lines(found.document()))
    assert record.slot in text
    assert '"record":"equity"' in text.replace("\n", "").replace(" ", "")


def test_the_text_names_the_cut_the_slot_and_what_changed(loops: Loops) -> None:
    leaking = loops._replace(atr_rows=partial(leaking_atr, loops.atr_rows))
    found = proof(leaking)
    assert found.first_difference is not None
    document = json.loads(json.dumps(found.document()))
    assert document["ok"] is False
    text = "\n".join(lookahead_lines(document))
    assert found.first_difference.cut in text
    assert "atr" in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_the_text_of_an_honest_run_says_how_much_was_compared() -> None:
    given = case(1)
    found = prove(given.loaded, history_of(given.record), given.slots, Machine(), Cuts(count=3))
    text = "\n".join(lookahead_lines(found.document()))
    assert "3 random slots" in text
    assert f"{found.token_slots:,}" in text


HEAD = '{"record":"slot","slot":"2024-01-01T0%d:00:00Z"}\n'


def test_a_ledger_that_goes_on_in_the_same_slot_is_not_the_beginning() -> None:
    part = HEAD % 1 + '{"record":"equity"}\n'
    assert first_record_change(part + HEAD % 2, part) is None
    assert first_record_change(part, part) is None
    more = first_record_change(part + '{"record":"notice"}\n' + HEAD % 2, part)
    assert more is not None
    assert (more.slot, more.cut) == ("2024-01-01T01:00:00Z", "")


def test_the_first_record_that_differs_is_named() -> None:
    part = HEAD % 1 + '{"record":"equity","cash":"1"}\n' + HEAD % 2 + '{"record":"fill"}\n'
    found = first_record_change(part.replace("fill", "order"), part)
    assert found is not None
    assert found.slot == "2024-01-01T02:00:00Z"
    assert (found.whole, found.cut) == ('{"record":"order"}', '{"record":"fill"}')


def test_the_same_seed_cuts_at_the_same_slots_and_a_proof_needs_a_cut() -> None:
    assert Cuts(count=5, seed=7).places(1000) == Cuts(count=5, seed=7).places(1000)
    assert Cuts(count=5, seed=7).places(1000) != Cuts(count=5, seed=8).places(1000)
    assert Cuts(count=20).places(3) == [0, 1, 2]
    with pytest.raises(UsageError):
        Cuts(count=0).places(10)
