"""`hourhand outbox`: what waits, what was sent, what was set aside; a test; another try."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.sql import outbox_store
from bot.adapters.sql.engine import Database, open_database
from tests.integration.sql.support import T0, busy_slot, commit, start
from tests.support.command import ask, run
from tests.support.published import check_document
from tests.support.webhook_server import Reply, WebhookServer

SIGNED_WITH = "a text of at least 24 bytes"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("config", "strategies", "secrets"):
        (tmp_path / folder).mkdir()
    return tmp_path


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    found, epoch = start(home / "hourhand.db")
    with found.transaction() as connection:
        outbox_store.register(connection, ("log", "webhook"))
    commit(found, epoch, busy_slot(0))
    found.close()
    with closing(open_database(home / "hourhand.db")) as reopened:
        yield reopened


def set_up(home: Path, url: str = "https://hooks.example.org/x?token=hidden") -> None:
    (home / "config" / "hourhand.toml").write_text(
        f'notify_log = true\nlog_file = "test.log"\nwebhook_url = "{url}"\n'
        "webhook_allow_private = true\nwebhook_deadline_s = 1\n"
    )
    secret = home / "secrets" / "webhook_secret"
    secret.write_text(SIGNED_WITH)
    secret.chmod(0o600)


def fail(database: Database, error: str, again_at: int | None) -> None:
    with database.transaction() as connection:
        claimed = outbox_store.claim(connection, "webhook", 1, T0)
        assert claimed is not None
        outbox_store.mark_failed(connection, "webhook", claimed.id, error, again_at)


def send(database: Database, sink: str) -> None:
    with database.transaction() as connection:
        claimed = outbox_store.claim(connection, sink, 1, T0)
        assert claimed is not None
        outbox_store.mark_sent(connection, sink, claimed.id, T0)


def test_the_list_says_per_receiver_what_waits_was_sent_and_went_wrong(
    home: Path, database: Database
) -> None:
    set_up(home)
    send(database, "log")
    fail(database, "HTTP 503", T0 + 15_000)
    document = ask("outbox", "--home", home)
    (message,) = document["messages"]
    dedup = busy_slot(0).outbox[0].dedup
    assert (message["id"], message["topic"], message["late"]) == (dedup, "entry.ordered", False)
    assert message["deliveries"] == [
        {"sink": "log", "state": "sent", "attempts": 1, "sent_at": "2025-05-10T13:00:00Z",
         "next_attempt": None, "last_error": None},
        {"sink": "webhook", "state": "waiting", "attempts": 1, "sent_at": None,
         "next_attempt": "2025-05-10T13:00:15Z", "last_error": "HTTP 503"},
    ]  # fmt: skip
    log, webhook = document["sinks"]
    assert (log["sent"], log["waiting"], log["to"]) == (1, 0, "the log")
    assert webhook == {
        "sink": "webhook", "configured": True, "to": "hooks.example.org", "sent": 0, "waiting": 1,
        "poison": 0, "oldest_waiting": "2025-05-10T13:00:00Z", "last_sent": None,
        "last_error": "HTTP 503",
    }  # fmt: skip
    text = run("outbox", "--home", home).out
    assert "HTTP 503" in text
    assert "entry.ordered" in text
    assert "1 of 1" in text
    for shown in (text, json.dumps(document)):
        assert "hidden" not in shown
        assert SIGNED_WITH not in shown


def test_what_was_set_aside_is_counted_apart_from_what_waits(
    home: Path, database: Database
) -> None:
    set_up(home)
    fail(database, "HTTP 500", None)
    document = ask("outbox", "--home", home)
    assert [(one["waiting"], one["poison"]) for one in document["sinks"]] == [(1, 0), (0, 1)]
    assert "webhook: set aside" in run("outbox", "--home", home).out


def test_messages_that_were_set_aside_are_tried_again_on_demand(
    home: Path, database: Database
) -> None:
    set_up(home)
    fail(database, "HTTP 500", None)
    assert run("outbox", "retry", "--home", home, "--sink", "pager").code == 2
    assert ask("outbox", "retry", "--home", home, "--sink", "log") == {"again": 0}
    assert ask("outbox", "retry", "--home", home) == {"again": 1}
    assert ask("outbox", "retry", "--home", home) == {"again": 0}
    with database.transaction() as connection:
        # The retry is due by the machine's clock, which is later than the slots of this test.
        claimed = outbox_store.claim(connection, "webhook", 1, 4_000_000_000_000)
    assert claimed is not None
    assert claimed.attempt == 1


def test_without_receivers_the_list_says_where_to_set_them_up(home: Path) -> None:
    database, epoch = start(home / "hourhand.db")
    with closing(database):
        commit(database, epoch, busy_slot(0))
    out = run("outbox", "--home", home).out
    assert "webhook_url" in out
    assert "entry.ordered" in out


def test_a_test_message_reaches_every_receiver_and_is_not_recorded(
    home: Path, database: Database
) -> None:
    with WebhookServer() as server:
        set_up(home, server.url)
        document = json.loads(called(home, "outbox", "test", "--json").stdout)
    check_document(["outbox", "test"], document)
    assert [(one["sink"], one["result"]) for one in document["sinks"]] == [
        ("log", "sent"), ("webhook", "sent"),
    ]  # fmt: skip
    (posted,) = server.posted
    assert posted.document["type"] == "test"
    (line,) = (json.loads(text) for text in (home / "test.log").read_text().splitlines())
    assert (line["event"], line["topic"]) == ("notify", "test")
    assert ask("outbox", "--home", home)["total"] == 1


def test_a_test_message_that_fails_says_why_and_exits_with_1(home: Path) -> None:
    with WebhookServer(lambda _: Reply(500)) as server:
        set_up(home, server.url)
        outcome = called(home, "outbox", "test")
    assert (outcome.returncode, "webhook (127.0.0.1): HTTP 500\n" in outcome.stdout) == (1, True)
    (home / "config" / "hourhand.toml").unlink()
    outcome = called(home, "outbox", "test")
    assert (outcome.returncode, "notify_log" in outcome.stderr) == (2, True)


def called(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command that sets up logging, in a process of its own."""
    command = [sys.executable, "-m", "bot.cli.main", *words, "--home", str(home)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
