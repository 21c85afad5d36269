"""The webhook on the wire: what is sent, what counts as taken, and where it never goes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from pydantic import SecretStr

from bot.adapters.notify.message import Outgoing, UndeliveredError
from bot.adapters.notify.webhook import Webhook, WebhookSettings
from bot.domain.errors import ConfigError
from bot.domain.instants import parse_instant
from tests.support.webhook_server import Posted, Reply, WebhookServer

SIGNED_WITH = "a text of at least 24 bytes"
NOW = parse_instant("2025-05-10T13:00:05Z")
MESSAGE = Outgoing(
    id="f" * 32, topic="exit.filled", strategy="core-v1", slot=parse_instant("2025-05-10T13:00Z"),
    event_time=parse_instant("2025-05-10T12:00Z"), late=False, attempt=2,
    facts={"text": "sold", "price": "64000.5", "symbol": "BTC"},
)  # fmt: skip


def webhook(url: str, **changes: object) -> Webhook:
    place = {"url": url, "allow_private": True, "deadline_s": 0.6, **changes}
    return Webhook(WebhookSettings(**place), SecretStr(SIGNED_WITH), lambda: NOW)  # type: ignore[arg-type]


def undelivered(receiver: Webhook) -> UndeliveredError:
    with pytest.raises(UndeliveredError) as caught:
        receiver.deliver(MESSAGE)
    return caught.value


def test_a_message_is_one_signed_post_with_its_id_time_and_facts() -> None:
    with WebhookServer() as server:
        webhook(server.url + "?for=me").deliver(MESSAGE)
    (request,) = server.posted
    assert request.path == "/hook?for=me"
    signed = f"{'f' * 32}.{NOW // 1000}.".encode() + request.body
    signature = base64.b64encode(hmac.digest(SIGNED_WITH.encode(), signed, hashlib.sha256)).decode()
    assert (
        request.headers.items()
        >= {
            "content-type": "application/json",
            "webhook-id": "f" * 32,
            "webhook-timestamp": str(NOW // 1000),
            "webhook-signature": f"v1,{signature}",
            "hourhand-topic": "exit.filled",
            "hourhand-event-time": "2025-05-10T12:00:00Z",
            "hourhand-attempt": "2",
        }.items()
    )
    assert json.loads(request.body) == {
        "id": "f" * 32, "type": "exit.filled", "timestamp": "2025-05-10T12:00:00Z",
        "strategy": "core-v1", "slot": "2025-05-10T13:00:00Z", "late": False, "attempt": 2,
        "data": {"text": "sold", "price": "64000.5", "symbol": "BTC"},
    }  # fmt: skip
    assert SIGNED_WITH not in repr(request)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_an_answer_of_the_200s_is_a_delivery(status: int) -> None:
    with WebhookServer(lambda _: Reply(status)) as server:
        webhook(server.url).deliver(MESSAGE)


@pytest.mark.parametrize(
    ("status", "about"),
    [(400, "message"), (413, "message"), (422, "message"), (401, "receiver"), (404, "receiver"),
     (410, "receiver"), (429, "receiver"), (500, "receiver"), (503, "receiver")],
)  # fmt: skip
def test_any_other_answer_is_a_failure_about_the_message_or_the_receiver(
    status: int, about: str
) -> None:
    with WebhookServer(lambda _: Reply(status, {"retry-after": "7"})) as server:
        failure = undelivered(webhook(server.url))
    assert str(failure) == f"HTTP {status}"
    assert failure.is_refusal == (about == "message")
    assert failure.retry_after_s == 7


@pytest.mark.parametrize(
    ("sent", "waited"),
    [("999999", 1800), ("-1", 0), ("1.5", 0), ("soon", 0), ("\u00b2", 0), ("9" * 40, 0), ("", 0)],
)
def test_a_receivers_wish_to_be_left_alone_is_bounded(sent: str, waited: int) -> None:
    with WebhookServer(lambda _: Reply(503, {"retry-after": sent})) as server:
        assert undelivered(webhook(server.url)).retry_after_s == waited


def test_a_redirect_is_not_followed() -> None:
    with WebhookServer() as other:

        def away(_request: Posted) -> Reply:
            return Reply(307, {"location": other.url})

        with WebhookServer(away) as server:
            assert "redirects are not followed" in str(undelivered(webhook(server.url)))
            assert len(server.posted) == 1
        assert other.posted == []


def test_proxies_of_the_environment_are_not_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    with WebhookServer() as proxy, WebhookServer() as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        webhook(server.url).deliver(MESSAGE)
        assert (len(proxy.posted), len(server.posted)) == (0, 1)


def test_a_name_that_stands_for_a_private_address_is_refused_before_connecting() -> None:
    with listening(lambda _: None) as (port, accepted):
        # A name to all that reads URLs, the machine itself to all that resolves names.
        receiver = webhook(f"https://127.1:{port}/", allow_private=False)
        assert "127.0.0.1 is not a public address" in str(undelivered(receiver))
        assert accepted == []


def test_a_webhook_on_this_machine_must_be_allowed() -> None:
    with pytest.raises(ConfigError, match="webhook_allow_private"):
        webhook("http://127.0.0.1:9/", allow_private=False)


def test_an_unknown_certificate_is_refused() -> None:
    def no_tls(peer: socket.socket) -> None:
        peer.recv(100)
        peer.sendall(b"\x15\x03\x03\x00\x02\x02\x28")  # a handshake failure

    with listening(no_tls) as (port, _):
        assert "TLS" in str(undelivered(webhook(f"https://127.0.0.1:{port}/")))


def trickle(peer: socket.socket) -> None:
    peer.recv(10_000)
    for sign in b"HTTP/1.1 200 OK\r\n" + b"x-slow: 1\r\n" * 100:
        peer.sendall(bytes([sign]))
        time.sleep(0.05)


def silence(peer: socket.socket) -> None:
    while peer.recv(10_000):
        pass


@pytest.mark.parametrize("server", [trickle, silence])
def test_the_whole_try_ends_with_its_deadline(server: Callable[[socket.socket], None]) -> None:
    with listening(server) as (port, _):
        began = time.monotonic()
        assert "no answer within 0.6 s" in str(undelivered(webhook(f"http://127.0.0.1:{port}/")))
        assert time.monotonic() - began < 2.0


def test_a_long_body_of_the_answer_is_not_read() -> None:
    def endless(peer: socket.socket) -> None:
        peer.recv(10_000)
        peer.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            peer.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    with listening(endless) as (port, _):
        began = time.monotonic()
        webhook(f"http://127.0.0.1:{port}/").deliver(MESSAGE)
        assert time.monotonic() - began < 0.5


def test_a_broken_or_absent_receiver_is_a_failure_in_words() -> None:
    def garbage(peer: socket.socket) -> None:
        peer.recv(10_000)
        peer.sendall(b"no HTTP at all\r\n\r\n")

    with listening(garbage) as (port, _):
        assert "no lawful answer" in str(undelivered(webhook(f"http://127.0.0.1:{port}/")))
    assert "no connection" in str(undelivered(webhook(f"http://127.0.0.1:{port}/")))
    assert "not found" in str(undelivered(webhook("https://nothing.invalid/", deadline_s=5.0)))


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[tuple[int, list[object]]]:
    """A server that answers each connection by `serve`; its port and who connected."""
    listener = socket.create_server(("127.0.0.1", 0))
    accepted: list[object] = []
    peers: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                peer, address = listener.accept()
            except OSError:
                return
            accepted.append(address)
            peers.append(peer)
            threading.Thread(target=handle, args=(peer,), daemon=True).start()

    def handle(peer: socket.socket) -> None:
        # The other side may have gone, which is what these tests are about.
        with peer, suppress(OSError):
            serve(peer)

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield listener.getsockname()[1], accepted
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
