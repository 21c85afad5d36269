"""The circuit opens on a refused key at once, on outages in a row, and closes with an answer."""

from __future__ import annotations

import pytest

from bot.adapters.tokenmetrics.circuit import Circuit
from bot.adapters.tokenmetrics.limits import AUTH_HOLD_S, OUTAGE_HOLD_S, OUTAGES_MAX
from bot.domain.errors import AuthError, PlanError, ProviderError, UnavailableError
from tests.contract.provider_fakes import StepClock


def failing(circuit: Circuit, error: ProviderError, times: int) -> None:
    for _ in range(times):
        circuit.failed(error)


def test_a_refused_key_opens_it_until_the_hold_is_over() -> None:
    clock = StepClock()
    circuit = Circuit(clock)
    circuit.failed(AuthError("status 401"))
    clock.sleep(AUTH_HOLD_S - 1)
    with pytest.raises(AuthError, match="not asked again yet: status 401"):
        circuit.check()
    clock.sleep(1)
    circuit.check()


def test_only_outages_in_a_row_open_it() -> None:
    circuit = Circuit(StepClock())
    failing(circuit, UnavailableError("down"), OUTAGES_MAX - 1)
    circuit.check()
    circuit.succeeded()
    failing(circuit, UnavailableError("down"), OUTAGES_MAX - 1)
    circuit.check()
    circuit.failed(UnavailableError("down"))
    with pytest.raises(UnavailableError):
        circuit.check()


def test_after_the_hold_one_more_outage_opens_it_again_and_an_answer_closes_it() -> None:
    clock = StepClock()
    circuit = Circuit(clock)
    failing(circuit, UnavailableError("down"), OUTAGES_MAX)
    clock.sleep(OUTAGE_HOLD_S)
    circuit.check()
    circuit.failed(UnavailableError("down"))
    with pytest.raises(UnavailableError):
        circuit.check()
    circuit.succeeded()
    circuit.check()


def test_what_concerns_one_endpoint_leaves_it_closed() -> None:
    circuit = Circuit(StepClock())
    failing(circuit, PlanError("not in the plan"), 2 * OUTAGES_MAX)
    circuit.check()
