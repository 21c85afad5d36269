"""A daemon killed around a delivery loses no message, and doubles are told by their id."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.app.audit import audit_home
from bot.app.settings import load_settings
from bot.domain.instants import HOUR, format_instant
from bot.domain.values import Record
from tests.support.forked import Daemon, Forks
from tests.support.ledger_home import (
    EASY,
    START,
    made_up_market,
    simulated,
    write_home,
    write_strategy,
)
from tests.support.webhook_server import Posted, Reply, WebhookServer

UNTIL = START + 4 * HOUR
SIGNED_WITH = "a text of at least 24 bytes"


@pytest.fixture(scope="module")
def market() -> Record:
    return made_up_market(54, 4)


def new_home(home: Path, provider: str, receiver: str) -> Path:
    write_home(home, provider)
    write_strategy(home, "easy", EASY)
    file = home / "config" / "hourhand.toml"
    file.write_text(
        f'{file.read_text()}webhook_url = "{receiver}"\nwebhook_allow_private = true\n'
        "notify_per_minute = 1000\n"
    )
    secret = home / "secrets" / "webhook_secret"
    secret.write_text(SIGNED_WITH)
    secret.chmod(0o600)
    return home


@contextmanager
def daemon(forks: Forks, home: Path, **settings: str) -> Iterator[Daemon]:
    """`hourhand run`; settings by name go before those of the file."""
    environment = {f"HOURHAND_{name.upper()}": value for name, value in settings.items()}
    command = ["run", "--home", str(home), "--until", format_instant(UNTIL)]
    process = Daemon(forks, forks.start(command, environment, home / "daemon"))
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def finish(forks: Forks, home: Path) -> None:
    with daemon(forks, home) as process:
        assert process.wait(60) == 0, (home / "daemon.log").read_text()[-3000:]


def messages(home: Path) -> list[str]:
    """The ids in the outbox, oldest first; none where there is no database yet."""
    try:
        connection = sqlite3.connect(f"file:{home / 'hourhand.db'}?mode=ro", uri=True)
        with closing(connection):
            return [row[0] for row in connection.execute("SELECT dedup FROM outbox ORDER BY id")]
    except sqlite3.OperationalError:
        return []


def sound(home: Path) -> bool:
    result = audit_home(load_settings(home))
    assert result.findings == []
    return not [note for note in result.notes if "messages" in note]


def test_killed_between_commit_and_sending_every_message_is_sent_once_after_the_restart(
    forks: Forks, market: Record, tmp_path: Path
) -> None:
    with simulated(market) as provider, WebhookServer(lambda _: Reply(wait=60)) as silent:
        home = new_home(tmp_path / "home", provider, silent.url)
        with daemon(forks, home) as process:
            # The first message is in the receiver's hands, later slots are committed behind it.
            end = time.monotonic() + 60
            while len(messages(home)) < 4:
                assert time.monotonic() < end, (home / "daemon.log").read_text()[-3000:]
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
        committed = messages(home)
        assert silent.ids == committed[:1]
        with WebhookServer() as receiver:
            point_to(home, silent.url, receiver.url)
            due_at_once(home)
            finish(forks, home)
        told = messages(home)
        assert told[: len(committed)] == committed
        assert receiver.ids == told
        assert [one.document["attempt"] for one in receiver.posted] == [2] + [1] * (len(told) - 1)
    assert sound(home)


def test_killed_after_sending_before_that_was_noted_a_message_is_sent_twice_with_one_id(
    forks: Forks, market: Record, tmp_path: Path
) -> None:
    running: list[Daemon] = []

    def strike(_request: Posted) -> Reply:
        if running:
            running.pop().send_signal(signal.SIGKILL)
        return Reply()

    with simulated(market) as provider, WebhookServer(strike) as receiver:
        home = new_home(tmp_path / "home", provider, receiver.url)
        with daemon(forks, home) as process:
            running.append(process)
            assert process.wait(60) == -signal.SIGKILL
        (twice,) = receiver.ids
        due_at_once(home)
        finish(forks, home)
        counted = Counter(receiver.ids)
        assert counted.pop(twice) == 2
        assert set(counted.values()) == {1}
        assert {twice, *counted} == set(messages(home))
        first, second = (one for one in receiver.posted if one.id == twice)
        assert (first.document["attempt"], second.document["attempt"]) == (1, 2)
        same = {**second.document, "attempt": 1}
        assert first.document == same
    assert sound(home)


def test_a_stopped_daemon_does_not_wait_for_a_receiver_that_hangs(
    forks: Forks, market: Record, tmp_path: Path
) -> None:
    with simulated(market) as provider, WebhookServer(lambda _: Reply(wait=60)) as silent:
        home = new_home(tmp_path / "home", provider, silent.url)
        with daemon(forks, home, webhook_deadline_s="60") as process:
            end = time.monotonic() + 60
            while not silent.posted:
                assert time.monotonic() < end, (home / "daemon.log").read_text()[-3000:]
                time.sleep(0.005)
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            assert process.wait(30) == 0
            assert time.monotonic() - began < 10


def point_to(home: Path, old: str, new: str) -> None:
    """Give the webhook another address."""
    file = home / "config" / "hourhand.toml"
    file.write_text(file.read_text().replace(old, new))


def due_at_once(home: Path) -> None:
    """Let the wait for the second try be over, as it is after a quarter of a minute."""
    with closing(sqlite3.connect(home / "hourhand.db")) as connection, connection:
        connection.execute("UPDATE outbox_delivery SET next_attempt = next_attempt - 15000")
