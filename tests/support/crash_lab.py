"""A laboratory for kills: a home just before a slot with everything in it, and ways to strike it.

The slot's hour has an entry, an exit, new orders, cancelled ones and a refusal, so that each table
of the ledger is written. A run that nobody strikes says what must come out in the end.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from bot.adapters.sql.engine import open_readonly
from bot.app.audit_evidence import check_row_chains
from bot.app.audit_file import check_file
from bot.domain.instants import DAY, HOUR, format_instant
from bot.domain.values import Record
from bot.simulator import MarketSource, Server, SimulatorOptions, create_app
from bot.simulator.generated import GeneratedMarket, generate
from tests.support.forked import Ended, Forks, Started, open_forks
from tests.support.ledger_home import ALERTS, EASY, KEY, START, write_strategy

BEFORE = START + 4 * HOUR
SLOT = START + 5 * HOUR
# A fork server and a simulator each; more do not help on two processors.
LABS = 2
_HELD_S = 0.02
# What says what was decided and why; the rest is the record, which may hold an answer twice where
# it was asked for twice, and notes on who wrote and how often it was tried.
LEDGER = (
    "account", "alert_state", "cash_entry", "config_version", "cycle", "decision", "equity",
    "fill", "instrument", "journal", "notice", "order", "order_event", "position", "slot_input",
    "slot", "universe",
)  # fmt: skip
OF_ONE_TRANSACTION = (
    "account", "alert_state", "cash_entry", "cycle", "decision", "equity", "fill", "journal",
    "order", "order_event", "slot_input",
)  # fmt: skip
# What a slot decided, apart from when it was frozen and what hangs on that.
DECIDED = (
    "cash_entry", "decision", "equity", "fill", "instrument", "order", "order_event", "outbox",
    "position",
)  # fmt: skip
# When a message was written is no part of what it says.
_UNSAID = {"outbox": ("id", "written_at")}
# What differs between two runs of the same hours.
_OF_THE_RUN = {
    "head": ("hash",), "lease": ("holder",), "raw_link": ("hash",), "raw_response": ("latency_ms",),
}  # fmt: skip
Row = dict[str, Any]
T = TypeVar("T")


class SetClock:
    """A stepped clock that a test may set, back as well, and hold before an instant."""

    def __init__(self, start: int) -> None:
        self._now = start
        self._limit: int | None = None
        self._jump: tuple[int, int] | None = None
        self.was_waited_for = False  # before a jump

    def set(self, now: int, limit: int | None = None) -> None:
        """It is now so late, and gets no later than `limit` before it is set again."""
        self._now, self._limit, self._jump = now, limit, None

    def jump(self, looks: int, to: int) -> None:
        """After so many looks at it, or once it is waited for, it is suddenly so late."""
        self._jump, self.was_waited_for = (looks, to), False

    def now(self) -> int:
        """The latest instant that was asked for or set."""
        now = self._now
        if self._jump is not None:
            looks, to = self._jump
            self._jump = (looks - 1, to)
            if looks <= 1:
                self.set(to)
        return now

    async def advance(self, to: int) -> int:
        """Jump towards `to` at once, never back; the asker asks again where it is held."""
        reached = to if self._limit is None else min(to, self._limit)
        self._now = max(self._now, reached)
        if self._now < to and self._jump is not None:
            self.was_waited_for = True
            self.set(self._jump[1])
        if self._now < to:
            await asyncio.sleep(_HELD_S)
        return self._now


@dataclass(slots=True)
class Lab:
    """One simulator and one process that forks commands."""

    clock: SetClock
    url: str
    forks: Forks
    extra: dict[str, str] = field(default_factory=dict)

    def run(
        self,
        home: Path,
        *argv: object,
        points: dict[str, Any] | None = None,
        calls: dict[str, Any] | None = None,
    ) -> Ended:
        """Run a command on a home and wait for its end; its output is in `home/test.out|log`."""
        return self.wait(self.start(home, *argv, points=points, calls=calls))

    def start(
        self,
        home: Path,
        *argv: object,
        points: dict[str, Any] | None = None,
        calls: dict[str, Any] | None = None,
        output: Path | None = None,
    ) -> Started:
        """Start a command on a home, struck as `points` or `calls` say.

        `output` is where what it says goes, but for the names' endings.
        """
        return self.forks.start(
            [*map(str, argv), "--home", str(home)], self.environment(), output or home / "test",
            points, calls,
        )  # fmt: skip

    def wait(self, started: Started) -> Ended:
        """Wait for the end of a command."""
        return self.forks.wait(started)

    def environment(self) -> dict[str, str]:
        """Settings of a home that works against this simulator."""
        return {
            "HOURHAND_API_KEY": KEY,
            "HOURHAND_BASE_URL": self.url,
            "HOURHAND_CLOCK_URL": self.url,
            "HOURHAND_REQUESTS_PER_MINUTE": "10000",
            "HOURHAND_MONTHLY_CREDITS": "1000000",
            "HOURHAND_BACKFILL_DAYS": "0",
            **self.extra,
        }

    def finish(self, home: Path, until: int = SLOT) -> Ended:
        """The daemon up to a slot, unhurt."""
        return self.run(home, "run", "--until", format_instant(until))


def market() -> Record:
    """Four tokens over some days, in which START + 5 h is a busy hour."""
    return generate(GeneratedMarket(seed=1, start=START - DAY, hours=40, tokens=4))


@contextmanager
def open_lab(record: Record, forks: Forks) -> Iterator[Lab]:
    """A laboratory while the `with` block lasts."""
    clock = SetClock(START)
    with Server(create_app(MarketSource(record), clock, SimulatorOptions())) as simulator:
        yield Lab(clock, simulator.url, forks)


@dataclass(slots=True)
class Prepared:
    """A home up to the hour before the busy slot, the instant then, and what must come of it."""

    labs: list[Lab] = field(repr=False)
    folder: Path
    home: Path
    now: int
    expected: dict[str, list[Row]] = field(repr=False)
    audited: set[str] = field(default_factory=set, repr=False)
    counts: dict[str, dict[str, int]] = field(default_factory=dict, repr=False)

    def audit(self, lab: Lab, home: Path, point: object) -> None:
        """The audit finds nothing.

        It reads nothing but rows, so those that it has read already need no second time; what is
        left out of the comparison, and the pages of the file, are looked at every time.
        """
        content = checked_content(home, point)
        if content in self.audited:
            return
        ended = lab.run(home, "audit")
        assert ended.exit == 0, f"{point}: audit: {ended}\n{said(home)}"
        self.audited.add(content)

    def copy(self, lab: Lab, name: str) -> Path:
        """A fresh home in a lab whose clock stands where the home's does."""
        home = self.folder / name
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.home, home)
        lab.clock.set(self.now)
        return home

    def each(self, points: Iterable[T], check: Callable[[Lab, T], None]) -> int:
        """Check every point, in as many laboratories as there are; how many there were."""
        free: SimpleQueue[Lab] = SimpleQueue()
        for lab in self.labs:
            free.put(lab)

        def fault(point: T) -> str:
            lab = free.get()
            try:
                check(lab, point)
            except AssertionError as error:
                return f"{point}: {error}"
            finally:
                free.put(lab)
            return ""

        with ThreadPoolExecutor(max_workers=len(self.labs)) as pool:
            found = list(pool.map(fault, points))
        faults = [text for text in found if text]
        if faults:
            first = "\n\n".join(faults[:3])
            raise AssertionError(f"{len(faults)} of {len(found)} points failed, such as\n{first}")
        return len(found)


