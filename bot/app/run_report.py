"""The report of a run as one document: every figure, table and series that its page shows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from bot.app.funnel import funnel, gate_steps
from bot.app.performance_returns import SEED
from bot.app.report_series import (
    HOURLY_SLOTS,
    band_table,
    ended_rows,
    equity_table,
    month_rows,
    price_table,
    series_rows,
    share_table,
    table,
)
from bot.app.run_facts import Document, RunFacts
from bot.app.trade_card import Cards
from bot.domain.instants import HOUR
from bot.domain.records import Trade

CARD_BYTES = 2_200_000  # of JSON: with the charting library the page stays under 5 MB
ROWS_MAX = 2_000  # trades listed in the page
_MARK = ("trade", "t", "entry", "to", "exit", "stop", "target", "r", "reason")


def run_report(facts: RunFacts) -> Document:
    """Everything about a run; nothing in it hangs on when or where it was made."""
    performance = facts.performance
    strategy = facts.loaded.strategy
    series = [
        {"symbol": facts.tokens.label(row["token_id"]), **row}
        for row in series_rows(facts.tokens.bars, facts.equity)
    ]
    return {
        "strategy": strategy.name,
        "description": strategy.description,
        "origin": facts.origin,
        "source": "local" if strategy.uses_local else "recorded",
        "slots": {
            "expected": (facts.equity.end - facts.equity.start) // HOUR + 1,
            "processed": facts.equity.n,
            "missed": facts.missed,
        },
        "ledger_sha256": facts.ledger_sha256,
        "config_sha256": facts.loaded.config_sha256,
        "rules_version": facts.rules_version,
        "seed": SEED,
        "performance": performance.document(),
        "equity": equity_table(facts.equity, performance),
        "band": band_table(performance.daily, facts.robustness.daily),
        "shares": share_table(facts.equity),
        "drawn_by": "hour" if facts.equity.n <= HOURLY_SLOTS else "day",
        "months": month_rows(facts.equity),
        "funnel": _funnel(facts),
        "refusals": _counts(
            row.reason for slot in facts.busy for row in slot.decisions if row.outcome == "REFUSED"
        ),
        "exits": _counts(
            row.reason for slot in facts.busy for row in slot.fills if row.side == "SELL"
        ),
        "cancelled": _counts(
            row.reason for slot in facts.busy for row in slot.events if row.kind == "CANCEL"
        ),
        "notices": _counts(row.kind for slot in facts.busy for row in slot.notices),
        "robustness": facts.robustness.document,
        "trials": facts.trials,
        "path": _path(facts),
        "series": series,
        "ended": ended_rows(series, facts.equity.end),
        "notes": list(facts.notes),
        "parameters": json.loads(facts.loaded.canonical),
        **_trades(facts),
    }


def _counts(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names).most_common())


def _funnel(facts: RunFacts) -> Document:
    """The funnel with the token-hours that were looked at and what is left after each gate."""
    bars = facts.tokens.bars
    wanted = set(facts.tokens.universe)
    seen = sum(row["bars"] for row in series_rows(bars, facts.equity) if row["token_id"] in wanted)
    steps = [{"gate": name, "left": left} for name, left in gate_steps(facts.busy)]
    return {"token_hours": seen, **funnel(facts.busy), "steps": steps}


def _path(facts: RunFacts) -> Document:
    """For how many fills the way of the price inside their hour is known."""
    fills = [fill for slot in facts.busy for fill in slot.fills]
    known = facts.finer_hours
    finer = 0 if known is None else sum(known(row.token_id, row.open_time) for row in fills)
    return {"fills": len(fills), "finer": finer, "bars": facts.loaded.strategy.bars}


def _trades(facts: RunFacts) -> Document:
    """Trades, newest first; their cards, newest first, as far as a page can carry them."""
    trades = facts.trades()[::-1]
    cards = Cards(facts.loaded.strategy, facts.tokens, facts.busy, facts.seen)
    room, made = CARD_BYTES, []
    for trade in trades[:ROWS_MAX]:
        card = cards.card(trade)
        room -= len(json.dumps(card, separators=(",", ":")))
        if room < 0:
            break
        made.append(card)
    return {
        "trades": [cards.row(trade) for trade in trades],
        "listed_max": ROWS_MAX,
        "cards": made,
        "prices": _prices(facts, cards, trades),
    }


def _prices(facts: RunFacts, cards: Cards, trades: Sequence[Trade]) -> list[Document]:
    """The prices of every traded token, and its trades on them; the most traded token first."""
    by_token: dict[int, list[Trade]] = {}
    for trade in trades:
        by_token.setdefault(trade.token_id, []).append(trade)
    start, end = facts.equity.start, facts.equity.end
    return [
        {
            "token_id": token_id,
            "symbol": facts.tokens.label(token_id),
            "prices": price_table(facts.tokens.bars[token_id], start, end),
            "marks": table(_MARK, [_mark(cards, trade) for trade in by_token[token_id]]),
        }
        for token_id in sorted(by_token, key=lambda one: (-len(by_token[one]), one))
        if token_id in facts.tokens.bars
    ]


def _mark(cards: Cards, trade: Trade) -> tuple[Any, ...]:
    """A trade on its price chart: both ends and the bracket between them."""
    decision = cards.entries.get((trade.token_id, trade.decided))
    details = decision.details if decision is not None else {}
    row = cards.row(trade)
    stop, target = (
        float(details[name]) if name in details else None for name in ("stop", "target")
    )
    return (
        row["id"], trade.opened, float(row["entry"]), trade.closed_bar + HOUR, float(row["exit"]),
        stop, target, row["r"], trade.reason,
    )  # fmt: skip
