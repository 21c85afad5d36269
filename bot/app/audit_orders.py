"""Audit of orders: what they follow from, their ids, brackets and the caps they must keep."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection

from bot.adapters.sql.ledger_rows import OrderRow
from bot.app.audit_book import PPM, Book, body_of
from bot.app.audit_chain import named
from bot.app.audit_file import rows
from bot.app.audit_finding import Code, Finding, guarded, unequal, unmet
from bot.app.audit_working import Working, order_value
from bot.domain.ids import order_id


def check_links(connection: Connection) -> Iterator[Finding]:
    """Fill to order to decision to cycle, and no order twice (10, 15)."""
    questions = (
        ("fill without its order",
         "SELECT f.id FROM fill f LEFT JOIN \"order\" o ON o.id = f.order_id AND "
         "o.strategy = f.strategy AND o.token_id = f.token_id WHERE o.id IS NULL"),
        ("event without its order",
         "SELECT e.id FROM order_event e LEFT JOIN \"order\" o ON o.id = e.order_id AND "
         "o.strategy = e.strategy AND o.token_id = e.token_id WHERE o.id IS NULL"),
        ("order without the decision to enter",
         "SELECT o.id FROM \"order\" o LEFT JOIN decision d ON d.id = o.decision_id AND "
         "d.strategy = o.strategy AND d.slot = o.slot AND d.token_id = o.token_id AND "
         "d.outcome = 'ENTER' WHERE (o.action = 'EXIT') <> (d.id IS NULL)"),
        ("decision to enter without its three orders",
         "SELECT d.id FROM decision d LEFT JOIN \"order\" o ON o.decision_id = d.id "
         "WHERE d.outcome = 'ENTER' GROUP BY d.id "
         "HAVING group_concat(o.action) IS NULL OR count(DISTINCT o.action) <> 3 OR count(*) <> 3"),
        ("decision without its cycle",
         "SELECT d.id FROM decision d LEFT JOIN cycle c USING (strategy, slot) "
         "WHERE c.slot IS NULL"),
        ("order without its cycle",
         "SELECT o.id FROM \"order\" o LEFT JOIN cycle c USING (strategy, slot) "
         "WHERE c.slot IS NULL"),
        ("fill without its cycle",
         "SELECT f.id FROM fill f LEFT JOIN cycle c USING (strategy, slot) WHERE c.slot IS NULL"),
    )  # fmt: skip
    for rule, query in questions:
        for (identity,) in rows(connection, query):
            yield unmet(Code.ORPHAN, str(identity), f"no {rule}", "one")
    query = (
        'SELECT strategy, token_id, slot, action, leg, count(*) FROM "order" '
        "GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1"
    )
    for strategy, token_id, slot, action, leg, count in rows(connection, query):
        where = f"{named(strategy, slot)} token {token_id} {action} {leg}"
        yield unmet(Code.ORDER_TWICE, where, "one order", count)


def check_orders(book: Book) -> Iterator[Finding]:
    """Ids, hashes, brackets and caps of one strategy's orders (14, 19, 22)."""
    for order in book.orders.values():
        yield from guarded(f"order {order.id}", _check_order, book, order)
    yield from _check_ids(book)
    yield from _check_exposure(book)


def _check_order(book: Book, order: OrderRow) -> Iterator[Finding]:
    where = f"order {order.id}"
    identity = order_id(book.strategy, order.token_id, order.slot, order.action, order.leg)
    yield from unequal(Code.IDENTITY, where, identity, order.id)
    yield from unequal(Code.REQUEST_HASH, where, _request_hash(order), order.request_hash)
    due = order.slot + book.config(order.slot).latency
    yield from unequal(Code.BRACKET, f"eligibility of {where}", due, order.eligible_from)
    if order.action == "ENTRY":
        yield from _check_entry(book, order)
    elif order.action in ("STOP", "TARGET"):
        yield from _check_leg(book, order)


