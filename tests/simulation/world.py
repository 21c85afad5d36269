"""One seed's run: the real daemon on the in-process provider, killed and started as planned."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import structlog
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from bot.adapters.sql.command_store import add_command
from bot.adapters.sql.engine import Database, open_database
from bot.adapters.sql.lock import acquire
from bot.app.bootstrap import Outside, build_daemon
from bot.app.daemon import serve
from bot.app.settings import Settings
from bot.domain.errors import AuthError, StorageError
from bot.domain.instants import HOUR, MINUTE, SECOND
from bot.domain.values import Command, Record
from bot.simulator import MarketSource, SimulatorOptions, create_app
from tests.simulation.checker import Checker
from tests.simulation.markets import START, market
from tests.simulation.plan import REMOVED, Death, Plan, merged
from tests.simulation.rows import RowFaults, disturbed
from tests.simulation.sim_clock import SimClock, WorldClock
from tests.simulation.twin import Twin
from tests.simulation.weather import Weather
from tests.simulation.witness import Witness
from tests.support.ledger_home import write_home, write_strategy

URL = "http://127.0.0.1:9"
LIVES_MAX = 60
_FREEZE = "INSERT INTO slot (slot,"


class Killed(BaseException):
    """The end of a process: from the first one on every statement raises it, so whatever the
    program makes of it, nothing more reaches the database."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a run came to; `injected` and `reached` count what was done to it and what it met."""

    settings: Settings
    checker: Checker
    injected: Counter[str] = field(default_factory=Counter)
    log: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    lives: int = 0
    well_since: int = 0  # true instant after which nothing but small noise went wrong


class World:
    """The daemon's surroundings under a plan."""

    def __init__(
        self, plan: Plan, home: Path, template: Path, record: Record | None = None
    ) -> None:
        """`record` stands in for the plan's market."""
        self._plan = plan
        self._record = record or market(plan.market, plan.hours)
        self._home = home
        self._settings = write_home(home, URL, batch_size=plan.batch_size)
        shutil.copyfile(template, self._settings.database_path)
        self._lines = dict(plan.strategies)
        self._write_strategies()
        self._clock = SimClock(START + MINUTE, plan.events)
        self._injected: Counter[str] = Counter()
        self._weather = Weather(plan.spells, self._clock, Random(f"weather {plan.seed}"))
        self._witness = Witness()
        self._twin = Twin(self._provider(), self._clock, self._weather, self._witness)
        self._jitter = Random(f"jitter {plan.seed}").random
        self._restarted = 0
        self._statements = Statements(
            list(plan.deaths), set(plan.storage_errors), self._clock, self._witness
        )
        self.checker = Checker(self._settings.database_path, self._lines, self._witness)
        self._asked = list(plan.asked)
        self._edits = list(plan.edits_while_open)
        self.each_wait: Callable[[], None] = lambda: None
        self._database: Database | None = None
        self._clock.on_wait = self._at_wait
        self._clock.on_set = self._witness.interrupted

    def run(self, stops: Sequence[int] = ()) -> Outcome:
        """Live, die and live again until the last slot is done; at `stops` it is told to end."""
        log: Counter[str] = Counter()
        lives = 0
        with counted_log(log):
            for until in (*stops, self._plan.until):
                while not self._live(until):
                    lives += 1
                    assert lives < LIVES_MAX, f"died {lives} times: {log}"
        self.checker.look()
        self._injected += self._weather.injected
        self._injected += self._statements.injected
        for happened in self._clock.happened:
            self._injected["suspend" if happened.suspend else "clock set"] += 1
        return Outcome(
            settings=self._settings, checker=self.checker, injected=self._injected, log=log,
            requests=self._twin.requests, lives=lives + 1, well_since=self._well_since(),
        )  # fmt: skip

    def _well_since(self) -> int:
        heavy = [min(spell.end, self._clock.true) for spell in self._plan.spells if spell.is_heavy]
        happened = [event.at + event.suspend for event in self._clock.happened]
        return max([START, self._restarted, self._statements.failed_at, *heavy, *happened])

    def _live(self, until: int) -> bool:
        """One process from start to end; whether it ended because all was done."""
        try:
            with acquire(self._settings.database_path):
                stop = threading.Event()
                outside = Outside(clock=self._clock, net=self._twin, jitter=self._jitter)
                daemon = build_daemon(self._settings, stop, outside)
                watch(daemon.database.engine, self._statements)
                self._database = daemon.database
                serve(daemon, stop, until)
            return True
        except BaseException as error:
            self._witness.died()
            if not self._is_planned(error):
                raise
        self._restarted = self._clock.true
        return False

    def _is_planned(self, error: BaseException) -> bool:
        """Whether an end is one that the plan brought about; the time until the next start."""
        if self._statements.dying:
            death = self._statements.died()
            self._clock.pass_time(death.downtime)
            if death.edit:
                self._edit(death.edit)
            return True
        if isinstance(error, StorageError):
            self._clock.pass_time(30 * SECOND)
            return True
        if isinstance(error, AuthError):
            self._injected["ended by a wrong key"] += 1
            self._clock.pass_time(HOUR)
            return True
        return False

    def _at_wait(self) -> None:
        """The daemon has done what is due: look at it, and ask it for what the plan says."""
        self.checker.look()
        self._witness.interrupted()
        self.each_wait()
        self._edit_while_open()
        while self._asked and self._asked[0].at <= self._clock.true:
            asked = self._asked.pop(0)
            self._injected[f"operator {asked.kind.lower()}"] += 1
            strategy = "" if asked.token_id is None else "easy"
            wanted = Command(
                at=self._clock.now(), kind=asked.kind, strategy=strategy, token_id=asked.token_id
            )
            assert self._database is not None
            with self._database.transaction() as connection:
                add_command(connection, wanted)

    def _edit_while_open(self) -> None:
        """The next edit that waits for an open position, if there is one: the process dies."""
        is_open = any(self.checker.lanes["easy"].held.values())
        if is_open and self._edits and self._edits[0][0] <= self._clock.true:
            _, lines = self._edits.pop(0)
            self._statements.die_next(Death(statement=0, downtime=20 * SECOND, edit=lines))

    def _edit(self, lines: str) -> None:
        if lines == REMOVED:
            if len(self._lines) > 1:  # the daemon ends with its last strategy
                self._injected["strategy file removed"] += 1
                (self._settings.strategies_path / "easy.toml").unlink(missing_ok=True)
                self.checker.edited("easy", None)
            return
        self._injected["config edit"] += 1
        self._lines["easy"] = merged(self._lines["easy"], lines)
        self.checker.edited("easy", self._lines["easy"])
        self._write_strategies()

    def _write_strategies(self) -> None:
        for name, lines in self._lines.items():
            write_strategy(self._home, name, lines)

    def _provider(self) -> Any:
        record = self._record
        if self._plan.rows != RowFaults():
            rng = Random(f"rows {self._plan.seed}")
            record = disturbed(record, self._plan.rows, rng, self._injected)
        options = SimulatorOptions(
            history_days=self._plan.history_days,
            faults=self._weather,  # type: ignore[arg-type]
        )
        return create_app(MarketSource(record), WorldClock(self._clock), options)


