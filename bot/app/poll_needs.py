"""What the loaded strategies need of the provider, apart from who asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.domain.instants import HOUR
from bot.market.needs import needs_of
from bot.market.rules import build_rules
from bot.market.strategy import Strategy

BACKFILL_MINUTES = 10  # of the request rate, at each wake


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the loaded strategies need of the provider."""

    endpoints: frozenset[Endpoint]
    horizon: int  # ms of hourly bars before now
    symbols: tuple[str, ...]
    token_ids: tuple[int, ...]
    everything: bool  # some universe is not given by ids and symbols


def plan_of(strategies: Iterable[Strategy]) -> Plan:
    """The union of what several strategies need."""
    endpoints = {Endpoint.TOKENS, Endpoint.HOURLY_OHLCV}
    horizon = 0
    symbols: set[str] = set()
    ids: set[int] = set()
    everything = False
    for strategy in strategies:
        endpoints |= _endpoints(strategy)
        horizon = max(horizon, (needs_of(strategy).bars + 48) * HOUR, strategy.min_history)
        symbols |= set(strategy.universe.symbols)
        ids |= set(strategy.universe.token_ids)
        named = strategy.universe.token_ids or strategy.universe.symbols
        everything = everything or not named or bool(strategy.universe.categories)
    return Plan(
        endpoints=frozenset(endpoints),
        horizon=horizon,
        symbols=tuple(sorted(symbols)),
        token_ids=tuple(sorted(ids)),
        everything=everything,
    )


def _endpoints(strategy: Strategy) -> set[Endpoint]:
    rules, _ = build_rules(strategy)
    found: set[Endpoint] = set()
    if strategy.signals == "hourly":
        found.add(Endpoint.HOURLY_SIGNALS)
    if strategy.signals == "daily":
        found.add(Endpoint.DAILY_SIGNALS)
    if strategy.levels == "provider":
        found.add(Endpoint.LEVELS)
    if rules.params.use_quant:
        found.add(Endpoint.QUANTMETRICS)
    if rules.params.use_grade:
        found.add(Endpoint.GRADES)
    return found
