"""`digest`: a week of each strategy, from the ledger and the snapshots as of its end and no more.

Neither a clock nor anything that came later is read, so that the same week gives the same bytes
whenever it is asked for, and from a replay of the record too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.adapters.sql import ledger_read, record_store
from bot.adapters.sql.journal_read import bodies_until
from bot.adapters.sql.ledger_read import Span
from bot.adapters.sql.ledger_rows import CycleRow, FillRow, PositionRow
from bot.app.account import LedgerHash
from bot.app.alerts_view import rate
from bot.app.digest_inputs import week_inputs
from bot.app.queries import strategy_of, trade_document
from bot.app.reading import Document, Reader
from bot.domain.decimals import money_text
from bot.domain.errors import UsageError
from bot.domain.instants import HOUR, MONDAY, WEEK, format_instant
from bot.domain.values import Token
from bot.market.universe import tokens_as_of
from bot.stats.expectancy import expectancy


@dataclass(frozen=True, slots=True)
class Week:
    """Monday 00:00 UTC to the next, which is not part of it."""

    start: int

    @property
    def end(self) -> int:
        """The first instant after it."""
        return self.start + WEEK

    @classmethod
    def of(cls, instant: int) -> Week:
        """The week in which an instant lies.

        >>> format_instant(Week.of(1746882000000).start)  # a Saturday
        '2025-05-05T00:00:00Z'
        """
        return cls((instant - MONDAY) // WEEK * WEEK + MONDAY)

    def span(self, strategy: str) -> Span:
        """Its rows of a strategy."""
        return Span(strategy=strategy, start=self.start, end=self.end)


def digest(reader: Reader, names: Sequence[str], at: int | None) -> Document:
    """The week in which `at` lies, by default the last one that is over; one part per strategy.

    Raises UsageError where no slot of these strategies lies in it.
    """
    week = _last_whole(reader, names) if at is None else Week.of(at)
    rows = record_store.known_tokens(reader.connection)
    parts = []
    for name in names:
        cycles = ledger_read.cycles(reader.connection, week.span(name))
        if cycles:
            tokens = tokens_as_of(rows, cycles[-1].as_of)
            parts.append(_Part(reader, name, week, cycles, tokens).document())
    if not parts:
        raise UsageError(
            f"no slot lies in the week from {format_instant(week.start)} on: "
            f"`hourhand status` says which are done"
        )
    return {
        "from": format_instant(week.start),
        "to": format_instant(week.end),
        "strategies": parts,
    }


def _last_whole(reader: Reader, names: Sequence[str]) -> Week:
    marks = [ledger_read.watermark(reader.connection, name) for name in names]
    newest = max((mark for mark in marks if mark is not None), default=None)
    if newest is None:
        raise UsageError("no slot has been done yet: there is no week to tell of")
    # The week is over with its slot of Sunday 23:00; before the first is over, as far as it goes.
    last = Week.of(newest + HOUR - WEEK)
    first = min(
        ledger_read.cycles(reader.connection, Span(strategy=name))[0].slot for name in names
    )
    return last if last.end > first else Week.of(newest)


@dataclass(frozen=True, slots=True)
class _Part:
    """One strategy's week."""

    reader: Reader
    name: str
    week: Week
    cycles: list[CycleRow]
    tokens: dict[int, Token]

    def document(self) -> Document:
        """All that is told of it."""
        connection, span = self.reader.connection, self.week.span(self.name)
        strategy = strategy_of(self.reader, self.cycles[-1])
        fills = ledger_read.fills(connection, span)
        return {
            "strategy": self.name,
            **self._slots(),
            "config_sha256": list(dict.fromkeys(row.config_sha256 for row in self.cycles)),
            "ledger_sha256": self._ledger_sha256(),
            "equity": self._equity(),
            "entries": self._entries(fills),
            "exits": self._exits(fills),
            **self._trades(),
            "refusals": self._refusals(),
            "notices": dict(
                sorted(Counter(row.kind for row in ledger_read.notices(connection, span)).items())
            ),
            **week_inputs(connection, strategy, self.week.start, self.week.end, self.symbol),
        }

    def symbol(self, token_id: int) -> str:
        """The token's symbol as it was known at the end of the week."""
        token = self.tokens.get(token_id)
        return token.symbol if token is not None and token.symbol else str(token_id)

    def _slots(self) -> Document:
        """Expected are the hours from the week's or the strategy's first slot to the week's end."""
        first = self.cycles[0].slot
        missed = [format_instant(row.slot) for row in self.cycles if row.missed]
        return {
            "first_slot": format_instant(first),
            "last_slot": format_instant(self.cycles[-1].slot),
            "whole": self.cycles[-1].slot == self.week.end - HOUR,
            "slots_expected": (self.week.end - first) // HOUR,
            "slots_done": len(self.cycles),
            "slots_missed": missed,
        }

    def _ledger_sha256(self) -> str:
        """The ledger's hash as it stood at the end of the week."""
        found = LedgerHash()
        for lines in bodies_until(self.reader.connection, self.name, self.week.end):
            found.add(lines)
        return found.text()

    def _equity(self) -> Document:
        connection = self.reader.connection
        inside = ledger_read.equity(connection, self.week.span(self.name))
        before = Span(strategy=self.name, start=self.week.start - HOUR, end=self.week.start)
        earlier = ledger_read.equity(connection, before)
        opening = strategy_of(self.reader, self.cycles[0]).cash
        start = earlier[-1].equity if earlier else opening
        end = inside[-1]
        low = min(row.equity for row in inside)
        return {
            "start": money_text(start),
            "end": money_text(end.equity),
            "change": money_text(end.equity - start),
            "share": _share(end.equity - start, start),
            "lowest": money_text(low),
            "cash": money_text(end.cash),
            "held": money_text(end.value),
        }

    def _entries(self, fills: list[FillRow]) -> list[Document]:
        """Purchases by token; a purchase in parts is one entry."""
        found: dict[str, list[FillRow]] = {}
        for fill in fills:
            if fill.side == "BUY":
                found.setdefault(fill.order_id, []).append(fill)
        rows = []
        for parts in found.values():
            scale = self.reader.scale(parts[0].token_id)
            rows.append({
                "slot": format_instant(parts[0].slot),
                "token_id": parts[0].token_id,
                "symbol": self.symbol(parts[0].token_id),
                "quantity": scale.quantity(sum(part.quantity_lots for part in parts)),
                "notional": money_text(sum(part.notional for part in parts)),
            })  # fmt: skip
        return rows

    def _exits(self, fills: list[FillRow]) -> dict[str, int]:
        reasons = Counter(fill.reason for fill in fills if fill.side == "SELL")
        return dict(sorted(reasons.items(), key=lambda one: (-one[1], one[0])))

    def _trades(self) -> Document:
        """Round trips that ended in the week, with what they came to net of all fees."""
        rows = [row for row in _closed(self.reader, self.name) if self._ended(row)]
        trades = []
        for row in rows:
            trade = trade_document(self.reader, row)
            trade["symbol"] = self.symbol(row.token_id)
            # A week is one of slots: told is the slot that booked the end, as of entries.
            trade["closed"] = format_instant(row.closed_slot or 0)
            trades.append(trade)
        multiples = [trade["r"] for trade in trades if trade["r"] is not None]
        found = expectancy(multiples) if multiples else None
        return {
            "trades": trades,
            "net": money_text(sum(row.realised for row in rows)),
            "fees": money_text(sum(json.loads(row.body)["fees"] for row in rows)),
            "won": rate(sum(row.realised > 0 for row in rows), len(rows)),
            "mean_r": None if found is None else float(f"{found.mean:.4g}"),
            "r_n": len(multiples),
        }

    def _ended(self, row: PositionRow) -> bool:
        return self.week.start <= (row.closed_slot or 0) < self.week.end

    def _refusals(self) -> dict[str, int]:
        rows = ledger_read.decisions(self.reader.connection, self.week.span(self.name))
        reasons = Counter(row.reason for row in rows if row.outcome == "REFUSED")
        return dict(sorted(reasons.items(), key=lambda one: (-one[1], one[0])))


def _closed(reader: Reader, name: str) -> list[PositionRow]:
    rows = ledger_read.positions(reader.connection, Span(strategy=name))
    closed = [row for row in rows if row.status == "CLOSED"]
    return sorted(closed, key=lambda row: (row.closed_slot or 0, row.token_id, row.id))


def _share(part: int, whole: int) -> float:
    return float(round(Decimal(part) / Decimal(whole), 6))
