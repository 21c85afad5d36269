"""The whole way of an answer into decisions: loopback HTTP, client, record, market, step."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr
from sqlalchemy import text

from bot.adapters.sql.engine import Database, open_database
from bot.adapters.sql.lock import take_lease
from bot.adapters.sql.record_store import export_record
from bot.adapters.tokenmetrics.client import ClientSettings, TokenMetricsClient
from bot.adapters.tokenmetrics.poll_plan import Cadence
from bot.adapters.tokenmetrics.ports import Ports
from bot.adapters.tokenmetrics.wire_settings import WireSettings
from bot.app.cycle import Cycle
from bot.app.desk import Desk
from bot.app.poller import Poller, PollLimits
from bot.app.recorder import DatabaseCredits, RecordingSink
from bot.app.retention import Retention, RetentionSettings
from bot.app.stepper import Stepper
from bot.app.strategy_files import LoadedStrategy
from bot.app.timing import timing_of
from bot.domain.instants import DAY, HOUR, MINUTE, format_instant, parse_instant
from bot.domain.values import Record
from tests.contract.provider_fakes import StepClock
from tests.support.records import load

START = parse_instant("2025-09-01T12:00:00Z")
# Reads everything from the provider and asks for little, so that a turn is an entry at once.
EDGE = load("""
name = "edge"
levels = "provider"
signals = "hourly"
sigma = "quantmetrics"
atr = "column:sharpe"
adv = "column:sharpe"
max_adv_frac = "off"
stop_min_strength = 0
target_min_strength = 0
strong = "off"
min_rr = 0.1
latency = "0s"
cash = 1_000_000
risk = 0.0005
max_open = 200
""")
# What a question was: endpoint and parameters. What comes back: status and body.
Question = tuple[str, Mapping[str, str]]
Answering = Callable[[str, Mapping[str, str]], tuple[int, bytes]]


class WireServer:
    """A real server on this machine whose answers are a function of endpoint and parameters."""

    def __init__(self, answer: Answering) -> None:
        self.asked: list[Question] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                params = {name: values[0] for name, values in parse_qs(parts.query).items()}
                endpoint = parts.path.rpartition("/")[2]
                asked.append((endpoint, params))
                status, body = answer(endpoint, params)
                # No Date: it is compared with the client's clock, which is not the machine's here.
                self.send_response_only(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Tests read what was asked, not a log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> WireServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@cache
def _empty_database() -> bytes:
    """A database fresh from the migrations, made once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hourhand.db"
        open_database(path, create=True).close()
        return path.read_bytes()


class WaitingClock(StepClock):
    """Time that passes only by waiting."""

    def wait_until(self, instant: int) -> None:
        self.ms = max(self.ms, instant)

    def close(self) -> None:
        """Nothing is open."""


class Way:
    """A strategy on a real database, fed by a real client; `slots` does the next hours."""

    def __init__(
        self, folder: Path, url: str, loaded: LoadedStrategy, settings: Mapping[str, object],
        now: int = START + MINUTE,
    ) -> None:  # fmt: skip
        self._given = (folder, url, loaded, settings)
        self.clock = WaitingClock(now)
        if not (folder / "hourhand.db").exists():
            (folder / "hourhand.db").write_bytes(_empty_database())
        self.database: Database = open_database(folder / "hourhand.db")
        wire = WireSettings()
        megabytes = int(str(settings.get("raw_max_mb", 0)))
        self.retention = Retention(
            self.database, RetentionSettings(keep_days=0, max_mb=megabytes), threading.Event()
        )
        ports = Ports(
            clock=self.clock,
            sink=RecordingSink(self.database, wire, self.retention.make_room),
            credits=DatabaseCredits(self.database),
        )
        batch = int(str(settings.get("batch_size", 50)))
        self.client = TokenMetricsClient(
            ClientSettings(
                base_url=url, attempt_deadline_s=5.0, requests_per_minute=10_000, batch_size=batch
            ),
            SecretStr("tm-canary-0f3c9a57-key"), ports, jitter=lambda: 1.0,
        )  # fmt: skip
        strategies = [loaded.strategy]
        daily = int(str(settings.get("daily_every", 6 * HOUR)))
        self.polls = Poller(
            self.client, self.database, strategies,
            PollLimits(
                cadence=Cadence(daily_every=daily), backfill_requests=0, backfill_days=0,
                batch_size=batch, tokens=500,
            ),
        )  # fmt: skip
        desks = [Desk(self.database, Stepper(loaded))]
        self.cycle = Cycle(self.database, desks, self.polls, self.clock, timing_of(strategies))
        with self.database.transaction() as connection:
            self.epoch = take_lease(connection, self.clock.now())

    def restarted(self) -> Way:
        """The same way as a process begun anew finds it, at the same instant; this one ends."""
        self.close()
        return Way(*self._given, now=self.clock.now())

    def slots(self, count: int) -> int:
        """Do the next `count` hours; how many slots came of it."""
        done = 0
        for _ in range(count):
            done += self.cycle.run_due(self.epoch, None, threading.Event())
            self.clock.wait_until(self.cycle.next_wake(self.clock.now()))
        return done

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What a query gives."""
        with self.database.transaction() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def record(self) -> Record:
        """Everything that became known."""
        with self.database.transaction() as connection:
            return export_record(connection)

    def decisions(self) -> list[tuple[str, int, str]]:
        """(slot, token, reason) of every decision, in order."""
        found = self.rows("SELECT slot, token_id, reason FROM decision ORDER BY slot, token_id")
        return [(format_instant(int(str(s))), int(str(i)), str(r)) for s, i, r in found]

    def close(self) -> None:
        self.client.close()
        self.database.close()


@contextmanager
def way(
    folder: Path, answer: Answering, loaded: LoadedStrategy, **settings: object
) -> Iterator[tuple[Way, WireServer]]:
    """A way from a server to a ledger, closed at the end.

    Settings: `batch_size` tokens in a request, `daily_every` ms between polls of daily data,
    `raw_max_mb` megabytes of raw answers.
    """
    with WireServer(answer) as server:
        built = Way(folder, server.url, loaded, settings)
        try:
            yield built, server
        finally:
            built.close()


def envelope(rows: list[object]) -> tuple[int, bytes]:
    """A good answer with these rows, the provider's 404 where there are none."""
    body = {"success": bool(rows), "message": "" if rows else "Data not found"}
    status = 200 if rows else 404
    return status, json.dumps(body | {"length": len(rows), "data": rows}).encode()


