"""`screen`: the tokens by the newest numbers that the record knows of them, filtered and ranked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from bot.adapters.sql import ledger_read
from bot.adapters.sql.newest_numbers import newest_grades, newest_metrics
from bot.app.bracket_words import merged_levels
from bot.app.queries import account_of, slot_inputs, strategy_of
from bot.app.reading import Document, Reader, instant_text
from bot.domain.errors import UsageError
from bot.engine import layout as at
from bot.engine.numbers import round10
from bot.engine.ranking import percentile
from bot.market.column_names import GRADE, Column, column_typed, named_column
from bot.market.rules import build_rules
from bot.market.strategy import Strategy
from bot.market.where import Value, WhereError, parse_where, unknown_column

COMPOSITE = "composite"
TEXTS = ("symbol", "name", "sector")
# Of the newest slot of the strategy, in the order in which they are explained.
SLOT_NUMBERS = (
    "close", "sigma", "atr", "adv", "trend", "held", "in_universe", "support", "support_away",
    "support_strength", "resistance", "resistance_away", "resistance_strength", "level_away",
)  # fmt: skip
_SMALLER_IS_BETTER = {"mdd", "volatility"}
_NEARER_IS_BETTER = {"support_away", "resistance_away", "level_away"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What is asked: `near` a level of at least `strength`, as a fraction of the price."""

    by: str
    where: str = ""
    top: int = 10
    near: Decimal | None = None
    strength: Decimal = Decimal(0)
    ascending: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """The strategy whose newest slot is looked at; none before the first slot."""

    name: str | None = None
    slot: int | None = None
    strategy: Strategy | None = None


Cells = dict[str, Value]


def screen(reader: Reader, names: Sequence[str], asked: Screening) -> Document:
    """The best tokens; UsageError for a column or an expression that is none.

    Of several strategies the one with the newest slot is looked at, by name among equals.
    """
    seen = _newest(reader, names)
    tokens = _rows(reader, seen, asked.strength)
    columns = sorted({name for row in tokens.values() for name in row} | {*TEXTS, *SLOT_NUMBERS})
    rows = {i: {name: row.get(name) for name in columns} for i, row in tokens.items()}
    asked = replace(asked, by=_column_of(asked.by, columns))
    kept = _filtered(rows, columns, asked)
    by = _ranked_by(kept, seen, asked)
    ranked = _in_order(kept, by, asked)
    return {
        "strategy": seen.name,
        "slot": instant_text(seen.slot),
        "by": asked.by,
        "where": asked.where,
        "near": None if asked.near is None else float(asked.near),
        "strength": float(asked.strength),
        "known": len(rows),
        "matching": len(kept),
        "without_rank": len(kept) - len(ranked),
        "columns": columns,
        "tokens": [
            {"rank": n, "token_id": i, "by": by[i], "columns": kept[i]}
            for n, i in enumerate(ranked[: asked.top], start=1)
        ],
    }


def _newest(reader: Reader, names: Sequence[str]) -> _Seen:
    marks = [(ledger_read.watermark(reader.connection, name) or 0, name) for name in names]
    if not marks:
        return _Seen()
    slot, name = min(marks, key=lambda mark: (-mark[0], mark[1]))
    span = ledger_read.Span(strategy=name, start=slot, end=slot + 1)
    cycle = ledger_read.cycles(reader.connection, span)[0]
    return _Seen(name=name, slot=slot, strategy=strategy_of(reader, cycle))


def _rows(reader: Reader, seen: _Seen, strength: Decimal) -> dict[int, Cells]:
    """Token id -> its cells: what the slot read, under the provider's own newest numbers."""
    found: dict[int, Cells] = {}
    for i, token in reader.tokens.items():
        texts = {"symbol": token.symbol, "name": token.name, "sector": token.sector}
        found[i] = {key: text for key, text in texts.items() if text}
    if seen.name is not None and seen.slot is not None and seen.strategy is not None:
        params = build_rules(seen.strategy)[0].params
        inputs = slot_inputs(reader, seen.name, seen.slot)["tokens"]
        held = account_of(reader, seen.name).tokens
        for text, body in inputs.items():
            row = found.setdefault(int(text), {})
            row |= _of_slot(body, held.get(int(text)))
            if "bar" in body and "tick" in body and body["book"]:
                row |= _levels(merged_levels(params, body, seen.slot), body, float(strength))
    for i, values in newest_metrics(reader.connection).items():
        found.setdefault(i, {}).update({name: round10(value) for name, value in values.items()})
    for i, value in newest_grades(reader.connection).items():
        found.setdefault(i, {})[GRADE] = value
    return found


