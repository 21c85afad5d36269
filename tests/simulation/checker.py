"""What must hold after every wake, in own arithmetic over the rows of the ledger and the record."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.simulation.file_use import FileUse
from tests.simulation.told import Told
from tests.simulation.witness import Witness

HOUR = 3_600_000
UNIT = 10**8
MINUTE = 60_000
# Of the strategies of this simulation: when a slot is frozen, and when it is too late to enter.
SETTLE, SLOT_DELAY = 4 * MINUTE, 30 * MINUTE
# Of the strategies of this simulation: when a row is too old to enter on.
ROW_AGE, QUANT_AGE, LEVELS_AGE = 2 * HOUR, 48 * HOUR, 36 * HOUR
SLIPPAGE = Decimal("0.02")
_NEWEST_BAR = (
    "SELECT max(open_time) FROM bar WHERE token_id = ? AND available_at <= ? AND open_time <= ? "
    "AND CAST(low AS REAL) <= CAST(high AS REAL)"
)
_CHANGES = (
    "SELECT e.ordinal, e.order_id, e.kind, e.quantity_lots FROM order_event e "
    "WHERE e.strategy = ? AND e.slot = ? ORDER BY e.ordinal"
)
# A row that came when an earlier slot had seen a newer one counts for nothing.
_CALLS = (
    "WITH s AS MATERIALIZED (SELECT valid_time, signal, available_at, (SELECT as_of FROM slot "
    "WHERE as_of < r.available_at ORDER BY slot DESC LIMIT 1) AS frozen FROM signal r "
    "WHERE token_id = :token AND source = 'hourly' AND available_at <= :as_of "
    "AND valid_time <= :hour ORDER BY valid_time DESC LIMIT 120) "
    "SELECT valid_time, signal FROM s WHERE NOT EXISTS (SELECT 1 FROM signal n "
    "WHERE n.token_id = :token AND n.source = 'hourly' AND n.valid_time > s.valid_time "
    "AND n.signal IN ('-1', '0', '1') AND n.available_at <= s.frozen) "
    "ORDER BY valid_time DESC, available_at DESC, signal DESC LIMIT 60"
)


@dataclass(slots=True)
class Lane:
    """One strategy as far as it was looked at: its cash, what it holds, and what came of slots."""

    opening: int
    use: FileUse
    told: Told = field(default_factory=Told)
    memories: dict[int, str | None] = field(default_factory=dict)
    slot: int = 0
    as_of: int = 0
    cash: int = 0
    held: dict[int, int] = field(default_factory=dict)
    entry: dict[int, str] = field(default_factory=dict)
    states: dict[int, str] = field(default_factory=dict)
    cooldown: int = 0
    stopped: dict[int, int] = field(default_factory=dict)
    edges: dict[tuple[int, int, str], str] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)
    slots: int = 0


class Checker:
    """Looks at what is new since the last look; raises AssertionError, naming what is broken."""

    def __init__(self, path: Path, lines: dict[str, str], witness: Witness) -> None:
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.lanes = {
            name: Lane(_opening(text), FileUse.of(text), cooldown=_number(text, "cooldown_stop", 0))
            for name, text in lines.items()
        }
        self.seen: Counter[str] = Counter()
        self._witness = witness

    def look(self) -> None:
        """Check every slot that has been done since."""
        for name, lane in self.lanes.items():
            query = "SELECT slot, state_sha256 FROM account WHERE strategy = ?"
            for slot, state in self._rows(query, name):
                assert slot >= lane.slot, f"{name}: the watermark went back to {slot}"
                self._check_slots(name, lane)
                assert lane.slot == slot, f"{name}: the watermark {slot} is not the last cycle"
                lane.states[slot] = state
                query = "SELECT body FROM alert_state WHERE strategy = ?"
                lane.memories[slot] = next((body for (body,) in self._rows(query, name)), None)
        self._connection.commit()

    def edited(self, name: str, lines: str | None) -> None:
        """A strategy file was changed, or with None removed, while no process lived.

        Before its first slot that may be its opening cash.
        """
        self.look()
        self.lanes[name].use.edited(lines, self._witness.life)
        if lines is not None and self.lanes[name].slot == 0:
            self.lanes[name].opening = _opening(lines)

    def _check_slots(self, name: str, lane: Lane) -> None:
        query = (
            "SELECT slot, as_of, missed FROM cycle WHERE strategy = ? AND slot > ? ORDER BY slot"
        )
        for slot, as_of, missed in self._rows(query, name, lane.slot):
            assert slot % HOUR == 0, f"{name}: slot {slot}"
            assert lane.slot in (0, slot - HOUR), f"{name}: a hole before {slot}"
            assert as_of >= slot, f"{name}: slot {slot} was frozen before it, at {as_of}"
            assert as_of >= lane.as_of, f"{name}: slot {slot} knew less than the one before it"
            if lane.slot == 0:
                lane.cash = lane.opening
            self._check_freeze(slot, as_of, bool(missed))
            if lane.use.holds_entries(lane.held, self._witness.freezes[slot].life):
                self._check_managed(name, slot)
            self._check_fills(name, lane, slot, as_of)
            self._check_orders(name, slot, bool(missed), as_of)
            self._check_waits(name, lane, slot)
            topics = lane.told.check(self._connection, name, slot, as_of)
            self.seen += Counter(f"told {topic}" for topic in topics)
            self._check_equity(name, lane, slot)
            lane.slot, lane.as_of = slot, as_of
            lane.slots += 1
            self.seen["slot missed" if missed else "slot in time"] += 1

    def _check_freeze(self, slot: int, as_of: int, missed: bool) -> None:  # noqa: FBT001  (a fact)
        """Frozen when all was in or at the hour + settle; late, torn or cut in two it is missed."""
        freeze = self._witness.freezes[slot]
        deadline = slot + SETTLE
        expected = min(freeze.now, deadline)
        assert as_of == expected, f"{_iso(slot)}: frozen at {as_of}, by the rules {expected}"
        if freeze.now > deadline + SLOT_DELAY:
            assert missed, f"{_iso(slot)}: frozen at {freeze.now}, and not missed"
        if freeze.answered > deadline:
            assert missed, f"{_iso(slot)}: polled until {freeze.answered}, and not missed"
            self.seen["poll cut by the freeze"] += 1
        if freeze.torn:
            assert missed, f"{_iso(slot)}: half a set counts as whole: {freeze.torn}"
            self.seen["set in part"] += 1
        if freeze.well and freeze.now <= deadline + SLOT_DELAY:
            assert not missed, f"{_iso(slot)}: missed, though nothing went wrong"

    def _check_managed(self, name: str, slot: int) -> None:
        """No entry while something is open under another file than the one that is there."""
        query = (
            "SELECT count(*) FROM \"order\" WHERE strategy = ? AND slot = ? AND action = 'ENTRY'"
        )
        ((entries,),) = self._rows(query, name, slot)
        assert not entries, f"{name} {_iso(slot)}: entered although its file is gone or another"
        self.seen["slot managed only"] += 1

    def _check_orders(self, name: str, slot: int, missed: bool, as_of: int) -> None:  # noqa: FBT001  (a fact)
        query = (
            'SELECT id, token_id, action, leg, quantity_lots FROM "order" '
            "WHERE strategy = ? AND slot = ?"
        )
        for identity, token_id, action, leg, lots in self._rows(query, name, slot):
            text = f"{name}|{token_id}|{_iso(slot)}|{action}|{leg}"
            assert identity == hashlib.sha256(text.encode()).hexdigest()[:32], f"id of {text}"
            if action == "ENTRY":
                self.lanes[name].use.ordered(identity, lots)
                assert not missed, f"{name}: an entry of the missed slot {_iso(slot)}"
                assert not self._paused(name, as_of), f"{name} {_iso(slot)}: entered while paused"
                self._check_evidence(name, slot, token_id, as_of)
                self.seen["entry order"] += 1

    def _check_waits(self, name: str, lane: Lane, slot: int) -> None:
        """No entry so soon after a stop, and none on an edge of which anything was bought."""
        query = (
            "SELECT d.token_id, d.edge_time, d.kind, o.id FROM decision d "
            'JOIN "order" o ON o.decision_id = d.id '
            "WHERE d.strategy = ? AND d.slot = ? AND d.outcome = 'ENTER'"
        )
        for token_id, edge, kind, order_id in self._rows(query, name, slot):
            where = f"{name} {_iso(slot)} token {token_id}"
            stopped = lane.stopped.get(token_id, 0)
            assert slot - stopped >= lane.cooldown * HOUR, f"{where}: stopped at {_iso(stopped)}"
            before = lane.edges.get((token_id, edge, kind), "")
            assert before not in lane.filled, f"{where}: the edge {_iso(edge)} again"
            lane.edges[token_id, edge, kind] = order_id

    def _check_evidence(self, name: str, slot: int, token_id: int, as_of: int) -> None:
        """An entry stands on rows that were known, are recent and say so."""
        where = f"{name} {_iso(slot)} token {token_id}"
        opened = self._rows(_NEWEST_BAR, token_id, as_of, slot - HOUR)[0][0]
        assert opened is not None, f"{where}: entered without a bar"
        assert slot - opened - HOUR <= ROW_AGE, f"{where}: entered on a bar of {_iso(opened)}"
        calls = self._calls(token_id, slot, as_of)
        assert calls, f"{where}: entered without a signal"
        assert slot - calls[0][0] - HOUR <= ROW_AGE, f"{where}: entered on the signals {calls}"
        trend = next((text for _, text in calls if text != "0"), "none")
        assert trend == "1", f"{where}: entered on the signals {calls}"
        # Age counts from when a list or a row of metrics was last seen, as it was or anew, to the
        # decision at the hour (T6), however long after it the slot was frozen.
        query = "SELECT max(available_at) FROM metric WHERE token_id = ? AND available_at <= ?"
        ((seen,),) = self._rows(query, token_id, as_of)
        assert seen is not None, f"{where}: entered without metrics"
        assert slot - seen <= QUANT_AGE, f"{where}: entered on metrics of {_iso(seen)}"
        query = "SELECT max(seen_at) FROM level_list WHERE token_id = ? AND seen_at <= ?"
        ((seen,),) = self._rows(query, token_id, as_of)
        assert seen is not None, f"{where}: entered without levels"
        assert slot - seen <= LEVELS_AGE, f"{where}: entered on levels of {_iso(seen)}"

    def _paused(self, name: str, as_of: int) -> bool:
        holding: set[str] = set()
        query = (
            "SELECT kind, source FROM command WHERE at <= ? AND coalesce(strategy, '') IN ('', ?) "
            "ORDER BY at, id"
        )
        for kind, source in self._rows(query, as_of, name):
            if kind == "PAUSE":
                holding.add(source)
            elif kind == "RESUME":
                holding.discard(source)
        return bool(holding)

    def _calls(self, token_id: int, slot: int, as_of: int) -> list[tuple[int, str]]:
        """(hour, signal) newest first, each as it was last known; foreign words say nothing."""
        found: dict[int, str] = {}
        asked = {"token": token_id, "as_of": as_of, "hour": slot - HOUR}
        for hour, text in self._connection.execute(_CALLS, asked):
            found.setdefault(hour, text)
        return [(hour, text) for hour, text in found.items() if text in {"1", "0", "-1"}]

    def _check_fills(self, name: str, lane: Lane, slot: int, as_of: int) -> None:
        changes = self._rows(_CHANGES, name, slot)
        query = (
            "SELECT ordinal, order_id, token_id, open_time, side, quantity_lots, price_ticks, "
            "notional, fee, reason FROM fill WHERE strategy = ? AND slot = ? ORDER BY ordinal"
        )
        for (
            place,
            order_id,
            token_id,
            opened,
            side,
            lots,
            ticks,
            notional,
            fee,
            reason,
        ) in self._rows(query, name, slot):
            while changes and changes[0][0] < place:
                lane.use.changed(*changes.pop(0)[1:])
            where = f"{name} {_iso(slot)} token {token_id} {reason}"
            assert opened + HOUR <= slot, f"{where}: filled in a bar that had not closed"
            if reason != "MANUAL" or ticks != 1 or not self._written_off(token_id, as_of):
                entry = lane.entry.get(token_id, order_id)
                self._check_price(where, (entry, token_id, opened), ticks, as_of, reason)
            held = lane.held.get(token_id, 0)
            if side == "BUY":
                assert held == 0 or lane.entry[token_id] == order_id, f"{where}: bought twice"
                lane.entry[token_id] = order_id
                lane.filled.add(order_id)
                lane.use.bought(order_id, lots)
                lane.held[token_id] = held + lots
                lane.cash -= notional + fee
            else:
                assert 0 < lots <= held, f"{where}: sold {lots} of {held}"
                lane.held[token_id] = held - lots
                lane.cash += notional - fee
            assert lane.cash >= 0, f"{where}: cash is {lane.cash}"
            if reason.startswith("STOP"):
                lane.stopped[token_id] = slot
            self.seen[f"fill {reason}"] += 1
        for _, *change in changes:
            lane.use.changed(*change)

    def _check_price(
        self, where: str, fill: tuple[str, int, int], ticks: int, as_of: int, reason: str
    ) -> None:
        """Inside a bar that was known, but for costs; a target passed by a gap pays no more, and
        a stop passed by a gap is sold at the open. `fill`: entry order, token and bar."""
        entry, token_id, opened = fill
        ((tick,),) = self._rows("SELECT tick FROM instrument WHERE token_id = ?", token_id)
        price = ticks * Decimal(tick)
        query = (
            "SELECT open, low, high FROM bar "
            "WHERE token_id = ? AND open_time = ? AND available_at <= ?"
        )
        known = [tuple(map(Decimal, row)) for row in self._rows(query, token_id, opened, as_of)]
        stop = Decimal(0)
        if reason in {"STOP", "STOP_GAP"}:
            ((stop_ticks,),) = self._rows('SELECT stop_ticks FROM "order" WHERE id = ?', entry)
            stop = stop_ticks * Decimal(tick)
        assert any(
            _is_lawful(reason, price, stop, opening, low, high) for opening, low, high in known
        ), f"{where}: {price}, stop {stop}, is none of the bars of {_iso(opened)} known: {known}"

    def _written_off(self, token_id: int, as_of: int) -> bool:
        """Whether the operator gave a token up, which sells it for one tick without a bar."""
        query = "SELECT 1 FROM command WHERE kind = 'WRITE_OFF' AND token_id = ? AND at <= ?"
        return bool(self._rows(query, token_id, as_of))

    def _check_equity(self, name: str, lane: Lane, slot: int) -> None:
        query = "SELECT cash, value, equity FROM equity WHERE strategy = ? AND slot = ?"
        ((cash, value, equity),) = self._rows(query, name, slot)
        assert cash == lane.cash, f"{name} {_iso(slot)}: cash {cash}, by the fills {lane.cash}"
        assert equity == cash + value, f"{name} {_iso(slot)}: equity {equity}"
        query = (
            "SELECT token_id, quantity_lots FROM position WHERE strategy = ? AND status = 'OPEN'"
        )
        if slot == self._last(name):
            held = {token_id: lots for token_id, lots in lane.held.items() if lots}
            found = list(self._rows(query, name))
            assert len(found) == len(dict(found)), f"{name}: two positions in one token: {found}"
            assert dict(found) == held, f"{name} {_iso(slot)}: holds {found}, by the fills {held}"

    def _last(self, name: str) -> int:
        ((slot,),) = self._rows("SELECT slot FROM account WHERE strategy = ?", name)
        return int(slot)

    def _rows(self, query: str, *values: object) -> list[Any]:
        return self._connection.execute(query, values).fetchall()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _is_lawful(
    reason: str, price: Decimal, stop: Decimal, opening: Decimal, low: Decimal, high: Decimal
) -> bool:
    """Whether a bar makes this price: that of its open, of the stop, or of a resting order."""
    if reason == "STOP_GAP":
        return opening <= stop and opening * (1 - SLIPPAGE) <= price <= opening
    if reason == "STOP":
        return low <= stop < opening and stop * (1 - SLIPPAGE) <= price <= stop
    return (reason == "TARGET" or low * (1 - SLIPPAGE) <= price) and price <= high * (1 + SLIPPAGE)


def _opening(lines: str) -> int:
    return _number(lines, "cash", 10_000) * UNIT


def _number(lines: str, key: str, default: int) -> int:
    given = [line.partition("=")[2] for line in lines.splitlines() if line.startswith(f"{key} ")]
    return int(given[-1].strip().replace("_", "")) if given else default


def _iso(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms // 1000, tz=UTC):%Y-%m-%dT%H:%M:%SZ}"
