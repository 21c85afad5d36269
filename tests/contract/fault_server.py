"""A loopback server of raw sockets that answers as badly as its script says."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType

JSON = "application/json"
# Handlers that trickle or hang end with this at the latest, should a client never go away.
_GIVE_UP_S = 20.0
# The first byte of a TLS handshake; this server speaks plain HTTP and says so.
_TLS_HELLO = b"\x16"


@dataclass(frozen=True)
class SeenRequest:
    """What a client sent: target of the request line, headers by lower-case name."""

    target: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Peer:
    """One connection as a handler sees it; `wait` pauses until the time or the end of the test."""

    socket: socket.socket
    wait: Callable[[float], bool]


# A handler answers one request and says whether the connection stays open.
Handler = Callable[[Peer], bool]


class FaultServer:
    """Handler n answers request n; the last one answers all further requests."""

    def __init__(self, *script: Handler) -> None:
        self._script = script
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self.requests: list[SeenRequest] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> FaultServer:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(timeout=_GIVE_UP_S)

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(0.1)
        with connection:
            try:
                while self._answer(connection):
                    pass
            except OSError:
                return

    def _answer(self, connection: socket.socket) -> bool:
        head = self._read_head(connection)
        if head is None:
            return False
        connection.settimeout(_GIVE_UP_S)
        with self._lock:
            handler = self._script[min(len(self.requests), len(self._script) - 1)]
            self.requests.append(_parsed(head))
        stays = handler(Peer(connection, self._stop.wait))
        connection.settimeout(0.1)
        return stays

    def _read_head(self, connection: socket.socket) -> bytes | None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            try:
                byte = connection.recv(1)
            except TimeoutError:
                if self._stop.is_set():
                    return None
                continue
            if not byte:
                return None
            head += byte
            if head == _TLS_HELLO:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return None
        return head


def _parsed(head: bytes) -> SeenRequest:
    first, *rest = head.decode("latin-1").strip().split("\r\n")
    headers = dict(line.split(": ", 1) for line in rest)
    return SeenRequest(first.split(" ")[1], {name.lower(): headers[name] for name in headers})


def envelope(*rows: object) -> bytes:
    """A good body with these rows."""
    data = list(rows)
    body = {"success": True, "message": "Data fetched successfully", "length": len(data)}
    return json.dumps(body | {"data": data}).encode()


def failure(message: str) -> bytes:
    """The body of an error."""
    return json.dumps({"success": False, "message": message, "length": 0, "data": []}).encode()


NO_ROWS = failure("Data not found")


def reply(body: bytes, status: int = 200, content_type: str = JSON, **headers: str) -> Handler:
    """A whole answer with its length; the connection stays open. `retry_after` is a header."""

    def handle(peer: Peer) -> bool:
        peer.socket.sendall(_head(status, content_type, len(body), headers) + body)
        return True

    return handle


def reply_then_hang_up(body: bytes) -> Handler:
    """A whole answer that promises to keep the connection, which then closes."""

    def handle(peer: Peer) -> bool:
        peer.socket.sendall(_head(200, JSON, len(body), {}) + body)
        return False

    return handle


def close_without_reply(peer: Peer) -> bool:
    """Nothing at all."""
    return False


def silence(peer: Peer) -> bool:
    """An open connection on which nothing comes."""
    peer.wait(_GIVE_UP_S)
    return False


def trickle(body: bytes, pause_s: float) -> Handler:
    """A good head at once, the body a byte at a time."""

    def handle(peer: Peer) -> bool:
        peer.socket.sendall(_head(200, JSON, len(body), {}))
        return _one_by_one(peer, body, pause_s)

    return handle


def trickle_head(pause_s: float) -> Handler:
    """A head a byte at a time."""

    def handle(peer: Peer) -> bool:
        return _one_by_one(peer, _head(200, JSON, 2, {}) + b"{}", pause_s)

    return handle


def cut_short(body: bytes) -> Handler:
    """Half a body under a length that promises all of it."""

    def handle(peer: Peer) -> bool:
        peer.socket.sendall(_head(200, JSON, len(body), {}) + body[: len(body) // 2])
        return False

    return handle


def cut_short_without_length(body: bytes) -> Handler:
    """Half a body that ends with the connection: on the wire nothing looks wrong."""

    def handle(peer: Peer) -> bool:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
        peer.socket.sendall(head + body[: len(body) // 2])
        return False

    return handle


def endless_chunks(peer: Peer) -> bool:
    """Chunks of 64 KiB until the client hangs up."""
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    peer.socket.sendall(head)
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    while not peer.wait(0):
        peer.socket.sendall(chunk)
    return False


def endless_head(peer: Peer) -> bool:
    """Header lines until the client hangs up."""
    peer.socket.sendall(b"HTTP/1.1 200 OK\r\n")
    while not peer.wait(0):
        peer.socket.sendall(b"X-Filler: " + b"a" * 4096 + b"\r\n")
    return False


def gzipped(body: bytes, encoding: str = "gzip") -> Handler:
    """A compressed body under the given encoding."""
    return reply(gzip.compress(body), content_encoding=encoding)


def redirect(location: str) -> Handler:
    """A move to another address."""
    return reply(b"", status=302, location=location)


def _one_by_one(peer: Peer, text: bytes, pause_s: float) -> bool:
    for byte in _bytes_of(text):
        peer.socket.sendall(byte)
        if peer.wait(pause_s):
            return False
    return False


def _bytes_of(text: bytes) -> Iterator[bytes]:
    return (text[at : at + 1] for at in range(len(text)))


def _head(status: int, content_type: str, length: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {content_type}", f"Content-Length: {length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def raw(answer: bytes) -> Handler:
    """Exactly these bytes, then the end of the connection."""

    def handle(peer: Peer) -> bool:
        peer.socket.sendall(answer)
        return False

    return handle


def body_then(rest: bytes, head: bytes = b"Connection: close\r\n") -> Handler:
    """A good status and these bytes under further head lines, then the end."""
    lines = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + head + b"\r\n"
    return raw(lines + rest)


def reply_then_silence(body: bytes) -> Handler:
    """A whole answer; afterwards the connection stays open and answers nothing: half open."""

    def handle(peer: Peer) -> bool:
        peer.socket.sendall(_head(200, JSON, len(body), {}) + body)
        peer.wait(_GIVE_UP_S)
        return False

    return handle


def tiny_chunks(text: bytes) -> Handler:
    """Chunks of these few bytes until the client hangs up."""
    chunk = f"{len(text):x}\r\n".encode() + text + b"\r\n"

    def handle(peer: Peer) -> bool:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        peer.socket.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
        while not peer.wait(0):
            peer.socket.sendall(chunk * 4096)
        return False

    return handle


def endless_body(length: int) -> Handler:
    """A body of blanks as long as its length says, a MiB at a time."""

    def handle(peer: Peer) -> bool:
        peer.socket.sendall(_head(200, JSON, length, {}))
        for _ in range(length >> 20):
            peer.socket.sendall(b" " * (1 << 20))
        return False

    return handle


def endless_informational(peer: Peer) -> bool:
    """Early hints without end."""
    while not peer.wait(0):
        peer.socket.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 64)
    return False


def endless_trailers(peer: Peer) -> bool:
    """A short chunked body, and trailers that do not end."""
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    peer.socket.sendall(head + b"2\r\n{}\r\n0\r\n")
    while not peer.wait(0):
        peer.socket.sendall(b"X-Filler: " + b"a" * 4096 + b"\r\n")
    return False
