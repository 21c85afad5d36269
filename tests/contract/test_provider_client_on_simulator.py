"""The client reads from the simulator what the simulator's record holds, whatever goes wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.adapters.tokenmetrics.spans import Span
from bot.domain.errors import AuthError, ConfigError, PlanError, ProviderError
from bot.domain.instants import DAY, HOUR, parse_instant
from bot.domain.values import Bar, Record, Signal
from bot.simulator import (
    Fault,
    FaultKind,
    FaultPlan,
    MarketSource,
    RandomFault,
    Server,
    SimulatorOptions,
    SteppedClock,
    create_app,
)
from bot.simulator.generated import GeneratedMarket, generate
from tests.contract.provider_fakes import KEY, bench

START = parse_instant("2025-08-20")
SLOT = START + 6 * DAY + 5 * HOUR
NOW = SLOT + 600_000


@pytest.fixture(scope="module")
def market() -> Record:
    return generate(GeneratedMarket(seed=3, start=START, hours=7 * 24, tokens=4))


def serve(record: Record, options: SimulatorOptions) -> Server:
    return Server(create_app(MarketSource(record), SteppedClock(NOW), options))


def as_seen(rows: list[Bar] | list[Signal]) -> list[Bar | Signal]:
    return sorted(
        (replace(row, available_at=NOW) for row in rows), key=lambda row: (row.token_id, repr(row))
    )


def closed_bars(record: Record, span: Span) -> list[Bar]:
    return [bar for bar in record.bars if span.start <= bar.open_time < span.end]


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_bars_come_back_as_they_are_in_the_record(market: Record, version: str) -> None:
    span = Span(start=START, end=SLOT)
    ids = [token.token_id for token in market.tokens]
    with (
        serve(market, SimulatorOptions(keys=frozenset({KEY}), unfinished_bar=True)) as server,
        bench(server.url, NOW, version=version) as parts,
    ):
        answer = parts.client.hourly_ohlcv(ids, span)
    assert [bar for bar in answer.observations if bar.open_time < SLOT] == as_seen(
        closed_bars(market, span)
    )
    assert answer.faults == ()
    assert answer.unknown_keys == ()


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_every_endpoint_is_read_without_a_fault(market: Record, version: str) -> None:
    ids = [token.token_id for token in market.tokens]
    with (
        serve(market, SimulatorOptions()) as server,
        bench(server.url, NOW, version=version) as parts,
    ):
        client = parts.client
        answers = [
            client.tokens(ids),
            client.hourly_signals(ids, SLOT - 3 * HOUR),
            client.daily_signals(ids, Span(start=SLOT - 3 * DAY, end=SLOT)),
            client.levels(ids),
            client.quantmetrics(ids),
            client.grades(ids),
            client.prices(ids),
        ]
    assert [answer.faults for answer in answers] == [()] * len(answers)
    assert [answer.unknown_keys for answer in answers] == [()] * len(answers)
    assert all(answer.observations for answer in answers)


def test_hourly_signals_of_the_last_hours_are_those_of_the_record(market: Record) -> None:
    ids = [token.token_id for token in market.tokens]
    since = SLOT - 3 * HOUR
    with serve(market, SimulatorOptions()) as server, bench(server.url, NOW) as parts:
        found = parts.client.hourly_signals(ids, since).observations
    expected = [
        signal
        for signal in market.signals
        if signal.source == "hourly" and since <= signal.valid_time < SLOT
    ]
    assert [signal for signal in found if signal.valid_time >= since] == as_seen(expected)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.SERVER_ERROR),
        Fault(kind=FaultKind.RATE_LIMIT, retry_after="3"),
        Fault(kind=FaultKind.RATE_LIMIT, retry_after="date:4"),
        Fault(kind=FaultKind.BROKEN_OFF),
        Fault(kind=FaultKind.DUPLICATED),
        Fault(kind=FaultKind.SHUFFLED),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.retry_after}",
)
def test_a_third_of_bad_answers_changes_nothing_that_is_read(market: Record, fault: Fault) -> None:
    plan = FaultPlan(chances=(RandomFault(fault=fault, rate_ppm=333_333),), seed=7)
    span = Span(start=START, end=SLOT)
    ids = [token.token_id for token in market.tokens]
    with serve(market, SimulatorOptions(faults=plan)) as server, bench(server.url, NOW) as parts:
        answer = parts.client.hourly_ohlcv(ids, span)
    found = {replace(bar, available_at=None) for bar in answer.observations}
    assert found == {replace(bar, available_at=None) for bar in closed_bars(market, span)}


@pytest.mark.parametrize("kind", [FaultKind.HTML, FaultKind.TRUNCATED])
def test_a_set_with_one_unreadable_page_is_an_error_and_no_part_of_a_set(
    market: Record, kind: FaultKind
) -> None:
    plan = FaultPlan(chances=(RandomFault(fault=Fault(kind=kind), rate_ppm=333_333),), seed=7)
    ids = [token.token_id for token in market.tokens]
    with serve(market, SimulatorOptions(faults=plan)) as server, bench(server.url, NOW) as parts:
        outcomes = []
        for _ in range(3):
            try:
                outcomes.append(parts.client.hourly_ohlcv(ids, Span(start=START, end=SLOT)).rows)
            except ProviderError:
                outcomes.append(-1)
    whole = len(closed_bars(market, Span(start=START, end=SLOT)))
    assert set(outcomes) <= {-1, whole}
    assert -1 in outcomes


def test_a_wrong_key_and_a_small_plan_are_told_apart(market: Record) -> None:
    withheld = frozenset({"resistance-support"})
    ids = [market.tokens[0].token_id]
    with (
        serve(market, SimulatorOptions(withheld=withheld)) as server,
        bench(server.url, NOW) as parts,
        pytest.raises(PlanError),
    ):
        parts.client.levels(ids)
    with (
        serve(market, SimulatorOptions(keys=frozenset({"another-key"}))) as server,
        bench(server.url, NOW) as parts,
        pytest.raises(AuthError),
    ):
        parts.client.levels(ids)


def test_the_copy_cats_symbol_is_refused_and_its_id_is_not(market: Record) -> None:
    first = market.tokens[0]
    with serve(market, SimulatorOptions()) as server, bench(server.url, NOW) as parts:
        with pytest.raises(ConfigError, match="borne by 2 tokens"):
            parts.client.resolve([], [first.symbol])
        (found,) = parts.client.resolve([first.token_id], [])
    assert found.token_id == first.token_id
    assert found.category == ";".join(sorted(first.category.split(";")))
