"""`diff`: two strategies over the same data, and which rule moved each trade.

Trades are one and the same where token and edge are: an entry a slot later is a changed trade.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.app.diff_reasons import keys_behind
from bot.app.replay import Replay
from bot.app.strategy_files import LoadedStrategy
from bot.domain.decimals import money_text, plain
from bot.domain.instants import HOUR, format_instant
from bot.domain.records import Decision, Fill, Order, Trade

Document = dict[str, Any]
Key = tuple[int, int]  # token and edge
_UNNAMED = frozenset({"name"})
CHANGES = ("added", "removed", "changed")
NO_CANDIDATE, HELD = "no candidate", "position held"
AFTER_EXIT, NO_EXIT = "after another exit", "no exit before it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """One position of a run: its decision and order, and the trade where it has ended."""

    decision: Decision
    order: Order
    bought: int
    trade: Trade | None

    @property
    def until(self) -> int:
        """The slot that booked its last sale; without end where it was still open."""
        return 1 << 62 if self.trade is None else self.trade.closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What of a replay a comparison needs."""

    entered: dict[Key, list[Entered]]
    decisions: dict[Key, list[Decision]]
    by_token: dict[int, list[Entered]]
    cancelled: dict[Key, str]  # why the last entry of a candidate was taken off the book


def run_of(result: Replay) -> Run:
    """The positions and decisions of a replay, by token and edge."""
    decisions: dict[Key, list[Decision]] = {}
    named: dict[str, Decision] = {}
    orders: list[Order] = []
    fills: dict[str, list[Fill]] = {}
    trades: dict[str, Trade] = {}
    ends: dict[str, str] = {}
    for slot in result.busy:
        for decision in slot.decisions:
            decisions.setdefault((decision.token_id, decision.edge_time), []).append(decision)
            named[decision.id] = decision
        orders += [order for order in slot.orders if order.action == "ENTRY"]
        for fill in slot.fills:
            fills.setdefault(fill.order_id, []).append(fill)
        trades |= {trade.entry_order_id: trade for trade in slot.trades}
        ends |= {event.order_id: event.reason for event in slot.events if event.kind == "CANCEL"}
    entered: dict[Key, list[Entered]] = {}
    by_token: dict[int, list[Entered]] = {}
    cancelled: dict[Key, str] = {}
    for order in orders:
        bought = sum(fill.quantity for fill in fills.get(order.id, ()))
        decision = named[order.decision_id or ""]
        if bought == 0:
            if order.id in ends:
                cancelled[order.token_id, decision.edge_time] = ends[order.id]
            continue
        one = Entered(decision=decision, order=order, bought=bought, trade=trades.get(order.id))
        entered.setdefault((order.token_id, decision.edge_time), []).append(one)
        by_token.setdefault(order.token_id, []).append(one)
    return Run(entered=entered, decisions=decisions, by_token=by_token, cancelled=cancelled)


def diff(old: Replay, new: Replay, symbols: dict[int, str]) -> Document:
    """Both runs in a line each, the changed keys, and every trade that one has and one has not."""
    keys = changed_keys(old.loaded, new.loaded)
    runs = (run_of(old), run_of(new))
    rows = sorted(_rows(runs, symbols, keys), key=lambda row: (row["decided"], row["token_id"]))
    counts = {name: sum(row["change"] == name for row in rows) for name in CHANGES}
    entered = sum(map(len, runs[0].entered.values()))
    return {
        "old": _summary(old, runs[0]),
        "new": _summary(new, runs[1]),
        "keys": [{"key": key, "old": pair[0], "new": pair[1]} for key, pair in keys.items()],
        "same": entered - counts["removed"] - counts["changed"],
        **counts,
        "rules": _rules(rows),
        "trades": rows,
    }


def changed_keys(old: LoadedStrategy, new: LoadedStrategy) -> dict[str, tuple[str, str]]:
    """Key -> its two effective values as text; of a table the inner keys."""
    one, two = (_flat(json.loads(loaded.canonical, parse_float=Decimal)) for loaded in (old, new))
    return {
        key: (one.get(key, "absent"), two.get(key, "absent"))
        for key in sorted(one.keys() | two.keys())
        if key not in _UNNAMED and one.get(key) != two.get(key)
    }


