from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import ConfigError
from bot.domain.instants import HOUR, parse_instant
from bot.domain.values import Bar, Record, Signal
from bot.simulator.disturb import DataFaults, disturb
from bot.simulator.faults import Fault, FaultKind, RandomFault, parse_random_fault
from bot.simulator.source import PROVIDER_LAGS, visible_from

START = parse_instant("2025-09-01")


def record(hours: int = 400) -> Record:
    made = Record()
    for hour in range(hours):
        at = START + hour * HOUR
        made.bars.append(
            Bar(
                token_id=1, open_time=at, open=Decimal(10), high=Decimal(12), low=Decimal(9),
                close=Decimal(11),
            )
        )  # fmt: skip
        made.signals.append(Signal(token_id=1, valid_time=at, signal="1"))
    return made


def test_without_faults_a_record_stays_as_it_is() -> None:
    assert disturb(record(), DataFaults()) == record()


def test_a_record_that_is_disturbed_leaves_the_given_one_alone() -> None:
    given = record()
    disturb(given, DataFaults(missing_ppm=1_000_000))
    assert given == record()


def test_late_rows_are_seen_later_and_say_the_same() -> None:
    faults = DataFaults(late_ppm=200_000)
    disturbed = disturb(record(), faults)
    late = [bar for bar in disturbed.bars if bar.available_at is not None]
    assert 40 < len(late) < 120
    for bar in late:
        plain = replace(bar, available_at=None)
        assert bar.available_at == visible_from(plain, PROVIDER_LAGS) + faults.late_ms
    assert [replace(bar, available_at=None) for bar in disturbed.bars] == record().bars


def test_a_corrected_row_is_wrong_first_and_right_in_the_end() -> None:
    disturbed = disturb(record(1), DataFaults(corrected_ppm=1_000_000))
    wrong, right = disturbed.bars
    assert (wrong.close, right.close) == (10, 11)
    assert wrong.available_at is not None
    assert right.available_at is not None
    assert wrong.available_at < right.available_at
    assert [signal.signal for signal in disturbed.signals] == ["0", "1"]


def test_missing_rows_never_come() -> None:
    disturbed = disturb(record(), DataFaults(missing_ppm=100_000))
    assert 300 < len(disturbed.bars) < 390
    assert disturbed.bars != disturb(record(), DataFaults(missing_ppm=100_000, seed=1)).bars


def test_shares_of_different_faults_do_not_overlap() -> None:
    disturbed = disturb(record(), DataFaults(missing_ppm=200_000, late_ppm=200_000))
    assert 280 < len(disturbed.bars) < 360
    assert 40 < sum(bar.available_at is not None for bar in disturbed.bars) < 120


def test_what_befalls_a_row_does_not_depend_on_the_others() -> None:
    faults = DataFaults(late_ppm=200_000, corrected_ppm=200_000, missing_ppm=100_000)
    early = disturb(record(100), faults)
    assert disturb(record(400), faults).bars[: len(early.bars)] == early.bars


def test_a_fault_can_be_written_as_text() -> None:
    assert parse_random_fault("rate-limit:0.02:retry_after=2") == RandomFault(
        fault=Fault(kind=FaultKind.RATE_LIMIT, retry_after="2"), rate_ppm=20_000
    )
    assert parse_random_fault("server-error:1:status=500").fault.status == 500
    assert parse_random_fault("delay:0.5:delay_s=1.5").fault.delay_s == 1.5


@pytest.mark.parametrize(
    "text", ["", "delay", "noise:0.1", "delay:2", "delay:x", "delay:nan", "delay:0.1:colour=red"]
)
def test_a_fault_that_is_none_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_random_fault(text)
    assert repr(text) in str(caught.value)
