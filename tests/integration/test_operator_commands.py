"""pause, resume, close and ack: recorded beside a daemon, seen by its next slot, and replayed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.instants import HOUR
from tests.support.command import run
from tests.support.ledger_home import EASY, START, STRICT, write_home, write_strategy
from tests.support.operated_home import GONE, GONE_TOKEN, HELD, Home, delisted, operated
from tests.support.tampering import opened


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with operated(tmp_path / "home") as found:
        yield found


def test_a_pause_stops_entries_in_the_next_slot_and_resume_allows_them(home: Home) -> None:
    given = home.give("pause", "--note", "a look")
    (row,) = given["recorded"]
    assert (row["kind"], row["strategy"], row["note"]) == ("PAUSE", None, "a look")
    status = home.status()
    assert [one["note"] for one in status["held"]] == ["a look"]
    assert [one["kind"] for one in status["waiting"]] == ["PAUSE"]
    home.until(HELD + 8)
    outcomes = home.outcomes(HELD)
    assert "ENTRY" not in outcomes
    assert outcomes["PAUSED"] > 0
    assert home.status()["waiting"] == []
    assert home.rows("SELECT count(*) FROM fill WHERE side = 'SELL'")[0][0] > 1  # exits go on
    home.give("resume")
    home.until(HELD + 14)
    assert home.outcomes(HELD + 8)["ENTRY"] > 0
    assert home.is_sound()


def test_a_home_whose_simulator_has_ended_takes_commands_and_says_so(tmp_path: Path) -> None:
    """As the home that `hourhand demo` leaves."""
    with operated(tmp_path / "home") as home:
        position = home.held()
    given = home.give("close", position["token_id"])
    (row,) = given["recorded"]
    assert row["kind"] == "CLOSE"
    frozen = home.rows("SELECT max(as_of) FROM slot")[0][0]
    assert home.rows("SELECT at FROM command")[0][0] > frozen
    (note,) = given["notes"]
    assert "does not answer: the command follows the end of the record" in note
    assert [one["kind"] for one in home.status()["waiting"]] == ["CLOSE"]
    outcome = run("doctor", "--home", home.path)
    assert "`hourhand simulate`" in " ".join(outcome.out.split())


def test_a_pause_that_was_given_already_is_not_recorded_twice(home: Home) -> None:
    home.give("pause")
    again = home.give("pause")
    assert again["recorded"] == []
    assert again["notes"][0].startswith("paused already, since ")
    home.give("resume")
    assert home.give("resume")["notes"] == ["no pause of the operator's was there to lift"]


def test_one_strategy_can_be_paused_before_its_first_slot(home: Home) -> None:
    write_strategy(home.path, "strict", STRICT)
    home.give("pause", "--strategy", "strict")
    assert "no strategy 'odd'; there: easy, strict" in home.refused("pause", "--strategy", "odd")
    home.until(HELD + 2)
    assert (home.status("strict")["held"] != [], home.status()["held"]) == (True, [])


def test_a_close_sells_at_the_next_open_and_says_so_everywhere(home: Home) -> None:
    position = home.held()
    given = home.give("close", position["token_id"], "--note", "enough")
    (row,) = given["recorded"]
    assert (row["kind"], row["strategy"]) == ("CLOSE", "easy")
    assert row["token_id"] == position["token_id"]
    again = home.give("close", position["token_id"])
    assert again["recorded"] == []
    assert "no slot has seen it yet" in again["notes"][0]
    home.until(HELD + 1)
    waits = home.give("close", position["token_id"])
    assert (waits["recorded"], "MANUAL" in waits["notes"][0]) == ([], True)
    assert [one["reason"] for one in home.give("orders")["orders"]
            if one["action"] == "EXIT"] == ["MANUAL"]  # fmt: skip
    why = home.give("why", position["token_id"])["strategies"][0]
    assert why["inputs"]["asked"] == ["CLOSE"]
    text = run("why", position["token_id"], "--home", home.path).out
    assert "the operator asked in this slot: a market exit" in text
    home.until(HELD + 2)
    trade = home.give("trades", "--limit", 1)["trades"][0]
    assert (trade["reason"], trade["token_id"]) == ("MANUAL", position["token_id"])
    sold = home.rows("SELECT open_time FROM fill WHERE reason = 'MANUAL'")
    assert sold == [(START + (HELD + 1) * HOUR,)]  # the open of the slot that saw it first
    assert home.is_sound()


def test_what_cannot_be_closed_or_acknowledged_is_said(home: Home) -> None:
    held = home.held()["token_id"]
    free = next(i for (i,) in home.rows("SELECT DISTINCT token_id FROM bar") if i != held)
    assert "no strategy holds" in home.refused("close", free)
    assert "neither the id nor the symbol" in home.refused("close", "NOSUCH")
    assert "without a price for two days" in home.refused("close", held, "--write-off")
    assert "no price jump of" in home.refused("ack", held)
    assert "no drawdown halt is to be acknowledged" in home.refused("ack", "halt")
    assert "open: none" in home.refused("ack", "conflict", 3)
    assert "a number goes with" in home.refused("ack", "halt", 3)
    assert "one line of at most" in home.refused("pause", "--note", "two\nlines")
    assert home.rows("SELECT count(*) FROM command") == [(0,)]


def test_a_symbol_of_two_tokens_is_refused_with_their_ids(home: Home) -> None:
    held = home.held()  # there is a bridged one of its name
    error = home.refused("close", held["symbol"].lower())
    assert f"is the symbol of 2 tokens; name one by its id:\n  {held['token_id']}" in error


def test_a_drawdown_halt_is_lifted_from_the_equity_of_the_next_slot(home: Home) -> None:
    write_strategy(home.path, "easy", EASY + 'dd_halt = 0.00001\ndaily_loss_limit = "off"\n')
    home.until(HELD + 12)
    status = home.status()
    assert status["halts"] == ["HALT_DRAWDOWN"]
    (row,) = home.give("ack", "halt", "--note", "known")["recorded"]
    assert (row["kind"], row["strategy"], row["token_id"]) == ("ACK", "easy", None)
    home.until(HELD + 13)
    after = home.status()
    assert (after["halts"], after["peak"]) == ([], after["equity"])
    assert home.findings() == []


def test_a_conflict_holds_entries_back_until_it_is_acknowledged(home: Home) -> None:
    at = START + HELD * HOUR
    with closing(sqlite3.connect(home.path / "hourhand.db")) as connection, connection:
        connection.execute(
            "INSERT INTO conflict (strategy, slot, kind, expected, found) "
            "VALUES ('easy', ?, 'CYCLE', 'lines_sha256=a', 'lines_sha256=b')",
            (at,),
        )
        connection.execute(
            "INSERT INTO command (at, kind, source, strategy, note) "
            "VALUES (?, 'PAUSE', 'conflict 1', 'easy', 'decided twice')",
            (at + 300_000,),
        )
    assert [one["id"] for one in home.give("status")["conflicts"]] == [1]
    assert "hourhand ack conflict 1" in run("status", "--home", home.path).out
    home.give("pause")
    notes = home.give("resume")["notes"]
    assert notes == ["easy: entries stay held back: conflict 1: decided twice: "
                     "`hourhand ack conflict 1`"]  # fmt: skip
    assert "open: 1" in home.refused("ack", "conflict", 2)
    (row,) = home.give("ack", "conflict", "--note", "a test")["recorded"]
    assert (row["kind"], row["source"], row["strategy"]) == ("RESUME", "conflict 1", "easy")
    assert home.give("status")["conflicts"] == []
    assert "CONFLICT" not in {one["code"] for one in home.findings()}


def test_without_a_database_a_command_says_what_to_do(tmp_path: Path) -> None:
    write_home(tmp_path, "http://127.0.0.1:9")
    outcome = run("pause", "--home", tmp_path)
    assert outcome.code == 2
    assert "no database here yet" in outcome.error


def test_a_delisted_token_is_written_off_in_an_hour_without_a_bar(tmp_path: Path) -> None:
    with delisted(tmp_path / "home") as home:
        held = {row["token_id"] for row in home.give("positions")["positions"]}
        assert GONE_TOKEN in held
        notes = home.give("close", GONE_TOKEN)["notes"]
        assert "an exit waits already: TIME_STOP" in notes[0]
        assert "--write-off sells for one tick" in notes[1]
        (row,) = home.give("close", GONE_TOKEN, "--write-off")["recorded"]
        assert row["kind"] == "WRITE_OFF"
        home.until(GONE + 52)
        again = home.give("close", GONE_TOKEN, "--write-off")
        assert "written off already" in again["notes"][0]
        home.until(GONE + 56)
        trades = home.give("trades")["trades"]  # newest first
        trade = next(row for row in trades if row["token_id"] == GONE_TOKEN)
        assert trade["reason"] == "MANUAL"
        sold = home.rows("SELECT price_ticks, slot - open_time FROM fill WHERE reason = 'MANUAL'")
        assert sold == [(1, 4 * HOUR)]  # an hour is a hole when it is three slots late
        assert home.is_sound()
        with opened(home.path / "hourhand.db") as connection:
            connection.execute("UPDATE fill SET price_ticks = 2 WHERE reason = 'MANUAL'")
            connection.execute("DELETE FROM command WHERE kind = 'WRITE_OFF'")
        codes = {(one["code"], one["found"]) for one in home.findings()}
        assert {("FILL_PRICE", "2"), ("FILL_BAR", "neither")} <= codes
