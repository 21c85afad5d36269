"""Audit of sizes: every bound of an entry worked out again from the rows, and the least binds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bot.adapters.sql.ledger_rows import DecisionRow, EquityRow, OrderRow
from bot.app.audit_book import MONEY, PPM, Book, body_of
from bot.app.audit_finding import Code, Finding, unequal, unmet
from bot.app.audit_seen import Seen
from bot.app.audit_working import Working
from bot.domain.decimals import money_text
from bot.market.strategy import Strategy

# In this order; the first smallest binds (Z4).
BOUNDS = ("INV_VOL", "RISK", "VOL_TARGET", "POSITION", "SECTOR", "GROSS", "CASH", "ADV")
SIZED = ("ENTRY", "QTY_ZERO", "MIN_NOTIONAL", "HALT_MAX_OPEN")  # ends of what reached the sizing
_SIGMA_UNIT = 10**9
_SHARE_UNIT = 10**18
_ADV_DIGITS = Decimal("1e-9")  # the stored daily volume is cut to ten digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the account leaves in a slot, before each decision anew."""

    equity: int
    values: dict[int, int]  # open value by token
    sectors: dict[int, str]
    cash: int
    target: int  # the share by inverse volatility


def check_sizes(
    working: Working, mark: EquityRow, seen: Seen, sectors: dict[int, str],
    decisions: list[DecisionRow], details: dict[str, dict[str, Any]],
) -> Iterator[Finding]:  # fmt: skip
    """The sized candidates of a slot in rank order, each seeing what the earlier ones left (21)."""
    book, strategy = working.book, working.book.config(seen.slot)
    closes = seen.closes()
    targets = inverse_vol_targets(working, mark.equity, seen, decisions)
    entries = {o.decision_id: o for o in book.orders_by_slot.get(seen.slot, [])
               if o.action == "ENTRY"}  # fmt: skip
    for row in decisions:
        found = details[row.id]
        if row.reason in SIZED and "bounds" in found:
            room = Room(
                equity=mark.equity,
                values=working.open_values(closes),
                sectors=sectors,
                cash=working.free_cash(strategy.taker),
                target=targets[row.token_id],
            )
            yield from _check_one(book, row, found, room, seen, entries.get(row.id))
        if row.id in entries:
            working.place(entries[row.id])