def _request_hash(order: OrderRow) -> str:
    """The hash over all terms, as it stands beside an order."""
    terms = [
        order.id, order.quantity_lots, order.eligible_from, order.stop_ticks, order.target_ticks,
        order.cap_ticks, body_of(order),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(terms, sort_keys=True).encode()).hexdigest()


def _check_entry(book: Book, order: OrderRow) -> Iterator[Finding]:
    """With impact the price may come out beyond the target, which the fill then refuses (L7)."""
    price = int(body_of(order)["price_ticks"])
    stop, target, cap = order.stop_ticks or 0, order.target_ticks or 0, order.cap_ticks or 0
    below = price < target or book.config(order.slot).impact is not None
    if not (0 < stop < price and stop < target and below) or cap <= stop:
        found = f"stop {stop}, entry {price}, target {target}, cap {cap} ticks"
        yield unmet(Code.BRACKET, f"order {order.id}", "stop < entry < target", found)


def _check_leg(book: Book, order: OrderRow) -> Iterator[Finding]:
    """Stop and target stand where the entry's bracket says, for its quantity."""
    entry = book.entries.get(order.decision_id or "")
    if entry is None:
        return  # named as an orphan elsewhere
    price = entry.stop_ticks if order.action == "STOP" else entry.target_ticks
    expected = (price, entry.quantity_lots, entry.slot, entry.eligible_from)
    found = (
        body_of(order).get("price_ticks"), order.quantity_lots, order.slot, order.eligible_from,
    )  # fmt: skip
    yield from unequal(Code.BRACKET, f"{order.action} {order.id}", expected, found)


def _check_ids(book: Book) -> Iterator[Finding]:
    """Fills and events are named by order, bar and count within the slot (14)."""
    seen: Counter[tuple[str, str, int]] = Counter()
    for fill in book.fills:
        key = (fill.order_id, "", fill.slot)
        expected = f"{fill.order_id}-{fill.open_time}-{seen[key]}"
        seen[key] += 1
        yield from unequal(Code.IDENTITY, f"fill {fill.id}", expected, fill.id)
    for event in book.events:
        key = (event.order_id, event.kind, event.slot)
        expected = f"{event.order_id}-{event.kind}-{event.open_time or 0}-{seen[key]}"
        seen[key] += 1
        yield from unequal(Code.IDENTITY, f"event {event.id}", expected, event.id)


def _check_exposure(book: Book) -> Iterator[Finding]:
    """After each entry: its own cap, all of the account, the number of positions (22)."""
    working = Working(book)
    entries: dict[int, list[OrderRow]] = {}
    for order in book.entries.values():
        entries.setdefault(order.slot, []).append(order)
    marks = {row.slot: row for row in book.equity}
    for slot in sorted(book.cycles):
        working.move(slot)
        new = entries.get(slot, [])
        for order in new:
            working.place(order)
        if new and slot in marks:
            mark = marks[slot]
            yield from _within_caps(book, working, new, mark.equity, mark.value)


def _within_caps(
    book: Book, working: Working, new: list[OrderRow], equity: int, value: int
) -> Iterator[Finding]:
    slot = new[0].slot
    strategy = book.config(slot)
    open_value = value + sum(
        order_value(book, book.orders[identity], lots) for identity, lots in working.rest.items()
    )
    held = working.held
    where = named(book.strategy, slot)
    for order in new:
        cap = equity * strategy.position_cap // PPM
        own = order_value(book, order, order.quantity_lots)
        if own > cap:
            yield unmet(Code.EXPOSURE, f"order {order.id}", f"at most {cap} in one token", own)
    if open_value > equity * strategy.gross // PPM:
        rule = f"at most {equity * strategy.gross // PPM} in all"
        yield unmet(Code.EXPOSURE, where, rule, open_value)
    if len(held) > strategy.max_open:
        rule = f"at most {strategy.max_open} positions and entries"
        yield unmet(Code.EXPOSURE, where, rule, len(held))
