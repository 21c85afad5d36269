"""One trade as a card: prices around it, its levels, bracket, fills, gates and size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from bot.app.benchmark_portfolios import PricedTokens
from bot.app.bracket_words import book_near, bracket_arithmetic
from bot.app.report_series import brief, table
from bot.domain.bar_table import BarTable
from bot.domain.decimals import money_text, plain
from bot.domain.ids import ID_SHOWN, order_id
from bot.domain.instants import HOUR, format_instant
from bot.domain.records import Decision, Fill, SlotRecords, Trade
from bot.engine.reasons import BOUND_NAMES
from bot.market.strategy import Strategy
from bot.report.tables import money_shown

Document = dict[str, Any]
Seen = Callable[[int, int], Document]  # token, slot -> what the slot saw of it, {} for nothing
HOURS_BEFORE = 36
HOURS_AFTER = 24
_USED = (("support", "stop"), ("resistance", "target"), ("strong_resistance", "veto"))
_LIMITS = ("min", "max", "leave_min", "leave_max")


class Cards:
    """Makes cards of a run's trades, newest or one by one."""

    def __init__(
        self, strategy: Strategy, tokens: PricedTokens, busy: Sequence[SlotRecords], seen: Seen
    ) -> None:
        self._strategy = strategy
        self._tokens = tokens
        self._seen = seen
        self.entries = entries_of(busy)
        self._fills: dict[int, list[Fill]] = {}
        for slot in busy:
            for fill in slot.fills:
                self._fills.setdefault(fill.token_id, []).append(fill)
        self._lines = _bracket_orders(busy)

    def row(self, trade: Trade) -> Document:
        """A round trip in the words of `hourhand trades`."""
        return trade_row(trade, self._strategy.name, self._tokens.label(trade.token_id))

    def card(self, trade: Trade) -> Document:
        """Everything about a trade that a picture of it shows."""
        decision = self.entries.get((trade.token_id, trade.decided))
        seen = self._seen(trade.token_id, trade.decided)
        picture = self._picture(trade)
        return (
            self.row(trade)
            | picture
            | _levels(self._strategy, decision, seen, _near(picture))
            | _words(self._strategy, decision, seen)
        )

    def _picture(self, trade: Trade) -> Document:
        span = trade.decided - HOURS_BEFORE * HOUR, trade.closed_bar + (HOURS_AFTER + 1) * HOUR
        fills = [
            fill for fill in self._fills.get(trade.token_id, ())
            if trade.opened <= fill.open_time <= trade.closed_bar
            and trade.decided < fill.slot <= trade.closed
        ]  # fmt: skip
        lines = [
            (kind, price, start, max(trade.closed_bar + HOUR, start))
            for kind, price, start in self._lines.get((trade.token_id, trade.decided), ())
        ]
        return {
            "bars": _bars(self._tokens.bars.get(trade.token_id), *span),
            "lines": table(("kind", "price", "from", "to"), lines),
            "moments": table(("t", "label"), [(trade.decided, "decided")]),
            "fills": table(
                ("t", "price", "side", "reason", "text"), [_fill_row(fill) for fill in fills]
            ),
        }


def entries_of(busy: Sequence[SlotRecords]) -> dict[tuple[int, int], Decision]:
    """(token, slot) -> the decision that entered."""
    return {
        (decision.token_id, decision.slot): decision
        for slot in busy
        for decision in slot.decisions
        if decision.outcome == "ENTER"
    }


def trade_row(trade: Trade, strategy: str, symbol: str) -> Document:
    """A round trip in the words of `hourhand trades`; `id` begins that of its position."""
    position = order_id(strategy, trade.token_id, trade.decided, "POSITION", 0)
    return {
        "id": position[:ID_SHOWN],
        "strategy": strategy,
        "token_id": trade.token_id,
        "symbol": symbol,
        "decided": format_instant(trade.decided),
        "opened": format_instant(trade.opened),
        "closed": format_instant(trade.closed_bar),
        "hours": (trade.closed_bar - trade.opened) // HOUR,
        "quantity": trade.scale.quantity(trade.quantity),
        "entry": _mean(trade.paid, trade),
        "exit": _mean(trade.proceeds, trade),
        "fees": money_text(trade.fees),
        "pnl": money_text(trade.realised),
        "risk": money_text(trade.risk),
        "r": float(f"{trade.realised / trade.risk:.4g}") if trade.risk > 0 else None,
        "reason": trade.reason,
    }


def _mean(money: int, trade: Trade) -> str:
    """Money per unit, to a tenth of a tick."""
    exact = Decimal(money).scaleb(-8) / (trade.scale.lot * trade.quantity)
    return plain(exact.quantize(trade.scale.tick / 10))


