"""The simulator without sockets: its own application, called by the client's own HTTP library."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import httpx
from starlette.applications import Starlette

from bot.domain.instants import SECOND
from tests.simulation import weather as kinds
from tests.simulation.sim_clock import SimClock
from tests.simulation.weather import Weather
from tests.simulation.witness import Witness

ANSWER_MS = 40
_NO_ROWS = b'{"success":false,"message":"Data not found","length":0,"data":[]}'
_BAD_KEY = b'{"success":false,"message":"Invalid or missing API key"}'


class Twin(httpx.BaseTransport):
    """Carries requests to the application, through whatever weather there is."""

    def __init__(self, app: Starlette, clock: SimClock, weather: Weather, witness: Witness) -> None:
        self.requests = 0
        self._witness = witness
        self._app = app
        self._clock = clock
        self._weather = weather

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One answer, or one of the errors that a socket would raise."""
        self.requests += 1
        self._clock.pass_time(ANSWER_MS)
        address = f"{request.url.raw_path.decode()}&"
        trouble = self._weather.next_request(address)
        try:
            response = self._answered(request, trouble)
        except httpx.TransportError:
            self._witness.answered(address, 0, trouble, self._clock.now())
            raise
        self._witness.answered(address, response.status_code, trouble, self._clock.now())
        return response

    def _answered(self, request: httpx.Request, trouble: str) -> httpx.Response:
        match trouble:
            case kinds.REFUSED:
                raise httpx.ConnectError("refused", request=request)
            case kinds.TIMEOUT:
                self._clock.pass_time(10 * SECOND)
                raise httpx.ReadTimeout("silent", request=request)
            case kinds.RESET:
                raise httpx.ReadError("reset", request=request)
            case kinds.EMPTY:
                return _answer(404, _NO_ROWS)
            case kinds.WRONG_KEY:
                return _answer(401, _BAD_KEY)
            case kinds.SLOW:
                self._clock.pass_time(25 * SECOND)
        return self._ask(request)

    def _ask(self, request: httpx.Request) -> httpx.Response:
        started: dict[str, Any] = {}
        pieces: list[bytes] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
            else:
                pieces.append(message.get("body", b""))

        _run(self._app(_scope(request), receive, send))
        headers = httpx.Headers(started["headers"])
        body = b"".join(pieces)
        announced = int(headers.get("content-length", len(body)))
        return httpx.Response(
            started["status"], headers=headers, stream=_Body(body, broken=announced > len(body))
        )


class _Body(httpx.SyncByteStream):
    """A body; a broken one ends before its announced length, as its reader notices."""

    def __init__(self, body: bytes, *, broken: bool) -> None:
        self._body = body
        self._broken = broken

    def __iter__(self) -> Iterator[bytes]:
        yield self._body
        if self._broken:
            raise httpx.RemoteProtocolError("the peer closed the connection in the body")


def _answer(status: int, body: bytes) -> httpx.Response:
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    return httpx.Response(status, headers=headers, stream=_Body(body, broken=False))


def _scope(request: httpx.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path,
        "query_string": request.url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": ("127.0.0.1", 1),
        "client": ("127.0.0.1", 2),
    }


def _run(call: Any) -> None:
    """Drive a coroutine that never waits for anything outside."""
    try:
        while True:
            call.send(None)
    except StopIteration:
        return