@contextmanager
def prepare(folder: Path, forks: Forks) -> Iterator[Prepared]:
    """Laboratories, a home before the busy slot, and the ledger of an undisturbed run."""
    record = market()
    with ExitStack() as stack:
        servers = [forks, *(stack.enter_context(open_forks()) for _ in range(LABS - 1))]
        labs = [stack.enter_context(open_lab(record, server)) for server in servers]
        home = folder / "before"
        home.mkdir(parents=True)
        write_strategy(home, "easy", EASY + ALERTS)
        succeed(home, labs[0].finish(home, BEFORE))
        now = labs[0].clock.now()
        whole = shutil.copytree(home, folder / "undisturbed")
        succeed(whole, labs[0].finish(whole))
        yield Prepared(labs, folder, home, now, ledger(whole))


def succeed(home: Path, ended: Ended) -> None:
    """The command ended well."""
    assert (ended.exit, ended.signal) == (0, None), f"{ended}\n{said(home)}"


def said(home: Path) -> str:
    """The end of what the last commands printed and logged."""
    names = ("test.out", "test.log")
    return "\n".join(
        (home / name).read_text(errors="replace")[-1500:]
        for name in names if (home / name).exists()
    )  # fmt: skip


def ledger(home: Path) -> dict[str, list[Row]]:
    """Every row of every table that says what was decided, and what people are to be told."""
    uri = f"file:{home / 'hourhand.db'}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        found = {
            name: _rows(connection, name, _UNSAID.get(name, ())) for name in (*LEDGER, "outbox")
        }
    # A blow is told too, as a change of health, which belongs to no slot.
    found["outbox"] = [row for row in found["outbox"] if row["slot"] is not None]
    return found


