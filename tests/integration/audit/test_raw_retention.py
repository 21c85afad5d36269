"""Old raw answers may go; what they said, their hashes and a note of it stay, and audit knows."""

# ruff: noqa: S608  the statements are made of this file's own text
from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.adapters.sql import raw_retention
from bot.adapters.sql.engine import Database, open_database
from bot.adapters.sql.record_store import RawResponse, add_raw, raw_responses
from bot.app.audit import AuditResult, audit_home
from bot.app.retention import Retention, RetentionSettings
from bot.app.settings import load_settings
from bot.domain.errors import LedgerError
from bot.domain.instants import DAY, HOUR, MINUTE, format_instant
from tests.support.ledger_home import START
from tests.support.tampering import opened

END = START + 23 * HOUR


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    found = open_database(home / "hourhand.db")
    with closing(found):
        yield found


def keep(database: Database, now: int, days: int = 0, megabytes: int = 0) -> int:
    settings = RetentionSettings(keep_days=days, max_mb=megabytes)
    with capture_logs():
        return Retention(database, settings, threading.Event()).run(now)


def bodies(database: Database) -> dict[int, int]:
    """Id -> bytes of its body as it is kept, with whichever response; 0 where it is gone."""
    with database.transaction() as connection:
        query = (
            "SELECT r.id, coalesce(length(body), 0) FROM raw_response r "
            "LEFT JOIN raw_body b ON b.sha256 = r.sha256 ORDER BY r.id"
        )
        return {row[0]: row[1] for row in connection.exec_driver_sql(query)}


def size(database: Database) -> int:
    with database.transaction() as connection:
        return raw_retention.body_bytes(connection)


def audit(home: Path) -> AuditResult:
    return audit_home(load_settings(home))


def test_nothing_goes_unless_a_bound_is_set(database: Database) -> None:
    before = bodies(database)
    assert keep(database, END + 1000 * DAY) == 0
    assert bodies(database) == before


def test_bodies_older_than_their_days_go_and_the_younger_stay(
    home: Path, database: Database
) -> None:
    sound = audit(home)
    before = bodies(database)
    assert keep(database, START + DAY + 12 * HOUR, days=1) > 0
    after = bodies(database)
    with database.transaction() as connection:
        query = "SELECT id, sha256, fetched_at FROM raw_response"
        rows = connection.exec_driver_sql(query).fetchall()
    until = START + 12 * HOUR
    wanted = {digest for _, digest, fetched_at in rows if fetched_at > until}
    for raw_id, digest, _ in rows:
        assert after[raw_id] == (before[raw_id] if digest in wanted else 0)
    result = audit(home)
    assert result.findings == []
    assert result.replayed_sha256 == result.ledger_sha256 == sound.ledger_sha256
    gone = sum(length == 0 for length in after.values())
    assert result.recomputed["pruned"] == gone
    assert result.recomputed["responses"] == sound.recomputed["responses"] - gone
    (note,) = (note for note in result.notes if "pruned" in note)
    old = sum(fetched_at <= until for *_, fetched_at in rows)
    assert note.startswith(
        f"{old} responses pruned by retention on {format_instant(START + DAY + 12 * HOUR)}"
    )


def test_all_bodies_may_go_and_the_ledger_still_replays_to_its_hash(
    home: Path, database: Database
) -> None:
    assert keep(database, END + 10 * DAY, days=1) == len(bodies(database))
    assert set(bodies(database).values()) == {0}
    result = audit(home)
    assert (result.findings, result.recomputed["responses"]) == ([], 0)
    assert result.replayed_sha256 == result.ledger_sha256


def test_retention_runs_once_a_day_and_does_nothing_twice(database: Database) -> None:
    settings = RetentionSettings(keep_days=1, max_mb=0)
    with capture_logs():
        retention = Retention(database, settings, threading.Event())
        now = START + DAY + 6 * HOUR
        first = retention.run(now)
        assert first > 0
        assert retention.run(now + 23 * HOUR) == 0
        second = retention.run(now + 24 * HOUR)
    assert second > 0
    with database.transaction() as connection:
        done = raw_retention.prunings(connection)
    assert sum(one.responses for one in done) == first + second
    spans = [(one.first_id, one.last_id) for one in done]
    assert spans == sorted(spans)
    assert all(last < first for (_, last), (first, _) in pairwise(spans))


def test_a_body_stands_once_and_goes_with_the_last_response_that_said_it(
    database: Database,
) -> None:
    first = max(bodies(database)) + 1
    for day in (2, 3, 9):
        store(database, 999_000, START + day * DAY, seed=1)
    with database.transaction() as connection:
        query = "SELECT count(*) FROM raw_body WHERE length(body) > 900000"
        assert connection.exec_driver_sql(query).scalar() == 1
        (_, one), (_, two), (_, three) = raw_responses(connection, first - 1)
        assert one.body == two.body == three.body
    assert keep(database, START + 5 * DAY, days=1) == first + 1  # all but the last
    assert bodies(database)[first] > 0
    with database.transaction() as connection:
        assert raw_retention.body_bytes(connection) > 999_000
        freed = sum(one.bytes for one in raw_retention.prunings(connection))
    keep(database, START + 11 * DAY, days=1)
    assert bodies(database)[first] == 0
    with database.transaction() as connection:
        assert raw_retention.body_bytes(connection) == 0
        assert raw_retention.prunings(connection)[-1].bytes > 999_000
        assert freed < 999_000
    store(database, 999_000, START + 12 * DAY, seed=1)
    assert bodies(database)[first] > 0


