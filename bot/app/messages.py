"""What a slot has to tell: one message for each order, fill, halt and warning, with its facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.adapters.sql.ledger_rows import OutboxRow
from bot.domain.decimals import money_text, scaled
from bot.domain.ids import message_id, slot_event
from bot.domain.instants import format_instant
from bot.domain.records import Fill, Notice, Order, SlotRecords, Trade, canonical
from bot.engine import layout as at

ORDERED, ENTERED, EXITED = "entry.ordered", "entry.filled", "exit.filled"
HALT_ON, HALT_OFF = "halt.on", "halt.off"
# Notices that a person may have to act on; the others are for `hourhand why`.
WARNED = {"PRICE_JUMP": "price.jump", "UNPRICED": "position.unpriced"}
_WARNINGS = {
    "PRICE_JUMP": "its price jumped, so that nothing is entered: was it renamed or redenominated?",
    "UNPRICED": "a position is held, and no price has come for two days: was it delisted?",
}
_HALTS = (("HALT_DAILY_LOSS", at.A_HALT_DAILY), ("HALT_DRAWDOWN", at.A_HALT_DRAWDOWN))
_SYMBOL_CHARS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a slot's messages need besides its records: names, and the halts before it."""

    strategy: str
    symbols: Mapping[int, str]
    halts: frozenset[str]

    def symbol(self, token_id: int) -> str:
        """The token's symbol as it is fit for print, its id where none is known."""
        known = self.symbols.get(token_id, "")[:_SYMBOL_CHARS]
        return "".join(sign for sign in known if sign.isprintable()) or str(token_id)


def halts_of(account: Sequence[int]) -> frozenset[str]:
    """The halts that hold in an account, by its numbers."""
    return frozenset(name for name, column in _HALTS if account[column])


def slot_messages(told: Told, records: SlotRecords) -> tuple[OutboxRow, ...]:
    """The messages of a slot, in the order of its records; the same slot gives the same."""
    found = [
        *_warnings(told, records.notices),
        *_fills(told, records),
        *_orders(told, records.orders),
        *_halts(told, records),
    ]
    return tuple(
        OutboxRow(
            dedup=message_id(topic, of), topic=topic, strategy=told.strategy, slot=records.slot,
            event_time=event_time, late=records.missed, body=canonical(facts),
        )
        for topic, of, event_time, facts in found
    )  # fmt: skip


_Event = tuple[str, str, int, dict[str, Any]]


def _orders(told: Told, orders: Iterable[Order]) -> Iterator[_Event]:
    for order in orders:
        if order.action != "ENTRY":
            continue
        symbol = told.symbol(order.token_id)
        prices = {
            name: order.scale.price(ticks)
            for name, ticks in (("price", order.price), ("stop", order.stop),
                                ("target", order.target), ("cap", order.cap))
            if ticks is not None
        }  # fmt: skip
        quantity = order.scale.quantity(order.quantity)
        bracket = ", ".join(f"{name} {text}" for name, text in prices.items())
        facts = {
            "text": f"{told.strategy}: ordered {quantity} {symbol} ({bracket})",
            "order_id": order.id,
            "token_id": order.token_id,
            "symbol": symbol,
            "quantity": quantity,
            "eligible_from": format_instant(order.eligible_from),
            **prices,
        }
        yield ORDERED, order.id, order.slot, facts


def _fills(told: Told, records: SlotRecords) -> Iterator[_Event]:
    """Fills in order; the sale that closed a position tells the whole trade."""
    last = {(row.token_id, row.open_time): row.id for row in records.fills if row.side == "SELL"}
    trades = {last.get((row.token_id, row.closed_bar)): row for row in records.trades}
    for fill in records.fills:
        facts = _fill(told, fill)
        if fill.side == "BUY":
            yield ENTERED, fill.id, fill.open_time, facts
        else:
            yield EXITED, fill.id, fill.open_time, facts | _result(fill, trades.get(fill.id), facts)


def _fill(told: Told, fill: Fill) -> dict[str, Any]:
    quantity, price = fill.scale.quantity(fill.quantity), fill.scale.price(fill.price)
    symbol, fee = told.symbol(fill.token_id), money_text(fill.fee)
    done = "bought" if fill.side == "BUY" else "sold"
    return {
        "text": f"{told.strategy}: {done} {quantity} {symbol} at {price}, fee {fee}",
        "order_id": fill.order_id,
        "fill_id": fill.id,
        "token_id": fill.token_id,
        "symbol": symbol,
        "quantity": quantity,
        "price": price,
        "notional": money_text(fill.notional),
        "fee": fee,
        "reason": fill.reason,
        "cash": money_text(fill.cash),
    }


def _result(fill: Fill, trade: Trade | None, facts: dict[str, Any]) -> dict[str, Any]:
    """What a sale brought, and what the trade came to where it ended with it."""
    result = money_text(fill.realised)
    text = f"{facts['text']}, {fill.reason}, result {result}"
    if trade is None:
        return {"text": text, "result": result, "closed": False}
    total = money_text(trade.realised)
    more = {
        "opened": format_instant(trade.opened),
        "paid": money_text(trade.paid),
        "proceeds": money_text(trade.proceeds),
        "fees": money_text(trade.fees),
        "trade_result": total,
    }
    if trade.risk > 0:
        more["r"] = scaled(_hundredths(trade.realised, trade.risk), 2)
    told = f"{text}; the trade came to {total}" + (f", {more['r']} R" if "r" in more else "")
    return {"text": told, "result": result, "closed": True, **more}


def _hundredths(part: int, whole: int) -> int:
    """A ratio in hundredths, the nearest one, as `trades` shows it."""
    size = (200 * abs(part) + whole) // (2 * whole)
    return size if part >= 0 else -size


def _halts(told: Told, records: SlotRecords) -> Iterator[_Event]:
    now = frozenset(records.mark.halts)
    equity, peak = money_text(records.mark.equity), money_text(records.mark.peak)
    for topic, names, effect in (
        (HALT_ON, now - told.halts, "no entries from here on"),
        (HALT_OFF, told.halts - now, "entries are allowed again"),
    ):
        for name in sorted(names):
            facts = {
                "text": f"{told.strategy}: {name}: {effect}; equity {equity}, peak {peak}",
                "halt": name,
                "equity": equity,
                "peak": peak,
                "day_base": money_text(records.mark.day_base),
            }
            yield topic, slot_event(told.strategy, records.slot, name), records.slot, facts


def _warnings(told: Told, notices: Iterable[Notice]) -> Iterator[_Event]:
    for notice in notices:
        topic = WARNED.get(notice.kind)
        if topic is None:
            continue
        symbol = told.symbol(notice.token_id)
        facts: dict[str, Any] = {
            "text": f"{told.strategy}: {symbol}: {_WARNINGS[notice.kind]}",
            "token_id": notice.token_id,
            "symbol": symbol,
        }
        if notice.valid_time:
            facts["newest_bar"] = format_instant(notice.valid_time)
        name = f"{notice.kind}|{notice.token_id}"
        yield topic, slot_event(told.strategy, notice.slot, name), notice.slot, facts