def _rows(connection: sqlite3.Connection, table: str, unsaid: tuple[str, ...]) -> list[Row]:
    rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608
    names = [column[0] for column in rows.description]
    kept = [place for place, name in enumerate(names) if name not in unsaid]
    return sorted(({names[place]: row[place] for place in kept} for row in rows), key=repr)


def rows_of_slot(found: dict[str, list[Row]], slot: int = SLOT) -> dict[str, list[Row]]:
    """The rows that one transaction of the ledger writes, by table."""
    return {
        name: [row for row in found[name] if row["slot"] == slot] for name in OF_ONE_TRANSACTION
    }


def whole(prepared: Prepared, home: Path) -> bool:
    """Whether the slot's rows are all there; anything between all and nothing is an error."""
    expected, found = rows_of_slot(prepared.expected), rows_of_slot(ledger(home))
    assert found in (expected, {table: [] for table in expected})
    return found == expected


def check_recovered(prepared: Prepared, lab: Lab, home: Path, point: object) -> None:
    """After any blow: start again, finish; the audit finds nothing, the ledger is as expected."""
    _finish(prepared, lab, home, point)
    found = ledger(home)
    for table, rows in prepared.expected.items():
        assert found[table] == rows, f"{point}: {table} differs"
    shutil.rmtree(home)


def check_same_trades(prepared: Prepared, lab: Lab, home: Path, point: object) -> None:
    """The same where time went by meanwhile: the slot was frozen later, and decided alike."""
    _finish(prepared, lab, home, point)
    found = ledger(home)
    for table in DECIDED:
        assert found[table] == prepared.expected[table], f"{point}: {table} differs"
    assert not any(row["missed"] for row in found["cycle"]), f"{point}: a slot was missed"
    shutil.rmtree(home)


def _finish(prepared: Prepared, lab: Lab, home: Path, point: object) -> None:
    ended = lab.finish(home)
    assert ended.exit == 0, f"{point}: run: {ended}\n{said(home)}"
    prepared.audit(lab, home, point)


def checked_content(home: Path, point: object) -> str:
    """A hash over the rows of a sound database, but for what differs from run to run.

    That is how long an answer took, the seals over it, and the number of the process; that the
    seals hold, and that the pages of the file do, is asserted here.
    """
    database = open_readonly(home / "hourhand.db")
    try:
        with database.transaction() as connection:
            faults = [*check_file(connection), *check_row_chains(connection)]
    finally:
        database.close()
    assert not faults, f"{point}: {faults}"
    digest = hashlib.sha256()
    with closing(sqlite3.connect(f"file:{home / 'hourhand.db'}?mode=ro", uri=True)) as connection:
        query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name"
        for name, text in connection.execute(query).fetchall():
            digest.update(text.encode())
            if text.startswith("CREATE TABLE"):
                for row in _rows(connection, name, _OF_THE_RUN.get(name, ())):
                    digest.update(repr(row).encode())
    return digest.hexdigest()
