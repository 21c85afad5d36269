"""One logical request: throttled, counted, retried within its deadline, kept with what it says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.adapters.tokenmetrics.circuit import Circuit
from bot.adapters.tokenmetrics.clock_check import clock_error
from bot.adapters.tokenmetrics.endpoints import Endpoint
from bot.adapters.tokenmetrics.envelope import printable
from bot.adapters.tokenmetrics.faults import FaultKind, TransportFault
from bot.adapters.tokenmetrics.limits import ATTEMPTS_MAX
from bot.adapters.tokenmetrics.parsed import Observation, Parsed
from bot.adapters.tokenmetrics.ports import UNREAD, Ports, RawResponse, Transport, WireAnswer
from bot.adapters.tokenmetrics.retry import (
    PASSING_STATUSES,
    backoff_s,
    retry_after_s,
)
from bot.adapters.tokenmetrics.statistics import PollStatistics, Tally
from bot.adapters.tokenmetrics.throttle import CreditBudget, PollDeadline, Throttle
from bot.adapters.tokenmetrics.verdict import OK, error_of
from bot.domain.errors import BadPayloadError, ProviderError, RateLimitError, UnavailableError

T = TypeVar("T", bound=Observation)
T_co = TypeVar("T_co", bound=Observation, covariant=True)
# Faults of an answer that did come.
_UNREADABLE = frozenset({FaultKind.TOO_LARGE, FaultKind.ENCODING, FaultKind.KEY_SHOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[T_co]):
    """What is asked, and how an answer is read, given its body and when it was fetched.

    `parse` raises a ProviderError for one that cannot be read.
    """

    endpoint: Endpoint
    params: Mapping[str, str]
    parse: Callable[[bytes, int], Parsed[T_co]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored(Generic[T_co]):
    """An answer, the id under which it was kept, and what it says or why it cannot be read."""

    raw_id: int
    body: bytes
    fetched_at: int
    parsed: Parsed[T_co] | ProviderError


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSettings:
    """`path` goes before the endpoint's name; `credits_per_month` None means no limit."""

    path: str
    requests_per_minute: int
    credits_per_month: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    error: ProviderError
    may_pass: bool
    wait_s: float | None = None