class Statements:
    """Counts SQL statements; some are the last ones of a process, some fail."""

    def __init__(
        self, deaths: list[Death], errors: set[int], clock: SimClock, witness: Witness
    ) -> None:
        self.injected: Counter[str] = Counter()
        self.failed_at = 0
        self.dying = False
        self._clock = clock
        self._witness = witness
        self._deaths = deaths
        self._errors = errors
        self._of_life = 0
        self._of_all = 0

    def before(self, statement: str, values: Any) -> None:
        """Raise where this statement is not to be."""
        if self.dying:
            raise Killed
        self._of_life += 1
        self._of_all += 1
        if self._deaths and self._of_life >= self._deaths[0].statement:
            self.injected["kill"] += 1
            self.injected[f"kill before {statement.split(None, 1)[0].upper()}"] += 1
            self.dying = True
            raise Killed
        if self._of_all in self._errors:
            self.injected["storage error"] += 1
            self.failed_at = self._clock.true
            raise OperationalError(statement, None, sqlite3.OperationalError("disk I/O error"))
        if statement.startswith(_FREEZE):
            self._witness.frozen(values[0], self._clock.now())

    def die_next(self, death: Death) -> None:
        """The next statement is this life's last."""
        self._deaths.insert(0, death)

    def died(self) -> Death:
        """The death that has just come."""
        self._of_life = 0
        self.dying = False
        return self._deaths.pop(0)


def watch(engine: Engine, statements: Statements) -> None:
    """Let every statement of an engine be counted, and spare the disk: the machine stays up."""

    @event.listens_for(engine, "connect")
    def _quick(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF").close()

    @event.listens_for(engine, "before_cursor_execute")
    def _count(
        _c: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: Any
    ) -> None:
        statements.before(statement, values)

    engine.dispose()  # the connection that is open already knows neither


@contextmanager
def counted_log(counts: Counter[str]) -> Iterator[None]:
    """Count the events that are logged instead of writing them."""

    def count(_logger: Any, _method: str, fields: Any) -> Any:
        counts[str(fields["event"])] += 1
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[count])
    try:
        yield
    finally:
        structlog.configure(**before)


def make_template(folder: Path) -> Path:
    """An empty database made by the migrations, to be copied."""
    path = folder / "template.db"
    open_database(path, create=True).close()
    return path