def test_a_stop_ends_it_between_two_batches(database: Database) -> None:
    stop = threading.Event()
    stop.set()
    settings = RetentionSettings(keep_days=1, max_mb=1)
    assert Retention(database, settings, stop).run(END + 10 * DAY) == 0


def grow(database: Database, megabytes: int) -> None:
    """Bodies of close to a megabyte each, a day apart, younger than those of the home."""
    for number in range(megabytes):
        store(database, 999_000, START + (2 + number) * DAY)


def store(database: Database, size: int, fetched_at: int, seed: int = 0) -> None:
    """A response whose body cannot be compressed."""
    body = random.Random(seed or fetched_at).randbytes(size)
    raw = RawResponse(
        endpoint="x", params="{}", status=500, body=body,
        fetched_at=fetched_at, latency_ms=1,
    )  # fmt: skip
    with database.transaction() as connection:
        add_raw(connection, raw)


def test_the_oldest_bodies_go_until_the_size_is_kept(database: Database) -> None:
    before = bodies(database)
    grow(database, 5)
    now = START + 30 * DAY
    keep(database, now, megabytes=3)
    with database.transaction() as connection:
        assert raw_retention.body_bytes(connection) <= 3_000_000
    kept = [raw_id for raw_id, length in bodies(database).items() if length]
    # A twentieth more goes than must.
    assert kept == [max(before) + number for number in (4, 5)]


def test_bodies_of_the_last_day_go_too_where_the_size_asks_for_it_and_that_is_said(
    home: Path, database: Database
) -> None:
    retention = Retention(database, RetentionSettings(keep_days=0, max_mb=3), threading.Event())
    with capture_logs() as lines:
        for minute in range(12):
            fetched_at = END + HOUR + minute * MINUTE
            store(database, 999_000, fetched_at)
            retention.make_room(fetched_at, 999_000)
            assert size(database) <= 3_000_000
        retention.run(END + 2 * HOUR)
    warnings = [line["event"] for line in lines if line["log_level"] != "info"]
    assert warnings == ["raw.less_than_a_day"]
    kept = [raw_id for raw_id, length in bodies(database).items() if length]
    assert kept == sorted(bodies(database))[-len(kept) :]
    assert len(kept) >= 2
    assert audit(home).findings == []


def test_a_body_beyond_the_bound_by_itself_is_not_kept(home: Path, database: Database) -> None:
    retention = Retention(database, RetentionSettings(keep_days=0, max_mb=1), threading.Event())
    with capture_logs():
        for number in range(3):  # the database gives the ids of bodies that went to new ones
            store(database, 2_000_000, END + HOUR + number)
            retention.make_room(END + HOUR + number, 2_000_000)
            assert size(database) == 0
        store(database, 400_000, END + 2 * HOUR)
        retention.make_room(END + 2 * HOUR, 400_000)
        assert size(database) > 400_000
    assert audit(home).findings == []


def test_a_damaged_body_stays_and_the_size_is_held_by_the_others(
    home: Path, database: Database
) -> None:
    grow(database, 5)
    database.close()
    with opened(home / "hourhand.db") as connection:
        connection.execute(
            "UPDATE raw_body SET body = zeroblob(length(body)) WHERE sha256 = "
            "(SELECT sha256 FROM raw_response WHERE id = 3)"
        )
    with capture_logs() as lines:
        settings = RetentionSettings(keep_days=0, max_mb=2)
        Retention(database, settings, threading.Event()).run(START + 30 * DAY)
    assert [line["event"] for line in lines if line["log_level"] != "info"] == ["raw.damaged"]
    assert size(database) <= 2_000_000
    assert bodies(database)[3] > 0
    assert {str(finding.code) for finding in audit(home).findings} >= {"RAW_BODY"}


def test_damaged_bodies_beyond_the_bound_are_told_of(home: Path, database: Database) -> None:
    grow(database, 3)
    database.close()
    with opened(home / "hourhand.db") as connection:
        connection.execute("UPDATE raw_body SET body = zeroblob(length(body)) WHERE id > 1")
    with capture_logs() as lines:
        settings = RetentionSettings(keep_days=0, max_mb=1)
        Retention(database, settings, threading.Event()).run(START + 30 * DAY)
    assert lines[-1] == {
        "event": "raw.above_limit", "log_level": "warning", "megabytes_above": 3
    }  # fmt: skip


