"""The compiled loop against the interpreted one, bit by bit, over markets that reach everything."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random

import numpy as np
import pytest

from bot.adapters.compiled.arguments import ArgumentShapeError
from bot.adapters.compiled.loop import CompiledRunner, example_arguments
from bot.adapters.compiled.machine import MachineError
from bot.engine import layout as at
from bot.engine.params import Params
from bot.engine.reasons import NAMES
from bot.engine.tables import Inputs, Runner, State, new_buffers, new_state, run_slots
from tests.support.engine_market import HOUR, OFF
from tests.support.random_market import MONEY, Case, random_case, recorded

# The first 40 reach every reason code, as test_engine_accounting also finds.
SEEDS = range(40)
# What passes is not recorded, and a lawless bar never comes in.
NOT_THE_STEPS_TO_SAY = {"OK", "BAR_IMPOSSIBLE"}
# (records that the buffers hold, slots a call)
CHUNKS = [(20_000, None), (900, 7), (900, 1), (300, None)]


# Options that the random markets leave as the vectors of the semantics have them.
OTHER_VALUES = {
    "stale_bars": 3 * HOUR, "signal_period": HOUR // 2, "stale_signal": 5 * HOUR,
    "max_signal_gap": 2 * HOUR, "cooldown_other": 0, "use_quant": 0, "use_atr": 0,
    "domain_column": -1, "sortino_column": -1, "merge": 0, "stop_min_pct": 0, "stop_min_atr": 0.0,
    "stop_max_pct": 200_000, "target_buf": 0, "target_first": 1,
    "sector_cap": 200_000, "taker": 0, "maker": 1500,
}  # fmt: skip
CHANGED_SEEDS = range(100, 112)


@cache
def case_of(seed: int) -> Case:
    """A random market; from the changed seeds on, with those options away from it too."""
    case = random_case(seed)
    if seed not in CHANGED_SEEDS:
        return case
    rng = Random(seed)
    some = {name: value for name, value in OTHER_VALUES.items() if rng.random() < 0.5}
    return replace(case, rules=case.rules._replace(params=case.rules.params._replace(**some)))


def bits(runner: Runner, case: Case, buffer: int, at_once: int | None) -> tuple[list[bytes], State]:
    """Every byte that each call wrote, and the account after the last."""
    state = case.account()
    buffers = new_buffers(case.inputs, case.rules, buffer)
    last = len(case.inputs.slots)
    written: list[bytes] = []
    done = 0
    while done < last:
        stop = last if at_once is None else min(last, done + at_once)
        reached, output = runner(case.inputs, case.rules, state, buffers, done, stop)
        assert reached > done
        written.append(b"".join(array.tobytes() for array in output))
        done = reached
    return written, state


def same_state(one: State, other: State) -> bool:
    return one.tokens.tobytes() == other.tokens.tobytes() and (
        one.account.tobytes() == other.account.tobytes()
    )


@pytest.mark.parametrize("seed", [*SEEDS, *CHANGED_SEEDS])
def test_compiled_and_interpreted_write_the_same_bits(compiled: CompiledRunner, seed: int) -> None:
    case = case_of(seed)
    with np.errstate(all="raise"):
        written, state = bits(run_slots, case, 20_000, None)
    ours, our_state = bits(compiled, case, 20_000, None)
    assert ours == written
    assert same_state(our_state, state)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("buffer", "at_once"), CHUNKS[1:])
def test_compiled_in_chunks_writes_the_same_bits_and_stops_at_the_same_slots(
    compiled: CompiledRunner, seed: int, buffer: int, at_once: int | None
) -> None:
    case = case_of(seed)
    written, state = bits(run_slots, case, buffer, at_once)
    ours, our_state = bits(compiled, case, buffer, at_once)
    assert len(ours) > 1
    assert ours == written
    assert same_state(our_state, state)


def test_the_markets_reach_every_reason_code(compiled: CompiledRunner) -> None:
    reached: set[str] = set()
    for seed in SEEDS:
        case = case_of(seed)
        buffers = new_buffers(case.inputs, case.rules, 20_000)
        _, output = compiled(
            case.inputs, case.rules, case.account(), buffers, 0, len(case.inputs.slots)
        )
        reached |= {NAMES[code] for code in output.records[:, at.R_REASON]}
    assert set(NAMES) - reached == NOT_THE_STEPS_TO_SAY


def test_the_markets_have_great_and_small_accounts_and_every_kind_of_instrument() -> None:
    cases = [case_of(seed) for seed in SEEDS]
    assert {case.cash for case in cases} >= {100 * MONEY, 10**7 * MONEY, 10**9 * MONEY}
    assert {decimals for case in cases for decimals in case.decimals} == {2, 4, 8, 10}


def test_every_option_takes_two_values_or_more_over_the_markets() -> None:
    params = [case_of(seed).rules.params for seed in [*SEEDS, *CHANGED_SEEDS]]
    values = {name: {repr(getattr(p, name)) for p in params} for name in Params._fields}
    assert [name for name, seen in values.items() if len(seen) == 1] == []


def test_an_account_of_a_billion_trades_alike_where_one_lot_is_dear(
    compiled: CompiledRunner,
) -> None:
    """The largest money there is, every bound off: products come closest to the end of int64."""
    for seed in (0, 1, 2, 3):
        case = case_of(seed)
        params = case.rules.params._replace(
            gross=1_000_000, risk=1_000_000, pos_vol=-1, position_cap=1_000_000,
            sector_cap=1_000_000, part=1_000_000, portfolio_vol=OFF, impact=OFF, max_open=8,
            daily_loss_limit=-1, dd_halt=-1, min_rr=0,
        )  # fmt: skip
        great = Case(
            inputs=case.inputs,
            rules=case.rules._replace(params=params),
            decimals=case.decimals,
            cash=10**9 * MONEY,
        )
        with np.errstate(all="raise"):
            written, state = bits(run_slots, great, 20_000, None)
        ours, our_state = bits(compiled, great, 20_000, None)
        assert ours == written
        assert same_state(our_state, state)


def test_a_market_without_a_token_or_without_a_slot_runs(compiled: CompiledRunner) -> None:
    start, stop, *_ = example_arguments()
    assert (start, stop) == (0, 0)
    case = case_of(0)
    empty = Inputs(*example_arguments()[2 : 2 + len(Inputs._fields)])
    hours = 5
    none = np.zeros(hours + 1, np.int64)
    empty = empty._replace(
        slots=case.inputs.slots[:hours].copy(), sig_start=none, look_start=none,
        newest=np.zeros((hours, 0), np.int64), cells=np.zeros((hours, 0, at.CELL_COLS), np.int64),
        values=np.zeros((hours, 0, at.X_FIRST)),
    )  # fmt: skip
    outputs = []
    for runner in (run_slots, compiled):
        state = new_state(0, MONEY)
        buffers = new_buffers(empty, case.rules, 100)
        assert runner(empty, case.rules, state, buffers, 0, 0)[0] == 0
        done, output = runner(empty, case.rules, state, buffers, 0, hours)
        assert done == hours
        outputs.append([array.tobytes() for array in output])
    assert outputs[0] == outputs[1]


def test_a_read_only_market_runs_by_the_same_code(compiled: CompiledRunner) -> None:
    """numba would compile a second version for it; bare machine code has no such notion."""
    case, ledger = recorded(3)
    frozen = Inputs(*(array.copy() for array in case.inputs))
    for array in frozen:
        array.flags.writeable = False
    buffers = new_buffers(frozen, case.rules, 20_000)
    compiled(frozen, case.rules, case.account(), buffers, 0, len(frozen.slots))
    assert buffers.rec[: len(ledger.records)].tobytes() == ledger.records.tobytes()
    assert buffers.marks.tobytes() == ledger.marks.tobytes()


def test_whole_numbers_in_float_options_and_numpy_scalars_are_the_same_arguments(
    compiled: CompiledRunner,
) -> None:
    case = case_of(1)
    plain = case.rules.params._replace(stop_max_atr=4.0)
    mixed = plain._replace(stop_max_atr=4, gross=np.int64(plain.gross))  # type: ignore[arg-type]
    written = [
        bits(compiled, Case(inputs=case.inputs, rules=case.rules._replace(params=params),
                            decimals=case.decimals, cash=case.cash), 20_000, None)[0]
        for params in (plain, mixed)
    ]  # fmt: skip
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("field", "array"),
    [
        ("slots", np.zeros((168, at.SLOT_COLS), np.int32)),
        ("slots", np.zeros((168, at.SLOT_COLS))),
        ("slots", np.zeros(168, np.int64)),
        ("slots", np.zeros((at.SLOT_COLS, 168), np.int64).T),
        ("look", np.zeros(20, np.int64)[::2]),
    ],
)
def test_an_array_of_another_kind_is_refused_before_its_memory_is_read(
    compiled: CompiledRunner, field: str, array: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> None:
    case = case_of(0)
    buffers = new_buffers(case.inputs, case.rules, 20_000)
    with pytest.raises(ArgumentShapeError):
        compiled(
            case.inputs._replace(**{field: array}), case.rules, case.account(), buffers, 0, 168
        )


def test_a_read_only_account_is_refused(compiled: CompiledRunner) -> None:
    case = case_of(0)
    state = case.account()
    state.account.flags.writeable = False
    with pytest.raises(ArgumentShapeError):
        compiled(case.inputs, case.rules, state, new_buffers(case.inputs, case.rules, 900), 0, 1)


def test_what_stops_the_interpreted_loop_stops_the_compiled_one(compiled: CompiledRunner) -> None:
    """A tick of zero where a price is needed divides by zero in both."""
    case, _ = recorded(0)
    broken = Inputs(*(array.copy() for array in case.inputs))
    broken.insts[:, at.I_LOT_VOLUME] = 1
    params = case.rules.params
    state = case.account()
    state.tokens[:, at.T_QTY] = 1
    state.tokens[:, at.T_BUSY] = 1
    state.tokens[:, at.T_CURSOR] = broken.slots[0, at.S_SLOT]
    broken.insts[:, at.I_TICK] = 0
    buffers = new_buffers(broken, case.rules, 20_000)
    with pytest.raises(MachineError):
        compiled(broken, case.rules._replace(params=params), state, buffers, 0, 20)
