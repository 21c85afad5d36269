"""The provider's HTTP interface over a source, and the shared clock beside it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from email.utils import formatdate

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bot.domain.instants import EARLIEST, LATEST, SECOND
from bot.simulator.answers import Answers
from bot.simulator.clock import Clock
from bot.simulator.endpoints import ENDPOINTS, WIRES
from bot.simulator.faults import Fault, FaultKind, spoil_rows
from bot.simulator.options import SimulatorOptions
from bot.simulator.query import BadRequestError
from bot.simulator.shapes import encode
from bot.simulator.source import MarketSource

KEY_MESSAGE = "Invalid or missing API key"
PLAN_MESSAGE = "You are not authorized to access this endpoint with your current plan."
# The current name of the key's header, and the one that older official clients send.
KEY_HEADERS = ("x-api-key", "api_key")
_HTML = "<html><body><h1>Temporarily unavailable</h1></body></html>"
_TRICKLE_PIECES = 10


def create_app(source: MarketSource, clock: Clock, options: SimulatorOptions) -> Starlette:
    """The simulated provider under /v2 and /v3, its clock under /_clock.

    GET /_clock gives {"now": ms}; POST /_clock/advance with {"to": ms} moves a stepped clock or
    waits for a running one, and gives the now after that. GET /_requests counts the requests.
    """
    simulator = _Simulator(source, clock, options)
    routes = [
        Route("/_clock", simulator.clock, methods=["GET"]),
        Route("/_clock/advance", simulator.advance, methods=["POST"]),
        Route("/_requests", simulator.requests, methods=["GET"]),
        Route("/{version}/{endpoint}", simulator.answer, methods=["GET"]),
        Route("/{path:path}", simulator.unknown, methods=["GET"]),
    ]
    return Starlette(routes=routes)


class _Simulator:
    """The handlers, and the counts of requests that scripted faults go by."""

    def __init__(self, source: MarketSource, clock: Clock, options: SimulatorOptions) -> None:
        self._answers = Answers(source, options)
        self._clock = clock
        self._options = options
        self._counts: Counter[str] = Counter()

    async def clock(self, _: Request) -> Response:
        return self._json(200, encode({"now": self._clock.now()}))

    async def advance(self, request: Request) -> Response:
        to = _wanted_instant(await request.body())
        if to is None:
            return self._failure(400, 'expected {"to": milliseconds}')
        return self._json(200, encode({"now": await self._clock.advance(to)}))

    async def requests(self, _: Request) -> Response:
        return self._json(200, encode(dict(self._counts)))

    async def unknown(self, _: Request) -> Response:
        return self._no_rows()

    async def answer(self, request: Request) -> Response:
        version, name = request.path_params["version"], request.path_params["endpoint"]
        if version not in WIRES or name not in ENDPOINTS:
            return self._no_rows()
        self._counts[name] += 1
        refusal = self._refusal(request, name)
        if refusal is not None:
            return refusal
        fault = self._options.faults.fault_for(name, self._counts.total(), self._counts[name])
        if fault is None:
            return self._rows(request, version, name, None)
        return await self._faulty(request, version, name, fault)

    def _refusal(self, request: Request, name: str) -> Response | None:
        key = next((request.headers[h] for h in KEY_HEADERS if request.headers.get(h)), None)
        if key is None or (self._options.keys and key not in self._options.keys):
            return self._json(401, encode({"success": False, "message": KEY_MESSAGE}))
        if name in self._options.withheld:
            return self._json(401, encode({"success": False, "message": PLAN_MESSAGE}))
        return None

    async def _faulty(self, request: Request, version: str, name: str, fault: Fault) -> Response:
        match fault.kind:
            case FaultKind.RATE_LIMIT:
                return self._rate_limited(fault)
            case FaultKind.SERVER_ERROR:
                return self._html(fault.status)
            case FaultKind.HTML:
                return self._html(200)
            case FaultKind.DELAY:
                await asyncio.sleep(fault.delay_s)
        return _spoil_body(self._rows(request, version, name, fault), fault)

    def _rows(self, request: Request, version: str, name: str, fault: Fault | None) -> Response:
        try:
            rows = self._answers.rows(version, name, request.query_params, self._clock.now())
        except BadRequestError as error:
            return self._failure(error.status, str(error))
        if not rows:
            return self._no_rows()
        if fault is not None:
            rows = spoil_rows(rows, fault)
        return self._json(
            200,
            f'{{"success":true,"message":"Data fetched successfully","length":{len(rows)},'
            f'"data":[{",".join(rows)}]}}',
        )

    def _rate_limited(self, fault: Fault) -> Response:
        response = self._json(429, encode({"success": False, "message": "Too many requests"}))
        header = fault.retry_after
        if header.startswith("date:"):
            at_s = self._clock.now() / SECOND + int(header.removeprefix("date:"))
            header = formatdate(at_s, usegmt=True)
        if header:
            response.headers["Retry-After"] = header
        return response

    def _no_rows(self) -> Response:
        return self._failure(404, "Data not found")

    def _failure(self, status: int, message: str) -> Response:
        return self._json(
            status, encode({"success": False, "message": message, "length": 0, "data": []})
        )

    def _html(self, status: int) -> Response:
        return Response(_HTML, status, self._date(), "text/html")

    def _json(self, status: int, body: str) -> Response:
        return Response(body, status, self._date(), "application/json")

    def _date(self) -> dict[str, str]:
        """The Date header is the simulated now: nothing here looks at the real time."""
        return {"Date": formatdate(self._clock.now() / SECOND, usegmt=True)}


def _wanted_instant(body: bytes) -> int | None:
    try:
        wanted = json.loads(body)
    except ValueError:
        return None
    to = wanted.get("to") if isinstance(wanted, dict) else None
    return to if type(to) is int and EARLIEST <= to < LATEST else None


def _spoil_body(response: Response, fault: Fault) -> Response:
    body = bytes(response.body)
    match fault.kind:
        case FaultKind.TRUNCATED:
            return Response(
                body[: len(body) // 2], response.status_code, media_type="application/json"
            )
        case FaultKind.BROKEN_OFF:
            pieces = _pieces([body[: len(body) // 2]], 0)
        case FaultKind.TRICKLE:
            size = max(1, len(body) // _TRICKLE_PIECES)
            cuts = [body[at : at + size] for at in range(0, len(body), size)]
            pieces = _pieces(cuts, fault.delay_s)
        case _:
            return response
    headers = {"Content-Length": str(len(body)), "Date": response.headers["Date"]}
    return StreamingResponse(pieces, response.status_code, headers, "application/json")


async def _pieces(pieces: list[bytes], delay_s: float) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
        await asyncio.sleep(delay_s)
