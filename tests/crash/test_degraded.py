"""Degraded, not dead: entries stop, exits go on, status says so, and recovery needs nobody."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.instants import DAY, HOUR, MINUTE
from tests.support.forked import Forks
from tests.support.ledger_home import START
from tests.support.moody_lab import (
    DOWN,
    REFUSING,
    WELL,
    MoodyLab,
    World,
    market,
    provider_of,
    restated,
)
from tests.support.small_disk import fill, make_read_only, make_writable, small_disk


@pytest.fixture(scope="module")
def lab(forks: Forks) -> MoodyLab:
    return MoodyLab(forks, market())


@pytest.fixture
def world(lab: MoodyLab, tmp_path: Path) -> Iterator[World]:
    with lab.world(tmp_path / "home") as found:
        yield found


def entries_after(world: World, hours: int) -> int:
    query = (
        f"SELECT count(*) FROM \"order\" WHERE action = 'ENTRY' AND slot > {START + hours * HOUR}"  # noqa: S608
    )
    return int(world.query(query)[0][0])


def slots_are_gapless(world: World, hours: int) -> bool:
    slots = [slot for (slot,) in world.query("SELECT slot FROM cycle ORDER BY slot")]
    return slots == [START + number * HOUR for number in range(hours + 1)]


@pytest.mark.parametrize(("mood", "hours", "most_an_hour"), [(REFUSING, 30, 3), (DOWN, 26, 40)])
def test_a_provider_that_gives_nothing_for_days_stops_entries_and_nothing_else(
    world: World, mood: str, hours: int, most_an_hour: int
) -> None:
    daemon = world.start()
    daemon.until_slot(5)
    assert world.state() == (0, "healthy", set())
    world.provider.mood = mood
    daemon.until_slot(5 + hours)
    assert daemon.is_alive()
    assert 0 < world.provider.asked[mood] <= hours * most_an_hour
    # Hourly rows count as fresh for two hours; then nothing may be entered.
    assert entries_after(world, 8) == 0
    code, state, parts = world.state()
    assert (code, state) == (1, "degraded")
    assert "provider" in parts
    held = world.query("SELECT count(*) FROM position WHERE status = 'OPEN'")[0][0]
    world.provider.mood = WELL
    daemon.until_slot(15 + hours)
    assert world.state() == (0, "healthy", set())
    assert entries_after(world, 5 + hours) > 0
    assert slots_are_gapless(world, 15 + hours)
    assert not world.query("SELECT 1 FROM cycle WHERE missed = 1")
    # What was held through the silence was closed by bars that came late, in order.
    assert held == 0 or world.query("SELECT count(*) FROM fill WHERE side = 'SELL'")[0][0] > 0
    assert daemon.stop().exit == 0
    assert world.findings() == []


def test_a_key_that_never_worked_ends_a_start(world: World) -> None:
    world.provider.mood = REFUSING
    daemon = world.start()
    assert daemon.ended().exit == 77


def test_a_full_disk_stops_slots_until_there_is_room_again(lab: MoodyLab, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4000) as disk, lab.world(disk) as world:
        world.lab.extra["HOURHAND_LOG_FILE"] = str(tmp_path / "daemon.log")
        daemon = world.start()
        daemon.until_slot(2)
        ballast = fill(disk)
        world.let_pass(3)
        log = tmp_path / "daemon.log"
        daemon.wait_for(lambda: "the disk is full" in log.read_text(), "a full disk")
        assert world.last_slot() == START + 2 * HOUR
        code, state, parts = world.state()
        assert (code, state, "disk" in parts) == (1, "degraded", True)
        ballast.unlink()
        daemon.until_slot(5)
        assert slots_are_gapless(world, 5)
        assert daemon.stop().exit == 0
        assert world.findings() == []


def test_a_log_on_a_full_disk_does_not_matter(lab: MoodyLab, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 100) as disk, lab.world(tmp_path / "home") as world:
        world.lab.extra["HOURHAND_LOG_FILE"] = str(disk / "daemon.log")
        daemon = world.start()
        daemon.until_slot(1)
        ballast = fill(disk)
        daemon.until_slot(17)
        ballast.unlink()
        daemon.until_slot(18)
        assert daemon.stop().exit == 0
        assert '"event": "log.lost"' in (disk / "daemon.log").read_text()


def test_a_database_locked_by_another_program_is_waited_for(world: World) -> None:
    daemon = world.start()
    daemon.until_slot(2)
    with closing(sqlite3.connect(world.database, isolation_level=None)) as rival:
        rival.execute("BEGIN IMMEDIATE")
        world.let_pass(3)
        daemon.wait_for(
            lambda: any("another program" in one["cause"] for one in world.events("wake.failed")),
            "a refusal",
        )
        rival.execute("ROLLBACK")
    daemon.until_slot(4)
    assert slots_are_gapless(world, 4)
    # It was tried again within the hour: nothing was missed.
    assert not world.query("SELECT 1 FROM cycle WHERE missed = 1")
    assert daemon.stop().exit == 0
    assert world.state()[:2] == (0, "healthy")
    assert world.findings() == []


def delete(world: World) -> None:
    world.database.unlink()


def replace(world: World) -> None:
    copy = world.home / "copy.db"
    shutil.copy(world.database, copy)
    os.replace(copy, world.database)


@pytest.mark.parametrize(("change", "word"), [(delete, "was deleted"), (replace, "was replaced")])
def test_a_database_file_that_is_another_one_ends_the_daemon(
    world: World, change: object, word: str
) -> None:
    daemon = world.start()
    daemon.until_slot(2)
    change(world)  # type: ignore[operator]
    world.let_pass(3)
    assert daemon.ended().exit == 74
    assert word in world.log()
    assert "Traceback" not in world.log()


def test_a_database_that_breaks_while_it_is_used_ends_the_daemon(world: World) -> None:
    daemon = world.start()
    daemon.until_slot(2)
    # A foreign commit makes the daemon read anew what it has in memory; then there is nonsense.
    with closing(sqlite3.connect(world.database)) as foreign:
        foreign.execute("INSERT INTO meta VALUES ('foreign', 'row')")
        foreign.commit()
        foreign.execute("PRAGMA wal_checkpoint(PASSIVE)")
    with world.database.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (world.database.stat().st_size - 4096))
    world.let_pass(3)
    assert daemon.ended().exit == 74
    assert "hourhand db restore" in world.log()
    assert "Traceback" not in world.log()
    ended = world.start().ended()  # and no start goes on from there
    assert ended.exit == 74


def test_a_start_on_a_read_only_disk_says_what_is_wrong(lab: MoodyLab, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 8000) as disk, lab.world(disk) as world:
        daemon = world.start()
        daemon.until_slot(1)
        assert daemon.stop().exit == 0
        make_read_only(disk)
        try:
            assert world.start().ended().exit == 74
            assert "Traceback" not in world.log()
            assert "Read-only file system" in world.log()
            # Whoever looks is told, and writes nothing.
            code, document = world.ask("status")
            assert (code, document["health"]["state"]) == (1, "degraded")
            assert "read-only" in str(document["health"]["reasons"])
            code, document = world.ask("doctor")
            assert code == 1
            assert document["ok"] is False
        finally:
            make_writable(disk)
        daemon = world.start()
        daemon.until_slot(3)
        assert daemon.stop().exit == 0


def test_no_slot_is_done_while_the_clocks_differ(world: World) -> None:
    daemon = world.start()
    daemon.until_slot(2)
    answers = world.query("SELECT count(*) FROM raw_response")
    world.provider.shift = -5 * MINUTE
    world.let_pass(5)
    daemon.wait_for(lambda: len(world.events("wake.failed")) >= 2, "two failed wakes")
    assert world.last_slot() == START + 2 * HOUR
    # Nobody can say when these answers were known: none is kept.
    assert world.query("SELECT count(*) FROM raw_response") == answers
    code, state, parts = world.state()
    assert (code, state, "clock" in parts) == (2, "failing", True)
    world.provider.shift = 0
    daemon.until_slot(8)
    assert world.state() == (0, "healthy", set())
    assert slots_are_gapless(world, 8)
    assert daemon.stop().exit == 0
    assert world.findings() == []


@pytest.mark.parametrize("ahead", [HOUR, 365 * DAY])
def test_a_start_with_a_clock_far_ahead_does_no_hour_that_has_not_been(
    world: World, ahead: int
) -> None:
    daemon = world.start()
    daemon.until_slot(3)
    assert daemon.stop().exit == 0
    right = world.provider.clock.now()
    # The machine comes back with a wrong time; the provider has the right one.
    wrong = right + ahead + HOUR
    world.provider.clock.set(wrong, wrong + MINUTE)
    world.provider.shift = -ahead - HOUR
    daemon = world.start()
    daemon.wait_for(lambda: bool(world.events("wake.failed")), "a failed wake")
    assert world.last_slot() == START + 3 * HOUR
    assert world.ask("once")[0] in (69, 75)
    assert daemon.stop().exit == 0
    world.provider.shift = 0
    world.provider.clock.set(right, right)
    daemon = world.start()
    daemon.until_slot(6)
    assert slots_are_gapless(world, 6)
    assert daemon.stop().exit == 0
    assert world.findings() == []


def test_a_clock_of_another_century_ends_a_start_that_will_be_tried_again(world: World) -> None:
    world.provider.clock.set(5 * 365 * DAY, 5 * 365 * DAY)
    assert world.start().ended().exit == 69  # the supervisor starts it again, unlike after 70
    assert "clock is years off" in world.log()
    assert "Traceback" not in world.log()


def test_a_clock_set_back_repeats_no_slot(world: World) -> None:
    daemon = world.start()
    daemon.until_slot(4)
    done = "SELECT slot, lines_sha256, input_sha256 FROM cycle ORDER BY slot"
    seen = "SELECT * FROM bar WHERE available_at <= (SELECT max(as_of) FROM slot) ORDER BY id"
    first, known = world.query(done), world.query(seen)
    now = world.provider.clock.now()
    world.provider.clock.set(now - 2 * HOUR, now - 2 * HOUR)
    time.sleep(0.2)
    # What the provider says of the hours that were done is another thing from now on.
    world.provider.app = provider_of(restated(market()), world.provider.clock)
    daemon.until_slot(6)
    assert world.query(done)[: len(first)] == first
    rows = world.query("SELECT * FROM bar ORDER BY id")
    assert rows[: len(known)] == known
    again = "FROM bar b JOIN bar a USING (token_id, open_time) WHERE b.id > a.id"
    changed = world.query(f"SELECT b.open_time {again} AND b.close <> a.close")
    assert min(changed) < (START + 4 * HOUR,)  # and it came
    assert slots_are_gapless(world, 6)
    assert daemon.stop().exit == 0
    assert world.findings() == []


def test_a_closed_terminal_and_a_moved_log_file_change_nothing(world: World) -> None:
    log = world.home / "daemon.log"
    world.lab.extra["HOURHAND_LOG_FILE"] = str(log)
    daemon = world.start()
    daemon.until_slot(1)
    os.kill(daemon.started.pid, signal.SIGHUP)
    log.rename(world.home / "daemon.log.1")
    daemon.until_slot(2)
    # A slot's line is written after the slot is stored.
    daemon.wait_for(lambda: log.exists() and '"slot"' in log.read_text(), "the slot's line")
    assert '"daemon.start"' not in log.read_text()
    assert daemon.stop().exit == 0


def test_output_that_nobody_takes_ends_nothing(world: World) -> None:
    for ending in ("log", "out"):
        (world.home / f"full.{ending}").symlink_to("/dev/full")
    said, world.said = world.said, world.home / "full"
    daemon = world.start()
    world.said = said
    daemon.until_slot(2)
    assert daemon.stop().exit == 0
