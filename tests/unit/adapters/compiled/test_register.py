"""What is compiled along with a function, and what cannot be."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from bot.adapters.compiled.loop import example_arguments
from bot.adapters.compiled.machine import Machine
from bot.adapters.compiled.register import (
    NotCompilableError,
    compiled_kernel,
    functions_called,
    machine_code,
)
from bot.engine import costs, numbers
from bot.engine.loop import run
from bot.market.kernels import atr, medians

ROOT = Path(__file__).resolve().parents[4]


def test_the_loop_calls_only_what_the_architecture_test_checks() -> None:
    called = functions_called(run)
    assert len(called) > 100
    assert {function.__module__.rpartition(".")[0] for function in called} == {"bot.engine"}


def test_a_function_called_through_others_is_found_with_its_places() -> None:
    called = functions_called(costs.ratio_below)
    assert called == {numbers.wide_mul: 2, numbers.wide_less: 1}
    assert functions_called(numbers.wide_mul) == {}


def test_machine_code_of_a_function_of_scalars_gives_the_same_numbers() -> None:
    example = (0, 0, 0)
    machine = Machine(machine_code(costs.buy_ticks, example), example)
    for arguments in [(67_000_00, 500, 1), (1, 0, 1), (4 * 10**12, 10**6, 4000), (-7, 3, 2)]:
        assert machine(*arguments) == costs.buy_ticks(*arguments)


def test_a_function_that_allocates_is_refused() -> None:
    with pytest.raises(NotCompilableError, match="NRT required"):
        machine_code(medians.median, (np.zeros(0), 0, 0))


def test_a_function_of_another_result_is_refused() -> None:
    with pytest.raises(NotCompilableError, match="float64"):
        machine_code(numbers.round10, (0.0,))


def test_a_compiled_kernel_gives_the_same_bits() -> None:
    rng = np.random.default_rng(1)
    closes = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, 60)))
    highs, lows = closes * 1.01, closes * 0.99
    compiled = compiled_kernel(atr.atr)
    assert compiled(highs, lows, closes, 14) == atr.atr(highs, lows, closes, 14)
    assert math.isnan(compiled(highs[:3], lows[:3], closes[:3], 14))


def test_the_example_arguments_are_of_no_token_and_no_slot() -> None:
    start, stop, slots, *_ = example_arguments()
    assert (start, stop, len(slots)) == (0, 0, 0)
