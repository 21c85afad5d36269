"""The provider client and the net below it: names, addresses, TLS, half-open connections."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpcore
import pytest
from pydantic import SecretStr

from bot.adapters.tokenmetrics.deadline_net import Deadline, DeadlineBackend
from bot.adapters.tokenmetrics.faults import FaultKind, TransportFault
from bot.adapters.tokenmetrics.name_lookup import Resolver
from bot.adapters.tokenmetrics.transport import HttpTransport, Surroundings, TransportSettings
from tests.contract import fault_server as faults
from tests.contract.fault_server import FaultServer, envelope, reply
from tests.contract.provider_fakes import KEY, bench
from tests.contract.tls_server import Authority, TlsServer

GOOD = envelope({"TOKEN_ID": 1, "CURRENT_PRICE": 2.5})


def fetch(url: str, surroundings: Surroundings, seconds: float = 5.0) -> bytes | FaultKind:
    """The body that comes from an address, or why none does."""
    settings = TransportSettings(base_url=url, attempt_deadline_s=seconds)
    transport = HttpTransport(settings, SecretStr(KEY), surroundings=surroundings)
    try:
        return transport.get("/v2/price", {}, seconds).body
    except TransportFault as fault:
        return fault.kind
    finally:
        transport.close()


def naming(*addresses: str) -> Resolver:
    """A resolver to which every name stands for these addresses."""

    def lookup(_host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    return Resolver(lookup)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("certificates are made by the openssl program, which is not here")
    return Authority(tmp_path_factory.mktemp("authority"))


def test_a_certificate_that_is_believed_carries_the_question(authority: Authority) -> None:
    with TlsServer(authority.sign("provider.test", "2020", "2090")) as server:
        around = Surroundings(trust=authority.trust(), resolver=naming("127.0.0.1"))
        found = fetch(f"https://provider.test:{server.port}", around)
    assert isinstance(found, bytes)
    assert KEY.encode() in server.deciphered[0]


@pytest.mark.parametrize(
    ("name", "since", "until"),
    [
        ("provider.test", "2019", "2020"),
        ("provider.test", "2088", "2090"),
        ("another.test", "2020", "2090"),
    ],
    ids=["expired", "not_yet_valid", "of_another_host"],
)
def test_a_certificate_that_does_not_hold_gets_no_key(
    authority: Authority, name: str, since: str, until: str
) -> None:
    with TlsServer(authority.sign(name, since, until)) as server:
        around = Surroundings(trust=authority.trust(), resolver=naming("127.0.0.1"))
        assert fetch(f"https://provider.test:{server.port}", around) is FaultKind.TLS
    assert server.handshakes == 1
    assert server.deciphered == []


def test_a_certificate_of_an_unknown_authority_gets_no_key(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # What the environment would have believed counts for nothing.
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(tmp_path))
    with TlsServer(authority.sign("localhost", "2020", "2090")) as server:
        assert fetch(f"https://localhost:{server.port}", Surroundings()) is FaultKind.TLS
    assert server.deciphered == []


def test_a_handshake_that_hangs_ends_with_the_deadline() -> None:
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"https://localhost:{mute.getsockname()[1]}"
        assert fetch(url, Surroundings(), 0.4) is FaultKind.DEADLINE
    assert time.monotonic() - began < 3


def test_a_name_without_an_address_is_no_connection() -> None:
    def lookup(*_: object, **__: object) -> list[tuple[Any, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    around = Surroundings(resolver=Resolver(lookup))
    assert fetch("https://provider.test", around) is FaultKind.CONNECT
    assert fetch("https://provider.test", Surroundings(resolver=naming())) is FaultKind.CONNECT


@pytest.fixture
def released() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_look_up_that_hangs_ends_with_the_deadline_and_leaves_one_thread(
    released: threading.Event,
) -> None:
    asked: list[str] = []

    def lookup(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        asked.append(host)
        released.wait(30)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    around = Surroundings(resolver=Resolver(lookup))
    began, threads = time.monotonic(), threading.active_count()
    for _ in range(3):
        assert fetch("https://provider.test", around, 0.2) is FaultKind.DEADLINE
    assert time.monotonic() - began < 3
    assert threading.active_count() - threads <= 1
    assert asked == ["provider.test"]
    released.set()
    assert around.resolver is not None
    assert around.resolver.addresses("provider.test", 443, 5.0) == ["127.0.0.1"]


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port whose queue of connections is full: a further one gets no answer at all."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for one in waiting:
            one.close()


def test_addresses_that_do_not_answer_share_one_deadline(deaf: int) -> None:
    deadline = Deadline(time.monotonic)
    backend = DeadlineBackend(deadline, naming(*["127.0.0.1"] * 9))
    deadline.start(0.5)
    began = time.monotonic()
    with pytest.raises(httpcore.ConnectTimeout):
        backend.connect_tcp("provider.test", deaf, timeout=0.4)
    assert 0.4 < time.monotonic() - began < 2


def test_the_next_address_is_tried_where_one_refuses() -> None:
    with FaultServer(reply(GOOD)) as server:
        deadline = Deadline(time.monotonic)
        deadline.start(5.0)
        backend = DeadlineBackend(deadline, naming("127.0.0.2", "127.0.0.1"))
        port = int(server.url.rpartition(":")[2])
        backend.connect_tcp("provider.test", port, timeout=2.0).close()


def test_a_connection_left_half_open_is_given_up_and_a_fresh_one_used() -> None:
    script = [faults.reply_then_silence(GOOD), reply(GOOD)]
    with FaultServer(*script) as server, bench(server.url, read_timeout_s=0.3) as parts:
        began = time.monotonic()
        assert len(parts.client.prices([1]).observations) == 1
        assert len(parts.client.prices([1]).observations) == 1
        assert parts.errors() == {"timeout": 1}
        assert time.monotonic() - began < 3


def test_a_peer_that_resets_is_asked_again() -> None:
    def reset(peer: faults.Peer) -> bool:
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        peer.socket.close()
        return False

    with FaultServer(reset, reply(GOOD)) as server, bench(server.url) as parts:
        assert len(parts.client.prices([1]).observations) == 1
        assert parts.errors() == {"protocol": 1}
