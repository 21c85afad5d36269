"""A set of pages read to its end, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Generic, TypeVar

from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.adapters.tokenmetrics.envelope import read_envelope
from bot.adapters.tokenmetrics.exchange import Exchange, Request, Stored
from bot.adapters.tokenmetrics.fields import Row
from bot.adapters.tokenmetrics.limits import PAGE_ROWS, PAGES_MAX
from bot.adapters.tokenmetrics.parsed import Observation, Parsed, RowFault, RowRefusedError
from bot.adapters.tokenmetrics.reading import in_order
from bot.adapters.tokenmetrics.throttle import PollDeadline
from bot.adapters.tokenmetrics.wire_settings import WireSettings
from bot.domain.errors import BadPayloadError, ProviderError

T = TypeVar("T", bound=Observation)
T_co = TypeVar("T_co", bound=Observation, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T_co]):
    """The reading of one stored answer."""

    raw_id: int
    fetched_at: int
    parsed: Parsed[T_co]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[T_co]):
    """All pages of one question; each observation's source is its page's `raw_id`."""

    pages: tuple[Page[T_co], ...]

    @property
    def observations(self) -> tuple[T_co, ...]:
        """Of all pages, without duplicates, in an order that the pages do not decide."""
        return in_order(chain.from_iterable(page.parsed.observations for page in self.pages))

    @property
    def faults(self) -> tuple[RowFault, ...]:
        """What was not read, page by page."""
        return tuple(chain.from_iterable(page.parsed.faults for page in self.pages))

    @property
    def rows(self) -> int:
        """Rows in all pages."""
        return sum(page.parsed.rows for page in self.pages)

    @property
    def unfinished(self) -> int:
        """Bars left out because they had not closed."""
        return sum(page.parsed.unfinished for page in self.pages)

    @property
    def unknown_keys(self) -> tuple[str, ...]:
        """Keys that no reader knows."""
        return tuple(sorted({key for page in self.pages for key in page.parsed.unknown_keys}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[T]):
    """A paged question; `since` lets it end early where rows come newest first."""

    endpoint: Endpoint
    params: Mapping[str, str]
    parse: Callable[[bytes, int, WireSettings], Parsed[T]]
    since: int | None = None
    pages_max: int = PAGES_MAX


class Pager:
    """Asks page after page."""

    def __init__(self, exchange: Exchange, wire: WireSettings) -> None:
        self._exchange = exchange
        self._wire = wire

    def single(self, question: Question[T], deadline: PollDeadline) -> tuple[Page[T], ...]:
        """The one answer of an endpoint that knows no pages."""
        stored = self._exchange.fetch(self._request(question, question.params), deadline)
        return (self._page(question, stored),)

    def all(self, question: Question[T], deadline: PollDeadline) -> tuple[Page[T], ...]:
        """Every page, until one is not full or everything further is older than `since`.

        Raises BadPayloadError where a page repeats an earlier one or the pages do not end, so
        that a set is never part of itself; any ProviderError of a request.
        """
        pages: list[Page[T]] = []
        walk = _Walk(question.since)
        for number in range(1, question.pages_max + 1):
            paging = {"limit": str(PAGE_ROWS), "page": str(number)}
            params = {**question.params, **paging}
            stored = self._exchange.fetch(self._request(question, params), deadline)
            pages.append(self._page(question, stored))
            if pages[-1].parsed.rows < PAGE_ROWS or self._is_last(walk, question, stored):
                return tuple(pages)
        self._exchange.misread(question.endpoint)
        raise BadPayloadError(
            f"{question.endpoint}: no end after {question.pages_max} pages of {PAGE_ROWS} rows"
        )

    def _request(self, question: Question[T], params: Mapping[str, str]) -> Request[T]:
        def parse(body: bytes, fetched_at: int) -> Parsed[T]:
            return question.parse(body, fetched_at, self._wire)

        return Request(endpoint=question.endpoint, params=params, parse=parse)

    def _page(self, question: Question[T], stored: Stored[T]) -> Page[T]:
        parsed = stored.parsed
        if isinstance(parsed, ProviderError):
            self._exchange.misread(question.endpoint)
            raise type(parsed)(f"{question.endpoint}: {parsed}")
        return Page(raw_id=stored.raw_id, fetched_at=stored.fetched_at, parsed=parsed)

    def _is_last(self, walk: _Walk, question: Question[T], stored: Stored[T]) -> bool:
        try:
            return walk.ends_with(read_envelope(stored.body).rows)
        except BadPayloadError as error:
            self._exchange.misread(question.endpoint)
            raise BadPayloadError(f"{question.endpoint}: {error}") from None


class _Walk:
    """Follows the rows of successive pages to tell when the set is complete."""

    def __init__(self, since: int | None) -> None:
        self._since = since
        self._last: int | None = None
        self._newest_first = True
        self._digests: set[bytes] = set()

    def ends_with(self, rows: tuple[object, ...]) -> bool:
        """Whether a full page ends the set."""
        digest = hashlib.sha256(repr(rows).encode(errors="replace")).digest()
        if digest in self._digests:
            raise BadPayloadError("a page repeats an earlier page")
        self._digests.add(digest)
        for row in rows:
            self._follow(_time_of(row))
        # Only where every row so far came newest first does an old row end the set.
        return (
            self._newest_first
            and self._since is not None
            and self._last is not None
            and self._last < self._since
        )

    def _follow(self, time: int | None) -> None:
        if time is None or (self._last is not None and time > self._last):
            self._newest_first = False
        self._last = time


def _time_of(raw: object) -> int | None:
    try:
        return Row(raw).instant()
    except RowRefusedError:
        return None