class Exchange:
    """Asks the provider for one answer at a time."""

    def __init__(
        self,
        settings: ExchangeSettings,
        transport: Transport,
        ports: Ports,
        jitter: Callable[[], float],
    ) -> None:
        """`jitter` gives a number from 0 to 1 for each wait between attempts."""
        self._path = settings.path
        self._transport = transport
        self._clock = ports.clock
        self._sink = ports.sink
        self._jitter = jitter
        self._throttle = Throttle(ports.clock, settings.requests_per_minute)
        self._budget = CreditBudget(ports.clock, ports.credits, settings.credits_per_month)
        self._circuit = Circuit(ports.clock)
        self._tally = Tally()

    def fetch(self, request: Request[T], deadline: PollDeadline) -> Stored[T]:
        """The answer to a request, after as many attempts as the limits allow.

        Raises the ProviderError of the last attempt, or the one that forbids any.
        """
        self._circuit.check()
        for attempt in range(1, ATTEMPTS_MAX + 1):
            result = self._attempt(request, deadline)
            if isinstance(result, Stored):
                self._circuit.succeeded()
                return result
            failure = result
            if not self._waits(failure, attempt, deadline):
                break
        self._circuit.failed(failure.error)
        raise failure.error

    def look_at_clock(self, deadline: PollDeadline) -> None:
        """Compare the clocks by an answer of any kind to a question that costs nothing.

        Raises ClockError where they differ, UnavailableError where no answer came.
        """
        asked = self._clock.now()
        try:
            answer = self._transport.get("/", {}, deadline.remaining_s())
        except TransportFault as fault:
            raise UnavailableError(f"the provider's clock: {fault}") from None
        error = clock_error(answer.headers, asked, self._clock.now())
        if error is not None:
            raise error

    def statistics(self) -> PollStatistics:
        """Latency, failures and credits so far."""
        return PollStatistics(
            endpoints=self._tally.endpoints(),
            credits_spent=self._budget.spent(),
            credits_left=self._budget.left(),
        )

    def good_answers(self, endpoint: Endpoint) -> int:
        """Answers of an endpoint so far that came whole and could be read."""
        return self._tally.good(endpoint)

    def misread(self, endpoint: Endpoint) -> None:
        """Count an answer that came whole but could not be read."""
        self._fail(endpoint, UNREAD)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _attempt(self, request: Request[T], deadline: PollDeadline) -> Stored[T] | _Failure:
        endpoint = request.endpoint
        try:
            self._throttle.wait(deadline)
        except UnavailableError:  # an endpoint before it took all the time
            self._note(endpoint, FaultKind.DEADLINE)
            raise
        self._budget.charge()
        self._tally.sent(endpoint)
        asked = self._clock.now()
        try:
            answer = self._transport.get(
                f"{self._path}/{endpoint}", request.params, deadline.remaining_s()
            )
        except TransportFault as fault:
            self._fail(endpoint, fault.kind)
            return _Failure(error=_fault_error(endpoint, fault), may_pass=fault.may_pass)
        self._tally.answered(endpoint, answer.latency_ms)
        wrong_time = clock_error(answer.headers, asked, self._clock.now())
        if wrong_time is not None and answer.status == OK:
            # Not kept: the record says of every row when it was known, and here nobody can.
            self._fail(endpoint, "clock")
            return _Failure(error=wrong_time, may_pass=False)
        stored = self._keep(request, answer)
        error = error_of(answer, endpoint)
        if error is None:
            return stored
        if answer.status == OK:
            self._fail(endpoint, UNREAD)
        else:  # the kept answer tells
            self._tally.failed(endpoint, f"http_{answer.status}")
        may_pass = answer.status in PASSING_STATUSES
        return _Failure(error=error, may_pass=may_pass, wait_s=self._asked_wait(answer))

    def _fail(self, endpoint: Endpoint, cause: str) -> None:
        """Count a failure that no kept answer shows."""
        self._tally.failed(endpoint, cause)
        self._note(endpoint, cause)

    def _note(self, endpoint: Endpoint, cause: str) -> None:
        self._sink.note_failure(endpoint.value, cause, self._clock.now())

    def _keep(self, request: Request[T], answer: WireAnswer) -> Stored[T]:
        fetched_at = self._clock.now()
        raw = RawResponse(
            endpoint=request.endpoint.value,
            params=canonical_params(request.params),
            status=answer.status,
            body=answer.body,
            sha256=hashlib.sha256(answer.body).hexdigest(),
            fetched_at=fetched_at,
            latency_ms=answer.latency_ms,
            request_id=_request_id(answer),
        )
        parsed = _reading(request, answer.body, fetched_at)
        raw_id = self._sink.store(raw, _said(answer, parsed))
        return Stored(raw_id=raw_id, body=answer.body, fetched_at=fetched_at, parsed=parsed)

    def _asked_wait(self, answer: WireAnswer) -> float | None:
        asked = answer.headers.get("retry-after", "")
        return retry_after_s(asked, answer.headers.get("date", ""), self._clock.now())

    def _waits(self, failure: _Failure, attempt: int, deadline: PollDeadline) -> bool:
        """Wait before the next attempt; False where there is none."""
        if not failure.may_pass:
            return False
        asked = failure.wait_s
        wait_s = backoff_s(attempt, self._jitter) if asked is None else asked
        if isinstance(failure.error, RateLimitError):
            self._throttle.pause(wait_s)
        if attempt == ATTEMPTS_MAX or wait_s >= deadline.remaining_s():
            return False
        self._clock.sleep(wait_s)
        return True


def canonical_params(params: Mapping[str, str]) -> str:
    """One text for one set of parameters, whatever their order.

    >>> canonical_params({"page": "1", "limit": "100"})
    'limit=100&page=1'
    """
    return "&".join(f"{name}={params[name]}" for name in sorted(params))


def _reading(request: Request[T], body: bytes, fetched_at: int) -> Parsed[T] | ProviderError:
    try:
        return request.parse(body, fetched_at)
    except ProviderError as error:
        return error


def _said(answer: WireAnswer, parsed: Parsed[T] | ProviderError) -> Parsed[T] | None:
    """What is recorded of an answer: rows that came with a refusal are not."""
    return parsed if answer.status == OK and isinstance(parsed, Parsed) else None


def _fault_error(endpoint: Endpoint, fault: TransportFault) -> ProviderError:
    told = f"{endpoint}: {fault}"
    if fault.kind in _UNREADABLE:
        return BadPayloadError(told)
    return UnavailableError(told)


def _request_id(answer: WireAnswer) -> str:
    names = ("x-request-id", "x-amzn-requestid")
    return next((printable(answer.headers[name]) for name in names if name in answer.headers), "")
