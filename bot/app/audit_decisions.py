"""Audit of decisions: known reasons, gates that speak for an entry, sizes within their bounds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from bot.adapters.sql.ledger_rows import DecisionRow, OrderRow
from bot.app.audit_book import MONEY, PPM, Book, body_of
from bot.app.audit_finding import Code, Finding, unequal, unmet
from bot.domain.decimals import money_text
from bot.domain.ids import order_id
from bot.engine.reasons import BOUND_NAMES, NAMES

_REASONS = frozenset(NAMES[1:])


def check_decisions(
    book: Book, slot: int, decisions: list[DecisionRow], orders: list[OrderRow]
) -> Iterator[Finding]:
    """One slot's decisions: ids, reasons, evidence, size (14, 20, 21)."""
    entries = {order.decision_id: order for order in orders if order.action == "ENTRY"}
    seen: Counter[int] = Counter()
    for row in decisions:
        where = f"decision {row.id}"
        identity = order_id(book.strategy, row.token_id, slot, "DECISION", seen[row.token_id])
        seen[row.token_id] += 1
        yield from unequal(Code.IDENTITY, where, identity, row.id)
        details = json.loads(row.details)
        yield from _check_reason(where, row, details)
        if row.outcome == "ENTER":
            yield from _check_gates(where, details)
            entry = entries.get(row.id)
            if entry is not None:
                yield from _check_size(book, where, details, entry)


def _check_reason(where: str, row: DecisionRow, details: dict[str, Any]) -> Iterator[Finding]:
    unknown = ({row.reason} | set(details.get("failed", []))) - _REASONS
    if unknown:
        yield unmet(Code.REASON, where, "a known reason", sorted(unknown))
    outcome = "ENTER" if row.reason == "ENTRY" else "REFUSED"
    yield from unequal(Code.REASON, f"outcome of {where}", outcome, row.outcome)
    failed = details.get("failed")
    if outcome == "REFUSED" and row.reason not in (failed or []):
        yield unmet(Code.REASON, where, f"{row.reason} among what failed", failed)
    if outcome == "ENTER" and failed != []:
        yield unmet(Code.REASON, where, "nothing that failed", failed)


def _check_gates(where: str, details: dict[str, Any]) -> Iterator[Finding]:
    """An entry's gates: a value, within the enter limit, or within the leave limit as a member."""
    for gate in details.get("gates", []):
        place = f"gate {gate.get('column')} of {where}"
        value = gate.get("value")
        if gate.get("column") == "adv" and value is None and gate.get("passed"):
            continue  # the volume unit is unknown, which switches the liquidity gate off
        inside = _between(value, gate.get("min"), gate.get("max"))
        staying = gate.get("member") and _between(
            value, gate.get("leave_min"), gate.get("leave_max")
        )
        if not gate.get("passed") or not (inside or staying):
            yield unmet(Code.GATE_EVIDENCE, place, "a value within its limits", gate)


def _between(value: float | None, least: float | None, most: float | None) -> bool:
    if value is None:
        return False
    return (least is None or value >= least) and (most is None or value <= most)


def _check_size(
    book: Book, where: str, details: dict[str, Any], entry: OrderRow
) -> Iterator[Finding]:
    """The quantity is what the first smallest bound gives, in whole lots (Z3, Z4, Z6)."""
    token_id = entry.token_id
    strategy = book.config(entry.slot)
    price = int(body_of(entry)["price_ticks"])
    per_lot = price * book.lot_value(token_id)
    lots = entry.quantity_lots
    quantity = book.quantity(token_id, lots)
    yield from unequal(Code.SIZE, f"quantity of {where}", quantity, details.get("quantity"))
    bounds = {name: _money(text) for name, text in details.get("bounds", {}).items()}
    least = min(bounds.values(), default=0)
    binding = next((name for name in BOUND_NAMES if bounds.get(name) == least), None)
    yield from unequal(Code.SIZE, f"binding bound of {where}", binding, details.get("binding"))
    if lots * per_lot > least:
        found = f"{quantity} for {money_text(lots * per_lot)}"
        yield unmet(Code.SIZE, where, f"at most {money_text(least)} ({binding})", found)
    if binding != "CASH" and (lots + 1) * per_lot <= least:
        yield unmet(Code.SIZE, where, f"all whole lots within {money_text(least)}", quantity)
    smallest = int(book.units[token_id].min_notional * MONEY)
    if lots * per_lot < smallest:
        rule = f"at least {money_text(smallest)}"
        yield unmet(Code.SIZE, where, rule, money_text(lots * per_lot))
    yield from _check_risk(book, where, entry, _money(details.get("risk_cash", "0")))
    equity = _money(details.get("equity", "0"))
    expected = money_text(equity * strategy.risk // PPM)
    yield from unequal(Code.SIZE, f"risk cash of {where}", expected, details.get("risk_cash"))
    position = money_text(equity * strategy.position_cap // PPM)
    found = details.get("bounds", {}).get("POSITION")
    yield from unequal(Code.SIZE, f"position bound of {where}", position, found)


def _check_risk(book: Book, where: str, entry: OrderRow, risk_cash: int) -> Iterator[Finding]:
    """What is lost at the stop, costs included, is at most the risk cash (Z3)."""
    strategy = book.config(entry.slot)
    body = body_of(entry)
    paid = int(body["price_ticks"]) * (PPM + strategy.taker)
    stop = (entry.stop_ticks or 0) * (PPM - int(body["k_ppm"])) // PPM * (PPM - strategy.taker)
    loss = (paid - stop) * entry.quantity_lots * book.lot_value(entry.token_id)
    if loss > risk_cash * PPM:
        found = money_text(loss // PPM)
        yield unmet(Code.SIZE, where, f"a loss of at most {money_text(risk_cash)}", found)


def _money(text: object) -> int:
    return int(Decimal(str(text)) * MONEY)
