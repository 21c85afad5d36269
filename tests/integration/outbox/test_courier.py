"""Messages reach each receiver at least once, in order, and never stand in a slot's way."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from structlog.testing import capture_logs

from bot.adapters.notify.log_sink import LogSink
from bot.adapters.notify.message import Sink
from bot.adapters.notify.webhook import Webhook, WebhookSettings
from bot.adapters.sql import outbox_store
from bot.adapters.sql.engine import Database, open_database
from bot.adapters.sql.head_file import head_path, note_head, read_head
from bot.adapters.sql.ledger_rows import OutboxRow
from bot.adapters.sql.lock import take_lease
from bot.adapters.sql.schema_outbox import outbox_delivery
from bot.app.courier import Courier, CourierSettings
from bot.domain.ids import message_id
from bot.domain.instants import HOUR, MINUTE, SECOND
from tests.integration.sql.support import STRATEGY, T0, commit, quiet_slot, start
from tests.support.webhook_server import Posted, Reply, WebhookServer

KEY = SecretStr("a text of at least 24 bytes")
WALL = T0 + 5 * MINUTE


class Time:
    """The machine's clock and its counter of seconds, moved by tests."""

    def __init__(self) -> None:
        self._passed = 0.0

    def now(self) -> int:
        return WALL + int(self._passed * SECOND)

    def monotonic(self) -> float:
        return self._passed

    def pass_by(self, seconds: float) -> None:
        self._passed += seconds


