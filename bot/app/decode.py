"""From the engine's record rows to values: decisions, orders, fills, events, trades, marks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bot.app.decision_details import DetailReader
from bot.domain.decimals import money_text
from bot.domain.ids import order_id
from bot.domain.records import (
    Decision,
    Fill,
    Mark,
    Notice,
    Order,
    OrderEvent,
    Scale,
    SlotRecords,
    Trade,
    canonical,
    decision_line,
    event_line,
    fill_line,
    header_line,
    mark_line,
    notice_line,
    order_line,
)
from bot.engine import layout as at
from bot.engine.reasons import NAMES
from bot.engine.tables import Output, Rules
from bot.market.inputs import MarketSlice
from bot.market.rules import ColumnPlan

_KINDS = {at.EDGE: "edge", at.SYNTHETIC: "synthetic"}
_EVENTS = {at.CANCEL: "CANCEL", at.RESIZE: "RESIZE", at.TRIGGER: "TRIGGER"}


@dataclass(slots=True)
class _Slot:
    """One slot's values while its rows are read."""

    mark: Mark
    decisions: list[Decision] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    events: list[OrderEvent] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def number(self, key: str) -> int:
        """How often `key` was asked for before in this slot."""
        before = self.counts.get(key, 0)
        self.counts[key] = before + 1
        return before


