"""The provider in the bot's words: one method a question, observations as answers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

import httpx

from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.adapters.tokenmetrics.exchange import Exchange, ExchangeSettings
from bot.adapters.tokenmetrics.limits import (
    ATTEMPT_DEADLINE_S,
    PAGE_ROWS,
    PAGES_MAX,
    POLL_DEADLINE_S,
    READ_TIMEOUT_S,
)
from bot.adapters.tokenmetrics.paging import Answer, Page, Pager, Question
from bot.adapters.tokenmetrics.parsed import Observation, Quote
from bot.adapters.tokenmetrics.ports import Ports, Secret
from bot.adapters.tokenmetrics.resolve import choose_tokens
from bot.adapters.tokenmetrics.spans import Span, batches, pieces, tokens_per_request
from bot.adapters.tokenmetrics.statistics import PollStatistics
from bot.adapters.tokenmetrics.throttle import PollDeadline
from bot.adapters.tokenmetrics.transport import HttpTransport, Surroundings, TransportSettings
from bot.adapters.tokenmetrics.wire import (
    parse_daily_signals,
    parse_grades,
    parse_hourly_ohlcv,
    parse_hourly_signals,
    parse_prices,
    parse_quantmetrics,
    parse_tokens,
)
from bot.adapters.tokenmetrics.wire_levels import parse_levels
from bot.adapters.tokenmetrics.wire_settings import WireSettings
from bot.domain.instants import HOUR
from bot.domain.values import Bar, Grade, LevelList, Metrics, Signal, Token

T = TypeVar("T", bound=Observation)
_HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """Where and how to ask; times in seconds, `credits_per_month` None means no limit."""

    base_url: str = "https://api.tokenmetrics.com"
    version: Literal["v2", "v3"] = "v2"
    key_header: str = "x-api-key"
    batch_size: int = 50
    requests_per_minute: int = 60
    credits_per_month: int | None = None
    attempt_deadline_s: float = ATTEMPT_DEADLINE_S
    read_timeout_s: float = READ_TIMEOUT_S
    poll_deadline_s: float = POLL_DEADLINE_S
    wire: WireSettings = field(default_factory=WireSettings)


class TokenMetricsClient:
    """Reads Token Metrics, one request at a time; not for use by several threads.

    Every method raises the ProviderError of the request that failed: a set of pages and batches is
    complete or it is an error. No rows is an answer without observations. A question without
    token ids asks nothing. `deadline` bounds a whole poll; without one each call has its own.
    """

    def __init__(
        self,
        settings: ClientSettings,
        key: Secret,
        ports: Ports,
        jitter: Callable[[], float] | None = None,
        net: httpx.BaseTransport | None = None,
    ) -> None:
        """Raises ConfigError for a base URL or a key that cannot be used.

        `jitter` gives numbers from 0 to 1 for the waits between attempts; random by default.
        `net` carries the requests where they do not go over sockets.
        """
        self._settings = settings
        self._clock = ports.clock
        transport = HttpTransport(
            TransportSettings(
                base_url=settings.base_url,
                key_header=settings.key_header,
                attempt_deadline_s=settings.attempt_deadline_s,
                read_timeout_s=settings.read_timeout_s,
            ),
            key,
            net=net,
            surroundings=Surroundings(heed=ports.heed),
        )
        limits = ExchangeSettings(
            path=f"/{settings.version}",
            requests_per_minute=settings.requests_per_minute,
            credits_per_month=settings.credits_per_month,
        )
        draw = jitter or random.SystemRandom().random
        self._exchange = Exchange(limits, transport, ports, draw)
        self._pager = Pager(self._exchange, settings.wire)

    def deadline(self) -> PollDeadline:
        """A deadline for one poll, starting now."""
        return PollDeadline(self._clock, self._settings.poll_deadline_s)

    def all_tokens(self, deadline: PollDeadline | None = None) -> Answer[Token]:
        """Every token of the provider: some sixty requests."""
        question = Question(endpoint=Endpoint.TOKENS, params={}, parse=parse_tokens)
        return Answer(pages=self._pager.all(question, deadline or self.deadline()))

    def tokens(
        self, token_ids: Iterable[int], deadline: PollDeadline | None = None
    ) -> Answer[Token]:
        """The tokens of these ids; an unknown id is absent from the answer."""
        question = Question(endpoint=Endpoint.TOKENS, params={}, parse=parse_tokens)
        return self._by_token(question, token_ids, self._settings.batch_size, deadline)

    def tokens_by_symbol(
        self, symbols: Iterable[str], deadline: PollDeadline | None = None
    ) -> Answer[Token]:
        """Every token that bears one of these symbols."""
        wanted = sorted(set(symbols))
        if not wanted:
            return Answer(pages=())
        params = {"symbol": ",".join(wanted)}
        question = Question(endpoint=Endpoint.TOKENS, params=params, parse=parse_tokens)
        return Answer(pages=self._pager.all(question, deadline or self.deadline()))

    def resolve(
        self,
        token_ids: Iterable[int],
        symbols: Iterable[str],
        deadline: PollDeadline | None = None,
    ) -> tuple[Token, ...]:
        """The tokens meant; raises ConfigError for unknown ones and for ambiguous symbols."""
        ids, names = tuple(token_ids), tuple(symbols)
        limit = deadline or self.deadline()
        found = self.tokens(ids, limit).observations
        named = self.tokens_by_symbol(names, limit).observations
        return choose_tokens(ids, names, found + named)

    def hourly_ohlcv(
        self, token_ids: Iterable[int], span: Span, deadline: PollDeadline | None = None
    ) -> Answer[Bar]:
        """Closed hourly bars of the days that the span touches, in pieces of at most 29 days."""
        question = Question(endpoint=Endpoint.HOURLY_OHLCV, params={}, parse=parse_hourly_ohlcv)
        return self._by_span(question, token_ids, span, _HOURS_PER_DAY, deadline)

    def hourly_signals(
        self, token_ids: Iterable[int], since: int, deadline: PollDeadline | None = None
    ) -> Answer[Signal]:
        """Hourly signals not older than `since` (UTC ms); a last page may hold older ones."""
        hours = max(1, (self._clock.now() - since) // HOUR + 2)
        size = tokens_per_request(self._settings.batch_size, hours)
        # The endpoint knows no dates: twice what is expected, then its order is not what it seems.
        pages_max = min(PAGES_MAX, 2 * (size * hours // PAGE_ROWS + 1))
        question = Question(
            endpoint=Endpoint.HOURLY_SIGNALS,
            params={},
            parse=parse_hourly_signals,
            since=since,
            pages_max=pages_max,
        )
        return self._by_token(question, token_ids, size, deadline)

    def daily_signals(
        self, token_ids: Iterable[int], span: Span, deadline: PollDeadline | None = None
    ) -> Answer[Signal]:
        """Daily signals of the days that the span touches."""
        question = Question(endpoint=Endpoint.DAILY_SIGNALS, params={}, parse=parse_daily_signals)
        return self._by_span(question, token_ids, span, 1, deadline)

    def levels(
        self, token_ids: Iterable[int], deadline: PollDeadline | None = None
    ) -> Answer[LevelList]:
        """Support and resistance levels as they are now."""
        question = Question(endpoint=Endpoint.LEVELS, params={}, parse=parse_levels)
        return self._by_token(question, token_ids, self._settings.batch_size, deadline)

    def quantmetrics(
        self, token_ids: Iterable[int], deadline: PollDeadline | None = None
    ) -> Answer[Metrics]:
        """The latest metrics."""
        question = Question(endpoint=Endpoint.QUANTMETRICS, params={}, parse=parse_quantmetrics)
        return self._by_token(question, token_ids, self._settings.batch_size, deadline)

    def grades(
        self, token_ids: Iterable[int], deadline: PollDeadline | None = None
    ) -> Answer[Grade]:
        """The current grades."""
        question = Question(endpoint=Endpoint.GRADES, params={}, parse=parse_grades)
        return self._unpaged(question, token_ids, deadline)

    def prices(
        self, token_ids: Iterable[int], deadline: PollDeadline | None = None
    ) -> Answer[Quote]:
        """The last prices."""
        question = Question(endpoint=Endpoint.PRICE, params={}, parse=parse_prices)
        return self._unpaged(question, token_ids, deadline)

    def look_at_clock(self) -> None:
        """Raise ClockError where the provider's clock and ours differ by more than the limit."""
        self._exchange.look_at_clock(self.deadline())

    def statistics(self) -> PollStatistics:
        """Latency, failures by cause and credits since the client was made."""
        return self._exchange.statistics()

    def good_answers(self, endpoint: Endpoint) -> int:
        """How many answers of an endpoint could be read so far; a failed set may have had some."""
        return self._exchange.good_answers(endpoint)

    def close(self) -> None:
        """Close the connections."""
        self._exchange.close()

    def _by_token(
        self,
        question: Question[T],
        token_ids: Iterable[int],
        size: int,
        deadline: PollDeadline | None,
    ) -> Answer[T]:
        limit = deadline or self.deadline()
        found: list[Page[T]] = []
        for batch in batches(tuple(token_ids), size):
            found.extend(self._pager.all(_of_tokens(question, batch), limit))
        return Answer(pages=tuple(found))

    def _by_span(
        self,
        question: Question[T],
        token_ids: Iterable[int],
        span: Span,
        rows_per_day: int,
        deadline: PollDeadline | None,
    ) -> Answer[T]:
        ids = tuple(token_ids)
        limit = deadline or self.deadline()
        found: list[Page[T]] = []
        for piece in pieces(span):
            dated = _in_span(question, piece)
            size = tokens_per_request(self._settings.batch_size, piece.days * rows_per_day)
            found.extend(self._by_token(dated, ids, size, limit).pages)
        return Answer(pages=tuple(found))

    def _unpaged(
        self, question: Question[T], token_ids: Iterable[int], deadline: PollDeadline | None
    ) -> Answer[T]:
        limit = deadline or self.deadline()
        found: list[Page[T]] = []
        # Neither pages nor a limit are documented here, and the default limit is fifty rows.
        for batch in batches(tuple(token_ids), min(50, self._settings.batch_size)):
            found.extend(self._pager.single(_of_tokens(question, batch), limit))
        return Answer(pages=tuple(found))


def _of_tokens(question: Question[T], token_ids: tuple[int, ...]) -> Question[T]:
    params = {**question.params, "token_id": ",".join(str(one) for one in token_ids)}
    return replace(question, params=params)


def _in_span(question: Question[T], span: Span) -> Question[T]:
    return replace(question, params={**question.params, **span.params()}, since=span.start)