def _bracket_orders(
    busy: Sequence[SlotRecords],
) -> dict[tuple[int, int], list[tuple[str, float, int]]]:
    """(token, slot of the entry) -> its stop and target, each with the hour from which it stood."""
    found: dict[tuple[int, int], list[tuple[str, float, int]]] = {}
    for slot in busy:
        for order in slot.orders:
            if order.action in ("STOP", "TARGET") and order.price is not None:
                price = float(order.scale.tick * order.price)
                line = (order.action.lower(), price, order.eligible_from)
                found.setdefault((order.token_id, order.slot), []).append(line)
    return found


def _bars(bars: BarTable | None, start: int, end: int) -> Document:
    names = ("t", "o", "h", "l", "c")
    if bars is None:
        return table(names, ())
    first, last = np.searchsorted(bars.open_time, (start, end)).tolist()
    prices = (bars.prices[first:last] * 10.0**-bars.decimals).tolist()
    times = bars.open_time[first:last].tolist()
    rows = [(t, *map(brief, row)) for t, row in zip(times, prices, strict=True)]
    return table(names, rows)


def _fill_row(fill: Fill) -> tuple[Any, ...]:
    quantity, price = fill.scale.quantity(fill.quantity), fill.scale.price(fill.price)
    text = f"{fill.side} {quantity} at {price}, fee {money_text(fill.fee)} ({fill.reason})"
    return fill.open_time, float(fill.scale.tick * fill.price), fill.side, fill.reason, text


def _near(picture: Document) -> tuple[float, float]:
    """The prices that a card has room for: its own, and a third of their span beyond."""
    prices = [row[2] for row in picture["bars"]["rows"]]
    prices += [row[3] for row in picture["bars"]["rows"]]
    prices += [row[1] for row in picture["lines"]["rows"]]
    low, high = min(prices, default=0.0), max(prices, default=0.0)
    return low - (high - low) / 3, high + (high - low) / 3


def _levels(
    strategy: Strategy, decision: Decision | None, seen: Document, room: tuple[float, float]
) -> Document:
    """The book around the price as the decision saw it, as far as there is room."""
    names = ("price", "strength", "side", "used")
    if decision is None or not seen:
        return {"levels": table(names, ())}
    details = decision.details
    chosen = {details[key]: word for key, word in _USED if key in details}
    rows = [
        (float(row["price"]), row["strength"], row["side"], row["chosen"])
        for row in book_near(strategy, seen, decision.slot, chosen)
    ]
    return {"levels": table(names, [row for row in rows if room[0] <= row[0] <= room[1]])}


def _words(strategy: Strategy, decision: Decision | None, seen: Document) -> Document:
    """Gates, bracket and size as pairs of a name and a text."""
    if decision is None:
        return {"gates": [], "bracket": [], "size": []}
    details = decision.details
    return {
        "gates": [_gate(gate) for gate in details.get("gates", ())],
        "bracket": _bracket(details, bracket_arithmetic(strategy, details, seen)),
        "size": _size(details),
    }


def _gate(gate: Document) -> list[str]:
    limits = [f"{name} {gate[name]:g}" for name in _LIMITS if name in gate]
    value = f"{gate['value']:.6g}" if "value" in gate else "missing"
    return [gate["column"], value, ", ".join(limits), "passed" if gate["passed"] else "refused"]


def _bracket(details: Document, arithmetic: Document | None) -> list[list[str]]:
    rows = [[name, str(details[name])] for name in ("close", "entry", "cap", "stop", "target")
            if name in details]  # fmt: skip
    found = arithmetic or {}
    words = {
        "e": "entry with costs (e)", "s": "stop with costs (s)", "t": "target with costs (t)",
        "reward": "reward t - e", "risk": "risk e - s",
    }  # fmt: skip
    rows += [[label, str(found[name])] for name, label in words.items() if name in found]
    if "net_rr" in details:
        limit = f", at least {found['min_rr']}" if "min_rr" in found else ""
        rows.append(["net reward:risk", f"{details['net_rr']:.4g}{limit}"])
    return rows


def _size(details: Document) -> list[list[str]]:
    if "bounds" not in details:
        return []
    # For people, as `why` has them: the exact numbers are in its document.
    rows = [["equity", money_shown(details["equity"])],
            ["risk allowed", money_shown(details["risk_cash"])]]  # fmt: skip
    if "sigma" in details:
        rows.append(["volatility a year", f"{details['sigma']:.4g}"])
    for name in BOUND_NAMES:
        if name in details["bounds"]:
            binds = " <- binds" if details["binding"] == name else ""
            rows.append([f"bound {name}", f"{money_shown(details['bounds'][name])}{binds}"])
    return [*rows, ["quantity", details["quantity"]]]