def test_freed_pages_are_used_again(database: Database) -> None:
    grow(database, 5)
    keep(database, START + 30 * DAY, days=1)
    database.close()
    size = database.path.stat().st_size
    store(database, 4_000_000, START + 40 * DAY)
    database.close()
    assert database.path.stat().st_size < size + 100_000


A = "a" * 64
OF_1 = "(SELECT sha256 FROM raw_response WHERE id = 1)"
NOTE = (
    "INSERT INTO pruning (pruned_at, reason, first_id, last_id, responses, bytes, fetched_until, "
    f"sha256, observed_sha256) VALUES ({END}, 'AGE', 1, 2, 2, 10, {END}, '{A}', '{A}')"
)


@pytest.mark.parametrize(
    ("note", "change"),
    [
        ("", f"DELETE FROM raw_body WHERE sha256 = {OF_1}"),
        (
            NOTE,
            "DELETE FROM raw_body WHERE sha256 NOT IN (SELECT sha256 FROM raw_response "
            "WHERE id < 3)",
        ),
        (NOTE, f"UPDATE raw_body SET body = x'00' WHERE sha256 = {OF_1}"),
        (
            NOTE,
            f"INSERT OR REPLACE INTO raw_body SELECT id, sha256, x'00' FROM raw_body "
            f"WHERE sha256 <> {OF_1}",
        ),
        (NOTE, "UPDATE raw_response SET sha256 = lower(hex(zeroblob(32))) WHERE id = 1"),
        (NOTE, "DELETE FROM raw_response WHERE id = 1"),
        (NOTE, "DELETE FROM pruning"),
        (NOTE, "UPDATE pruning SET last_id = 1000"),
        (NOTE.replace(str(END), str(START - DAY)), f"DELETE FROM raw_body WHERE sha256 = {OF_1}"),
    ],
)
def test_the_database_lets_nothing_but_a_noted_body_go(
    database: Database, note: str, change: str
) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql(note or "SELECT 1")
    with pytest.raises(LedgerError, match="append-only"), database.transaction() as connection:
        connection.exec_driver_sql(change)


def test_a_noted_body_may_go_and_one_that_nobody_brought_may_not(database: Database) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql(NOTE)
        connection.exec_driver_sql(f"DELETE FROM raw_body WHERE sha256 = {OF_1}")
        connection.exec_driver_sql(f"INSERT INTO raw_body (sha256, body) VALUES ('{A}', x'00')")
    with pytest.raises(LedgerError, match="append-only"), database.transaction() as connection:
        connection.exec_driver_sql(f"DELETE FROM raw_body WHERE sha256 = '{A}'")


@pytest.mark.parametrize(
    "fault",
    [
        "DELETE FROM raw_body WHERE id = (SELECT max(id) FROM raw_body)",
        "INSERT INTO raw_body (sha256, body) VALUES (lower(hex(zeroblob(32))), x'00')",
        "UPDATE pruning SET sha256 = lower(hex(zeroblob(32)))",
        "UPDATE pruning SET last_id = last_id - 1",
        "UPDATE pruning SET fetched_until = fetched_until - 86400000",
        "DELETE FROM pruning",
        "UPDATE raw_response SET sha256 = lower(hex(zeroblob(32))) WHERE id = 2",
        "UPDATE bar SET close = close || '1' WHERE id = (SELECT min(id) FROM bar)",
    ],
)
def test_what_went_without_a_note_or_was_changed_after_is_found(
    home: Path, database: Database, fault: str
) -> None:
    keep(database, START + DAY + 12 * HOUR, days=1)
    database.close()
    with opened(home / "hourhand.db") as connection:
        assert connection.execute(fault).rowcount > 0
    assert not audit(home).ok


def test_a_body_that_was_changed_is_not_let_go_nor_what_follows_it(
    home: Path, database: Database
) -> None:
    database.close()
    with opened(home / "hourhand.db") as connection:
        connection.execute(
            "UPDATE raw_body SET body = x'00' WHERE sha256 = "
            "(SELECT sha256 FROM raw_response WHERE id = 3)"
        )
    assert keep(database, END + 10 * DAY, days=1) == 2
    with capture_logs() as lines:
        settings = RetentionSettings(keep_days=1, max_mb=0)
        assert Retention(database, settings, threading.Event()).run(END + 20 * DAY) == 0
    assert [(line["event"], line["log_level"]) for line in lines] == [("raw.damaged", "error")]
    assert {str(finding.code) for finding in audit(home).findings} >= {"RAW_BODY"}


def test_a_changed_body_is_still_found_beside_those_that_went(
    home: Path, database: Database
) -> None:
    keep(database, START + DAY + 12 * HOUR, days=1)
    database.close()
    with opened(home / "hourhand.db") as connection:
        connection.execute(
            "UPDATE raw_body SET body = zeroblob(length(body)) WHERE id = "
            "(SELECT max(id) FROM raw_body)"
        )
    assert {str(finding.code) for finding in audit(home).findings} >= {"RAW_BODY"}
