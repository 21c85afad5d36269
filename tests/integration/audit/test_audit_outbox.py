"""The audit finds every message that is missing, invented, changed, or waits too long."""

# ruff: noqa: S608  the statements are made of this file's own text
from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.sql import outbox_store
from bot.adapters.sql.engine import open_database
from bot.app.audit import AuditResult, audit_home
from bot.app.settings import load_settings
from bot.domain.instants import HOUR, MINUTE
from tests.support.tampering import opened, run, sql

OF_A_FILL = "(SELECT min(id) FROM outbox WHERE topic = 'entry.filled')"
OF_AN_ORDER = "(SELECT min(id) FROM outbox WHERE topic = 'entry.ordered')"


def audit(home: Path) -> AuditResult:
    return audit_home(load_settings(home))


def rows(home: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(home / "hourhand.db")) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def changed(home: Path) -> Iterator[sqlite3.Connection]:
    with opened(home / "hourhand.db") as connection:
        yield connection


def test_each_event_of_the_ledger_has_its_one_message(ledger_home: Path) -> None:
    topics = rows(ledger_home, "SELECT topic FROM outbox WHERE topic NOT LIKE 'alert.%'")
    told = Counter(topic for (topic,) in topics)
    fills = Counter(side for (side,) in rows(ledger_home, "SELECT side FROM fill"))
    entries = rows(ledger_home, "SELECT id FROM \"order\" WHERE action = 'ENTRY'")
    assert told == {
        "entry.ordered": len(entries),
        "entry.filled": fills["BUY"],
        "exit.filled": fills["SELL"],
        "journal.anchor": 1,
    }
    assert min(told.values()) >= 1
    assert not [one for one in audit(ledger_home).findings if one.code == "OUTBOX"]


def test_the_anchor_names_the_head_of_the_journal(ledger_home: Path) -> None:
    ((body,),) = rows(ledger_home, "SELECT body FROM outbox WHERE topic = 'journal.anchor'")
    ((seq, digest),) = rows(ledger_home, "SELECT seq, hash FROM journal WHERE slot % 86400000 = 0")
    assert json.loads(str(body)).items() >= {"seq": seq, "hash": digest}.items()


@pytest.mark.parametrize(
    ("fault", "where"),
    [
        (f"DELETE FROM outbox WHERE id = {OF_A_FILL}", "fill"),
        (f"DELETE FROM outbox WHERE id = {OF_AN_ORDER}", "order"),
        ("DELETE FROM outbox WHERE topic = 'exit.filled'", "fill"),
        ("DELETE FROM outbox WHERE topic = 'journal.anchor'", "anchor of easy"),
        (f"UPDATE outbox SET dedup = lower(hex(zeroblob(16))) WHERE id = {OF_A_FILL}", "fill"),
        ("UPDATE outbox SET late = 1 WHERE id = 1", "late of message"),
        ("UPDATE outbox SET body = replace(body, '\"seq\":1', '\"seq\":2') "
         "WHERE topic = 'journal.anchor'", "anchor of easy"),
        ("INSERT INTO outbox SELECT id + 1000, lower(hex(zeroblob(16))), topic, strategy, slot, "
         "event_time, late, body, written_at FROM outbox WHERE topic = 'entry.filled' LIMIT 1",
         "message"),
        ("DELETE FROM outbox_start", "message"),
        ("INSERT INTO outbox SELECT id + 1000, lower(hex(zeroblob(16))), 'command', NULL, NULL, "
         "event_time, 0, '{}', written_at FROM outbox LIMIT 1", "message"),
        ("INSERT INTO conflict (strategy, slot, kind, expected, found) SELECT strategy, slot, "
         "'CYCLE', 'a', 'b' FROM cycle LIMIT 1", "conflict of easy"),
        ("UPDATE journal SET body = replace(body, '\"halts\":[]', '\"halts\":[\"HALT_X\"]') "
         "WHERE seq = 5", "HALT_X of easy"),
        ("INSERT INTO notice (strategy, slot, token_id, kind, detail) SELECT strategy, slot, 1, "
         "'UNPRICED', '' FROM cycle LIMIT 1", "UNPRICED of easy"),
    ],
)  # fmt: skip
def test_a_message_that_is_missing_invented_or_changed_is_found(
    home: Path, changed: sqlite3.Connection, fault: str, where: str
) -> None:
    sql(fault)(changed)
    findings = [one for one in audit(home).findings if one.code == "OUTBOX"]
    found = [one.where for one in findings]
    assert any(where in place for place in found), found
    for one in findings:  # lines that a person can read
        assert not {one.expected[:1], one.found[:1]} & {"(", "{", "["}, one.text()
        assert len(one.text()) < 250, one.text()