class Post:
    """A database with a ledger, and a courier that a test starts anew as often as it likes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database, self.epoch = start(path)
        self.time = Time()
        self.slots = 0

    def event(self) -> str:
        """A slot in which something happens; the id of its message."""
        slot = T0 + self.slots * HOUR
        dedup = message_id("entry.filled", str(slot))
        row = OutboxRow(
            dedup=dedup, topic="entry.filled", strategy=STRATEGY, slot=slot, event_time=slot,
            late=False, body=json.dumps({"text": f"bought in slot {self.slots}"}),
        )  # fmt: skip
        commit(self.database, self.epoch, quiet_slot(self.slots, outbox=(row,)))
        self.slots += 1
        return dedup

    @contextmanager
    def courier(self, *sinks: Sink, attempts: int = 3) -> Iterator[Courier]:
        settings = CourierSettings(
            attempts=attempts, now=self.time.now, monotonic=self.time.monotonic
        )
        courier = Courier(self.database, list(sinks), settings)
        courier.start(self.epoch)
        try:
            yield courier
        finally:
            courier.stop(5.0)

    def waiting(self, sink: str = "webhook") -> int:
        with self.database.transaction() as connection:
            return outbox_store.count_waiting(connection, sink)

    def states(self, sink: str = "webhook") -> list[tuple[str, int, str | None]]:
        columns = outbox_delivery.c
        query = select(columns.state, columns.attempts, columns.last_error)
        with self.database.transaction() as connection:
            found = connection.execute(query.where(columns.sink == sink))
            return [(row.state, row.attempts, row.last_error) for row in found]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    found = Post(tmp_path / "a.db")
    with closing(found.database):
        yield found


def webhook(server: WebhookServer, per_minute: int = 1000, deadline_s: float = 5.0) -> Webhook:
    place = WebhookSettings(
        url=server.url, allow_private=True, per_minute=per_minute, deadline_s=deadline_s
    )
    return Webhook(place, KEY, lambda: WALL)


def until(fulfilled: Callable[[], bool]) -> None:
    """Wait for what another thread is about to do."""
    end = time.monotonic() + 10
    while not fulfilled():
        assert time.monotonic() < end
        time.sleep(0.005)


def refuse(status: int) -> Callable[[Posted], Reply]:
    return lambda _request: Reply(status)


def test_messages_arrive_once_and_oldest_first(post: Post) -> None:
    with WebhookServer() as server, post.courier(webhook(server)) as courier:
        told = [post.event() for _ in range(5)]
        courier.drain(10)
        told.append(post.event())
        courier.drain(10)
        courier.drain(10)
        assert server.ids == told
        assert [state for state, _, _ in post.states()] == ["SENT"] * 6
        assert {request.document["attempt"] for request in server.posted} == {1}


def test_what_nobody_took_waits_and_each_wait_is_twice_the_last(post: Post) -> None:
    with WebhookServer(refuse(503)) as server:
        with post.courier(webhook(server), attempts=100) as courier:
            first, second = post.event(), post.event()
            courier.drain(10)
            assert server.ids == [first]  # the second would fare no better
            waits = []
            for _ in range(9):
                began = post.time.monotonic()
                tried = len(server.posted)
                while len(server.posted) == tried:
                    post.time.pass_by(5)
                    courier.drain(10)
                waits.append(post.time.monotonic() - began)
            assert waits == [15, 30, 60, 120, 240, 480, 960, 1800, 1800]
            assert post.states() == [("WAITING", 10, "HTTP 503")]
            server.answer = refuse(204)
            post.time.pass_by(1800)
            courier.drain(10)
        assert server.ids == [first] * 11 + [second]
        assert post.waiting() == 0


def test_a_wait_is_kept_over_a_restart(post: Post) -> None:
    with WebhookServer(refuse(500)) as server:
        with post.courier(webhook(server)) as courier:
            post.event()
            courier.drain(10)
        post.time.pass_by(14)
        with post.courier(webhook(server)) as courier:
            courier.drain(10)
            assert len(server.posted) == 1
            post.time.pass_by(1)
            courier.drain(10)
            assert len(server.posted) == 2


def test_a_clock_that_was_set_back_keeps_no_message_for_years(post: Post) -> None:
    with WebhookServer(refuse(500)) as server:
        with post.courier(webhook(server)) as courier:
            post.event()
            courier.drain(10)
        post.time = Time()
        post.time.pass_by(-3 * 365 * 86_400)
        server.answer = refuse(200)
        with post.courier(webhook(server)) as courier:
            courier.drain(10)
        assert post.states() == [("SENT", 2, None)]


def test_a_message_that_is_never_taken_is_set_aside_and_kept(post: Post) -> None:
    with WebhookServer(refuse(500)) as server, post.courier(webhook(server)) as courier:
        poison, healthy = post.event(), post.event()
        for _ in range(3):
            courier.drain(10)
            post.time.pass_by(1800)
        assert post.states() == [("POISON", 3, "HTTP 500")]
        server.answer = refuse(200)
        courier.drain(10)
        assert server.ids == [poison] * 3 + [healthy]
        with post.database.transaction() as connection:
            assert outbox_store.retry(connection, "webhook", post.time.now()) == 1
        courier.drain(10)
        assert server.ids[-1] == poison
        assert {state for state, _, _ in post.states()} == {"SENT"}


def test_a_message_that_is_refused_does_not_hold_up_the_others(post: Post) -> None:
    with WebhookServer() as server:
        bad = post.slots
        server.answer = lambda request: Reply(
            413 if request.document["data"]["text"].endswith(f" {bad}") else 204
        )
        with post.courier(webhook(server)) as courier:
            told = [post.event() for _ in range(3)]
            courier.drain(10)
            assert server.ids == told
            assert [state for state, _, _ in post.states()] == ["WAITING", "SENT", "SENT"]


def test_a_receiver_that_asks_for_time_gets_it(post: Post) -> None:
    asking = WebhookServer(lambda _: Reply(429, {"retry-after": "600"}))
    with asking as server, post.courier(webhook(server)) as courier:
        post.event()
        courier.drain(10)
        post.time.pass_by(599)
        courier.drain(10)
        assert len(server.posted) == 1
        post.time.pass_by(1)
        courier.drain(10)
        assert len(server.posted) == 2


def test_no_more_messages_go_out_in_a_minute_than_the_settings_allow(post: Post) -> None:
    with WebhookServer() as server, post.courier(webhook(server, per_minute=3)) as courier:
        for _ in range(7):
            post.event()
        counts = []
        for _ in range(3):
            courier.drain(10)
            counts.append(len(server.posted))
            post.time.pass_by(60)
        assert counts == [3, 6, 7]


def test_each_receiver_is_served_for_itself(post: Post) -> None:
    with WebhookServer(refuse(500)) as server, capture_logs() as lines:
        with post.courier(webhook(server), LogSink()) as courier:
            told = [post.event() for _ in range(3)]
            courier.drain(10)
            assert (post.waiting("webhook"), post.waiting("log")) == (3, 0)
        logged = [line for line in lines if line["event"] == "notify"]
        assert [line["id"] for line in logged] == told
        assert logged[0]["data"]["text"] == "bought in slot 0"
        assert logged[0]["topic"] == "entry.filled"


def test_a_receiver_that_hangs_delays_neither_slots_nor_the_other_receiver_nor_the_end(
    post: Post,
) -> None:
    with WebhookServer(lambda _: Reply(wait=60)) as server, capture_logs() as lines:
        settings = CourierSettings(attempts=3, now=post.time.now)
        courier = Courier(post.database, [webhook(server, deadline_s=60), LogSink()], settings)
        courier.start(post.epoch)
        post.event()
        courier.after_wake()
        until(lambda: len(server.posted) == 1)  # it is in the receiver's hands now, for long
        began = time.monotonic()
        for _ in range(5):
            post.event()
        assert time.monotonic() - began < 2.0
        courier.after_wake()
        until(lambda: len([1 for line in lines if line["event"] == "notify"]) == 6)
        began = time.monotonic()
        courier.stop(0.5)
        assert time.monotonic() - began < 1.0
    until(lambda: not [one for one in threading.enumerate() if one.name == "outbox-webhook"])
    # What came after the end is not noted: the next start sends it again, with the same id.
    assert post.states() == [("WAITING", 1, None)]
    assert post.waiting() == 6


def test_a_receiver_that_fails_in_its_own_code_is_a_failed_try(post: Post) -> None:
    class Broken:
        name = "broken"
        per_minute = None

        def deliver(self, _message: object) -> None:
            raise ZeroDivisionError

    with capture_logs(), post.courier(Broken()) as courier:
        post.event()
        courier.drain(10)
    assert post.states("broken") == [("WAITING", 1, "ZeroDivisionError")]


def test_a_new_receiver_starts_with_the_next_message(post: Post) -> None:
    for _ in range(3):
        post.event()
    with WebhookServer() as server:
        with post.courier(webhook(server)) as courier:
            told = [post.event()]
            courier.drain(10)
        post.event()
        with post.courier():  # taken out of the settings, and back later
            post.event()
        with post.courier(webhook(server)) as courier:
            told.append(post.event())
            courier.drain(10)
        assert server.ids == told


def test_whoever_lost_the_lease_delivers_nothing(post: Post) -> None:
    with (
        WebhookServer() as server,
        capture_logs() as lines,
        post.courier(webhook(server)) as courier,
    ):
        with post.database.transaction() as connection:
            post.epoch = take_lease(connection, T0)
        post.event()
        courier.drain(1)
        assert [line["event"] for line in lines] == ["outbox.taken_over"]
        assert server.posted == []


def test_a_database_in_trouble_is_looked_at_again_later(post: Post) -> None:
    with WebhookServer() as server, capture_logs() as lines:
        with post.courier(webhook(server)) as courier:
            with post.database.transaction() as connection:
                connection.exec_driver_sql("ALTER TABLE outbox_delivery RENAME TO away")
            courier.drain(10)
            assert {line["event"] for line in lines} == {"outbox.trouble"}
            with post.database.transaction() as connection:
                connection.exec_driver_sql("ALTER TABLE away RENAME TO outbox_delivery")
            told = post.event()
            courier.drain(10)
        assert server.ids == [told]


def note(database: Database) -> None:
    with database.transaction() as connection:
        head = read_head(connection)
    assert head is not None
    note_head(database.path, head)


def test_a_database_put_back_to_an_earlier_state_sends_nothing_again(
    post: Post, tmp_path: Path
) -> None:
    with WebhookServer() as server:
        with post.courier(webhook(server)) as courier:
            sent = [post.event()]
            courier.after_wake()
            courier.drain(10)
        unsent = post.event()
        post.database.close()
        shutil.copy(post.path, tmp_path / "copy.db")
        post.database = open_database(post.path)
        with post.courier(webhook(server)) as courier:
            sent += [unsent, post.event(), post.event()]
            courier.after_wake()
            courier.drain(10)
        assert server.ids == sent

        post.database.close()
        shutil.copy(tmp_path / "copy.db", post.path)
        post.database = open_database(post.path)
        post.slots = 2
        with capture_logs() as lines, post.courier(webhook(server)) as courier:
            warning = next(line for line in lines if line["event"] == "ledger.put_back")
            assert (warning["lost_entry"], warning["messages_withheld"]) == (4, 1)
            again = [post.event(), post.event()]  # the same slots, caught up
            assert set(again) <= set(sent)
            new = post.event()
            courier.after_wake()
            courier.drain(10)
        assert server.ids[: len(sent)] == sent
        about, fresh = server.posted[len(sent) :]
        assert about.document["type"] == "ledger.put_back"
        assert fresh.id == new
        with post.courier(webhook(server)) as courier:  # noted anew: nothing is amiss any more
            courier.drain(10)
        assert len(server.posted) == len(sent) + 2


def test_the_note_of_the_head_belongs_to_one_ledger_and_may_be_damaged_or_absent(
    post: Post, tmp_path: Path
) -> None:
    post.event()
    note(post.database)
    other = Post(tmp_path / "other.db")
    with closing(other.database), WebhookServer() as server, capture_logs() as lines:
        shutil.copy(head_path(post.path), head_path(other.path))
        with other.courier(webhook(server)) as courier:
            told = other.event()
            courier.drain(10)
        for content in (b"", b"{", b"[]", b'{"seq":1}', b"\xff" * 5000):
            head_path(other.path).write_bytes(content)
            with other.courier(webhook(server)):
                pass
        assert server.ids == [told]
        assert not [line for line in lines if line["event"] == "ledger.put_back"]
    assert head_path(post.path).stat().st_mode & 0o077 == 0
