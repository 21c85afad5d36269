"""Audit of fills: lawful in time, bar, price and fee by the rules of paper fills."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from bot.adapters.sql.ledger_rows import FillRow, OrderRow
from bot.app.audit_bars import BarBook, StoredBar
from bot.app.audit_book import PPM, Book, body_of
from bot.app.audit_finding import Code, Finding, guarded, unequal, unmet
from bot.domain.instants import HOUR, floor_hour, format_instant
from bot.market.strategy import Strategy

REASONS = {
    "ENTRY": ("ENTRY",),
    "STOP": ("STOP", "STOP_GAP", "STOP_RESIDUAL"),
    "TARGET": ("TARGET",),
    "EXIT": ("SIGNAL_EXIT", "TIME_STOP", "MANUAL"),
}
_AT_OPEN = ("ENTRY", "STOP_RESIDUAL", "SIGNAL_EXIT", "TIME_STOP", "MANUAL")
_DECIMALS = range(13)
UNPRICED_AFTER = 48 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one fill is measured by: its bracket in quote units, costs, units."""

    stop: Decimal
    target: Decimal
    k: int  # ppm
    tick: Decimal
    strategy: Strategy

    def beyond_target(self, price: Decimal) -> bool:
        """Whether a price reaches the resting target."""
        if self.strategy.limit_rule == "touch":
            return price >= self.target
        return price > self.target


def check_fills(book: Book, bars: BarBook) -> Iterator[Finding]:
    """Every fill: when, in which bar, at what price and fee (11, 12, 17)."""
    holder: dict[int, OrderRow] = {}
    for fill in book.fills:
        order = book.orders.get(fill.order_id)
        if order is None:
            continue
        if order.action == "ENTRY":
            holder[fill.token_id] = order
        entry = holder.get(fill.token_id)
        yield from guarded(f"fill {fill.id}", _check_fill, book, bars, fill, entry)


def _check_fill(
    book: Book, bars: BarBook, fill: FillRow, entry: OrderRow | None
) -> Iterator[Finding]:
    order = book.orders[fill.order_id]
    yield from _check_time(fill, order)
    yield from _check_kind(fill, order)
    if entry is None:
        yield unmet(Code.ORPHAN, f"fill {fill.id}", "an entry before the exit", "none")
    else:
        yield from _check_price(book, bars, fill, entry)


def _check_time(fill: FillRow, order: OrderRow) -> Iterator[Finding]:
    where = f"fill {fill.id}"
    if fill.open_time < order.eligible_from:
        rule = f"a bar from {format_instant(order.eligible_from)} on"
        yield unmet(Code.FILL_EARLY, where, rule, format_instant(fill.open_time))
    if floor_hour(fill.open_time) + HOUR > fill.slot or fill.slot <= order.slot:
        rule = "a later slot than its order's, which its bar has closed by"
        yield unmet(Code.FILL_EARLY, where, rule, format_instant(fill.slot))


def _check_kind(fill: FillRow, order: OrderRow) -> Iterator[Finding]:
    where = f"fill {fill.id}"
    if fill.reason not in REASONS.get(order.action, ()):
        yield unmet(Code.REASON, where, f"a reason of {order.action}", fill.reason)
    side = "BUY" if order.action == "ENTRY" else "SELL"
    yield from unequal(Code.FILL_PRICE, f"side of {where}", side, fill.side)


