"""What to ask the provider for a slot, for the backfill, and when everything expected is in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import structlog

from bot.adapters.sql import slot_store
from bot.adapters.sql.engine import Database
from bot.adapters.sql.record_store import known_tokens, newest_times
from bot.adapters.tokenmetrics.backfill import BackfillRequest, cost, within_budget
from bot.adapters.tokenmetrics.client import TokenMetricsClient
from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.adapters.tokenmetrics.poll_plan import Cadence, PollHistory, due_endpoints
from bot.adapters.tokenmetrics.spans import Span
from bot.adapters.tokenmetrics.throttle import PollDeadline
from bot.app.missing_history import missing_history, poll_name
from bot.domain.errors import AuthError, ConfigError, PlanError, ProviderError
from bot.domain.instants import DAY, HOUR, floor_hour
from bot.market.needs import needs_of
from bot.market.rules import build_rules
from bot.market.strategy import Strategy
from bot.market.universe import resolve, tokens_as_of

REVISED_HOURS = 3 * HOUR  # how far back each poll asks again, for late and corrected bars
SIGNALS_BACK = 48 * HOUR
QUIET = DAY  # a token without a bar for so long is not waited for
BACKFILL_MINUTES = 10  # of the request rate, at each wake


_KINDS: dict[Endpoint, Literal["bars", "signals"]] = {
    Endpoint.HOURLY_OHLCV: "bars",
    Endpoint.HOURLY_SIGNALS: "signals",
}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PollLimits:
    """How often, how much and for how many; requests are those of one wake."""

    cadence: Cadence
    backfill_requests: int
    backfill_days: int
    batch_size: int
    tokens: int


class Poller:
    """Asks for what is due and stores it; keeps nothing but where to ask."""

    def __init__(
        self,
        client: TokenMetricsClient,
        database: Database,
        strategies: list[Strategy],
        limits: PollLimits,
    ) -> None:
        self._client = client
        self._database = database
        self._strategies = strategies
        self._plan = plan_of(strategies)
        self._limits = limits
        self._horizon = max(self._plan.horizon, limits.backfill_days * DAY)
        self._refused: dict[Endpoint, int] = {}
        self.wants_history = True
        self._log = structlog.get_logger()

    def poll(self, slot: int, now: int) -> bool:
        """Ask every endpoint that is due for a slot; whether every expected row is in.

        Raises AuthError for a wrong key; any other failure of an endpoint is logged and leaves its
        rows to be missing.
        """
        deadline = self._client.deadline()
        complete = True
        for endpoint in self._due(slot):
            try:
                self._ask(endpoint, slot, now, deadline)
            except AuthError:
                raise
            except PlanError as error:
                self._refused[endpoint] = now
                self._log.warning("endpoint.not_in_plan", endpoint=endpoint, cause=str(error))
            except ProviderError as error:
                complete = False
                self._log.warning("poll.failed", endpoint=endpoint, cause=str(error))
        return complete and self._all_in(slot)

    def poll_tokens(self, now: int) -> None:
        """Ask for the token list where it is due, so that the backfill knows whom to ask about."""
        for endpoint in self._due(floor_hour(now)):
            if endpoint is Endpoint.TOKENS:
                self._ask(endpoint, floor_hour(now), now, self._client.deadline())

    def _due(self, slot: int) -> tuple[Endpoint, ...]:
        with self._database.transaction() as connection:
            polls = slot_store.last_polls(connection)
        # Hourly rows that are still missing are asked for again within the hour.
        succeeded = {
            endpoint: polls[endpoint]
            for endpoint in Endpoint
            if endpoint in polls and (endpoint not in _KINDS or self._is_in(endpoint, slot))
        }
        history = PollHistory(succeeded=succeeded, refused=self._refused)
        return due_endpoints(slot, self._plan.endpoints, history, self._limits.cadence)

    def _ask(self, endpoint: Endpoint, slot: int, now: int, deadline: PollDeadline) -> None:
        if endpoint is Endpoint.TOKENS:
            self._ask_tokens(deadline)
        else:
            self._ask_rows(endpoint, self.universe(now), slot, deadline)
        with self._database.transaction() as connection:
            slot_store.note_poll(connection, endpoint, now)

    def _ask_tokens(self, deadline: PollDeadline) -> None:
        if self._plan.everything:
            self._client.all_tokens(deadline)
            return
        self._client.tokens(self._plan.token_ids, deadline)
        self._client.tokens_by_symbol(self._plan.symbols, deadline)

    def _ask_rows(
        self, endpoint: Endpoint, ids: tuple[int, ...], slot: int, deadline: PollDeadline
    ) -> None:
        if endpoint is Endpoint.HOURLY_OHLCV:
            start = self._newest("bars", ids, slot) - REVISED_HOURS
            self._client.hourly_ohlcv(ids, Span(start=start, end=slot), deadline)
        elif endpoint is Endpoint.HOURLY_SIGNALS:
            since = max(self._newest("signals", ids, slot), slot - SIGNALS_BACK)
            self._client.hourly_signals(ids, since, deadline)
        elif endpoint is Endpoint.DAILY_SIGNALS:
            self._client.daily_signals(ids, Span(start=slot - 4 * DAY, end=slot + 1), deadline)
        elif endpoint is Endpoint.LEVELS:
            self._client.levels(ids, deadline)
        elif endpoint is Endpoint.QUANTMETRICS:
            self._client.quantmetrics(ids, deadline)
        elif endpoint is Endpoint.GRADES:
            self._client.grades(ids, deadline)

    def universe(self, now: int) -> tuple[int, ...]:
        """Every token that some strategy may enter, and every one that has bars already."""
        with self._database.transaction() as connection:
            tokens = tokens_as_of(known_tokens(connection), now)
        chosen: set[int] = set()
        for strategy in self._strategies:
            chosen |= resolve(strategy.universe, tokens)
        if len(chosen) > self._limits.tokens:
            raise ConfigError(
                [
                    f"the strategies' universes come to {len(chosen)} tokens, tokens_max is "
                    f"{self._limits.tokens}: name tokens in [universe], e.g. token_ids = [3375, "
                    f"3306] for Bitcoin and Ethereum"
                ]
            )
        return tuple(sorted(chosen))

    def _newest(self, series: Literal["bars", "signals"], ids: tuple[int, ...], slot: int) -> int:
        """The newest row that every token has that was alive when rows last came."""
        with self._database.transaction() as connection:
            newest = newest_times(connection, series, ids)
        last = max(newest.values(), default=slot - DAY)
        return min((at for at in newest.values() if last - at <= QUIET), default=last)

    def _all_in(self, slot: int) -> bool:
        return all(
            self._is_in(endpoint, slot) for endpoint in _KINDS if endpoint in self._plan.endpoints
        )

    def _is_in(self, endpoint: Endpoint, slot: int) -> bool:
        """Whether every token that was alive yesterday has its newest row of a kind."""
        wanted = slot - HOUR
        ids = self.universe(slot + HOUR)
        with self._database.transaction() as connection:
            newest = newest_times(connection, _KINDS[endpoint], ids)
        return not any(wanted - QUIET <= at < wanted for at in newest.values())

    def backfill(self, now: int) -> int:
        """Fetch missing history as far as this wake's share allows; requests still to send.

        Resumable: how far each token has been asked for is kept in the database.
        """
        ids = self.universe(now)
        end = floor_hour(now)
        wanted = Span(start=end - self._horizon, end=end)
        chosen = within_budget(self._missing(ids, wanted), self._limits.backfill_requests)
        deadline = self._client.deadline()
        for request in chosen:
            try:
                self._client.hourly_ohlcv(request.token_ids, request.span, deadline)
            except AuthError:
                raise
            except ProviderError as error:
                self._log.warning("backfill.failed", cause=str(error))
                break
            with self._database.transaction() as connection:
                for token_id in request.token_ids:
                    slot_store.note_poll(connection, poll_name(token_id), request.span.start)
        left = cost(self._missing(ids, wanted))
        self.wants_history = left > 0
        if chosen or left:
            self._log.info("backfill", requests_at_most=cost(chosen), left_at_most=left)
        return left

    def _missing(self, ids: tuple[int, ...], wanted: Span) -> list[BackfillRequest]:
        with self._database.transaction() as connection:
            return missing_history(connection, ids, wanted, self._limits.batch_size)
