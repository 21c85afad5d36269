"""What to ask the provider for a slot, for the backfill, and when everything expected is in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import structlog

from bot.adapters.sql import slot_store
from bot.adapters.sql.engine import Database
from bot.adapters.sql.record_store import known_tokens, newest_times
from bot.adapters.tokenmetrics.backfill import BackfillRequest, cost, within_budget
from bot.adapters.tokenmetrics.client import TokenMetricsClient
from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.adapters.tokenmetrics.paging import Answer
from bot.adapters.tokenmetrics.parsed import Observation
from bot.adapters.tokenmetrics.poll_plan import Cadence, PollHistory, due_endpoints
from bot.adapters.tokenmetrics.spans import Span
from bot.adapters.tokenmetrics.throttle import PollDeadline
from bot.app.answer_health import AnswerLog, health_of
from bot.app.holdings import chosen_tokens, held_tokens, last_universe
from bot.app.missing_history import missing_history, poll_name
from bot.app.poll_needs import plan_of
from bot.domain.errors import AuthError, ClockError, ConfigError, PlanError, ProviderError
from bot.domain.instants import DAY, HOUR, floor_hour, format_instant
from bot.domain.values import Token
from bot.market.strategy import Strategy
from bot.market.universe import tokens_as_of

REVISED_HOURS = 3 * HOUR  # how far back each poll asks again, for late and corrected bars
SIGNALS_BACK = 48 * HOUR
QUIET = DAY  # a token without a bar for so long is not waited for
COVERED = 7 * DAY  # a token without a row for so long is not expected to have one
UNCHECKED_MAX = 24  # late slots that are done although the provider's clock cannot be seen


_KINDS: dict[Endpoint, Literal["bars", "signals"]] = {
    Endpoint.HOURLY_OHLCV: "bars",
    Endpoint.HOURLY_SIGNALS: "signals",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PollLimits:
    """How often, how much and for how many; requests are those of one wake."""

    cadence: Cadence
    backfill_requests: int
    backfill_days: int
    batch_size: int
    tokens: int


def _torn_name(endpoint: Endpoint) -> str:
    """Under which name the database notes when only part of a set came."""
    return f"torn {endpoint}"


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
        self._troubles: dict[Endpoint, str] = {}
        self._answers = AnswerLog()
        self._unresolved = ""
        self._polled = 0  # the slot polled last, and how many answers that brought
        self._brought = 0
        self._key_was_good = False
        # Token list and holdings as they stand; only the token list changes within a poll.
        self._known: tuple[list[Token], frozenset[int]] | None = None
        self.wants_history = True
        self._log = structlog.get_logger()

    def poll(self, slot: int, now: int) -> bool:
        """Ask every endpoint that is due for a slot; whether every expected row is in.

        Raises AuthError for a key that was wrong from the start and ClockError where nobody can
        say what was known when; any other failure of an endpoint is logged and leaves its rows to
        be missing. A key that is refused from now on is one of them.
        """
        deadline = self._client.deadline()
        self._polled, self._brought = slot, 0
        self._known = None
        complete = True
        for endpoint in self._due(slot):
            try:
                self._ask(endpoint, slot, now, deadline)
            except ClockError:
                raise
            except PlanError as error:
                self._refused[endpoint] = now
                self._troubles[endpoint] = str(error)
                self._log.warning("endpoint.not_in_plan", endpoint=endpoint, cause=str(error))
            except ProviderError as error:
                self._check_key(error)
                complete = False
                self._troubles[endpoint] = str(error)
                self._log.warning("poll.failed", endpoint=endpoint, cause=str(error))
        return complete and self._all_in(slot)

    def check_clock(self, late_slots: int) -> None:
        """Before slots are done that cannot be polled any more: is it really so late?

        A clock that is far ahead would have the ledger do hours that have not been. Raises
        ClockError where the clocks differ, and ProviderError where the provider's cannot be seen
        and the slots are more than a day's.
        """
        if not late_slots:
            return
        try:
            self._client.look_at_clock()
        except ClockError:
            raise
        except ProviderError as error:
            if late_slots > UNCHECKED_MAX:
                raise
            self._log.warning("clock.not_compared", late_slots=late_slots, cause=str(error))

    @property
    def reads_signals(self) -> bool:
        """Whether any strategy reads hourly signals."""
        return Endpoint.HOURLY_SIGNALS in self._plan.endpoints

    def trouble(self) -> str:
        """What the provider did not give when it was last asked; empty where nothing is missing."""
        return "; ".join(f"{endpoint}: {self._troubles[endpoint]}" for endpoint in self._troubles)

    def _check_key(self, error: ProviderError) -> None:
        """A key that never worked is a mistake to end with; one that did may work again."""
        if isinstance(error, AuthError) and not self._key_was_good:
            raise error

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
        before = self._client.good_answers(endpoint)
        ids = self.universe(now) if endpoint is not Endpoint.TOKENS else ()
        try:
            answers = self._ask_rows(endpoint, ids, slot, deadline)
        except ProviderError:
            if self._client.good_answers(endpoint) > before:
                self._note_torn(endpoint, now)
            raise
        finally:
            if endpoint is Endpoint.TOKENS:
                self._known = None
            self._brought += self._client.good_answers(endpoint) - before
        for answer in answers:
            self._answers.see(endpoint, health_of(answer, ids))
        self._key_was_good = True
        self._troubles.pop(endpoint, None)
        with self._database.transaction() as connection:
            slot_store.note_poll(connection, endpoint, now)

    def _ask_rows(
        self, endpoint: Endpoint, ids: tuple[int, ...], slot: int, deadline: PollDeadline
    ) -> tuple[Answer[Observation], ...]:
        if endpoint is Endpoint.TOKENS:
            return self._ask_tokens(deadline)
        if endpoint is Endpoint.HOURLY_OHLCV:
            start = self._newest("bars", ids, slot) - REVISED_HOURS
            return (self._client.hourly_ohlcv(ids, Span(start=start, end=slot), deadline),)
        if endpoint is Endpoint.HOURLY_SIGNALS:
            since = max(self._newest("signals", ids, slot), slot - SIGNALS_BACK)
            return (self._client.hourly_signals(ids, since, deadline),)
        if endpoint is Endpoint.DAILY_SIGNALS:
            span = Span(start=slot - 4 * DAY, end=slot + 1)
            return (self._client.daily_signals(ids, span, deadline),)
        if endpoint is Endpoint.LEVELS:
            return (self._client.levels(ids, deadline),)
        if endpoint is Endpoint.QUANTMETRICS:
            return (self._client.quantmetrics(ids, deadline),)
        assert endpoint is Endpoint.GRADES, endpoint
        return (self._client.grades(ids, deadline),)

    def _ask_tokens(self, deadline: PollDeadline) -> tuple[Answer[Observation], ...]:
        if self._plan.everything:
            return (self._client.all_tokens(deadline),)
        return (
            self._client.tokens(self._plan.token_ids, deadline),
            self._client.tokens_by_symbol(self._plan.symbols, deadline),
        )

    def _note_torn(self, endpoint: Endpoint, now: int) -> None:
        with self._database.transaction() as connection:
            slot_store.note_poll(connection, _torn_name(endpoint), now)

    def torn(self) -> tuple[Endpoint, ...]:
        """Endpoints of which only part of a set came, and no whole set since.

        Kept in the database: whoever goes on after a restart must not take the part for all.
        """
        with self._database.transaction() as connection:
            polls = slot_store.last_polls(connection)
        return tuple(
            endpoint
            for endpoint in sorted(self._plan.endpoints)
            if polls.get(_torn_name(endpoint), -1) > polls.get(endpoint, -1)
        )

    def brought_nothing(self) -> bool:
        """Whether the last poll brought no answer at all."""
        return self._brought == 0

    def is_whole(self, slot: int) -> bool:
        """Whether what came for a slot may be acted upon; says what is missing.

        Part of a set is no ground for an entry: the tokens asked for first would always win.
        """
        if slot == self._polled:
            for endpoint in _KINDS.keys() & self._plan.endpoints:
                self._compare_coverage(endpoint, slot)
        torn = self.torn()
        if torn:
            self._log.warning("poll.torn", slot=format_instant(slot), endpoints=list(torn))
        return not torn

    def _compare_coverage(self, endpoint: Endpoint, slot: int) -> None:
        """How many of the tokens that were there this week have a row of the last hour."""
        ids = self.universe(slot + HOUR)
        with self._database.transaction() as connection:
            newest = newest_times(connection, _KINDS[endpoint], ids)
        alive = sum(slot - at <= COVERED for at in newest.values())
        present = sum(at >= slot - HOUR for at in newest.values())
        if 2 * present < alive:
            self._log.warning(
                "poll.coverage_low", endpoint=endpoint, slot=format_instant(slot),
                tokens=alive, present=present,
            )  # fmt: skip

    def universe(self, now: int) -> tuple[int, ...]:
        """Every token that some strategy may enter, and every one that some ledger holds.

        A token that is held and has left the universe still has a stop to be matched.
        """
        if self._known is None:
            with self._database.transaction() as connection:
                self._known = known_tokens(connection), held_tokens(connection)
        listed, held = self._known
        try:
            chosen = chosen_tokens(self._strategies, tokens_as_of(listed, now), self._limits.tokens)
        except ConfigError as error:
            # What the provider lists has changed under a running daemon: two tokens bear a name
            # now, or there is one more than the limit. No reason to leave positions alone.
            chosen = self._universe_before(error)
        return tuple(sorted(chosen | held))

    def _universe_before(self, error: ConfigError) -> frozenset[int]:
        with self._database.transaction() as connection:
            before = last_universe(connection, self._strategies)
        if before is None:
            raise error
        if str(error) != self._unresolved:
            self._unresolved = str(error)
            self._log.error("universe.unresolved", cause=str(error))
        return before

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
        self._known = None
        ids = self.universe(now)
        end = floor_hour(now)
        wanted = Span(start=end - self._horizon, end=end)
        chosen = within_budget(self._missing(ids, wanted), self._limits.backfill_requests)
        deadline = self._client.deadline()
        for request in chosen:
            try:
                self._client.hourly_ohlcv(request.token_ids, request.span, deadline)
            except ProviderError as error:
                self._check_key(error)
                self._log.warning("backfill.failed", cause=str(error))
                break
            self._key_was_good = True
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
