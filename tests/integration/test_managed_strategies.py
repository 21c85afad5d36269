"""A strategy whose file is removed or changed while something is open: managed to its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.errors import UsageError
from bot.domain.instants import HOUR, format_instant
from tests.support.command import ask, run
from tests.support.ledger_home import EASY, START, STRICT, write_strategy
from tests.support.operated_home import HELD, Home, operated

OTHER = EASY.replace("max_hold = 9", "max_hold = 4")
# The position of HELD was bought in the bar of hour 3 and is held nine hours at most.
FLAT_BY = 13
AWAY_UNTIL = 19


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with operated(tmp_path / "home") as found:
        yield found


def config_of(home: Home, hour: int) -> str:
    """The configuration that easy's slot of an hour ran under."""
    query = "SELECT config_sha256 FROM cycle WHERE strategy = 'easy' AND slot = ?"
    (row,) = home.rows(query, START + hour * HOUR)
    return str(row[0])


def remove(home: Home) -> None:
    (home.path / "strategies" / "easy.toml").rename(home.path / "easy.toml")


def put_back(home: Home) -> None:
    (home.path / "easy.toml").rename(home.path / "strategies" / "easy.toml")


def slots_of(home: Home, name: str) -> list[int]:
    rows = home.rows("SELECT slot FROM cycle WHERE strategy = ? ORDER BY slot", name)
    return [(slot - START) // HOUR for (slot,) in rows]


def entries_after(home: Home, hour: int) -> list[int]:
    """The hours after one in which easy ordered an entry."""
    query = "SELECT slot FROM decision WHERE reason = 'ENTRY' AND strategy = 'easy' ORDER BY slot"
    hours = [(slot - START) // HOUR for (slot,) in home.rows(query)]
    return [one for one in hours if one > hour]


def test_a_removed_strategy_is_managed_until_it_is_flat_and_ends(home: Home) -> None:
    remove(home)
    write_strategy(home.path, "strict", STRICT)
    before = config_of(home, HELD)
    for document in (home.give("status"), home.give("check")):
        (managed,) = document["managed"]
        assert (managed["name"], managed["file"]) == ("easy", "removed")
        assert (managed["open_positions"], managed["working_entries"]) == (1, 0)
        assert managed["config_sha256"] == before
    for command in ("status", "check"):
        assert "its file is gone" in " ".join(run(command, "--home", home.path).out.split())
    home.until(FLAT_BY + 6)
    done = slots_of(home, "easy")
    assert done == list(range(done[-1] + 1))
    assert HELD < done[-1] <= FLAT_BY
    assert {config_of(home, hour) for hour in done[HELD:]} == {before}
    assert home.rows("SELECT count(*) FROM position WHERE status = 'OPEN'") == [(0,)]
    assert "ENTRY" not in home.outcomes(HELD)
    assert slots_of(home, "strict")[-1] == FLAT_BY + 6
    assert home.give("status")["managed"] == []
    assert home.findings() == []
    replayed = ask("replay", home.path / "easy.toml", "--home", home.path,
                   "--to", format_instant(START + done[-1] * HOUR))  # fmt: skip
    assert replayed["ledger_sha256"] == home.status()["ledger_sha256"]


def test_without_any_file_the_daemon_manages_what_is_open_and_then_ends(home: Home) -> None:
    remove(home)
    home.until(FLAT_BY + 6)  # it ends before that, with nothing left to do
    assert slots_of(home, "easy")[-1] <= FLAT_BY
    assert home.rows("SELECT count(*) FROM position WHERE status = 'OPEN'") == [(0,)]
    assert home.findings() == []
    with pytest.raises(UsageError, match="no strategy file"):
        home.until(FLAT_BY + 7)


def test_a_removed_strategy_can_be_closed_by_hand(home: Home) -> None:
    remove(home)
    home.give("close", home.held()["token_id"])
    home.until(FLAT_BY + 6)
    assert slots_of(home, "easy")[-1] == HELD + 2
    assert home.give("trades", "--limit", 1)["trades"][0]["reason"] == "MANUAL"


def test_a_strategy_that_comes_back_makes_no_entries_in_the_hours_it_was_away(home: Home) -> None:
    remove(home)
    write_strategy(home.path, "strict", STRICT)
    home.until(FLAT_BY + 2)
    ended = slots_of(home, "easy")[-1]
    assert ended <= FLAT_BY
    put_back(home)
    home.until(FLAT_BY + 10)
    assert slots_of(home, "easy") == list(range(FLAT_BY + 11))
    assert entries_after(home, ended)[0] > FLAT_BY + 2
    assert home.status()["held"] == []
    assert home.is_sound()


def test_nor_does_one_that_was_flat_when_its_file_went(home: Home) -> None:
    home.give("pause")
    home.give("close", home.held()["token_id"])
    home.until(HELD + 2)
    home.give("resume")
    remove(home)
    write_strategy(home.path, "strict", STRICT)
    home.until(AWAY_UNTIL)
    assert slots_of(home, "easy")[-1] == HELD + 2
    put_back(home)
    home.until(AWAY_UNTIL + 4)
    assert slots_of(home, "easy") == list(range(AWAY_UNTIL + 5))
    hours = [one for one in entries_after(home, HELD) if one <= AWAY_UNTIL]
    assert hours == []
    assert home.outcomes(HELD + 2)["PAUSED"] > 0
    assert home.findings() == []


def test_a_changed_file_is_taken_up_when_nothing_is_open_any_more(home: Home) -> None:
    before = config_of(home, HELD)
    write_strategy(home.path, "easy", OTHER)
    (managed,) = home.give("check")["managed"]
    assert (managed["file"], managed["config_sha256"]) == ("changed", before)
    home.until(HELD + 1)
    assert [one["source"] for one in home.status()["held"]] == ["file"]
    assert "its file has changed" in " ".join(run("status", "--home", home.path).out.split())
    home.until(FLAT_BY + 8)
    configs = [config_of(home, hour) for hour in slots_of(home, "easy")]
    taken_up = configs.index(configs[-1])
    assert set(configs[:taken_up]) == {before}
    assert set(configs[taken_up:]) != {before}
    query = "SELECT closed_slot FROM position WHERE status = 'CLOSED' ORDER BY closed_slot"
    closed = home.rows(query)
    sold = [(slot - START) // HOUR for (slot,) in closed if slot > START + HELD * HOUR]
    assert taken_up == sold[0] + 1
    assert entries_after(home, HELD)[0] >= taken_up
    assert home.status()["held"] == []
    assert home.findings() == []


def test_a_file_that_is_changed_back_is_in_use_at_once(home: Home) -> None:
    write_strategy(home.path, "easy", OTHER)
    home.until(HELD + 1)
    write_strategy(home.path, "easy", EASY)
    assert home.give("check")["managed"] == []
    home.until(HELD + 2)
    assert home.status()["held"] == []
    assert home.is_sound()


def test_resuming_does_not_lift_what_holds_a_managed_strategy(home: Home) -> None:
    write_strategy(home.path, "easy", OTHER)
    home.until(HELD + 1)
    home.give("pause")
    (note,) = home.give("resume")["notes"]
    assert note.startswith("easy: entries stay held back: its file has changed")
    home.until(HELD + 2)
    assert [one["source"] for one in home.status()["held"]] == ["file"]


def test_a_renamed_strategy_is_a_removed_one_and_a_new_one(home: Home) -> None:
    remove(home)
    write_strategy(home.path, "anew", EASY)
    home.until(FLAT_BY + 4)
    assert slots_of(home, "easy")[-1] <= FLAT_BY
    # It is still in time for the slot of the hour in which the daemon was started with it.
    assert slots_of(home, "anew") == list(range(HELD, FLAT_BY + 5))
    assert home.findings() == []