def _check_price(book: Book, bars: BarBook, fill: FillRow, entry: OrderRow) -> Iterator[Finding]:
    where = f"fill {fill.id}"
    strategy = book.config(fill.slot)
    tick = book.units[fill.token_id].tick
    terms = Terms(
        stop=tick * (entry.stop_ticks or 0),
        target=tick * (entry.target_ticks or 0),
        k=int(body_of(entry)["k_ppm"]),
        tick=tick,
        strategy=strategy,
    )
    known = _bars_of(book, bars, fill)
    if not known and fill.reason == "MANUAL":
        yield from _check_write_off(book, bars, fill)
    elif not known:
        yield unmet(Code.FILL_BAR, where, "a bar known in its slot", "none")
    elif not any(_lawful(fill, bar, terms, entry.cap_ticks) for bar in known):
        rule = f"{fill.reason} by the rules in {_shown(known)}, stop {terms.stop}, "
        rule += f"target {terms.target}, k {terms.k} ppm"
        found = f"{fill.price_ticks * tick} from a reference of {fill.ref_points} points"
        yield unmet(Code.FILL_PRICE, where, rule, found)
    notional = fill.price_ticks * fill.quantity_lots * book.lot_value(fill.token_id)
    yield from unequal(Code.FEE, f"notional of {where}", notional, fill.notional)
    rate = strategy.maker if fill.reason == "TARGET" else strategy.taker
    fee = -(-notional * rate // PPM)
    yield from unequal(Code.FEE, f"fee of {where}", fee, fill.fee)


def _check_write_off(book: Book, bars: BarBook, fill: FillRow) -> Iterator[Finding]:
    """A sale without a bar: asked for, for one tick, and no bar for two days before."""
    where = f"fill {fill.id}"
    asked = [
        one for slot, given in book.asked.items() for one in given
        if one.kind == "WRITE_OFF" and one.token_id == fill.token_id and 0 <= slot < fill.slot
    ]  # fmt: skip
    if not asked:
        yield unmet(Code.FILL_BAR, where, "a bar known in its slot, or a write-off", "neither")
    yield from unequal(Code.FILL_PRICE, f"price of {where}, a write-off", 1, fill.price_ticks)
    cycle, lag = book.cycles[fill.slot], book.config(fill.slot).bar_lag
    newest = bars.newest(fill.token_id, cycle, lag)
    if newest is not None and fill.slot - (newest.open_time + HOUR) <= UNPRICED_AFTER:
        seen = format_instant(newest.open_time)
        yield unmet(Code.FILL_BAR, where, "no bar for two days before a write-off", seen)


def _shown(known: list[StoredBar]) -> str:
    return " or ".join(f"[{b.open} {b.high} {b.low} {b.close}]" for b in known)


def _bars_of(book: Book, bars: BarBook, fill: FillRow) -> list[StoredBar]:
    """The hourly and the finer bar that opened then, as the booking slot knew them."""
    strategy = book.config(fill.slot)
    as_of = book.cycles[fill.slot].as_of
    found = [
        bars.at(fill.token_id, interval, fill.open_time, as_of, strategy.bar_lag)
        for interval in dict.fromkeys(("1h", strategy.bars))
    ]
    return [bar for bar in found if bar is not None]


def _lawful(fill: FillRow, bar: StoredBar, terms: Terms, cap: int | None) -> bool:
    """Whether the rules make this fill of this bar (F1 to F5, L7)."""
    for reference in _references(fill, bar, terms):
        if not bar.low <= reference <= bar.high:
            continue
        reached = _stored(reference, fill.ref_points)
        if reached is None or fill.price_ticks != _price(fill, reached, terms):
            continue
        if fill.side == "SELL":
            return True
        inside = terms.stop < reached < terms.target
        return inside and cap is not None and fill.price_ticks <= cap
    return False


def _stored(reference: Decimal, points: int) -> Decimal | None:
    """The reference as a fill stores it, rounded where it has more decimals than its points."""
    for decimals in _DECIMALS:
        if int(reference.scaleb(decimals).to_integral_value(ROUND_HALF_EVEN)) == points:
            return Decimal(points).scaleb(-decimals)
    return None


def _references(fill: FillRow, bar: StoredBar, terms: Terms) -> list[Decimal]:
    """Prices before costs that a reason allows in a bar."""
    if fill.reason in _AT_OPEN:
        return [bar.open]
    if fill.reason == "STOP_GAP":
        return [bar.open] if bar.open <= terms.stop else []
    if fill.reason == "STOP":
        return [terms.stop] if bar.low <= terms.stop else []
    if fill.reason != "TARGET":
        return []
    if terms.beyond_target(bar.open):
        return [bar.open, terms.target]  # the open, or inside the bar where the entry was at it
    return [terms.target] if terms.beyond_target(bar.high) else []


def _price(fill: FillRow, reference: Decimal, terms: Terms) -> int:
    """The price in ticks that a reference comes to after costs and rounding."""
    if fill.side == "BUY":
        return math.ceil(reference * (PPM + terms.k) / (PPM * terms.tick))
    if fill.reason != "TARGET":
        return math.floor(reference * (PPM - terms.k) / (PPM * terms.tick))
    if terms.strategy.limit_gap == "open" and reference > terms.target:
        return math.floor(reference / terms.tick)
    return int(terms.target / terms.tick)
