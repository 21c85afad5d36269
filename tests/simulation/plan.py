"""What one seed does to the daemon: a market, strategies, and everything that goes wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from bot.domain.instants import HOUR, MINUTE, SECOND
from tests.simulation.markets import MARKETS, START, alerts
from tests.simulation.rows import RowFaults, draw_row_faults
from tests.simulation.sim_clock import Event
from tests.simulation.weather import (
    Spell,
    draw_deaf_endpoint,
    draw_half_sets,
    draw_noise,
    draw_spells,
)
from tests.support.ledger_home import EASY, STRICT

IDS = "[universe]\ntoken_ids = [9001, 9002]\n"
SETTLE = 'settle = "4m"\n'  # so that an hour without rows is not asked for ten times
# Limits so wide that a token is bought about once a day, and sold for every reason there is.
LINES = {
    0: EASY,
    1: EASY + 'reentry = "new_edge"\nentry_ttl = 3\nmax_hold = 30\n',
    2: EASY + "stop_min_pct = 0.02\nmax_hold = 48\ncooldown_stop = 5\nmin_rr = 0.01\n",
    3: EASY + "mdd_max = 0.5\nsharpe_min = 0\nmax_open = 1\ncandidate_ttl = 2\n",
}
REMOVED = "removed"  # instead of lines: the file is gone until a later edit
# Some leave hardly anything to trade, others nearly all of it.
EDITS = ("max_hold = 4\n", "sharpe_min = 2\n", "max_open = 1\n", "cash = 1000\n", "min_rr = 0.6\n",
         "max_hold = 40\n", "cooldown_other = 2\n", "candidate_ttl = 5\n", REMOVED)  # fmt: skip
DOWNTIMES = (0, 0, 20 * SECOND, 9 * MINUTE, 50 * MINUTE, 3 * HOUR, 9 * HOUR)
SHORT = (0, 20 * SECOND, 90 * SECOND)
RESTARTS, HARMLESS, EVERYTHING = "restarts", "harmless", "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """The process dies before its so many-th statement; then it is down, and perhaps edited."""

    statement: int
    downtime: int = 0
    edit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an operator asks for while the daemon waits, at the first wait after a true instant."""

    at: int
    kind: str
    token_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run: `seed` draws the rest. `strategies` are lines by name."""

    seed: int
    hours: int
    market: int
    strategies: dict[str, str]
    rows: RowFaults = field(default_factory=RowFaults)
    spells: tuple[Spell, ...] = ()
    events: tuple[Event, ...] = ()
    deaths: tuple[Death, ...] = ()
    storage_errors: tuple[int, ...] = ()
    asked: tuple[Asked, ...] = ()
    edits_while_open: tuple[tuple[int, str], ...] = ()  # a file edited at the first wait with
    # something open after a true instant; the process dies for it
    history_days: int = 1  # of the provider: what a longer absence misses is gone
    batch_size: int = 50  # tokens in a request; with 1 a set of rows can come in part

    @property
    def until(self) -> int:
        """The last slot."""
        return START + (self.hours - 1) * HOUR


def strategies_of(number: int) -> dict[str, str]:
    """The strategies that run on a market; on some there are two."""
    found = {"easy": merged(LINES[number % len(LINES)] + SETTLE)}
    if number % MARKETS == 3:
        found["strict"] = merged(STRICT + SETTLE)
    return {name: lines + alerts(number) for name, lines in found.items()}


def merged(lines: str, edit: str = "") -> str:
    """The lines of a strategy file; a later value of a key replaces the earlier one."""
    values: dict[str, str] = {}
    keys, table, told = lines.partition("\n[[alert]]")
    for line in f"{keys}\n{edit}".splitlines():
        if "=" in line and not line.startswith("token_ids"):
            key, _, value = line.partition("=")
            values[key.strip()] = value.strip()
    return "".join(f"{key} = {value}\n" for key, value in values.items()) + IDS + table + told


def quiet_plan(number: int, hours: int) -> Plan:
    """A market without any fault."""
    return Plan(seed=0, hours=hours, market=number, strategies=strategies_of(number))


def draw_plan(seed: int, hours: int) -> Plan:
    """Everything that goes wrong under a seed, by its kind."""
    rng = Random(f"plan {seed}")
    plan = quiet_plan(seed % MARKETS, hours)
    kind = kind_of(seed)
    if kind == RESTARTS and place_of(seed) == 0:
        return _with(plan, seed, deaths=_deaths(rng, (0,)))
    if kind == RESTARTS:
        failing = tuple(rng.randrange(60, hours * 118) for _ in range(hours // 6))
        return _with(plan, seed, deaths=_dense_deaths(rng), storage_errors=failing)
    if kind == HARMLESS:
        return _with(
            plan, seed, deaths=_deaths(rng, SHORT), events=_pauses(rng, hours),
            spells=draw_noise(rng, START, hours),
        )  # fmt: skip
    calm = rng.choice((0, 0, hours // 8, hours // 4, hours // 2))
    start, left = START + calm * HOUR, hours - calm
    some = {
        "rows": draw_row_faults(rng, [9001, 9002], start, left),
        "spells": (
            *draw_deaf_endpoint(Random(f"deaf {seed}"), start, left),
            *draw_spells(rng, start, left),
        ),
        "events": _events(rng, start, left),
        "deaths": _deaths(rng, DOWNTIMES, edits=0.5),
        "storage_errors": tuple(rng.randrange(hours * 90) for _ in range(rng.choice((0, 1, 3)))),
        "history_days": rng.choice((1, 1, 4)),
        "asked": _asked(rng, start, left),
        "edits_while_open": _edits_while_open(Random(f"open {seed}"), start, left),
    }
    one_by_one = draws_half_sets(seed)
    if one_by_one:
        half = draw_half_sets(Random(f"half {seed}"), 9002, start, left)
        some["spells"] = (*half, *some["spells"])
    left_out = rng.choice(("rows", "spells", "events", "deaths", "storage_errors", "", "", ""))
    some.pop(left_out, None)
    return _with(plan, seed, **some, batch_size=1 if one_by_one else 50)


def draws_half_sets(seed: int) -> bool:
    """Whether a seed asks for its tokens one by one, and for some hours in vain for one."""
    return Random(f"one by one {seed}").random() < 0.4


def kind_of(seed: int) -> str:
    """Of eight seeds of a market two have restarts and failing wakes, two what may not matter."""
    place = place_of(seed)
    return RESTARTS if place in {0, 7} else HARMLESS if place in {3, 6} else EVERYTHING


def place_of(seed: int) -> int:
    """Its place among eight seeds of its market."""
    return (seed // MARKETS) % 8


def _with(plan: Plan, seed: int, **values: Any) -> Plan:
    return replace(plan, seed=seed, **values)


def _deaths(rng: Random, downtimes: tuple[int, ...], edits: float = 0.0) -> tuple[Death, ...]:
    """Early and late in a life, so that start, poll, freeze and commit are all met."""
    return tuple(
        Death(
            statement=int(10 ** rng.uniform(0.3, 3.6)),
            downtime=rng.choice(downtimes),
            edit=rng.choice(EDITS) if rng.random() < edits else "",
        )
        for _ in range(rng.choice((2, 3, 5, 8)))
    )


def _edits_while_open(rng: Random, start: int, hours: int) -> tuple[tuple[int, str], ...]:
    """Edits that leave a strategy trading, each another than the one before."""
    instants = sorted(start + rng.randrange(hours) * HOUR for _ in range(rng.choice((0, 3, 5))))
    return tuple((at, f"cooldown_other = {2 + n % 2}\n") for n, at in enumerate(instants))


def _dense_deaths(rng: Random) -> tuple[Death, ...]:
    """Many lives that end in their first or second slot."""
    return tuple(Death(statement=rng.randrange(20, 420)) for _ in range(30))


def _asked(rng: Random, start: int, hours: int) -> tuple[Asked, ...]:
    """Pauses that end, and market exits of tokens that may be held."""
    found = []
    for _ in range(rng.choice((0, 0, 1, 3))):
        at = start + rng.randrange(hours * 60) * MINUTE
        if rng.random() < 0.5:
            resumed = at + rng.randrange(1, 12) * HOUR
            found += [Asked(at=at, kind="PAUSE"), Asked(at=resumed, kind="RESUME")]
        else:
            kind = rng.choice(("CLOSE", "CLOSE", "WRITE_OFF"))
            found.append(Asked(at=at, kind=kind, token_id=rng.choice((9001, 9002))))
    return tuple(sorted(found, key=lambda one: one.at))


def _pauses(rng: Random, hours: int) -> tuple[Event, ...]:
    """Suspends that end long before a slot would be missed, and a clock some seconds off."""
    found = []
    for _ in range(rng.choice((1, 2, 4))):
        at = START + rng.randrange(hours * 3600) * SECOND
        found.append(Event(at=at, suspend=rng.choice(SHORT)))
    at = START + rng.randrange(hours) * HOUR + 30 * MINUTE
    return (*found, Event(at=at, offset=-2 * SECOND), Event(at=at + HOUR, offset=0))


def _events(rng: Random, start: int, hours: int) -> tuple[Event, ...]:
    """Suspends of minutes to a day, and clocks set wrong and, an hour or more later, right."""
    found = []
    for _ in range(rng.choice((0, 1, 2, 4))):
        at = start + rng.randrange(hours * 3600) * SECOND
        if rng.random() < 0.5:
            length = rng.choice((30 * SECOND, 8 * MINUTE, 75 * MINUTE, 5 * HOUR, 26 * HOUR))
            found.append(Event(at=at, suspend=length))
        else:
            off = rng.choice((-1, 1)) * rng.choice((3 * SECOND, 4 * MINUTE, 50 * MINUTE, 5 * HOUR))
            found += [
                Event(at=at, offset=off),
                Event(at=at + rng.choice((5, 90, 600)) * MINUTE, offset=0),
            ]
    return tuple(found)