def inverse_vol_targets(
    working: Working, equity: int, seen: Seen, decisions: list[DecisionRow]
) -> dict[int, int]:
    """Z2: the notional by inverse volatility of each candidate that reached the sizing."""
    strategy = working.book.config(seen.slot)
    picked = [row.token_id for row in decisions if row.reason in SIZED]
    shares = {token_id: _share(seen, token_id) for token_id in picked}
    open_value = sum(working.open_values(seen.closes()).values())
    budget = equity * strategy.gross // PPM
    room = max(budget - open_value, 0)
    weights = sum(shares.values())
    if strategy.scope == "candidates":
        budget = room
    else:
        weights += sum(_share(seen, token_id) for token_id in working.held)
    targets = {i: budget * share // weights if weights else 0 for i, share in shares.items()}
    wanted = sum(targets.values())
    if wanted > room:
        targets = {i: target * room // wanted for i, target in targets.items()}
    return targets


def _share(seen: Seen, token_id: int) -> int:
    """floor(10^18 / s) for the volatility s in whole 1e-9; 0 where there is none."""
    sigma = whole_sigma(seen.tokens.get(token_id, {}).get("sigma"))
    return _SHARE_UNIT // sigma if sigma else 0


def whole_sigma(sigma: float | None) -> int:
    """A stored volatility (ten digits) in whole 1e-9, half up."""
    if sigma is None:
        return 0
    return int(Decimal(repr(sigma)) * _SIGMA_UNIT + Decimal("0.5"))


def _check_one(
    book: Book, row: DecisionRow, found: dict[str, Any], room: Room, seen: Seen,
    entry: OrderRow | None,
) -> Iterator[Finding]:  # fmt: skip
    where = f"decision {row.id}"
    strategy = book.config(seen.slot)
    yield from unequal(
        Code.SIZE, f"equity of {where}", money_text(room.equity), found.get("equity")
    )
    risk = room.equity * strategy.risk // PPM
    yield from unequal(Code.SIZE, f"risk cash of {where}", money_text(risk), found.get("risk_cash"))
    bounds = _bounds(book, row, found, room, seen)
    stored = {name: _money(text) for name, text in found["bounds"].items()}
    for name in BOUNDS:
        if name not in _not_recomputed(strategy):
            yield from _check_bound(f"bound {name} of {where}", bounds.get(name), stored.get(name))
    yield from _check_quantity(book, row, found, room, stored)
    if entry is not None:
        quantity = book.quantity(row.token_id, entry.quantity_lots)
        yield from unequal(Code.SIZE, f"quantity of {where}", quantity, found.get("quantity"))
        yield from _check_loss(book, where, entry, risk)


def _not_recomputed(strategy: Strategy) -> tuple[str, ...]:
    """Shares that need the tokens' covariance, or a second pass, are left to the repetition."""
    apart = strategy.portfolio_vol is not None or strategy.redistribute == "waterfill"
    return ("INV_VOL",) if apart else ()


def _check_bound(where: str, made: int | None, stored: int | None) -> Iterator[Finding]:
    if " ADV " in f" {where} " and made is not None and stored is not None:
        if abs(made - stored) > made * _ADV_DIGITS + 1:
            yield unmet(Code.SIZE, where, money_text(made), money_text(stored))
        return
    shown = [None if money is None else money_text(money) for money in (made, stored)]
    yield from unequal(Code.SIZE, where, *shown)


def _bounds(
    book: Book, row: DecisionRow, found: dict[str, Any], room: Room, seen: Seen
) -> dict[str, int]:
    """The bounds in money, floored to 1e-8; those that the strategy switches off are left out."""
    strategy, tick = book.config(seen.slot), book.units[row.token_id].tick
    entry, cap, stop = (int(Decimal(found[name]) / tick) for name in ("entry", "cap", "stop"))
    paid = entry * (PPM + strategy.taker)
    left = stop * (PPM - int(found["k_ppm"])) // PPM * (PPM - strategy.taker)
    sector = room.sectors.get(row.token_id, "")
    same = sum(v for i, v in room.values.items() if room.sectors.get(i, "") == sector)
    gross = room.equity * strategy.gross // PPM - sum(room.values.values())
    cash = max(room.cash, 0)
    bounds = {
        "INV_VOL": room.target,
        "RISK": (room.equity * strategy.risk // PPM) * entry * PPM // (paid - left),
        "POSITION": room.equity * strategy.position_cap // PPM,
        "SECTOR": max(room.equity * strategy.sector_cap // PPM - same, 0),
        "GROSS": max(gross, 0),
        "CASH": cash * entry * PPM // (cap * (PPM + strategy.taker)),
    }
    entry_seen = seen.tokens[row.token_id]
    sigma = whole_sigma(entry_seen.get("sigma"))
    if strategy.pos_vol is not None and sigma:
        bounds["VOL_TARGET"] = room.equity * strategy.pos_vol // PPM * _SIGMA_UNIT // sigma
    if strategy.max_adv_frac is not None and "ADV" in found["bounds"] and "adv" in entry_seen:
        bounds["ADV"] = int(Decimal(repr(entry_seen["adv"])) * strategy.max_adv_frac * MONEY)
    return bounds


def _check_quantity(
    book: Book, row: DecisionRow, found: dict[str, Any], room: Room, stored: dict[str, int]
) -> Iterator[Finding]:
    """The quantity is what the first smallest bound gives, in whole lots (Z4, Z6)."""
    where, token_id = f"decision {row.id}", row.token_id
    strategy, units = book.config(row.slot), book.units[token_id]
    least = min(stored.values())
    binding = next(name for name in BOUNDS if stored.get(name) == least)
    yield from unequal(Code.SIZE, f"binding bound of {where}", binding, found.get("binding"))
    unit = book.lot_value(token_id)
    per_lot = int(Decimal(found["entry"]) / units.tick) * unit
    lots = least // per_lot
    if binding == "CASH":
        cap = int(Decimal(found["cap"]) / units.tick)
        lots = max(room.cash, 0) * PPM // (cap * unit * (PPM + strategy.taker))
    quantity = book.quantity(token_id, lots)
    yield from unequal(Code.SIZE, f"quantity of {where}", quantity, found.get("quantity"))
    smallest = int(units.min_notional * MONEY)
    reason = "ENTRY" if lots * per_lot >= smallest else "MIN_NOTIONAL"
    expected = reason if lots else "QTY_ZERO"
    yield from unequal(Code.SIZE, f"reason of {where}", expected, row.reason)


def _check_loss(book: Book, where: str, entry: OrderRow, risk: int) -> Iterator[Finding]:
    """What is lost at the stop, costs included, is at most the risk cash (Z3)."""
    strategy, body = book.config(entry.slot), body_of(entry)
    paid = int(body["price_ticks"]) * (PPM + strategy.taker)
    stop = (entry.stop_ticks or 0) * (PPM - int(body["k_ppm"])) // PPM * (PPM - strategy.taker)
    loss = Fraction((paid - stop) * entry.quantity_lots * book.lot_value(entry.token_id), PPM)
    if loss > risk:
        rule = f"a loss of at most {money_text(risk)}"
        yield unmet(Code.SIZE, where, rule, money_text(int(loss)))


def _money(text: object) -> int:
    return int(Decimal(str(text)) * MONEY)
