"""A week of what slots saw: numbers that moved, staleness, membership, and what levels did."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from bot.adapters.sql.journal_read import decisions_before, inputs_before, inputs_between
from bot.app.alerts_view import level_rates
from bot.app.audit_gates import INSIDE, LIMITS, OUTSIDE, Gate, Members, gates_of, settled_by
from bot.app.audit_seen import Seen, bar_time, read_seen
from bot.app.bracket_words import merged_levels
from bot.app.queries import series_read
from bot.domain.instants import HOUR, format_instant
from bot.engine.numbers import round10
from bot.engine.params import Params
from bot.market.alert_memory import AlertMemory, Memory
from bot.market.alert_rules import LEVEL, Alert
from bot.market.alert_watch import LevelSeen, Sight, watch
from bot.market.column_names import named_column
from bot.market.level_episode import Candle, whole_price
from bot.market.rules import build_rules
from bot.market.strategy import Strategy

_WATCHED = Alert(name="digest", on=LEVEL)
_FAMILIES = frozenset({"sharpe", "mdd", "volatility"})
_STRENGTH = 1_000_000_000

Symbol = Callable[[int], str]
Document = dict[str, Any]


def week_inputs(
    connection: Connection, strategy: Strategy, start: int, end: int, symbol: Symbol
) -> Document:
    """What a week's slots saw, each against the one before it."""
    before = _newest_before(connection, strategy.name, start)
    moved = _Moved(before)
    stale = _Staleness(series_read(strategy), symbol)
    levels = _Levels(strategy)
    seen = None
    gates = gates_of(strategy)
    week = [read_seen(*row) for row in inputs_between(connection, strategy.name, start, end)]
    members = _Membership(
        gates,
        _carried(connection, strategy, gates, week, start),
        symbol,
        None if before is None else _universe(before),
    )
    for seen in week:
        moved.see(seen)
        stale.see(seen)
        levels.see(seen)
        members.see(strategy, seen)
    return {
        "source": "" if seen is None else seen.source,
        **moved.document(symbol),
        "stale": stale.document(),
        "membership": members.changes,
        "levels": levels.document(),
    }


def _newest_before(connection: Connection, name: str, start: int) -> Seen | None:
    row = next(inputs_before(connection, name, start), None)
    return None if row is None else read_seen(*row)


