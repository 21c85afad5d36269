"""Audit of money: cash, positions, profit and equity rebuilt from fills by plain whole numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection

from bot.adapters.sql.ledger_rows import FillRow, OrderRow, PositionRow
from bot.app.audit_bars import BarBook
from bot.app.audit_book import PPM, Book, body_of
from bot.app.audit_chain import named
from bot.app.audit_file import rows
from bot.app.audit_finding import Code, Finding, guarded, unequal, unmet
from bot.domain.ids import order_id

LEGS = ("CASH", "TRADE", "FEE", "OPENING")  # each account's place in a movement


@dataclass(slots=True)
class Holding:
    """A position while its fills are counted; money in 1e-8, as in the ledger."""

    id: str
    token_id: int
    opened_slot: int
    lots: int = 0
    cost: int = 0
    entry_fee: int = 0
    realised: int = 0
    bought: int = 0
    paid: int = 0
    proceeds: int = 0
    fees: int = 0
    sold: int = 0
    risk: int = 0
    opened_bar: int = 0
    bracket: tuple[int | None, int | None] = (None, None)
    last_bar: int = 0
    last_reason: str = ""
    closed_slot: int | None = None


@dataclass(slots=True)
class Purse:
    """The account while its fills are counted."""

    cash: int
    realised: int = 0
    open: dict[int, Holding] = field(default_factory=dict)
    closed: list[Holding] = field(default_factory=list)


def check_money(book: Book, bars: BarBook) -> Iterator[Finding]:
    """Cash, positions and equity after every slot, from the fills alone (3, 5 to 9, 16)."""
    if not book.cycles:
        return
    first = min(book.cycles)
    start = book.config(first).cash
    purse = Purse(cash=start)
    peak = start
    for row in book.equity:
        for fill in book.fills_by_slot.get(row.slot, []):
            yield from _take(book, purse, fill)
        where = named(book.strategy, row.slot)
        held = purse.open.values()
        value = sum(_marked(book, bars, holding, row.slot) for holding in held)
        costs = sum(holding.cost + holding.entry_fee for holding in held)
        before = 0 if _acknowledged(book, row.slot) else peak
        peak = max(before, purse.cash + value)
        yield from unequal(Code.CASH, f"cash of {where}", purse.cash, row.cash)
        yield from unequal(Code.REALISED, f"realised of {where}", purse.realised, row.realised)
        rebuilt = (value, purse.cash + value, value - costs, peak)
        found = (row.value, row.equity, row.unrealised, row.peak)
        names = f"value, equity, unrealised, peak of {where}"
        yield from unequal(Code.EQUITY, names, rebuilt, found)
        sums = start + row.realised + row.unrealised
        yield from unequal(Code.EQUITY, f"start + profit of {where}", sums, row.equity)
    yield from _positions(book, purse)


def _acknowledged(book: Book, slot: int) -> bool:
    """Whether the operator lifted a drawdown halt in a slot: the peak begins again there."""
    return any(one.kind == "ACK" and one.token_id is None for one in book.asked.get(slot, ()))


def _take(book: Book, purse: Purse, fill: FillRow) -> Iterator[Finding]:
    """One fill: cash and the position it belongs to."""
    order = book.orders.get(fill.order_id)
    if order is None:
        return  # named as an orphan elsewhere
    if fill.side == "BUY":
        yield from _buy(book, purse, fill, order)
    else:
        yield from _sell(purse, fill)
    if purse.cash < 0:
        yield unmet(Code.CASH_NEGATIVE, f"after fill {fill.id}", "0 or more", purse.cash)


def _buy(book: Book, purse: Purse, fill: FillRow, order: OrderRow) -> Iterator[Finding]:
    purse.cash -= fill.notional + fill.fee
    identity = order_id(book.strategy, fill.token_id, order.slot, "POSITION", 0)
    holding = purse.open.get(fill.token_id)
    if holding is not None and holding.id != identity:
        where = f"fill {fill.id}"
        yield unmet(Code.TWO_POSITIONS, where, f"no open position but {holding.id}", identity)
    if holding is None:
        holding = Holding(
            id=identity, token_id=fill.token_id, opened_slot=order.slot,
            opened_bar=fill.open_time, bracket=(order.stop_ticks, order.target_ticks),
        )  # fmt: skip
        purse.open[fill.token_id] = holding
    holding.lots += fill.quantity_lots
    holding.bought += fill.quantity_lots
    holding.cost += fill.notional
    holding.paid += fill.notional
    holding.entry_fee += fill.fee
    holding.fees += fill.fee
    holding.risk += _at_risk(book, fill, order)


def _at_risk(book: Book, fill: FillRow, order: OrderRow) -> int:
    """What a fill loses at the stop, costs included, rounded down (L6, P3)."""
    taker = book.config(fill.slot).taker
    stop = (order.stop_ticks or 0) * (PPM - int(body_of(order)["k_ppm"])) // PPM
    per_lot = fill.price_ticks * (PPM + taker) - stop * (PPM - taker)
    return fill.quantity_lots * per_lot * book.lot_value(fill.token_id) // PPM


def _sell(purse: Purse, fill: FillRow) -> Iterator[Finding]:
    """A sale releases cost and entry fees pro rata; the last one releases what is left (F10)."""
    purse.cash += fill.notional - fill.fee
    holding = purse.open.get(fill.token_id)
    held = holding.lots if holding is not None else 0
    sold = fill.quantity_lots
    if holding is None or sold > held:
        yield unmet(Code.POSITION, f"fill {fill.id}", f"a sale of at most {held} lots", sold)
        return
    cost = holding.cost * sold // held
    fees = holding.entry_fee * sold // held
    profit = fill.notional - cost - fees - fill.fee
    holding.lots -= sold
    holding.sold += sold
    holding.last_bar, holding.last_reason = fill.open_time, fill.reason
    holding.cost -= cost
    holding.entry_fee -= fees
    holding.proceeds += fill.notional
    holding.fees += fill.fee
    holding.realised += profit
    purse.realised += profit
    if holding.lots == 0:
        holding.closed_slot = fill.slot
        purse.closed.append(purse.open.pop(fill.token_id))


def _marked(book: Book, bars: BarBook, holding: Holding, slot: int) -> int:
    """A position at the newest close known in a slot, rounded down to the tick."""
    newest = bars.newest(holding.token_id, book.cycles[slot], book.config(slot).bar_lag)
    if newest is None:
        return 0
    ticks = int(newest.close / book.units[holding.token_id].tick)
    return ticks * holding.lots * book.lot_value(holding.token_id)


def _positions(book: Book, purse: Purse) -> Iterator[Finding]:
    rebuilt = {holding.id: holding for holding in (*purse.closed, *purse.open.values())}
    for identity in sorted(rebuilt.keys() | book.positions.keys()):
        found = (book.positions.get(identity), rebuilt.get(identity))
        yield from guarded(f"position {identity}", _check_position, identity, *found)


def _check_position(
    identity: str, row: PositionRow | None, holding: Holding | None
) -> Iterator[Finding]:
    where = f"position {identity}"
    if row is None or holding is None:
        rule = "fills and a row" if row is None else "fills for the row"
        yield unmet(Code.POSITION, where, rule, "no row" if row is None else "no fills")
        return
    status = "OPEN" if holding.lots else "CLOSED"
    expected = (
        status, holding.token_id, holding.lots, holding.cost, holding.entry_fee,
        holding.opened_slot, holding.closed_slot,
    )  # fmt: skip
    found = (
        row.status, row.token_id, row.quantity_lots, row.cost, row.entry_fee, row.opened_slot,
        row.closed_slot,
    )  # fmt: skip
    yield from unequal(Code.POSITION, where, expected, found)
    yield from unequal(Code.REALISED, where, holding.realised, row.realised)
    sold = holding.bought - holding.lots
    if (sold == holding.bought) != (row.status == "CLOSED"):
        rule = "all sold where it is closed, less where it is open"
        yield unmet(Code.EXIT_QUANTITY, where, rule, f"{sold} of {holding.bought}, {row.status}")
    yield from _check_body(where, row, holding)


def _check_body(where: str, row: PositionRow, holding: Holding) -> Iterator[Finding]:
    """The sums and terms that stand beside a position."""
    body = body_of(row)
    sums = (
        holding.bought, holding.paid, holding.proceeds, holding.fees, holding.risk,
        holding.opened_bar,
    )  # fmt: skip
    names = ("bought_lots", "paid", "proceeds", "fees", "risk", "opened_bar")
    yield from unequal(Code.POSITION, f"{where} sums", sums, tuple(body.get(n) for n in names))
    if row.status == "OPEN":
        kept = (body.get("stop_ticks"), body.get("target_ticks"))
        yield from unequal(Code.POSITION, f"{where} bracket", holding.bracket, kept)
    if row.status == "CLOSED":
        last = (holding.last_bar, holding.last_reason)
        kept = (body.get("closed_bar"), body.get("reason"))
        yield from unequal(Code.POSITION, f"{where} end", last, kept)
        yield from unequal(
            Code.EXIT_QUANTITY, f"{where} sold", body.get("bought_lots"), holding.sold
        )


def check_legs(connection: Connection, book: Book) -> Iterator[Finding]:
    """Every movement's legs sum to zero and are those of its fill or of the opening (3, 4)."""
    query = "SELECT transaction_id, slot, account, leg, amount FROM cash_entry WHERE strategy = ?"
    found: dict[tuple[str, int], dict[str, int]] = {}
    for identity, slot, account, leg, amount in rows(connection, query, book.strategy):
        legs = found.setdefault((identity, slot), {})
        legs[account] = legs.get(account, 0) + amount
        place = LEGS.index(account) if account in LEGS else None
        yield from unequal(Code.CASH_LEGS, f"leg {account} of {identity}", place, leg)
    expected = {(fill.id, fill.slot): _legs(fill) for fill in book.fills}
    if book.cycles:
        first = min(book.cycles)
        cash = book.config(first).cash
        opening = {"CASH": cash, "OPENING": -cash}
        expected[(f"{book.strategy}|OPENING", first)] = opening
    for key in sorted(expected.keys() | found.keys()):
        where = f"cash entries of {key[0]}"
        legs = found.get(key, {})
        yield from unequal(Code.CASH_LEGS, where, expected.get(key, {}), legs)
        yield from unequal(Code.CASH_LEGS, f"sum of the {where}", 0, sum(legs.values()))


def _legs(fill: FillRow) -> dict[str, int]:
    trade = fill.notional if fill.side == "BUY" else -fill.notional
    legs = {"CASH": -trade - fill.fee, "TRADE": trade, "FEE": fill.fee}
    return {account: amount for account, amount in legs.items() if amount}