class Decoder:
    """Reads record rows of one strategy."""

    def __init__(self, strategy: str, config_sha256: str, rules: Rules, plan: ColumnPlan) -> None:
        self._strategy = strategy
        self._config = config_sha256
        self._rules = rules
        self._details = DetailReader(rules, plan)

    def slots(self, output: Output, market: MarketSlice) -> Iterator[SlotRecords]:
        """The values of every slot in `output`, in order."""
        missed = _missed(market)
        for mark, rows in _by_slot(output):
            yield self._slot(mark, rows, output, market, missed[mark[at.M_SLOT]])

    def walk(self, output: Output, market: MarketSlice) -> Iterator[tuple[str, SlotRecords | None]]:
        """The lines of every slot, with its values where anything but its mark was written."""
        missed = _missed(market)
        marked: list[int] = []
        text = ""
        for mark, rows in _by_slot(output):
            slot = mark[at.M_SLOT]
            if rows:
                found = self._slot(mark, rows, output, market, missed[slot])
                yield found.lines, found
                continue
            numbers = mark[at.M_CASH : at.M_RECORDS]
            if numbers != marked:  # most slots mark the account as the one before did
                marked, text = numbers, mark_line(_mark(mark))
            yield self._header(slot, missed[slot]) + text, None

    def _slot(
        self, mark: list[int], rows: list[list[int]], output: Output, market: MarketSlice,
        missed: int,
    ) -> SlotRecords:  # fmt: skip
        current = _Slot(mark=_mark(mark))
        matched = mark[at.M_RECORDS]
        for row in rows[:matched]:
            self._read(row, current, output, market)
        current.lines.append(mark_line(current.mark))
        for row in rows[matched:]:
            self._read(row, current, output, market)
        return self._finish(current, mark[at.M_SLOT], missed)

    def _header(self, slot: int, missed: int) -> str:
        return header_line(self._strategy, slot, self._config, "yes" if missed else "no")

    def _finish(self, found: _Slot, slot: int, missed: int) -> SlotRecords:
        header = self._header(slot, missed)
        return SlotRecords(
            slot=slot,
            missed=bool(missed),
            mark=found.mark,
            decisions=tuple(found.decisions),
            orders=tuple(found.orders),
            fills=tuple(found.fills),
            events=tuple(found.events),
            trades=tuple(found.trades),
            notices=tuple(found.notices),
            lines=header + "".join(found.lines),
        )

    def _read(self, row: list[int], found: _Slot, output: Output, market: MarketSlice) -> None:
        kind = row[at.R_KIND]
        if kind == at.DECISION:
            self._decision(row, found, output, market)
        elif kind == at.ORDER:
            self._order(row, found, output, market)
        elif kind == at.FILL:
            self._fill(row, found, market)
        elif kind in _EVENTS:
            self._event(row, found, market)
        elif kind == at.CLOSED:
            self._trade(row, found, market)
        elif kind == at.NOTICE:
            token_id = market.token_ids[row[at.R_TOKEN]]
            notice = Notice(
                slot=row[at.R_SLOT],
                token_id=token_id,
                kind=NAMES[row[at.R_REASON]],
                valid_time=row[at.R_BAR],
            )
            found.notices.append(notice)
            found.lines.append(notice_line(notice))

    def order_id(self, row: list[int], market: MarketSlice) -> str:
        """The id of the order that a record belongs to."""
        action = at.ACTIONS[row[at.R_ACTION]]
        token_id = market.token_ids[row[at.R_TOKEN]]
        return order_id(self._strategy, token_id, row[at.R_ORDER_SLOT], action, 0)

    def _decision(self, row: list[int], found: _Slot, output: Output, market: MarketSlice) -> None:
        token = row[at.R_TOKEN]
        token_id = market.token_ids[token]
        leg = found.number(f"decision{token_id}")
        decision = Decision(
            id=order_id(self._strategy, token_id, row[at.R_SLOT], "DECISION", leg),
            slot=row[at.R_SLOT],
            token_id=token_id,
            kind=_KINDS.get(row[at.R_C], "edge"),
            edge_time=row[at.R_B],
            reason=NAMES[row[at.R_REASON]],
            step=row[at.R_STEP],
            details_json=canonical(
                self._details.read(
                    output.decisions[row[at.R_A]].tolist(),
                    output.details[row[at.R_A]].tolist(),
                    _scale(market, token),
                    market.prices[token],
                )
            ),
        )
        found.decisions.append(decision)
        found.lines.append(decision_line(decision))

    def _order(self, row: list[int], found: _Slot, output: Output, market: MarketSlice) -> None:
        orders = self._entry(row, found, market) if row[at.R_ACTION] == at.ACT_ENTRY else [
            self._exit(row, market)
        ]  # fmt: skip
        found.orders.extend(orders)
        found.lines.extend(order_line(order) for order in orders)

    def _exit(self, row: list[int], market: MarketSlice) -> Order:
        return Order(
            id=self.order_id(row, market),
            slot=row[at.R_SLOT],
            token_id=market.token_ids[row[at.R_TOKEN]],
            action="EXIT",
            quantity=row[at.R_QTY],
            eligible_from=row[at.R_A],
            scale=_known_scale(market, row[at.R_TOKEN]),
            reason=NAMES[row[at.R_REASON]],
        )

    def _entry(self, row: list[int], found: _Slot, market: MarketSlice) -> list[Order]:
        """The three orders of a bracket: entry, stop and target, with ids of their own."""
        token_id = market.token_ids[row[at.R_TOKEN]]
        slot = row[at.R_SLOT]
        common: dict[str, Any] = {
            "slot": slot,
            "token_id": token_id,
            "quantity": row[at.R_QTY],
            "eligible_from": row[at.R_A],
            "scale": _known_scale(market, row[at.R_TOKEN]),
            "decision_id": found.decisions[-1].id,
        }
        terms = {
            "k_ppm": row[at.R_E],
            "risk_cash": money_text(row[at.R_F]),
            "reserve": money_text(row[at.R_G]),
        }
        name = self._strategy
        return [
            Order(
                id=order_id(name, token_id, slot, "ENTRY", 0),
                action="ENTRY",
                reason="ENTRY",
                price=row[at.R_PRICE],
                stop=row[at.R_B],
                target=row[at.R_C],
                cap=row[at.R_D],
                terms=terms,
                **common,
            ),
            Order(
                id=order_id(name, token_id, slot, "STOP", 0),
                action="STOP",
                reason="STOP",
                price=row[at.R_B],
                **common,
            ),
            Order(
                id=order_id(name, token_id, slot, "TARGET", 0),
                action="TARGET",
                reason="TARGET",
                price=row[at.R_C],
                **common,
            ),
        ]

    def _fill(self, row: list[int], found: _Slot, market: MarketSlice) -> None:
        token = row[at.R_TOKEN]
        order = self.order_id(row, market)
        bar = row[at.R_BAR]
        fill = Fill(
            id=f"{order}-{bar}-{found.number(order)}",
            order_id=order,
            slot=row[at.R_SLOT],
            open_time=bar,
            token_id=market.token_ids[token],
            side="BUY" if row[at.R_ACTION] == at.ACT_ENTRY else "SELL",
            quantity=row[at.R_QTY],
            price=row[at.R_PRICE],
            reference=market.prices[token].text(row[at.R_REF]),
            reference_points=row[at.R_REF],
            notional=row[at.R_NOTIONAL],
            fee=row[at.R_FEE],
            reason=NAMES[row[at.R_REASON]],
            scale=_known_scale(market, token),
            cash=row[at.R_C],
            realised=row[at.R_D] if row[at.R_ACTION] != at.ACT_ENTRY else 0,
        )
        found.fills.append(fill)
        found.lines.append(fill_line(fill))

    def _event(self, row: list[int], found: _Slot, market: MarketSlice) -> None:
        order = self.order_id(row, market)
        kind = _EVENTS[row[at.R_KIND]]
        bar = row[at.R_BAR]
        event = OrderEvent(
            id=f"{order}-{kind}-{bar}-{found.number(order + kind)}",
            order_id=order,
            slot=row[at.R_SLOT],
            open_time=bar,
            token_id=market.token_ids[row[at.R_TOKEN]],
            kind=kind,
            quantity=row[at.R_QTY],
            reason=NAMES[row[at.R_REASON]],
            scale=_known_scale(market, row[at.R_TOKEN]),
        )
        found.events.append(event)
        found.lines.append(event_line(event))

    def _trade(self, row: list[int], found: _Slot, market: MarketSlice) -> None:
        found.trades.append(
            Trade(
                entry_order_id=self.order_id(row, market),
                token_id=market.token_ids[row[at.R_TOKEN]],
                decided=row[at.R_ORDER_SLOT],
                opened=row[at.R_A],
                closed=row[at.R_SLOT],
                closed_bar=row[at.R_BAR],
                quantity=row[at.R_QTY],
                paid=row[at.R_B],
                proceeds=row[at.R_C],
                fees=row[at.R_FEE],
                realised=row[at.R_D],
                risk=row[at.R_E],
                reason=NAMES[row[at.R_REASON]],
                scale=_known_scale(market, row[at.R_TOKEN]),
            )
        )