def _of_slot(body: Document, account: tuple[int, ...] | None) -> Cells:
    row: Cells = dict(body["columns"])
    row |= {name: body[name] for name in ("sigma", "atr", "adv") if name in body}
    row["in_universe"] = float(body["in_universe"])
    if "bar" in body:
        row["close"] = float(body["bar"]["close"])
    row["held"] = float(account is not None and account[at.T_QTY] > 0)
    if account is not None and account[at.T_SERIES + at.Q_TREND]:
        row["trend"] = float(account[at.T_SERIES + at.Q_TREND])
    return row


def _levels(book: list[tuple[str, float]], body: Document, least: float) -> Cells:
    """The nearest level on each side, of those that are strong enough, and how far it is."""
    close = Decimal(body["bar"]["close"])
    row: Cells = {}
    strong = [(Decimal(price), weight) for price, weight in book if weight >= least]
    sides = {
        "support": max((level for level in strong if level[0] < close), default=None),
        "resistance": min((level for level in strong if level[0] >= close), default=None),
    }
    away = []
    for side, level in sides.items():
        if level is not None:
            share = round10(float(abs(level[0] - close) / close))
            away.append(share)
            row |= {side: float(level[0]), f"{side}_away": share, f"{side}_strength": level[1]}
    return row | ({"level_away": min(away)} if away else {})


def _filtered(rows: dict[int, Cells], columns: Sequence[str], asked: Screening) -> dict[int, Cells]:
    kept = rows
    if asked.where.strip():
        try:
            where = parse_where(asked.where, columns)
        except WhereError as problem:
            mark = f"  {asked.where}\n  {' ' * problem.place}^"
            raise UsageError(f"--where: {problem}\n{mark}") from None
        kept = {i: row for i, row in kept.items() if where.judge(row) is True}
    if asked.near is None:
        return kept
    near = float(asked.near)
    return {i: row for i, row in kept.items() if _number(row.get("level_away")) <= near}


def _number(value: Value) -> float:
    """A number; NaN, which nothing passes, for text and for what is missing."""
    return value if isinstance(value, float | int) else math.nan


def _column_of(by: str, columns: Sequence[str]) -> str:
    """The column to rank by, named in full; UsageError where there is no such number."""
    there = [name for name in columns if name not in TEXTS] + [COMPOSITE]
    found = column_typed(by, there)
    if found is None:
        raise UsageError(f"--by: {unknown_column(by, there)}")
    return found


def _ranked_by(rows: dict[int, Cells], seen: _Seen, asked: Screening) -> dict[int, float]:
    """Token id -> the number that ranks; NaN where there is none."""
    if asked.by == COMPOSITE:
        weights = (seen.strategy or Strategy(name="screen")).composite
        return _composite(rows, [(named_column(name), float(w)) for name, w in weights])
    return {i: _number(row[asked.by]) for i, row in rows.items()}


def _composite(rows: dict[int, Cells], weights: Sequence[tuple[Column, float]]) -> dict[int, float]:
    """The weighted percentiles of G9 among the tokens that have every metric."""
    ids = sorted(rows)
    values = np.array(
        [[_number(rows[i].get(column.name)) for column, _ in weights] for i in ids]
    ).reshape(len(ids), len(weights))
    pool = np.array([int(not np.isnan(row).any()) for row in values], dtype=np.int64)
    found = {}
    for n, i in enumerate(ids):
        parts = [
            (1.0 - share if column.family in _SMALLER_IS_BETTER else share) * weight
            for c, (column, weight) in enumerate(weights)
            for share in (percentile(values, pool, c, n),)
        ]
        total = sum(weight for _, weight in weights)
        found[i] = round10(sum(parts) / total) if pool[n] else math.nan
    return found


def _in_order(rows: dict[int, Cells], by: dict[int, float], asked: Screening) -> list[int]:
    """The best first, then by Sortino, then by token id; those without a rank are left out."""
    smaller = asked.by in _NEARER_IS_BETTER
    if asked.by != COMPOSITE:
        smaller = smaller or named_column(asked.by).family in _SMALLER_IS_BETTER
    sign = 1.0 if (smaller if asked.ascending is None else asked.ascending) else -1.0
    ranked = [i for i in rows if math.isfinite(by[i])]
    return sorted(ranked, key=lambda i: (sign * by[i], _tie(rows[i]), i))


def _tie(row: Cells) -> float:
    sortino = _number(row.get("sortino"))
    return math.inf if math.isnan(sortino) else -sortino