def signal_row(token_id: int, hour: int, signal: object) -> dict[str, object]:
    """An hourly signal labelled with the open of its hour."""
    return {"TOKEN_ID": token_id, "TIMESTAMP": format_instant(hour), "SIGNAL": signal}


def bar_row(token_id: int, hour: int, price: float = 100.0) -> dict[str, object]:
    """A quiet hourly bar."""
    row = {"TOKEN_ID": token_id, "TIMESTAMP": format_instant(hour), "VOLUME": 1e9}
    prices = {"OPEN": price, "HIGH": price * 1.005, "LOW": price * 0.998, "CLOSE": price}
    return row | prices


class Provider:
    """A well-behaved provider of a few tokens, whose rows a test may change before they leave.

    Every token is Bearish before `turn` and Bullish from then on. Rows begin a little before START.
    `clock` is that of the one who asks.
    """

    def __init__(self, token_ids: Iterable[int], turn: int) -> None:
        self.clock: Callable[[], int] = lambda: START
        self.token_ids = tuple(token_ids)
        self.turn = turn
        self.change: Callable[[str, list[dict[str, object]]], list[object]] = lambda _, rows: [
            *rows
        ]

    def __call__(self, endpoint: str, params: Mapping[str, str]) -> tuple[int, bytes]:
        """The answer to a question."""
        asked = [int(one) for one in params.get("token_id", "").split(",") if one]
        tokens = [one for one in asked or self.token_ids if one in self.token_ids]
        if int(params.get("page", "1")) > 1:
            return envelope([])
        rows = [row for token_id in tokens for row in self._rows(endpoint, token_id)]
        return envelope(self.change(endpoint, rows))

    def _rows(self, endpoint: str, token_id: int) -> list[dict[str, object]]:
        now = self.clock()
        hours = range(now - now % HOUR - HOUR, START - 3 * HOUR, -HOUR)
        name: dict[str, object] = {"TOKEN_ID": token_id, "TOKEN_SYMBOL": f"T{token_id}"}
        today = format_instant(now - now % DAY)[:10]
        if endpoint == "tokens":
            return [name | {"TOKEN_NAME": f"Token {token_id}"}]
        if endpoint == "hourly-ohlcv":
            return [bar_row(token_id, hour) for hour in hours]
        if endpoint == "hourly-trading-signals":
            return [signal_row(token_id, at, "1" if at >= self.turn else "-1") for at in hours]
        if endpoint == "resistance-support":
            listed = [{"level": price, "date": "2025-01-01"} for price in (97.5, 95, 104, 120)]
            return [name | {"DATE": today, "HISTORICAL_RESISTANCE_SUPPORT_LEVELS": listed}]
        if endpoint == "quantmetrics":
            row = {"DATE": today, "SHARPE": 1.5, "SORTINO": 2.0, "VOLATILITY": 0.6}
            return [name | row | {"MAX_DRAWDOWN": -0.5, "CAGR": 0.3}]
        if endpoint == "tm-grade":
            return [name | {"TM_GRADE": "71.4"}]
        return []
