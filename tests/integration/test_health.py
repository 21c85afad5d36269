"""`status` says how it is, why, and since when, and its exit code says it to monitoring."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from bot.adapters.sql import outbox_store, slot_store
from bot.adapters.sql.engine import Database, open_database
from bot.adapters.sql.ledger_rows import OutboxRow
from bot.adapters.sql.migrate import create_database
from bot.adapters.sql.record_store import RawResponse, add_raw
from bot.app.health import HealthNotes
from bot.app.retention import Retention, RetentionSettings
from bot.domain.errors import ClockError, StorageError
from bot.domain.instants import DAY, HOUR, MINUTE, format_instant
from bot.simulator import MarketSource, Server, SimulatorOptions, SteppedClock, create_app
from bot.simulator.faults import Fault, FaultKind, FaultPlan, ScriptedFault
from tests.support.command import ask, run
from tests.support.ledger_home import (
    EASY,
    START,
    made_up_market,
    make_home,
    run_until,
    write_home,
    write_strategy,
)

LAST = START + 2 * HOUR


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("health") / "home"
    make_home(home, hours=2)
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "home")


def health(home: Path) -> tuple[int, str, str | None, list[str]]:
    """Exit code, state, since when, and the reasons."""
    code = run("status", "--home", home).code
    found = ask("status", "--home", home)["health"]
    reasons = [f"{one['state']}: {one['part']}: {one['reason']}" for one in found["reasons"]]
    return code, found["state"], found["since"], reasons


def hear_at(home: Path, instant: int) -> None:
    """The daemon's last sign of life: with a simulator's clock, the now of those who ask."""
    with closing(sqlite3.connect(home / "hourhand.db")) as connection:
        connection.execute("UPDATE lease SET heartbeat = ?", (instant,))
        connection.commit()


def test_a_home_whose_last_hour_was_done_is_healthy(home: Path) -> None:
    assert health(home) == (0, "healthy", None, [])
    assert "\nhealth  healthy\n" in run("status", "--home", home).out


@pytest.mark.parametrize(
    ("minutes", "code", "state"),
    [(89, 0, "healthy"), (91, 1, "degraded"), (179, 1, "degraded"), (181, 2, "failing")],
)
def test_slots_that_are_late_make_it_degraded_and_then_failing(
    home: Path, minutes: int, code: int, state: str
) -> None:
    hear_at(home, LAST + minutes * MINUTE)
    found = health(home)
    assert found[:2] == (code, state)
    if code:
        assert found[2] is not None
        assert found[2] <= format_instant(LAST + HOUR)  # or since when answers stopped
        assert f"{state}: slots: easy: no slot done since {format_instant(LAST)}" in found[3]


def test_a_daemon_that_went_away_long_ago_looks_no_better(home: Path) -> None:
    file = home / "config" / "hourhand.toml"
    text = file.read_text()
    file.write_text("\n".join(line for line in text.splitlines() if "clock_url" not in line))
    code, state, since, _ = health(home)
    assert (code, state, since) == (2, "failing", format_instant(LAST + HOUR))
    first = run("status", "--home", home).out.splitlines()[2]
    assert first.startswith("health  failing since 2025-02-03 03:00")


def test_an_hourly_endpoint_that_is_silent_is_named_with_its_last_answer(home: Path) -> None:
    with closing(sqlite3.connect(home / "hourhand.db")) as connection:
        connection.execute(
            "UPDATE poll_state SET last_success = ? WHERE endpoint = 'hourly-ohlcv'",
            (LAST - 3 * HOUR,),
        )
        connection.commit()
    code, state, since, reasons = health(home)
    assert (code, state, since) == (1, "degraded", format_instant(LAST - 3 * HOUR))
    assert "entries stop as data ages" in reasons[0]


def test_a_receiver_whose_messages_wait_for_half_an_hour_is_named_with_its_last_error(
    home: Path,
) -> None:
    with (home / "config" / "hourhand.toml").open("a") as settings:
        settings.write("notify_log = true\n")
    written = LAST + 5 * MINUTE
    database = open_database(home / "hourhand.db")
    with database.transaction() as connection:
        outbox_store.register(connection, ("log",))
        message = OutboxRow(
            dedup="0" * 32, topic="health", strategy=None, slot=None, event_time=written,
            late=False, body="{}",
        )  # fmt: skip
        outbox_store.post(connection, message, written)
        claimed = outbox_store.claim(connection, "log", 1, written)
        assert claimed is not None
        outbox_store.mark_failed(connection, "log", claimed.id, "TypeError", written + HOUR)
    database.close()
    hear_at(home, written + 30 * MINUTE)
    assert health(home) == (0, "healthy", None, [])
    hear_at(home, written + 31 * MINUTE)
    since = format_instant(written)
    reason = f"degraded: receivers: log: 1 message not delivered since {since}: TypeError"
    assert health(home) == (1, "degraded", since, [reason])


def test_what_the_daemon_noted_is_told_since_it_began(home: Path) -> None:
    database = open_database(home / "hourhand.db")
    notes = HealthNotes(database)
    notes.failed(LAST + MINUTE, StorageError("the disk is full"))
    notes.failed(LAST + 2 * MINUTE, StorageError("the disk is fuller"))
    assert health(home)[:3] == (1, "degraded", format_instant(LAST + MINUTE))
    notes.failed(LAST + 3 * MINUTE, ClockError("an hour off"))
    code, state, since, reasons = health(home)
    assert (code, state, since) == (2, "failing", format_instant(LAST + 3 * MINUTE))
    assert reasons == [
        "failing: clock: an hour off",
        "degraded: slots: StorageError: the disk is fuller",
    ]
    notes.well(LAST + 4 * MINUTE, "")
    assert health(home) == (0, "healthy", None, [])
    notes.well(LAST + 5 * MINUTE, "quantmetrics: status 503")
    assert health(home)[3] == ["degraded: provider: quantmetrics: status 503"]
    database.close()


def test_requests_without_an_answer_count_among_the_errors_of_their_endpoint(
    tmp_path: Path,
) -> None:
    """Broken connections leave no answer in the record; a page of HTML leaves one unread."""
    plan = FaultPlan(script=tuple(
        ScriptedFault(fault=Fault(kind=kind), first=first, last=last, endpoint=endpoint)
        for kind, first, last, endpoint in (
            (FaultKind.BROKEN_OFF, 1, 2, "hourly-ohlcv"),
            (FaultKind.HTML, 2, 2, "hourly-trading-signals"),
        )
    ))  # fmt: skip
    record = made_up_market(6, 2)
    app = create_app(MarketSource(record), SteppedClock(START), SimulatorOptions(faults=plan))
    with Server(app) as server:
        settings = write_home(tmp_path, server.url)
        write_strategy(tmp_path, "easy", EASY)
        run_until(settings, START + 2 * HOUR)
    polls = {row["endpoint"]: row for row in ask("status", "--home", tmp_path)["polls"]}
    bars, calls = polls["hourly-ohlcv"], polls["hourly-trading-signals"]
    assert bars["errors"] == {"protocol": 2}
    assert bars["requests"] == bars["answers"] + 2
    assert bars["error_rate"] == float(f"{2 / bars['requests']:.4g}")
    assert calls["errors"] == {"payload": 1}
    assert calls["requests"] == calls["answers"]
    shown = run("status", "--home", tmp_path).out
    assert "%: 2 x protocol" in shown
    assert max(map(len, shown.splitlines())) <= 130  # of a pipe


def test_failures_are_remembered_for_a_day(tmp_path: Path) -> None:
    create_database(tmp_path / "a.db")
    database = open_database(tmp_path / "a.db")
    with database.transaction() as connection:
        for at in (START, START, START + DAY, START + DAY + HOUR):
            slot_store.note_failure(connection, "hourly-ohlcv", "deadline", at)
        assert slot_store.last_polls(connection) == {}
        found = slot_store.failures(connection, START)
        assert found == {"hourly-ohlcv": {"deadline": 2}}
        slot_store.note_failure(connection, "hourly-ohlcv", "deadline", START + DAY)
        assert slot_store.failures(connection, START) == {"hourly-ohlcv": {"deadline": 3}}
    database.close()


def test_a_note_that_cannot_be_written_stops_nothing(home: Path) -> None:
    database = open_database(home / "hourhand.db")
    notes = HealthNotes(database)
    with closing(sqlite3.connect(home / "hourhand.db", isolation_level=None)) as rival:
        rival.execute("DROP TABLE health")
        notes.failed(LAST, StorageError("the disk is full"))
    database.close()


def test_a_wrong_strategy_file_and_used_up_credits_are_told(home: Path) -> None:
    (home / "strategies" / "other.toml").write_text('name = "other"\nmax_hold = -1\n')
    file = home / "config" / "hourhand.toml"
    file.write_text(file.read_text().replace("monthly_credits = 1000000", "monthly_credits = 1"))
    code, state, since, reasons = health(home)
    assert (code, state, since) == (1, "degraded", None)
    assert "degraded: credits: none are left in 2025-02" in reasons
    assert any("the next start would fail" in reason for reason in reasons)


def test_raw_answers_of_less_than_a_day_are_told_for_a_day(home: Path) -> None:
    def answer(database: Database, fetched_at: int) -> None:
        raw = RawResponse(
            endpoint="x", params="{}", status=500, fetched_at=fetched_at, latency_ms=1,
            body=random.Random(fetched_at).randbytes(900_000),
        )  # fmt: skip
        with database.transaction() as connection:
            add_raw(connection, raw)

    with closing(open_database(home / "hourhand.db")) as database:
        retention = Retention(database, RetentionSettings(keep_days=0, max_mb=1), Event())
        for minute in range(3):
            answer(database, LAST + minute * MINUTE)
            retention.make_room(LAST + minute * MINUTE, 900_000)
    with (home / "config" / "hourhand.toml").open("a") as settings:
        settings.write("raw_max_mb = 1\n")
    code, state, since, reasons = health(home)
    assert (code, state, since) == (1, "degraded", format_instant(LAST + 2 * MINUTE))
    assert reasons == [
        "degraded: disk: raw answers: less than a day is within raw_max_mb = 1; "
        f"those up to {format_instant(LAST + MINUTE)} were let go"
    ]
    hear_at(home, LAST + DAY + 3 * MINUTE)
    assert not [reason for reason in health(home)[3] if "raw answers" in reason]


def test_a_log_that_grows_while_another_program_reads_is_told_until_that_ends(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / "hourhand.db"
    database = open_database(path)
    notes = HealthNotes(database)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM meta").fetchall()
        hear_at(home, LAST + MINUTE)
        notes.log_size()
        assert health(home) == (0, "healthy", None, [])
        # As if the daemon had gone on for long: what lies behind the last frame is nobody's.
        os.truncate(home / "hourhand.db-wal", 70_000_000)
        code, state, _, reasons = health(home)
        notes.log_size()
        notes.log_size()
    assert (code, state) == (1, "degraded")
    assert reasons[0].startswith("degraded: disk: hourhand.db-wal has 70 MB and grows")
    assert capsys.readouterr().out.count("database.log_grows") == 1
    database.close()  # the last one out empties it
    assert health(home) == (0, "healthy", None, [])