def _missed(market: MarketSlice) -> dict[int, int]:
    found: dict[int, int] = dict(market.inputs.slots[:, : at.S_MISSED + 1].tolist())
    return found


def _by_slot(output: Output) -> Iterator[tuple[list[int], list[list[int]]]]:
    """Each slot's mark, saying how many of the slot's records stand before it, and the records."""
    slots = output.records[:, at.R_SLOT]
    ends = np.searchsorted(slots, output.marks[:, at.M_SLOT], side="right").tolist()
    start = 0
    for mark, end in zip(output.marks.tolist(), ends, strict=True):
        mark[at.M_RECORDS] -= start
        yield mark, output.records[start:end].tolist() if end > start else []
        start = end


def _scale(market: MarketSlice, token: int) -> Scale | None:
    instrument = market.instruments[token]
    return Scale(tick=instrument.tick, lot=instrument.lot) if instrument is not None else None


def _known_scale(market: MarketSlice, token: int) -> Scale:
    scale = _scale(market, token)
    assert scale is not None, "a token with an order has an instrument"
    return scale


def _mark(row: list[int]) -> Mark:
    halts = (("HALT_DAILY_LOSS", row[at.M_HALT_DAILY]), ("HALT_DRAWDOWN", row[at.M_HALT_DRAWDOWN]))
    return Mark(
        slot=row[at.M_SLOT],
        cash=row[at.M_CASH],
        value=row[at.M_VALUE],
        equity=row[at.M_EQUITY],
        realised=row[at.M_REALISED],
        unrealised=row[at.M_UNREALISED],
        peak=row[at.M_PEAK],
        day_base=row[at.M_DAY_BASE],
        open_positions=row[at.M_OPEN],
        halts=tuple(name for name, on in halts if on),
    )
