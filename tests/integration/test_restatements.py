"""Where a provider changes what it had said: it is noticed, kept, shown, and its gain named."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.app.restatements import as_it_stands
from bot.domain.instants import HOUR, floor_hour, format_instant
from bot.domain.values import Bar, Record, Signal
from tests.support.command import ask, run
from tests.support.ledger_home import (
    EASY,
    MARKET_HOURS,
    START,
    made_up_market,
    run_until,
    simulated,
    write_home,
    write_strategy,
)

BAR, CALL = START - 10 * HOUR, START - 2 * HOUR
LATER = START + 12 * HOUR  # when no poll asks for the day before any more
SLOTS = 24
PRICES = ("open", "high", "low", "close")


def restating(record: Record) -> Record:
    """A market whose provider doubles a bar's volume and turns a token's calls, hours later."""
    bar = next(one for one in record.bars if (one.token_id, one.open_time) == (9001, BAR))
    assert bar.volume is not None
    calls = [one for one in record.signals if one.token_id == 9002 and one.valid_time == CALL]
    turned = [
        replace(one, signal="-1" if one.signal == "1" else "1", available_at=LATER)
        for one in calls
    ]  # fmt: skip
    assert turned
    dearer = replace(bar, close=bar.high, volume=2 * bar.volume, available_at=LATER)
    return replace(record, bars=[*record.bars, dearer], signals=[*record.signals, *turned])


def home_of(folder: Path, look_back_hours: int) -> Path:
    with simulated(restating(made_up_market(MARKET_HOURS, 3))) as url:
        settings = write_home(folder, url)
        file = folder / "config" / "hourhand.toml"
        file.write_text(f"{file.read_text()}look_back_hours = {look_back_hours}\n")
        settings = settings.model_copy(update={"look_back_hours": look_back_hours})
        write_strategy(folder, "easy", EASY)
        run_until(settings, START + SLOTS * HOUR)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return home_of(tmp_path_factory.mktemp("restated"), 48)


def rows(document: dict[str, Any]) -> dict[tuple[str, int, str], dict[str, Any]]:
    return {(row["kind"], row["token_id"], row["time"]): row for row in document["restated"]}


def test_a_bar_and_a_call_that_were_changed_are_found_a_day_later(home: Path) -> None:
    document = ask("restatements", "--home", home)
    found = rows(document)
    bar = found["bars", 9001, format_instant(BAR)]
    before, after = map(Decimal, bar["changed"]["volume"])
    assert after == 2 * before
    assert bar["last_known"] >= format_instant(START + 24 * HOUR)
    assert bar["first_known"] < format_instant(START + HOUR)
    assert ("signals", 9002, format_instant(CALL)) in found
    for kind in ("bars", "signals"):
        assert document["kinds"][kind]["restated"] == sum(key[0] == kind for key in found)


def test_the_list_says_what_was_changed_into_what_at_80_columns(home: Path) -> None:
    text = run("restatements", "--home", home).out
    assert "bars: 1 of " in text
    assert "volume" in text
    assert "02-02 14:00" in text
    assert max(map(len, text.splitlines())) <= 100  # in a pipe a row is one line


def test_the_changed_rows_came_too_late_to_move_the_ledger(home: Path) -> None:
    (gain,) = ask("restatements", "--gain", "--home", home)["gains"]
    ledger = ask("status", "--home", home)["strategies"][0]
    assert gain["as_known"]["ledger_sha256"] == ledger["ledger_sha256"]
    assert gain["as_known"]["equity"] == ledger["equity"]
    assert gain["as_it_stands"]["ledger_sha256"] != ledger["ledger_sha256"]
    difference = Decimal(gain["as_it_stands"]["equity"]) - Decimal(gain["as_known"]["equity"])
    assert Decimal(gain["gain"]) == difference
    assert "a naive backtest is off by" in run("restatements", "--gain", "--home", home).out
    assert run("audit", "--home", home).code == 0


def test_without_looking_back_a_bar_of_the_day_before_is_never_seen_again(tmp_path: Path) -> None:
    home = home_of(tmp_path, 0)
    kinds = ask("restatements", "--home", home)["kinds"]
    assert kinds["bars"]["rows"] > 0
    assert kinds["bars"]["restated"] == 0


def asked_again(home: Path) -> list[int]:
    """When the day before was asked for, long after the start."""
    with sqlite3.connect(home / "hourhand.db") as connection:
        query = (
            "SELECT fetched_at FROM raw_response WHERE endpoint = 'hourly-ohlcv' "
            "AND fetched_at > ? AND instr(params, ?)"
        )
        before = format_instant(START - HOUR)[:10]
        return [at for (at,) in connection.execute(query, (START + 6 * HOUR, before))]


def test_the_last_hours_are_asked_for_once_a_day_only(home: Path) -> None:
    assert len(asked_again(home)) == 1


def test_what_is_told_again_is_known_only_after_the_freeze_that_it_missed(home: Path) -> None:
    (asked,) = asked_again(home)
    with sqlite3.connect(home / "hourhand.db") as connection:
        query = "SELECT as_of FROM slot WHERE slot = ?"
        ((frozen,),) = connection.execute(query, (floor_hour(asked),))
    assert frozen < asked


def test_history_as_it_stands_has_one_row_an_hour_in_its_own_time() -> None:
    bar = Bar(
        token_id=1, open_time=START, available_at=START + HOUR,
        **{name: Decimal(5) for name in PRICES},
    )  # fmt: skip
    call = Signal(token_id=1, valid_time=START, signal="-1", available_at=START + HOUR)
    late = replace(bar, close=Decimal(6), available_at=LATER)
    seen = as_it_stands(Record(bars=[bar, late], signals=[call, replace(call, signal="1")]))
    assert seen.bars == [replace(late, available_at=START + HOUR)]
    assert seen.signals == [replace(call, signal="1")]
