"""Columns that a strategy names and a record does not have: a spelling, or another source."""

from __future__ import annotations

from difflib import get_close_matches

from bot.domain.values import Record
from bot.engine.layout import FROM_QUANT
from bot.market.rules import build_rules
from bot.market.strategy import Strategy

_PREFIX = "column:"


def missing_columns(strategy: Strategy, record: Record) -> list[str]:
    """A sentence for each recorded column that no metrics row has."""
    wanted = {c.name for c in build_rules(strategy)[1].columns if c.source == FROM_QUANT}
    sizes = (strategy.sigma, strategy.atr, strategy.adv)
    wanted |= {name.removeprefix(_PREFIX) for name in sizes if name.startswith(_PREFIX)}
    there = sorted({name for row in record.metrics for name, _ in row.values})
    return [_sentence(strategy.name, name, there) for name in sorted(wanted - set(there))]


def _sentence(strategy: str, name: str, there: list[str]) -> str:
    text = f"{strategy}: no metrics row has a column {name!r}, so it is missing everywhere"
    near = get_close_matches(name, there, n=1)
    if near:
        return f"{text}; did you mean {near[0]!r}?"
    return f"{text}; there are: {', '.join(there)}" if there else f"{text}; there are no metrics"