@pytest.mark.parametrize(
    ("fault", "part", "found"),
    [
        (f"UPDATE outbox SET body = json_replace(body, '$.price', '1.5') WHERE id = {OF_A_FILL}",
         "(entry.filled): body, price", "1.5"),
        (f"UPDATE outbox SET event_time = event_time + 1 WHERE id = {OF_AN_ORDER}",
         "(entry.ordered): event time", ".001Z"),
        (f"UPDATE outbox SET body = body || ' ' WHERE id = {OF_AN_ORDER}",
         "(entry.ordered): the body's text", "} "),
        (f"UPDATE outbox SET body = json_remove(body, '$.price') WHERE id = {OF_A_FILL}",
         "(entry.filled): body, price", "none"),
        ("UPDATE outbox SET body = json_replace(body, '$.text', 'x') WHERE topic LIKE 'alert.%' "
         "AND topic <> 'alert.rules'", ": body, text", "x"),
    ],
)  # fmt: skip
def test_a_changed_message_is_told_by_the_part_that_was_changed(
    home: Path, changed: sqlite3.Connection, fault: str, part: str, found: str
) -> None:
    sql(fault)(changed)
    findings = [
        one for one in audit(home).findings
        if one.code == "OUTBOX" and not one.where.startswith("rows ")
    ]  # fmt: skip
    assert findings
    for one in findings:
        assert part in one.where
        assert one.found.endswith(found)
        assert one.expected != one.found


def test_slots_before_the_first_that_had_messages_need_none(
    home: Path, changed: sqlite3.Connection
) -> None:
    ((middle,),) = rows(home, "SELECT slot FROM cycle ORDER BY slot LIMIT 1 OFFSET 12")
    sql(
        # Alerts hold from the message on that told their rules, so they go with it.
        f"DELETE FROM outbox WHERE slot < {middle} OR topic LIKE 'alert.%'",
        "DELETE FROM alert_state",
        f"UPDATE outbox_start SET slot = {middle}",
        "UPDATE outbox SET id = (SELECT count(*) FROM outbox o WHERE o.id <= outbox.id)",
    )(changed)
    # The seal over the rows is broken by taking them out, which is another finding.
    found = [one for one in audit(home).findings if one.code == "OUTBOX"]
    assert [one for one in found if not one.where.startswith("rows ")] == []


def test_a_ledger_without_any_message_is_a_replayed_one(
    home: Path, changed: sqlite3.Connection
) -> None:
    run("DELETE FROM outbox_start")(changed)
    run("DELETE FROM outbox")(changed)
    # The seal over the rows is broken by taking them out, which is another finding.
    found = [one for one in audit(home).findings if one.code == "OUTBOX"]
    assert all(one.where.startswith("rows ") for one in found)


def test_messages_that_wait_for_more_than_an_hour_and_those_set_aside_are_noted(
    home: Path,
) -> None:
    database = open_database(home / "hourhand.db")
    with closing(database), database.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO outbox_sink VALUES ('webhook', 1, 0, NULL)")
        (epoch, beat) = connection.exec_driver_sql("SELECT epoch, heartbeat FROM lease").one()
        claimed = outbox_store.claim(connection, "webhook", epoch, beat)
        assert claimed is not None
        outbox_store.mark_failed(connection, "webhook", claimed.id, "HTTP 500", None)
        waiting = outbox_store.count_waiting(connection, "webhook")
    notes = [note for note in audit(home).notes if "webhook" in note]
    assert notes == [
        f"{waiting} messages wait for webhook, the oldest for more than an hour",
        "1 message was set aside for webhook: see `hourhand outbox`",
    ]
    database = open_database(home / "hourhand.db")
    with closing(database), database.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE outbox_sink SET since_id = (SELECT max(id) - 1 FROM outbox)"
        )
        connection.exec_driver_sql(
            "UPDATE lease SET heartbeat = (SELECT max(written_at) FROM outbox) + ?",
            (HOUR - MINUTE,),
        )
    assert not [note for note in audit(home).notes if "wait" in note]