@dataclass(slots=True)
class _Moved:
    """Sharpe, drawdown and volatility of each token: before the week, or first in it, and last."""

    before: Seen | None
    first: dict[tuple[int, str], float] = field(default_factory=dict)
    last: dict[tuple[int, str], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.before is not None:
            self.first = _numbers(self.before)

    def see(self, seen: Seen) -> None:
        """A slot of the week."""
        for key, value in _numbers(seen).items():
            self.first.setdefault(key, value)
            self.last[key] = value

    def document(self, symbol: Symbol) -> Document:
        """What is another number than before, by token id and column, and how many are the same."""
        moved = [
            {
                "token_id": token_id, "symbol": symbol(token_id), "column": column,
                "from": self.first[token_id, column], "to": value,
                "change": round10(value - self.first[token_id, column]),
            }
            for (token_id, column), value in sorted(self.last.items())
            if value != self.first[token_id, column]
        ]  # fmt: skip
        return {"moved": moved, "unmoved": len(self.last) - len(moved)}


def _numbers(seen: Seen) -> dict[tuple[int, str], float]:
    found = {}
    for token_id, entry in seen.tokens.items():
        if not entry["in_universe"]:
            continue
        for name, value in entry["columns"].items():
            if named_column(name).family in _FAMILIES:
                found[token_id, name] = value
        if "sigma" in entry:
            found[token_id, "sigma"] = entry["sigma"]
    return found


@dataclass(slots=True)
class _Staleness:
    """Stretches of slots in which a series that the strategy reads was stale, or no bar came."""

    series: tuple[str, ...]
    symbol: Symbol
    going: dict[tuple[int, str], Document] = field(default_factory=dict)
    found: list[Document] = field(default_factory=list)

    def see(self, seen: Seen) -> None:
        """A slot of the week; a stretch goes on or ends."""
        stale = set(self._stale(seen))
        for key in [key for key in self.going if key not in stale]:
            del self.going[key]
        for key in sorted(stale):
            if key not in self.going:
                token_id, series = key
                self.going[key] = {
                    "token_id": token_id, "symbol": self.symbol(token_id), "series": series,
                    "from": format_instant(seen.slot), "slots": 0,
                }  # fmt: skip
                self.found.append(self.going[key])
            self.going[key]["slots"] += 1
            self.going[key]["to"] = format_instant(seen.slot)

    def _stale(self, seen: Seen) -> Iterator[tuple[int, str]]:
        for token_id, entry in seen.tokens.items():
            if not entry["in_universe"]:
                continue
            for series in self.series:
                if entry[series] == "stale":
                    yield token_id, series
            opened = bar_time(entry)
            if opened is not None and opened + HOUR < seen.slot:
                yield token_id, "bar"

    def document(self) -> list[Document]:
        """The stretches by their start."""
        return sorted(self.found, key=lambda one: (one["from"], one["token_id"], one["series"]))


@dataclass(slots=True)
class _Membership:
    """Who came into the universe or left it, and who passed or left a gate (G7)."""

    gates: list[Gate]
    members: Members
    symbol: Symbol
    universe: set[int] | None = None
    changes: list[Document] = field(default_factory=list)

    def see(self, strategy: Strategy, seen: Seen) -> None:
        """A slot of the week."""
        universe = _universe(seen)
        known = universe if self.universe is None else self.universe
        self._changed(seen, "universe", universe - known, known - universe)
        self.universe = universe
        before = {key for key, inside in self.members.inside.items() if inside}
        self.members.move(strategy, self.gates, seen)
        after = {key for key, inside in self.members.inside.items() if inside}
        for n, gate in enumerate(self.gates):
            came = {i for i, g in after - before if g == n}
            left = {i for i, g in before - after if g == n}
            self._changed(seen, gate.name, came, left)

    def _changed(self, seen: Seen, of: str, came: set[int], left: set[int]) -> None:
        for change, ids in (("in", came), ("out", left)):
            self.changes += [
                {
                    "slot": format_instant(seen.slot), "token_id": i, "symbol": self.symbol(i),
                    "of": of, "change": change,
                }
                for i in sorted(ids)
            ]  # fmt: skip


def _universe(seen: Seen) -> set[int]:
    return {i for i, entry in seen.tokens.items() if entry["in_universe"]}


def _carried(
    connection: Connection, strategy: Strategy, gates: list[Gate], week: list[Seen], start: int
) -> Members:
    """Gate membership at the start of a week, from as few slots before it as settle it.

    Each candidate's gates are in its decision, so no token is followed back beyond its last one.
    """
    open_ = {
        (token_id, n)
        for seen in week
        for token_id, entry in seen.tokens.items()
        for n, gate in enumerate(gates)
        if settled_by(strategy, gate, entry) is not None
    }
    members = Members()
    decided = _Decided(connection, strategy, gates, start)
    for row in inputs_before(connection, strategy.name, start):
        if not open_:
            break
        seen = read_seen(*row)
        for token_id, n in sorted(open_):
            entry = seen.tokens.get(token_id)
            settled = None if entry is None else settled_by(strategy, gates[n], entry)
            inside = settled == INSIDE
            if settled not in (INSIDE, OUTSIDE):
                known = decided.members(token_id)
                if known is None or known[0] != seen.slot:
                    continue
                inside = known[1][n]
            members.inside[token_id, n] = inside
            open_.discard((token_id, n))
    return members


@dataclass(slots=True)
class _Decided:
    """What each token's last decision before an instant says of its gates."""

    connection: Connection
    strategy: Strategy
    gates: list[Gate]
    end: int
    found: dict[int, tuple[int, list[bool]] | None] = field(default_factory=dict)

    def members(self, token_id: int) -> tuple[int, list[bool]] | None:
        """The slot, and whether the token was inside each gate; None where none says so."""
        if token_id not in self.found:
            self.found[token_id] = self._last(token_id)
        return self.found[token_id]

    def _last(self, token_id: int) -> tuple[int, list[bool]] | None:
        if self.strategy.gate_on == "lower_bound":
            return None  # those stand under their columns' names with other values
        names = [gate.name for gate in self.gates]
        for row in decisions_before(self.connection, self.strategy.name, token_id, self.end):
            said = json.loads(row.details).get("gates", [])
            if [gate.get("column") for gate in said] == names and all(
                gate.limits == {key: one[key] for key in LIMITS if key in one}
                for gate, one in zip(self.gates, said, strict=True)
            ):
                return row.slot, [bool(one["member"]) for one in said]
        return None


def _does_decay(entry: Document) -> bool:
    """Whether the book of an entry reads differently in a later slot."""
    return "book_built" in entry and any(strength for _, strength in entry["book"])


@dataclass(slots=True)
class _Levels:
    """What became of the levels that slots knew, by the same rules as alerts (Q5)."""

    strategy: Strategy
    memory: Memory = field(default_factory=Memory)
    params: Params = field(init=False)
    books: dict[int, tuple[Document, tuple[LevelSeen, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.params = build_rules(self.strategy)[0].params

    def see(self, seen: Seen) -> None:
        """A slot of the week: its newest bars against the levels known before them."""
        sights = [
            self._sight(seen, token_id, entry)
            for token_id, entry in sorted(seen.tokens.items())
            if "bar" in entry and "tick" in entry
        ]
        watch([_WATCHED], self.memory, sights, seen.slot, self.strategy.merge)

    def _sight(self, seen: Seen, token_id: int, entry: Document) -> Sight:
        bar = entry["bar"]
        book: tuple[LevelSeen, ...] = ()
        if entry["book"] and (self.strategy.levels == "local" or entry["levels"] == "fresh"):
            book = self._book(seen.slot, token_id, entry)
        prices = (whole_price(bar[name]) for name in ("high", "low", "close"))
        return Sight(
            token_id=token_id, symbol="", in_universe=bool(entry["in_universe"]), numbers={},
            bars=(Candle(bar_time(entry) or 0, *prices),), close=bar["close"],
            tick=whole_price(entry["tick"]), book=book,
        )  # fmt: skip

    def _book(self, slot: int, token_id: int, entry: Document) -> tuple[LevelSeen, ...]:
        """The merged levels: those of the slot before where the entry says the same."""
        said = {name: entry.get(name) for name in ("book", "tick", "book_built")}
        before = self.books.get(token_id)
        if before is not None and before[0] == said and not _does_decay(entry):
            return before[1]
        merged = merged_levels(self.params, entry, slot)
        book = tuple(LevelSeen(price, int(weight * _STRENGTH)) for price, weight in merged)
        self.books[token_id] = (said, book)
        return book

    def document(self) -> Document:
        """Approaches, touches and their ends, with the rates that follow."""
        return level_rates(self.memory.alerts.get(_WATCHED.name, AlertMemory()))