def _flat(table: Document, above: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{above}{key}.")
        else:
            found[above + key] = _shown(value)
    return found


def _shown(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _summary(result: Replay, run: Run) -> Document:
    found = result.summary()
    entered = [one for many in run.entered.values() for one in many]
    ended = [one.trade for one in entered if one.trade is not None]
    return {
        **{key: found[key] for key in ("strategy", "from", "to", "slots", "equity",
                                       "ledger_sha256", "config_sha256", "source")},
        "file": str(result.loaded.path),
        "trades": len(ended),
        "open": len(entered) - len(ended),
        "net": money_text(sum(trade.realised for trade in ended)),
    }  # fmt: skip


def _rows(
    runs: tuple[Run, Run], symbols: dict[int, str], keys: dict[str, tuple[str, str]]
) -> Iterator[Document]:
    for key in sorted(runs[0].entered.keys() | runs[1].entered.keys()):
        pair = tuple(run.entered.get(key, []) for run in runs)
        # Positions of one edge, of which re-entries may be several, are compared in their order.
        for n in range(max(map(len, pair))):
            one, two = (found[n] if n < len(found) else None for found in pair)
            row = _row(runs, key, (one, two), keys)
            if row is not None:
                yield {**row, "symbol": symbols.get(key[0], "")}


def _row(
    runs: tuple[Run, Run], key: Key, pair: tuple[Entered | None, Entered | None],
    keys: dict[str, tuple[str, str]],
) -> Document | None:  # fmt: skip
    one, two = pair
    there = two if one is None else one
    assert there is not None, "a key of either run"
    row: Document = {
        "token_id": key[0],
        "edge_time": format_instant(key[1]),
        "decided": format_instant(there.decision.slot),
        "old": None if one is None else _position(one),
        "new": None if two is None else _position(two),
    }
    if one is not None and two is not None:
        differs = [name for name in _COMPARED if row["old"][name] != row["new"][name]]
        if not differs:
            return None
        cause = _cause_of_change(runs, key, (one, two), differs)
        row |= {"change": "changed", "differs": differs}
    else:
        row |= {"change": "added" if one is None else "removed", "differs": []}
        cause = _first_difference(runs, key, there)
    return row | {"rule": cause, "keys": keys_behind(cause["rule"], keys)}


# In the order in which one follows from another: the first that differs is the rule.
_COMPARED = ("decided", "stop", "target", "quantity", "opened", "reason", "closed", "net")
_RULE_OF = {
    "stop": "STOP_LEVEL", "target": "TARGET_LEVEL", "quantity": "SIZE", "opened": "ENTRY_FILL",
    "reason": "EXIT", "closed": "EXIT", "net": "COSTS",
}  # fmt: skip


def _position(one: Entered) -> Document:
    order, trade = one.order, one.trade
    scale = order.scale
    return {
        "decided": format_instant(one.decision.slot),
        "stop": None if order.stop is None else scale.price(order.stop),
        "target": None if order.target is None else scale.price(order.target),
        "quantity": scale.quantity(one.bought),
        "opened": None if trade is None else format_instant(trade.opened),
        "closed": None if trade is None else format_instant(trade.closed_bar + HOUR),
        "reason": "open" if trade is None else trade.reason,
        "net": None if trade is None else money_text(trade.realised),
        "r": None if trade is None or trade.risk <= 0
        else float(f"{trade.realised / trade.risk:.4g}"),
    }  # fmt: skip


def _cause_of_change(
    runs: tuple[Run, Run], key: Key, pair: tuple[Entered, Entered], differs: Sequence[str]
) -> Document:
    if differs[0] == "decided":
        later = max(pair, key=lambda one: one.decision.slot)
        return _first_difference(runs, key, min(pair, key=lambda one: one.decision.slot)) | {
            "entered_later": format_instant(later.decision.slot)
        }
    field = differs[0]
    old, new = (_position(one)[field] for one in pair)
    found: Document = {
        "rule": _RULE_OF[field], "slot": format_instant(pair[0].decision.slot),
        "old": None if old is None else str(old), "new": None if new is None else str(new),
    }  # fmt: skip
    if field == "quantity":
        bounds = [one.decision.details.get("binding", "") for one in pair]
        found |= {"old": f"{old} ({bounds[0]})", "new": f"{new} ({bounds[1]})"}
    return found


def _first_difference(runs: tuple[Run, Run], key: Key, there: Entered) -> Document:
    """The first slot in which the two runs said something else of the candidate."""
    said = [{one.slot: one for one in run.decisions.get(key, ())} for run in runs]
    slots = sorted(at for at in said[0].keys() | said[1].keys() if at <= there.decision.slot)
    for at in slots:
        old, new = (found.get(at) for found in said)
        if (old and old.reason) != (new and new.reason):
            return _told_apart(runs, (old, new), at)
    # The same decisions up to the order: it filled in one run and not in the other.
    slot = format_instant(there.decision.slot)
    words = ["ENTRY" if key in run.entered else run.cancelled.get(key, "ENTRY") for run in runs]
    rule = next((word for word in words if word != "ENTRY"), "ENTRY_FILL")
    return {"rule": rule, "slot": slot, "old": words[0], "new": words[1]}


def _told_apart(
    runs: tuple[Run, Run], pair: tuple[Decision | None, Decision | None], slot: int
) -> Document:
    """Two decisions that differ; where one run has none, why it has none is the rule."""
    there = next(one for one in pair if one is not None)
    words = [
        _why_none(run, there, slot) if one is None else one.reason
        for run, one in zip(runs, pair, strict=True)
    ]
    absent = [word for word, one in zip(words, pair, strict=True) if one is None]
    refused = next((one for one in pair if one and one.reason != "ENTRY"), there)
    found: Document = {
        "rule": absent[0] if absent else refused.reason,
        "slot": format_instant(slot), "old": words[0], "new": words[1],
    }  # fmt: skip
    return found if absent else found | {"gates": _gates(refused)}


def _why_none(run: Run, there: Decision, slot: int) -> str:
    """Why a run says nothing of a candidate that the other one has."""
    before = [one for one in run.by_token.get(there.token_id, ()) if one.decision.slot < slot]
    if before and before[-1].until >= slot:
        return HELD
    if there.kind == "synthetic":
        return NO_EXIT
    return AFTER_EXIT if before else NO_CANDIDATE


def _gates(decision: Decision) -> list[Document]:
    """The gates that a refused candidate did not pass, with value and limits."""
    return [gate for gate in decision.details.get("gates", ()) if not gate["passed"]]


def _rules(rows: Sequence[Document]) -> list[Document]:
    """How many trades each rule moved, and what they came to."""
    found: dict[str, Document] = {}
    for row in rows:
        rule = row["rule"]["rule"]
        one = found.setdefault(rule, {"rule": rule, "added": 0, "removed": 0, "changed": 0,
                                      "net": Decimal(0)})  # fmt: skip
        one[row["change"]] += 1
        for side, sign in (("old", -1), ("new", 1)):
            net = row[side] and row[side]["net"]
            one["net"] += sign * Decimal(net or 0)
    ordered = sorted(found.values(), key=lambda one: (-abs(one["net"]), one["rule"]))
    return [{**one, "net": plain(one["net"])} for one in ordered]
